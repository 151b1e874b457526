"""Translation between the platform's JSON and MLflow's entities of experiments and runs.

Unknown fields are ignored: the API is a preview, and the platform will add fields to it. A field of
another type than the documented one raises one of Python's errors, which the client turns into an
exception (:py:mod:`mlflow_oci_aidp.client.json_fields`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
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
    ViewType,
)

from mlflow_oci_aidp.artifacts.locations import to_mlflow
from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.tracking import tags as run_tags

Json = dict[str, Any]

#: The fields of a dataset that MLflow requires. The others are its schema and its profile.
_DATASET_NAMES = ("name", "digest", "source_type", "source")

_VIEW_TYPES = (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)

#: Names for the numbers that JSON lacks: those of protobuf's JSON mapping, which MLflow's own
#: clients and servers use. Whether AI Data Platform accepts them is not known.
_NOT_FINITE: Mapping[str, float] = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class RecordedId(str):
    """The id of a run, on a metric that was read from that run.

    MLflow logs such metrics again, to connect them with a logged model. The platform has no field
    for that and would record them twice. The store recognises them by this class.

    Args:
        run_id: The run's id.
        recorded: Key, value, timestamp and step of the metric.
    """

    __slots__ = ("_recorded",)
    _recorded: tuple[Any, ...]

    def __new__(cls, run_id: str, recorded: tuple[Any, ...] = ()) -> RecordedId:
        """Make the id, with the metric that it belongs to."""
        recorded_id = super().__new__(cls, run_id)
        recorded_id._recorded = recorded
        return recorded_id

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self._recorded

    def names(self, metric: Metric) -> bool:
        """Return whether this very metric was read: a caller may put the id on another one."""
        named = metric.key, metric.value, metric.timestamp, metric.step
        return len(self._recorded) == len(named) and _identity(*self._recorded) == _identity(*named)


def _identity(key: str, value: float, timestamp: int, step: int) -> tuple[Any, ...]:
    # By its text, so that NaN is the same as itself.
    return key, repr(float(value)), timestamp, step


def experiment(json: Json) -> Experiment:
    """Make an experiment from the contract's ``Experiment``."""
    return Experiment(
        experiment_id=json_fields.identifier(json, "experiment_id"),
        name=json_fields.text(json, "name"),
        artifact_location=_location(json, "artifact_location"),
        lifecycle_stage=_lifecycle_stage(json),
        tags=[ExperimentTag(key, value) for key, value in tags(json).items()],
        creation_time=json_fields.optional_integer(json, "creation_time"),
        last_update_time=json_fields.optional_integer(json, "last_update_time"),
    )


def run_info(json: Json) -> RunInfo:
    """Make a run's info from the contract's ``ExperimentRunInfo``."""
    return RunInfo(
        run_id=json_fields.optional_text(json, "run_id") or json_fields.text(json, "run_uuid"),
        experiment_id=json_fields.identifier(json, "experiment_id"),
        user_id=json_fields.optional_text(json, "user_id") or "",
        status=_status(json),
        start_time=json_fields.optional_integer(json, "start_time") or 0,
        end_time=json_fields.optional_integer(json, "end_time"),
        lifecycle_stage=_lifecycle_stage(json),
        artifact_uri=_location(json, "artifact_uri"),
        run_name=json_fields.optional_text(json, "run_name") or "",
    )


def run(json: Json) -> Run:
    """Make a run from the contract's ``ExperimentRun``.

    The logged models in its reserved tags become its inputs and outputs, as in MLflow.
    """
    info = run_info(json["info"])
    data = json_fields.fields(json, "data")
    inputs = json_fields.fields(json, "inputs")
    outputs = json_fields.fields(json, "outputs")
    tags_of_run = tags(data)
    user_tags = run_tags.of_user(tags_of_run)
    model_inputs, model_outputs = run_tags.inputs(tags_of_run), run_tags.outputs(tags_of_run)
    return Run(
        run_info=info,
        run_data=RunData(
            metrics=[metric(item, info.run_id) for item in json_fields.entries(data, "metrics")],
            params=[Param(*param) for param in json_fields.pairs(data, "params").items()],
            tags=[RunTag(key, value) for key, value in user_tags.items()],
        ),
        run_inputs=RunInputs(
            dataset_inputs=[
                _dataset_input(item) for item in json_fields.entries(inputs, "dataset_inputs")
            ],
            model_inputs=[
                LoggedModelInput(json_fields.text(item, "model_id"))
                for item in json_fields.entries(inputs, "model_inputs")
            ]
            + model_inputs,
        ),
        run_outputs=RunOutputs(
            model_outputs=[
                LoggedModelOutput(
                    json_fields.text(item, "model_id"),
                    json_fields.optional_integer(item, "step") or 0,
                )
                for item in json_fields.entries(outputs, "model_outputs")
            ]
            + model_outputs
        ),
    )


def run_of(body: Json) -> Run:
    """Make the run of an answer that holds one."""
    return run(body["run"])


def info_and_tags(json: Json) -> tuple[RunInfo, dict[str, str]]:
    """Make a run's info and all its tags, reserved ones too, from an ``ExperimentRun``."""
    return run_info(json["info"]), tags(json_fields.fields(json, "data"))


def metric(json: Json, run_id: str) -> Metric:
    """Make a metric of a run from the contract's ``ExperimentRunMetric``."""
    values = (
        json_fields.text(json, "key"),
        float_of(json["value"]),
        json_fields.optional_integer(json, "timestamp") or 0,
        json_fields.optional_integer(json, "step") or 0,
    )
    return Metric(*values, run_id=RecordedId(run_id, values))


def file_info(json: Json) -> FileInfo:
    """Make a file or a folder from the contract's ``ArtifactFileInfo``."""
    return FileInfo(
        json_fields.text(json, "path"),
        json_fields.boolean(json, "is_dir"),
        json_fields.optional_integer(json, "file_size"),
    )


def logged_model(json: Json) -> LoggedModel:
    """Make a logged model from the JSON of the platform, or of MLflow's own server.

    A text that is missing is ``""``, as MLflow's REST client gives it.
    """
    info, data = json["info"], json_fields.fields(json, "data")
    created = json_fields.optional_integer(info, "creation_timestamp_ms") or 0
    updated = json_fields.optional_integer(info, "last_updated_timestamp_ms")
    return LoggedModel(
        experiment_id=json_fields.identifier(info, "experiment_id"),
        model_id=json_fields.text(info, "model_id"),
        name=json_fields.optional_text(info, "name") or "",
        artifact_location=_location(info, "artifact_uri"),
        creation_timestamp=created,
        last_updated_timestamp=created if updated is None else updated,
        model_type=json_fields.optional_text(info, "model_type") or "",
        source_run_id=json_fields.optional_text(info, "source_run_id") or "",
        status=_logged_model_status(info),
        status_message=json_fields.optional_text(info, "status_message") or "",
        tags=tags(info),
        params=json_fields.pairs(data, "params"),
        metrics=[
            metric(item, json_fields.optional_text(item, "run_id") or "")
            for item in json_fields.entries(data, "metrics")
        ],
    )


def tags(json: Json) -> dict[str, str]:
    """Return the tags of an experiment, a run or a logged model."""
    return json_fields.pairs(json, "tags")


def json_of_metric(metric: Metric) -> Json:
    """Return a metric with the fields of the contract.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a value that is no number, and for a metric
            without a time or a step.
    """
    if metric.timestamp is None or metric.step is None:
        raise invalid_parameter(
            f"The metric {metric.key!r} has no {'step' if metric.step is None else 'timestamp'}.",
            "Pass milliseconds since 1970, and the step, which is 0 if there are no steps.",
        )
    return {
        "key": metric.key,
        "value": json_of_float(metric.value),
        "timestamp": metric.timestamp,
        "step": metric.step,
    }


def json_of_dataset_input(dataset_input: DatasetInput) -> Json:
    """Return a dataset that a run took in, with the fields of the contract."""
    names = (*_DATASET_NAMES, "schema", "profile")
    values = {name: getattr(dataset_input.dataset, name) for name in names}
    json: Json = {"dataset": {name: value for name, value in values.items() if value is not None}}
    if dataset_input.tags:
        json["tags"] = [{"key": tag.key, "value": tag.value} for tag in dataset_input.tags]
    return json


def json_of_tags(tags: Iterable[Any] | None) -> list[Json] | None:
    """Return tags or parameters with the fields of the contract, or None if there are none."""
    return [{"key": tag.key, "value": str(tag.value)} for tag in tags or ()] or None


def json_of_id(value: object) -> str:
    """Return the id of an experiment as requests carry it; MLflow's callers pass numbers, too.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for None and an empty text.
    """
    if value is None or not str(value):
        raise invalid_parameter(
            f"{value!r} is not the id of an experiment.", "Pass the id that MLflow gave it."
        )
    return str(value)


def json_of_view_type(view_type: int) -> str:
    """Return one of MLflow's ``ViewType`` as the platform names it.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for any other number.
    """
    if view_type not in _VIEW_TYPES:
        raise invalid_parameter(
            f"{view_type!r} is no view type.", "Pass one of mlflow.entities.ViewType."
        )
    return str(ViewType.to_string(view_type)).upper()


def json_of_float(value: Any) -> float | str:
    """Return a number for JSON, or protobuf's name of a number that JSON lacks.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a value that is no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise invalid_parameter(
            f"The value of a metric is {value!r}, which is no number.", "Log a number."
        )
    if math.isfinite(number):
        return number
    return next(name for name, other in _NOT_FINITE.items() if repr(other) == repr(number))


def float_of(value: Any) -> float:
    """Return a number as MLflow's servers return it: of infinity they keep the largest number.

    [MLflow: ``SqlAlchemyStore.sanitize_metric_value``]
    """
    if type(value) is float and math.isfinite(value):
        return value
    number = json_fields.number_of(_NOT_FINITE.get(value, value))
    return math.copysign(sys.float_info.max, number) if math.isinf(number) else number


def _dataset_input(json: Json) -> DatasetInput:
    dataset = json["dataset"]
    return DatasetInput(
        dataset=Dataset(
            **{name: json_fields.optional_text(dataset, name) or "" for name in _DATASET_NAMES},
            schema=json_fields.optional_text(dataset, "schema"),
            profile=json_fields.optional_text(dataset, "profile"),
        ),
        tags=[InputTag(key, value) for key, value in tags(json).items()],
    )


def _location(json: Json, name: str) -> str:
    location = json_fields.optional_text(json, name) or ""
    return to_mlflow(location) if location.startswith("/") else location


def _status(json: Json) -> str:
    """Return the status of a run; a status that MLflow does not know counts as running."""
    status = json_fields.optional_text(json, "status")
    return status if status in _RUN_STATUSES else "RUNNING"


_RUN_STATUSES = frozenset(RunStatus.to_string(status) for status in RunStatus.all_status())


def _logged_model_status(json: Json) -> LoggedModelStatus:
    name = (json_fields.optional_text(json, "status") or "").removeprefix("LOGGED_MODEL_")
    return (
        LoggedModelStatus(name)
        if name in LoggedModelStatus.__members__
        else LoggedModelStatus.UNSPECIFIED
    )


def _lifecycle_stage(json: Json) -> str:
    stage = json_fields.optional_text(json, "lifecycle_stage") or LifecycleStage.ACTIVE
    return stage if LifecycleStage.is_valid(stage) else LifecycleStage.ACTIVE
