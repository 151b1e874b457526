"""Changes of a deployment that the platform takes time for: begin, wait, say why it failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlflow_oci_aidp.deployments import config as configs
from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.entities import ACTIVE, INACTIVE, UPDATING, Deployment, Target
from mlflow_oci_aidp.deployments.waiting import FailureWatch, Waiter
from mlflow_oci_aidp.errors import error

Config = dict[str, Any]


class DeploymentChanges:
    """Changes deployments. Safe for many threads.

    Each method takes the deployment as it was read just now and the values of the config, and
    returns the deployment afterwards.

    Args:
        calls: The operations of deployments.
        waiter: Waits for their ends.
        forget: Forgets where deployments serve.
    """

    def __init__(self, calls: DeploymentCalls, waiter: Waiter, forget: Callable[[], None]) -> None:
        self._calls = calls
        self._waiter = waiter
        self._forget = forget

    def activate(self, deployment: Deployment, values: Config) -> Deployment:
        """Have a deployment serve, unless it does."""
        if deployment.status == ACTIVE:
            return deployment
        watch = FailureWatch(self._calls, deployment.id)
        if deployment.status == INACTIVE:
            watch.key = self._calls.activate(deployment.id, values.get("message"), watch.has_failed)
        return self._await(
            deployment,
            values,
            lambda now: now.status == ACTIVE,
            lambda now: watch.reason() if now.status == INACTIVE else None,
        )

    def deactivate(self, deployment: Deployment, values: Config) -> Deployment:
        """Have a deployment serve no more, unless it does not."""
        if deployment.status == INACTIVE:
            return deployment
        watch = FailureWatch(self._calls, deployment.id)
        watch.key = self._calls.deactivate(deployment.id, values.get("message"), watch.has_failed)
        return self._await(
            deployment,
            values,
            lambda now: now.status == INACTIVE,
            lambda now: watch.reason() if now.status == ACTIVE else None,
        )

    def update_settings(self, deployment: Deployment, values: Config) -> Deployment:
        """Change description, workspace, compute, way to sign in and tags.

        Raises:
            MlflowException: ``INVALID_STATE`` for the way to sign in of an active one.
        """
        fields = configs.authentication(values)
        if fields and deployment.status == ACTIVE:
            raise error(
                "INVALID_STATE",
                f"{deployment} is ACTIVE, and its way to sign in cannot change then.",
                "Deactivate it first, with deactivate() of the client.",
            )
        for key, name in (("compute_key", "computeKey"), ("workspace_key", "workspaceKey")):
            if key in values:
                fields[name] = values[key]
        if "description" in values:
            fields["description"] = values["description"]
        if fields:
            # The platform needs these three each time.
            present = {
                "name": deployment.name,
                "workspaceKey": deployment.workspace_key,
                "computeKey": deployment.compute_key,
            }
            self._calls.update(deployment.id, **{**present, **fields})
        if values.get("tags"):
            self._calls.update_tags(deployment.id, values["tags"])
        return self._calls.get(deployment.id) if fields or values.get("tags") else deployment

    def roll(self, deployment: Deployment, version: str, values: Config) -> Deployment:
        """Have a deployment serve another version, unless it does.

        Raises:
            MlflowException: ``INVALID_STATE`` for a version that is neither a successor nor a
                predecessor of those that it serves.
        """
        target = Target(version, 100)
        if deployment.targets == (target,):
            return deployment
        served = [int(row.version) for row in deployment.targets or ()]
        is_forward = bool(served) and int(version) > max(served)
        if not is_forward and not (served and int(version) < min(served)):
            listed = ", ".join(map(str, served)) or "none"
            raise error(
                "INVALID_STATE",
                f"{deployment} serves the versions {listed}, of which {version} is neither a "
                "successor nor a predecessor.",
                "Create another deployment for that version.",
            )
        watch = FailureWatch(self._calls, deployment.id)
        watch.key = self._calls.roll(
            deployment.id,
            target,
            values.get("message"),
            is_forward=is_forward,
            has_failed=watch.has_failed,
        )
        return self._await(
            deployment,
            values,
            # When it is active again says nothing: it may not have begun yet.
            lambda now: now.targets == (target,) and now.status != UPDATING,
            lambda now: watch.reason() if now.status != UPDATING else None,
        )

    def _await(
        self,
        deployment: Deployment,
        values: Config,
        is_done: Callable[[Deployment], bool],
        failure: Callable[[Deployment], str | None],
    ) -> Deployment:
        """Wait for the end of a change, unless the config says not to."""
        self._forget()
        if not values.get("synchronous", True):
            return self._calls.get(deployment.id)
        return self._waiter.until(deployment, is_done, longest_wait(values), failure)


def longest_wait(values: Config) -> float:
    """Return the seconds that a call may wait."""
    return float(values.get("timeout_seconds", configs.LONGEST_WAIT))
