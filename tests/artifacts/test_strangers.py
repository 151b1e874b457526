"""A proxy or a gateway that answers in the place of the service, with a page and status 200."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository

PAGE = b"<html><body>Please sign in to this network.</body></html>"


class _Page(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("etag", "x")
        self.send_header("content-length", str(len(PAGE)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(PAGE)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(request) -> Iterator[ThreadingHTTPServer]:
    """A proxy that answers everything, unless a test has another handler."""
    handler = getattr(request, "param", _Page)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def uri(aidp, server, monkeypatch) -> str:
    """A tracking URI whose endpoints are a proxy's."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return aidp.tracking_uri.replace(
        f"3A{aidp.endpoint.rpartition(':')[2]}", f"3A{server.server_port}"
    )


LOCATIONS = {
    "oci://bucket@namespace/prefix": OciArtifactRepository,
    "aidp:/Volumes/main/default/artifacts/x": VolumeArtifactRepository,
}
CALLS = {
    "up": lambda repository, folder: repository.log_artifact(str(folder / "source.txt")),
    "down": lambda repository, folder: repository.download_artifacts("a.txt", str(folder)),
    "list": lambda repository, folder: repository.list_artifacts(),
    "delete": lambda repository, folder: repository.delete_artifacts("a.txt"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("location", LOCATIONS)
def test_its_page_passes_for_nothing(uri: str, location: str, call: str, tmp_path: Path) -> None:
    (tmp_path / "source.txt").write_text("about flowers")
    repository = LOCATIONS[location](location, uri)
    with pytest.raises(MlflowException, match=r"does not come from|is not"):
        CALLS[call](repository, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["source.txt"]


class _PageForFiles(_Page):
    """The platform itself, as far as lists and folders; a proxy's page where a file would move."""

    def _answer(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path.endswith(("/uploadFile", "/downloadFile", "/deleteFile")):
            super()._answer()
            return
        items: list[dict[str, str]] = []
        if path.endswith("/volumes"):
            items = [{"displayName": "artifacts", "key": "k"}]
        elif "/x" in [*query.get("path", ()), self.headers.get("path")]:
            items = [{"displayName": "a.txt", "path": "/x/a.txt", "type": "FILE"}]
        body = json.dumps({"items": items}).encode()
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("opc-request-id", "1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer


@pytest.mark.parametrize("server", [_PageForFiles], indirect=True)
@pytest.mark.parametrize("call", ["up", "down", "delete"])
def test_its_page_for_a_file_passes_for_nothing(uri: str, call: str, tmp_path: Path) -> None:
    (tmp_path / "source.txt").write_text("about flowers")
    repository = VolumeArtifactRepository("aidp:/Volumes/main/default/artifacts/x", uri)
    with pytest.raises(MlflowException, match="does not come from AI Data Platform"):
        CALLS[call](repository, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["source.txt"]
