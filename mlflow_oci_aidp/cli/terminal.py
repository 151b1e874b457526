"""The output of all commands: guarded standard streams, progress, and texts of others.

Commands print with :py:func:`echo` and with ``rich``. Both, and ``click`` itself, write to the
standard streams, which :py:func:`guarded_streams` replaces while a command runs.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click

from mlflow_oci_aidp.visible import visible

_CLEAR_LINE = "\r\x1b[K"


class OutputError(Exception):
    """Standard output cannot be written.

    Deliberately not an ``OSError``: a command must not take it for the error of a file.

    Attributes:
        reason: What the operating system says; ``""`` if the reader of a pipe is gone, which is no
            news to whoever closed it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _GuardedBytes(io.BufferedIOBase):
    """The bytes of a standard stream.

    Args:
        stream: The stream; None if the process was started without it.
        is_required: Whether an error is raised. What cannot be written to standard error is lost:
            there is nowhere to say so.
    """

    mode = "wb"

    def __init__(self, stream: TextIO | None, *, is_required: bool) -> None:
        self._stream = stream
        self._buffer: Any = stream.buffer if stream else None
        self._is_required = is_required
        self._problem = None if stream else OSError(errno.EBADF, os.strerror(errno.EBADF))
        self.name = getattr(stream, "name", None)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()

    def write(self, data: Any) -> int:
        # click tries it without data, and would take an error for the kind of the stream.
        if data:
            self._guarded(lambda: self._buffer.write(data))
        return len(data)

    def flush(self) -> None:
        if self._problem is None:
            self._guarded(lambda: self._buffer.flush())

    def close(self) -> None:
        """Do nothing: the stream belongs to the process."""

    def _guarded(self, act: Callable[[], object]) -> None:
        if self._problem is None:
            try:
                act()
                return
            except OSError as problem:
                self._problem = problem
            self._lead_to_nowhere()
        if self._is_required:
            is_reader_gone = self._problem.errno == errno.EPIPE
            reason = self._problem.strerror or type(self._problem).__name__
            raise OutputError("" if is_reader_gone else reason)

    def _lead_to_nowhere(self) -> None:
        """Throw away what the stream has left: Python would write it when the process ends."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


@contextmanager
def guarded_streams() -> Iterator[None]:
    r"""Guard standard output and standard error while a command runs.

    What the encoding of a stream lacks is spelled out, as in ``\u65e5``. A stream that cannot be
    written ends the command, with one line on standard error and exit status 1; nothing is said
    where the reader of a pipe is gone.

    Raises:
        SystemExit: Standard output cannot be written.
    """
    before = sys.stdout, sys.stderr
    sys.stdout = _guarded_text(sys.stdout, is_required=True)
    sys.stderr = _guarded_text(sys.stderr, is_required=False)
    try:
        yield
    except OutputError as problem:
        if problem.reason:
            echo(f"Error: Standard output cannot be written: {problem.reason}.", err=True)
        raise SystemExit(1) from None
    finally:
        sys.stdout, sys.stderr = before


def _guarded_text(stream: TextIO | None, *, is_required: bool) -> TextIO:
    if stream is not None and not hasattr(stream, "buffer"):
        return stream  # It keeps its text in memory.
    if stream is not None:
        with suppress(OSError):
            stream.flush()
    return io.TextIOWrapper(
        _GuardedBytes(stream, is_required=is_required),
        encoding=stream.encoding if stream else "utf-8",
        errors="backslashreplace",
        write_through=True,
    )


def echo(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print a text. Styles are left out where there is no terminal.

    Args:
        text: The text.
        nl: Whether a line feed follows.
        err: Whether it goes to standard error.
    """
    # With a stream that is named, click keeps to its encoding, even if that is ASCII.
    click.echo(text, file=sys.stderr if err else sys.stdout, nl=nl)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on standard error what is being done, in one line that is cleared at the end.

    Without a terminal, nothing is shown. The block gets the function that shows a text.
    """
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    try:
        yield lambda text: echo(f"{_CLEAR_LINE}{one_line(text)} ...", nl=False, err=True)
    finally:
        echo(_CLEAR_LINE, nl=False, err=True)


def one_line(text: object) -> str:
    """Return a text of others as a sentence: on one line, with control characters spelled out."""
    return " ".join(visible(text, keep="\n\r\t").split())
