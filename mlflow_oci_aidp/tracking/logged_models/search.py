"""The search for logged models, in this process: the platform cannot search in what runs store.

It uses MLflow's own parsers of filters and orders. A condition on a metric holds if any value of
that metric fulfils it, and models without a value come last, both as in MLflow's SQL store.
MLflow's own search in memory is not used: it looks at one value alone, and fails if an attribute is
missing. [MLflow 3.1 to 3.17, SearchLoggedModelsUtils]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlflow.entities import LoggedModel, Metric
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchLoggedModelsUtils, SearchUtils

from mlflow_oci_aidp.errors import invalid_parameter

#: Names that MLflow's filters and orders use for attributes of a logged model.
_ATTRIBUTES: Mapping[str, str] = {
    "creation_time": "creation_timestamp",
    "last_updated_time": "last_updated_timestamp",
}
#: The order of models that the caller's clauses leave open. [MLflow]
_TIES = ({"field_name": "creation_timestamp", "ascending": False}, {"field_name": "model_id"})

#: The size of a page if the caller names none. [MLflow]
_PAGE_SIZE = 100


def check_page_size(max_results: object) -> None:
    """Refuse a size of a page that is neither None nor a whole number from 1 on.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    if max_results is not None and (not isinstance(max_results, int) or max_results < 1):
        raise invalid_parameter(f"max_results is {max_results!r}.", "It is a number from 1 on.")


def page_of(
    models: Sequence[LoggedModel], max_results: int | None, page_token: str | None
) -> PagedList[LoggedModel]:
    """Cut one page out of all logged models that were found.

    Args:
        models: The logged models, in their order.
        max_results: The size of the page; 100 if None.
        page_token: The token of the page before.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a token that cannot be read.
    """
    page, token = SearchUtils.paginate(models, page_token or None, max_results or _PAGE_SIZE)
    return PagedList(page, token)


def matching(
    models: Sequence[LoggedModel],
    filter_string: str | None,
    datasets: Sequence[Mapping[str, Any]] | None,
) -> list[LoggedModel]:
    """Return the logged models that fulfil all conditions.

    Args:
        models: The logged models to look through.
        filter_string: MLflow's conditions, joined by ``AND``.
        datasets: The datasets that conditions on metrics are about: ``dataset_name`` and, if
            wanted, ``dataset_digest``. If no condition is on a metric, a model needs some metric
            on one of them.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for conditions that cannot be read.
    """
    names = [_names(dataset) for dataset in datasets or ()]
    conditions = [_Condition(parsed, names) for parsed in _parsed(filter_string)]
    if names and not any(condition.is_on_metric for condition in conditions):
        models = [
            model
            for model in models
            if any(_is_on(metric, names) for metric in model.metrics or ())
        ]
    return [model for model in models if all(condition.holds(model) for condition in conditions)]


def ordered(
    models: Sequence[LoggedModel], order_by: Sequence[Mapping[str, Any]] | None
) -> list[LoggedModel]:
    """Put logged models in an order; models that lack the ordered value come last.

    Args:
        models: The logged models.
        order_by: MLflow's clauses: ``field_name``, and ``ascending``, ``dataset_name`` and
            ``dataset_digest``.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a clause that cannot be read.
    """
    models = list(models)
    # The last clause goes first: sorting keeps the order of models that are equal.
    for fields in reversed([*(order_by or ()), *_TIES]):
        clause = SearchLoggedModelsUtils.parse_order_by_for_logged_models(fields)
        value_of = _value_by(clause)
        with_value = [model for model in models if value_of(model) is not None]
        without_value = [model for model in models if value_of(model) is None]
        with_value.sort(key=value_of, reverse=not clause.ascending)
        models = with_value + without_value
    return models


def _value_by(clause: Any) -> Callable[[LoggedModel], Any]:
    """Return a function that finds the value by which a clause orders a model, or None.

    The value is an attribute, or the latest value of a metric.
    """
    _, dot, key = clause.field_name.partition(".")
    if not dot:
        attribute = _ATTRIBUTES.get(clause.field_name, clause.field_name)
        return lambda model: getattr(model, attribute, None)
    names = [(clause.dataset_name, clause.dataset_digest)]

    def latest_value(model: LoggedModel) -> float | None:
        metrics = [
            metric for metric in model.metrics or () if metric.key == key and _is_on(metric, names)
        ]
        if not metrics:
            return None
        value: float = max(metrics, key=lambda metric: (metric.timestamp, metric.step)).value
        # NaN has no place in an order: with it, sorting would leave the others in disorder.
        return None if value != value else value

    return latest_value


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
        """Return whether any of the model's values fulfils the condition."""
        return any(
            value is not None and self._compare(value, self._wanted)
            for value in self._values(model)
        )

    def _metrics(self, model: LoggedModel) -> list[float]:
        return [
            metric.value
            for metric in model.metrics or ()
            if metric.key == self._key and (not self._datasets or _is_on(metric, self._datasets))
        ]

    def _attribute(self, model: LoggedModel) -> list[Any]:
        return [getattr(model, _ATTRIBUTES.get(self._key, self._key), None)]


def _parsed(filter_string: str | None) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = SearchLoggedModelsUtils.parse_search_filter(filter_string)
    return conditions


def _comparison(comparator: str) -> Callable[[Any, Any], bool]:
    try:
        compare: Callable[[Any, Any], bool] = SearchLoggedModelsUtils.get_comparison_func(
            comparator
        )
        return compare
    except KeyError:  # MLflow's parser accepts it for other entities.
        pass
    raise invalid_parameter(
        f"Logged models are not searched by {comparator}.",
        "Use =, !=, <, <=, >, >=, LIKE, ILIKE or IN.",
    )


def _names(dataset: Mapping[str, Any]) -> tuple[Any, Any]:
    if not isinstance(dataset, Mapping) or not dataset.get("dataset_name"):
        raise invalid_parameter(
            "A dataset of the search has no name.",
            "Pass dataset_name, and dataset_digest if wanted, for each.",
        )
    return dataset["dataset_name"], dataset.get("dataset_digest")


def _is_on(metric: Metric, datasets: Sequence[tuple[Any, Any]]) -> bool:
    """Return whether a metric is on one of the datasets.

    Args:
        metric: The metric.
        datasets: Pairs of name and digest. A name or digest that is None fits every metric.
    """
    return any(
        (not name or metric.dataset_name == name)
        and (not digest or metric.dataset_digest == digest)
        for name, digest in datasets
    )
