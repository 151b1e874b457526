"""The histories of metrics, in batches, each point once."""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Metric, Run

from mlflow_oci_aidp.migration.ids import Ids

Point = tuple[str, int, int, str]
Links = dict[Point, list[Metric]]


def links(models: Iterable[LoggedModel], run_id: str) -> Links:
    """Return the values that a run logged for logged models, by their points."""
    found: Links = defaultdict(list)
    for model in models:
        for metric in model.metrics or ():
            if (metric.run_id or model.source_run_id) == run_id:
                found[point(metric)].append(metric)
    return found


def point(metric: Metric) -> Point:
    """Return what tells a point of a metric from others: key, time, step, value.

    Of infinity MLflow's servers keep the largest number.
    """
    value = metric.value
    if math.isinf(value):
        value = math.copysign(sys.float_info.max, value)
    return metric.key, metric.timestamp, metric.step, repr(float(value))


def missing(
    source: MlflowClient,
    run: Run,
    target: MlflowClient,
    copy: Run | None,
    of_models: Links,
    ids: Ids,
) -> Iterator[Metric]:
    """Yield the points of a run that its copy does not have. One history at a time is in memory.

    Args:
        source: The client of the source.
        run: The run.
        target: The client of the target.
        copy: The copy, if it was begun before; None if it is new.
        of_models: The values that belong to logged models.
        ids: Old and new ids.
    """
    begun = copy.data.metrics if copy else {}
    for key in run.data.metrics:
        there: Counter[Point] = Counter()
        if copy is not None and key in begun:
            history = target.get_metric_history(copy.info.run_id, key)
            there.update(point(metric) for metric in history)
        for metric in source.get_metric_history(run.info.run_id, key):
            what = point(metric)
            if there[what]:
                there[what] -= 1
                continue
            linked = of_models.get(what)
            if not linked:
                yield Metric(metric.key, metric.value, metric.timestamp, metric.step)
            for value in linked or ():
                yield Metric(
                    metric.key,
                    metric.value,
                    metric.timestamp,
                    metric.step,
                    model_id=ids.get("logged_model", value.model_id or ""),
                    dataset_name=value.dataset_name,
                    dataset_digest=value.dataset_digest,
                )
