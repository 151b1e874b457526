"""Model deployments and their activities, as they are read from the platform's JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.json_fields import Json

INACTIVE, ACTIVATING, ACTIVE = "INACTIVE", "ACTIVATING", "ACTIVE"
DEACTIVATING, UPDATING = "DEACTIVATING", "UPDATING"
#: States that end by themselves.
PASSING = frozenset({ACTIVATING, DEACTIVATING, UPDATING})

#: The flavor that MLflow's command line prints. The platform serves what MLflow's scoring takes.
FLAVOR = "python_function"

#: The platform's names for ways to sign in to a deployment. [aidp-python-client 5.1.1]
AIDP, OAUTH = "AIDP", "OAUTH"


@dataclass(frozen=True)
class Target:
    """A model version that a deployment serves.

    Attributes:
        version: The version of the registered model.
        traffic: The percentage of the traffic that it gets.
    """

    version: str
    traffic: int

    @classmethod
    def parse(cls, body: Json) -> Target:
        """Read a ``DeploymentTarget``."""
        traffic = json_fields.optional_integer(body, "traffic_percentage")
        return cls(json_fields.version(body, "model_version"), 100 if traffic is None else traffic)

    def to_platform(self) -> Json:
        """Return the target as the platform takes it."""
        return {"model_version": self.version, "traffic_percentage": self.traffic}


@dataclass(frozen=True)
class Deployment:
    """A model deployment, whole or as a row of a search.

    Attributes:
        id: 32 hexadecimal digits.
        name: The name, which several deployments may have.
        model_name: The registered model.
        status: ``INACTIVE``, ``ACTIVATING``, ``ACTIVE``, ``DEACTIVATING`` or ``UPDATING``.
        serving_uri: Where predictions are asked for; None until it is active.
        targets: The model versions that it serves; None in a row of a search, which does not have
            them.
        workspace_key: The workspace that it runs in; likewise.
        compute_key: The compute that it runs on; likewise.
        auth_type: ``AIDP`` or ``OAUTH``; likewise.
        auth_details: What tells whose tokens are taken; likewise.
        tags: The tags; likewise.
        other: Texts and numbers that this package only shows: description, times and users.
    """

    id: str
    name: str
    model_name: str
    status: str
    serving_uri: str | None = None
    targets: tuple[Target, ...] | None = None
    workspace_key: str | None = None
    compute_key: str | None = None
    auth_type: str | None = None
    auth_details: Json | None = None
    tags: dict[str, str] | None = None
    other: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: Json) -> Deployment:
        """Read a ``ModelDeployment`` or a ``ModelDeploymentSummary``."""
        targets = None
        if body.get("deployment_targets") is not None:
            rows = json_fields.entries(body, "deployment_targets")
            targets = tuple(Target.parse(row) for row in rows)
        return cls(
            id=json_fields.text(body, "deployment_id"),
            name=json_fields.text(body, "name"),
            model_name=json_fields.text(body, "model_name"),
            status=json_fields.text(body, "status"),
            serving_uri=json_fields.optional_text(body, "serving_uri") or None,
            targets=targets,
            workspace_key=json_fields.optional_text(body, "workspaceKey"),
            compute_key=json_fields.optional_text(body, "computeKey"),
            auth_type=json_fields.optional_text(body, "authType"),
            auth_details=json_fields.fields(body, "authDetails") or None,
            tags=None if body.get("tags") is None else json_fields.pairs(body, "tags"),
            other={name: body[name] for name in _OTHER if body.get(name) is not None},
        )

    def to_mlflow(self) -> dict[str, Any]:
        """Return the dictionary that MLflow's interface of deployments returns."""
        targets = None
        if self.targets is not None:
            targets = [target.to_platform() for target in self.targets]
        return {
            "name": self.name,
            "deployment_id": self.id,
            "status": self.status,
            "model_name": self.model_name,
            "targets": targets,
            "serving_uri": self.serving_uri,
            "flavor": FLAVOR,
            "workspace_key": self.workspace_key,
            "compute_key": self.compute_key,
            "auth_type": self.auth_type,
            "auth_details": self.auth_details,
            "tags": self.tags,
            **self.other,
        }

    def __str__(self) -> str:
        return (
            f"The deployment {self.name!r} ({self.id}) of the registered model {self.model_name!r}"
        )


_OTHER = (
    "description",
    "created_time",
    "created_by",
    "updated_time",
    "updated_by",
    "activated_time",
    "activated_by",
)


@dataclass(frozen=True)
class Activity:
    """Something that was done with a deployment.

    Attributes:
        id: The id.
        operation: Such as ``"ACTIVATE"`` or ``"ROLL_BACK"``.
        status: ``"SUCCESS"`` or ``"FAILURE"``.
        reason: Why it ended so; None in a row of a list, which does not have it.
        other: What this package only shows: times, user, message, versions.
    """

    id: str
    operation: str
    status: str
    reason: str | None = None
    other: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: Json) -> Activity:
        """Read a ``DeploymentActivity`` or its summary."""
        names = ("start_time", "end_time", "user", "message")
        other = {name: body[name] for name in names if body.get(name) is not None}
        details = json_fields.fields(body, "deployment_details")
        if details.get("deployment_targets") is not None:
            rows = json_fields.entries(details, "deployment_targets")
            other["targets"] = [Target.parse(row).to_platform() for row in rows]
        return cls(
            json_fields.identifier(body, "activity_id"),
            json_fields.text(body, "operation_type"),
            # The platform gives none to what is still going on.
            json_fields.optional_text(body, "status") or "",
            json_fields.optional_text(body, "status_message"),
            other,
        )

    def to_mlflow(self) -> dict[str, Any]:
        """Return the activity as a dictionary."""
        return {
            "activity_id": self.id,
            "operation_type": self.operation,
            "status": self.status,
            "status_message": self.reason,
            **self.other,
        }
