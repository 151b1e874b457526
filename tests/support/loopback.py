"""A loopback HTTP server whose answers are a table; it can speak TLS and be an https proxy."""

from __future__ import annotations

import errno
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    headers: Message
    body: bytes


def cookies_of(request: Request) -> list[str]:
    """Return the cookies that came with a request; each answer of this server sets one."""
    return [str(cookie) for cookie in request.headers.get_all("cookie", [])]


class Refused(Exception):
    """The service says no."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


Routes = Mapping[tuple[str, str], Callable[[Request], str]]
"""By verb and path, what makes the answer's text."""

ServerTls = Callable[[str], ssl.SSLContext]
"""Makes the TLS side of a server from the host's name or address."""


@contextmanager
def serve(routes: Routes, *, port: int = 0, tls: ServerTls | None = None) -> Iterator[str]:
    """Serve ``routes`` until the block ends; yields ``scheme://host:port``."""
    with _listening(port, routes) as server:
        host, port = server.server_address[:2]
        if tls:
            # The handshake is the handler thread's business: a client that breaks it off harms
            # nobody else.
            server.socket = tls(host).wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        with _running(server):
            yield f"http{'s' if tls else ''}://{host}:{port}"


@contextmanager
def proxy(site: str, routes: Routes, tls: ServerTls) -> Iterator[str]:
    """An https proxy that knows one ``site`` and is that site itself; yields the proxy's URL."""
    with _listening(0, routes) as server:
        server.site, server.site_tls = f"{site}:443", tls(site)
        with _running(server):
            yield f"http://127.0.0.1:{server.server_address[1]}"


def _listening(port: int, routes: Routes) -> _Server:
    """A server on 127.0.0.1, or on the next address if that port is taken.

    Tests run in several processes.
    """
    for last in range(1, 255):
        try:
            return _Server((f"127.0.0.{last}", port), routes)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"port {port} is taken on every loopback address")


@contextmanager
def _running(server: _Server) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = (
        False  # server_close() waits for the handlers, so that no thread outlives its test
    )
    site: str | None = None
    site_tls: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], routes: Routes) -> None:
        super().__init__(address, _Handler)
        self.routes = routes

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that hangs up or distrusts the certificate: its test judges that."""


class _Handler(BaseHTTPRequestHandler):
    # HTTP/1.0: one request a connection, so that stopping never waits for an idle client.
    protocol_version = "HTTP/1.0"
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_CONNECT(self) -> None:
        """Open a tunnel, and be the other end of it as well."""
        if self.server.site_tls is None or self.path != self.server.site:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        with (
            self.server.site_tls.wrap_socket(self.connection, server_side=True) as tunnel,
            tunnel.makefile("rb") as self.rfile,
            tunnel.makefile("wb") as self.wfile,
        ):
            self.handle_one_request()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        route = self.server.routes.get((self.command, self.path))
        try:
            if route is None:
                raise Refused(404, f"there is no {self.path} here")
            status, text = 200, route(Request(self.command, self.path, self.headers, body))
        except Refused as refusal:
            status, text = refusal.status, json.dumps({"code": "Refused", "message": str(refusal)})
        answer = text.encode()
        self.send_response(status)
        self.send_header(
            "content-type", "application/json" if text.startswith("{") else "text/plain"
        )
        self.send_header("content-length", str(len(answer)))
        # As every service of OCI has it.
        self.send_header("opc-request-id", "loopback")
        # Nobody may send it back: see ``cookies_of``.
        self.send_header("set-cookie", "loopback=1; Path=/")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: pytest's output belongs to the tests."""
