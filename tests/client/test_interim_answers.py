"""Interim answers (1xx) come before the answer, and are none."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client.transport.http_connection import MOST_INTERIM_ANSWERS
from tests.client.conftest import BUCKET, VOLUME
from tests.support.hostile import HungUp, answer, head, hostile, proper

HINTS = head("103 Early Hints", "link: </style.css>", "content-length: 5")
INTERIM = {
    "100": head("100 Continue"),
    "102": head("102 Processing"),
    "103": HINTS,
    "an unknown one": head("199 Almost"),
    "several": head("100 Continue") + HINTS + head("102 Processing") + HINTS,
}


@pytest.mark.parametrize("kind", INTERIM)
def test_the_answer_is_the_one_behind_them(caller, kind):
    def script(wire):
        wire.send(INTERIM[kind], every=0.02)
        wire.send(proper(wire))

    with hostile(script) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b"), call("a")] == ["a", "b", "a"]
        # The connection is as good as any other.
        assert {wire.connection for wire in server.requests} == {0}


def test_a_late_answer_behind_early_hints_is_not_that_of_the_next_call(caller):
    def script(wire):
        wire.send(HINTS, every=0.15)
        wire.send(proper(wire))

    with hostile(script) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b")] == ["a", "b"]


def test_another_protocol_is_refused_and_the_request_repeated(caller):
    def script(wire):
        if wire.number == 0:
            wire.send(head("101 Switching Protocols", "upgrade: websocket", "connection: upgrade"))
        wire.send(proper(wire))

    with hostile(script) as server:
        assert caller(server.endpoint, retries=1)("a") == "a"
        assert server.requests[0].connection != server.requests[1].connection


def test_more_of_them_than_anybody_needs_are_an_error(caller):
    with hostile(lambda wire: wire.flood(HINTS * 50)) as server:
        begin = time.monotonic()
        with pytest.raises(MlflowException, match="no proper HTTP") as caught:
            caller(server.endpoint)("a")
        assert time.monotonic() - begin < 5
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"


def test_as_many_of_them_as_there_may_be_are_no_error(caller):
    with hostile(lambda wire: wire.send(HINTS * MOST_INTERIM_ANSWERS, proper(wire))) as server:
        assert caller(server.endpoint)("a") == "a"


REPOSITORIES = {VOLUME: VolumeArtifactRepository, BUCKET: OciArtifactRepository}


@pytest.fixture(params=REPOSITORIES)
def repository(request, uri_of):
    def make(endpoint, **settings):
        return REPOSITORIES[request.param](request.param, uri_of(endpoint, **settings))

    return make


@pytest.fixture
def large(tmp_path) -> Path:
    """A file that no buffer on the way holds as a whole."""
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(12 << 20))
    return path


def is_upload(wire):
    return wire.path.endswith("uploadFile") or wire.verb == "PUT"


def test_one_may_come_before_the_body_was_sent(repository, large):
    """As for ``Expect: 100-continue``, which ``oci`` sends."""
    sent = []

    def script(wire):
        if is_upload(wire):
            wire.send(head("100 Continue"), HINTS)
            wire.read_body()
            sent.append(wire.body)
            wire.send(answer(wire, b""))
        else:
            wire.send(proper(wire))

    with hostile(script) as server:
        repository(server.endpoint).log_artifact(str(large))
    assert sent == [large.read_bytes()]


def test_a_refusal_that_comes_before_the_body_was_sent_is_told(repository, large):
    def script(wire):
        if is_upload(wire):
            wire.send(
                answer(
                    wire, b'{"code": "TooLarge", "message": "m"}', status="413 Content Too Large"
                )
            )
            wire.leave_body()
            time.sleep(3)
            raise HungUp
        wire.send(proper(wire))

    with hostile(script) as server, pytest.raises(MlflowException, match="HTTP 413"):
        repository(server.endpoint, timeout=1).log_artifact(str(large))
