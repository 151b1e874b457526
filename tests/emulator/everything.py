"""Each operation once, by Oracle's SDK, in an order in which each succeeds."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone

from aidp_python_client.aidataplatform_dp import models as m

NAME = "main.default.model"

MODEL_JSON = json.dumps(
    {
        "run_id": "r",
        "artifact_path": "model",
        "utc_time_created": "2026-01-01 00:00:00",
        "flavors": {"python_function": {"loader_module": "x", "config": {"a": 1}}},
        "signature": {},
    }
)

DATASET = m.DatasetInput(
    dataset=m.Dataset(
        name="iris", digest="d1", source_type="local", source="{}", schema="{}", profile="{}"
    ),
    tags=[m.InputTag(key="mlflow.data.context", value="training")],
)


def do_everything_in_the_registry(sdk, platform):
    key = {"name": NAME, "version": "1"}
    sdk.create_registered_model(platform, m.CreateRegisteredModelDetails(name=NAME))
    sdk.get_registered_model(platform, NAME)
    sdk.list_registered_models(
        platform, filter="name LIKE 'model'", is_deployment_summary_enabled=True
    )
    sdk.get_registered_model_summary(platform, "main", "default")
    sdk.update_registered_model(
        platform, m.UpdateRegisteredModelDetails(name=NAME, description="d")
    )
    sdk.set_registered_model_tag(
        platform, m.SetRegisteredModelTagDetails(name=NAME, key="a", value="b")
    )
    sdk.delete_registered_model_tag(platform, m.DeleteRegisteredModelTagDetails(name=NAME, key="a"))
    sdk.update_registered_model_tags(platform, m.UpdateRegisteredModelTagsDetails(name=NAME))
    sdk.create_model_version(
        platform, m.CreateModelVersionDetails(name=NAME, source="runs:/abc/model")
    )
    sdk.get_model_version(platform, NAME, "1")
    sdk.list_model_versions(platform, max_results=1)
    sdk.update_model_version(platform, m.UpdateModelVersionDetails(**key, description="d"))
    sdk.set_model_version_tag(platform, m.SetModelVersionTagDetails(**key, key="a", value="b"))
    sdk.delete_model_version_tag(platform, m.DeleteModelVersionTagDetails(**key, key="a"))
    sdk.update_model_version_tags(platform, m.UpdateModelVersionTagsDetails(**key))
    sdk.transition_model_version_stage(
        platform,
        m.TransitionModelVersionStageDetails(
            **key, stage="Staging", archive_existing_versions=False
        ),
    )
    sdk.delete_model_version(platform, m.DeleteModelVersionDetails(**key))
    sdk.manage_registered_model_permission(
        platform,
        NAME,
        m.ManageRegisteredModelPermissionDetails(
            assign_registered_model_permission_details=m.AssignRegisteredModelPermissionDetails(
                assignees=m.PermissionAssignees(type="ROLE", targets=["analysts"]),
                permissions=["READ"],
            )
        ),
    )
    sdk.list_registered_model_permissions(platform, NAME, limit=1, sort_by="timeCreated")
    sdk.rename_registered_model(
        platform, m.RenameRegisteredModelDetails(name=NAME, new_name="a.b.c")
    )
    sdk.delete_registered_model(platform, m.DeleteRegisteredModelDetails(name="a.b.c"))


def do_everything_in_the_workspace(sdk, platform, workspace):
    """Looks up what it made, as a creation may be answered with or without a body."""
    at = (platform, workspace)
    sdk.create_experiment(
        *at, m.CreateExperimentDetails(name="e", tags=[m.ExperimentTag(key="a", value="b")])
    )
    of = {"experiment_id": sdk.get_experiment_by_name(*at, "e").data.experiment.experiment_id}
    sdk.create_experiment_run(*at, m.CreateExperimentRunDetails(**of, run_name="r", start_time=1))
    asked = m.ListExperimentRunsDetails(
        experiment_ids=[of["experiment_id"]], order_by=["attributes.start_time DESC"]
    )
    run = {"run_id": sdk.list_experiment_runs(*at, asked).data.runs[0].info.run_id}
    metric = {"key": "loss", "value": 0.5, "timestamp": 1}
    sdk.log_experiment_run_param(*at, m.LogExperimentRunParamDetails(**run, key="depth", value="3"))
    sdk.log_experiment_run_metric(*at, m.LogExperimentRunMetricDetails(**run, **metric, step=1))
    sdk.log_experiment_run_batch(
        *at,
        m.LogExperimentRunBatchDetails(
            **run,
            metrics=[m.ExperimentRunMetric(**metric, step=2)],
            params=[m.ExperimentRunParam(key="width", value="4")],
            tags=[m.ExperimentRunTag(key="batch", value="yes")],
        ),
    )
    sdk.log_experiment_run_inputs(
        *at, m.LogExperimentRunInputsDetails(**run, dataset_inputs=[DATASET])
    )
    sdk.log_experiment_run_model(*at, m.LogExperimentRunModelDetails(**run, model_json=MODEL_JSON))
    sdk.set_experiment_run_tag(*at, m.SetExperimentRunTagDetails(**run, key="a", value="b"))
    sdk.delete_experiment_run_tag(*at, m.DeleteExperimentRunTagDetails(**run, key="a"))
    sdk.update_experiment_run_tags(
        *at,
        m.UpdateExperimentRunTagsDetails(
            **run,
            set_tags=[m.ExperimentRunTag(key="new", value="1")],
            delete_tags=[m.ExperimentRunTagKey(key="batch")],
        ),
    )
    sdk.get_experiment_run_by_id(*at, run["run_id"])
    sdk.get_experiment_run_metric_history(*at, run["run_id"], "loss")
    sdk.list_artifacts(*at, run["run_id"])
    sdk.update_experiment_run(
        *at, m.UpdateExperimentRunDetails(**run, status="FINISHED", end_time=2)
    )
    sdk.delete_experiment_run(*at, m.DeleteExperimentRunDetails(**run))
    sdk.restore_experiment_run(*at, m.RestoreExperimentRunDetails(**run))
    sdk.set_experiment_tag(*at, m.SetExperimentTagDetails(**of, key="c", value="d"))
    sdk.delete_experiment_tag(*at, m.DeleteExperimentTagDetails(**of, key="c"))
    sdk.update_experiment_tags(
        *at, m.UpdateExperimentTagsDetails(**of, delete_tags=[m.ExperimentTagKey(key="a")])
    )
    sdk.update_experiment(*at, m.UpdateExperimentDetails(**of, new_name="f"))
    sdk.get_experiment_by_id(*at, of["experiment_id"])
    sdk.list_experiments(*at, m.ListExperimentsDetails(filter="name = 'f'"))
    sdk.delete_experiment(*at, m.DeleteExperimentDetails(**of))
    sdk.restore_experiment(*at, m.RestoreExperimentDetails(**of))
    sdk.list_logged_models(*at, m.ListLoggedModelsDetails())
    sdk.create_registered_model(
        platform, m.CreateRegisteredModelDetails(name="main.default.of_a_run")
    )
    sdk.create_workspace_model_version(
        *at, m.CreateModelVersionDetails(name="main.default.of_a_run", source="runs:/abc/model")
    )


PREDICTION = {
    "status": "SUCCESS",
    "modelVersion": "1",
    "latencyMs": 3,
    "caller": "ocid1.user.oc1..ada",
    "request": {"inputs": [1]},
    "response": {"predictions": [2]},
}


def do_everything_with_deployments(aidp, sdk, asynchronous):
    """The version's source lies outside the emulator, so that no model is loaded."""
    platform = aidp.ai_data_platform_id
    sdk.create_registered_model(platform, m.CreateRegisteredModelDetails(name=NAME))
    sdk.create_model_version(
        platform, m.CreateModelVersionDetails(name=NAME, source="s3://elsewhere/model")
    )
    sdk.create_model_version(
        platform, m.CreateModelVersionDetails(name=NAME, source="s3://elsewhere/model")
    )

    def target(version):
        return [m.DeploymentTarget(model_version=version, traffic_percentage=100)]

    content = {"name": "d", "workspace_key": "w", "compute_key": "c", "auth_type": "AIDP"}
    sdk.create_model_deployment(
        platform,
        m.CreateModelDeploymentDetails(
            **content, model_name=NAME, deployment_targets=target("1"), tags=[]
        ),
    )
    asked = m.SearchModelDeploymentsDetails(model_name=NAME, order_by=["created_time DESC"])
    found = sdk.search_model_deployments(platform, asked).data.deployments
    key = found[0].deployment_id
    sdk.get_model_deployment(platform, key)
    sdk.update_model_deployment(
        platform, m.UpdateModelDeploymentDetails(deployment_id=key, **content, description="x")
    )
    sdk.update_model_deployment_tags(
        platform,
        m.UpdateModelDeploymentTagsDetails(
            deployment_id=key,
            set_tags=[m.ModelDeploymentTag(key="a", value="b")],
            delete_tags=[m.ModelDeploymentTagKey(key="c")],
        ),
    )
    sdk.get_model_deployment_contract(platform, key, model_version=1)
    sdk.roll_forward_model_deployment(
        platform,
        m.RollForwardModelDeploymentDetails(
            deployment_id=key, deployment_targets=target("2"), message="up"
        ),
    )
    wait_for(sdk, platform, key, "INACTIVE")
    sdk.roll_back_model_deployment(
        platform,
        m.RollBackModelDeploymentDetails(deployment_id=key, deployment_targets=target("1")),
    )
    wait_for(sdk, platform, key, "INACTIVE")
    activated = sdk.activate_model_deployment(
        platform, m.ActivateModelDeploymentDetails(deployment_id=key)
    )
    asynchronous.get_async_operation(platform, activated.headers["aidp-async-operation-key"])
    wait_for(sdk, platform, key, "INACTIVE")
    aidp.deployments.seed_deployment(key, status="ACTIVE")
    sdk.deactivate_model_deployment(platform, m.DeactivateModelDeploymentDetails(deployment_id=key))
    wait_for(sdk, platform, key, "INACTIVE")
    activities = sdk.list_model_deployment_activities(
        platform,
        m.ListModelDeploymentActivitiesDetails(deployment_id=key, order_by=["start_time DESC"]),
    ).data.activities
    sdk.get_model_deployment_activity(platform, activities[0].activity_id)
    now = datetime.now(timezone.utc)
    hour = {"time_start": now - timedelta(hours=1), "time_end": now + timedelta(hours=1)}
    logs = sdk.search_deployment_logs(platform, key, m.SearchDeploymentLogsDetails(**hour))
    sdk.get_deployment_log(platform, key, logs.data.logs.items[0].log_id)
    aidp.deployments.note_inference(key, "/x", PREDICTION)
    inferences = sdk.search_model_deployment_inferences(
        platform, key, m.InferenceInvocationSearchDetails(status="SUCCESS")
    )
    request_id = inferences.data.items[0].request_id
    sdk.get_model_deployment_inference_details(
        platform, key, request_id, enable_strict_url_encoding=True
    )
    sdk.get_model_deployment_inference_summary(platform, key)
    sdk.export_model_deployment_inferences(
        platform,
        key,
        m.ExportInferenceInvocationsDetails(volume_location="/Volumes/main/default/artifacts/a"),
    )
    sdk.delete_model_deployment(platform, m.DeleteModelDeploymentDetails(deployment_id=key))


def wait_for(sdk, platform, key, status):
    """Wait until a deployment has a status."""
    for _ in range(500):
        if sdk.get_model_deployment(platform, key).data.status == status:
            return
        time.sleep(0.01)
    raise AssertionError(status)
