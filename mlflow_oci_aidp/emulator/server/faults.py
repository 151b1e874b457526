"""Plan faults, for tests of clients.

The plan decides which request meets which fault; ``dispatcher`` and ``http`` carry it out.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal[
    "status",
    "reset_before",
    "reset_during",
    "hang",
    "html",
    "redirect",
    "reset_after",
    "hang_after",
    "truncated",
    "slow_drip",
    "slow_head",
    "interim",
    "twice",
    "other_answer",
    "corrupt",
    "body",
    "date",
]

BEFORE_WORK: frozenset[str] = frozenset(
    {"status", "reset_before", "reset_during", "hang", "html", "redirect"}
)
"""The kinds that leave the platform's state untouched. With all others the work is done first."""

_UNANSWERED: frozenset[str] = frozenset(
    {"reset_before", "reset_during", "reset_after", "hang", "hang_after"}
)

_CODES = {
    400: "InvalidParameter",
    401: "NotAuthenticated",
    403: "NotAllowed",
    404: "NotAuthorizedOrNotFound",
    408: "RequestTimeout",
    409: "IncorrectState",
    429: "TooManyRequests",
    500: "InternalServerError",
    501: "MethodNotImplemented",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}

_DEFAULT_STATUS: dict[str, int] = {
    "status": 503,
    "html": 502,
    "redirect": 307,
    "interim": 103,
    "body": 200,
}


@dataclass
class Fault:
    """One fault, and the requests that meet it.

    ============== =============================================================================
    kind           what happens
    ============== =============================================================================
    status         an error of ``status``, ``code``, ``message``, ``headers``; nothing is done
    reset_before   the TCP connection is reset; nothing is done
    reset_during   half of the request's body is read, then a reset; nothing is done
    hang           no answer until the client gives up or the emulator stops; nothing is done
    html           a gateway's HTML page with ``status`` (502, or 200); nothing is done
    redirect       ``status`` (301, 302, 303, 307, 308) to ``location``; nothing is done
    reset_after    the work is done, then the connection is reset before any answer
    hang_after     the work is done, then there is no answer
    truncated      the work is done; the answer ends after half of the length that it announces
    slow_drip      the work is done; the answer comes one byte at a time (a file: in 64
                   pieces), ``delay`` seconds apart
    slow_head      the work is done; status line and headers come one byte at a time, ``delay``
                   seconds apart
    interim        the work is done; an interim answer with ``status`` (103) comes ``delay``
                   seconds before the answer
    twice          the work is done; the answer comes a second time after ``delay`` seconds
    other_answer   the work is done; the answer is that to the request before, with its request
                   id; the right one, if there was none
    corrupt        one bit of a file is turned over, on its way in or out
    body           the work is done; the answer is ``status`` with the bytes ``body``
                   (``content_type``)
    date           the work is done; the answer's Date is ``skew`` seconds off
    ============== =============================================================================
    """

    kind: Kind
    operation: str | Callable[[str | None], bool] | None = None
    """The operation's name in the contract, a predicate of that name, or None: any operation.

    The predicate gets None for a request without an operation.
    """
    times: int | None = 1
    """How often the fault happens; None: always."""
    after: int = 0
    """How many matching requests pass before the first one meets the fault."""
    probability: float = 1.0
    """The share of later matching requests that meet the fault; drawn from ``seed``."""
    seed: int = 0
    status: int | None = None
    code: str | None = None
    """OCI's error code; None: the usual code of the status; empty: the error has no code."""
    message: str = "An emulated fault."
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = ""
    delay: float = 0.01
    body: bytes = b""
    content_type: str = "application/json"
    skew: float = 0.0
    is_of_another_server: bool = False
    """Whether a server before the platform answers: its answers have no ``opc-request-id``."""
    matched: int = field(default=0, init=False)
    """How many requests the fault matched so far."""
    fired: int = field(default=0, init=False)
    """How often the fault happened so far."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(
                f"Unknown kind of fault {self.kind!r}. Known: {', '.join(get_args(Kind))}."
            )
        if self.kind == "redirect" and not self.location:
            raise ValueError("A redirect needs a location.")
        if self.status is None:
            self.status = _DEFAULT_STATUS.get(self.kind)
        self._random = random.Random(self.seed)  # noqa: S311 - a repeatable choice, no secret

    @property
    def before_work(self) -> bool:
        """Whether the platform's state stays untouched."""
        return self.kind in BEFORE_WORK

    @property
    def leaves_unanswered(self) -> bool:
        """Whether the client gets no answer at all."""
        return self.kind in _UNANSWERED

    def error(self) -> dict[str, str]:
        """Return the body of a ``status`` fault."""
        code = _CODES.get(self.status or 0, "UnknownError") if self.code is None else self.code
        return {"code": code, "message": self.message} if code else {"message": self.message}

    def _takes(self, operation: str | None) -> bool:
        if callable(self.operation):
            return self.operation(operation)
        return self.operation is None or self.operation == operation

    def _fires(self, operation: str | None) -> bool:
        if not self._takes(operation):
            return False
        self.matched += 1
        if self.matched <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        if self.probability < 1.0 and self._random.random() >= self.probability:
            return False
        self.fired += 1
        return True


class FaultPlan:
    """The faults that are planned. Safe for use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._fired: Counter[str] = Counter()

    def add(self, fault: Fault | Kind, **fields: Any) -> Fault:
        """Plan a fault, given as a ``Fault`` or as its kind and fields, and return it."""
        planned = fault if isinstance(fault, Fault) else Fault(fault, **fields)
        with self._lock:
            self._faults.append(planned)
        return planned

    def clear(self) -> None:
        """Forget every fault and count."""
        with self._lock:
            self._faults.clear()
            self._fired.clear()

    @property
    def fired(self) -> Counter[str]:
        """How often each kind happened."""
        with self._lock:
            return Counter(self._fired)

    def next(self, operation: str | None) -> Fault | None:
        """Return the fault that a request meets: the first planned one that fires."""
        with self._lock:
            for fault in self._faults:
                if fault._fires(operation):
                    self._fired[fault.kind] += 1
                    return fault
        return None
