"""The contract of the model registry: rows of operations and of models."""

from __future__ import annotations

from .terms import MLFLOW, NEXT_PAGE, Field, Operation, enum, fields, read, write

_CONNECTION_STATE = enum(
    "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
    "NOT_SET_UP",
    "CONNECTED",
    "NOT_FOUND",
    "REQUIRED_PARAMETERS_CHANGED",
)

_JOB_RUN_STATE = enum(
    "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED",
    "NO_VALID_DEPLOYMENT_JOB_FOUND",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "PENDING",
    "APPROVAL",
)

_GRANTEES = ("USER", "ROLE", "GROUP")
_PERMISSIONS = Field("list[str]", required=True, allowed=("READ", "MANAGE", "ADMIN"))

MODELS: dict[str, dict[str, Field]] = {
    # entities
    "RegisteredModel": fields(
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
    "RegisteredModelTag": fields(key="str", value="str"),
    "RegisteredModelTagKey": fields(key="str!"),
    "RegisteredModelAlias": fields(alias="str", version="str"),
    "DeploymentSummary": fields(total_deployment="int!", active_deployment="int!"),
    "ModelVersion": fields(
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
    | {"status": enum("PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY")},
    "ModelVersionTag": fields(key="str", value="str"),
    "ModelVersionTagKey": fields(key="str!"),
    "ModelMetric": fields(key="str", value="float", timestamp="int", step="int"),
    "ModelParam": fields(name="str", value="str"),
    "ModelVersionDeploymentJobState": fields(job_id="str", run_id="str", current_task_name="str")
    | {"job_state": _CONNECTION_STATE, "run_state": _JOB_RUN_STATE},
    # registered models: requests and answers
    "CreateRegisteredModelDetails": fields(
        name="str!", tags="list[RegisteredModelTag]", description="str", deployment_job_id="str"
    ),
    "CreateRegisteredModelResponseDetails": fields(registered_model="RegisteredModel!"),
    "GetRegisteredModelResponseDetails": fields(registered_model="RegisteredModel!"),
    "RegisteredModelCollection": fields(registered_models="list[RegisteredModel]!", **NEXT_PAGE),
    "UpdateRegisteredModelDetails": fields(name="str!", description="str", deployment_job_id="str"),
    "UpdateRegisteredModelResponseDetails": fields(registered_model="RegisteredModel!"),
    "RenameRegisteredModelDetails": fields(name="str!", new_name="str"),
    "RenameRegisteredModelResponseDetails": fields(registered_model="RegisteredModel!"),
    "DeleteRegisteredModelDetails": fields(name="str!"),
    "DeleteRegisteredModelResponseDetails": {},
    "SetRegisteredModelTagDetails": fields(name="str!", key="str!", value="str!"),
    "SetRegisteredModelTagResponseDetails": {},
    "DeleteRegisteredModelTagDetails": fields(name="str!", key="str!"),
    "DeleteRegisteredModelTagResponseDetails": {},
    "UpdateRegisteredModelTagsDetails": fields(
        name="str!", set_tags="list[RegisteredModelTag]", delete_tags="list[RegisteredModelTagKey]"
    ),
    "UpdateRegisteredModelTagsResponseDetails": {},
    "RegisteredModelSummary": fields(
        registered_models_count="int!",
        model_versions_count="int!",
        model_deployments_count="int!",
        active_deployment_count="int!",
    ),
    # model versions: requests and answers
    "CreateModelVersionDetails": fields(
        name="str!",
        description="str",
        source="str!",
        run_id="str",
        tags="list[ModelVersionTag]",
        run_link="str",
        model_id="str",
    ),
    "CreateModelVersionResponseDetails": fields(model_version="ModelVersion!"),
    "GetModelVersionResponseDetails": fields(model_version="ModelVersion!"),
    "ModelVersionCollection": fields(model_versions="list[ModelVersion]!", **NEXT_PAGE),
    "UpdateModelVersionDetails": fields(name="str!", version="str!", description="str"),
    "UpdateModelVersionResponseDetails": fields(model_version="ModelVersion!"),
    "TransitionModelVersionStageDetails": fields(
        name="str!", version="str!", stage="str!", archive_existing_versions="bool!"
    ),
    "TransitionModelVersionStageResponseDetails": fields(model_version="ModelVersion!"),
    "DeleteModelVersionDetails": fields(name="str!", version="str!"),
    "DeleteModelVersionResponseDetails": {},
    "SetModelVersionTagDetails": fields(name="str!", version="str!", key="str!", value="str!"),
    "SetModelVersionTagResponseDetails": {},
    "DeleteModelVersionTagDetails": fields(name="str!", version="str!", key="str!"),
    "DeleteModelVersionTagResponseDetails": {},
    "UpdateModelVersionTagsDetails": fields(
        name="str!",
        version="str!",
        set_tags="list[ModelVersionTag]",
        delete_tags="list[ModelVersionTagKey]",
    ),
    "UpdateModelVersionTagsResponseDetails": {},
    # permissions
    "RegisteredModelPermissionCollection": fields(items="list[RegisteredModelPermissionSummary]!"),
    "RegisteredModelPermissionSummary": fields(grantee="str!", granteeName="str")
    | {
        "granteeType": Field("str", required=True, allowed=_GRANTEES),
        "granteePermissions": _PERMISSIONS,
    }
    | fields(isInherited="bool", resourceName="str"),
    "ManageRegisteredModelPermissionDetails": fields(
        assignRegisteredModelPermissionDetails="AssignRegisteredModelPermissionDetails",
        revokeRegisteredModelPermissionDetails="RevokeRegisteredModelPermissionDetails",
    ),
    "AssignRegisteredModelPermissionDetails": fields(assignees="PermissionAssignees!")
    | {"permissions": _PERMISSIONS},
    "RevokeRegisteredModelPermissionDetails": fields(assignees="PermissionAssignees!")
    | {"permissions": _PERMISSIONS},
    "PermissionAssignees": {"type": Field("str", required=True, allowed=_GRANTEES)}
    | fields(targets="list[str]!"),
}

_SEARCH = fields(**dict.fromkeys(("filter", "page_token", "order_by"), "str"), max_results="int")

OPERATIONS: tuple[Operation, ...] = (
    write(
        "create_registered_model",
        f"{MLFLOW}/registered-models/create",
        "create",
        "CreateRegisteredModel",
    ),
    read(
        "get_registered_model",
        f"{MLFLOW}/registered-models/get",
        "GetRegisteredModelResponseDetails",
        fields(name="str!"),
    ),
    read(
        "list_registered_models",
        f"{MLFLOW}/registered-models/search",
        "RegisteredModelCollection",
        _SEARCH | fields(is_deployment_summary_enabled="bool"),
    ),
    read(
        "get_registered_model_summary",
        "/mlops/api/2.0/registered-models/summary",
        "RegisteredModelSummary",
        fields(catalog="str!", schema="str!"),
    ),
    write(
        "update_registered_model",
        f"{MLFLOW}/registered-models/update",
        "change",
        "UpdateRegisteredModel",
    ),
    write(
        "rename_registered_model",
        f"{MLFLOW}/registered-models/rename",
        "change",
        "RenameRegisteredModel",
    ),
    write(
        "delete_registered_model",
        f"{MLFLOW}/registered-models/delete",
        "delete",
        "DeleteRegisteredModel",
    ),
    write(
        "set_registered_model_tag",
        f"{MLFLOW}/registered-models/set-tag",
        "change",
        "SetRegisteredModelTag",
    ),
    write(
        "delete_registered_model_tag",
        f"{MLFLOW}/registered-models/delete-tag",
        "delete",
        "DeleteRegisteredModelTag",
    ),
    write(
        "update_registered_model_tags",
        f"{MLFLOW}/internal/registered-models/update-tags",
        "change",
        "UpdateRegisteredModelTags",
    ),
    write(
        "create_model_version", f"{MLFLOW}/model-versions/create", "create", "CreateModelVersion"
    ),
    write(
        "create_workspace_model_version",
        f"{MLFLOW}/model-versions/create",
        "create",
        "CreateModelVersion",
        scope="workspace",
    ),
    read(
        "get_model_version",
        f"{MLFLOW}/model-versions/get",
        "GetModelVersionResponseDetails",
        fields(name="str!", version="str!"),
    ),
    read(
        "list_model_versions", f"{MLFLOW}/model-versions/search", "ModelVersionCollection", _SEARCH
    ),
    write(
        "update_model_version", f"{MLFLOW}/model-versions/update", "change", "UpdateModelVersion"
    ),
    write(
        "transition_model_version_stage",
        f"{MLFLOW}/model-versions/transition-stage",
        "change",
        "TransitionModelVersionStage",
    ),
    write(
        "delete_model_version", f"{MLFLOW}/model-versions/delete", "delete", "DeleteModelVersion"
    ),
    write(
        "set_model_version_tag", f"{MLFLOW}/model-versions/set-tag", "change", "SetModelVersionTag"
    ),
    write(
        "delete_model_version_tag",
        f"{MLFLOW}/model-versions/delete-tag",
        "delete",
        "DeleteModelVersionTag",
    ),
    write(
        "update_model_version_tags",
        f"{MLFLOW}/internal/model-versions/update-tags",
        "change",
        "UpdateModelVersionTags",
    ),
    read(
        "list_registered_model_permissions",
        f"{MLFLOW}/registered-models/{{registeredModelKey}}/permissions",
        "RegisteredModelPermissionCollection",
        fields(limit="int", page="str")
        | {"sortOrder": enum("ASC", "DESC"), "sortBy": enum("timeCreated", "displayName")},
    ),
    Operation(
        "manage_registered_model_permission",
        "POST",
        f"{MLFLOW}/registered-models/{{registeredModelKey}}/actions/managePermission",
        "change",
        body="ManageRegisteredModelPermissionDetails",
        has_retry_token=False,
    ),
)
"""Every operation of the registry."""
