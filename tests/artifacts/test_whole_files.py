"""A file is what the service says that it is: whole, and nothing else passes for it."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.registry.store import AidpRegistryStore

CONTENT = b"about flowers"
VOLUMES = json.dumps({"items": [{"displayName": "artifacts", "key": "k"}]}).encode()
FILES = json.dumps({"items": []}).encode()
ID = b"opc-request-id: 1\r\n"


def answer(status: bytes, body: bytes, *headers: bytes, length: bool = True) -> bytes:
    """Return an answer as it goes over the wire."""
    lines = [b"HTTP/1.1 " + status, *headers]
    if length:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n" + ID + b"\r\n" + body


#: Answers to the request for a file that are not the whole file.
NOT_WHOLE = {
    "no content": answer(b"204 No Content", b"", length=False),
    "accepted": answer(b"202 Accepted", b""),
    "a part": answer(b"206 Partial Content", CONTENT[:5], b"content-range: bytes 0-4/13"),
    "cut off": answer(b"200 OK", CONTENT[:5], length=False),
    "encoded": answer(b"200 OK", gzip.compress(CONTENT), b"content-encoding: gzip"),
}
CHUNKED = b"d\r\n" + CONTENT + b"\r\n0\r\n\r\n"
WHOLE = {
    "with a length": answer(b"200 OK", CONTENT),
    "in chunks": answer(b"200 OK", CHUNKED, b"transfer-encoding: chunked", length=False),
}


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], str]]:
    """Starts a server that answers each request for a file with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[bytes] = []

        def run() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(65536)
                    path = request.split(b" ")[1] if request else b""
                    if b"/files" in path:
                        connection.sendall(answer(b"200 OK", FILES))
                    elif path.endswith(b"/volumes") or b"/volumes?" in path:
                        connection.sendall(answer(b"200 OK", VOLUMES))
                    elif path:
                        connection.sendall(held[0])

        def start(raw: bytes) -> str:
            held.append(raw)
            threading.Thread(target=run, daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield start
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def volume(aidp, serve, monkeypatch) -> Callable[[bytes], VolumeArtifactRepository]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

    def make(raw: bytes) -> VolumeArtifactRepository:
        uri = f"{aidp.tracking_uri.partition('?')[0]}?endpoint={serve(raw)}"
        return VolumeArtifactRepository(
            "aidp:/Volumes/main/default/artifacts/x", f"{uri}&config_file={aidp.config_file}"
        )

    return make


@pytest.mark.parametrize("kind", NOT_WHOLE)
def test_what_is_not_the_whole_file_is_an_error(volume, tmp_path, kind):
    (tmp_path / "notes.txt").write_bytes(b"as it was")
    with pytest.raises(MlflowException):
        volume(NOT_WHOLE[kind]).download_artifacts("notes.txt", str(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == {
        "notes.txt": b"as it was"
    }


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_file_is_kept(volume, tmp_path, kind):
    path = volume(WHOLE[kind]).download_artifacts("notes.txt", str(tmp_path))
    assert Path(path).read_bytes() == CONTENT


def test_a_part_does_not_pass_for_an_object(aidp, serve, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    endpoint = serve(NOT_WHOLE["a part"])
    uri = f"{aidp.tracking_uri.partition('?')[0]}?object_storage_endpoint={endpoint}"
    uri = f"{uri}&endpoint={aidp.endpoint}&config_file={aidp.config_file}"
    repository = OciArtifactRepository("oci://b@n/x", uri)
    with pytest.raises(MlflowException, match="a part of what was asked for") as caught:
        repository._download_file("notes.txt", str(tmp_path / "notes.txt"))
    assert caught.value.error_code == "DATA_LOSS"
    assert not (tmp_path / "notes.txt").exists()


def test_a_body_that_unpacks_to_more_than_the_bound_is_an_error(aidp, serve):
    bomb = gzip.compress(bytes(300 << 20), 9)
    endpoint = serve(answer(b"200 OK", bomb, b"content-encoding: gzip"))
    uri = f"{aidp.uri.partition('?')[0]}?endpoint={endpoint}&config_file={aidp.config_file}"
    with pytest.raises(MlflowException, match="longer than 256 MiB") as caught:
        AidpRegistryStore(uri).get_registered_model("main.default.iris")
    assert caught.value.error_code == "INTERNAL_ERROR"


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        # The path may be longer than an address can be.
        before = os.getcwd()
        os.chdir(path.parent)
        listener.bind(path.name)
        os.chdir(before)


#: What may be in a folder and is no file. To open the first one waits for ever, to read the second.
NO_FILES = {
    "pipe": lambda path: os.mkfifo(path),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "socket": unix_socket,
}
BOTH = pytest.mark.parametrize(
    "location", ["oci://aidp-emulator@emulator/x", "aidp:/Volumes/main/default/artifacts/x"]
)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@BOTH
@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("is_alone", [True, False])
def test_what_is_no_file_is_an_error_before_it_is_opened(
    storage, tmp_path, location, kind, is_alone
):
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "notes.txt").write_bytes(CONTENT)
    NO_FILES[kind](folder / "below" / kind)
    repository = get_artifact_repository(location)
    log = repository.log_artifact if is_alone else repository.log_artifacts
    with pytest.raises(OSError, match="no regular file") as caught:
        log(str(folder / "below" / kind if is_alone else folder))
    assert isinstance(caught.value, MlflowException)
    names = [info.path for info in repository.list_artifacts() if not info.is_dir]
    assert names == ([] if is_alone else ["notes.txt"])


@BOTH
def test_a_folder_that_cannot_be_read_is_an_error(storage, tmp_path, location):
    """Its files would be left out, and the call would report success."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").write_bytes(CONTENT)
    # No path is long enough for the last folders, whoever asks.
    with contextlib.ExitStack() as open_folders:
        place = os.open(folder, os.O_RDONLY)
        open_folders.callback(os.close, place)
        for _ in range(20):
            os.mkdir("n" * 250, dir_fd=place)
            place = os.open("n" * 250, os.O_RDONLY, dir_fd=place)
            open_folders.callback(os.close, place)
    repository = get_artifact_repository(location)
    with pytest.raises(OSError, match=r"folder .* cannot be read") as caught:
        repository.log_artifacts(str(folder))
    assert isinstance(caught.value, MlflowException)
    assert repository.list_artifacts() == []
