"""Bodies of answers in memory: bounded on every way, and no cookie of an answer is kept."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from email.message import Message
from functools import cache
from typing import ClassVar

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client import connection
from mlflow_oci_aidp.registry.store import AidpRegistryStore

NAME = "main.default.iris"
VOLUME, BUCKET = "aidp:/Volumes/main/default/artifacts/x", "oci://aidp-emulator@emulator/x"
MODEL = json.dumps({"registered_model": {"name": NAME, "description": "about flowers"}}).encode()
OBJECTS = json.dumps({"objects": [{"name": "x/notes.txt", "size": 5}], "prefixes": []}).encode()
REFUSAL = json.dumps({"code": "InvalidParameter", "message": "not so"}).encode()


class Server(http.server.ThreadingHTTPServer):
    """Answers every request alike, over one connection for each client.

    Attributes:
        status: The status of the answer.
        body: Its body.
        headers: Its headers beside the usual ones.
        seen: The headers of the requests.
    """

    status = 200
    body = b""
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        self.seen: list[Message] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 10

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append(self.headers)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(self.server.body)))
        self.send_header("opc-request-id", "of-the-server")
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_PUT = do_DELETE = do_GET

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # A client that has read enough.
            super().handle()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield running
        running.shutdown()


@pytest.fixture
def uri(aidp, server, monkeypatch) -> str:
    """The URI of a platform, and of Object Storage, that is the server."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    return (
        f"{aidp.tracking_uri.partition('?')[0]}?endpoint={endpoint}"
        f"&object_storage_endpoint={endpoint}&config_file={aidp.config_file}"
    )


@pytest.fixture
def small_bound(monkeypatch) -> int:
    """A bound that is soon reached, instead of 256 MiB."""
    monkeypatch.setattr(connection, "LONGEST_BODY", 4 << 20)
    return 4 << 20


#: Calls that read a body into memory.
CALLS: dict[str, Callable[[str], object]] = {
    "registry": lambda uri: AidpRegistryStore(uri).get_registered_model(NAME),
    "volume": lambda uri: VolumeArtifactRepository(VOLUME, uri).list_artifacts(),
    "bucket": lambda uri: OciArtifactRepository(BUCKET, uri).list_artifacts(),
}


@cache
def zeros(mebibytes: int) -> bytes:
    """Return a gzip of zeros, without having them all in memory."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(mebibytes)), packer.flush()])


def encoded(encoding: str) -> dict[str, str]:
    return {"content-encoding": encoding, "content-type": "application/json"}


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("kind", CALLS)
def test_what_a_body_unpacks_to_is_not_kept(server, uri, small_bound, kind, status):
    server.status, server.body, server.headers = status, zeros(257), encoded("gzip")
    assert len(server.body) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(MlflowException, match=r"longer than 256 MiB|HTTP 404"):
            CALLS[kind](uri)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < small_bound + (64 << 20)


@pytest.mark.parametrize("kind", CALLS)
def test_the_bound_is_256_mebibytes(server, uri, kind):
    assert connection.LONGEST_BODY == 256 << 20
    server.body, server.headers = zeros(257), encoded("gzip")
    with pytest.raises(MlflowException, match="longer than 256 MiB") as caught:
        CALLS[kind](uri)
    assert caught.value.error_code == "INTERNAL_ERROR"


@pytest.mark.usefixtures("small_bound")
@pytest.mark.parametrize("status", [200, 400, 404, 500])
@pytest.mark.parametrize("kind", CALLS)
def test_a_long_body_is_an_error_whatever_its_status(server, uri, kind, status):
    server.status, server.body = status, b" " * (5 << 20)
    with pytest.raises(MlflowException) as caught:
        CALLS[kind](uri)
    # Object Storage's refusals are known by their status, without a message.
    shown = f"(HTTP {status}" if kind == "bucket" and status != 200 else "longer than 256 MiB"
    assert shown in caught.value.message
    assert len(server.seen) == 1


@pytest.mark.usefixtures("small_bound")
@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("method", ["log_artifact", "delete_artifacts"])
def test_no_answer_of_object_storage_is_without_a_bound(server, uri, tmp_path, method, status):
    (tmp_path / "notes.txt").write_bytes(b"about flowers")
    server.status, server.body = status, b" " * (5 << 20)
    repository = OciArtifactRepository(BUCKET, uri)
    path = "notes.txt" if method == "delete_artifacts" else str(tmp_path / "notes.txt")
    with pytest.raises(MlflowException, match=r"longer than 256 MiB|HTTP 404"):
        getattr(repository, method)(path)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br"])
@pytest.mark.parametrize("kind", CALLS)
def test_an_encoding_without_a_bound_is_an_error(server, uri, kind, encoding):
    server.body, server.headers = gzip.compress(gzip.compress(MODEL)), encoded(encoding)
    with pytest.raises(MlflowException, match="encoding that was not asked for") as caught:
        CALLS[kind](uri)
    assert caught.value.error_code == "INTERNAL_ERROR"


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_body_that_is_encoded_within_the_bound_is_read(server, uri, encoding):
    server.headers = encoded(encoding)
    server.body = ENCODERS[encoding](MODEL)
    assert AidpRegistryStore(uri).get_registered_model(NAME).description == "about flowers"
    server.body = ENCODERS[encoding](OBJECTS)
    assert [info.path for info in OciArtifactRepository(BUCKET, uri).list_artifacts()] == [
        "notes.txt"
    ]


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("kind", CALLS)
def test_a_refusal_that_is_encoded_is_read(server, uri, kind, encoding):
    server.status, server.headers = 400, encoded(encoding)
    server.body = ENCODERS[encoding](REFUSAL)
    with pytest.raises(MlflowException, match="InvalidParameter: not so"):
        CALLS[kind](uri)


def test_no_encoding_is_asked_for(server, uri):
    server.body = MODEL
    AidpRegistryStore(uri).get_registered_model(NAME)
    assert server.seen[-1]["accept-encoding"] == "identity"


# Cookies

COOKIE = "session=of-somebody; Path=/; Max-Age=3600"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("kind", CALLS)
def test_a_cookie_is_not_kept(server, uri, kind, status):
    server.status, server.headers = status, {"set-cookie": COOKIE}
    server.body = {"registry": MODEL, "bucket": OBJECTS}.get(kind, b'{"items": []}')
    for _ in range(2):
        try:
            CALLS[kind](uri)
        except MlflowException:
            assert (kind, status) != ("registry", 200)
    assert len(server.seen) >= 2
    assert [headers["cookie"] for headers in server.seen] == [None] * len(server.seen)


def test_a_download_keeps_no_cookie(server, uri, tmp_path):
    server.headers, server.body = {"set-cookie": COOKIE}, b"about flowers"
    repository = OciArtifactRepository(BUCKET, uri)
    for number in range(2):
        repository._download_file("notes.txt", str(tmp_path / f"{number}"))
    assert [headers["cookie"] for headers in server.seen] == [None, None]


EMPTY_LIST = b'{"registered_models": []}'


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
def test_an_encoding_that_ends_too_early_is_no_empty_list(server, uri, monkeypatch, encode):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    server.headers = encoded("gzip" if encode is gzip.compress else "deflate")
    whole, store = encode(EMPTY_LIST), AidpRegistryStore(uri)
    for length in (1, 2, 5, len(whole) - 8, len(whole) - 1):
        server.body = whole[:length]
        server.seen.clear()
        with pytest.raises(MlflowException, match="cut off") as caught:
            store.search_registered_models()
        assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"
        assert len(server.seen) == 2
    server.body = whole
    assert list(store.search_registered_models()) == []


def test_the_encoding_of_a_list_in_a_bucket_that_ends_too_early_is_an_error(server, uri):
    server.headers, server.body = encoded("gzip"), gzip.compress(OBJECTS)[:-1]
    with pytest.raises(MlflowException):
        OciArtifactRepository(BUCKET, uri).list_artifacts()


def test_a_long_encoded_body_and_several_members_are_read_to_the_end(server, uri):
    server.headers = encoded("gzip")
    for body in (b" " * (3 << 20) + MODEL, MODEL + b" " * ((1 << 20) - len(MODEL))):
        server.body = gzip.compress(body)
        assert AidpRegistryStore(uri).get_registered_model(NAME).name == NAME
    server.body = gzip.compress(MODEL[:9]) + gzip.compress(MODEL[9:])
    assert AidpRegistryStore(uri).get_registered_model(NAME).name == NAME
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    server.headers, server.body = encoded("deflate"), raw.compress(MODEL) + raw.flush()
    assert AidpRegistryStore(uri).get_registered_model(NAME).name == NAME
