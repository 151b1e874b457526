"""Values that a forked child must not share with its parent."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """A value that each process makes for itself, when it is first asked for.

    Safe for many threads. A forked child shares no connections with its parent, and finds no lock
    that a thread of its parent holds: there, nothing is made yet.

    Args:
        make: Makes the value.

    Attributes:
        made: The value of this process; None if it was not made yet. To read it costs no call.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.made: T | None = None
        self._lock = threading.Lock()
        _instances.add(self)

    def get(self) -> T:
        """Return the value of this process; make it if that was not done yet."""
        made = self.made
        if made is None:
            with self._lock:
                made = self.made
                if made is None:
                    made = self.made = self._make()
        return made

    def _start_over(self) -> None:
        self.made = None
        self._lock = threading.Lock()


_instances: weakref.WeakSet[PerProcess[Any]] = weakref.WeakSet()


def _start_over() -> None:
    """Forget what the parent made; runs in each forked child, before anything else does."""
    for instance in list(_instances):
        instance._start_over()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
