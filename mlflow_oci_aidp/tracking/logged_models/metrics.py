"""Metrics that name a logged model: their values are stored with that model, too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlflow.entities import Metric

from mlflow_oci_aidp.errors import error, invalid_parameter
from mlflow_oci_aidp.identity import chosen_caller
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.tracking.entities import RecordedId, float_of, json_of_float
from mlflow_oci_aidp.tracking.logged_models import metric_values
from mlflow_oci_aidp.tracking.logged_models.tags import tag_of_metric
from mlflow_oci_aidp.workspaces import active_workspace

#: How many logged models a store remembers the metrics of.
_REMEMBERED = 1000

#: Seconds after which the metrics of a logged model are read again, since other programs may have
#: logged some.
_FRESH = 60.0


@dataclass
class _Known:
    """The metrics of a logged model that are stored with it.

    Attributes:
        since: When they were read, in seconds of the clock.
        values: The values of each metric on each dataset, by the occasion of each.
    """

    since: float
    values: dict[Any, dict[Any, Metric]] = field(default_factory=dict)


def _whose() -> tuple[object, str | None]:
    """Return what tells apart the memories: the caller, and MLflow's active workspace."""
    return chosen_caller.get(), active_workspace()


class ModelMetrics:
    """The metrics of logged models that this process logs to.

    A tag holds all values of a metric on a dataset, so that they have to be known when one is
    added. They are read before the first one, and once a minute: that is no request for each
    metric. Values that two programs log for the same metric and dataset within that minute may
    replace each other. Each user principal has a memory of its own.

    Args:
        read: Reads the metrics that are stored with a logged model; returns None if there is no
            such model.
        clock: Returns seconds.
    """

    def __init__(
        self,
        read: Callable[[str], Iterable[Metric] | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[tuple[object, str], _Known] = {}

    def note_new(self, model_id: str) -> None:
        """Note that a logged model was made just now, and has no metrics."""
        self._note(model_id, ())

    def forget(self, model_id: str) -> None:
        """Forget a logged model that was deleted."""
        for known in [known for known in list(self._known) if known[1] == model_id]:
            self._known.pop(known, None)

    @contextmanager
    def adding(self, run_id: str, metrics: Iterable[Metric]) -> Iterator[dict[str, dict[str, str]]]:
        """Add metrics to the logged models that they name, while the block stores the tags.

        If the block raises, what is stored with these models is read anew the next time.

        Args:
            run_id: The run that the metrics are logged to.
            metrics: The metrics. Those of logged models that are not stored on runs are left out.

        Yields:
            The tags to be set, by the id of the run that stores the logged model.

        Raises:
            MlflowException: ``BAD_REQUEST``, after the block, for a logged model that is not there:
                the metrics are logged with the run, as in MLflow.
        """
        added: dict[tuple[str, Any], None] = {}
        unknown: dict[str, None] = {}
        for metric in metrics:
            if not metric.model_id:
                continue
            known = self._known_of(metric.model_id)
            if known is None:
                unknown[metric.model_id] = None
                continue
            value = _value(metric, run_id)
            group = metric_values.names(value)
            known.values.setdefault(group, {})[metric_values.occasion(value)] = value
            added[metric.model_id, group] = None
        try:
            yield self._tags(added)
        except BaseException:
            for model_id, _ in added:
                self._known.pop((_whose(), model_id), None)
            raise
        if unknown:
            raise error(
                "BAD_REQUEST",  # MLflow's own code for it
                f"There is no logged model {next(iter(unknown))!r}; the metrics are logged with "
                f"the run {run_id!r} alone.",
                "Look for the model with search_logged_models.",
            )

    def _tags(self, added: Iterable[tuple[str, Any]]) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = {}
        for model_id, group in added:
            stored = ModelId.parse(model_id)
            known = self._known.get((_whose(), model_id))
            values = list(known.values[group].values()) if known else []
            if stored and known and values:
                kept = metric_values.kept(values)
                known.values[group] = {metric_values.occasion(each): each for each in kept}
                key = tag_of_metric(stored.suffix, group)
                tags.setdefault(stored.run_id, {})[key] = metric_values.dump(kept)
        return tags

    def _known_of(self, model_id: str) -> _Known | None:
        known = self._known.get((_whose(), model_id))
        if known is None or self._clock() - known.since > _FRESH:
            metrics = self._read(model_id)
            known = None if metrics is None else self._note(model_id, metrics)
        return known

    def _note(self, model_id: str, metrics: Iterable[Metric]) -> _Known:
        known = _Known(self._clock())
        for metric in metrics:
            values = known.values.setdefault(metric_values.names(metric), {})
            values[metric_values.occasion(metric)] = metric
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[_whose(), model_id] = known
        return known


def _value(metric: Metric, run_id: str) -> Metric:
    """Return a metric as it is stored with the logged model that it names.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a value, a time or a step that is none.
    """
    try:
        timestamp, step = int(metric.timestamp), int(metric.step)
    except (TypeError, ValueError, OverflowError):
        timestamp = step = -1
    if timestamp < 0:
        raise invalid_parameter(
            f"The metric {metric.key!r} has the time {metric.timestamp!r} and the step "
            f"{metric.step!r}.",
            "Pass milliseconds since 1970, and a whole number.",
        )
    return Metric(
        metric.key,
        float_of(json_of_float(metric.value)),
        timestamp,
        step,
        metric.model_id,
        metric.dataset_name,
        metric.dataset_digest,
        run_id,
    )


def is_recorded(metric: Metric, run_id: str) -> bool:
    """Return whether a metric was read from this run, and is logged again to name a model."""
    read_from = metric.run_id
    return (
        bool(metric.model_id)
        and isinstance(read_from, RecordedId)
        and read_from == run_id
        and read_from.names(metric)
    )
