"""The threads that move files: each process has its own, and what they do can be called off.

MLflow's repositories make one pool when they are made. In a forked child that pool has no threads, and believes that
it has: whatever it is given waits for ever. And where MLflow is interrupted, its pool goes on with what it was given.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

from mlflow.utils.file_utils import ArtifactProgressBar

from mlflow_oci_aidp.client.cancellation import CancelToken, stoppable
from mlflow_oci_aidp.fork_safety import PerProcess

T = TypeVar("T")


class Threads:
    """A pool as MLflow's repositories want it; work acts for the user of the thread that gave it.

    Args:
        count: How many threads there are, at most, in each process.
    """

    def __init__(self, count: int) -> None:
        self._pool = PerProcess(lambda: ThreadPoolExecutor(count, thread_name_prefix="aidp-artifacts"))

    def submit(self, work: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Have a thread do some work."""
        context = contextvars.copy_context()
        return self._pool.get().submit(lambda: context.run(work, *arguments, **named))


def run_all(threads: Threads, tasks: Mapping[str, Callable[[], object]], description: str) -> dict[str, BaseException]:
    """Do all tasks, several at a time, and show how far they are.

    Args:
        threads: Who does them.
        tasks: The tasks, by name.
        description: What they do together, for the progress bar.

    Returns:
        The errors of those that failed, by name; the others were done nevertheless. Whatever interrupts the waiting
        ends those that have begun and lets no other begin, before it goes on its way.
    """
    with stoppable() as stop:
        futures: dict[Future[object], str] = {}
        failures: dict[str, BaseException] = {}
        try:
            for name, task in tasks.items():
                futures[threads.submit(task)] = name
            with ArtifactProgressBar.files(desc=description, total=len(futures)) as bar:
                for future in as_completed(futures):
                    problem = future.exception()
                    if problem is None:
                        bar.update()
                    else:
                        failures[futures[future]] = problem
        except BaseException:
            call_off(futures, stop)
            raise
    return failures


def call_off(futures: Iterable[Future[T]], stop: CancelToken) -> None:
    """Have no work begin any more, and wait for what has begun, which looks at ``stop``."""
    futures = list(futures)
    stop.set()
    for future in futures:
        future.cancel()
    for future in futures:
        if not future.cancelled():
            future.exception()
