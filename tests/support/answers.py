"""A server that answers as a test says, with proper HTTP and the headers of the platform."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request."""

    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer. A body that is no bytes is sent as JSON; a header that is None is left out."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str | None] = field(default_factory=dict)


class Answers:
    """The server.

    Attributes:
        respond: Makes the answer to a request.
        asked: The requests so far.
        endpoint: Its address.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.respond: Callable[[Asked], Answer] = lambda asked: Answer({}, 404)
        self.asked: list[Asked] = []
        self.endpoint = f"http://127.0.0.1:{server.server_port}"

    def uri(self, emulator: Any) -> str:
        """A tracking URI of that emulator's user, whose calls all come here."""
        instance = emulator.tracking_uri.partition("?")[0]
        settings = {
            "endpoint": self.endpoint,
            "object_storage_endpoint": self.endpoint,
            "config_file": emulator.config_file,
        }
        return f"{instance}?" + "&".join(f"{name}={value}" for name, value in settings.items())


@contextmanager
def serving() -> Iterator[Answers]:
    """Serve until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.answers = Answers(server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.answers
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One piece for headers and body: otherwise the kernel waits before it sends the second.
    wbufsize = -1

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, unquote(parts.path), query, headers, body)
        self.server.answers.asked.append(asked)
        answer = self.server.answers.respond(asked)
        content = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        )
        self.send_response(answer.status)
        given = {
            "opc-request-id": headers.get("opc-request-id", "1"),
            "content-length": str(len(content)),
            **answer.headers,
        }
        for name, value in given.items():
            if value is not None:
                self.send_header(name, value)
        # Nobody waits for what a wrong length promises.
        self.close_connection = given["content-length"] != str(len(content))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass
