"""What calls off a transfer: a part of it that failed, or somebody who interrupts it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from mlflow_oci_aidp.client.retry import Clock

#: Seconds of a wait, after which it is looked whether there is still something to wait for.
_LOOK_UP_EVERY = 0.5


class TransferCancelledError(MlflowException):
    """What the parts of a transfer end with, when it was not theirs to fail."""

    def __init__(self) -> None:
        super().__init__(
            "Another part of this transfer failed, or it was interrupted. See its error.",
            error_code=ErrorCode.Value("ABORTED"),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


class CancelToken:
    """Calls off what several threads do together: set by the first that fails, or by who waits for them."""

    def __init__(self, whole: CancelToken | None = None) -> None:
        self._event = threading.Event()
        self._whole = whole
        self.problem: BaseException | None = None

    def part(self) -> CancelToken:
        """Calls off a part of it alone; with the whole, the part is called off, too."""
        return CancelToken(self)

    @property
    def is_set(self) -> bool:
        """Whether it was called off, or the whole that it is a part of."""
        return self._event.is_set() or (self._whole is not None and self._whole.is_set)

    def set(self, problem: BaseException | None = None) -> None:
        """Have all that look stop.

        Args:
            problem: Why, if it is an error: the first one counts.
        """
        if not isinstance(problem, TransferCancelledError):
            self.problem = self.problem or problem
        self._event.set()

    def check(self) -> None:
        """Go no further once it is set.

        Raises:
            TransferCancelledError: It is set.
        """
        if self.is_set:
            raise TransferCancelledError

    def clock(self, clock: Clock) -> Clock:
        """A clock whose waits end when it is set."""
        return _StoppableClock(clock, self)


class _StoppableClock(Clock):
    """A clock that sleeps in short pieces, and looks up between them."""

    def __init__(self, clock: Clock, stop: CancelToken) -> None:
        self._clock = clock
        self._stop = stop

    def time(self) -> float:
        return self._clock.time()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        while seconds > 0 and not self._stop.is_set:
            self._clock.sleep(min(seconds, _LOOK_UP_EVERY))
            seconds -= _LOOK_UP_EVERY


#: What the work of the current thread is a part of.
_current: contextvars.ContextVar[CancelToken | None] = contextvars.ContextVar("mlflow_oci_aidp_stop", default=None)


def current_stop() -> CancelToken:
    """What calls off the work that the current thread is a part of; a new one where it is a part of none."""
    return _current.get() or CancelToken()


@contextmanager
def stoppable() -> Iterator[CancelToken]:
    """What is done in the block, and by threads that are given work in it, can be called off together."""
    stop = current_stop()
    token = _current.set(stop)
    try:
        yield stop
    finally:
        _current.reset(token)
