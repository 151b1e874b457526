"""Exceptions: what a server refused, the parts of a message, and problems with local files."""

from __future__ import annotations

import copy
import errno
import json
import os
import pickle
import traceback

import pytest
import requests
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST

from mlflow_oci_aidp.error_codes import CODES, STATUSES
from mlflow_oci_aidp.errors import (
    AidpError,
    LocalFileError,
    LocalFileNotFoundError,
    LocalFileProblem,
    LocalIsADirectoryError,
    LocalNotADirectoryError,
    LocalPermissionError,
    PlatformError,
    as_local_file_error,
    error,
    error_from_response,
    invalid_parameter,
    local_file_errors,
    local_file_problem,
    local_files_as_os_errors,
    malformed_response,
    not_implemented,
)


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
    error = error_from_response(status, body(code), "req-1")
    assert isinstance(error, RestException)
    assert error.error_code == error_code


def test_every_code_of_the_tables_is_one_of_mlflows():
    for code in CODES:
        assert error_from_response(400, body(code), "").error_code == CODES[code]
    for status in STATUSES:
        assert error_from_response(status, b"", "").error_code == STATUSES[status]


@pytest.mark.parametrize("code", ["Conflict", None, "NotAuthorizedOrResourceAlreadyExists"])
def test_a_conflict_where_a_name_is_given_means_it_is_taken(code):
    assert (
        error_from_response(409, body(code), "", claims_name=True).error_code
        == "RESOURCE_ALREADY_EXISTS"
    )


@pytest.mark.parametrize("code", ["IncorrectState", "LockConflict", "InvalidatedRetryToken"])
def test_other_conflicts_stay_conflicts_there(code):
    assert (
        error_from_response(409, body(code), "", claims_name=True).error_code == "RESOURCE_CONFLICT"
    )


def test_an_error_code_of_mlflows_own_is_kept():
    answer = json.dumps({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "taken"}).encode()
    assert error_from_response(400, answer, "").error_code == "RESOURCE_ALREADY_EXISTS"


def test_an_error_code_that_mlflow_does_not_know_is_not():
    assert (
        error_from_response(404, body(error_code="SURPRISE"), "").error_code
        == "RESOURCE_DOES_NOT_EXIST"
    )


def test_the_message_holds_what_support_asks_for():
    message = error_from_response(
        404, body("NotAuthorizedOrNotFound", "No such model"), "req-1"
    ).message
    assert message.startswith("RESOURCE_DOES_NOT_EXIST: NotAuthorizedOrNotFound: No such model.")
    assert "(HTTP 404, opc-request-id req-1)" in message
    assert "policy" in message


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"<html>502</html>",
        b'{"code": 7, "message": {}}',
        b"\xff\xfe",
        b"[" * 10000,
    ],
)
def test_any_body_is_an_error_and_none_is_a_crash(answer):
    error = error_from_response(503, answer, "req-1")
    assert error.error_code == "TEMPORARILY_UNAVAILABLE"
    assert "(HTTP 503, opc-request-id req-1)" in error.message


def test_it_survives_a_pickle():
    error = error_from_response(404, body("NotAuthorizedOrNotFound"), "req-1")
    assert pickle.loads(pickle.dumps(error)).message == error.message


# The parts


def test_what_the_platform_refused_has_parts():
    exception = error_from_response(
        404,
        body("NotAuthorizedOrNotFound", "No such model"),
        "req-1",
        note="By the way.",
        remedy="Look.",
    )
    assert (exception.status, exception.request_id) == (404, "req-1")
    assert exception.cause == (
        "NotAuthorizedOrNotFound: No such model. (HTTP 404, opc-request-id req-1) By the way."
    )
    assert exception.remedy == "Look."
    assert exception.message == f"RESOURCE_DOES_NOT_EXIST: {exception.cause} {exception.remedy}"


def test_ocis_code_is_a_part_if_there_is_one():
    assert (
        error_from_response(404, body("NotAuthorizedOrNotFound"), "").oci_code
        == "NotAuthorizedOrNotFound"
    )
    assert error_from_response(404, b"<html>NotAuthorizedOrNotFound</html>", "").oci_code is None


def test_an_unknown_request_id_is_none():
    assert error_from_response(503, b"", "").request_id is None


def test_what_this_package_finds_out_has_parts():
    exception = invalid_parameter("It is wrong. Or so.", "Do this. Then that.")
    assert (exception.cause, exception.remedy) == ("It is wrong. Or so.", "Do this. Then that.")
    assert (exception.status, exception.request_id) == (None, None)
    assert str(exception) == "It is wrong. Or so. Do this. Then that."
    assert exception.error_code == "INVALID_PARAMETER_VALUE"


def test_a_malformed_response_has_a_status_and_a_request_id():
    exception = malformed_response("GetRun", "is not a JSON object", 200, "req-1")
    assert (exception.status, exception.request_id) == (200, "req-1")
    assert (exception.error_code, type(exception)) == ("INTERNAL_ERROR", AidpError)


def test_what_is_not_implemented_says_so():
    assert not_implemented("Webhooks").cause == "Webhooks are not part of AI Data Platform."


# MLflow's way to make and to send them

KINDS = [
    AidpError,
    PlatformError,
    LocalFileProblem,
    LocalFileError,
    LocalFileNotFoundError,
    LocalPermissionError,
    LocalIsADirectoryError,
    LocalNotADirectoryError,
]


@pytest.mark.parametrize("kind", KINDS)
def test_mlflows_class_methods_work(kind):
    exception = kind.invalid_parameter_value("no good", detail="more")
    assert type(exception) is kind
    assert (exception.error_code, exception.cause, exception.remedy) == (
        "INVALID_PARAMETER_VALUE",
        "no good",
        "",
    )
    assert exception.get_http_status_code() == 400
    sent = json.loads(exception.serialize_as_json())
    assert (sent["error_code"], sent["message"], sent["detail"]) == (
        "INVALID_PARAMETER_VALUE",
        str(exception),
        "more",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_mlflows_constructor_works(kind):
    exception = kind("not there", RESOURCE_DOES_NOT_EXIST)
    assert (exception.error_code, exception.cause) == ("RESOURCE_DOES_NOT_EXIST", "not there")
    assert str(exception) == exception.message == exception.args[0]
    assert kind("surprise", 12345678).error_code == kind("surprise").error_code == "INTERNAL_ERROR"


def test_a_refusal_begins_with_its_code_and_has_mlflows_json():
    exception = PlatformError("no good", error_code=INVALID_PARAMETER_VALUE)
    assert str(exception) == "INVALID_PARAMETER_VALUE: no good"
    assert exception.json == {"error_code": "INVALID_PARAMETER_VALUE", "message": "no good"}


def exceptions():
    refused = error_from_response(404, body("NotAuthorizedOrNotFound"), "req-1")
    found_out = error("UNAUTHENTICATED", "Nobody.", "Sign in.", status=401, request_id="req-2")
    numbers = (errno.ENOSPC, errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOTDIR)
    problems = [
        local_file_problem("/a", number, os.strerror(number), "Cannot.", "Do.")
        for number in numbers
    ]
    return [refused, found_out, problems[0], *map(as_local_file_error, problems)]


PARTS = (
    "message",
    "error_code",
    "sqlstate",
    "error_class",
    "json_kwargs",
    "json",
    "cause",
    "remedy",
    "status",
    "request_id",
    "oci_code",
    "errno",
    "strerror",
    "filename",
    "args",
    "__notes__",
)


def parts(exception):
    return {name: getattr(exception, name, "no such part") for name in PARTS}


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda e: pickle.loads(pickle.dumps(e)),
        lambda e: pickle.loads(pickle.dumps(e, 0)),
        copy.copy,
        copy.deepcopy,
    ],
    ids=["pickle", "oldest pickle", "copy", "deepcopy"],
)
@pytest.mark.parametrize("exception", exceptions(), ids=lambda exception: type(exception).__name__)
def test_pickles_and_copies_keep_every_part(exception, duplicate):
    exception.__notes__ = ["a note"]
    same = duplicate(exception)
    assert same is not exception
    assert type(same) is type(exception)
    assert parts(same) == parts(exception)
    assert (str(same), repr(same)) == (str(exception), repr(exception))


# Local files


def chain(exception):
    """An exception and all that it was made from or raised beside."""
    waiting, seen = [exception], []
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
    return seen


def open_wrongly(kind, folder):
    """Run into an error of the operating system that Python has a class for."""
    (folder / "file").write_text("")
    path = {
        FileNotFoundError: folder / "missing",
        IsADirectoryError: folder,
        NotADirectoryError: folder / "file" / "below",
    }[kind]
    with local_file_errors(str(path), "read"):
        open(path).close()


@pytest.mark.parametrize(
    ("kind", "ours", "number"),
    [
        (FileNotFoundError, LocalFileNotFoundError, errno.ENOENT),
        (IsADirectoryError, LocalIsADirectoryError, errno.EISDIR),
        (NotADirectoryError, LocalNotADirectoryError, errno.ENOTDIR),
    ],
)
def test_a_local_file_is_an_os_error_at_the_edge(tmp_path, kind, ours, number):
    with pytest.raises(kind) as caught, local_files_as_os_errors():
        open_wrongly(kind, tmp_path)
    exception = caught.value
    assert type(exception) is ours
    assert isinstance(exception, MlflowException)
    assert exception.errno == number
    assert exception.strerror == os.strerror(number)
    assert exception.error_code == "INVALID_PARAMETER_VALUE"
    assert str(exception) == (
        f"The file {exception.filename!r} cannot be read: {os.strerror(number)}. "
        "Check its path, its permissions and the space on the disk."
    )


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_file_of_somebody_else_is_a_permission_error(number):
    # Tests may run as root, who may read everything: so the operating system is not asked.
    with (
        pytest.raises(PermissionError) as caught,
        local_files_as_os_errors(),
        local_file_errors("/a", "written"),
    ):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is LocalPermissionError


def test_a_full_disk_is_an_os_error():
    with (
        pytest.raises(OSError, match="No space left") as caught,
        local_files_as_os_errors(),
        local_file_errors("/dev/full", "written"),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert (type(caught.value), caught.value.errno) == (LocalFileError, errno.ENOSPC)


def test_inside_a_transfer_it_is_none():
    with pytest.raises(LocalFileProblem) as caught, local_file_errors("/missing", "read"):
        open("/missing").close()
    assert not isinstance(caught.value, OSError)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, "/missing")


def test_nothing_else_is_in_its_chain_or_its_traceback():
    request = requests.Request("GET", "https://signed.invalid").prepare()

    def attempt(signed):
        try:
            raise requests.ConnectionError("broken", request=signed)
        except requests.ConnectionError:
            with local_file_errors("/missing", "read"):
                open("/missing").close()

    with pytest.raises(FileNotFoundError) as caught, local_files_as_os_errors():
        attempt(request)
    assert chain(caught.value) == [caught.value]
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert "attempt" not in [frame.f_code.co_name for frame in frames]


def test_edges_within_edges_change_nothing():
    with (
        pytest.raises(FileNotFoundError) as caught,
        local_files_as_os_errors(),
        local_file_errors("/outer", "read"),
        local_files_as_os_errors(),
        local_file_errors("/inner", "read"),
    ):
        open("/inner").close()
    assert caught.value.filename == "/inner"


def test_other_errors_pass_both():
    with (
        pytest.raises(ZeroDivisionError),
        local_files_as_os_errors(),
        local_file_errors("/a", "read"),
    ):
        _ = 1 / 0
