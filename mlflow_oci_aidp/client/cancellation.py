"""Cancellation of transfers: one part failed, or the caller was interrupted."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from mlflow_oci_aidp.client.retry import Clock

#: Seconds. A sleeping retry notices a cancellation after this time at the latest.
_POLL_INTERVAL = 0.5


class TransferCancelledError(MlflowException):
    """The error of a part that was cancelled because another part failed."""

    def __init__(self) -> None:
        super().__init__(
            "Another part of this transfer failed, or it was interrupted. See its error.",
            error_code=ErrorCode.Value("ABORTED"),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


class CancelToken:
    """Cancels work that several threads do together.

    Args:
        parent: A token that cancels this one, too.
    """

    def __init__(self, parent: CancelToken | None = None) -> None:
        self._event = threading.Event()
        self._parent = parent
        self.error: BaseException | None = None

    def child(self) -> CancelToken:
        """Return a token that this one cancels, and that can be cancelled alone."""
        return CancelToken(self)

    @property
    def is_cancelled(self) -> bool:
        """Whether this token or its parent was cancelled."""
        return self._event.is_set() or (self._parent is not None and self._parent.is_cancelled)

    def cancel(self, error: BaseException | None = None) -> None:
        """Cancel the work.

        Args:
            error: The error that is the reason, if there is one. ``error`` keeps the first one.
        """
        if not isinstance(error, TransferCancelledError):
            self.error = self.error or error
        self._event.set()

    def raise_if_cancelled(self) -> None:
        """Raise if the work was cancelled.

        Raises:
            TransferCancelledError: The token was cancelled.
        """
        if self.is_cancelled:
            raise TransferCancelledError

    def clock(self, clock: Clock) -> Clock:
        """Return a clock whose sleeps end soon after a cancellation."""
        return _CancellableClock(clock, self)


class _CancellableClock(Clock):
    """A clock that sleeps in short pieces and looks at a token between them."""

    def __init__(self, clock: Clock, token: CancelToken) -> None:
        self._clock = clock
        self._token = token

    def time(self) -> float:
        return self._clock.time()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        while seconds > 0 and not self._token.is_cancelled:
            self._clock.sleep(min(seconds, _POLL_INTERVAL))
            seconds -= _POLL_INTERVAL


_current: contextvars.ContextVar[CancelToken | None] = contextvars.ContextVar(
    "mlflow_oci_aidp_cancel_token", default=None
)


def current_token() -> CancelToken:
    """Return the token of the transfer that this thread works for; a new one if there is none."""
    return _current.get() or CancelToken()


@contextmanager
def cancellable() -> Iterator[CancelToken]:
    """Give the block a token. Threads that get work inside the block find it by ``current_token``.

    A block inside another one gets the token of the outer block.
    """
    token = current_token()
    reset = _current.set(token)
    try:
        yield token
    finally:
        _current.reset(reset)
