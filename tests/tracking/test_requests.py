"""Each request of the store is the one that Oracle's SDK makes for the same operation."""

from __future__ import annotations

import oci
import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    ExperimentTag,
    InputTag,
    LoggedModelInput,
    Metric,
    Param,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES, NATIVE
from tests.support.wire import of_sdk, sent

models = pytest.importorskip("aidp_python_client.aidataplatform_dp.models")

EXPERIMENT, RUN = "7", "0123456789abcdef0123456789abcdef"
FLAVORLESS = Model(
    artifact_path="model", run_id=RUN, utc_time_created="2026-01-01 00:00:00.000000", model_uuid="m"
)
DATASET = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}", "schema": "{}"}

# The store's method and its arguments beside the SDK's, for the same operation.
PAIRS = {
    "create_experiment": (
        ("new", "oci://bucket@namespace/new", [ExperimentTag("team", "ml")]),
        "create_experiment",
        lambda: models.CreateExperimentDetails(
            name="new",
            artifact_location="oci://bucket@namespace/new",
            tags=[models.ExperimentTag(key="team", value="ml")],
        ),
    ),
    "get_experiment": ((EXPERIMENT,), "get_experiment_by_id", lambda: EXPERIMENT),
    "get_experiment_by_name": (("a name",), "get_experiment_by_name", lambda: "a name"),
    "search_experiments": (
        (ViewType.ALL, 7, "name LIKE 'x%' AND tags.team = 'ml'", ["name ASC"], "token"),
        "list_experiments",
        lambda: models.ListExperimentsDetails(
            view_type="ALL",
            max_results=7,
            filter="name LIKE 'x%' AND tags.team = 'ml'",
            order_by=["name ASC"],
            page_token="token",
        ),
    ),
    "rename_experiment": (
        (EXPERIMENT, "better"),
        "update_experiment",
        lambda: models.UpdateExperimentDetails(experiment_id=EXPERIMENT, new_name="better"),
    ),
    "delete_experiment": (
        (EXPERIMENT,),
        "delete_experiment",
        lambda: models.DeleteExperimentDetails(experiment_id=EXPERIMENT),
    ),
    "restore_experiment": (
        (EXPERIMENT,),
        "restore_experiment",
        lambda: models.RestoreExperimentDetails(experiment_id=EXPERIMENT),
    ),
    "set_experiment_tag": (
        (EXPERIMENT, ExperimentTag("team", "ml")),
        "set_experiment_tag",
        lambda: models.SetExperimentTagDetails(experiment_id=EXPERIMENT, key="team", value="ml"),
    ),
    "delete_experiment_tag": (
        (EXPERIMENT, "team"),
        "delete_experiment_tag",
        lambda: models.DeleteExperimentTagDetails(experiment_id=EXPERIMENT, key="team"),
    ),
    "create_run": (
        (EXPERIMENT, "somebody", 1_700_000_000_000, [RunTag("team", "ml")], "first"),
        "create_experiment_run",
        lambda: models.CreateExperimentRunDetails(
            experiment_id=EXPERIMENT,
            start_time=1_700_000_000_000,
            tags=[models.ExperimentRunTag(key="team", value="ml")],
            run_name="first",
        ),
    ),
    "get_run": ((RUN,), "get_experiment_run_by_id", lambda: RUN),
    "update_run_info": (
        (RUN, RunStatus.FINISHED, 1_700_000_000_001, "better"),
        "update_experiment_run",
        lambda: models.UpdateExperimentRunDetails(
            run_id=RUN, status="FINISHED", end_time=1_700_000_000_001, run_name="better"
        ),
    ),
    "delete_run": (
        (RUN,),
        "delete_experiment_run",
        lambda: models.DeleteExperimentRunDetails(run_id=RUN),
    ),
    "restore_run": (
        (RUN,),
        "restore_experiment_run",
        lambda: models.RestoreExperimentRunDetails(run_id=RUN),
    ),
    "search_runs": (
        (
            [EXPERIMENT, "8"],
            "metrics.loss < 1",
            ViewType.DELETED_ONLY,
            7,
            ["metrics.loss DESC"],
            "token",
        ),
        "list_experiment_runs",
        lambda: models.ListExperimentRunsDetails(
            experiment_ids=[EXPERIMENT, "8"],
            filter="metrics.loss < 1",
            run_view_type="DELETED_ONLY",
            max_results=7,
            order_by=["metrics.loss DESC"],
            page_token="token",
        ),
    ),
    "set_tag": (
        (RUN, RunTag("team", "ml")),
        "set_experiment_run_tag",
        lambda: models.SetExperimentRunTagDetails(run_id=RUN, key="team", value="ml"),
    ),
    "delete_tag": (
        (RUN, "team"),
        "delete_experiment_run_tag",
        lambda: models.DeleteExperimentRunTagDetails(run_id=RUN, key="team"),
    ),
    "log_param": (
        (RUN, Param("depth", 3)),
        "log_experiment_run_param",
        lambda: models.LogExperimentRunParamDetails(run_id=RUN, key="depth", value="3"),
    ),
    "log_metric": (
        (RUN, Metric("loss", 0.5, 1_700_000_000_002, 4, run_id=RUN)),
        "log_experiment_run_metric",
        lambda: models.LogExperimentRunMetricDetails(
            run_id=RUN, key="loss", value=0.5, timestamp=1_700_000_000_002, step=4
        ),
    ),
    "log_batch": (
        (
            RUN,
            [Metric("loss", 0.5, 1_700_000_000_002, 4)],
            [Param("depth", "3")],
            [RunTag("team", "ml")],
        ),
        "log_experiment_run_batch",
        lambda: models.LogExperimentRunBatchDetails(
            run_id=RUN,
            metrics=[
                models.ExperimentRunMetric(
                    key="loss", value=0.5, timestamp=1_700_000_000_002, step=4
                )
            ],
            params=[models.ExperimentRunParam(key="depth", value="3")],
            tags=[models.ExperimentRunTag(key="team", value="ml")],
        ),
    ),
    "log_inputs": (
        (RUN, [DatasetInput(Dataset(**DATASET), [InputTag("context", "train")])], []),
        "log_experiment_run_inputs",
        lambda: models.LogExperimentRunInputsDetails(
            run_id=RUN,
            dataset_inputs=[
                models.DatasetInput(
                    dataset=models.Dataset(**DATASET),
                    tags=[models.InputTag(key="context", value="train")],
                )
            ],
        ),
    ),
    "record_logged_model": (
        (RUN, FLAVORLESS),
        "log_experiment_run_model",
        lambda: models.LogExperimentRunModelDetails(
            run_id=RUN,
            model_json='{"run_id": "0123456789abcdef0123456789abcdef", "artifact_path": "model", '
            '"utc_time_created": "2026-01-01 00:00:00.000000", "model_uuid": "m", "flavors": {}}',
        ),
    ),
    "get_metric_history": (
        (RUN, "loss", 5, "token"),
        "get_experiment_run_metric_history",
        lambda: ((RUN, "loss"), {"max_results": 5, "page_token": "token"}),
    ),
    "list_artifacts": (
        (RUN, "model/data"),
        "list_artifacts",
        lambda: ((RUN,), {"path": "model/data"}),
    ),
}

#: What the store does with calls that are another method's in MLflow.
MORE = {
    "search_logged_models": (
        lambda store: store.get_logged_model("m-1"),
        "list_logged_models",
        lambda: models.ListLoggedModelsDetails(filter="model_id = 'm-1'", max_results=1),
    ),
    "log_outputs": (
        lambda store: store.log_inputs(RUN, models=[LoggedModelInput("m-1")]),
        "update_experiment_run_tags",
        lambda: models.UpdateExperimentRunTagsDetails(
            run_id=RUN,
            set_tags=[models.ExperimentRunTag(key="mlflow_oci_aidp.model_input.m-1", value="true")],
        ),
    ),
    "_hard_delete_run": (
        lambda store: store._hard_delete_run(RUN),
        "delete_experiment_run",
        lambda: models.DeleteExperimentRunDetails(run_id=RUN, is_permanent=True),
    ),
    "_hard_delete_experiment": (
        lambda store: store._hard_delete_experiment(EXPERIMENT),
        "delete_experiment",
        lambda: models.DeleteExperimentDetails(experiment_id=EXPERIMENT, is_permanent=True),
    ),
}


def of_store(aidp, call):
    """The store's request; nothing of what it is about is there."""
    return sent(aidp, call, MlflowException)


def of_client(aidp, sdk, method, asked):
    """The SDK's."""
    scope = (aidp.ai_data_platform_id, aidp.workspace_key)
    return sent(aidp, lambda: of_sdk(sdk, method, scope, asked), oci.exceptions.ServiceError)


def test_every_native_operation_is_compared():
    assert set(PAIRS) == {
        operation.method for operation in CAPABILITIES if operation.kind == NATIVE
    }


@pytest.mark.parametrize("method", PAIRS)
def test_the_request_is_the_sdks(aidp, store, sdk, method):
    arguments, sdk_method, sdk_argument = PAIRS[method]
    ours = of_store(aidp, lambda: getattr(store, method)(*arguments))
    assert ours == of_client(aidp, sdk, sdk_method, sdk_argument())


@pytest.mark.parametrize("method", MORE)
def test_a_request_beside_mlflows_is_the_sdks(aidp, store, sdk, method):
    call, sdk_method, sdk_argument = MORE[method]
    ours = of_store(aidp, lambda: call(store))
    assert ours == of_client(aidp, sdk, sdk_method, sdk_argument())


def test_a_version_of_a_run_is_made_as_the_sdk_makes_it(aidp, store, sdk):
    run = store.create_run("0", "", 0, [], "first").info.run_id
    registry = AidpRegistryStore(aidp.tracking_uri)
    registry.create_registered_model("main.default.iris")
    registry.create_model_version("main.default.iris", f"runs:/{run}/model", run_id=run)
    ours = aidp.exchanges[-1]  # the run itself was looked up before
    details = models.CreateModelVersionDetails(
        name="main.default.iris", source=f"runs:/{run}/model", run_id=run
    )
    theirs = of_client(aidp, sdk, "create_workspace_model_version", details)
    assert (ours.verb, ours.path, ours.query, ours.body) == theirs
