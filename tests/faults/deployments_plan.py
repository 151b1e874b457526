"""Deployments' part of the fault suite: their operations, with the effect that each has.

Nothing is loaded: the source of the version lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.changes import DeploymentChanges
from mlflow_oci_aidp.deployments.waiting import Waiter

from .plan import PlannedCall

NAME = "main.default.deployed"
_LATER = {"synchronous": False}
_here: dict[str, Any] = {}


class Deployments:
    """The operations as the deployment client uses them."""

    def __init__(self, session: Any) -> None:
        self.calls = DeploymentCalls(session.client)
        self.changes = DeploymentChanges(
            self.calls, Waiter(self.calls, session.clock), lambda: None
        )


def _key() -> str:
    return str(_here["key"])


def _began(operation: str) -> Any:
    """How often an operation began, by the platform's own log."""
    return lambda aidp: sum(
        row["text"] == f"{operation} began" for row in aidp.deployments._store.rows("logs", _key())
    )


def _roll(version: str) -> Any:
    return lambda made: made.changes.roll(_here["read"], version, _LATER)


def _deployment(aidp: Any) -> Any:
    return aidp.deployments._store.find("deployments", _key())


#: Each begins with what :py:func:`prepare` makes.
PLAN: Mapping[str, PlannedCall] = {
    "create_model_deployment": PlannedCall(
        lambda made: made.calls.create(
            name="new",
            model_name=NAME,
            deployment_targets=[{"model_version": "1", "traffic_percentage": 100}],
            workspaceKey="w",
            computeKey="c",
            authType="AIDP",
        ),
        lambda aidp: sum(
            row["name"] == "new" for row in aidp.deployments._store.rows("deployments")
        ),
    ),
    "activate_model_deployment": PlannedCall(
        lambda made: made.changes.activate(_here["read"], _LATER), _began("ACTIVATE")
    ),
    "deactivate_model_deployment": PlannedCall(
        lambda made: made.changes.deactivate(_here["read"], _LATER), _began("DEACTIVATE")
    ),
    "roll_forward_model_deployment": PlannedCall(_roll("3"), _began("ROLL_FORWARD")),
    "roll_back_model_deployment": PlannedCall(_roll("1"), _began("ROLL_BACK")),
    "update_model_deployment": PlannedCall(
        lambda made: made.calls.update(
            _key(), name="d", workspaceKey="w", computeKey="c", description="new"
        ),
        lambda aidp: int(_deployment(aidp)["description"] == "new"),
    ),
    "update_model_deployment_tags": PlannedCall(
        lambda made: made.calls.update_tags(_key(), {"a": "b"}),
        lambda aidp: int(_deployment(aidp)["tags"] == [{"key": "a", "value": "b"}]),
    ),
    "delete_model_deployment": PlannedCall(
        lambda made: made.calls.delete(_key()), lambda aidp: int(_deployment(aidp) is None)
    ),
    "get_model_deployment": PlannedCall(lambda made: made.calls.get(_key())),
    "search_model_deployments": PlannedCall(lambda made: list(made.calls.search(NAME))),
    "get_model_deployment_contract": PlannedCall(lambda made: made.calls.contract(_key())),
}


def prepare(aidp: Any, reader: Deployments, operation: str) -> None:
    """A deployment of version 2 of three, as inactive as the operation wants it."""
    service = aidp.deployments
    service._join()
    service._store.clear()
    if not _here:
        aidp.state.create_registered_model({"name": NAME}, "user")
        for _ in range(3):
            aidp.state.create_model_version({"name": NAME, "source": "s3://elsewhere"}, "user")
    row = service.create_model_deployment(
        {
            "name": "d",
            "model_name": NAME,
            "deployment_targets": [{"model_version": "2", "traffic_percentage": 100}],
            "workspaceKey": "w",
            "computeKey": "c",
            "authType": "AIDP",
        },
        "user",
    )
    _here["key"] = row["deployment_id"]
    if operation == "deactivate_model_deployment":
        service.seed_deployment(_key(), status="ACTIVE")
    _here["read"] = reader.calls.get(_key())
