"""Wait for the end of what the platform does with a deployment, and say why it failed."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.retry import Clock
from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.entities import PASSING, Deployment
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.visible import visible

_logger = logging.getLogger(__name__)

#: Seconds between two looks: the first wait, how much longer each is, and the longest.
_FIRST, _GROWTH, _LONGEST = 0.3, 1.5, 10.0
#: What ends an asynchronous operation without success. [aidp-python-client 5.1.1]
_FAILED = frozenset({"FAILED", "CANCELED"})
_CLEAR_LINE = "\r\x1b[2K"


class Waiter:
    """Waits for deployments.

    Args:
        calls: The operations of deployments.
        clock: The clock to wait by.
    """

    def __init__(self, calls: DeploymentCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    def settle(self, deployment: Deployment, seconds: float) -> Deployment:
        """Wait until nothing is being done with a deployment.

        Args:
            deployment: The deployment as it was read just now.
            seconds: The longest wait.

        Raises:
            MlflowException: ``DEADLINE_EXCEEDED`` if it takes longer.
        """
        if deployment.status not in PASSING:
            return deployment
        return self.until(deployment, lambda now: now.status not in PASSING, seconds)

    def until(
        self,
        deployment: Deployment,
        is_done: Callable[[Deployment], bool],
        seconds: float,
        failure: Callable[[Deployment], str | None] = lambda now: None,
    ) -> Deployment:
        """Read a deployment again and again, until it is as it should be.

        Ctrl-C ends the wait at once. The platform goes on all the same.

        Args:
            deployment: The deployment.
            is_done: Tells whether it is as it should be.
            seconds: The longest wait.
            failure: Returns why it will not become so; None while it may.

        Raises:
            MlflowException: ``INVALID_STATE`` with the reason of a failure, ``DEADLINE_EXCEEDED``
                after the longest wait.
        """
        begin = self._clock.monotonic()
        pause = _FIRST
        with _progress() as show:
            while True:
                now = self._calls.get(deployment.id)
                if is_done(now):
                    return now
                reason = failure(now)
                if reason is not None:
                    raise _failed(now, reason)
                waited = self._clock.monotonic() - begin
                if waited >= seconds:
                    raise _timeout(now, seconds)
                show(f"Deployment {now.name}: {now.status}, {waited:.0f} s")
                self._clock.sleep(min(pause, seconds - waited))
                pause = min(pause * _GROWTH, _LONGEST)


class FailureWatch:
    """Tells whether what was begun with a deployment has failed, and why.

    It is made before the request, so that an older failure is not taken for this one.

    Args:
        calls: The operations of deployments.
        deployment_id: The deployment.
    """

    def __init__(self, calls: DeploymentCalls, deployment_id: str) -> None:
        self._calls = calls
        self._deployment_id = deployment_id
        self._older = self._latest()
        #: The key of the asynchronous operation, if its answer had one.
        self.key = ""

    def reason(self) -> str | None:
        """Return why it has failed; None if it has not, as far as the platform says."""
        if self.key:
            status, problem = self._operation()
            if status in _FAILED:
                return problem or self._reason_of_activity() or f"it is {status}"
        return self._reason_of_activity()

    def has_failed(self) -> bool:
        """Tell whether it has failed, as far as the platform says."""
        return self.reason() is not None

    def _operation(self) -> tuple[str, str]:
        try:
            return self._calls.operation(self.key)
        except MlflowException as problem:
            # The activities tell the same.
            if problem.error_code not in {"RESOURCE_DOES_NOT_EXIST", "NOT_IMPLEMENTED"}:
                raise
            return "", ""

    def _reason_of_activity(self) -> str | None:
        newest = self._latest()
        if newest is None or newest == self._older:
            return None
        return self._calls.activity(newest).reason or "the platform does not say why"

    def _latest(self) -> str | None:
        failures = self._calls.activities(self._deployment_id, "FAILURE", page_size=1)
        return next((activity.id for activity in failures), None)


def _failed(deployment: Deployment, reason: str) -> MlflowException:
    return error(
        "INVALID_STATE",
        f"{deployment} is {deployment.status}, since this failed: {reason.rstrip('.')}.",
        "Mend that, and make the call again; activities() and logs() of the client tell more.",
    )


def _timeout(deployment: Deployment, seconds: float) -> MlflowException:
    return error(
        "DEADLINE_EXCEEDED",
        f"{deployment} is {deployment.status} after {seconds:g} seconds.",
        "The platform goes on with it: get_deployment() tells its status, and the config key "
        "timeout_seconds allows a longer wait.",
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show one line on a terminal, which is cleared at the end; log it where there is none."""
    is_terminal = False
    with suppress(AttributeError, ValueError):  # There may be no stream, or a closed one.
        is_terminal = sys.stderr.isatty()
    if not is_terminal:
        yield _logger.debug
        return

    def show(text: str) -> None:
        _write(f"{_CLEAR_LINE}{visible(text)} ...")

    try:
        yield show
    finally:
        _write(_CLEAR_LINE)


def _write(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()
