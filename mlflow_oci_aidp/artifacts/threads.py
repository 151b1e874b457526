"""The threads that move files: each process has its own, and what they do can be called off.

MLflow's repositories make one pool when they are made. In a forked child that pool has no threads, and believes that
it has: whatever it is given waits for ever. And where MLflow is interrupted, its pool goes on with what it was given.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode
from mlflow.utils.file_utils import ArtifactProgressBar

from mlflow_oci_aidp.processes import PerProcess
from mlflow_oci_aidp.retry import Clock

T = TypeVar("T")

#: Seconds of a wait, after which it is looked whether there is still something to wait for.
_LOOK_UP_EVERY = 0.5


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


class CalledOff(MlflowException):
    """What the parts of a transfer end with, when it was not theirs to fail."""

    def __init__(self) -> None:
        super().__init__(
            "Another part of this transfer failed, or it was interrupted. See its error.",
            error_code=ErrorCode.Value("ABORTED"),
        )


class Stop:
    """Calls off what several threads do together: set by the first that fails, or by who waits for them."""

    def __init__(self, whole: Stop | None = None) -> None:
        self._event = threading.Event()
        self._whole = whole
        self.problem: BaseException | None = None

    def part(self) -> Stop:
        """Calls off a part of it alone; with the whole, the part is called off, too."""
        return Stop(self)

    @property
    def is_set(self) -> bool:
        """Whether it was called off, or the whole that it is a part of."""
        return self._event.is_set() or (self._whole is not None and self._whole.is_set)

    def set(self, problem: BaseException | None = None) -> None:
        """Have all that look stop.

        Args:
            problem: Why, if it is an error: the first one counts.
        """
        if not isinstance(problem, CalledOff):
            self.problem = self.problem or problem
        self._event.set()

    def check(self) -> None:
        """Go no further once it is set.

        Raises:
            CalledOff: It is set.
        """
        if self.is_set:
            raise CalledOff

    def clock(self, clock: Clock) -> Clock:
        """A clock whose waits end when it is set."""
        return _StoppableClock(clock, self)


class _StoppableClock(Clock):
    """A clock that sleeps in short pieces, and looks up between them."""

    def __init__(self, clock: Clock, stop: Stop) -> None:
        self._clock = clock
        self._stop = stop

    def time(self) -> float:
        return self._clock.time()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        while seconds > 0 and not self._stop.is_set:
            self._clock.sleep(min(seconds, _LOOK_UP_EVERY))
            seconds -= _LOOK_UP_EVERY


#: What the work of the current thread is a part of.
_current: contextvars.ContextVar[Stop | None] = contextvars.ContextVar("mlflow_oci_aidp_stop", default=None)


def current_stop() -> Stop:
    """What calls off the work that the current thread is a part of; a new one where it is a part of none."""
    return _current.get() or Stop()


@contextmanager
def stoppable() -> Iterator[Stop]:
    """What is done in the block, and by threads that are given work in it, can be called off together."""
    stop = current_stop()
    token = _current.set(stop)
    try:
        yield stop
    finally:
        _current.reset(token)


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
        futures = {threads.submit(task): name for name, task in tasks.items()}
        failures: dict[str, BaseException] = {}
        try:
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


def call_off(futures: Mapping[Future[T], object] | list[Future[T]], stop: Stop) -> None:
    """Have no work begin any more, and wait for what has begun, which looks at ``stop``."""
    stop.set()
    for future in futures:
        future.cancel()
    for future in futures:
        if not future.cancelled():
            future.exception()
