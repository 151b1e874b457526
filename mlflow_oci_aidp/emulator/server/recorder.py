"""Record requests and responses, for tests to inspect."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from .faults import Fault
from .messages import Request, Response, json_or_none

KEPT = 10_000
"""How many exchanges are kept; older ones are forgotten."""


@dataclass(frozen=True)
class Exchange:
    """One request and its response."""

    operation: str | None
    """The operation's name in the contract; None: no such operation."""
    verb: str
    path: str
    """The path as the client sent it, without the query."""
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    """Values by name in lower case. They include the signature, so ``repr`` leaves them out."""
    body: Any
    """The JSON that was sent; None: no body, or no JSON."""
    status: int | None
    """The status of the response; None: the emulator sent none."""
    answer: Any
    """The JSON that was answered; None: no body, or no JSON."""
    request_id: str
    started: float
    """By the emulator's clock, in seconds since 1970."""
    seconds: float
    fault: str | None = None
    """The kind of the fault that the exchange met."""


class Exchanges(Sequence[Exchange]):
    """The latest exchanges, oldest first. Safe for use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque(maxlen=KEPT)

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        with self._lock:
            self._kept.append(exchange)

    def clear(self) -> None:
        """Forget all exchanges."""
        with self._lock:
            self._kept.clear()

    def snapshot(self) -> list[Exchange]:
        """Return the exchanges that are kept now."""
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


@dataclass
class Record:
    """The facts of an exchange that the dispatcher fills in while it answers."""

    operation: str | None = None
    fault: Fault | None = None
    request_id: str = ""
    response: Response | None = None
    """The response; None if the client left before there was one: that is not recorded."""


class Recorder:
    """Turn each answered request into an exchange. The dispatcher is its only user."""

    def __init__(self, exchanges: Exchanges, clock: Callable[[], float]) -> None:
        self._exchanges = exchanges
        self._clock = clock

    @contextlib.contextmanager
    def recording(self, request: Request) -> Iterator[Record]:
        """Record an exchange at the end of a block of code that fills in the record."""
        started, since = self._clock(), time.monotonic()
        record = Record()
        yield record
        fault, response = record.fault, record.response
        if response is None:
            return
        is_answered = fault is None or not fault.leaves_unanswered
        self._exchanges.add(
            Exchange(
                operation=record.operation,
                verb=request.verb,
                path=request.path,
                query=request.query,
                headers=dict(request.headers),
                body=json_or_none(request.body.content),
                status=response.status if is_answered else None,
                answer=json_or_none(response.body) if is_answered else None,
                request_id=record.request_id,
                started=started,
                seconds=time.monotonic() - since,
                fault=fault.kind if fault else None,
            )
        )
