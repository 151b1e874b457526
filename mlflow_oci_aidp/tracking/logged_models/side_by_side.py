"""Two lists that do not depend on each other, read at the same time."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")


def side_by_side(own: Callable[[], T], other: Callable[[], Iterator[S]]) -> tuple[T, list[S]]:
    """Do two things at the same time, the second one in a thread that acts for the same caller.

    Args:
        own: Done in this thread.
        other: Returns an iterator, which the thread reads to its end. If ``own`` fails or is
            interrupted, the thread reads no more.

    Returns:
        What ``own`` returned, and the items of ``other``.

    Raises:
        BaseException: What ``own`` raised, or else what ``other`` raised.
    """
    items: list[S] = []
    problems: list[BaseException] = []
    is_unwanted = Event()

    def read() -> None:
        try:
            for item in other():
                if is_unwanted.is_set():
                    return
                items.append(item)
        except BaseException as problem:  # noqa: BLE001 - the calling thread raises it
            problems.append(problem)

    thread = Thread(
        target=contextvars.copy_context().run, args=(read,), name="aidp-list", daemon=True
    )
    try:
        thread.start()
    except RuntimeError:  # The interpreter ends, or has no threads.
        result = own()
        read()
    else:
        try:
            result = own()
            thread.join()
        except BaseException:
            is_unwanted.set()
            raise
    if problems:
        raise problems[0]
    return result, items
