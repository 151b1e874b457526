"""What was asked and answered, for tests to look at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

KEPT = 10_000
"""How many exchanges are kept; older ones are forgotten."""


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it."""

    operation: str | None
    """The operation's name in the contract; None: no such operation."""
    verb: str
    path: str
    """As it was sent, without the query."""
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    """By name in lower case. They hold the signature, so they are not printed."""
    body: Any
    """The JSON that was sent; None: no body, or no JSON."""
    status: int | None
    """None: no answer was given."""
    answer: Any
    """The JSON that was answered; None: no body, or no JSON."""
    request_id: str
    started: float
    """By the emulator's clock, in seconds since 1970."""
    seconds: float
    fault: str | None = None
    """The kind of the fault that befell it."""


class Exchanges(Sequence[Exchange]):
    """The latest exchanges, oldest first. Safe for use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque(maxlen=KEPT)

    def add(self, exchange: Exchange) -> None:
        """Keeps one."""
        with self._lock:
            self._kept.append(exchange)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._kept.clear()

    def snapshot(self) -> list[Exchange]:
        """All that are kept now."""
        with self._lock:
            return list(self._kept)

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...
    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        return self.snapshot()[index]

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.snapshot())

    def __repr__(self) -> str:
        return f"<Exchanges: {len(self)}>"
