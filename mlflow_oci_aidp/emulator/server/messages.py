"""Requests and responses. Bodies that are files pass in pieces, in constant memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

from ..contract.refusal import Refusal
from .faults import Fault

CHUNK = 256 * 1024
"""How many bytes of a file are in memory at a time."""

MAX_BODY = 256 * 1024 * 1024
"""The longest body, in bytes, of a request that is no file.

MLflow allows a dataset whose profile has 16,777,215 characters, and JSON may take 12 bytes for one.
"""

MAX_FILE = 50 * 1024**3
"""The longest body, in bytes, of a request that is a file.

Source, of objects and parts: https://docs.oracle.com/iaas/Content/Object/Tasks/managingobjects.htm
"""


MAX_DEPTH = 100
"""The most levels of a JSON value that the emulator stores as it came."""

_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class RequestBody:
    """A request's body as a stream of at most as many bytes as its content-length says.

    Faults use ``limit`` and ``flip``: after ``limit`` bytes the connection counts as broken, and
    with ``flip`` one bit of the next byte is turned over.

    Attributes:
        length: Bytes that the content-length announces.
        remaining: Bytes that were announced and not read yet.
        content: The whole body if it is in memory; None for a body that is still to be read from
            the connection.
    """

    def __init__(
        self, file: BinaryIO | io.BufferedIOBase, length: int, content: bytes | None = None
    ) -> None:
        self._file = file
        self.length = length
        self.remaining = length
        self.content = content
        self.limit = length
        self.flip = False

    @classmethod
    def in_memory(cls, content: bytes) -> RequestBody:
        """Make a body from bytes in memory."""
        return cls(io.BytesIO(content), len(content), content)

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes, or all that remain; ``b""`` at the end.

        Raises:
            ConnectionError: The client left before the end of its body, or a fault says so.
        """
        position = self.length - self.remaining
        wanted = self.remaining if size < 0 else min(size, self.remaining)
        if wanted and position >= self.limit:
            raise ConnectionResetError("An emulated fault broke the connection.")
        data = self._file.read(min(wanted, self.limit - position))
        if wanted and not data:
            raise ConnectionResetError("The client left before its request was complete.")
        self.remaining -= len(data)
        if self.flip and data:
            self.flip = False
            data = bytes([data[0] ^ 1]) + data[1:]
        return data

    def chunks(self) -> Iterator[bytes]:
        """Yield the rest of the body, piece by piece."""
        while chunk := self.read(CHUNK):
            yield chunk

    def read_whole(self) -> bytes:
        """Read a body that is no file.

        Raises:
            Refusal: With 413, if the body is longer than ``MAX_BODY``.
            ConnectionError: As ``read`` raises it.
        """
        if self.length > MAX_BODY:
            raise Refusal(413, "RequestEntityTooLarge", f"A body has at most {MAX_BODY} bytes.")
        return b"".join(self.chunks())


@dataclass(frozen=True)
class Request:
    """A request as the client sent it.

    Attributes:
        verb: The HTTP method.
        target: Path and query exactly as sent.
        headers: Values by header name in lower case.
        body: The body, in memory or still on the connection.
        user: OCID of the caller who signed the request; empty until the signature is verified.
    """

    verb: str
    target: str
    headers: Mapping[str, str]
    body: RequestBody
    user: str = ""

    @property
    def path(self) -> str:
        """The path exactly as sent."""
        return self.target.partition("?")[0]

    @property
    def query_string(self) -> str:
        """The query exactly as sent."""
        return self.target.partition("?")[2]

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's values by name; of a repeated name the last one."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))


@dataclass(frozen=True)
class FileSlice:
    """A part of an open file: ``length`` bytes from ``offset``. The sender closes the file."""

    file: BinaryIO
    offset: int
    length: int


@dataclass(frozen=True)
class Response:
    """A response, and the fault that ``http`` injects when it sends the response."""

    status: int
    body: bytes | FileSlice = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def length(self) -> int:
        """Length of the body in bytes."""
        return self.body.length if isinstance(self.body, FileSlice) else len(self.body)

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the body, at most ``size`` bytes at a time."""
        if isinstance(self.body, FileSlice):
            self.body.file.seek(self.body.offset)
            for start in range(0, self.length, size):
                yield self.body.file.read(min(size, self.length - start))
        else:
            for start in range(0, self.length, size):
                yield self.body[start : start + size]


def parse_json(content: bytes | str) -> Any:
    """Parse JSON of a client, as strictly as the standard describes it.

    Raises:
        Refusal: 400 (``CannotParseRequest``): no JSON, not UTF-8, too deep, a number that Python
            does not read, or half of a surrogate pair, which no database takes.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
        if _SURROGATE.search(text):
            # Only an escape can bring one in, and most are pairs.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refusal(400, "CannotParseRequest", f"The text is no JSON: {reason}.") from None
    return value


def is_shallow(value: Any) -> bool:
    """Whether a JSON value has at most ``MAX_DEPTH`` levels, so that it can be stored and read."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for outer in level
            if isinstance(outer, dict | list)
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False


def is_header_value(text: str) -> bool:
    """Whether a header can hold a text: Latin-1 without control characters, except tabs."""
    return _HEADER_VALUE.fullmatch(text) is not None


def _no_constant(word: str) -> None:
    """Refuse NaN and Infinity: Python's parser accepts them, but JSON does not have them."""
    raise ValueError(f"it has no {word}")


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Make a response whose body is a value as JSON."""
    body = json.dumps(value).encode()
    return Response(status, body, {"content-type": "application/json", **(headers or {})})


def error_response(refusal: Refusal) -> Response:
    """Make an error response in the shape of OCI's."""
    return json_response(refusal.status, {"code": refusal.code, "message": refusal.message})


def json_or_none(body: bytes | FileSlice | None) -> Any:
    """Parse a body as JSON. Return None for anything else, such as a file."""
    if not body or isinstance(body, FileSlice):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
