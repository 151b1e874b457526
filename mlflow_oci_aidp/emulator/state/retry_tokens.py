"""Remember ``opc-retry-token``, so that a repeated request gets the first one's answer.

Source: the REST reference (1 to 64 characters, valid for 24 hours) and OCI's error codes (409
``InvalidatedRetryToken``).

Work and record cannot be one transaction: MLflow's stores commit several times in a call, and the
files of volumes know no transaction. So a token is marked before its work, and the answer takes
the place of the mark. A mark that is left over says that the emulator was killed, or failed, while
it worked: nobody knows what was done, and the work is never done a second time.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..contract.refusal import Refusal, invalid

LIFETIME = 24 * 60 * 60
"""How long a token is remembered, in seconds."""

MAX_LENGTH = 64

Answer = dict[str, Any]


class RetryTokens:
    """The tokens seen so far, in an SQLite file. Safe for use by several threads.

    They survive a restart of the emulator.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Condition()
        self._busy: set[str] = set()
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing; a crash of the machine may, which is no matter here.
        self._database.execute("PRAGMA synchronous = OFF")
        # An answer that is NULL is a mark.
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS tokens "
            "(token TEXT PRIMARY KEY, request TEXT, answer TEXT, seen REAL)"
        )
        self._database.execute("DELETE FROM tokens WHERE seen <= ?", (clock() - LIFETIME,))

    def clear(self) -> None:
        """Forget every token."""
        with self._lock:
            self._database.execute("DELETE FROM tokens")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def once(self, token: str, request: str, work: Callable[[], Answer]) -> Answer:
        """Return the recorded answer to a request, or have ``work`` make it and record it.

        ``request`` is the operation and the body, as one text.

        A repetition that arrives while the first is being worked on waits for it. A request that
        ``work`` refuses changed nothing, and may be tried again.

        Raises:
            Refusal: 400 for a malformed token; 409 for one that belongs to another request, or
                whose work was cut off or failed; and whatever ``work`` refuses.
        """
        if not 1 <= len(token) <= MAX_LENGTH:
            raise invalid(f"opc-retry-token must have 1 to {MAX_LENGTH} characters.")
        with self._turn(token):
            recorded = self._recorded(token)
            if recorded is None:
                return self._first(token, request, work)
            if recorded[0] != request:
                raise _invalidated("The retry token was used for another request.")
            if recorded[1] is None:
                raise _invalidated(
                    "The first request with this retry token was cut off: it is not known what was "
                    "done."
                )
            answer: Answer = json.loads(recorded[1])
            return answer

    def _first(self, token: str, request: str, work: Callable[[], Answer]) -> Answer:
        """Do the work of a token that is not known."""
        self._record(token, request, None)
        try:
            answer = work()
        except Refusal as refusal:
            if refusal.status < 500:
                self._forget(token)
            raise
        self._record(token, request, json.dumps(answer))
        return answer

    @contextmanager
    def _turn(self, token: str) -> Iterator[None]:
        with self._lock:
            self._lock.wait_for(lambda: token not in self._busy)
            self._busy.add(token)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(token)
                self._lock.notify_all()

    def _recorded(self, token: str) -> tuple[str, str | None] | None:
        with self._lock:
            row: tuple[str, str | None] | None = self._database.execute(
                "SELECT request, answer FROM tokens WHERE token = ? AND seen > ?",
                (token, self._clock() - LIFETIME),
            ).fetchone()
        return row

    def _record(self, token: str, request: str, answer: str | None) -> None:
        with self._lock:
            self._database.execute(
                "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?)",
                (token, request, answer, self._clock()),
            )

    def _forget(self, token: str) -> None:
        with self._lock:
            self._database.execute("DELETE FROM tokens WHERE token = ?", (token,))


def _invalidated(message: str) -> Refusal:
    return Refusal(409, "InvalidatedRetryToken", message)
