"""Through a proxy the same holds: connections are bounded, and answers belong to their requests."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.transport import request_ids
from tests.client.conftest import EACH_POOL
from tests.support.certificates import Authority
from tests.support.hostile import head, hostile, proper, proper_body

HINTS = head("103 Early Hints", "link: </a>")


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def greet_as_http(stream: socket.socket) -> int:
    """Open a tunnel, and return the port that it leads to."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += stream.recv(65536)
    stream.sendall(HINTS + b"HTTP/1.1 200 Connection established\r\n\r\n")
    return int(request.split(b" ")[1].rpartition(b":")[2])


def greet_as_socks(stream: socket.socket) -> int:
    """Do the same in SOCKS 5."""
    stream.recv(2 + stream.recv(2, socket.MSG_PEEK)[1])
    stream.sendall(b"\x05\x00")
    request = stream.recv(65536)
    stream.sendall(b"\x05\x00\x00\x01" + bytes(6))
    return int.from_bytes(request[-2:], "big")


@contextlib.contextmanager
def relay(greet) -> Iterator[int]:
    """Run a proxy whose tunnels all lead to this machine; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    stream, _ = listener.accept()
                except OSError:
                    return
                target = socket.create_connection(("127.0.0.1", greet(stream)))
                for ends in ((stream, target), (target, stream)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=["http", "socks5"])
def through_a_proxy(request, monkeypatch):
    """Everything goes through a proxy of each kind."""
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(variable, "")
    if request.param == "socks5":
        pytest.importorskip("socks", reason="PySocks is not installed")
    with relay({"http": greet_as_http, "socks5": greet_as_socks}[request.param]) as port:
        for variable in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(variable, f"{request.param}://127.0.0.1:{port}")
        yield


@pytest.fixture
def tls(tmp_path, monkeypatch):
    authority = Authority("Loopback")
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    context = authority.server_context("127.0.0.1", tmp_path)
    context.num_tickets = 0
    return context


@EACH_POOL
def test_answers_arrive_over_one_connection(caller, through_a_proxy, tls):
    with hostile(lambda wire: wire.send(HINTS, proper(wire)), tls) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b")] == ["a", "b"]
        assert {wire.connection for wire in server.requests} == {0}


@EACH_POOL
def test_the_answer_of_another_call_is_lost(caller, through_a_proxy, tls):
    def script(wire):
        body = proper_body(wire)
        identity = request_ids.new_request_id() if wire.number == 0 else wire.id
        lines = (f"opc-request-id: {identity}", f"content-length: {len(body)}")
        wire.send(head("200 OK", *lines) + body)

    with hostile(script, tls) as server:
        assert caller(server.endpoint, retries=1)("a") == "a"
        assert [wire.connection for wire in server.requests] == [0, 1]


@EACH_POOL
def test_a_head_that_drips_is_given_up(caller, through_a_proxy, tls):
    with hostile(lambda wire: wire.drip(proper(wire), 0.1), tls) as server:
        call = caller(server.endpoint, timeout=1)
        begin = time.monotonic()
        with pytest.raises(MlflowException) as caught:
            call("a")
        assert time.monotonic() - begin < 3
    assert caught.value.error_code == "DEADLINE_EXCEEDED"
