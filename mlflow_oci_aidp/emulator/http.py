"""HTTP/1.1 on loopback, with connections that are kept, and with the faults that happen to connections.

The standard library's server rather than Werkzeug's, which closes the connection after each answer.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import ssl
import struct
import threading
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .faults import Fault
from .refusal import Refusal
from .service import Reply, Request, Service

_logger = logging.getLogger(__name__)

MAX_BODY = 10 * 1024 * 1024
"""The longest body that is read, in bytes."""

_WITHOUT_BODY = (204, 304)


class Server(ThreadingHTTPServer):
    """Serves on a loopback address until ``stop``; leaves no thread and no socket behind."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: Service, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Binds, and begins to listen. Raises ``ValueError`` for a host that is not loopback, ``OSError``."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"The emulator binds loopback addresses only, not {host}.")
        self.service = service
        self.stopping = threading.Event()
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        super().__init__((host, port), _Connection)
        self._acceptor = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, name="aidp-emulator", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._acceptor.start()

    def stop(self) -> None:
        """Ends every connection, whatever it is doing."""
        self.stopping.set()
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections:
            thread.join(timeout=10)

    def server_bind(self) -> None:
        """Binds; without the reverse look-up of a host's name that the base class makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serves a connection in a thread of its own, and knows it."""
        thread = threading.Thread(
            target=self._serve_connection,
            args=(request, client_address),
            name="aidp-emulator-connection",
            daemon=True,
        )
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def _serve_connection(self, request: socket.socket, client_address: Any) -> None:
        try:
            if self._tls:
                # Here and not where connections are accepted: a client that is slow to greet holds up nobody else.
                request = self._tls.wrap_socket(request, server_side=True)
                with self._lock:
                    self._connections[threading.current_thread()] = request
            self.finish_request(request, client_address)
        except OSError as error:
            _logger.debug("A connection ended: %s", error)
        finally:
            self.shutdown_request(request)
            with self._lock:
                self._connections.pop(threading.current_thread(), None)


class _Connection(BaseHTTPRequestHandler):
    """One connection: reads requests, writes replies, suffers faults."""

    protocol_version = "HTTP/1.1"
    server_version = "aidp-emulator"
    sys_version = ""
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        try:
            request = self._request()
        except Refusal as refusal:
            self.close_connection = True
            self._write(self.server.service.refusal(refusal, _lower_case(self.headers)))
            return
        reply = self.server.service.answer(request)
        send = _WAYS_OUT.get(reply.fault.kind, _Connection._write) if reply.fault else _Connection._write
        send(self, reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _request(self) -> Request:
        if "transfer-encoding" in self.headers:
            raise Refusal(411, "LengthRequired", "A body must come with its content-length.")
        length = self.headers.get("content-length", "0")
        if not length.isdecimal():
            raise Refusal(400, "CannotParseRequest", "The content-length is no number.")
        if int(length) > MAX_BODY:
            raise Refusal(413, "RequestEntityTooLarge", f"A body has at most {MAX_BODY} bytes.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionError("The client left before its request was complete.")
        return Request(self.command, self.path, _lower_case(self.headers), body)

    def _head(self, reply: Reply) -> bytes:
        headers = dict(reply.headers)
        if reply.status not in _WITHOUT_BODY:
            headers["content-length"] = str(len(reply.body))
        if self.close_connection:
            headers["connection"] = "close"
        phrase = responses.get(reply.status, "")
        lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _write(self, reply: Reply) -> None:
        body = b"" if self.command == "HEAD" or reply.status in _WITHOUT_BODY else reply.body
        self.wfile.write(self._head(reply) + body)

    def _write_half(self, reply: Reply) -> None:
        self.close_connection = True
        self.wfile.write(self._head(reply) + reply.body[: len(reply.body) // 2])

    def _write_slowly(self, reply: Reply) -> None:
        fault = _fault_of(reply)
        self.wfile.write(self._head(reply))
        for index in range(len(reply.body)):
            if self.server.stopping.wait(fault.delay):
                return
            self.wfile.write(reply.body[index : index + 1])

    def _reset(self, _reply: Reply) -> None:
        self.close_connection = True
        # Lingering for no time makes close() send RST rather than FIN; detached, nothing is sent before it.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def _hang(self, reply: Reply) -> None:
        # Reads what there is, below TLS, until the client leaves or the emulator stops; both end the connection.
        with socket.socket(fileno=socket.dup(self.connection.fileno())) as raw, contextlib.suppress(OSError):
            raw.settimeout(None)
            while raw.recv(4096):
                pass
        self._reset(reply)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers what is no HTTP request, or has a verb that HTTP does not know."""
        self.close_connection = True
        refusal = Refusal(int(code), "MethodNotAllowed" if code == 501 else "CannotParseRequest", message or "")
        if code == 501:
            refusal = Refusal(405, "MethodNotAllowed", message or "")
        headers = _lower_case(self.headers) if hasattr(self, "headers") else {}
        self._write(self.server.service.refusal(refusal, headers))

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: ``Emulator.exchanges`` holds what there is to say."""


_WAYS_OUT = {
    "truncated": _Connection._write_half,
    "slow_drip": _Connection._write_slowly,
    "reset_before": _Connection._reset,
    "reset_after": _Connection._reset,
    "hang": _Connection._hang,
    "hang_after": _Connection._hang,
}


def _fault_of(reply: Reply) -> Fault:
    if reply.fault is None:
        raise ValueError("This reply suffers no fault.")
    return reply.fault


def _lower_case(headers: Any) -> dict[str, str]:
    """Header names in lower case; of a repeated header the values together, as HTTP has it."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined
