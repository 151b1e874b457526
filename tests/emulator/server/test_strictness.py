"""What the contract does not have is refused, so that a client's mistake shows."""

from __future__ import annotations

import pytest
import requests

from mlflow_oci_aidp.emulator import Emulator

from ..conftest import MLFLOW, call, create, path_of, prepared, send, signer_of

NAME = {"name": "main.default.m"}


@pytest.fixture(scope="module")
def aidp():
    """One for all: what is refused leaves nothing behind."""
    with Emulator() as emulator:
        yield emulator


def outcome(answer):
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("body", "expected", "named"),
    [
        ({**NAME, "colour": "red"}, (400, "InvalidParameter"), "colour"),
        (
            {**NAME, "tags": [{"key": "a", "colour": "b"}]},
            (400, "InvalidParameter"),
            "tags[0].colour",
        ),
        ({**NAME, "tags": {"a": "b"}}, (400, "InvalidParameter"), "tags"),
        ({**NAME, "tags": ["a"]}, (400, "InvalidParameter"), "tags[0]"),
        ({**NAME, "tags": [{"key": "a", "value": 1}]}, (400, "InvalidParameter"), "tags[0].value"),
        ({**NAME, "description": None}, (400, "InvalidParameter"), "description"),
        ({"name": 1}, (400, "InvalidParameter"), "name"),
        ({"name": ""}, (400, "InvalidParameter"), "name"),
        ({}, (400, "MissingParameter"), "name"),
        ([], (400, "InvalidParameter"), "body"),
    ],
    ids=str,
)
def test_body(aidp, body, expected, named):
    answer = call(aidp, "POST", "registered-models/create", body=body)
    assert outcome(answer) == expected
    assert named in answer.json()["message"]


def test_a_bool_must_be_one(aidp):
    body = {**NAME, "version": "1", "stage": "Staging", "archive_existing_versions": "false"}
    answer = call(aidp, "POST", "model-versions/transition-stage", body=body)
    assert outcome(answer) == (400, "InvalidParameter")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null"])
def test_no_json_object(aidp, content):
    request = prepared_bytes(aidp, path_of(aidp, "registered-models/create"), content)
    assert send(request).status_code == 400


def prepared_bytes(aidp, path, content, **headers):
    request = requests.Request(
        "POST", aidp.endpoint + path, data=content, headers=headers
    ).prepare()
    return signer_of(aidp)(request)


def test_another_content_type(aidp):
    request = prepared_bytes(
        aidp, path_of(aidp, "registered-models/create"), b"name=a", **{"content-type": "text/plain"}
    )
    assert send(request).status_code == 415


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "a", "colour": "red"}, (400, "InvalidParameter")),
        ({"name": ["a", "b"]}, (400, "InvalidParameter")),
        ({}, (400, "MissingParameter")),
        ({"name": ""}, (400, "MissingParameter")),
    ],
    ids=str,
)
def test_query(aidp, query, expected):
    assert outcome(call(aidp, "GET", "registered-models/get", query=query)) == expected


@pytest.mark.parametrize(
    "query", [{"max_results": "many"}, {"is_deployment_summary_enabled": "yes"}], ids=str
)
def test_type_of_query(aidp, query):
    assert outcome(call(aidp, "GET", "registered-models/search", query=query)) == (
        400,
        "InvalidParameter",
    )


def test_a_change_takes_no_query(aidp):
    assert outcome(create(aidp, query={"name": "a"})) == (400, "InvalidParameter")


def test_a_read_takes_no_body(aidp):
    answer = call(aidp, "GET", "registered-models/get", query=NAME, body={})
    assert outcome(answer) == (400, "InvalidParameter")


@pytest.mark.parametrize("verb", ["PATCH", "DELETE", "PUT", "GET"])
def test_another_verb_than_the_contract_has(aidp, verb):
    assert outcome(call(aidp, verb, "registered-models/update")) == (405, "MethodNotAllowed")


def test_a_read_by_post(aidp):
    assert outcome(call(aidp, "POST", "registered-models/get", body=NAME)) == (
        405,
        "MethodNotAllowed",
    )


def test_a_verb_that_http_does_not_have(aidp, bare):
    bare.socket.sendall(b"BREW / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert bare.read_all().startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "operation",
    [
        "registered-models/alias",
        "registered-models/get-latest-versions",
        "model-versions/get-download-uri",
        "x",
    ],
)
def test_what_the_platform_lacks(aidp, operation):
    assert outcome(call(aidp, "GET", operation, query=NAME)) == (404, "NotAuthorizedOrNotFound")


@pytest.mark.parametrize(
    "path",
    [
        f"/20260430/aiDataPlatforms/ocid1.datalake.oc1.iad.other{MLFLOW}/registered-models/search",
        f"/20240831/aiDataPlatforms/ID{MLFLOW}/registered-models/search",
        f"/20260430/aiDataPlatforms/ID/workspaces/w{MLFLOW}/registered-models/search",
        f"/20260430/aiDataPlatforms/ID{MLFLOW}/registered-models/search/",
        "/api/2.0/mlflow/registered-models/search",
        "/",
    ],
)
def test_another_path(aidp, path):
    request = prepared(aidp, "GET", path.replace("ID", aidp.ai_data_platform_id))
    assert outcome(send(request)) == (404, "NotAuthorizedOrNotFound")


def test_the_signature_is_looked_at_before_anything_else(aidp):
    request = prepared(aidp, "GET", "/nowhere")
    del request.headers["authorization"]
    assert send(request).status_code == 401


def test_a_chunked_body(aidp, bare):
    bare.socket.sendall(
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert bare.read_all().startswith(b"HTTP/1.1 411 ")


def test_a_body_too_long(aidp, bare):
    bare.socket.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n")
    assert bare.read_all().startswith(b"HTTP/1.1 413 ")


class TestHeadersOfAnswers:
    def test_the_request_id_of_the_client_is_kept(self, aidp):
        assert (
            "my-request_1"
            in create(aidp, headers={"opc-request-id": "my-request_1"}).headers["opc-request-id"]
        )

    @pytest.mark.parametrize("request_id", ["my request", "a/b", "x" * 300])
    def test_a_malformed_request_id_is_replaced(self, aidp, request_id):
        answer = create(aidp, headers={"opc-request-id": request_id})
        assert request_id not in answer.headers["opc-request-id"]

    def test_each_request_has_its_own_id(self, aidp):
        assert (
            create(aidp, "a").headers["opc-request-id"]
            != create(aidp, "b").headers["opc-request-id"]
        )

    def test_an_error_has_one_too(self, aidp):
        assert call(aidp, "GET", "x").headers["opc-request-id"]

    def test_a_single_entity_has_an_etag(self, aidp):
        assert create(aidp, "has-an-etag").headers["etag"]

    def test_a_page_has_none(self, aidp):
        assert "etag" not in call(aidp, "GET", "registered-models/search").headers

    def test_an_etag_changes_with_the_entity(self, aidp):
        before = create(aidp, "changes").headers["etag"]
        answer = call(
            aidp, "POST", "registered-models/update", body={"name": "changes", "description": "d"}
        )
        assert answer.headers["etag"] != before
