"""The search for logged models, on this side: the platform documents none in what runs keep.

MLflow's own parsers of filters and orders. As in MLflow's SQL store, a condition on a metric holds if any value of that
metric fulfils it, and what has no value comes last. MLflow's search in memory looks
at one value alone, and fails where an attribute is missing. [MLflow 3.1 to 3.17, SearchLoggedModelsUtils]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlflow.entities import LoggedModel, Metric
from mlflow.utils.search_utils import SearchLoggedModelsUtils

from mlflow_oci_aidp.errors import invalid_parameter

#: What MLflow's filters and orders call attributes of a logged model that have another name.
_ATTRIBUTES: Mapping[str, str] = {
    "creation_time": "creation_timestamp",
    "last_updated_time": "last_updated_timestamp",
}
#: What decides where an order leaves it open. [MLflow]
_TIES = ({"field_name": "creation_timestamp", "ascending": False}, {"field_name": "model_id"})


def matching(
    models: Sequence[LoggedModel], filter_string: str | None, datasets: Sequence[Mapping[str, Any]] | None
) -> list[LoggedModel]:
    """The logged models that fulfil all conditions.

    Args:
        models: Those to look through.
        filter_string: MLflow's conditions, joined by ``AND``.
        datasets: ``dataset_name`` and, if wanted, ``dataset_digest`` of the datasets that conditions on metrics are
            about; without such a condition, a model has to have some metric on one of them.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for conditions that cannot be read.
    """
    wanted = [_names(dataset) for dataset in datasets or ()]
    conditions = [_Condition(parsed, wanted) for parsed in _parsed(filter_string)]
    if wanted and not any(condition.is_on_metric for condition in conditions):
        models = [model for model in models if any(_is_on(metric, wanted) for metric in model.metrics or ())]
    return [model for model in models if all(condition.holds(model) for condition in conditions)]


def ordered(models: Sequence[LoggedModel], order_by: Sequence[Mapping[str, Any]] | None) -> list[LoggedModel]:
    """Logged models in an order; those that lack what it is about come last.

    Args:
        models: The logged models.
        order_by: MLflow's clauses: ``field_name``, and ``ascending``, ``dataset_name`` and ``dataset_digest``.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a clause that cannot be read.
    """
    found = list(models)
    # The last clause first: sorting keeps what is equal in the order in which it was.
    for given in reversed([*(order_by or ()), *_TIES]):
        clause = SearchLoggedModelsUtils.parse_order_by_for_logged_models(given)
        value = _value_by(clause)
        present = sorted(
            (model for model in found if value(model) is not None), key=value, reverse=not clause.ascending
        )
        found = present + [model for model in found if value(model) is None]
    return found


def _value_by(clause: Any) -> Callable[[LoggedModel], Any]:
    """What a clause orders by: the newest value of a metric, or an attribute; None where there is none."""
    _, dot, key = clause.field_name.partition(".")
    if not dot:
        return lambda model: getattr(model, _ATTRIBUTES.get(clause.field_name, clause.field_name), None)
    named = [(clause.dataset_name, clause.dataset_digest)]

    def newest(model: LoggedModel) -> float | None:
        found = [metric for metric in model.metrics or () if metric.key == key and _is_on(metric, named)]
        value = max(found, key=lambda metric: (metric.timestamp, metric.step)).value if found else None
        return None if value is None or value != value else value  # NaN is before and after nothing

    return newest


class _Condition:
    """One condition of a filter."""

    def __init__(self, parsed: Mapping[str, Any], datasets: Sequence[tuple[Any, Any]]) -> None:
        kind, comparator = parsed["type"], parsed["comparator"].upper()
        self._key = parsed["key"]
        self._compare = _comparison(comparator)
        self._wanted = parsed["value"]
        self._datasets = datasets
        self.is_on_metric = SearchLoggedModelsUtils.is_metric(kind, comparator)
        self._values = self._attribute
        if self.is_on_metric:
            self._values, self._wanted = self._metrics, float(self._wanted)
        elif SearchLoggedModelsUtils.is_param(kind, comparator):
            self._values = lambda model: [(model.params or {}).get(self._key)]
        elif SearchLoggedModelsUtils.is_tag(kind, comparator):
            self._values = lambda model: [(model.tags or {}).get(self._key)]
        elif SearchLoggedModelsUtils.is_numeric_attribute(kind, self._key, comparator):
            self._wanted = float(self._wanted)

    def holds(self, model: LoggedModel) -> bool:
        return any(value is not None and self._compare(value, self._wanted) for value in self._values(model))

    def _metrics(self, model: LoggedModel) -> list[float]:
        return [
            metric.value
            for metric in model.metrics or ()
            if metric.key == self._key and (not self._datasets or _is_on(metric, self._datasets))
        ]

    def _attribute(self, model: LoggedModel) -> list[Any]:
        return [getattr(model, _ATTRIBUTES.get(self._key, self._key), None)]


def _parsed(filter_string: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = SearchLoggedModelsUtils.parse_search_filter(filter_string)
    return found


def _comparison(comparator: str) -> Callable[[Any, Any], bool]:
    try:
        found: Callable[[Any, Any], bool] = SearchLoggedModelsUtils.get_comparison_func(comparator)
        return found
    except KeyError:  # One that MLflow's parser takes for other entities.
        pass
    raise invalid_parameter(
        f"Logged models are not searched by {comparator}.", "Use =, !=, <, <=, >, >=, LIKE, ILIKE or IN."
    )


def _names(dataset: Mapping[str, Any]) -> tuple[Any, Any]:
    if not isinstance(dataset, Mapping) or not dataset.get("dataset_name"):
        raise invalid_parameter(
            "A dataset of the search has no name.", "Pass dataset_name, and dataset_digest if wanted, for each."
        )
    return dataset["dataset_name"], dataset.get("dataset_digest")


def _is_on(metric: Metric, datasets: Sequence[tuple[Any, Any]]) -> bool:
    """Whether a metric belongs to one of some datasets; a name or a digest that is not given fits all."""
    return any(
        (not name or metric.dataset_name == name) and (not digest or metric.dataset_digest == digest)
        for name, digest in datasets
    )
