"""Each operation's request beside that of Oracle's SDK, and what is sent at most once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone

import oci
import pytest
from aidp_python_client.aidataplatform_dp import models as m
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.deployment_routes import DEPLOYMENTS
from mlflow_oci_aidp.deployments.calls import DeploymentCalls
from mlflow_oci_aidp.deployments.entities import Target
from mlflow_oci_aidp.session import session_for
from tests.emulator.conftest import asynchronous_client, sdk_client

from .conftest import NAME

ID = "0" * 32
TIMES = {
    "timeStart": "2026-01-01T00:00:00+00:00",
    "timeEnd": "2026-01-02T00:00:00+00:00",
}
MOMENTS = {
    "time_start": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "time_end": datetime(2026, 1, 2, tzinfo=timezone.utc),
}
TARGETS = [m.DeploymentTarget(model_version="2", traffic_percentage=100)]

#: By the route: what this package calls, the SDK's method, and its arguments after the instance.
BOTH = {
    "CreateModelDeployment": (
        lambda calls: calls.create(
            name="d",
            model_name=NAME,
            deployment_targets=[Target("2", 100).to_platform()],
            workspaceKey="w",
            computeKey="c",
            authType="AIDP",
            tags=[{"key": "a", "value": "b"}],
        ),
        "create_model_deployment",
        [
            m.CreateModelDeploymentDetails(
                name="d",
                model_name=NAME,
                deployment_targets=TARGETS,
                workspace_key="w",
                compute_key="c",
                auth_type="AIDP",
                tags=[m.ModelDeploymentTag(key="a", value="b")],
            )
        ],
    ),
    "ActivateModelDeployment": (
        lambda calls: calls.activate(ID, "why"),
        "activate_model_deployment",
        [m.ActivateModelDeploymentDetails(deployment_id=ID, message="why")],
    ),
    "DeactivateModelDeployment": (
        lambda calls: calls.deactivate(ID),
        "deactivate_model_deployment",
        [m.DeactivateModelDeploymentDetails(deployment_id=ID)],
    ),
    "RollForwardModelDeployment": (
        lambda calls: calls.roll(ID, Target("2", 100), None, is_forward=True),
        "roll_forward_model_deployment",
        [m.RollForwardModelDeploymentDetails(deployment_id=ID, deployment_targets=TARGETS)],
    ),
    "RollBackModelDeployment": (
        lambda calls: calls.roll(ID, Target("2", 100), "down", is_forward=False),
        "roll_back_model_deployment",
        [
            m.RollBackModelDeploymentDetails(
                deployment_id=ID, deployment_targets=TARGETS, message="down"
            )
        ],
    ),
    "UpdateModelDeployment": (
        lambda calls: calls.update(ID, name="d", workspaceKey="w", computeKey="c", description="x"),
        "update_model_deployment",
        [
            m.UpdateModelDeploymentDetails(
                deployment_id=ID, name="d", workspace_key="w", compute_key="c", description="x"
            )
        ],
    ),
    "UpdateModelDeploymentTags": (
        lambda calls: calls.update_tags(ID, {"a": "b", "c": None}),
        "update_model_deployment_tags",
        [
            m.UpdateModelDeploymentTagsDetails(
                deployment_id=ID,
                set_tags=[m.ModelDeploymentTag(key="a", value="b")],
                delete_tags=[m.ModelDeploymentTagKey(key="c")],
            )
        ],
    ),
    "DeleteModelDeployment": (
        lambda calls: calls.delete(ID),
        "delete_model_deployment",
        [m.DeleteModelDeploymentDetails(deployment_id=ID)],
    ),
    "GetModelDeployment": (lambda calls: calls.get(ID), "get_model_deployment", [ID]),
    "SearchModelDeployments": (
        lambda calls: list(calls.search(NAME)),
        "search_model_deployments",
        [m.SearchModelDeploymentsDetails(model_name=NAME, max_results=1000)],
    ),
    "GetModelDeploymentContract": (
        lambda calls: calls.contract(ID, "2"),
        "get_model_deployment_contract",
        [ID, {"model_version": 2}],
    ),
    "ListModelDeploymentActivities": (
        lambda calls: list(calls.activities(ID, "FAILURE")),
        "list_model_deployment_activities",
        [
            m.ListModelDeploymentActivitiesDetails(
                deployment_id=ID,
                status="FAILURE",
                max_results=1000,
                order_by=["start_time DESC"],
            )
        ],
    ),
    "GetModelDeploymentActivity": (
        lambda calls: calls.activity("a"),
        "get_model_deployment_activity",
        ["a"],
    ),
    "SearchDeploymentLogs": (
        lambda calls: list(calls.logs(ID, **TIMES)),
        "search_deployment_logs",
        [ID, m.SearchDeploymentLogsDetails(**MOMENTS)],
    ),
    "GetDeploymentLog": (lambda calls: calls.log(ID, "l"), "get_deployment_log", [ID, "l"]),
    "SearchModelDeploymentInferences": (
        lambda calls: list(calls.inferences(ID, **TIMES)),
        "search_model_deployment_inferences",
        [ID, m.InferenceInvocationSearchDetails(**MOMENTS)],
    ),
    "GetModelDeploymentInferenceSummary": (
        lambda calls: calls.inference_summary(ID),
        "get_model_deployment_inference_summary",
        [ID],
    ),
    "GetModelDeploymentInferenceDetails": (
        lambda calls: calls.inference(ID, "a/b/c"),
        "get_model_deployment_inference_details",
        [ID, "a/b/c", {"enable_strict_url_encoding": True}],
    ),
    "ExportModelDeploymentInferences": (
        lambda calls: calls.export_inferences(ID, volume_location="/Volumes/a/b/c/d"),
        "export_model_deployment_inferences",
        [ID, m.ExportInferenceInvocationsDetails(volume_location="/Volumes/a/b/c/d")],
    ),
    "GetAsyncOperation": (lambda calls: calls.operation("k"), "get_async_operation", ["k"]),
    "SearchDeployedModels": (
        lambda calls: list(calls.deployed_models()),
        "list_registered_models",
        [{"is_deployment_summary_enabled": True, "max_results": 1000}],
    ),
}


def test_every_route_is_compared():
    assert BOTH.keys() == DEPLOYMENTS.keys()


@pytest.mark.parametrize("route", BOTH)
def test_the_request_is_that_of_the_sdk(outside, route):
    ours, name, arguments = BOTH[route]
    extra = arguments[-1] if isinstance(arguments[-1], dict) else {}
    positional = arguments[:-1] if extra else arguments
    both = []
    for ask in (
        lambda: ours(DeploymentCalls(session_for(outside.uri).client)),
        lambda: getattr(
            (asynchronous_client if name == "get_async_operation" else sdk_client)(outside), name
        )(outside.ai_data_platform_id, *positional, **extra),
    ):
        outside.exchanges.clear()
        # A refusal is an answer, too.
        with suppress(MlflowException, oci.exceptions.ServiceError):
            ask()
        both.append(outside.exchanges[0])
    mine, sdks = both
    assert (mine.verb, mine.path, mine.query) == (sdks.verb, sdks.path, sdks.query)
    assert _moments(mine.body) == _moments(sdks.body)
    has_token = "opc-retry-token" in mine.headers
    assert has_token == (name in {"create_model_deployment", "update_model_deployment_tags"})


def _moments(body):
    """A body with its times as moments: the SDK and this package write them differently."""
    return {
        key: datetime.fromisoformat(value.replace("Z", "+00:00")) if "time" in key else value
        for key, value in (body or {}).items()
    }
