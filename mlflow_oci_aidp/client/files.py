"""Files as bodies: read and written piece by piece, so that memory stays constant.

Problems with a file of this machine become an ``MlflowException`` at once. An ``OSError`` would be
taken for a broken connection and the attempt repeated.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Protocol

from urllib3.exceptions import IncompleteRead

from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.connection import Receive, read_body
from mlflow_oci_aidp.client.transport.http_adapter import Answer
from mlflow_oci_aidp.errors import error, local_file_errors, local_file_problem

#: Bytes of a file that are in memory at a time.
CHUNK = 1 << 20


class FileTransfer(Protocol):
    """A file that an attempt moves, as the attempt sees it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that describe the file."""

    def open(self, token: CancelToken) -> AbstractContextManager[UploadBody | None]:
        """Open the body of one attempt, or None if there is none."""

    def receiver(self, token: CancelToken) -> Receive | None:
        """Return what reads an answer that is a file; None if the answer is none."""


@dataclass(frozen=True)
class FileSnapshot:
    """A file as it was when it was first read.

    Attributes:
        path: The path on this machine.
        size: The length in bytes.
        digest: The SHA-256 digest in base64, which the signature covers.
    """

    path: str
    size: int
    digest: str

    @classmethod
    def take(cls, path: str) -> FileSnapshot:
        """Read a file once. The signature needs the digest before the first byte is sent.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if the file cannot be read.
        """
        return cls._read(path, math.inf)

    @classmethod
    def _read(cls, path: str, longest: float) -> FileSnapshot:
        digest, size = hashlib.sha256(), 0
        require_regular_file(path)
        with local_file_errors(path, "read"), open(path, "rb") as file:
            while piece := file.read(int(min(CHUNK, longest - size))):
                digest.update(piece)
                size += len(piece)
        return cls(path, size, base64.b64encode(digest.digest()).decode("ascii"))

    def is_unchanged(self) -> bool:
        """Whether the file still begins with the same content. More may have been appended."""
        return self._read(self.path, self.size) == self


def require_regular_file(path: str) -> None:
    """Refuse what is no regular file, before it is opened: to open a named pipe waits for ever.

    Raises:
        LocalFileProblem: ``INVALID_PARAMETER_VALUE``.
    """
    with local_file_errors(path, "read"):
        mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise local_file_problem(
            path,
            number,
            os.strerror(number),
            f"The file {path!r} cannot be read: it is no regular file.",
            "Log a regular file; log a folder with log_artifacts.",
        )


def _is_encoded(answer: Answer) -> bool:
    """Tell whether a body is encoded, which was not asked for."""
    return answer.headers.get("content-encoding", "identity").lower() != "identity"


class Upload:
    """A file on its way to the platform.

    Args:
        snapshot: The file.
    """

    def __init__(self, snapshot: FileSnapshot) -> None:
        self.snapshot = snapshot

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that describe the file."""
        return {
            "content-type": "application/octet-stream",
            "content-length": str(self.snapshot.size),
            "x-content-sha256": self.snapshot.digest,
        }

    @contextmanager
    def open(self, token: CancelToken) -> Iterator[UploadBody]:
        """Open the file for one attempt, which begins with the first byte again.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if the file cannot be read.
        """
        path = self.snapshot.path
        with local_file_errors(path, "read"):
            file = open(path, "rb")  # noqa: SIM115 - closed below
        try:
            yield UploadBody(file, self.snapshot, token)
        finally:
            file.close()

    def receiver(self, token: CancelToken) -> None:
        """Leave the answer, which is no file, to the connection."""


class UploadBody:
    """The body of one attempt, from the first byte of the file to the last one that was announced.

    Args:
        file: The open file.
        snapshot: The file as it was announced.
        token: Cancels the attempt.
    """

    def __init__(self, file: IO[bytes], snapshot: FileSnapshot, token: CancelToken) -> None:
        self._file = file
        self._path = snapshot.path
        self._left = snapshot.size
        self._token = token

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, or ``b""`` at the end.

        Raises:
            MlflowException: ``ABORTED`` if the file became shorter, since the connection would wait
                for the rest, and if the transfer was cancelled.
        """
        self._token.raise_if_cancelled()
        if not self._left:
            return b""
        # More than was asked for: pieces are sent whole, and calls for 16 KiB each would be slow.
        with local_file_errors(self._path, "read"):
            piece = self._file.read(min(max(size, CHUNK), self._left))
        if not piece:
            raise error(
                "ABORTED",
                f"The file {self._path!r} became shorter while it was sent.",
                "Log it when it is complete.",
            )
        self._left -= len(piece)
        return piece


class Download:
    """A file on its way from the platform.

    Args:
        path: The file to write. After an exception it may hold a part of the content.
        shown: The file that errors name: the one that a temporary file becomes.

    Attributes:
        is_whole: Whether the whole file was written.
    """

    headers: Mapping[str, str] = {}

    def __init__(self, path: str, shown: str = "") -> None:
        self._path = path
        self._shown = shown or path
        self.is_whole = False

    @contextmanager
    def open(self, token: CancelToken) -> Iterator[None]:
        """Send no body."""
        yield None

    def receiver(self, token: CancelToken) -> Receive:
        """Return what writes the answer to the file."""
        return partial(self._receive, token=token)

    def _receive(self, answer: Answer, token: CancelToken) -> bytes:
        """Write the body of a 200 to the file; read any other body into memory.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if the file cannot be written; ``ABORTED``
                if the transfer was cancelled.
            IncompleteRead: The answer does not say where it ends, so that nothing shows that it is
                whole.
        """
        if answer.status_code != 200 or _is_encoded(answer):
            return read_body(answer)
        with local_file_errors(self._shown, "written"):
            file = open(self._path, "wb")  # noqa: SIM115 - closed below
        if not any(name in answer.headers for name in ("content-length", "transfer-encoding")):
            file.close()
            raise IncompleteRead(0, 0)
        try:
            # urllib3 raises IncompleteRead for less than was announced.
            while piece := answer.raw.read1(CHUNK, decode_content=True):
                token.raise_if_cancelled()
                with local_file_errors(self._shown, "written"):
                    file.write(piece)
        finally:
            with local_file_errors(self._shown, "written"):
                file.close()
        self.is_whole = True
        return b""
