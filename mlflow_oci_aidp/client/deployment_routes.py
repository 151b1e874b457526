"""Model deployments as AI Data Platform's requests: one table, which MLflow's protos do not have.

Two operations take a retry token, ``create`` and ``update-tags``. No other change is repeated
without a look at what the first request did. [aidp-python-client 5.1.1, MLOpsClient and
AsyncOperationsClient]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlflow_oci_aidp.client.routes import REGISTRY, REST_API, Route

_PATH = f"{REST_API}/model-deployments"
_MONITORING = "{deploymentId}/monitoring"
_NAMED_BY = "the deployment, the registered model, the version"


def _read(call: str, path: str, *fields: str) -> Route:
    """Return the route of a read by GET."""
    return Route(
        call,
        "GET",
        path,
        frozenset(fields),
        is_read_only=True,
        is_mlflows=False,
        named_by=_NAMED_BY,
    )


def _search(
    call: str, path: str, *fields: str, token: str, next_field: str, page_in: str = ""
) -> Route:
    """Return the route of a list, which is read by POST."""
    return replace(
        _read(call, f"{_PATH}/{path}", *fields, token),
        verb="POST",
        has_body=True,
        page_field=token,
        next_field=next_field,
        page_in=page_in,
    )


def _change(call: str, path: str, *fields: str, has_retry_token: bool = False) -> Route:
    """Return the route of a change."""
    return Route(
        call,
        "POST",
        f"{_PATH}/{path}",
        frozenset(fields),
        has_retry_token=has_retry_token,
        is_mlflows=False,
        has_body=True,
        is_repeatable=has_retry_token,
        named_by=_NAMED_BY,
    )


_SNAKE = {"token": "page_token", "next_field": "next_page_token"}
_CAMEL = {"token": "pageToken", "next_field": "nextPageToken"}
#: What a deployment is made of. The casing is the platform's own.
_CONTENT = (
    "name",
    "description",
    "deployment_targets",
    "workspaceKey",
    "computeKey",
    "authType",
    "authDetails",
)

DEPLOYMENTS: Mapping[str, Route] = {
    route.call: route
    for route in (
        _change(
            "CreateModelDeployment",
            "create",
            "model_name",
            "tags",
            *_CONTENT,
            has_retry_token=True,
        ),
        _change("ActivateModelDeployment", "activate", "deployment_id", "message"),
        _change("DeactivateModelDeployment", "deactivate", "deployment_id", "message"),
        _change(
            "RollForwardModelDeployment",
            "roll-forward",
            "deployment_id",
            "message",
            "deployment_targets",
        ),
        _change(
            "RollBackModelDeployment",
            "roll-back",
            "deployment_id",
            "message",
            "deployment_targets",
        ),
        _change("UpdateModelDeployment", "update", "deployment_id", *_CONTENT),
        _change(
            "UpdateModelDeploymentTags",
            "update-tags",
            "deployment_id",
            "set_tags",
            "delete_tags",
            has_retry_token=True,
        ),
        _change("DeleteModelDeployment", "delete", "deployment_id"),
        _read("GetModelDeployment", f"{_PATH}/get", "deployment_id"),
        _search(
            "SearchModelDeployments",
            "search",
            "model_name",
            "status",
            "max_results",
            "order_by",
            **_SNAKE,
        ),
        _read("GetModelDeploymentContract", f"{_PATH}/contract", "deployment_id", "model_version"),
        _search(
            "ListModelDeploymentActivities",
            "activities/search",
            "deployment_id",
            "status",
            "max_results",
            "order_by",
            **_SNAKE,
        ),
        _read("GetModelDeploymentActivity", f"{_PATH}/activities/get", "activity_id"),
        _search(
            "SearchDeploymentLogs",
            f"{_MONITORING}/logs/search",
            "deploymentId",
            "timeStart",
            "timeEnd",
            "levels",
            "opcRequestId",
            "replicaId",
            "sortBy",
            "sortOrder",
            "limit",
            **_CAMEL,
            page_in="logs",
        ),
        _read(
            "GetDeploymentLog",
            f"{_PATH}/{_MONITORING}/logs/{{logId}}",
            "deploymentId",
            "logId",
        ),
        _search(
            "SearchModelDeploymentInferences",
            f"{_MONITORING}/inferences/search",
            "deploymentId",
            "timeStart",
            "timeEnd",
            "status",
            "modelVersion",
            "requestUri",
            **_CAMEL,
        ),
        _read(
            "GetModelDeploymentInferenceSummary",
            f"{_PATH}/{_MONITORING}/inferences/summary",
            "deploymentId",
            "timeStart",
            "timeEnd",
        ),
        # The slashes of a request id travel as %2F.
        _read(
            "GetModelDeploymentInferenceDetails",
            f"{_PATH}/{_MONITORING}/inferences/{{requestId}}",
            "deploymentId",
            "requestId",
        ),
        _change(
            "ExportModelDeploymentInferences",
            f"{_MONITORING}/inferences/actions/export",
            "deploymentId",
            "volume_location",
            "is_overwrite",
            "timeStart",
            "timeEnd",
            "filters",
        ),
        _read("GetAsyncOperation", "/asyncOperations/{asyncOperationKey}", "asyncOperationKey"),
        # A registered model tells how many deployments it has, if it is asked to.
        replace(
            REGISTRY["SearchRegisteredModels"],
            call="SearchDeployedModels",
            fields=REGISTRY["SearchRegisteredModels"].fields | {"is_deployment_summary_enabled"},
        ),
    )
}
