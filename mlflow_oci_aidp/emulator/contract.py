"""The contract of AI Data Platform's registry, as tables that know no HTTP and no state.

Source: Oracle's Python SDK (``aidp-python-client`` 5.1.1, ``MLOpsClient`` and its models) and the REST reference.
A test compares every row with the installed SDK, so a release that changes the contract is noticed there.
More operations, those of tracking for instance, are more rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

BASE_PATH = "/20260430/aiDataPlatforms/{aiDataPlatformId}"
"""What every path begins with: the API's version, then the instance."""

SCOPES = {"instance": "", "workspace": "/workspaces/{workspaceKey}"}
"""What stands between the base path and an operation's own path."""

Effect = Literal["read", "create", "change", "delete"]

SUCCESS: dict[str, dict[Effect, tuple[int, bool]]] = {
    "full": {"read": (200, True), "create": (200, True), "change": (200, True), "delete": (200, True)},
    "bare": {"read": (200, True), "create": (201, True), "change": (202, False), "delete": (204, False)},
}
"""How success looks: status, and whether there is a body. Oracle's integration tests accept both ways."""


@dataclass(frozen=True)
class Field:
    """A field of a model, or a name in a query."""

    type: str
    """``str``, ``int``, ``float``, ``bool``, the name of a model, or ``list[...]`` of one of them."""
    required: bool = False
    allowed: tuple[str, ...] = ()
    """The values of an enumeration; empty: any value of the type."""


@dataclass(frozen=True)
class Operation:
    """One operation of the service, named as the SDK names its method."""

    name: str
    verb: Literal["GET", "POST"]
    path: str
    effect: Effect
    query: dict[str, Field] = field(default_factory=dict)
    body: str | None = None
    response: str | None = None
    scope: str = "instance"

    @property
    def template(self) -> str:
        """The whole path, with its parameters in braces."""
        return BASE_PATH + SCOPES[self.scope] + self.path

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path of a request is matched with; each parameter of the path is a named group."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template)))


def _fields(**rows: str) -> dict[str, Field]:
    return {name: Field(type=kind.removesuffix("!"), required=kind.endswith("!")) for name, kind in rows.items()}


def _enum(*allowed: str) -> Field:
    return Field(type="str", allowed=allowed)


_CONNECTION_STATE = _enum(
    "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
    "NOT_SET_UP",
    "CONNECTED",
    "NOT_FOUND",
    "REQUIRED_PARAMETERS_CHANGED",
)

_JOB_RUN_STATE = _enum(
    "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED",
    "NO_VALID_DEPLOYMENT_JOB_FOUND",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "PENDING",
    "APPROVAL",
)

_NEXT_PAGE = {"next_page_token": "str"}

# An exclamation mark after the type: the field is required.
MODELS: dict[str, dict[str, Field]] = {
    # entities
    "RegisteredModel": _fields(
        name="str",
        creation_timestamp="int",
        last_updated_timestamp="int",
        description="str",
        latest_versions="list[ModelVersion]",
        aliases="list[RegisteredModelAlias]",
        deployment_job_id="str",
        tags="list[RegisteredModelTag]",
        deployment_summary="DeploymentSummary",
    )
    | {"deployment_job_state": _CONNECTION_STATE},
    "RegisteredModelTag": _fields(key="str", value="str"),
    "RegisteredModelTagKey": _fields(key="str!"),
    "RegisteredModelAlias": _fields(alias="str", version="str"),
    "DeploymentSummary": _fields(total_deployment="int!", active_deployment="int!"),
    "ModelVersion": _fields(
        name="str",
        version="str",
        creation_timestamp="int",
        last_updated_timestamp="int",
        user_id="str",
        current_stage="str",
        description="str",
        source="str",
        run_id="str",
        status_message="str",
        tags="list[ModelVersionTag]",
        run_link="str",
        aliases="list[str]",
        model_id="str",
        model_metrics="list[ModelMetric]",
        model_params="list[ModelParam]",
        deployment_job_state="ModelVersionDeploymentJobState",
    )
    | {"status": _enum("PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY")},
    "ModelVersionTag": _fields(key="str", value="str"),
    "ModelVersionTagKey": _fields(key="str!"),
    "ModelMetric": _fields(key="str", value="float", timestamp="int", step="int"),
    "ModelParam": _fields(name="str", value="str"),
    "ModelVersionDeploymentJobState": _fields(job_id="str", run_id="str", current_task_name="str")
    | {"job_state": _CONNECTION_STATE, "run_state": _JOB_RUN_STATE},
    # registered models: requests and answers
    "CreateRegisteredModelDetails": _fields(
        name="str!", tags="list[RegisteredModelTag]", description="str", deployment_job_id="str"
    ),
    "CreateRegisteredModelResponseDetails": _fields(registered_model="RegisteredModel!"),
    "GetRegisteredModelResponseDetails": _fields(registered_model="RegisteredModel!"),
    "RegisteredModelCollection": _fields(registered_models="list[RegisteredModel]!", **_NEXT_PAGE),
    "UpdateRegisteredModelDetails": _fields(name="str!", description="str", deployment_job_id="str"),
    "UpdateRegisteredModelResponseDetails": _fields(registered_model="RegisteredModel!"),
    "RenameRegisteredModelDetails": _fields(name="str!", new_name="str"),
    "RenameRegisteredModelResponseDetails": _fields(registered_model="RegisteredModel!"),
    "DeleteRegisteredModelDetails": _fields(name="str!"),
    "DeleteRegisteredModelResponseDetails": {},
    "SetRegisteredModelTagDetails": _fields(name="str!", key="str!", value="str!"),
    "SetRegisteredModelTagResponseDetails": {},
    "DeleteRegisteredModelTagDetails": _fields(name="str!", key="str!"),
    "DeleteRegisteredModelTagResponseDetails": {},
    "UpdateRegisteredModelTagsDetails": _fields(
        name="str!", set_tags="list[RegisteredModelTag]", delete_tags="list[RegisteredModelTagKey]"
    ),
    "UpdateRegisteredModelTagsResponseDetails": {},
    "RegisteredModelSummary": _fields(
        registered_models_count="int!",
        model_versions_count="int!",
        model_deployments_count="int!",
        active_deployment_count="int!",
    ),
    # model versions: requests and answers
    "CreateModelVersionDetails": _fields(
        name="str!",
        description="str",
        source="str!",
        run_id="str",
        tags="list[ModelVersionTag]",
        run_link="str",
        model_id="str",
    ),
    "CreateModelVersionResponseDetails": _fields(model_version="ModelVersion!"),
    "GetModelVersionResponseDetails": _fields(model_version="ModelVersion!"),
    "ModelVersionCollection": _fields(model_versions="list[ModelVersion]!", **_NEXT_PAGE),
    "UpdateModelVersionDetails": _fields(name="str!", version="str!", description="str"),
    "UpdateModelVersionResponseDetails": _fields(model_version="ModelVersion!"),
    "TransitionModelVersionStageDetails": _fields(
        name="str!", version="str!", stage="str!", archive_existing_versions="bool!"
    ),
    "TransitionModelVersionStageResponseDetails": _fields(model_version="ModelVersion!"),
    "DeleteModelVersionDetails": _fields(name="str!", version="str!"),
    "DeleteModelVersionResponseDetails": {},
    "SetModelVersionTagDetails": _fields(name="str!", version="str!", key="str!", value="str!"),
    "SetModelVersionTagResponseDetails": {},
    "DeleteModelVersionTagDetails": _fields(name="str!", version="str!", key="str!"),
    "DeleteModelVersionTagResponseDetails": {},
    "UpdateModelVersionTagsDetails": _fields(
        name="str!",
        version="str!",
        set_tags="list[ModelVersionTag]",
        delete_tags="list[ModelVersionTagKey]",
    ),
    "UpdateModelVersionTagsResponseDetails": {},
}

_MLFLOW = "/mlops/api/2.0/mlflow"
_SEARCH = _fields(**dict.fromkeys(("filter", "page_token", "order_by"), "str"), max_results="int")


def _read(name: str, path: str, response: str, query: dict[str, Field]) -> Operation:
    return Operation(name, "GET", path, "read", query=query, response=response)


def _write(name: str, path: str, effect: Effect, stem: str, scope: str = "instance") -> Operation:
    """A change: its body is ``<stem>Details`` and its answer ``<stem>ResponseDetails``."""
    return Operation(
        name,
        "POST",
        path,
        effect,
        body=f"{stem}Details",
        response=f"{stem}ResponseDetails",
        scope=scope,
    )


OPERATIONS: tuple[Operation, ...] = (
    _write(
        "create_registered_model",
        f"{_MLFLOW}/registered-models/create",
        "create",
        "CreateRegisteredModel",
    ),
    _read(
        "get_registered_model",
        f"{_MLFLOW}/registered-models/get",
        "GetRegisteredModelResponseDetails",
        _fields(name="str!"),
    ),
    _read(
        "list_registered_models",
        f"{_MLFLOW}/registered-models/search",
        "RegisteredModelCollection",
        _SEARCH | _fields(is_deployment_summary_enabled="bool"),
    ),
    _read(
        "get_registered_model_summary",
        "/mlops/api/2.0/registered-models/summary",
        "RegisteredModelSummary",
        _fields(catalog="str!", schema="str!"),
    ),
    _write(
        "update_registered_model",
        f"{_MLFLOW}/registered-models/update",
        "change",
        "UpdateRegisteredModel",
    ),
    _write(
        "rename_registered_model",
        f"{_MLFLOW}/registered-models/rename",
        "change",
        "RenameRegisteredModel",
    ),
    _write(
        "delete_registered_model",
        f"{_MLFLOW}/registered-models/delete",
        "delete",
        "DeleteRegisteredModel",
    ),
    _write(
        "set_registered_model_tag",
        f"{_MLFLOW}/registered-models/set-tag",
        "change",
        "SetRegisteredModelTag",
    ),
    _write(
        "delete_registered_model_tag",
        f"{_MLFLOW}/registered-models/delete-tag",
        "delete",
        "DeleteRegisteredModelTag",
    ),
    _write(
        "update_registered_model_tags",
        f"{_MLFLOW}/internal/registered-models/update-tags",
        "change",
        "UpdateRegisteredModelTags",
    ),
    _write("create_model_version", f"{_MLFLOW}/model-versions/create", "create", "CreateModelVersion"),
    _write(
        "create_workspace_model_version",
        f"{_MLFLOW}/model-versions/create",
        "create",
        "CreateModelVersion",
        scope="workspace",
    ),
    _read(
        "get_model_version",
        f"{_MLFLOW}/model-versions/get",
        "GetModelVersionResponseDetails",
        _fields(name="str!", version="str!"),
    ),
    _read("list_model_versions", f"{_MLFLOW}/model-versions/search", "ModelVersionCollection", _SEARCH),
    _write("update_model_version", f"{_MLFLOW}/model-versions/update", "change", "UpdateModelVersion"),
    _write(
        "transition_model_version_stage",
        f"{_MLFLOW}/model-versions/transition-stage",
        "change",
        "TransitionModelVersionStage",
    ),
    _write("delete_model_version", f"{_MLFLOW}/model-versions/delete", "delete", "DeleteModelVersion"),
    _write("set_model_version_tag", f"{_MLFLOW}/model-versions/set-tag", "change", "SetModelVersionTag"),
    _write(
        "delete_model_version_tag",
        f"{_MLFLOW}/model-versions/delete-tag",
        "delete",
        "DeleteModelVersionTag",
    ),
    _write(
        "update_model_version_tags",
        f"{_MLFLOW}/internal/model-versions/update-tags",
        "change",
        "UpdateModelVersionTags",
    ),
)
"""Every registry operation, but for permissions, which need an identity domain behind them."""
