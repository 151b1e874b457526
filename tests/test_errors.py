"""What a server answered, as MLflow's exception."""

from __future__ import annotations

import json

import pytest
from mlflow.exceptions import RestException

from mlflow_oci_aidp.errors import CODES, STATUSES, error_from_response


def body(code=None, message="It went wrong", **more):
    fields = {"code": code, "message": message, **more}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("status", "code", "error_code"),
    [
        (400, "InvalidParameter", "INVALID_PARAMETER_VALUE"),
        (400, "LimitExceeded", "RESOURCE_LIMIT_EXCEEDED"),
        (401, "NotAuthenticated", "UNAUTHENTICATED"),
        (403, "NotAuthorized", "PERMISSION_DENIED"),
        (404, "NotAuthorizedOrNotFound", "RESOURCE_DOES_NOT_EXIST"),
        (409, "IncorrectState", "RESOURCE_CONFLICT"),
        (409, "InvalidatedRetryToken", "RESOURCE_CONFLICT"),
        (409, "Conflict", "RESOURCE_CONFLICT"),
        (429, "TooManyRequests", "REQUEST_LIMIT_EXCEEDED"),
        (500, "InternalServerError", "INTERNAL_ERROR"),
        (501, "MethodNotImplemented", "NOT_IMPLEMENTED"),
        (503, "ServiceUnavailable", "TEMPORARILY_UNAVAILABLE"),
        (504, None, "DEADLINE_EXCEEDED"),
        (418, "Teapot", "BAD_REQUEST"),
        (599, None, "INTERNAL_ERROR"),
        (302, None, "INTERNAL_ERROR"),
    ],
)
def test_status_and_code_become_mlflows_error_code(status, code, error_code):
    found = error_from_response(status, body(code), "req-1")
    assert isinstance(found, RestException)
    assert found.error_code == error_code


def test_every_code_of_the_tables_is_one_of_mlflows():
    for code in CODES:
        assert error_from_response(400, body(code), "").error_code == CODES[code]
    for status in STATUSES:
        assert error_from_response(status, b"", "").error_code == STATUSES[status]


@pytest.mark.parametrize("code", ["Conflict", None, "NotAuthorizedOrResourceAlreadyExists"])
def test_a_conflict_where_a_name_is_given_means_it_is_taken(code):
    assert error_from_response(409, body(code), "", claims_name=True).error_code == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize("code", ["IncorrectState", "LockConflict", "InvalidatedRetryToken"])
def test_other_conflicts_stay_conflicts_there(code):
    assert error_from_response(409, body(code), "", claims_name=True).error_code == "RESOURCE_CONFLICT"


def test_an_error_code_of_mlflows_own_is_kept():
    answer = json.dumps({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "taken"}).encode()
    assert error_from_response(400, answer, "").error_code == "RESOURCE_ALREADY_EXISTS"


def test_an_error_code_that_mlflow_does_not_know_is_not():
    assert error_from_response(404, body(error_code="SURPRISE"), "").error_code == "RESOURCE_DOES_NOT_EXIST"


def test_the_message_holds_what_support_asks_for():
    message = error_from_response(404, body("NotAuthorizedOrNotFound", "No such model"), "req-1").message
    assert message.startswith("RESOURCE_DOES_NOT_EXIST: NotAuthorizedOrNotFound: No such model.")
    assert "(HTTP 404, opc-request-id req-1)" in message
    assert "policy" in message


@pytest.mark.parametrize(
    "answer", [b"", b"null", b"[]", b"{", b"<html>502</html>", b'{"code": 7, "message": {}}', b"\xff\xfe", b"[" * 10000]
)
def test_any_body_is_an_error_and_none_is_a_crash(answer):
    found = error_from_response(503, answer, "req-1")
    assert found.error_code == "TEMPORARILY_UNAVAILABLE"
    assert "(HTTP 503, opc-request-id req-1)" in found.message


def test_it_survives_a_pickle():
    import pickle

    found = error_from_response(404, body("NotAuthorizedOrNotFound"), "req-1")
    assert pickle.loads(pickle.dumps(found)).message == found.message
