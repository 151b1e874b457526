"""A connection is used again only after an answer that is certainly over."""

from __future__ import annotations

import gzip
import io
import ssl
import time

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from tests.client.conftest import BUCKET, EACH_POOL
from tests.support.certificates import Authority
from tests.support.hostile import HungUp, answer, head, hostile, proper, proper_body

BUFFER = io.DEFAULT_BUFFER_SIZE


def chunks(body, trailer=b""):
    return b"%x;name=value\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailer)


def with_headers(wire, body, *headers, version="1.1"):
    lines = head("200 OK", f"opc-request-id: {wire.id}", *headers)
    return lines.replace(b"HTTP/1.1", f"HTTP/{version}".encode()) + body


#: Answers that say where they end, and nothing comes behind them.
OVER = {
    "with a length": proper,
    "with one length twice": lambda wire: answer(
        wire, proper_body(wire), f"content-length: {len(proper_body(wire))}"
    ),
    "in chunks": lambda wire: with_headers(
        wire, chunks(proper_body(wire)), "transfer-encoding: chunked"
    ),
    "in chunks with a trailer": lambda wire: with_headers(
        wire, chunks(proper_body(wire), b"etag: 1\r\nx: y\r\n"), "Transfer-Encoding: Chunked"
    ),
    "compressed": lambda wire: answer(
        wire, gzip.compress(proper_body(wire)), "content-encoding: gzip"
    ),
    "HTTP/1.0 that stays": lambda wire: with_headers(
        wire,
        proper_body(wire),
        f"content-length: {len(proper_body(wire))}",
        "connection: keep-alive",
        version="1.0",
    ),
}

#: Answers that are whole, and behind which something else may come.
IN_DOUBT = {
    "something behind it": lambda wire: proper(wire) + b"\r\n",
    "another answer behind it": lambda wire: proper(wire) * 2,
    "something behind the last chunk": lambda wire: with_headers(
        wire, chunks(proper_body(wire)) + b"x", "transfer-encoding: chunked"
    ),
    "a length and chunks": lambda wire: with_headers(
        wire, chunks(proper_body(wire)), "transfer-encoding: chunked", "content-length: 5"
    ),
    "HTTP/1.0": lambda wire: with_headers(
        wire, proper_body(wire), f"content-length: {len(proper_body(wire))}", version="1.0"
    ),
    "HTTP/1.0 in chunks": lambda wire: with_headers(
        wire,
        chunks(proper_body(wire)),
        "transfer-encoding: chunked",
        "connection: keep-alive",
        version="1.0",
    ),
    "told to close": lambda wire: answer(wire, proper_body(wire), "connection: close"),
}

#: Answers without a clear end, or broken ones.
BROKEN = {
    "two lengths": lambda wire: answer(wire, proper_body(wire), "content-length: 7"),
    "two lengths in one": lambda wire: with_headers(
        wire, proper_body(wire), f"content-length: {len(proper_body(wire))}, 7"
    ),
    "a length that is none": lambda wire: with_headers(
        wire, proper_body(wire), f"content-length: +{len(proper_body(wire))}"
    ),
    "a length beyond all numbers": lambda wire: with_headers(
        wire, proper_body(wire), "content-length: " + "9" * 5000
    ),
    "an unknown encoding": lambda wire: with_headers(
        wire, chunks(proper_body(wire)), "transfer-encoding: gzip, chunked"
    ),
    "a line that is no header": lambda wire: with_headers(
        wire, proper_body(wire), "what is this", f"content-length: {len(proper_body(wire))}"
    ),
    "a negative chunk": lambda wire: with_headers(
        wire, b"-1\r\n" + proper_body(wire), "transfer-encoding: chunked"
    ),
    "a longer chunk than announced": lambda wire: with_headers(
        wire,
        b"%x\r\n%sxx0\r\n\r\n" % (len(proper_body(wire)), proper_body(wire)),
        "transfer-encoding: chunked",
    ),
    "no end of the chunks": lambda wire: with_headers(
        wire, chunks(proper_body(wire))[:-2], "transfer-encoding: chunked"
    ),
    "no status": lambda wire: b"HTTP/1.1 fine\r\n\r\n",
    "no HTTP": lambda wire: b"220 mail.example.com ESMTP\r\n",
}


def connections(server):
    return [wire.connection for wire in server.requests]


@EACH_POOL
@pytest.mark.parametrize("kind", OVER)
def test_an_answer_that_is_over_leaves_its_connection_to_the_next(caller, kind):
    with hostile(lambda wire: wire.send(OVER[kind](wire))) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b"), call("c")] == ["a", "b", "c"]
        assert set(connections(server)) == {0}


@EACH_POOL
@pytest.mark.parametrize("kind", IN_DOUBT)
def test_an_answer_that_may_not_be_over_counts_and_takes_its_connection_along(caller, kind):
    with hostile(lambda wire: wire.send(IN_DOUBT[kind](wire))) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b")] == ["a", "b"]
        assert len(set(connections(server))) == len(server.requests)


@EACH_POOL
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_is_none_and_the_request_is_repeated(caller, kind):
    def script(wire):
        if wire.number == 0:
            wire.send(BROKEN[kind](wire))
            raise HungUp
        wire.send(proper(wire))

    with hostile(script) as server:
        assert caller(server.endpoint, retries=1)("a") == "a"
        assert connections(server)[:2] == [0, 1]


@EACH_POOL
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_that_stays_is_an_error(caller, kind):
    def script(wire):
        wire.send(BROKEN[kind](wire))
        raise HungUp

    with hostile(script) as server, pytest.raises(MlflowException) as caught:
        caller(server.endpoint)("a")
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"


@EACH_POOL
@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("headers", ["content-length: 5", "transfer-encoding: chunked", "a: b"])
def test_an_answer_without_a_body_has_none_whatever_it_says(caller, status, headers):
    def script(wire):
        if wire.number == 0:
            wire.send(with_headers(wire, b"", headers).replace(b"200 OK", status.encode()))
        else:
            wire.send(proper(wire))

    with hostile(script) as server:
        call = caller(server.endpoint)
        begin = time.monotonic()
        with pytest.raises(MlflowException):
            call("a")
        assert time.monotonic() - begin < 5
        assert call("b") == "b"


def test_deletions_share_a_connection(uri_of):
    """Their answers have no body, so that nobody reads one to its end."""
    with hostile(lambda wire: wire.send(answer(wire, b"", status="204 No Content"))) as server:
        repository = OciArtifactRepository(BUCKET, uri_of(server.endpoint))
        for name in ("a", "b", "c"):
            repository._delete(name)
        assert connections(server) == [0, 0, 0]


def test_a_body_where_none_may_be_costs_the_connection(caller):
    def script(wire):
        if wire.number == 0:
            wire.send(with_headers(wire, b"12345", "content-length: 5").replace(b"200", b"204"))
        else:
            wire.send(proper(wire))

    with hostile(script) as server:
        call = caller(server.endpoint)
        with pytest.raises(MlflowException):
            call("a")
        assert call("b") == "b"
        assert connections(server)[:2] == [0, 1]


@pytest.mark.parametrize("behind", [b"", b"more"])
def test_something_behind_the_answer_is_seen_through_tls(caller, tmp_path, monkeypatch, behind):
    """What TLS has unpacked is in no buffer of ours, and not in the socket's."""
    authority = Authority("Loopback")
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    tls = authority.server_context("127.0.0.1", tmp_path)
    # Its tickets come behind the handshake, and cost the connection, too.
    tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def script(wire):
        # One record of TLS, of which the answer is as much as the reader takes at a time.
        body = proper_body(wire)
        missing = BUFFER - len(answer(wire, body, "x-padding: "))
        wire.send(answer(wire, body, "x-padding: " + "x" * missing) + behind)

    with hostile(script, tls) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b")] == ["a", "b"]
        assert (len(set(connections(server))) > 1) == bool(behind)


def test_a_late_second_answer_is_never_that_of_another_call(caller):
    """It comes when the connection may be in use again."""

    def script(wire):
        wire.send(proper(wire), every=0.05)
        wire.send(proper(wire))

    with hostile(script) as server:
        call = caller(server.endpoint, retries=5)
        for number in range(4):
            assert call(f"a{number}") == f"a{number}"
            time.sleep(0.02)
