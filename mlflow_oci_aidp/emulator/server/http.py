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
from collections.abc import Iterator
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..contract.refusal import Refusal
from .dispatcher import UNANSWERED, Reply, Request, Service
from .faults import Fault
from .streaming import CHUNK, MAX_BODY, Body, FileReply, FileRequest, Files, FileService, Piece

_logger = logging.getLogger(__name__)

MAX_IGNORED = 256 * 1024 * 1024
"""The longest rest of a body, in bytes, that is read and forgotten so that its sender comes to read the answer."""

_WITHOUT_BODY = (204, 304)
_DRIPS = 64


class Server(ThreadingHTTPServer):
    """Serves on a loopback address until ``stop``; leaves no thread and no socket behind."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, service: Service, host: str, port: int, tls: ssl.SSLContext | None = None, files: Files | None = None
    ) -> None:
        """Binds, and begins to listen. Raises ``ValueError`` for a host that is not loopback, ``OSError``."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"The emulator binds loopback addresses only, not {host}.")
        self.service = service
        self.files = files
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
            length = self._length()
            owner = self.server.files.owner(self.path.partition("?")[0]) if self.server.files else None
            if owner:
                self._serve_file(owner, length)
                return
            request = Request(self.command, self.path, _lower_case(self.headers), self._body(length))
        except Refusal as refusal:
            self.close_connection = True
            self._write(self.server.service.refusal(refusal, _lower_case(self.headers)))
            return
        self._send(self.server.service.answer(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _serve_file(self, owner: FileService, length: int) -> None:
        files, stream = self.server.files, Body(self.rfile, length)
        if files is None:
            raise ValueError("There are no services of files.")
        request = FileRequest(self.command, self.path, _lower_case(self.headers), stream)
        reply = files.answer(owner, request)
        with reply.body.file if isinstance(reply.body, Piece) else contextlib.nullcontext():
            if reply.fault is None or reply.fault.kind not in UNANSWERED:
                self._ignore_rest(stream)
            self._send(reply)

    def _send(self, reply: Reply | FileReply) -> None:
        way_out = _WAYS_OUT.get(reply.fault.kind, _Connection._write) if reply.fault else _Connection._write
        way_out(self, reply)

    def _length(self) -> int:
        """How long the request's body is, in bytes."""
        if "transfer-encoding" in self.headers:
            raise Refusal(411, "LengthRequired", "A body must come with its content-length.")
        length = self.headers.get("content-length", "0")
        if not length.isdecimal():
            raise Refusal(400, "CannotParseRequest", "The content-length is no number.")
        return int(length)

    def _body(self, length: int) -> bytes:
        if length > MAX_BODY:
            raise Refusal(413, "RequestEntityTooLarge", f"A body has at most {MAX_BODY} bytes.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("The client left before its request was complete.")
        return body

    def _ignore_rest(self, stream: Body) -> None:
        # To close with bytes unread is a reset, which could reach the client before the answer does.
        stream.limit = stream.length
        if stream.remaining > MAX_IGNORED:
            self.close_connection = True
            return
        for _ in stream.chunks():
            pass

    def _head(self, reply: Reply | FileReply) -> bytes:
        headers = dict(reply.headers)
        if reply.status not in _WITHOUT_BODY:
            # The answer to HEAD tells the length of what GET would have sent.
            headers.setdefault("content-length", str(_length(reply)))
        if self.close_connection:
            headers["connection"] = "close"
        phrase = responses.get(reply.status, "")
        lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _write(self, reply: Reply | FileReply) -> None:
        if self.command == "HEAD" or reply.status in _WITHOUT_BODY:
            self.wfile.write(self._head(reply))
        elif isinstance(reply.body, Piece):
            self.wfile.write(self._head(reply))
            self._write_piece(reply.body)
        else:
            self.wfile.write(self._head(reply) + reply.body)

    def _write_piece(self, piece: Piece) -> None:
        # Over TLS this reads and sends in small pieces, without it the kernel copies; both in constant memory.
        if piece.length:
            self.connection.sendfile(piece.file, piece.offset, piece.length)

    def _write_half(self, reply: Reply | FileReply) -> None:
        self.close_connection = True
        self.wfile.write(self._head(reply))
        if isinstance(reply.body, Piece):
            self._write_piece(Piece(reply.body.file, reply.body.offset, reply.body.length // 2))
        else:
            self.wfile.write(reply.body[: len(reply.body) // 2])

    def _write_slowly(self, reply: Reply | FileReply) -> None:
        fault = _fault_of(reply)
        self.wfile.write(self._head(reply))
        size = max(1, _length(reply) // _DRIPS) if isinstance(reply.body, Piece) else 1
        for chunk in _chunks(reply, size):
            if self.server.stopping.wait(fault.delay):
                return
            self.wfile.write(chunk)

    def _write_corrupted(self, reply: Reply | FileReply) -> None:
        if not isinstance(reply.body, Piece):
            self._write(reply)
            return
        self.wfile.write(self._head(reply))
        mask = 1
        for chunk in _chunks(reply, CHUNK):
            self.wfile.write(bytes([chunk[0] ^ mask]) + chunk[1:])
            mask = 0

    def _reset(self, _reply: Reply | FileReply) -> None:
        self.close_connection = True
        # Lingering for no time makes close() send RST rather than FIN; detached, nothing is sent before it.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def _hang(self, reply: Reply | FileReply) -> None:
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
    "corrupt": _Connection._write_corrupted,
    "reset_before": _Connection._reset,
    "reset_during": _Connection._reset,
    "reset_after": _Connection._reset,
    "hang": _Connection._hang,
    "hang_after": _Connection._hang,
}


def _length(reply: Reply | FileReply) -> int:
    return reply.body.length if isinstance(reply.body, Piece) else len(reply.body)


def _chunks(reply: Reply | FileReply, size: int) -> Iterator[bytes]:
    """The body, at most ``size`` bytes at a time."""
    if isinstance(reply.body, Piece):
        reply.body.file.seek(reply.body.offset)
        for start in range(0, reply.body.length, size):
            yield reply.body.file.read(min(size, reply.body.length - start))
    else:
        for start in range(0, len(reply.body), size):
            yield reply.body[start : start + size]


def _fault_of(reply: Reply | FileReply) -> Fault:
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
