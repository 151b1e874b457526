"""The time that one attempt has, whatever it is waiting for.

Until the answer is complete there is one deadline. The content of a file may take longer, as long
as it moves: then there is a least amount for each span of time.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import monotonic

#: Bytes of content for each second, on average over the timeout. What is slower has stopped.
SLOWEST = 1024


class AttemptTimer:
    """Says how long a socket may wait. Each attempt has one.

    It measures by the machine's own clock, as sockets do.

    Args:
        timeout: Seconds until the answer has to be there, and the span over which the speed of
            content is measured.
        connect_timeout: Seconds until the connection has to be there; ``timeout`` if None.
    """

    def __init__(self, timeout: float, connect_timeout: float | None = None) -> None:
        now = monotonic()
        self._timeout = timeout
        self._deadline = now + timeout
        self._connect_deadline = now + min(timeout, connect_timeout or timeout)
        self._is_content = False
        self._moved = 0

    def remaining(self) -> float:
        """Return the seconds that the socket may wait now.

        Raises:
            TimeoutError: The time is over.
        """
        if self._is_content:
            return self._timeout
        return _positive(self._deadline - monotonic())

    def remaining_to_connect(self, addresses: int) -> float:
        """Return the seconds that the next address may take, so that each one has its turn.

        Args:
            addresses: How many addresses are left to try, at least 1.

        Raises:
            TimeoutError: The time is over.
        """
        return _positive(self._connect_deadline - monotonic()) / addresses

    def begin_content(self) -> None:
        """Let the content of a file take as long as it moves."""
        self._is_content = True
        self._moved = 0
        self._deadline = monotonic() + self._timeout

    def end_content(self) -> None:
        """Set the deadline of an answer, if content was sent until now."""
        if self._is_content:
            self._is_content = False
            self._deadline = monotonic() + self._timeout

    def count(self, size: int) -> None:
        """Count bytes that were sent or received.

        Args:
            size: Their number; negative for bytes that turned out to be no content.

        Raises:
            TimeoutError: The content is too slow.
        """
        if not self._is_content:
            return
        self._moved += size
        now = monotonic()
        if now >= self._deadline:
            if self._moved < self._timeout * SLOWEST:
                raise TimeoutError
            self._moved = 0
            self._deadline = now + self._timeout


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise TimeoutError
    return seconds


#: The timer of the attempt that this thread makes.
current_timer: ContextVar[AttemptTimer] = ContextVar("mlflow_oci_aidp_attempt_timer")
