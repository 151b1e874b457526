"""When a request is sent again, and how long before: policy as data, and a clock that is passed in.

What is repeated follows Oracle's SDK (429, 500, 502, 503, 504, 409 with ``IncorrectState`` or
``LockConflict``, timeouts and broken connections) and MLflow (408). How often and how fast follows
MLflow's own settings.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from itertools import count
from time import monotonic, sleep, time
from typing import Any, TypeVar

from mlflow.environment_variables import (
    MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
    MLFLOW_HTTP_REQUEST_BACKOFF_JITTER,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_HTTP_REQUEST_TIMEOUT,
    MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER,
)

from mlflow_oci_aidp.client.mlflow_variables import read_variable
from mlflow_oci_aidp.client.network_failures import NetworkFailure
from mlflow_oci_aidp.visible import visible

_logger = logging.getLogger(__name__)

RETRYABLE_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
#: Codes of 409. The last one is Object Storage's. [oci, multipart_object_assembler]
RETRYABLE_CONFLICTS = frozenset({"IncorrectState", "LockConflict", "ConcurrentObjectUpdate"})

#: Statuses that say that the platform did not begin with a request.
NOT_BEGUN = frozenset({429})

#: Seconds. No single wait is longer, whether the backoff or a ``Retry-After`` asks for it.
LONGEST_WAIT = 60.0
#: Seconds. No attempt begins later, however many retries are left.
LONGEST_CALL = 600.0
#: Seconds. The same for a command at which somebody waits, and the timeout of its attempts.
LONGEST_COMMAND = 9.0
#: Seconds. A wait this long is logged as a warning, so that a program does not seem to hang.
LONG_WAIT = 2.0
#: A larger number of seconds or attempts is this: Python makes no float of every whole number.
LARGEST = 10**12
#: Seconds. A longer timeout is this: the operating system takes no number of any size.
LONGEST_TIMEOUT = 7 * 86_400.0


_is_somebody_waiting: ContextVar[bool] = ContextVar(
    "mlflow_oci_aidp_is_somebody_waiting", default=False
)


@contextmanager
def somebody_is_waiting() -> Iterator[None]:
    """Let the policies of a block give up within ten seconds, unless MLflow's variables are set."""
    token = _is_somebody_waiting.set(True)
    try:
        yield
    finally:
        _is_somebody_waiting.reset(token)


class Clock:
    """The time of the operating system. Tests and cancellation use subclasses.

    Attributes:
        time: Returns the seconds since the Unix epoch.
        monotonic: Returns the seconds since an arbitrary moment; they never go back.
        sleep: Waits some seconds.
    """

    time: Callable[[], float] = staticmethod(time)
    monotonic: Callable[[], float] = staticmethod(monotonic)
    sleep: Callable[[float], None] = staticmethod(sleep)


@dataclass
class AttemptResult:
    """The result of one attempt, as far as the policy reads it.

    Attributes:
        status: The HTTP status; 0 if there was no whole answer.
        code: OCI's error code of a 409; ``""`` for any other status of the platform.
        retry_after: The ``Retry-After`` header; ``""`` if there was none.
        failure: Why there was no whole answer; None if there was one.
        attempt: The number of the attempt, from 1.
    """

    status: int = 0
    code: str = ""
    retry_after: str = ""
    failure: NetworkFailure | None = None
    attempt: int = 1


ResultT = TypeVar("ResultT", bound=AttemptResult)


def is_retryable(result: AttemptResult) -> bool:
    """Whether the request may be sent again, under the same retry token."""
    if result.failure is not None:
        return not result.failure.is_final
    if result.status == 409:
        return result.code in RETRYABLE_CONFLICTS
    return result.status in RETRYABLE_STATUSES


def parse_retry_after(header: str, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for.

    Args:
        header: The header's value: seconds, or an HTTP date.
        now: The current time in seconds since the Unix epoch.

    Returns:
        The seconds, at least 0; None if the value has neither form.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent, and how long the waits are.

    Attributes:
        max_retries: Attempts after the first one.
        backoff_factor: Seconds. The n-th wait is this times 2 to the power of n-1.
        backoff_jitter: Seconds. A random part of this is added to each wait.
        respect_retry_after: Whether the service's ``Retry-After`` replaces the backoff.
        timeout: Seconds that one attempt may take.
        longest_wait: Seconds. The bound of each wait.
        longest_call: Seconds. No attempt begins later.
        only_after: For a request that must not be made twice: the statuses after which it is sent
            again all the same, since it was not begun. None for any other request.
    """

    max_retries: int = 7
    backoff_factor: float = 2.0
    backoff_jitter: float = 1.0
    respect_retry_after: bool = True
    timeout: float = 120.0
    longest_wait: float = LONGEST_WAIT
    longest_call: float = LONGEST_CALL
    only_after: frozenset[int] | None = None

    @classmethod
    def from_mlflow(cls) -> RetryPolicy:
        """Return the policy that MLflow's environment variables describe.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a variable that is not a number, or is
                negative.
        """
        values = {
            name: min(read_variable(variable, 1 if name == "timeout" else 0), LARGEST)
            for name, variable in _VARIABLES.items()
        }
        policy = cls(
            max_retries=int(values["max_retries"]),
            backoff_factor=values["backoff_factor"],
            backoff_jitter=values["backoff_jitter"],
            respect_retry_after=bool(values["respect_retry_after"]),
            timeout=min(values["timeout"], LONGEST_TIMEOUT),
        )
        if not _is_somebody_waiting.get():
            return policy
        is_chosen = {name: variable.is_set() for name, variable in _VARIABLES.items()}
        return replace(
            policy,
            timeout=policy.timeout if is_chosen["timeout"] else LONGEST_COMMAND,
            longest_call=LONGEST_CALL if is_chosen["max_retries"] else LONGEST_COMMAND,
        )

    def execute(
        self,
        send: Callable[[int], ResultT],
        *,
        call: str,
        renew: Callable[[], bool],
        clock: Clock,
        endpoint: str = "the service",
    ) -> ResultT:
        """Send a request until an attempt counts or the policy ends the call.

        After the first 401 the token is renewed and the request is sent once more; this does not
        count as a retry.

        Args:
            send: Makes one attempt. The argument counts the requests of the call, from 1. A
                failure that another attempt could mend is returned, not raised.
            call: The name of the call, for the log.
            renew: Gets a new token, and returns whether there is one.
            clock: The clock to wait by.
            endpoint: Where the request goes, for the log.

        Returns:
            The last result.
        """
        begin = clock.monotonic()
        requests = count(1)
        is_renewed = False
        for number in count(1):
            result = send(next(requests))
            if result.status == 401 and not is_renewed and renew():
                is_renewed = True
                _logger.debug("%s: the token was renewed after a 401", call)
                result = send(next(requests))
            result.attempt = number
            if not self._may_repeat(result) or number > self.max_retries:
                break
            seconds = self.wait(result, number, clock.time())
            if clock.monotonic() - begin + seconds > self.longest_call:
                break
            self._log_retry(result, seconds, call, endpoint)
            clock.sleep(seconds)
        return result

    def _may_repeat(self, result: AttemptResult) -> bool:
        if self.only_after is None:
            return is_retryable(result)
        if result.failure is not None:
            return result.failure.is_unsent and not result.failure.is_final
        return result.status in self.only_after

    def wait(self, result: AttemptResult, number: int, now: float) -> float:
        """Return the seconds between an attempt and the next one.

        Args:
            result: The result of the attempt.
            number: The number of the attempt, from 1.
            now: The current time in seconds since the Unix epoch.
        """
        if self.respect_retry_after:
            asked = parse_retry_after(result.retry_after, now)
            if asked is not None:
                return min(self.longest_wait, asked)
        # Python makes no float of a much larger exponent; the bound of a wait is far below.
        backoff = self.backoff_factor * 2.0 ** min(number - 1, 64)
        jitter = random.random() * self.backoff_jitter  # noqa: S311 - it only spreads clients over time
        return min(self.longest_wait, backoff + jitter)

    def _log_retry(self, result: AttemptResult, seconds: float, call: str, endpoint: str) -> None:
        reason = f"status {result.status} {visible(result.code)}".rstrip()
        if result.failure is not None:
            reason = result.failure.reason
            if result.failure.error_code != "DATA_LOSS":
                reason = f"no whole answer from {endpoint}, {reason}"
        _logger.log(
            logging.WARNING if seconds >= LONG_WAIT else logging.DEBUG,
            "%s: sent again in %.1f s (attempt %s of at most %s), because of this: %s",
            call,
            seconds,
            result.attempt + 1,
            self.max_retries + 1,
            reason,
        )


_VARIABLES: Mapping[str, Any] = {
    "max_retries": MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    "backoff_factor": MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
    "backoff_jitter": MLFLOW_HTTP_REQUEST_BACKOFF_JITTER,
    "respect_retry_after": MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER,
    "timeout": MLFLOW_HTTP_REQUEST_TIMEOUT,
}
