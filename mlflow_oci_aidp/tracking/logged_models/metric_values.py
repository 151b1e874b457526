"""The values of a logged model's metric on a dataset, as one tag of a run stores them.

A tag holds the values of one metric on one dataset: all of them up to a bound, and always the
smallest, the largest and the latest, so that a search compares as MLflow does. Its JSON has the
latest value where 0.1.0 had the only one:

==================  ==============================================================================
``key``             the name of the metric
``value``           the latest value, with its ``timestamp``, ``step`` and ``run_id``
``dataset_name``    the dataset, with its ``dataset_digest``; both are missing without one
``others``          the other values, each ``[value, timestamp, step]``, and the number of its run
                    in ``runs`` if that is another one than ``run_id``
``runs``            the other runs
==================  ==============================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from mlflow.entities import Metric

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.tracking.entities import float_of, json_of_float

#: The most values of a metric on a dataset that are kept.
MOST_VALUES = 50

#: The longest tag, in characters. [MLflow: 5,000 is what every store takes]
_LONGEST = 5000


def names(metric: Metric) -> tuple[str, str | None, str | None]:
    """Return what all values of one tag have in common: the metric and the dataset."""
    return metric.key, metric.dataset_name or None, metric.dataset_digest or None


def occasion(metric: Metric) -> tuple[int, int, str]:
    """Return when and by which run a value was logged; a logged model has one value for each."""
    return int(metric.timestamp or 0), int(metric.step or 0), str(metric.run_id or "")


def latest(metrics: Iterable[Metric], *, by_step: bool) -> Metric | None:
    """Return the latest of a metric's values, or None if there are none.

    Args:
        metrics: Values of one metric.
        by_step: Whether the step decides, then the timestamp, then the larger value, as in MLflow
            from 3.18 on; else the timestamp decides, then the step, then the lower id of the run.
            [MLflow's SQL store]
    """
    if by_step:
        return max(metrics, key=lambda each: (each.step, each.timestamp, each.value), default=None)
    by_run = sorted(metrics, key=lambda each: str(each.run_id or ""))
    return max(by_run, key=lambda each: (each.timestamp, each.step), default=None)


def kept(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the values that are kept.

    The latest ones go first, then the smallest and the largest, then the youngest others. The very
    first one is what 0.1.0 would have kept.

    Args:
        metrics: Values of one metric on one dataset, one at least.
    """
    numbers = [metric for metric in metrics if metric.value == metric.value]  # NaN is none.
    extremes = [
        choose(numbers, key=lambda metric: metric.value) for choose in (min, max) if numbers
    ]
    newest = [latest(metrics, by_step=by_step) for by_step in (True, False)]
    youngest_first = reversed(in_order(metrics))
    chosen = {id(each): each for each in (*newest, *extremes, *youngest_first) if each}
    return list(chosen.values())[:MOST_VALUES]


def dump(metrics: Sequence[Metric]) -> str:
    """Return the value of the tag that stores the values of a metric on a dataset.

    Args:
        metrics: What :py:func:`kept` returned. The last ones are left out if there is no room for
            all.
    """
    while True:
        fields = _json_of(metrics)
        json_fields.dump_argument(fields, "A metric of a logged model")  # It may be no text.
        text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        if len(text) <= _LONGEST or len(metrics) <= 4:
            return text
        metrics = metrics[: len(metrics) * 9 // 10]


def load(text: str, model_id: str, run_id: str) -> list[Metric]:
    """Read the values of a metric on a dataset from the tag that stores them.

    Args:
        text: The value of the tag.
        model_id: The id of the logged model.
        run_id: The run that stores the model: it logged what does not name another one.
    """
    fields = json_fields.load(text)
    own_run = json_fields.optional_text(fields, "run_id") or run_id
    runs = json_fields.entries(fields, "runs")
    first = [fields["value"], fields.get("timestamp") or 0, fields.get("step") or 0]
    return [
        Metric(
            key=json_fields.text(fields, "key"),
            value=float_of(value),
            timestamp=json_fields.integer_of(timestamp),
            step=json_fields.integer_of(step),
            model_id=model_id,
            dataset_name=json_fields.optional_text(fields, "dataset_name"),
            dataset_digest=json_fields.optional_text(fields, "dataset_digest"),
            run_id=str(runs[number[0]]) if number else own_run,
        )
        for value, timestamp, step, *number in [first, *json_fields.entries(fields, "others")]
    ]


def in_order(metrics: Iterable[Metric]) -> list[Metric]:
    """Return metrics in the order in which they were logged, as far as it is known."""
    return sorted(metrics, key=occasion)


def _json_of(metrics: Sequence[Metric]) -> dict[str, Any]:
    newest, *others = metrics
    key, dataset_name, dataset_digest = names(newest)
    runs = sorted({occasion(metric)[2] for metric in others} - {occasion(newest)[2]})
    fields: dict[str, Any] = {
        "key": key,
        "value": json_of_float(newest.value),
        "timestamp": occasion(newest)[0],
        "step": occasion(newest)[1],
        "dataset_name": dataset_name,
        "dataset_digest": dataset_digest,
        "run_id": occasion(newest)[2],
        "others": [_json_of_other(metric, runs) for metric in others],
        "runs": runs,
    }
    return {name: value for name, value in fields.items() if value not in (None, [])}


def _json_of_other(metric: Metric, runs: Sequence[str]) -> list[Any]:
    timestamp, step, run_id = occasion(metric)
    entry: list[Any] = [json_of_float(metric.value), timestamp, step]
    return [*entry, runs.index(run_id)] if run_id in runs else entry
