"""Clocks for code that is handed one.

Waiting takes no time, and time passes when a test says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class ManualClock:
    """A clock that shows what a test sets.

    Args:
        now: What it shows at first, in seconds.
        step: Seconds that pass with each look at it.

    Attributes:
        now: What it shows; a test may change it.
        slept: The seconds of each wait. A wait moves the clock and takes no time.
    """

    def __init__(self, now: float = 1_000_000.0, *, step: float = 0.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self._step = step

    def __call__(self) -> float:
        """Return the time, for code that takes a function."""
        self.now += self._step
        return self.now

    def time(self) -> float:
        return self()

    def monotonic(self) -> float:
        return self()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class SleeplessClock:
    """The machine's clock, whose waits end at once.

    Args:
        instead: Called in place of each wait.

    Attributes:
        slept: The seconds of each wait.
    """

    def __init__(self, instead: Callable[[], object] = lambda: None) -> None:
        self.slept: list[float] = []
        self._instead = instead

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._instead()
