"""Serve HTTP/1.1 on loopback, with kept connections, and inject the faults of connections.

The server is the standard library's: Werkzeug's closes the connection after each answer.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import re
import socket
import ssl
import struct
import threading
from email.errors import MissingHeaderBodySeparatorDefect
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..contract.refusal import Refusal
from .dispatcher import Dispatcher
from .messages import (
    CHUNK,
    MAX_FILE,
    FileSlice,
    Request,
    RequestBody,
    Response,
    is_header_value,
)

_logger = logging.getLogger(__name__)

MAX_IGNORED = 256 * 1024 * 1024
"""The longest unread rest of a body, in bytes, that the server reads before it answers.

A client that is still sending would not read the answer.
"""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_WITHOUT_BODY = (204, 304)
_DRIPS = 64


class Server(ThreadingHTTPServer):
    """Serve on a loopback address until ``stop``, which leaves no thread and no socket behind."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, dispatcher: Dispatcher, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        """Bind the address, and start to listen.

        Raises:
            ValueError: ``host`` is no loopback address.
            OSError: The port is taken.
        """
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"The emulator binds loopback addresses only, not {host}.")
        self.dispatcher = dispatcher
        self.stopping = threading.Event()
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        super().__init__((host, port), _Connection)
        self._thread_name = f"aidp-emulator-{self.server_port}"
        self._acceptor = threading.Thread(target=self._accept, name=self._thread_name, daemon=True)

    @property
    def hosts(self) -> frozenset[str]:
        """The values of a host header that name this server."""
        names = (self.server_name, "localhost")
        default = 443 if self._tls else 80
        without_port = names if self.server_port == default else ()
        return frozenset({*(f"{name}:{self.server_port}" for name in names), *without_port})

    def start(self) -> None:
        """Start to accept connections."""
        self._acceptor.start()

    def stop(self) -> None:
        """Stop the server, and end every connection."""
        self.stopping.set()
        if self._acceptor.is_alive():
            # The acceptor waits in accept(); a connection of our own wakes it up at once.
            with (
                contextlib.suppress(OSError),
                socket.create_connection((self.server_name, self.server_port), timeout=1),
            ):
                self._acceptor.join(timeout=10)
        self.server_close()
        threads = self.drop_connections()
        for thread in threads:
            thread.join(timeout=10)

    def drop_connections(self) -> list[threading.Thread]:
        """End every connection; return the threads that served them, which end soon."""
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return list(connections)

    def _accept(self) -> None:
        # Instead of `serve_forever`, which looks for the end of serving by polling.
        while not self.stopping.is_set():
            try:
                connection, client_address = self.get_request()
            except OSError as error:
                _logger.debug("A connection was not accepted: %s", error)
                # Such as too many open files, which lasts: do not ask again at once.
                self.stopping.wait(0.05)
                continue
            if self.stopping.is_set():
                self.shutdown_request(connection)
            else:
                self.process_request(connection, client_address)

    def server_bind(self) -> None:
        """Bind, without the reverse look-up of a host's name that the base class makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = (
            str(self.server_address[0]),
            int(self.server_address[1]),
        )

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, and remember it."""
        thread = threading.Thread(
            target=self._serve_connection,
            args=(request, client_address),
            name=f"{self._thread_name}-connection",
            daemon=True,
        )
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def _serve_connection(self, request: socket.socket, client_address: Any) -> None:
        try:
            if self._tls:
                # Here and not where connections are accepted: a client that is slow to greet holds
                # up nobody else.
                request = self._tls.wrap_socket(request, server_side=True)
                with self._lock:
                    self._connections[threading.current_thread()] = request
            self.finish_request(request, client_address)
        except OSError as error:
            _logger.debug("A connection ended: %s", error)
        except Exception:
            # Else it were a traceback on the console, which a client's bytes should not write to.
            _logger.debug("A connection ended by a mistake of the emulator.", exc_info=True)
        finally:
            self.shutdown_request(request)
            with self._lock:
                self._connections.pop(threading.current_thread(), None)


class _Connection(BaseHTTPRequestHandler):
    """One connection: reads requests, writes responses, injects faults."""

    protocol_version = "HTTP/1.1"
    server_version = "aidp-emulator"
    sys_version = ""
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        dispatcher = self.server.dispatcher
        headers = _lower_case(self.headers)
        service = dispatcher.service_of(self.path.partition("?")[0])
        try:
            self._check_head()
            body = RequestBody(self.rfile, self._length())
            if not service.takes_files:
                body = RequestBody.in_memory(body.read_whole())
        except Refusal as refusal:
            self.close_connection = True
            self._write(dispatcher.refuse(refusal, headers))
            return
        response = dispatcher.respond(service, Request(self.command, self.path, headers, body))
        with (
            response.body.file if isinstance(response.body, FileSlice) else contextlib.nullcontext()
        ):
            if response.fault is None or not response.fault.leaves_unanswered:
                self._ignore_rest(body)
            self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _send(self, response: Response) -> None:
        kind = response.fault.kind if response.fault else ""
        _WAYS_OUT.get(kind, _Connection._write)(self, response)

    def _check_head(self) -> None:
        """Refuse bytes that HTTP does not allow, which an answer could bring to another client."""
        # After a line that is no header, the standard library leaves out all others.
        is_whole = not any(
            isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in self.headers.defects
        )
        is_well_formed = is_whole and all(
            _HEADER_NAME.fullmatch(name) and is_header_value(value)
            for name, value in self.headers.items()
        )
        if not (is_well_formed and self.path.isascii() and self.path.isprintable()):
            raise Refusal(400, "CannotParseRequest", "The request's head is malformed.")

    def _length(self) -> int:
        """Return the length of the request's body in bytes."""
        if "transfer-encoding" in self.headers:
            raise Refusal(411, "LengthRequired", "A body must come with its content-length.")
        length = self.headers.get("content-length", "0").lstrip("0") or "0"
        if (
            not (length.isascii() and length.isdigit())
            or len(self.headers.get_all("content-length", [])) > 1
        ):
            raise Refusal(400, "CannotParseRequest", "The content-length is no number.")
        if len(length) > 19 or int(length) > MAX_FILE:
            raise Refusal(413, "RequestEntityTooLarge", f"A file has at most {MAX_FILE} bytes.")
        return int(length)

    def _ignore_rest(self, body: RequestBody) -> None:
        # To close with bytes unread is a reset, which could reach the client before the answer
        # does.
        body.limit = body.length
        if body.remaining > MAX_IGNORED:
            self.close_connection = True
            return
        for _ in body.chunks():
            pass

    def _head(self, response: Response) -> bytes:
        headers = dict(response.headers)
        if response.status not in _WITHOUT_BODY:
            # The answer to HEAD tells the length of what GET would have sent.
            headers.setdefault("content-length", str(response.length))
        if self.close_connection:
            headers["connection"] = "close"
        phrase = responses.get(response.status, "")
        lines = [
            f"HTTP/1.1 {response.status} {phrase}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _write(self, response: Response) -> None:
        head = self._head(response)
        if self._has_body(response) and not isinstance(response.body, FileSlice):
            self.wfile.write(head + response.body)
        else:
            self.wfile.write(head)
            self._write_body(response)

    def _has_body(self, response: Response) -> bool:
        return self.command != "HEAD" and response.status not in _WITHOUT_BODY

    def _write_body(self, response: Response) -> None:
        if not self._has_body(response):
            return
        if isinstance(response.body, FileSlice):
            self._write_slice(response.body)
        else:
            self.wfile.write(response.body)

    def _write_slice(self, part: FileSlice) -> None:
        # Over TLS this reads and sends in small pieces, without it the kernel copies; both in
        # constant memory.
        if part.length:
            self.connection.sendfile(part.file, part.offset, part.length)

    def _write_half(self, response: Response) -> None:
        self.close_connection = True
        self.wfile.write(self._head(response))
        if isinstance(response.body, FileSlice):
            self._write_slice(
                FileSlice(response.body.file, response.body.offset, response.body.length // 2)
            )
        else:
            self.wfile.write(response.body[: len(response.body) // 2])

    def _write_slowly(self, response: Response) -> None:
        delay = response.fault.delay if response.fault else 0.0
        self.wfile.write(self._head(response))
        size = max(1, response.length // _DRIPS) if isinstance(response.body, FileSlice) else 1
        for chunk in response.chunks(size):
            if self.server.stopping.wait(delay):
                return
            self.wfile.write(chunk)

    def _write_head_slowly(self, response: Response) -> None:
        delay = response.fault.delay if response.fault else 0.0
        head = self._head(response)
        for begin in range(len(head)):
            if self.server.stopping.wait(delay):
                return
            self.wfile.write(head[begin : begin + 1])
        self._write_body(response)

    def _write_after_interim(self, response: Response) -> None:
        fault = response.fault
        if fault:
            phrase = responses.get(fault.status or 103, "")
            self.wfile.write(f"HTTP/1.1 {fault.status} {phrase}\r\nlink: </a>\r\n\r\n".encode())
            self.server.stopping.wait(fault.delay)
        self._write(response)

    def _write_twice(self, response: Response) -> None:
        self._write(response)
        self.server.stopping.wait(response.fault.delay if response.fault else 0.0)
        self._write(response)

    def _write_corrupted(self, response: Response) -> None:
        if not isinstance(response.body, FileSlice):
            self._write(response)
            return
        self.wfile.write(self._head(response))
        mask = 1
        for chunk in response.chunks(CHUNK):
            self.wfile.write(bytes([chunk[0] ^ mask]) + chunk[1:])
            mask = 0

    def _reset(self, _response: Response) -> None:
        self.close_connection = True
        # Lingering for no time makes close() send RST rather than FIN; detached, nothing is sent
        # before it.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def _hang(self, response: Response) -> None:
        # Reads what there is, below TLS, until the client leaves or the emulator stops; both end
        # the connection.
        with (
            socket.socket(fileno=socket.dup(self.connection.fileno())) as raw,
            contextlib.suppress(OSError),
        ):
            raw.settimeout(None)
            while raw.recv(4096):
                pass
        self._reset(response)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a message that is no HTTP request, or a verb that HTTP does not know."""
        self.close_connection = True
        refusal = Refusal(
            int(code), "MethodNotAllowed" if code == 501 else "CannotParseRequest", message or ""
        )
        if code == 501:
            refusal = Refusal(405, "MethodNotAllowed", message or "")
        headers = _lower_case(self.headers) if hasattr(self, "headers") else {}
        self._write(self.server.dispatcher.refuse(refusal, headers))

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: ``Emulator.exchanges`` holds the record."""


_WAYS_OUT = {
    "truncated": _Connection._write_half,
    "slow_drip": _Connection._write_slowly,
    "slow_head": _Connection._write_head_slowly,
    "interim": _Connection._write_after_interim,
    "twice": _Connection._write_twice,
    "corrupt": _Connection._write_corrupted,
    "reset_before": _Connection._reset,
    "reset_during": _Connection._reset,
    "reset_after": _Connection._reset,
    "hang": _Connection._hang,
    "hang_after": _Connection._hang,
}


def _lower_case(headers: Any) -> dict[str, str]:
    """Return headers by name in lower case.

    The values of a repeated header are joined by commas, as HTTP defines it.
    """
    joined: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined
