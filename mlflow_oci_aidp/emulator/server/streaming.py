"""Requests and replies that are files: read from the connection and written to it in pieces, in constant memory.

A service of files names its operations and answers them; what goes for every request (faults, request ids, signatures,
the record of exchanges) is done here, as ``service`` does it for what fits into memory.
"""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qsl

from ..contract.refusal import Refusal
from .dispatcher import UNANSWERED, Reply, error_reply, instead_of_work, request_id_of
from .faults import Fault, FaultPlan
from .recorder import Exchange, Exchanges
from .signatures import Verifier

CHUNK = 256 * 1024
"""How many bytes are in memory at a time."""

MAX_BODY = 10 * 1024 * 1024
"""The longest body, in bytes, of a request that is not streamed."""


class Body:
    """A request's body, as far as it is not read yet: at most what the content-length says.

    ``limit`` and ``flip`` are for faults: after ``limit`` bytes the connection counts as broken, and one bit of the
    first byte is turned over.
    """

    def __init__(self, file: BinaryIO | io.BufferedIOBase, length: int) -> None:
        self._file = file
        self.length = length
        self.remaining = length
        """Bytes that were announced and not read."""
        self.limit = length
        self.flip = False

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, b"" at the end. Raises ``ConnectionError`` when the client left before its end."""
        done = self.length - self.remaining
        wanted = self.remaining if size < 0 else min(size, self.remaining)
        if wanted and done >= self.limit:
            raise ConnectionResetError("An emulated fault broke the connection.")
        data = self._file.read(min(wanted, self.limit - done))
        if wanted and not data:
            raise ConnectionResetError("The client left before its request was complete.")
        self.remaining -= len(data)
        if self.flip and data:
            self.flip = False
            data = bytes([data[0] ^ 1]) + data[1:]
        return data

    def chunks(self) -> Iterator[bytes]:
        """All that is left, piece by piece."""
        while chunk := self.read(CHUNK):
            yield chunk


@dataclass(frozen=True)
class FileOperation:
    """One operation of a service of files. ``name`` is what faults and exchanges call it.

    ``streamed``: its request's body is a file, which the signature need not cover; any other body is read whole, and
    must be covered as everywhere else.
    """

    name: str
    streamed: bool = False


@dataclass(frozen=True)
class FileRequest:
    """What came in; ``stream`` has exactly the body, be it a file or not."""

    verb: str
    target: str
    """Path and query exactly as sent."""
    headers: Mapping[str, str]
    """By name in lower case."""
    stream: Body
    user: str = ""
    """Who signed it."""

    @property
    def path(self) -> str:
        """The path exactly as sent."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's values by name."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True)
class Piece:
    """A part of a file: ``length`` bytes from ``offset``. Whoever sends it closes it."""

    file: BinaryIO
    offset: int
    length: int


@dataclass(frozen=True)
class FileReply:
    """What goes out, and the fault that the way out is to suffer."""

    status: int
    body: bytes | Piece = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class FileService(Protocol):
    """What answers for some paths."""

    def owns(self, path: str) -> bool:
        """Whether requests for this path (as sent) are its own."""
        ...

    def operation(self, verb: str, path: str) -> FileOperation | None:
        """The operation that this is; None: none that it has, which ``answer`` then refuses."""
        ...

    def answer(self, request: FileRequest) -> FileReply:
        """Does it. Raises ``Refusal``; a ``ConnectionError`` of the stream passes through."""
        ...


class Files:
    """The services of files behind one door."""

    def __init__(
        self,
        services: Sequence[FileService],
        verifier: Verifier,
        faults: FaultPlan,
        exchanges: Exchanges,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._services = services
        self._verifier = verifier
        self._faults = faults
        self._exchanges = exchanges
        self._clock = clock

    def owner(self, path: str) -> FileService | None:
        """The service that has this path."""
        return next((service for service in self._services if service.owns(path)), None)

    def answer(self, service: FileService, request: FileRequest) -> FileReply:
        """The reply to a request; raises for nothing but a connection that is broken without a fault."""
        started, since = self._clock(), time.monotonic()
        operation = service.operation(request.verb, request.path)
        name = operation.name if operation else None
        fault = self._faults.next(name)
        request_id = request_id_of(request.headers)
        reply = self._reply(service, operation, request, fault)
        date = formatdate(self._clock() + (fault.skew if fault else 0.0), usegmt=True)
        headers = {"opc-request-id": request_id, "date": date, **reply.headers}
        reply = replace(reply, headers=headers, fault=fault)
        unanswered = fault is not None and fault.kind in UNANSWERED
        self._exchanges.add(
            Exchange(
                operation=name,
                verb=request.verb,
                path=request.path,
                query=request.query,
                headers=dict(request.headers),
                body=None,
                status=None if unanswered else reply.status,
                answer=None if unanswered else _answer(reply),
                request_id=request_id,
                started=started,
                seconds=time.monotonic() - since,
                fault=fault.kind if fault else None,
            )
        )
        return reply

    def _reply(
        self, service: FileService, operation: FileOperation | None, request: FileRequest, fault: Fault | None
    ) -> FileReply:
        if fault is None:
            return self._work(service, operation, request)
        if fault.kind == "reset_during":
            request.stream.limit = request.stream.length // 2
            with contextlib.suppress(ConnectionError):
                self._work(service, operation, request)
            return FileReply(0)
        if fault.before_work:
            return _of(instead_of_work(fault))
        # Of an upload the request is spoilt, of anything else the answer: http does that.
        request.stream.flip = fault.kind == "corrupt" and operation is not None and operation.streamed
        reply = self._work(service, operation, request)
        if fault.kind == "body":
            if isinstance(reply.body, Piece):
                reply.body.file.close()
            return FileReply(fault.status or 200, fault.body, {"content-type": fault.content_type, **fault.headers})
        return reply

    def _work(self, service: FileService, operation: FileOperation | None, request: FileRequest) -> FileReply:
        try:
            streamed = operation is not None and operation.streamed
            body = b"" if streamed else _whole(request.stream)
            caller = self._verifier.verify(
                request.verb, request.target, request.headers, body, content_is_covered=not streamed
            )
            stream = request.stream if streamed else Body(io.BytesIO(body), len(body))
            return service.answer(replace(request, stream=stream, user=caller.user))
        except Refusal as refusal:
            return _of(error_reply(refusal))
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong in here is a 500 out there
            return _of(error_reply(Refusal(500, "InternalServerError", f"{type(error).__name__}: {error}")))


def _whole(stream: Body) -> bytes:
    if stream.length > MAX_BODY:
        raise Refusal(413, "RequestEntityTooLarge", f"This body has at most {MAX_BODY} bytes.")
    return b"".join(stream.chunks())


def _of(reply: Reply) -> FileReply:
    return FileReply(reply.status, reply.body, reply.headers)


def _answer(reply: FileReply) -> Any:
    """The JSON of an answer; of files nothing is recorded."""
    if reply.headers.get("content-type") != "application/json" or isinstance(reply.body, Piece) or not reply.body:
        return None
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
