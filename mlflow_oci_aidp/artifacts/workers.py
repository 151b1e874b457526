"""The threads that move files: each process has its own, and their work can be cancelled.

MLflow's repositories make one pool when they are made. In a forked child that pool has no threads
and does not know it: work that it gets waits for ever. And when MLflow is interrupted, its pool
goes on with the work that it has.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

from mlflow.utils.file_utils import ArtifactProgressBar

from mlflow_oci_aidp.client.cancellation import CancelToken, cancellable
from mlflow_oci_aidp.fork_safety import PerProcess

T = TypeVar("T")


class WorkerPool:
    """A pool as MLflow's repositories use it. Work keeps the context of the thread that gave it.

    So work acts for the user principal of that thread, and can be cancelled with it.

    Args:
        count: The most threads of each process.
    """

    def __init__(self, count: int) -> None:
        self._pool = PerProcess(
            lambda: ThreadPoolExecutor(count, thread_name_prefix="aidp-artifacts")
        )

    def submit(self, work: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Have a thread do some work."""
        context = contextvars.copy_context()
        pool = self._pool.made or self._pool.get()
        return pool.submit(lambda: context.run(work, *arguments, **named))


def run_all(
    workers: WorkerPool, tasks: Mapping[str, Callable[[], object]], description: str
) -> dict[str, BaseException]:
    """Do all tasks, several at a time, and show the progress.

    An interruption cancels the tasks that have begun, and no other task begins.

    Args:
        workers: The threads.
        tasks: The tasks by name.
        description: What the tasks do together, for the progress bar.

    Returns:
        The errors of the tasks that failed, by name. All other tasks were done.
    """
    with cancellable() as token:
        futures: dict[Future[object], str] = {}
        failures: dict[str, BaseException] = {}
        try:
            for name, task in tasks.items():
                futures[workers.submit(task)] = name
            with ArtifactProgressBar.files(desc=description, total=len(futures)) as bar:
                for future in as_completed(futures):
                    problem = future.exception()
                    if problem is None:
                        bar.update()
                    else:
                        failures[futures[future]] = problem
        except BaseException:
            cancel_all(futures, token)
            raise
    return failures


def cancel_all(futures: Iterable[Future[T]], token: CancelToken) -> None:
    """Let no more work begin, and wait for the work that has begun, which watches ``token``."""
    futures = list(futures)
    token.cancel()
    for future in futures:
        future.cancel()
    for future in futures:
        if not future.cancelled():
            future.exception()
