"""Connections that bound every wait, and that are used again only after an answer that is over.

``http.client`` reads the answers; its rules are stricter here, so that no answer is taken for that
of another request:

- Interim answers (1xx) are skipped, as HTTP has it. ``http.client`` skips ``100 Continue`` alone.
- An answer whose end is not certain does not leave its connection to the next request.
- Whatever is awaited, the attempt's timer bounds it: status line, headers, chunks, trailers.

Source: RFC 9110 (section 15.2) and RFC 9112 (sections 6, 7 and 9).
"""

from __future__ import annotations

import io
import socket
import sys
from functools import cache
from http.client import HTTPException, HTTPResponse, IncompleteRead, UnknownProtocol
from string import hexdigits
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as WaitError
from urllib3.poolmanager import PoolManager
from urllib3.util import SKIP_HEADER
from urllib3.util.connection import allowed_gai_family
from urllib3.util.wait import wait_for_read

from mlflow_oci_aidp.client.transport.attempt_timer import AttemptTimer, current_timer
from mlflow_oci_aidp.client.transport.http_headers import plain_line, read_headers
from mlflow_oci_aidp.client.transport.tls_contexts import SharesContext

#: Interim answers to one request. There is at most one for each second or so of work.
MOST_INTERIM_ANSWERS = 100
#: Lines of a trailer, as ``http.client`` has it for headers.
_MOST_TRAILERS = 100
#: Bytes of the line before a chunk, and of a line of the trailer.
_LONGEST_LINE = 65_536
#: Digits of a length. No file has a longer one.
_LENGTH_DIGITS = 18
_SWITCHING_PROTOCOLS = 101


class BrokenAnswerError(HTTPException):
    """An answer that is no proper HTTP. The text says why, and holds nothing of the answer."""


class _SocketReader(io.RawIOBase):
    """The bytes that a socket receives, while the timer allows it.

    Args:
        source: The socket.
        timer: The timer of the attempt.

    Attributes:
        is_stopped: Whether nothing more is to be taken from the socket.
    """

    def __init__(self, source: socket.socket, timer: AttemptTimer) -> None:
        self._socket = source
        # This file keeps the socket open when the connection lets go of it.
        self._file = source.makefile("rb", buffering=0)
        self._timer = timer
        self._timeout = 0.0
        self.is_stopped = False

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the file that ``http.client`` asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.is_stopped:
            return None
        timeout = self._timer.remaining()
        if timeout != self._timeout:
            self._socket.settimeout(timeout)
            self._timeout = timeout
        size = self._socket.recv_into(buffer)
        self._timer.count(size)
        return size

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            super().close()


class BoundedResponse(HTTPResponse):
    """An answer, which ends the use of its connection unless it is certainly over.

    Args:
        source: The socket.
        connection: The connection that the request was sent over.
        timer: The timer of the attempt.
        debuglevel: As ``http.client`` has it.
        method: The verb of the request.
    """

    def __init__(
        self,
        source: socket.socket,
        connection: BoundedConnection,
        timer: AttemptTimer,
        debuglevel: int = 0,
        method: str | None = None,
    ) -> None:
        self._socket = source
        self._is_head = method == "HEAD"
        self._reader = _SocketReader(source, timer)
        self._connection: BoundedConnection | None = connection
        self._timer = timer
        self._has_ended = False
        self._is_certain = False
        super().__init__(self._reader, debuglevel, method)  # type: ignore[arg-type]

    def _read_status(self) -> tuple[str, int, str]:
        """Return version, status and reason of the final answer."""
        for _ in range(MOST_INTERIM_ANSWERS + 1):
            answer: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if answer[1] == _SWITCHING_PROTOCOLS:
                raise BrokenAnswerError("another protocol, which nobody asked for")
            if answer[1] >= 200:
                return answer
            read_headers(self.fp)
        raise BrokenAnswerError("too many interim answers")

    def begin(self) -> None:
        """Read the status line and the headers.

        Raises:
            BrokenAnswerError: The answer does not say clearly where it ends.
            IncompleteRead: It ended with its headers, and did not say so.
        """
        version, self.status, reason = self._read_status()
        self.code, self.reason = self.status, reason.strip()
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise UnknownProtocol(version)
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.headers = self.msg = read_headers(self.fp)
        if self.headers.defects:
            # The parser leaves out what follows, such as the length.
            raise BrokenAnswerError("a line that is no header")
        self._find_end()
        if 200 <= self.status < 300:
            self._check_success()

    def _find_end(self) -> None:
        codings, lengths = [], []
        options = ""
        for name, value in self.headers.raw_items():
            lower = name.lower()
            if lower == "transfer-encoding":
                codings.append(value.strip().lower())
            elif lower == "content-length":
                lengths.append(value)
            elif lower in ("connection", "proxy-connection", "keep-alive"):
                options += f"{lower if lower == 'keep-alive' else ''} {value} ".lower()
        if codings and codings != ["chunked"]:
            raise BrokenAnswerError("an unknown transfer encoding")
        length = _length_of(lengths)
        self.chunked = bool(codings)
        self.chunk_left = None
        # With two ends, another reader on the way may have seen the other one.
        self._is_certain = not (codings and (length is not None or self.version == 10))
        if self.status in (204, 304) or self._is_head:
            self.chunked = False  # There is no body, whatever the headers say.
            length = 0
        self.length = None if self.chunked else length
        keeps_open = "close" not in options if self.version == 11 else "keep-alive" in options
        self.will_close = not keeps_open or (self.length is None and not self.chunked)

    def _check_success(self) -> None:
        if self._connection and not self._connection.is_sent:
            raise BrokenAnswerError("a success before the request was sent")
        if self.length is None and not self.chunked and not self.fp.peek(1):
            # The connection ended where a body may have been: nothing, such as an empty list, is
            # in such an answer.
            raise IncompleteRead(b"")

    def _get_chunk_left(self) -> int | None:
        """Return the bytes that are left of the chunk, or of the next one; None after the last."""
        left: int | None = self.chunk_left
        if not left:
            if left is not None and self.fp.read(2) != b"\r\n":
                raise IncompleteRead(b"")
            left = self._read_chunk_size() or None
            if left is None:
                self._skip_trailer()
                self._has_ended = True
                self._close_conn()
            self.chunk_left = left
        return left

    def _read_chunk_size(self) -> int:
        line = self._read_framing()
        digits = line.partition(b";")[0].strip().decode("latin-1")
        # int() takes signs and underscores, too.
        if not digits or len(digits) > _LENGTH_DIGITS or not set(digits) <= set(hexdigits):
            raise IncompleteRead(b"")
        return int(digits, 16)

    def _skip_trailer(self) -> None:
        for _ in range(_MOST_TRAILERS):
            if self._read_framing() in (b"\r\n", b"\n"):
                return
        raise BrokenAnswerError("too long a trailer")

    def _read_framing(self) -> bytes:
        """Return a whole line that is no content."""
        line: bytes = self.fp.readline(_LONGEST_LINE)
        self._timer.count(-len(line))
        if not line.endswith(b"\n"):
            raise IncompleteRead(b"")
        return line

    def _close_conn(self) -> None:
        """Let go of the connection, and end it unless the answer is over."""
        connection, self._connection = self._connection, None
        is_over = connection is not None and connection.is_sent and self._is_over()
        super()._close_conn()  # type: ignore[misc]
        # Without headers it is the answer of a proxy that makes a tunnel, or none at all.
        if connection is not None and self.headers is not None and not is_over:
            connection.close()

    def _is_over(self) -> bool:
        is_complete = self._has_ended if self.chunked else self.length == 0
        return is_complete and self._is_certain and not self._has_more()

    def _has_more(self) -> bool:
        """Tell whether bytes came behind the answer."""
        self._reader.is_stopped = True
        pending = getattr(self._socket, "pending", None)  # of TLS
        return bool(self.fp.peek(1) or (pending and pending()))


def _length_of(values: list[str]) -> int | None:
    """Return the length that headers announce; None if there are none.

    Raises:
        BrokenAnswerError: It is no length, or several.
    """
    if not values:
        return None
    texts = {text.strip() for value in values for text in value.split(",")}
    text = texts.pop()
    if texts or not (text.isascii() and text.isdecimal() and len(text) <= _LENGTH_DIGITS):
        raise BrokenAnswerError("no clear length")
    return int(text)


class BoundedConnection(SharesContext, HTTPConnection):
    """A connection that an :py:class:`AttemptTimer` bounds, from the first address on.

    Attributes:
        is_sent: Whether the request was sent as a whole.
    """

    is_sent = False
    _sends_content = False
    _gathered: list[bytes] | None = None

    def response_class(  # type: ignore[override]
        self, source: socket.socket, debuglevel: int = 0, method: str | None = None
    ) -> BoundedResponse:
        """Make the answer; ``http.client`` asks for it by this name."""
        return BoundedResponse(source, self, current_timer.get(), debuglevel, method)

    def request(self, method: str, url: str, body: Any = None, *more: Any, **named: Any) -> None:
        """Send a request. Headers and a body of bytes leave together."""
        self.is_sent = False
        self._sends_content = hasattr(body, "read")
        if type(body) is bytes:
            self._gathered = []
        try:
            super().request(method, url, body, *more, **named)
        finally:
            gathered, self._gathered = self._gathered, None
        if gathered:
            self.send(b"".join(gathered))
        self.is_sent = True

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a header to the request."""
        line = plain_line(header, *values) if len(values) == 1 else None
        if line is None or values[0] == SKIP_HEADER:
            super().putheader(header, *values)
        else:
            self._output(line)  # type: ignore[attr-defined]

    def connect(self) -> None:
        """Connect, with TLS where the address wants it."""
        self.share_context()
        super().connect()

    def endheaders(self, *arguments: Any, **named: Any) -> None:
        """Send the headers. The content of a file comes next, and may take its time."""
        super().endheaders(*arguments, **named)
        if self._sends_content:
            current_timer.get().begin_content()

    def send(self, data: Any) -> None:
        """Send bytes, piece by piece.

        Raises:
            TimeoutError: The other side does not take them in time.
            BrokenPipeError: It does not take them, but has answered. ``urllib3`` reads the answer
                then.
        """
        if self._gathered is not None:
            self._gathered.append(data)
            return
        if self.sock is None:
            self.connect()
        timer = current_timer.get()
        sys.audit("http.client.send", self, data)
        left = memoryview(data).cast("B")
        while left:
            self.sock.settimeout(timer.remaining())
            try:
                size = self.sock.send(left)
            except TimeoutError:
                if wait_for_read(self.sock, timeout=0):
                    raise BrokenPipeError from None
                raise
            timer.count(size)
            left = left[size:]

    def getresponse(self) -> Any:
        """Return the answer, as far as its headers."""
        current_timer.get().end_content()
        response = super().getresponse()
        # http.client takes the chunks apart, by the rules above. urllib3 has a way of its own.
        response.chunked = False
        return response

    def _new_conn(self) -> socket.socket:
        timer = current_timer.get()
        if hasattr(self, "_socks_options"):
            self.timeout = timer.remaining_to_connect(1)
            source: socket.socket = super()._new_conn()
        else:
            source = self._connect_in_turn(timer)
        # That of the handshake of TLS, if there is one.
        source.settimeout(timer.remaining())
        return source

    def _connect_in_turn(self, timer: AttemptTimer) -> socket.socket:
        """Connect to the first address that answers. urllib3 gives each the whole time."""
        name = self._dns_host
        try:
            found = socket.getaddrinfo(
                name.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM
            )
        except (socket.gaierror, UnicodeError) as problem:
            raise NameResolutionError(self.host, self, socket.gaierror(problem)) from problem
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        try:
            while True:
                self._dns_host = addresses.pop(0)
                self.timeout = timer.remaining_to_connect(len(addresses) + 1)
                try:
                    return super()._new_conn()
                except (NewConnectionError, WaitError):
                    if not addresses:
                        raise
        finally:
            self._dns_host = name

    def _tunnel(self) -> None:
        super()._tunnel()
        if self.sock is not None:
            self.sock.settimeout(current_timer.get().remaining())


@cache
def _bounded(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(pool.ConnectionCls, BoundedConnection):
        return pool
    connection = type("BoundedConnection", (BoundedConnection, pool.ConnectionCls), {})
    return type(f"Bounded{pool.__name__}", (pool,), {"ConnectionCls": connection})


def bound_connections(manager: PoolManager) -> None:
    """Have a manager of pools make bounded connections only.

    Args:
        manager: One of ``urllib3``, for proxies or SOCKS, too; it has made no pool yet.
    """
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _bounded(pool) for scheme, pool in pools.items()}
