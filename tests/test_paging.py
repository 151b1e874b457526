"""Lists of several pages.

An empty page is not the end, and a token that comes again is an error.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client.paging import Page, follow_pages
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

#: No list of a test has as many pages. A client that goes in a circle comes to this end.
MOST_PAGES = 20


class Lists:
    """A server whose lists have the pages that a test says, by the token that is asked for."""

    def __init__(self, next_tokens: dict[str, str]) -> None:
        self.next_tokens = next_tokens
        self.asked: list[str] = []
        #: The same, for each list by itself: two lists may be read side by side.
        self.asked_of: dict[str, list[str]] = {}
        lists = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("content-length", 0))))

            def do_GET(self) -> None:
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                body, headers = lists.page(self.path, body)
                self.send_response(200)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, path: str, body: bytes) -> tuple[bytes, dict[str, str]]:
        from urllib.parse import parse_qs, urlsplit

        fields = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        fields |= json.loads(body or b"{}")
        headers = {"opc-request-id": "1", "content-type": "application/json"}
        asked_of_list = self.asked_of.setdefault(urlsplit(path).path, [])
        if len(asked_of_list) == MOST_PAGES:
            self.next_tokens = {}
        if "/b/" in path:  # a bucket
            token = fields.get("start", "")
            answer: dict[str, Any] = {"objects": [], "prefixes": []}
            if self.next_tokens.get(token):
                answer["nextStartWith"] = self.next_tokens[token]
        elif "/volumes" in path and "/files" not in path:
            return self._volumes(), headers
        elif "/files" in path:
            token = fields.get("page", "")
            answer = {"items": []}
            if self.next_tokens.get(token):
                headers["opc-next-page"] = self.next_tokens[token]
        else:
            # A gateway may add the header of the platform's own lists: MLflow's lists ignore it.
            headers["opc-next-page"] = "of-a-gateway"
            token = fields.get("page_token", "")
            answer = {"next_page_token": self.next_tokens.get(token, "")}
        self.asked.append(token)
        asked_of_list.append(token)
        return json.dumps(answer).encode(), headers

    def _volumes(self) -> bytes:
        return json.dumps({"items": [{"displayName": "artifacts", "key": "k"}]}).encode()


@pytest.fixture
def serve(aidp) -> Iterator[Callable[[dict[str, str]], Lists]]:
    """Starts a server; the identity is the emulator's."""
    servers: list[tuple[Lists, Thread]] = []

    def start(next_tokens: dict[str, str]) -> Lists:
        lists = Lists(next_tokens)
        thread = Thread(target=lists.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((lists, thread))
        return lists

    yield start
    for lists, thread in servers:
        lists.server.shutdown()
        thread.join()
        lists.server.server_close()


def uri_of(aidp, lists: Lists) -> str:
    """The tracking URI of the emulator, at another endpoint."""
    identity, _, query = aidp.tracking_uri.partition("?")
    query = "&".join(part for part in query.split("&") if "endpoint" not in part.partition("=")[0])
    return f"{identity}?{query}&endpoint={lists.endpoint}&object_storage_endpoint={lists.endpoint}"


#: Everything that reads a whole list, by the name of the list.
WHOLE_LISTS: dict[str, Callable[[str], object]] = {
    "metric history": lambda uri: AidpTrackingStore(uri).get_metric_history("r", "m"),
    "artifacts of a run": lambda uri: AidpTrackingStore(uri).list_artifacts("r"),
    "logged models": lambda uri: AidpTrackingStore(uri).search_logged_models(["1"]),
    "deleted runs": lambda uri: AidpTrackingStore(uri)._get_deleted_runs(),
    "files of a volume": lambda uri: VolumeArtifactRepository(
        "aidp:/Volumes/main/default/artifacts/x", uri
    ).list_artifacts(),
    "objects of a bucket": lambda uri: OciArtifactRepository("oci://b@n/x", uri).list_artifacts(),
    "registered models without prompts": lambda uri: AidpRegistryStore(
        uri
    ).search_registered_models("tag.`mlflow.prompt.is_prompt` != 'true'"),
}

#: Everything that hands out one page.
PAGES: dict[str, Callable[[str, str | None], Any]] = {
    "runs": lambda uri, token: AidpTrackingStore(uri).search_runs(["1"], "", 1, page_token=token),
    "experiments": lambda uri, token: AidpTrackingStore(uri).search_experiments(page_token=token),
    "metric history": lambda uri, token: AidpTrackingStore(uri).get_metric_history(
        "r", "m", max_results=5, page_token=token
    ),
    "model versions": lambda uri, token: AidpRegistryStore(uri).search_model_versions(
        "name='a'", page_token=token
    ),
}


@pytest.mark.parametrize("name", WHOLE_LISTS)
def test_an_empty_page_is_not_the_end_of_a_list(aidp, serve, name):
    lists = serve({"": "second", "second": "third", "third": ""})
    WHOLE_LISTS[name](uri_of(aidp, lists))
    tokens = [asked for path, asked in lists.asked_of.items() if not path.endswith("/volumes")]
    assert tokens
    assert [asked[:3] for asked in tokens] == [["", "second", "third"]] * len(tokens)


@pytest.mark.parametrize("name", WHOLE_LISTS)
@pytest.mark.parametrize(
    "next_tokens",
    [{"": "a", "a": "a"}, {"": "a", "a": "b", "b": "a"}, {"": "a", "a": "b", "b": "c", "c": "b"}],
    ids=["at once", "in a circle", "in a circle later"],
)
def test_a_token_that_comes_again_is_an_error(aidp, serve, name, next_tokens):
    lists = serve(next_tokens)
    with pytest.raises(MlflowException, match="page token that it had given before") as caught:
        WHOLE_LISTS[name](uri_of(aidp, lists))
    assert caught.value.error_code == "INTERNAL_ERROR"
    assert caught.value.remedy.startswith(f"Check the endpoint {lists.endpoint} (from ")
    assert lists.asked_of
    assert all(len(asked) <= len(next_tokens) + 1 for asked in lists.asked_of.values())


# The registry store itself goes on after an empty page: it takes prompts out of pages.
@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"model versions"}))
def test_the_token_of_an_empty_page_is_handed_out(aidp, serve, name):
    page = PAGES[name](uri_of(aidp, serve({"": "t"})), None)
    assert (list(page), page.token) == ([], "t")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_names_itself_as_the_next_is_an_error(aidp, serve, name):
    with pytest.raises(MlflowException, match="page token that it had given before"):
        PAGES[name](uri_of(aidp, serve({"t": "t"})), "t")


def test_pages_follow_each_other_from_any_token() -> None:
    pages = {"": "b", "b": "c", "c": ""}
    followed = follow_pages(lambda token: Page([token], pages[token]), "A list", "b")
    assert [page.items for page in followed] == [["b"], ["c"]]


def test_a_long_list_is_read_to_its_end() -> None:
    numbers = itertools.count(1)
    followed = follow_pages(lambda _: Page([], str(next(numbers))), "A list")
    assert sum(1 for _ in itertools.islice(followed, 10_000)) == 10_000
