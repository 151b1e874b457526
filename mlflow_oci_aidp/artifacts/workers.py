"""The threads that move files: each process has its own, and their work can be cancelled.

MLflow's repositories make one pool when they are made. In a forked child that pool has no threads
and does not know it: work that it gets waits for ever. And when MLflow is interrupted, its pool
goes on with the work that it has.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import ArtifactProgressBar

from mlflow_oci_aidp.client.cancellation import CancelToken, cancellable
from mlflow_oci_aidp.errors import LocalFileProblem, error, local_file_problem
from mlflow_oci_aidp.fork_safety import PerProcess

T = TypeVar("T")

#: As many as one client of Object Storage has requests under way.
LEAST_THREADS = 16
#: The most tasks that the threads have at a time. Each takes two kilobytes as long as it waits.
_MOST_GIVEN = 256


class WorkerPool:
    """A pool as MLflow's repositories use it. Work keeps the context of the thread that gave it.

    So work acts for the user principal of that thread, and can be cancelled with it.

    Args:
        count: The most threads of each process, as MLflow has it: twice the number of cores. There
            are at least :py:data:`LEAST_THREADS`: they wait for the network, and not for cores.
    """

    def __init__(self, count: int) -> None:
        count = max(count, LEAST_THREADS)
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
        waiting = iter(tasks.items())
        given: dict[Future[object], str] = {}
        finished: SimpleQueue[Future[object]] = SimpleQueue()
        failures: dict[str, BaseException] = {}
        try:
            with ArtifactProgressBar.files(desc=description, total=len(tasks)) as bar:
                while True:
                    for name, task in islice(waiting, _MOST_GIVEN - len(given)):
                        future = workers.submit(task)
                        given[future] = name
                        future.add_done_callback(finished.put)
                    if not given:
                        break
                    future = finished.get()
                    name = given.pop(future)
                    problem = future.exception()
                    if problem is None:
                        bar.update()
                    else:
                        failures[name] = problem
        except BaseException:
            cancel_all(given, token)
            raise
    return failures


def move_all(
    workers: WorkerPool, tasks: Mapping[str, Callable[[], object]], description: str, done: str
) -> None:
    """Do all tasks, several at a time, and raise one error for those that failed.

    Args:
        workers: The threads.
        tasks: The tasks, by the names of the files that they move.
        description: What the tasks do together, for the progress bar.
        done: What they do to each file, such as ``"downloaded"``.

    Raises:
        MlflowException: The error of the only task, or which of several failed, and why.
        LocalFileProblem: The same, if the reason is a file of this machine.
    """
    if len(tasks) == 1:
        with cancellable():
            next(iter(tasks.values()))()
        return
    failures = run_all(workers, tasks, description)
    if not failures:
        return
    name, first = sorted(failures.items())[0]
    cause = f"{len(failures)} of {len(tasks)} files were not {done}, {name!r} among them: "
    cause += str(first.message if isinstance(first, MlflowException) else f"{first}.")
    remedy = "The others were." if len(failures) < len(tasks) else "None of them was."
    if isinstance(first, LocalFileProblem):
        raise local_file_problem(
            first.filename or name, first.errno, first.strerror or "", cause, remedy
        )
    code = first.error_code if isinstance(first, MlflowException) else "INTERNAL_ERROR"
    raise error(code, cause, remedy)


def run_parts(
    count: int,
    parts: Iterable[Callable[[], T]],
    token: CancelToken,
    note_done: Callable[[], object],
) -> list[T]:
    """Do the parts of one transfer, several at a time. The first error cancels the others.

    Args:
        count: The most threads. They keep the context of this one.
        parts: The parts.
        token: Cancels the parts, each of which watches it.
        note_done: Called after each part, for a progress bar.

    Returns:
        What the parts returned, in their order.
    """

    def run(part: Callable[[], T]) -> T:
        try:
            token.raise_if_cancelled()
            return part()
        except BaseException as problem:
            token.cancel(problem)
            raise

    results: list[T] = []
    with ThreadPoolExecutor(count, thread_name_prefix="aidp-object-storage") as pool:
        futures: list[Future[T]] = []
        try:
            for part in parts:
                futures.append(pool.submit(contextvars.copy_context().run, run, part))
                futures[-1].add_done_callback(lambda _: note_done())
            wait(futures, return_when=FIRST_EXCEPTION)
            if token.error is None:
                results = [future.result() for future in futures]
        finally:
            # All are done, unless one failed or this is interrupted.
            cancel_all(futures, token)
    if token.error is not None:
        raise token.error
    return results


def cancel_all(futures: Iterable[Future[T]], token: CancelToken) -> None:
    """Let no more work begin, and wait for the work that has begun, which watches ``token``."""
    futures = list(futures)
    token.cancel()
    for future in futures:
        future.cancel()
    for future in futures:
        if not future.cancelled():
            future.exception()
