"""Where predictions go, and what a server there may do, on a server that writes bytes."""

from __future__ import annotations

import json
import math
import uuid
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

import mlflow_oci_aidp
from mlflow_oci_aidp.deployments.address import serving_address
from mlflow_oci_aidp.deployments.client import AidpDeploymentClient
from mlflow_oci_aidp.deployments.entities import AIDP, OAUTH, Deployment
from mlflow_oci_aidp.deployments.payload import encode_inputs
from mlflow_oci_aidp.settings import resolve
from tests.support.hostile import hostile

ID = "0" * 32
OCID = "ocid1.datalake.oc1.iad.aaaa"


def deployment(uri, auth_type=AIDP):
    return Deployment(ID, "churn", "main.default.churn", "ACTIVE", uri, auth_type=auth_type)


class TestAddress:
    @pytest.mark.parametrize(
        "uri",
        [
            "https://aidp.us-ashburn-1.oci.oraclecloud.com/x",
            "https://gateway.aidp.us-ashburn-1.oci.oraclecloud.com/modelendpoint/1",
            "https://GATEWAY.aidp.us-ashburn-1.oci.oraclecloud.com.:8443/x",
            "https://models.example.com/x",
        ],
    )
    def test_of_the_platform(self, uri):
        settings = resolve(f"aidp://{OCID}?serving_hosts=models.example.com,%20b.example")
        assert serving_address(deployment(uri), settings).url == uri

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil-oraclecloud.com/x",
            "https://evil.oci.oraclecloud.com/x",
            "https://abc.us-ashburn-1.functions.oci.oraclecloud.com/x",
            "https://gateway.aidp.eu-frankfurt-1.oci.oraclecloud.com/x",
            "https://evilaidp.us-ashburn-1.oci.oraclecloud.com/x",
            "https://aidp.us-ashburn-1.oci.oraclecloud.com.evil.example/x",
            "https://evil.example/aidp.us-ashburn-1.oci.oraclecloud.com",
            "https://aidp.us-ashburn-1.oci.oraclecloud.com@evil.example/x",
            "https://evil.example\\.aidp.us-ashburn-1.oci.oraclecloud.com/x",
            "https://evil.example#.aidp.us-ashburn-1.oci.oraclecloud.com/x",
            "http://aidp.us-ashburn-1.oci.oraclecloud.com/x",
            "http://127.0.0.1:8000/x",
            "ftp://aidp.us-ashburn-1.oci.oraclecloud.com/x",
            "https://aidp.us-ashburn-1.oci.oraclecloud.com:port/x",
            "https:///x",
            "gateway",
        ],
    )
    def test_of_nobody_else(self, uri):
        with pytest.raises(MlflowException, match="nothing was sent there") as refused:
            serving_address(deployment(uri), resolve(f"aidp://{OCID}"))
        assert refused.value.error_code == "PERMISSION_DENIED"

    def test_with_a_path_that_a_setting_adds(self):
        settings = resolve(f"aidp://{OCID}?serving_path=/invocations")
        uri = "https://aidp.us-ashburn-1.oci.oraclecloud.com/x"
        assert serving_address(deployment(uri), settings).url == f"{uri}/invocations"


@pytest.fixture
def asked(outside, monkeypatch):
    """A client whose deployment serves at an address of the test's own."""
    made = AidpDeploymentClient(outside.tracking_uri)
    row = made.create_deployment(
        "churn", "models:/main.default.churn/1", config={"compute_key": "c", "activate": False}
    )

    def at(uri, auth_type=AIDP):
        fields = {"status": "ACTIVE", "serving_uri": uri, "authType": auth_type}
        outside.deployments.seed_deployment(row["deployment_id"], **fields)
        made._predictor.forget()
        return made

    monkeypatch.setenv("MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT", "2")
    yield at
    outside.deployments.seed_deployment(row["deployment_id"], status="INACTIVE")


def ok(value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def status(number, body=b"{}", *headers):
    lines = [f"HTTP/1.1 {number} x", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def read_first(*pieces):
    def script(wire):
        wire.read_body()
        wire.send(*pieces)

    return script


def test_nothing_goes_to_a_foreign_host(asked, monkeypatch):
    monkeypatch.setenv("AIDP_SERVING_TOKEN", "secret-token")
    with hostile(lambda wire: wire.send(ok({"predictions": []})), host="127.0.0.2") as server:
        for auth_type in (AIDP, OAUTH):
            with pytest.raises(MlflowException, match="is not the platform's"):
                asked(server.endpoint + "/x", auth_type).predict("churn", [1])
        assert server.requests == []


@pytest.mark.parametrize("auth_type", [AIDP, OAUTH])
def test_a_redirect_is_not_followed(asked, auth_type, monkeypatch):
    monkeypatch.setenv("AIDP_SERVING_TOKEN", "secret-token")
    with (
        hostile(lambda wire: wire.send(ok({"predictions": []}))) as other,
        hostile(lambda wire: wire.send(status(307, b"", f"location: {other.endpoint}/"))) as server,
        pytest.raises(MlflowException, match="HTTP 307") as refused,
    ):
        asked(server.endpoint + "/x", auth_type).predict("churn", [1])
    assert other.requests == []
    assert "secret-token" not in str(refused.value)


@pytest.mark.parametrize(("answer", "times"), [(429, 3), (503, 3), (500, 1), (502, 1), (504, 1)])
def test_only_what_was_not_begun_is_sent_again(asked, answer, times):
    def script(wire):
        wire.read_body()
        wire.send(ok({"predictions": [1]}) if wire.number == 2 else status(answer))

    with hostile(script) as server:
        client = asked(server.endpoint + "/x")
        if times == 3:
            assert client.predict("churn", [1])["predictions"] == [1]
        else:
            with pytest.raises(MlflowException, match=f"HTTP {answer}"):
                client.predict("churn", [1])
        assert len(server.requests) == times


def test_a_lost_answer_is_no_second_prediction(asked):
    with hostile(lambda wire: wire.stream.close()) as server:
        with pytest.raises(MlflowException) as lost:
            asked(server.endpoint + "/x").predict("churn", [1])
        assert len(server.requests) == 1
    assert lost.value.error_code == "TEMPORARILY_UNAVAILABLE"


def test_a_wait_ends(asked):
    with hostile(lambda wire: wire.drip(ok({"predictions": [1] * 200}), 0.2)) as server:
        with pytest.raises(MlflowException) as ended:
            asked(server.endpoint + "/x").predict("churn", [1])
        assert len(server.requests) == 1
    assert ended.value.error_code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("body", [b"", b"<html>", b"7", b'"text"', b"[" * 100_000])
def test_an_answer_without_predictions_says_so(asked, body):
    with (
        hostile(lambda wire: wire.send(ok(body))) as server,
        pytest.raises(MlflowException, match="neither an object nor a list"),
    ):
        asked(server.endpoint + "/x").predict("churn", [1])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([1, 2], {"predictions": [1, 2]}),
        ({"predictions": [1]}, {"predictions": [1]}),
        ({"choices": [{"message": "hi"}]}, {"choices": [{"message": "hi"}]}),
    ],
)
def test_answers_are_mlflows_predictions(asked, answer, expected):
    with hostile(read_first(ok(answer))) as server:
        response = asked(server.endpoint + "/x").predict("churn", "hello")
        assert dict(response) == expected
        response.to_json()
        (request,) = server.requests
        assert json.loads(request.body) == {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize("auth_type", [AIDP, OAUTH])
def test_no_secret_is_in_an_error_of_a_server_that_echoes(asked, auth_type, monkeypatch):
    monkeypatch.setenv("AIDP_SERVING_TOKEN", "secret-token")

    def echo(wire):
        body = json.dumps({"message": f"bad {wire.headers['authorization']}"}).encode()
        wire.send(status(403, body))

    with hostile(echo) as server, pytest.raises(MlflowException) as refused:
        asked(server.endpoint + "/x", auth_type).predict("churn", [1])
    assert "secret-token" not in str(refused.value)
    assert "Signature" not in str(refused.value)
    assert "bad" in str(refused.value)


def events(*lines):
    body = "".join(f"{line}\n" for line in lines).encode()
    return [
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        *(f"{len(body[i : i + 7]):x}\r\n".encode() + body[i : i + 7] + b"\r\n"
          for i in range(0, len(body), 7)),
        b"0\r\n\r\n",
    ]  # fmt: skip


def test_a_stream_yields_what_comes(asked):
    pieces = events(
        ": comment", 'data: {"a": 1}', "", "event: x", 'data: {"b":', "data: 2}", "",
        "data: [DONE]", "",
    )  # fmt: skip
    with hostile(read_first(*pieces)) as server:
        client = asked(server.endpoint + "/x")
        got = list(client.predict_stream("churn", {"messages": []}))
        assert got == [{"a": 1}, {"b": 2}]
        (request,) = server.requests
        assert request.headers["accept"] == "text/event-stream"
        assert json.loads(request.body) == {"messages": [], "stream": True}


def test_a_stream_that_breaks_off_says_so_after_what_came(asked):
    pieces = events('data: {"a": 1}', "", 'data: {"b": 2}', "")[:-3]
    with hostile(lambda wire: (wire.send(*pieces), wire.stream.close())) as server:
        stream = asked(server.endpoint + "/x").predict_stream("churn", "hello")
        assert next(stream) == {"a": 1}
        with pytest.raises(MlflowException, match="broke off"):
            next(stream)


def test_a_stream_that_is_refused_says_why(asked):
    with (
        hostile(lambda wire: wire.send(status(400, b'{"message": "no streams"}'))) as server,
        pytest.raises(MlflowException, match="no streams"),
    ):
        asked(server.endpoint + "/x").predict_stream("churn", "hello")


class TestPayload:
    @pytest.mark.parametrize(
        ("inputs", "expected"),
        [
            ("hi", {"messages": [{"role": "user", "content": "hi"}]}),
            ([1, None, math.nan], {"inputs": [1, None, None]}),
            (np.array([[1, 2], [3, 4]]), {"inputs": [[1, 2], [3, 4]]}),
            (np.array(["2026-01-02", "NaT"], "M8[D]"), {"inputs": ["2026-01-02", None]}),
            ({"a": np.float32(0.5)}, {"inputs": {"a": 0.5}}),
            ({"inputs": [np.int64(3)], "params": {"t": 1}}, {"inputs": [3], "params": {"t": 1}}),
            (
                pd.Series([1, 2], name="a"),
                {"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}},
            ),
            (
                pd.DataFrame({"n": pd.array([1, None], "Int64"), "x": [0.5, math.nan]}),
                {"dataframe_split": {"columns": ["n", "x"], "data": [[1, 0.5], [None, None]]}},
            ),
            (
                pd.DataFrame({"d": [datetime(2026, 1, 2, 3), pd.NaT]}),
                {"dataframe_split": {"columns": ["d"], "data": [["2026-01-02T03:00:00"], [None]]}},
            ),
            (pd.DataFrame({"a": []}), {"dataframe_split": {"columns": ["a"], "data": []}}),
            (pd.DataFrame(index=[0, 1]), {"dataframe_split": {"columns": [], "data": [[], []]}}),
            (
                [date(2026, 1, 2), Decimal("1.5"), b"ab", uuid.UUID(int=1)],
                {"inputs": ["2026-01-02", 1.5, "YWI=", str(uuid.UUID(int=1))]},
            ),
        ],
    )
    def test_is_mlflows_protocol(self, inputs, expected):
        assert json.loads(encode_inputs(inputs)) == expected

    @pytest.mark.parametrize(
        "inputs", [None, object(), [math.inf], {"a": object()}, "\ud800", [1j], [[]] * 2 + [set]]
    )
    def test_is_refused_without_a_form_in_json(self, inputs):
        with pytest.raises(MlflowException, match="inputs cannot be sent") as refused:
            encode_inputs(inputs)
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"

    def test_of_a_circle_is_refused(self):
        circle = []
        circle.append(circle)
        with pytest.raises(MlflowException, match="inputs cannot be sent"):
            encode_inputs(circle)


def test_a_signer_of_the_program_signs_predictions(asked):
    seen = []

    def signer(request):
        seen.append(request.url)
        request.headers["authorization"] = 'Signature keyId="mine"'
        return request

    with hostile(lambda wire: wire.send(ok([1]))) as server:
        client = asked(server.endpoint + "/x")
        client.get_deployment("churn")
        client._predictor._place("churn", None)
        with mlflow_oci_aidp.signed_by(signer):
            client.predict("churn", [1])
        assert seen == [f"{server.endpoint}/x"]
