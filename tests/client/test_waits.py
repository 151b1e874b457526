"""Every wait ends: one deadline for an attempt, and a least speed for the content of a file."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.client.conftest import BUCKET, EACH_POOL, VOLUME
from tests.support.certificates import Authority
from tests.support.hostile import Hostile, answer, head, hostile, proper

#: Seconds that an attempt has here, and those after which it has certainly not ended in time.
TIMEOUT, TOO_LATE = 1, 4
#: Seconds between two bytes: soon enough for every wait of a single byte.
EVERY = 0.15


def chunked(wire, data, *headers):
    lines = head("200 OK", f"opc-request-id: {wire.id}", "transfer-encoding: chunked", *headers)
    return lines + data


def drip_from(place, whole):
    """Send an answer byte by byte, from a place in it on."""

    def script(wire):
        begin, found, rest = whole(wire).partition(place)
        wire.send(begin)
        wire.drip(found + rest, EVERY)

    return script


#: Answers that come, and never end.
ENDLESS = {
    "a status line that drips": drip_from(b"HTTP", proper),
    "headers that drip": drip_from(b"content-length", proper),
    "a body that drips": drip_from(b"{", proper),
    "interim answers": lambda wire: wire.send(*[head("100 Continue")] * 90, every=EVERY),
    "headers without end": lambda wire: [
        wire.send(b"HTTP/1.1 200 OK\r\n"),
        wire.drip(b"x-header: y\r\n" * 90, 0.05),
    ],
    "a chunk extension that drips": lambda wire: [
        wire.send(chunked(wire, b"9;")),
        wire.drip(b"x" * 90, EVERY),
    ],
    "trailers that drip": lambda wire: [
        wire.send(chunked(wire, b"2\r\n{}\r\n0\r\n")),
        wire.drip(b"x: y\r\n" * 90, EVERY),
    ],
    "silence": lambda wire: time.sleep(TOO_LATE),
    "silence in the body": lambda wire: [wire.send(proper(wire)[:-3]), time.sleep(TOO_LATE)],
}


def assert_in_time(call):
    begin = time.monotonic()
    with pytest.raises(MlflowException) as caught:
        call()
    assert time.monotonic() - begin < TOO_LATE - 0.5
    return caught.value


@EACH_POOL
@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_without_an_end_is_given_up(caller, kind):
    with hostile(ENDLESS[kind]) as server:
        call = caller(server.endpoint, timeout=TIMEOUT)
        error = assert_in_time(lambda: call("a"))
    assert error.error_code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("caller", ["tracking", "volume"], indirect=True)
def test_the_same_of_every_part(caller):
    with hostile(ENDLESS["headers that drip"]) as server:
        call = caller(server.endpoint, timeout=TIMEOUT)
        error = assert_in_time(lambda: call("a"))
    assert error.error_code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("kind", ["a status line that drips", "headers that drip"])
def test_the_same_through_tls(uri_of, tmp_path, monkeypatch, kind):
    authority = Authority("Loopback")
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with hostile(ENDLESS[kind], authority.server_context("127.0.0.1", tmp_path)) as server:
        store = AidpRegistryStore(uri_of(server.endpoint, timeout=TIMEOUT))
        error = assert_in_time(lambda: store.get_registered_model("a"))
    assert error.error_code == "DEADLINE_EXCEEDED"


def test_an_answer_that_drips_and_is_there_in_time_counts(caller):
    with hostile(lambda wire: wire.drip(proper(wire), 0.0005)) as server:
        assert caller(server.endpoint)("a") == "a"


def test_trailers_without_end_are_no_answer(caller):
    def script(wire):
        wire.send(chunked(wire, b"2\r\n{}\r\n0\r\n"))
        wire.flood(b"x: y\r\n" * 1000)

    with hostile(script) as server:
        error = assert_in_time(lambda: caller(server.endpoint)("a"))
    assert error.error_code == "TEMPORARILY_UNAVAILABLE"


@pytest.mark.parametrize("speaks", ["nothing", "drips"])
def test_a_server_that_never_ends_the_handshake_of_tls(uri_of, speaks):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run():
            stream, _ = listener.accept()
            with stream, contextlib.suppress(OSError):
                for byte in b"\x16\x03\x03\x40\x00" + bytes(40):
                    if speaks == "drips":
                        stream.send(bytes([byte]))
                    time.sleep(0.1)

        threading.Thread(target=run, daemon=True).start()
        endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
        store = AidpRegistryStore(uri_of(endpoint, timeout=TIMEOUT))
        assert_in_time(lambda: store.get_registered_model("a"))


def test_a_proxy_that_never_opens_its_tunnel(uri_of, monkeypatch):
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(variable, "")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run():
            stream, _ = listener.accept()
            with stream, contextlib.suppress(OSError):
                stream.recv(65536)
                for byte in b"HTTP/1.1 200 Connection established\r\n\r\n":
                    stream.send(bytes([byte]))
                    time.sleep(EVERY)

        threading.Thread(target=run, daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listener.getsockname()[1]}")
        store = AidpRegistryStore(uri_of("https://127.0.0.1:1", timeout=TIMEOUT))
        assert_in_time(lambda: store.get_registered_model("a"))


def several_addresses(monkeypatch, port, count):
    """Give `localhost` so many addresses, all of this machine."""
    resolve = socket.getaddrinfo

    def found(host, *more, **named):
        if host != "localhost":
            return resolve(host, *more, **named)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port))
            for last in range(1, count + 1)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_addresses_where_nobody_answers_share_the_time(uri_of, monkeypatch):
    with socket.socket() as full:
        # Whoever connects to a socket whose queue is full waits.
        full.bind(("", 0))
        full.listen(0)
        port = full.getsockname()[1]
        several_addresses(monkeypatch, port, 6)
        with contextlib.ExitStack() as waiting:
            for _ in range(4):
                stream = waiting.enter_context(socket.socket())
                stream.setblocking(False)
                stream.connect_ex(("127.0.0.1", port))
            store = AidpRegistryStore(uri_of(f"http://localhost:{port}", timeout=TIMEOUT))
            error = assert_in_time(lambda: store.get_registered_model("a"))
    assert error.error_code == "DEADLINE_EXCEEDED"


def test_an_address_where_nobody_answers_leaves_time_for_the_next(uri_of, monkeypatch):
    with contextlib.ExitStack() as waiting:
        server = waiting.enter_context(
            hostile(lambda wire: wire.send(proper(wire)), host="127.0.0.2")
        )
        port = int(server.endpoint.rpartition(":")[2])
        full = waiting.enter_context(socket.socket())
        full.bind(("127.0.0.1", port))
        full.listen(0)
        for _ in range(4):
            stream = waiting.enter_context(socket.socket())
            stream.setblocking(False)
            stream.connect_ex(("127.0.0.1", port))
        several_addresses(monkeypatch, port, 2)
        store = AidpRegistryStore(uri_of(f"http://localhost:{port}", timeout=2))
        assert store.get_registered_model("a").name == "a"


def test_an_address_where_nobody_listens_leaves_the_call_to_the_next(uri_of, monkeypatch):
    with hostile(lambda wire: wire.send(proper(wire)), host="127.0.0.2") as server:
        port = server.endpoint.rpartition(":")[2]
        several_addresses(monkeypatch, int(port), 2)
        store = AidpRegistryStore(uri_of(f"http://localhost:{port}"))
        assert store.get_registered_model("a").name == "a"


# Files

LOCATIONS = {VOLUME: VolumeArtifactRepository, BUCKET: OciArtifactRepository}
CONTENT = os.urandom(40_000)


@pytest.fixture(params=LOCATIONS)
def repository(request, uri_of):
    def make(server: Hostile, **settings):
        uri = uri_of(server.endpoint, **{"timeout": TIMEOUT, **settings})
        return LOCATIONS[request.param](request.param, uri)

    return make


def is_download(wire):
    return wire.path.endswith("downloadFile") or (wire.verb == "GET" and "/o/" in wire.path)


def is_upload(wire):
    return wire.path.endswith("uploadFile") or wire.verb == "PUT"


def of_file(is_file, script):
    return lambda wire: script(wire) if is_file(wire) else wire.send(proper(wire))


def slowly(wire, body, pieces, every):
    whole = answer(wire, body, "etag: 1")
    size = len(whole) - len(body)
    step = -(-len(body) // pieces)
    wire.send(whole[:size])
    wire.send(*(body[begin : begin + step] for begin in range(0, len(body), step)), every=every)


ENDLESS_FILES = {
    "headers that drip": drip_from(b"content-length", lambda wire: answer(wire, CONTENT)),
    "content that drips": drip_from(b"\r\n\r\n", lambda wire: answer(wire, CONTENT, "etag: 1")),
    "content that stops": lambda wire: [
        wire.send(answer(wire, CONTENT, "etag: 1")[:-100]),
        time.sleep(TOO_LATE),
    ],
    "chunks of nothing but extensions": lambda wire: [
        wire.send(chunked(wire, b"")),
        wire.send(*[b"1;" + b"x" * 3000 + b"\r\n1\r\n"] * 90, every=EVERY),
    ],
    "a refusal that drips": drip_from(
        b"{",
        lambda wire: answer(
            wire, b'{"code": "NotFound", "message": "' + b"m" * 99, status="404 No"
        ),
    ),
}


@pytest.mark.parametrize("kind", ENDLESS_FILES)
def test_a_file_without_an_end_is_given_up(repository, tmp_path, kind):
    with hostile(of_file(is_download, ENDLESS_FILES[kind])) as server:
        target = str(tmp_path / "file")
        client = repository(server)
        assert_in_time(lambda: client._download_file("file", target))
    assert os.listdir(tmp_path) == []


def test_a_file_may_take_longer_than_an_answer(repository, tmp_path):
    """It takes two seconds, at 20,000 bytes a second; nothing else may take longer than one."""
    script = of_file(is_download, lambda wire: slowly(wire, CONTENT, 20, 0.1))
    with hostile(script) as server:
        repository(server)._download_file("file", str(tmp_path / "file"))
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_an_upload_that_nobody_takes_is_given_up(repository, tmp_path):
    (tmp_path / "large").write_bytes(bytes(16 << 20))

    def script(wire):
        wire.leave_body()
        time.sleep(TOO_LATE)

    with hostile(of_file(is_upload, script)) as server:
        client = repository(server)
        assert_in_time(lambda: client.log_artifact(str(tmp_path / "large")))


def test_an_upload_may_take_longer_than_an_answer(repository, tmp_path):
    """The other side takes a mebibyte every 0.05 seconds, and answers a while afterwards."""
    content = os.urandom(32 << 20)
    (tmp_path / "large").write_bytes(content)
    taken = []

    def script(wire):
        stream, left = wire.stream, len(content)
        while left:
            piece = stream.recv(min(left, 1 << 20), socket.MSG_WAITALL)
            left -= len(piece)
            taken.append(piece)
            time.sleep(0.05)
        wire.leave_body()
        time.sleep(0.1)
        wire.send(answer(wire, b""))

    with hostile(of_file(is_upload, script)) as server:
        repository(server).log_artifact(str(tmp_path / "large"))
    assert b"".join(taken) == content


def test_the_answer_to_an_upload_has_a_deadline(repository, tmp_path):
    (tmp_path / "small").write_bytes(CONTENT)

    def script(wire):
        wire.read_body()
        wire.drip(answer(wire, b"{}"), EVERY)

    with hostile(of_file(is_upload, script)) as server:
        client = repository(server)
        error = assert_in_time(lambda: client.log_artifact(str(tmp_path / "small")))
    assert error.error_code == "DEADLINE_EXCEEDED"
