"""The faults of the fault suite, and their effect on a call.

Each store has a plan of its operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PlannedCall:
    """One operation: its call, and how often it has taken effect.

    A reader without faults counts the effects.
    """

    call: Callable[[Any], Any]
    effects: Callable[[Any], int] | None = None
    """None: it changes nothing."""


ANSWERED, REFUSED = "answered", "refused"


@dataclass(frozen=True)
class Case:
    """One fault that happens once, and what becomes of a call that meets it."""

    kind: str
    ends: str
    """ANSWERED: the repetition takes effect, once. REFUSED: an error, no effect, one request."""
    fields: Mapping[str, Any] = field(default_factory=dict)


def _status(status: int, code: str | None = None, **headers: str) -> Mapping[str, Any]:
    return {"status": status, "code": code, "headers": headers}


CASES: Mapping[str, Case] = {
    "408": Case("status", ANSWERED, _status(408)),
    "429": Case("status", ANSWERED, _status(429)),
    "429 with Retry-After": Case("status", ANSWERED, _status(429, **{"Retry-After": "30"})),
    "500": Case("status", ANSWERED, _status(500)),
    "502": Case("status", ANSWERED, _status(502)),
    "503": Case("status", ANSWERED, _status(503)),
    "504": Case("status", ANSWERED, _status(504)),
    "409 IncorrectState": Case("status", ANSWERED, _status(409, "IncorrectState")),
    "409 LockConflict": Case("status", ANSWERED, _status(409, "LockConflict")),
    "409 InvalidatedRetryToken": Case("status", REFUSED, _status(409, "InvalidatedRetryToken")),
    "409 of another kind": Case("status", REFUSED, _status(409, "Conflict")),
    "400": Case("status", REFUSED, _status(400)),
    "401": Case("status", REFUSED, _status(401)),
    "403": Case("status", REFUSED, _status(403)),
    "404": Case("status", REFUSED, _status(404)),
    "501": Case("status", REFUSED, _status(501)),
    "reset before the work": Case("reset_before", ANSWERED),
    "reset after the work": Case("reset_after", ANSWERED),
    "hang before the work": Case("hang", ANSWERED),
    "hang after the work": Case("hang_after", ANSWERED),
    "truncated body": Case("truncated", ANSWERED),
    "HTML with 502": Case("html", ANSWERED, {"status": 502}),
    "HTML with 200": Case("html", REFUSED, {"status": 200}),
    "HTML with 404 of another server": Case(
        "html", REFUSED, {"status": 404, "is_of_another_server": True}
    ),
    "HTML with 409 of another server": Case(
        "html", REFUSED, {"status": 409, "is_of_another_server": True}
    ),
    "HTML with 501 of another server": Case(
        "html", REFUSED, {"status": 501, "is_of_another_server": True}
    ),
    "HTML with 200 of another server": Case(
        "html", REFUSED, {"status": 200, "is_of_another_server": True}
    ),
    "redirect 302": Case("redirect", REFUSED, {"status": 302}),
    "redirect 307": Case("redirect", REFUSED, {"status": 307}),
    "redirect 308": Case("redirect", REFUSED, {"status": 308}),
    "slow drip": Case("slow_drip", ANSWERED, {"delay": 0.05}),
    "headers that drip": Case("slow_head", ANSWERED, {"delay": 0.05}),
}

#: Answers that come out of turn, each with the next call's right behind it.
OUT_OF_TURN: Mapping[str, Case] = {
    "early hints": Case("interim", ANSWERED, {"delay": 0.02}),
    "a second answer": Case("twice", ANSWERED, {"delay": 0.002}),
    "the answer of another call": Case("other_answer", ANSWERED),
}
