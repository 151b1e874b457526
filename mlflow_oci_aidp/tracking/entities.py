"""The platform's JSON as MLflow's entities of experiments and runs, and the other way round.

Fields that are not known here are left out: the API is a preview, and fields will be added to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    FileInfo,
    InputTag,
    LifecycleStage,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    RunTag,
)

from mlflow_oci_aidp.artifacts.locations import to_mlflow
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.tracking import tags as run_tags

Json = dict[str, Any]

_DATASET_FIELDS = ("name", "digest", "source_type", "source", "schema", "profile")

#: What protobuf's JSON mapping, which MLflow's own clients and servers speak, calls the numbers that JSON lacks.
#: Whether AI Data Platform takes them is not known.
_NOT_FINITE: Mapping[str, float] = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class RecordedId(str):
    """The id of a run, on a metric that was read from that run.

    MLflow logs such metrics again, to connect them with a logged model. The platform has no field for that, and
    would record them twice: this is how the store knows them.

    Args:
        run_id: The run's id.
        recorded: Key, value, timestamp and step of the metric.
    """

    __slots__ = ("_recorded",)
    _recorded: tuple[Any, ...]

    def __new__(cls, run_id: str, recorded: tuple[Any, ...] = ()) -> RecordedId:
        """The id, with what it belongs to."""
        made = super().__new__(cls, run_id)
        made._recorded = recorded
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self._recorded

    def names(self, metric: Metric) -> bool:
        """Whether it is this very metric that was read: another one may have been given the same id."""
        return self._recorded == _identity(metric.key, metric.value, metric.timestamp, metric.step)


def _identity(key: str, value: float, timestamp: int, step: int) -> tuple[Any, ...]:
    # By its text, so that NaN is the same as itself.
    return key, repr(float(value)), timestamp, step


def experiment(json: Json) -> Experiment:
    """An experiment of the contract's ``Experiment``."""
    return Experiment(
        experiment_id=_text(json, "experiment_id"),
        name=_text(json, "name"),
        artifact_location=to_mlflow(json.get("artifact_location") or ""),
        lifecycle_stage=_lifecycle_stage(json),
        tags=[ExperimentTag(key, value) for key, value in tags(json).items()],
        creation_time=_number(json, "creation_time"),
        last_update_time=_number(json, "last_update_time"),
    )


def run_info(json: Json) -> RunInfo:
    """What the contract's ``ExperimentRunInfo`` says about a run."""
    return RunInfo(
        run_id=json.get("run_id") or _text(json, "run_uuid"),
        experiment_id=_text(json, "experiment_id"),
        user_id=json.get("user_id") or "",
        status=_status(json),
        start_time=_number(json, "start_time") or 0,
        end_time=_number(json, "end_time"),
        lifecycle_stage=_lifecycle_stage(json),
        artifact_uri=to_mlflow(json.get("artifact_uri") or ""),
        run_name=json.get("run_name") or "",
    )


def run(json: Json) -> Run:
    """A run of the contract's ``ExperimentRun``; what its reserved tags keep is where MLflow has it."""
    info = run_info(json["info"])
    data = json.get("data") or {}
    inputs = json.get("inputs") or {}
    outputs = json.get("outputs") or {}
    found = tags(data)
    return Run(
        run_info=info,
        run_data=RunData(
            metrics=[metric(item, info.run_id) for item in data.get("metrics") or ()],
            params=[Param(item["key"], item.get("value") or "") for item in data.get("params") or ()],
            tags=[RunTag(key, value) for key, value in run_tags.of_user(found).items()],
        ),
        run_inputs=RunInputs(
            dataset_inputs=[_dataset_input(item) for item in inputs.get("dataset_inputs") or ()],
            model_inputs=[LoggedModelInput(item["model_id"]) for item in inputs.get("model_inputs") or ()]
            + run_tags.inputs(found),
        ),
        run_outputs=RunOutputs(
            model_outputs=[
                LoggedModelOutput(item["model_id"], int(item.get("step") or 0))
                for item in outputs.get("model_outputs") or ()
            ]
            + run_tags.outputs(found)
        ),
    )


def info_and_tags(json: Json) -> tuple[RunInfo, dict[str, str]]:
    """Of an answer with a run: what it says about the run, and all its tags, the reserved ones too."""
    found = json["run"]
    return run_info(found["info"]), tags(found.get("data") or {})


def metric(json: Json, run_id: str) -> Metric:
    """A metric of the contract's ``ExperimentRunMetric``."""
    found = (
        _text(json, "key"),
        float_of(json["value"]),
        _number(json, "timestamp") or 0,
        _number(json, "step") or 0,
    )
    return Metric(*found, run_id=RecordedId(run_id, _identity(*found)))


def file_info(json: Json) -> FileInfo:
    """A file or a folder of the contract's ``ArtifactFileInfo``."""
    return FileInfo(_text(json, "path"), bool(json.get("is_dir")), _number(json, "file_size"))


def logged_model(json: Json) -> LoggedModel:
    """A logged model that the platform itself, or MLflow's own server, describes."""
    info, data = json["info"], json.get("data") or {}
    created = _number(info, "creation_timestamp_ms") or 0
    updated = _number(info, "last_updated_timestamp_ms")
    return LoggedModel(
        experiment_id=_text(info, "experiment_id"),
        model_id=_text(info, "model_id"),
        name=info.get("name") or "",
        artifact_location=to_mlflow(info.get("artifact_uri") or ""),
        creation_timestamp=created,
        last_updated_timestamp=created if updated is None else updated,
        model_type=info.get("model_type"),
        source_run_id=info.get("source_run_id"),
        status=_logged_model_status(info),
        tags=tags(info),
        params={item["key"]: item.get("value") or "" for item in data.get("params") or ()},
        metrics=[metric(item, item.get("run_id") or "") for item in data.get("metrics") or ()],
    )


def tags(json: Json) -> dict[str, str]:
    """The tags of an experiment, a run or a logged model."""
    return {item["key"]: item.get("value") or "" for item in json.get("tags") or ()}


def json_of_metric(found: Metric) -> Json:
    """A metric with the fields that the contract has."""
    return {
        "key": found.key,
        "value": json_of_float(found.value),
        "timestamp": found.timestamp,
        "step": found.step or 0,
    }


def json_of_dataset_input(found: DatasetInput) -> Json:
    """A dataset that a run took in, with the fields that the contract has."""
    values = {name: getattr(found.dataset, name) for name in _DATASET_FIELDS}
    json: Json = {"dataset": {name: value for name, value in values.items() if value is not None}}
    if found.tags:
        json["tags"] = [{"key": tag.key, "value": tag.value} for tag in found.tags]
    return json


def json_of_float(value: Any) -> float | str:
    """A number for JSON; those that JSON lacks by protobuf's names.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for what is no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise invalid_parameter(f"The value of a metric is {value!r}, which is no number.", "Log a number.")
    if math.isfinite(number):
        return number
    return next(name for name, other in _NOT_FINITE.items() if repr(other) == repr(number))


def float_of(value: Any) -> float:
    """The number that stands in JSON."""
    return _NOT_FINITE[value] if value in _NOT_FINITE else float(value)


def _dataset_input(json: Json) -> DatasetInput:
    found = json["dataset"]
    return DatasetInput(
        dataset=Dataset(**{name: found.get(name) for name in _DATASET_FIELDS}),
        tags=[InputTag(item["key"], item["value"]) for item in json.get("tags") or ()],
    )


def _status(json: Json) -> str:
    """The status of a run; one that MLflow does not know is one that goes on."""
    found = json.get("status") or "RUNNING"
    return found if found in _RUN_STATUSES else "RUNNING"


_RUN_STATUSES = frozenset(RunStatus.to_string(status) for status in RunStatus.all_status())


def _logged_model_status(json: Json) -> LoggedModelStatus:
    name = str(json.get("status") or "").removeprefix("LOGGED_MODEL_")
    return LoggedModelStatus(name) if name in LoggedModelStatus.__members__ else LoggedModelStatus.UNSPECIFIED


def _lifecycle_stage(json: Json) -> str:
    found = json.get("lifecycle_stage") or LifecycleStage.ACTIVE
    return found if LifecycleStage.is_valid(found) else LifecycleStage.ACTIVE


def _text(json: Json, name: str) -> str:
    found = json[name]
    if isinstance(found, str):
        return found
    raise TypeError(name)


def _number(json: Json, name: str) -> int | None:
    found = json.get(name)
    return None if found is None else int(found)
