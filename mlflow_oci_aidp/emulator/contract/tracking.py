"""The contract of a workspace's tracking: rows of operations and of models."""

from __future__ import annotations

from .terms import MLFLOW, NEXT_PAGE, Effect, Field, Operation, enum, fields, read, search, write

_RUN_STATUS = enum("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", "INTERNAL_ERROR")
_VIEW = enum("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
_WHERE_TO_GO_ON = {"page_token": "str"}
_PAGE = {"max_results": "int", "filter": "str", **_WHERE_TO_GO_ON}

MODELS: dict[str, dict[str, Field]] = {
    # entities
    "Experiment": fields(
        experiment_id="str!",
        name="str!",
        artifact_location="str",
        lifecycle_stage="str",
        creation_time="int",
        last_update_time="int",
        tags="list[ExperimentTag]",
    ),
    "ExperimentTag": fields(key="str!", value="str"),
    "ExperimentTagKey": fields(key="str!"),
    "ExperimentRun": fields(
        info="ExperimentRunInfo",
        data="ExperimentRunData",
        inputs="ExperimentRunInputs",
        outputs="ExperimentRunOutputs",
    ),
    "ExperimentRunInfo": fields(
        run_id="str",
        run_uuid="str",
        run_name="str",
        experiment_id="str",
        user_id="str",
        start_time="int",
        end_time="int",
        artifact_uri="str",
        lifecycle_stage="str",
    )
    | {"status": _RUN_STATUS},
    "ExperimentRunData": fields(
        metrics="list[ExperimentRunMetric]",
        params="list[ExperimentRunParam]",
        tags="list[ExperimentRunTag]",
    ),
    "ExperimentRunMetric": fields(key="str", value="float", timestamp="int", step="int"),
    "ExperimentRunParam": fields(key="str", value="str"),
    "ExperimentRunTag": fields(key="str", value="str"),
    "ExperimentRunTagKey": fields(key="str!"),
    "ExperimentRunInputs": fields(
        dataset_inputs="list[DatasetInput]", model_inputs="list[ModelInput]"
    ),
    "DatasetInput": fields(dataset="Dataset!", tags="list[InputTag]"),
    "Dataset": fields(
        name="str!", digest="str!", source_type="str!", source="str!", schema="str", profile="str"
    ),
    "InputTag": fields(key="str!", value="str!"),
    "ModelInput": fields(model_id="str!"),
    "ExperimentRunOutputs": fields(model_outputs="list[ModelOutput]"),
    "ModelOutput": fields(model_id="str!", step="int"),
    "ArtifactFileInfo": fields(path="str", is_dir="bool", file_size="int"),
    "LoggedModel": fields(info="LoggedModelInfo", data="object"),
    "LoggedModelInfo": fields(
        model_id="str",
        experiment_id="str",
        name="str",
        creation_timestamp_ms="int",
        last_updated_timestamp_ms="int",
        artifact_uri="str",
        status="str",
        model_type="str",
        source_run_id="str",
        tags="list[LoggedModelTag]",
    ),
    "LoggedModelTag": fields(key="str!", value="str!"),
    "LoggedModelOrder": fields(field_name="str!", ascending="bool"),
    # experiments: requests and answers
    "CreateExperimentDetails": fields(
        name="str!", artifact_location="str", tags="list[ExperimentTag]"
    ),
    "CreateExperimentResponseDetails": fields(experiment_id="str!"),
    "ExperimentResponse": fields(experiment="Experiment!"),
    "ListExperimentsDetails": fields(**_PAGE, order_by="list[str]") | {"view_type": _VIEW},
    "ExperimentCollection": fields(experiments="list[Experiment]!", **NEXT_PAGE),
    "UpdateExperimentDetails": fields(experiment_id="str!", new_name="str"),
    "UpdateExperimentResponseDetails": {},
    "DeleteExperimentDetails": fields(experiment_id="str!", is_permanent="bool"),
    "DeleteExperimentResponseDetails": {},
    "RestoreExperimentDetails": fields(experiment_id="str!"),
    "RestoreExperimentResponseDetails": {},
    "SetExperimentTagDetails": fields(experiment_id="str!", key="str!", value="str!"),
    "SetExperimentTagResponseDetails": {},
    "DeleteExperimentTagDetails": fields(experiment_id="str!", key="str!"),
    "DeleteExperimentTagResponseDetails": {},
    "UpdateExperimentTagsDetails": fields(
        experiment_id="str!", set_tags="list[ExperimentTag]", delete_tags="list[ExperimentTagKey]"
    ),
    "UpdateExperimentTagsResponseDetails": {},
    # runs: requests and answers
    "CreateExperimentRunDetails": fields(
        run_name="str", experiment_id="str", start_time="int", tags="list[ExperimentRunTag]"
    ),
    "CreateExperimentRunResponseDetails": fields(run="ExperimentRun!"),
    "GetExperimentRunResponseDetails": fields(run="ExperimentRun!"),
    "ListExperimentRunsDetails": fields(**_PAGE, experiment_ids="list[str]", order_by="list[str]")
    | {"run_view_type": _VIEW},
    "ExperimentRunCollection": fields(runs="list[ExperimentRun]!", **NEXT_PAGE),
    "UpdateExperimentRunDetails": fields(run_id="str!", end_time="int", run_name="str")
    | {"status": _RUN_STATUS},
    "UpdateExperimentRunResponseDetails": fields(run_info="ExperimentRunInfo!"),
    "DeleteExperimentRunDetails": fields(run_id="str!", is_permanent="bool"),
    "DeleteExperimentRunResponseDetails": {},
    "RestoreExperimentRunDetails": fields(run_id="str!"),
    "RestoreExperimentRunResponseDetails": {},
    "SetExperimentRunTagDetails": fields(run_id="str!", key="str!", value="str!"),
    "SetExperimentRunTagResponseDetails": {},
    "DeleteExperimentRunTagDetails": fields(run_id="str!", key="str!"),
    "DeleteExperimentRunTagResponseDetails": {},
    "UpdateExperimentRunTagsDetails": fields(
        run_id="str!", set_tags="list[ExperimentRunTag]", delete_tags="list[ExperimentRunTagKey]"
    ),
    "UpdateExperimentRunTagsResponseDetails": {},
    # what a run logs
    "LogExperimentRunParamDetails": fields(run_id="str!", key="str!", value="str!"),
    "LogExperimentRunParamResponseDetails": {},
    "LogExperimentRunMetricDetails": fields(
        run_id="str!", key="str!", value="float!", timestamp="int!", step="int"
    ),
    "LogExperimentRunMetricResponseDetails": {},
    "LogExperimentRunBatchDetails": fields(
        run_id="str!",
        metrics="list[ExperimentRunMetric]",
        params="list[ExperimentRunParam]",
        tags="list[ExperimentRunTag]",
    ),
    "LogExperimentRunBatchResponseDetails": {},
    "LogExperimentRunInputsDetails": fields(run_id="str!", dataset_inputs="list[DatasetInput]"),
    "LogExperimentRunInputsResponseDetails": {},
    "LogExperimentRunModelDetails": fields(run_id="str!", model_json="str!"),
    "LogExperimentRunModelResponseDetails": {},
    "ExperimentRunMetricHistoryCollection": fields(
        metrics="list[ExperimentRunMetric]", **NEXT_PAGE
    ),
    "ArtifactList": fields(root_uri="str", files="list[ArtifactFileInfo]", **NEXT_PAGE),
    # logged models: requests and answers
    "ListLoggedModelsDetails": fields(
        **_PAGE, experiment_ids="list[str]", order_by="list[LoggedModelOrder]"
    ),
    "LoggedModelCollection": fields(models="list[LoggedModel]", **NEXT_PAGE),
}


def _read(name: str, path: str, response: str, /, **query: str) -> Operation:
    return read(name, f"{MLFLOW}/{path}", response, fields(**query), scope="workspace")


def _search(name: str, path: str, body: str, response: str) -> Operation:
    return search(name, f"{MLFLOW}/{path}", body, response, scope="workspace")


def _write(name: str, path: str, effect: Effect, stem: str) -> Operation:
    return write(name, f"{MLFLOW}/{path}", effect, stem, scope="workspace")


OPERATIONS: tuple[Operation, ...] = (
    _write("create_experiment", "experiments/create", "create", "CreateExperiment"),
    _read("get_experiment_by_id", "experiments/get", "ExperimentResponse", experiment_id="str!"),
    _read(
        "get_experiment_by_name",
        "experiments/get-by-name",
        "ExperimentResponse",
        experiment_name="str!",
    ),
    _search(
        "list_experiments", "experiments/search", "ListExperimentsDetails", "ExperimentCollection"
    ),
    _write("update_experiment", "experiments/update", "change", "UpdateExperiment"),
    _write("delete_experiment", "experiments/delete", "delete", "DeleteExperiment"),
    _write("restore_experiment", "experiments/restore", "change", "RestoreExperiment"),
    _write("set_experiment_tag", "experiments/set-experiment-tag", "change", "SetExperimentTag"),
    _write(
        "delete_experiment_tag",
        "experiments/delete-experiment-tag",
        "delete",
        "DeleteExperimentTag",
    ),
    _write(
        "update_experiment_tags",
        "internal/experiments/update-experiment-tags",
        "change",
        "UpdateExperimentTags",
    ),
    _write("create_experiment_run", "runs/create", "create", "CreateExperimentRun"),
    _read("get_experiment_run_by_id", "runs/get", "GetExperimentRunResponseDetails", run_id="str!"),
    _search(
        "list_experiment_runs",
        "runs/search",
        "ListExperimentRunsDetails",
        "ExperimentRunCollection",
    ),
    _write("update_experiment_run", "runs/update", "change", "UpdateExperimentRun"),
    _write("delete_experiment_run", "runs/delete", "delete", "DeleteExperimentRun"),
    _write("restore_experiment_run", "runs/restore", "change", "RestoreExperimentRun"),
    _write("set_experiment_run_tag", "runs/set-tag", "change", "SetExperimentRunTag"),
    _write("delete_experiment_run_tag", "runs/delete-tag", "delete", "DeleteExperimentRunTag"),
    _write(
        "update_experiment_run_tags",
        "internal/runs/update-tags",
        "change",
        "UpdateExperimentRunTags",
    ),
    _write("log_experiment_run_param", "runs/log-parameter", "change", "LogExperimentRunParam"),
    _write("log_experiment_run_metric", "runs/log-metric", "change", "LogExperimentRunMetric"),
    _write("log_experiment_run_batch", "runs/log-batch", "change", "LogExperimentRunBatch"),
    _write("log_experiment_run_inputs", "runs/log-inputs", "change", "LogExperimentRunInputs"),
    _write("log_experiment_run_model", "runs/log-model", "change", "LogExperimentRunModel"),
    _read(
        "get_experiment_run_metric_history",
        "metrics/get-history",
        "ExperimentRunMetricHistoryCollection",
        run_id="str!",
        metric_key="str!",
        max_results="int",
        **_WHERE_TO_GO_ON,
    ),
    _read(
        "list_artifacts",
        "artifacts/list",
        "ArtifactList",
        run_id="str!",
        path="str",
        **_WHERE_TO_GO_ON,
    ),
    _search(
        "list_logged_models",
        "logged-models/search",
        "ListLoggedModelsDetails",
        "LoggedModelCollection",
    ),
)
"""Every operation of a workspace, except for making a model version, which is the registry's."""
