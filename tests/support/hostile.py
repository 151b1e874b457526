"""A server that writes bytes, whatever HTTP says about them.

A test gives it a script: a function that gets each request with its connection, and writes what it
likes. ``proper`` is the answer that the platform or Object Storage would give.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.parser import Parser
from urllib.parse import parse_qs, urlsplit

#: Nobody waits longer for a peer that has gone.
PATIENCE = 10


class Wire:
    """One request, and the connection that it came over.

    Attributes:
        number: The number of the request, from 0.
        connection: The number of its connection, from 0.
        verb: Its verb.
        path: Its path, without the query.
        query: Its query; the first value of each name.
        headers: Its headers by name in lower case.
        body: Its body; ``b""`` until ``read_body`` was called.
        stream: The socket.
    """

    def __init__(self, stream: socket.socket, number: int, connection: int, head: bytes) -> None:
        first, _, lines = head.decode("latin-1").partition("\r\n")
        self.verb, target, _ = first.split(" ")
        parts = urlsplit(target)
        self.path = parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.headers = {
            name.lower(): value
            for name, value in Parser().parsestr(lines, headersonly=True).items()
        }
        self.number, self.connection = number, connection
        self.body = b""
        self.stream = stream
        self._is_read = False

    @property
    def id(self) -> str:
        """The ``opc-request-id``."""
        return self.headers["opc-request-id"]

    def read_body(self) -> None:
        """Read the body; done after the script otherwise."""
        length = int(self.headers.get("content-length", 0))
        while not self._is_read and len(self.body) < length:
            piece = self.stream.recv(65536)
            if not piece:
                raise ConnectionError
            self.body += piece
        self._is_read = True

    def leave_body(self) -> None:
        """Never read the body."""
        self._is_read = True

    def send(self, *pieces: bytes, every: float = 0.0) -> None:
        """Send bytes.

        Args:
            pieces: They go out one by one.
            every: Seconds after each piece.
        """
        for piece in pieces:
            self.stream.sendall(piece)
            time.sleep(every)

    def drip(self, data: bytes, every: float) -> None:
        """Send bytes one by one, with seconds between them."""
        self.send(*(bytes([byte]) for byte in data), every=every)

    def flood(self, data: bytes) -> None:
        """Send the same bytes until the client leaves."""
        while True:
            self.stream.sendall(data)


Script = Callable[[Wire], object]


class HungUp(Exception):
    """Raised by a script to end the connection."""


@dataclass
class Hostile:
    """A server on loopback.

    Attributes:
        endpoint: Its address.
        requests: What it was asked, in this order.
    """

    endpoint: str
    requests: list[Wire]


@contextlib.contextmanager
def hostile(
    script: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Hostile]:
    """Run a server until the block ends.

    Args:
        script: Gets each request.
        tls: Makes it speak TLS.
        host: The address to listen at.
    """
    with socket.create_server((host, 0)) as listener:
        scheme = "https" if tls else "http"
        server = Hostile(f"{scheme}://{host}:{listener.getsockname()[1]}", [])
        streams: list[socket.socket] = []

        def serve(stream: socket.socket, connection: int) -> None:
            with stream, contextlib.suppress(OSError, HungUp, ValueError):
                stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                secure = tls.wrap_socket(stream, server_side=True) if tls else stream
                with secure:
                    while head := _read_head(secure):
                        wire = Wire(secure, len(server.requests), connection, head)
                        server.requests.append(wire)
                        script(wire)
                        wire.read_body()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    stream, _ = listener.accept()
                    stream.settimeout(PATIENCE)
                    streams.append(stream)
                    threading.Thread(
                        target=serve, args=(stream, len(streams) - 1), daemon=True
                    ).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for stream in streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)


def _read_head(stream: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = stream.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def head(status: str, *headers: str) -> bytes:
    """Return a status line and headers."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")


def answer(wire: Wire, body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return an answer to a request, with its id and a part of the service's own behind it."""
    own = f"opc-request-id: {wire.id}/{'F' * 32}"
    echo = f"opc-client-request-id: {wire.headers.get('opc-client-request-id', '')}"
    return head(status, own, echo, f"content-length: {len(body)}", *headers) + body


def proper_body(wire: Wire) -> bytes:
    """Return the body that tells the caller the name that it asked for."""
    if wire.path.endswith("/registered-models/get"):
        content: object = {"registered_model": {"name": wire.query["name"]}}
    elif wire.path.endswith("/experiments/get"):
        identity = wire.query["experiment_id"]
        content = {
            "experiment": {"experiment_id": identity, "name": identity, "artifact_location": "s3:"}
        }
    elif wire.path.endswith("/volumes"):
        content = {"items": [{"displayName": "artifacts", "key": "k"}]}
    elif wire.path.endswith("/files"):
        path = wire.query.get("path") or wire.headers["path"]
        content = {"items": [{"type": "FILE", "path": f"{path}/file", "displayName": "file"}]}
    elif wire.path.endswith("/o"):
        name = f"{wire.query['prefix']}file"
        content = {"objects": [{"name": name, "size": 1}], "prefixes": []}
    else:
        content = {}
    return json.dumps(content).encode()


def proper(wire: Wire) -> bytes:
    """Return the answer of a service that is well."""
    return answer(wire, proper_body(wire))
