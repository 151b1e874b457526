"""When a request is sent again, and how long before: policy as data, and a clock that is passed in.

What is repeated follows Oracle's SDK (429, 5xx other than 501, 409 with ``IncorrectState`` or ``LockConflict``,
timeouts and broken connections) and MLflow (408); how often and how fast follows MLflow's own settings.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any, TypeVar

from mlflow.environment_variables import (
    MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
    MLFLOW_HTTP_REQUEST_BACKOFF_JITTER,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_HTTP_REQUEST_TIMEOUT,
    MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER,
)

from mlflow_oci_aidp.errors import invalid_parameter

_logger = logging.getLogger(__name__)

REPEATED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
#: The last one is Object Storage's. [oci, multipart_object_assembler]
REPEATED_CONFLICTS = frozenset({"IncorrectState", "LockConflict", "ConcurrentObjectUpdate"})

#: The longest wait, in seconds, whoever asks for it: the backoff or a ``Retry-After``.
LONGEST_WAIT = 60.0
#: The longest time, in seconds, after which a call is not repeated any more, however many repetitions are left.
LONGEST_CALL = 600.0
#: Seconds of a wait that a user is told of: a program that seems to hang would be worse.
LONG_WAIT = 2.0


class Clock:
    """Time, as the operating system tells it."""

    def time(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass
class Outcome:
    """What an attempt came to, as far as the policy looks at it.

    Attributes:
        status: The HTTP status; 0 if there was no whole answer.
        code: OCI's error code, ``""`` for a success.
        retry_after: The ``Retry-After`` header, ``""`` without one.
        lost: Why there was no whole answer, in words; ``""`` if there was one.
        lost_code: MLflow's error code for that.
        is_final: Whether a repetition would come to the same.
        attempt: The number of the attempt, from 1.
    """

    status: int = 0
    code: str = ""
    retry_after: str = ""
    lost: str = ""
    lost_code: str = ""
    is_final: bool = False
    attempt: int = 1


OutcomeT = TypeVar("OutcomeT", bound=Outcome)


def repeats(outcome: Outcome) -> bool:
    """Whether a request with this outcome may be sent again, under the same retry token."""
    if outcome.lost:
        return not outcome.is_final
    if outcome.status == 409:
        return outcome.code in REPEATED_CONFLICTS
    return outcome.status in REPEATED_STATUSES


def seconds_of(retry_after: str, now: float) -> float | None:
    """The seconds that a ``Retry-After`` header asks for.

    Args:
        retry_after: The header's value: seconds, or an HTTP date.
        now: The current time in seconds since the Unix epoch.

    Returns:
        The seconds, not below 0, or None if the value has neither form.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast.

    Attributes:
        max_retries: Repetitions beside the first attempt.
        backoff_factor: Seconds; the n-th wait is the factor times 2 to the power of n-1.
        backoff_jitter: Seconds; a random part of it is added to each wait.
        respect_retry_after: Whether the service's ``Retry-After`` comes before the backoff.
        timeout: Seconds that one attempt may take.
        longest_wait: Seconds, the bound of each wait.
        longest_call: Seconds, after which no repetition begins.
    """

    max_retries: int = 7
    backoff_factor: float = 2.0
    backoff_jitter: float = 1.0
    respect_retry_after: bool = True
    timeout: float = 120.0
    longest_wait: float = LONGEST_WAIT
    longest_call: float = LONGEST_CALL

    @classmethod
    def from_mlflow(cls) -> RetryPolicy:
        """The policy that MLflow's environment variables describe.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a variable that is no number, or a negative one.
        """
        values: dict[str, float] = {}
        problem = ""
        for name, variable in _VARIABLES.items():
            try:
                values[name] = variable.get()
            except ValueError:
                problem = f"{variable.name} is not a number"
            else:
                if values[name] < 0 or (name == "timeout" and values[name] == 0):
                    problem = f"{variable.name} is {values[name]}, which is too small"
            if problem:
                raise invalid_parameter(f"{problem}.", "Set it to a number, or unset it.")
        return cls(
            max_retries=int(values["max_retries"]),
            backoff_factor=values["backoff_factor"],
            backoff_jitter=values["backoff_jitter"],
            respect_retry_after=bool(values["respect_retry_after"]),
            timeout=values["timeout"],
        )

    def call(
        self,
        what: str,
        send: Callable[[str], OutcomeT],
        renew: Callable[[], bool],
        clock: Clock,
        where: str = "the service",
    ) -> OutcomeT:
        """Send until an answer counts: again where the policy says so, and once more after a 401 with a new token.

        Args:
            what: What is sent, for the log.
            send: Sends once; called with what tells this attempt from the others. It does not raise for what is
                repeated.
            renew: Gets a new token; says whether there is one.
            clock: The clock to wait by.
            where: Where it is sent, for the log.

        Returns:
            The last outcome.
        """
        renewed = False

        def attempt(number: int) -> OutcomeT:
            nonlocal renewed
            outcome = send(f"{number}")
            if outcome.status == 401 and not renewed and renew():
                renewed = True
                _logger.debug("%s: the token was renewed after a 401", what)
                outcome = send(f"{number}r")
            outcome.attempt = number
            return outcome

        def announce(outcome: OutcomeT, seconds: float) -> None:
            reason = f"status {outcome.status} {outcome.code}".rstrip()
            if outcome.lost:
                reason = (
                    outcome.lost
                    if outcome.lost_code == "DATA_LOSS"
                    else f"no whole answer from {where}, {outcome.lost}"
                )
            level = logging.WARNING if seconds >= LONG_WAIT else logging.DEBUG
            again = f"attempt {outcome.attempt + 1} of at most {self.max_retries + 1}"
            _logger.log(level, "%s: sent again in %.1f s (%s), because of this: %s", what, seconds, again, reason)

        return self.run(attempt, clock, announce)

    def run(
        self,
        attempt: Callable[[int], OutcomeT],
        clock: Clock,
        announce: Callable[[OutcomeT, float], None],
    ) -> OutcomeT:
        """Make attempts until one counts or the policy says stop.

        Args:
            attempt: Makes one attempt; called with its number, from 1. It does not raise for what is repeated.
            clock: The clock to wait by.
            announce: Told of each repetition before it: the outcome that caused it, and the seconds of the wait.

        Returns:
            The last outcome.
        """
        begin = clock.monotonic()
        for number in count(1):
            outcome = attempt(number)
            if not repeats(outcome) or number > self.max_retries:
                break
            seconds = self.wait(outcome, number, clock.time())
            if clock.monotonic() - begin + seconds > self.longest_call:
                break
            announce(outcome, seconds)
            clock.sleep(seconds)
        return outcome

    def wait(self, outcome: Outcome, number: int, now: float) -> float:
        """The seconds between an attempt and the next.

        Args:
            outcome: What the attempt came to.
            number: The attempt's number, from 1.
            now: The current time in seconds since the Unix epoch.
        """
        if self.respect_retry_after:
            asked = seconds_of(outcome.retry_after, now)
            if asked is not None:
                return min(self.longest_wait, asked)
        backoff = self.backoff_factor * 2.0 ** (number - 1)
        jitter = random.random() * self.backoff_jitter  # noqa: S311 - no cryptography: it spreads clients over time
        return min(self.longest_wait, backoff + jitter)


_VARIABLES: Mapping[str, Any] = {
    "max_retries": MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    "backoff_factor": MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
    "backoff_jitter": MLFLOW_HTTP_REQUEST_BACKOFF_JITTER,
    "respect_retry_after": MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER,
    "timeout": MLFLOW_HTTP_REQUEST_TIMEOUT,
}
