"""What the workers of pytest-xdist share."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


def once_for_all_workers(factory: pytest.TempPathFactory, name: str, make: Callable[[], T]) -> T:
    """Make something slow in the first worker that needs it, and hand a copy to the others.

    Args:
        factory: The session's temporary folders; those of all workers are in one.
        name: The name of what is made.
        make: Makes it; it has to be picklable.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return make()
    path = factory.getbasetemp().parent / f"{name}.pickle"
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_bytes(pickle.dumps(make()))
    return pickle.loads(path.read_bytes())
