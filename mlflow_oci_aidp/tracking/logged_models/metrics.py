"""Metrics that name a logged model: the latest value of each is stored with that model, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlflow.entities import Metric

from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.tracking.entities import RecordedId
from mlflow_oci_aidp.tracking.logged_models.tags import tags_of_metrics, time_of

#: How many metrics a process remembers.
_REMEMBERED = 10_000


class LatestMetrics:
    """The latest values of logged models' metrics that this process has logged.

    Values that other processes log are not looked up: that would be one more request for each
    metric.
    """

    def __init__(self) -> None:
        self._times: dict[tuple[Any, ...], tuple[int, int]] = {}

    def is_latest(self, metric: Metric) -> bool:
        """Return whether a metric is not older than the value that was noted."""
        return time_of(metric) >= self._times.get(_names(metric), time_of(metric))

    def note(self, metrics: Iterable[Metric]) -> None:
        """Note metrics that are stored now."""
        for metric in metrics:
            if len(self._times) > _REMEMBERED:
                self._times.clear()
            if self.is_latest(metric):
                self._times[_names(metric)] = time_of(metric)


def tags_by_run(run_id: str, metrics: Iterable[Metric]) -> dict[str, dict[str, str]]:
    """Return the tags that store metrics with the logged models that they name.

    Args:
        run_id: The run that the metrics are logged to.
        metrics: The metrics. Those of logged models that are not stored on runs are left out.

    Returns:
        The tags by the id of the run that stores the logged model.
    """
    by_model: dict[ModelId, list[Metric]] = {}
    for metric in metrics:
        model_id = ModelId.parse(metric.model_id)
        if model_id is not None:
            by_model.setdefault(model_id, []).append(metric)
    tags: dict[str, dict[str, str]] = {}
    for model_id, group in by_model.items():
        of_model = tags_of_metrics(model_id.suffix, group, run_id)
        tags.setdefault(model_id.run_id, {}).update(of_model)
    return tags


def is_recorded(metric: Metric, run_id: str) -> bool:
    """Return whether a metric was read from this run, and is logged again to name a model."""
    read_from = metric.run_id
    return (
        bool(metric.model_id)
        and isinstance(read_from, RecordedId)
        and read_from == run_id
        and read_from.names(metric)
    )


def _names(metric: Metric) -> tuple[Any, ...]:
    return metric.model_id, metric.key, metric.dataset_name, metric.dataset_digest
