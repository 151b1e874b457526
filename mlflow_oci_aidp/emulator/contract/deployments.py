"""The contract of model deployments: rows of operations and of models.

Source: ``aidp-python-client`` 5.1.1, ``MLOpsClient`` and ``AsyncOperationsClient``. Only creation
and the change of tags take a retry token.
"""

from __future__ import annotations

from .terms import NEXT_PAGE, Effect, Field, Operation, fields, read, search

_PAGE = {"page_token": "str"}
_STATES = ("INACTIVE", "ACTIVATING", "ACTIVE", "DEACTIVATING", "UPDATING")
_SIGN_IN = ("AIDP", "OAUTH")
_OUTCOMES = ("SUCCESS", "FAILURE")
_ACTIVITIES = ("CREATE", "EDIT", "ACTIVATE", "DEACTIVATE", "ROLL_FORWARD", "ROLL_BACK")
_INFERENCES = ("SUCCESS", "MALFORMED", "FAILED", "UNKNOWN")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "UNKNOWN")

MODELS: dict[str, dict[str, Field]] = {
    "ActivateModelDeploymentDetails": fields(deployment_id="str!", message="str"),
    "CreateModelDeploymentDetails": fields(
        name="str!",
        description="str",
        model_name="str!",
        deployment_targets="list[DeploymentTarget]!",
        workspaceKey="str!",
        computeKey="str!",
        tags="list[ModelDeploymentTag]",
        authDetails="DeploymentOAuthDetails",
    )
    | {"authType": Field("str", required=True, allowed=_SIGN_IN)},
    "DeactivateModelDeploymentDetails": fields(deployment_id="str!", message="str"),
    "DeleteModelDeploymentDetails": fields(deployment_id="str!"),
    "DeploymentActivity": fields(
        activity_id="str!",
        start_time="str!",
        end_time="str!",
        user="str!",
        message="str",
        status_message="str",
        deployment_details="DeploymentDetails!",
    )
    | {
        "operation_type": Field("str", required=True, allowed=_ACTIVITIES),
        "status": Field("str", required=True, allowed=_OUTCOMES),
    },
    "DeploymentActivitySummary": fields(
        activity_id="str!",
        start_time="str!",
        end_time="str!",
        user="str!",
        deployment_details="DeploymentDetailsSummary",
    )
    | {
        "operation_type": Field("str", required=True, allowed=_ACTIVITIES),
        "status": Field("str", required=True, allowed=_OUTCOMES),
    },
    "DeploymentDetails": fields(
        name="str",
        description="str",
        model_name="str",
        deployment_targets="list[DeploymentTarget]",
        endpoint="str",
        workspaceKey="str",
        workspaceName="str",
        computeKey="str",
        computeName="str",
        ocpus="float",
        memory_in_gbs="float",
        autoscaling="bool",
        min_instances="int",
        max_instances="int",
        instances="int",
        concurrency="int",
        cpu_target="int",
        cooldown="int",
        metric="str",
        authorize_using="str",
        audience_claim="list[str]",
        issuer_claim="str",
        jwks_uri="str",
    )
    | {"status": Field("str", required=False, allowed=_STATES), "tags": Field("dict(str, str)")},
    "DeploymentDetailsSummary": fields(
        model_name="str", deployment_targets="list[DeploymentTarget]"
    ),
    "DeploymentLogCollection": fields(
        deploymentId="str!",
        logs="DeploymentLogPage!",
        query="DeploymentLogQueryEcho!",
        coverage="DeploymentLogCoverage!",
    ),
    "DeploymentLogCoverage": fields(retentionDays="int", reasons="list[str]")
    | {
        "state": Field(
            "str", required=True, allowed=("COMPLETE_WITHIN_RETENTION", "PARTIAL", "UNKNOWN")
        )
    },
    "DeploymentLogDetail": fields(
        deploymentId="str!",
        recordId="str!",
        logId="str!",
        timestamp="datetime!",
        message="DeploymentLogMessage!",
        metadata="DeploymentLogMetadata!",
    )
    | {
        "timestampSource": Field("str", required=True, allowed=("EVENT_TIME", "PUBLISH_TIME")),
        "level": Field("str", required=True, allowed=_LEVELS),
    },
    "DeploymentLogMessage": fields(text="str", isTruncated="bool!")
    | {
        "state": Field(
            "str", required=True, allowed=("AVAILABLE", "NOT_AUTHORIZED", "REDACTED", "UNKNOWN")
        )
    },
    "DeploymentLogMetadata": fields(
        replicaId="str", opcRequestId="str", source="str", region="str", errorCode="str"
    ),
    "DeploymentLogPage": fields(items="list[DeploymentLogSummary]!", nextPageToken="str"),
    "DeploymentLogQueryEcho": fields(
        timeStart="datetime!",
        timeEnd="datetime!",
        sortBy="str",
        sortOrder="str",
        timeEvaluated="datetime!",
    )
    | {"consistency": Field("str", required=True, allowed=("BEST_EFFORT",))},
    "DeploymentLogSummary": fields(
        recordId="str!",
        logId="str!",
        timestamp="datetime!",
        opcRequestId="str",
        latencyMs="float",
        replicaId="str",
        isDetailAvailable="bool!",
    )
    | {
        "timestampSource": Field("str", required=True, allowed=("EVENT_TIME", "PUBLISH_TIME")),
        "level": Field("str", required=True, allowed=_LEVELS),
    },
    "DeploymentOAuthDetails": fields(
        issuerClaim="str!", audienceClaim="list[str]!", jwksUri="str!"
    ),
    "DeploymentTarget": fields(model_version="str!", traffic_percentage="int!"),
    "ExportInferenceInvocationsDetails": fields(
        volume_location="str!",
        is_overwrite="bool",
        timeStart="datetime",
        timeEnd="datetime",
        filters="ExportInferenceInvocationsFilters",
    ),
    "ExportInferenceInvocationsFilters": fields(model_version="str", request_uri="str")
    | {"status": Field("str", required=False, allowed=_INFERENCES)},
    "GetModelDeploymentContractResponse": fields(
        input_contract="str", output_contract="str", input_example="str"
    ),
    "InferenceInvocationDetails": fields(
        requestTimestamp="datetime!",
        latencyMs="int",
        requestUri="str!",
        modelVersion="str",
        requestId="str!",
        requestPayload="object",
        responsePayload="object",
        metadata="InferenceInvocationMetadata!",
    )
    | {"status": Field("str", required=True, allowed=_INFERENCES)},
    "InferenceInvocationMetadata": fields(region="str", replicaId="str", caller="str"),
    "InferenceInvocationSearchDetails": fields(
        timeStart="datetime",
        timeEnd="datetime",
        modelVersion="str",
        requestUri="str",
        pageToken="str",
    )
    | {"status": Field("str", required=False, allowed=_INFERENCES)},
    "InferenceInvocationSearchResult": fields(
        timeStart="datetime!",
        timeEnd="datetime!",
        items="list[InferenceInvocationSummary]!",
        nextPageToken="str",
        statuses="list[InferenceInvocationStatus]!",
        requestUris="list[str]!",
        modelVersions="list[str]!",
    ),
    "InferenceInvocationSummary": fields(
        requestTimestamp="datetime!",
        requestUri="str!",
        modelVersion="str",
        latencyMs="int",
        requestId="str!",
    )
    | {"status": Field("str", required=True, allowed=_INFERENCES)},
    "InferenceInvocationSummaryMetrics": fields(
        totalRequests="int!",
        successfulRequests="int!",
        failedRequests="int!",
        successRatePercent="float!",
        malformedRequests="int!",
        averageResponseTimeMs="float!",
    ),
    "InferenceInvocationSummaryResponse": fields(
        timeStart="datetime!", timeEnd="datetime!", summary="InferenceInvocationSummaryMetrics!"
    ),
    "ListModelDeploymentActivitiesDetails": fields(
        deployment_id="str!", max_results="int", order_by="list[str]", **_PAGE
    )
    | {"status": Field("str", required=False, allowed=_OUTCOMES)},
    "ModelDeployment": fields(
        deployment_id="str!",
        name="str!",
        description="str",
        model_name="str!",
        deployment_targets="list[DeploymentTarget]!",
        workspaceKey="str!",
        computeKey="str!",
        compute_deployment_id="str",
        activated_time="int",
        activated_by="str",
        serving_uri="str",
        created_time="str!",
        updated_time="str!",
        created_by="str!",
        updated_by="str!",
        tags="list[ModelDeploymentTag]",
        authDetails="DeploymentOAuthDetails",
    )
    | {
        "status": Field("str", required=True, allowed=_STATES),
        "authType": Field("str", required=False, allowed=_SIGN_IN),
    },
    "ModelDeploymentActivitySummaryCollection": fields(
        activities="list[DeploymentActivitySummary]!", **NEXT_PAGE
    ),
    "ModelDeploymentCollection": fields(deployments="list[ModelDeploymentSummary]!", **NEXT_PAGE),
    "ModelDeploymentSummary": fields(
        deployment_id="str!",
        name="str!",
        description="str",
        model_name="str!",
        created_by="str!",
        created_time="str!",
        activated_time="int",
        activated_by="str",
        serving_uri="str",
        updated_time="str!",
        updated_by="str!",
    )
    | {"status": Field("str", required=True, allowed=_STATES)},
    "ModelDeploymentTag": fields(key="str!", value="str"),
    "ModelDeploymentTagKey": fields(key="str!"),
    "RollBackModelDeploymentDetails": fields(
        deployment_id="str!", message="str", deployment_targets="list[DeploymentTarget]!"
    ),
    "RollForwardModelDeploymentDetails": fields(
        deployment_id="str!", message="str", deployment_targets="list[DeploymentTarget]!"
    ),
    "SearchDeploymentLogsDetails": fields(
        timeStart="datetime!",
        timeEnd="datetime!",
        levels="list[str]",
        opcRequestId="str",
        replicaId="str",
        limit="int",
        pageToken="str",
    )
    | {
        "sortBy": Field("str", required=False, allowed=("TIMESTAMP",)),
        "sortOrder": Field("str", required=False, allowed=("DESC",)),
    },
    "SearchModelDeploymentsDetails": fields(
        model_name="str!", max_results="int", order_by="list[str]", **_PAGE
    )
    | {"status": Field("str", required=False, allowed=_STATES)},
    "UpdateModelDeploymentDetails": fields(
        deployment_id="str!",
        name="str!",
        description="str",
        workspaceKey="str!",
        computeKey="str!",
        deployment_targets="list[DeploymentTarget]",
        authDetails="DeploymentOAuthDetails",
    )
    | {"authType": Field("str", required=False, allowed=_SIGN_IN)},
    "UpdateModelDeploymentTagsDetails": fields(
        deployment_id="str!",
        set_tags="list[ModelDeploymentTag]",
        delete_tags="list[ModelDeploymentTagKey]",
    ),
    "UpdateModelDeploymentTagsResponseDetails": {},
}
"""The fields of every body, answer and entity of model deployments."""

_PATH = "/mlops/api/2.0/model-deployments"
_MONITORING = f"{_PATH}/{{deploymentId}}/monitoring"


def _change(
    name: str,
    path: str,
    body: str,
    response: str | None = None,
    *,
    effect: Effect = "change",
    has_retry_token: bool = False,
) -> Operation:
    return Operation(
        name,
        "POST",
        path,
        effect,
        body=body,
        response=response,
        has_retry_token=has_retry_token,
    )


OPERATIONS: tuple[Operation, ...] = (
    _change(
        "create_model_deployment",
        f"{_PATH}/create",
        "CreateModelDeploymentDetails",
        "ModelDeployment",
        effect="create",
        has_retry_token=True,
    ),
    _change("activate_model_deployment", f"{_PATH}/activate", "ActivateModelDeploymentDetails"),
    _change(
        "deactivate_model_deployment", f"{_PATH}/deactivate", "DeactivateModelDeploymentDetails"
    ),
    _change(
        "roll_forward_model_deployment",
        f"{_PATH}/roll-forward",
        "RollForwardModelDeploymentDetails",
    ),
    _change("roll_back_model_deployment", f"{_PATH}/roll-back", "RollBackModelDeploymentDetails"),
    _change(
        "update_model_deployment",
        f"{_PATH}/update",
        "UpdateModelDeploymentDetails",
        "ModelDeployment",
    ),
    _change(
        "update_model_deployment_tags",
        f"{_PATH}/update-tags",
        "UpdateModelDeploymentTagsDetails",
        "UpdateModelDeploymentTagsResponseDetails",
        has_retry_token=True,
    ),
    _change(
        "delete_model_deployment",
        f"{_PATH}/delete",
        "DeleteModelDeploymentDetails",
        effect="delete",
    ),
    read("get_model_deployment", f"{_PATH}/get", "ModelDeployment", fields(deployment_id="str!")),
    search(
        "search_model_deployments",
        f"{_PATH}/search",
        "SearchModelDeploymentsDetails",
        "ModelDeploymentCollection",
    ),
    read(
        "get_model_deployment_contract",
        f"{_PATH}/contract",
        "GetModelDeploymentContractResponse",
        fields(deployment_id="str!", model_version="int"),
    ),
    search(
        "list_model_deployment_activities",
        f"{_PATH}/activities/search",
        "ListModelDeploymentActivitiesDetails",
        "ModelDeploymentActivitySummaryCollection",
    ),
    read(
        "get_model_deployment_activity",
        f"{_PATH}/activities/get",
        "DeploymentActivity",
        fields(activity_id="str!"),
    ),
    search(
        "search_deployment_logs",
        f"{_MONITORING}/logs/search",
        "SearchDeploymentLogsDetails",
        "DeploymentLogCollection",
    ),
    read("get_deployment_log", f"{_MONITORING}/logs/{{logId}}", "DeploymentLogDetail", {}),
    search(
        "search_model_deployment_inferences",
        f"{_MONITORING}/inferences/search",
        "InferenceInvocationSearchDetails",
        "InferenceInvocationSearchResult",
    ),
    read(
        "get_model_deployment_inference_summary",
        f"{_MONITORING}/inferences/summary",
        "InferenceInvocationSummaryResponse",
        fields(timeStart="datetime", timeEnd="datetime"),
    ),
    read(
        "get_model_deployment_inference_details",
        f"{_MONITORING}/inferences/{{requestId}}",
        "InferenceInvocationDetails",
        {},
    ),
    _change(
        "export_model_deployment_inferences",
        f"{_MONITORING}/inferences/actions/export",
        "ExportInferenceInvocationsDetails",
    ),
)
"""Every operation of model deployments. Of two rows that match a path, the first one counts."""
