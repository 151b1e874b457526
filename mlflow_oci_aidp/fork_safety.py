"""What a forked child must not share with its parent."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Something that each process makes for itself, when it is first asked for. Safe for many threads.

    A forked child neither shares connections with its parent, nor finds a lock that a thread of its parent had taken.

    Args:
        make: Makes it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._locks: dict[int, threading.Lock] = {}
        self._made: tuple[int, T] | None = None

    def get(self) -> T:
        """This process's own."""
        process, made = os.getpid(), self._made
        if made is None or made[0] != process:
            # `setdefault` gives all threads of a forked child the same lock, also at their first call.
            with self._locks.setdefault(process, threading.Lock()):
                made = self._made
                if made is None or made[0] != process:
                    made = self._made = (process, self._make())
        return made[1]
