"""Odd values are refused or taken, and never answered by a 5xx, which clients repeat."""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.contract import OPERATIONS, volumes
from mlflow_oci_aidp.emulator.services import object_storage
from tests.support.bounded import bounded

from ..odd_values import (
    DIGITS,
    ODD_ENCODED,
    ODD_HEADERS,
    TEXTS,
    Connection,
    odd_bodies,
    sample,
    token,
)

BUCKET = "/n/emulator/b/aidp-emulator"

ODD_QUERY = st.sampled_from([*(quote(text) for text in TEXTS), *ODD_ENCODED])


@pytest.fixture(scope="module")
def aidp():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def connection(aidp, capfd, monkeypatch):
    """A connection to the emulator, whose console stays empty of tracebacks."""
    unhandled = []
    monkeypatch.setattr(threading, "excepthook", unhandled.append)
    with Connection(aidp) as connection:
        yield connection
    assert unhandled == []
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.fixture
def known(aidp):
    """Proper values for the names of the contract, of things that exist."""
    aidp.reset()
    registry, workspace = aidp.state, aidp.workspace()
    registry.create_registered_model({"name": "main.default.m"}, "user")
    registry.create_model_version({"name": "main.default.m", "source": "s"}, "user")
    experiment = workspace.create_experiment({"name": "e"}, "user")["experiment_id"]
    run = workspace.create_experiment_run({"experiment_id": experiment}, "user")["run"]["info"]
    metric = {"run_id": run["run_id"], "key": "a", "value": 1.0, "timestamp": 1}
    workspace.log_experiment_run_metric(metric, "user")
    deployment = aidp.deployments.create_model_deployment(
        {
            "name": "d",
            "model_name": "main.default.m",
            "deployment_targets": [{"model_version": "1", "traffic_percentage": 100}],
            "workspaceKey": "w",
            "computeKey": "c",
            "authType": "AIDP",
        },
        "user",
    )
    model = {"run_id": "a", "artifact_path": "b", "utc_time_created": "c", "flavors": {}}
    return {
        "name": "main.default.m",
        "version": "1",
        "deployment_id": deployment["deployment_id"],
        "deploymentId": deployment["deployment_id"],
        "model_name": "main.default.m",
        "model_version": "1",
        "traffic_percentage": 100,
        "run_id": run["run_id"],
        "experiment_id": experiment,
        "experiment_ids": experiment,
        "filter": "name = 'x'",
        "order_by": "name",
        "page_token": token('{"offset": 0}'),
        "stage": "Staging",
        "max_results": 10,
        "model_json": json.dumps(model),
        "catalog": "main",
        "schema": "default",
        "field_name": "creation_time",
    }


def is_fine(status):
    return status is not None and status < 500


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_of_the_contract(aidp, connection, known, operation):
    path = operation.template.replace("{aiDataPlatformId}", aidp.ai_data_platform_id)
    path = path.replace("{workspaceKey}", aidp.workspace_key)
    in_path = re.findall(r"\{(\w+)\}", path)

    @bounded
    @given(st.data())
    def check(data):
        if in_path and not operation.query and not operation.body:
            odd = data.draw(st.sampled_from(in_path))
            parts = {n: known.get(n, "a") for n in in_path} | {odd: data.draw(ODD_QUERY)}
            target, body = path.format(**parts), None
        elif operation.body:
            proper = sample(operation.body, "", known)
            target = path.format(**{n: known.get(n, "a") for n in in_path})
            body = data.draw(odd_bodies(proper))
        else:
            proper = {n: quote(str(sample(r.type, n, known))) for n, r in operation.query.items()}
            odd = {data.draw(st.sampled_from(list(proper))): data.draw(ODD_QUERY)}
            query = "&".join(f"{name}={value}" for name, value in {**proper, **odd}.items())
            target, body = f"{path}?{query}", None
        assert is_fine(connection.send(operation.verb, target, body))

    check()


@pytest.mark.parametrize("operation", volumes.OPERATIONS, ids=lambda operation: operation.name)
def test_of_volumes(aidp, connection, operation):
    aidp.reset()
    key = list_of_volumes(aidp)[0]["key"]
    known = {"catalogKey": "main", "schemaKey": "main.default", "path": "/a", "page": "0"}
    template = operation.template.replace("{aiDataPlatformId}", aidp.ai_data_platform_id)

    @bounded
    @given(st.data())
    def check(data):
        names = ["volumeKey", *operation.query, *operation.headers]
        odd = data.draw(st.sampled_from(names))
        encoded, plain = data.draw(ODD_QUERY), data.draw(st.sampled_from(ODD_HEADERS))
        path = template.replace(
            "{volumeKey}", encoded.replace("/", "") or "a" if odd == "volumeKey" else key
        )
        query = "&".join(
            f"{name}={encoded if name == odd else quote(str(sample(rule.type, name, known)))}"
            for name, rule in operation.query.items()
            if rule.required or name == odd
        )
        headers = {
            name: plain.encode().decode("latin-1")
            if name == odd
            else sample(rule.type, name, known)
            for name, rule in operation.headers.items()
            if rule.required or name == odd
        }
        body = b"content" if operation.streamed else None
        status = connection.send(operation.verb, f"{path}?{query}", body, headers)
        # 501: the emulator has no files in base64. Clients do not repeat that.
        assert is_fine(status) or status == 501

    check()


def list_of_volumes(aidp):
    service = aidp._started.volumes
    arguments = {"catalogKey": "main", "schemaKey": "main.default"}
    return json.loads(service._list_volumes(None, arguments, None, "").body)["items"]


class TestOfObjectStorage:
    @pytest.fixture(autouse=True)
    def objects(self, aidp, connection):
        aidp.reset()
        assert connection.send("PUT", f"{BUCKET}/o/a", b"content") == 200

    @pytest.mark.parametrize("route", object_storage._ROUTES.routes, ids=lambda route: route.name)
    def test_names_queries_and_headers(self, connection, route):
        kind = "u" if "/u" in route.pattern.pattern else "o"
        has_name = "object" in route.pattern.groupindex
        queries = ("uploadId", "uploadPartNum", "prefix", "start", "limit", "delimiter", "fields")
        headers = ("range", "if-match", "if-none-match", "content-md5", "opc-meta-a", "date")

        @bounded
        @given(
            ODD_QUERY,
            st.sampled_from(queries),
            ODD_QUERY,
            st.sampled_from(headers),
            st.sampled_from(ODD_HEADERS),
            st.booleans(),
        )
        def check(name, query, value, header, text, is_name_odd):
            path = f"{BUCKET}/{kind}"
            if has_name:
                path += f"/{name or 'a'}" if is_name_odd else "/a"
            body = b"{}" if route.verb in ("PUT", "POST") else None
            text = text.encode().decode("latin-1")
            target = f"{path}?{query}={value}"
            assert is_fine(connection.send(route.verb, target, body, {header: text}))

        check()

    @bounded
    @given(odd_bodies({"object": "a", "contentType": "a/b", "metadata": {"opc-meta-a": "b"}}))
    def test_details_of_an_upload(self, connection, body):
        assert is_fine(connection.send("POST", f"{BUCKET}/u", body))

    @bounded
    @given(
        odd_bodies(
            {"partsToCommit": [{"partNum": 1, "etag": "a"}], "partsToExclude": [2]},
        )
    )
    def test_parts_of_a_commit(self, connection, body):
        assert is_fine(connection.send("POST", f"{BUCKET}/u/a?uploadId=a", body))

    @pytest.mark.parametrize(
        ("header", "status"),
        [
            ("bytes=0-", 206),
            ("bytes=-3", 206),
            (f"bytes=0-{DIGITS}", 206),
            (f"bytes=-{DIGITS}", 206),
            (f"bytes={DIGITS}-", 416),
            (f"bytes={DIGITS}-{DIGITS}", 416),
            ("bytes=-0", 416),
            ("bytes=²-", 400),
            ("bytes=-", 400),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_ranges(self, connection, header, status):
        headers = {"range": header}
        assert connection.send("GET", f"{BUCKET}/o/a", headers=headers) == status


class TestHeads:
    @pytest.mark.parametrize("service", [f"{BUCKET}/o/a", "/20260430/aiDataPlatforms/a/mlops"])
    @pytest.mark.parametrize(
        ("line", "status"),
        [
            (b"content-length: " + DIGITS.encode(), 413),
            (b"content-length: 99999999999999", 413),
            (b"content-length: -1", 400),
            (b"content-length: +1", 400),
            (b"content-length: \xb2", 400),
            (b"content-length: 1, 1", 400),
            (b"content-length: 0\r\ncontent-length: 0", 400),
            (b"transfer-encoding: chunked", 411),
            (b"x-a: b\r\n c", 400),
            (b"x-a: \0", 400),
            (b"x a: b", 400),
            (b"no header", 400),
            (b"x-a: " + b"b" * 70_000, 431),
            (b"\r\n".join(b"x-%d: a" % number for number in range(200)), 431),
            (b"content-length: 0", 401),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_headers(self, connection, service, line, status):
        head = f"GET {service} HTTP/1.1\r\nhost: x\r\n".encode()
        assert connection.send_bytes(head + line + b"\r\n\r\n") == status

    @pytest.mark.parametrize(
        "line",
        [
            b"GET /\xff HTTP/1.1",
            b"GET /\x7f HTTP/1.1",
            b"GET http://elsewhere/n HTTP/1.1",
            b"GET * HTTP/1.1",
            b"GET //n/a HTTP/1.1",
            b"GET /%ff HTTP/1.1",
            b"GET / HTTP/1.\xb2",
            b"GET / HTTP/99999999999999999.1",
            b"GET / FTP/1.1",
            b"GET",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
        ],
        ids=lambda line: str(line)[:30],
    )
    def test_first_lines(self, connection, line):
        assert is_fine(connection.send_bytes(line + b"\r\nhost: x\r\n\r\n"))

    @pytest.mark.parametrize(
        "header",
        ["authorization", "x-content-sha256", "date", "x-date", "opc-request-id", "host"],
    )
    def test_headers_of_the_signature(self, aidp, connection, header):
        @bounded
        @given(st.sampled_from(ODD_HEADERS) | st.text(st.characters(max_codepoint=255)))
        def check(text):
            value = text.encode("latin-1", "replace")
            head = b"POST /n/emulator/b/aidp-emulator/u HTTP/1.1\r\n"
            lines = {
                b"host": aidp.endpoint.partition("//")[2].encode(),
                b"authorization": b'Signature version="1",keyId="ST$a",algorithm="rsa-sha256",'
                b'headers="x-date (request-target) host content-length content-type '
                b'x-content-sha256",signature="\xe9"',
                b"x-date": b"Thu, 01 Jan 1970 00:00:00 GMT",
                b"content-length": b"0",
                b"content-type": b"application/json",
                b"x-content-sha256": b"a",
                header.encode(): value,
            }
            for name, line in lines.items():
                head += name + b": " + line + b"\r\n"
            assert is_fine(connection.send_bytes(head + b"\r\n", "POST"))

        check()
