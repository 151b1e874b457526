"""Turn MLflow's tracking entities into JSON in the contract's shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlflow.entities import DatasetInput, Experiment, Metric, Run, RunInfo

from .paging import with_values

Json = dict[str, Any]

# SQL knows no infinite numbers: MLflow's store keeps the largest in their place.
_LARGEST = 1.7976931348623157e308


def experiment_json(experiment: Experiment) -> Json:
    """Return an experiment in the contract's shape."""
    return with_values(
        {
            "experiment_id": experiment.experiment_id,
            "name": experiment.name,
            "artifact_location": experiment.artifact_location,
            "lifecycle_stage": experiment.lifecycle_stage,
            "creation_time": experiment.creation_time,
            "last_update_time": experiment.last_update_time,
            "tags": _pairs(experiment.tags),
        }
    )


def run_json(run: Run) -> Json:
    """Return a run in the contract's shape."""
    inputs = run.inputs
    outputs = run.outputs
    return with_values(
        {
            "info": run_info_json(run.info),
            "data": with_values(
                {
                    # Not `metrics`, which is a dict of values alone.
                    "metrics": [metric_json(metric) for metric in run.data._metric_objs],
                    "params": _pairs(run.data.params),
                    "tags": _pairs(run.data.tags),
                }
            ),
            "inputs": with_values(
                {
                    "dataset_inputs": [
                        _dataset_input(dataset_input) for dataset_input in inputs.dataset_inputs
                    ]
                    if inputs
                    else None,
                    "model_inputs": [{"model_id": model.model_id} for model in inputs.model_inputs]
                    if inputs
                    else None,
                }
            ),
            "outputs": with_values(
                {
                    "model_outputs": [
                        {"model_id": model.model_id, "step": model.step}
                        for model in outputs.model_outputs
                    ]
                    if outputs
                    else None
                }
            ),
        }
    )


def run_info_json(info: RunInfo) -> Json:
    """Return a run's info in the contract's shape, without params, metrics and tags."""
    return with_values(
        {
            "run_id": info.run_id,
            "run_uuid": info.run_id,
            "run_name": info.run_name,
            "experiment_id": str(info.experiment_id),
            "user_id": info.user_id,
            "status": info.status,
            "start_time": info.start_time,
            "end_time": info.end_time,
            "artifact_uri": info.artifact_uri,
            "lifecycle_stage": info.lifecycle_stage,
        }
    )


def _pairs(pairs: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in pairs.items()]


def metric_json(metric: Metric) -> Json:
    """Return one value of a metric in the contract's shape."""
    return {
        "key": metric.key,
        "value": _number(metric.value),
        "timestamp": metric.timestamp,
        "step": metric.step,
    }


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if abs(value) >= _LARGEST:
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _dataset_input(dataset_input: DatasetInput) -> Json:
    dataset = dataset_input.dataset
    return with_values(
        {
            "dataset": with_values(
                {
                    name: getattr(dataset, name)
                    for name in ("name", "digest", "source_type", "source", "schema", "profile")
                }
            ),
            "tags": [{"key": tag.key, "value": tag.value} for tag in dataset_input.tags],
        }
    )
