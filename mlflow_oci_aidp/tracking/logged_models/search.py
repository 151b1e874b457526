"""The search for logged models, in this process: the platform cannot search in what runs store.

It finds and orders what the SQL store of the installed MLflow would. A model without a value
fulfils no condition, and comes last in an order. A condition on a metric holds if any value of that
metric fulfils it; from MLflow 3.18 on, the latest value has to. The grammar of filters is in
:py:mod:`mlflow_oci_aidp.tracking.logged_models.filters`. [MLflow 3.1 to 3.18,
SqlAlchemyStore.search_logged_models]
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import mlflow
from mlflow.entities import LoggedModel, LoggedModelStatus, Metric
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchLoggedModelsPaginationToken
from packaging.version import Version

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.identity import chosen_caller
from mlflow_oci_aidp.tracking.logged_models import filters, metric_values
from mlflow_oci_aidp.tracking.logged_models.filters import Condition
from mlflow_oci_aidp.tracking.logged_models.interface import IsWanted
from mlflow_oci_aidp.tracking.logged_models.remembered_searches import RememberedSearches
from mlflow_oci_aidp.workspaces import active_workspace

#: Whether the latest value of a metric alone counts for a condition, and datasets count for orders,
#: too. [MLflow's SQL store]
_BY_LATEST = Version(mlflow.__version__) >= Version("3.18.0")

#: The order of models that the caller's clauses leave open. [MLflow]
_TIES = ({"field_name": "creation_timestamp_ms", "ascending": False}, {"field_name": "model_id"})

#: The size of a page if the caller names none. [MLflow]
_PAGE_SIZE = 100

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
    "IN": lambda value, wanted: value in wanted,
    "NOT IN": lambda value, wanted: value not in wanted,
    "LIKE": lambda value, pattern: _is_like(value, pattern),
    "ILIKE": lambda value, pattern: _is_like(value, pattern, re.IGNORECASE),
}

#: The datasets of a search, each with its name and its digest; None fits all.
_Datasets = Sequence[tuple[str | None, str | None]]


def search(
    read_models: Callable[[], Iterable[LoggedModel]],
    experiment_ids: Sequence[str],
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, Any]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    page_token: str | None = None,
    remembered: RememberedSearches | None = None,
) -> PagedList[LoggedModel]:
    """Return one page of the logged models that a search finds.

    Args:
        read_models: Reads the logged models of the experiments, all of them or those for which
            ``condition`` returns True. It is called when all arguments have been read.
        experiment_ids: The experiments. A page token belongs to them, to the filter and to the
            order.
        filter_string: MLflow's conditions, joined by ``AND``.
        datasets: The datasets that conditions on metrics are about: ``dataset_name`` and, if
            wanted, ``dataset_digest``. If no condition is on a metric, a model needs some metric
            on one of them.
        max_results: The size of the page; 100 if None or 0, as in MLflow.
        order_by: MLflow's clauses: ``field_name``, and ``ascending``, ``dataset_name`` and
            ``dataset_digest``.
        page_token: The token of the page before.
        remembered: What the pages before have read.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for arguments that cannot be read, and for the
            token of another search.
    """
    names = [_names(dataset) for dataset in datasets or ()]
    is_wanted = condition(filter_string, datasets)
    clauses = _clauses(order_by)
    keys = [_key(clause, names) for clause in clauses]
    size = _PAGE_SIZE if max_results is None else _page_size(max_results)
    next_page = SearchLoggedModelsPaginationToken(
        list(experiment_ids), filter_string or None, [dict(clause) for clause in clauses] or None
    )
    begin = _offset(page_token, next_page)
    end = next_page.offset = begin + size
    remembered = remembered or RememberedSearches()
    asked = (list(experiment_ids), filter_string, names, [dict(clause) for clause in clauses])
    this_search = chosen_caller.get(), active_workspace(), repr(asked)
    models = remembered.find(this_search) if begin else None
    if models is None:
        models = _ordered([model for model in read_models() if is_wanted(model)], keys)
        if len(models) > end:
            remembered.put(this_search, models)
    elif len(models) <= end:
        remembered.forget(this_search)  # This is the last page.
    return PagedList(models[begin:end], next_page.encode() if len(models) > end else None)


def condition(filter_string: str | None, datasets: Sequence[Mapping[str, Any]] | None) -> IsWanted:
    """Return a function that says whether a logged model fulfils all conditions of a search.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for arguments that cannot be read.
    """
    names = [_names(dataset) for dataset in datasets or ()]
    conditions = filters.parse(filter_string)
    is_about_metrics = any(condition.kind == filters.METRICS for condition in conditions)

    def is_wanted(model: LoggedModel) -> bool:
        if names and not is_about_metrics:
            on_datasets = any(_is_on(metric, names) for metric in model.metrics or ())
            return on_datasets and all(_holds(each, model, names) for each in conditions)
        return all(_holds(each, model, names) for each in conditions)

    return is_wanted


def _ordered(
    models: list[LoggedModel], keys: Sequence[tuple[Callable[[LoggedModel], Any], bool]]
) -> list[LoggedModel]:
    """Put logged models in order; those that lack a value come last.

    Args:
        models: The logged models.
        keys: Functions that find the values, and whether small ones come first.
    """
    ties = [_key(clause, ()) for clause in _TIES]
    # The last key goes first: sorting keeps the order of models that are equal.
    for value_of, ascending in reversed([*keys, *ties]):
        with_value = [model for model in models if value_of(model) is not None]
        without_value = [model for model in models if value_of(model) is None]
        with_value.sort(key=value_of, reverse=not ascending)
        models = with_value + without_value
    return models


def _clauses(order_by: Sequence[Mapping[str, Any]] | None) -> Sequence[Mapping[str, Any]]:
    for clause in order_by or ():
        if not isinstance(clause, Mapping) or not isinstance(clause.get("field_name"), str):
            raise invalid_parameter(
                f"The clause {clause!r} of the order names no field.",
                "Pass a dictionary with field_name, and with ascending if wanted.",
            )
    return order_by or ()


def _key(
    clause: Mapping[str, Any], datasets: _Datasets
) -> tuple[Callable[[LoggedModel], Any], bool]:
    """Return what a clause orders by: a function that finds the value or None, and the direction.

    The value is an attribute, or the latest value of a metric.
    """
    ascending = bool(clause.get("ascending", True))
    kind, dot, key = clause["field_name"].partition(".")
    if not dot:
        attribute = _attribute_named(kind)
        return lambda model: _in_order(attribute, _attribute(model, attribute)), ascending
    if kind != filters.METRICS:
        raise invalid_parameter(
            f"Logged models are not ordered by {clause['field_name']!r}.",
            "Order them by an attribute, or by metrics.<name>.",
        )
    of_clause = [(clause.get("dataset_name") or None, clause.get("dataset_digest") or None)]
    of_search = datasets if _BY_LATEST else ()

    def latest_value(model: LoggedModel) -> float | None:
        metrics = _metrics(model, key, of_search)
        metric = metric_values.latest(
            [metric for metric in metrics if _is_on(metric, of_clause)], by_step=_BY_LATEST
        )
        # NaN has no place in an order: with it, sorting would leave the others in disorder.
        return None if metric is None or metric.value != metric.value else metric.value

    return latest_value, ascending


def _metrics(model: LoggedModel, key: str, datasets: _Datasets) -> list[Metric]:
    """Return the values of a metric on one of the datasets, or on any if there are none."""
    return [
        metric
        for metric in model.metrics or ()
        if metric.key == key and (not datasets or _is_on(metric, datasets))
    ]


def _attribute_named(name: str) -> str:
    attribute = filters.ALIASES.get(name, name)
    if not filters.is_number(attribute) and attribute not in filters.TEXTS:
        raise invalid_parameter(
            f"Logged models have no attribute {name!r} to be ordered by.",
            f"Use one of {', '.join(sorted({*filters.TEXTS, *filters.NUMBERS}))}.",
        )
    return attribute


def _holds(condition: Condition, model: LoggedModel, datasets: _Datasets) -> bool:
    """Return whether any of the model's values fulfils a condition."""
    compare = _COMPARISONS[condition.operator]
    return any(
        compare(value, condition.value)
        for value in _values(condition, model, datasets)
        if value is not None
    )


def _values(condition: Condition, model: LoggedModel, datasets: _Datasets) -> list[Any]:
    key = condition.key
    if condition.kind == filters.METRICS:
        metrics = _metrics(model, key, datasets)
        if _BY_LATEST:
            newest = metric_values.latest(metrics, by_step=True)
            metrics = [newest] if newest else []
        return [metric.value for metric in metrics]
    if condition.kind == filters.ATTRIBUTES:
        return [_attribute(model, key)]
    values = model.params if condition.kind == filters.PARAMS else model.tags
    return [(values or {}).get(key)]


def _attribute(model: LoggedModel, name: str) -> Any:
    if name == "lifecycle_stage":
        return "active"  # Those that are deleted are not listed.
    value = getattr(model, filters.NUMBERS.get(name, name), None)
    if isinstance(value, LoggedModelStatus):
        return str(value)
    return None if value == "" else value


def _in_order(attribute: str, value: Any) -> Any:
    """Return a value of an attribute as it is put in order."""
    if attribute == "status":
        return LoggedModelStatus(value).to_int()  # MLflow's SQL store keeps the number.
    if attribute == "experiment_id" and str(value).isdecimal():
        return f"{int(value):020d}"
    return value


def _is_like(value: str, pattern: str, flags: int = 0) -> bool:
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, value, flags | re.DOTALL) is not None


def _names(dataset: Mapping[str, Any]) -> tuple[str, str | None]:
    if not isinstance(dataset, Mapping) or not dataset.get("dataset_name"):
        raise invalid_parameter(
            "A dataset of the search has no name.",
            "Pass dataset_name, and dataset_digest if wanted, for each.",
        )
    return dataset["dataset_name"], dataset.get("dataset_digest")


def _is_on(metric: Metric, datasets: _Datasets) -> bool:
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


def _page_size(max_results: object) -> int:
    try:
        size = operator.index(max_results)  # type: ignore[arg-type] # The next line says so.
    except TypeError:
        size = -1
    if isinstance(max_results, bool) or size < 0:
        raise invalid_parameter(
            f"max_results is {max_results!r}.", "It is a whole number from 0 on."
        )
    return size or _PAGE_SIZE


def _offset(page_token: str | None, next_page: SearchLoggedModelsPaginationToken) -> int:
    """Return where the page begins that a token leads to.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a token that cannot be read, and for the
            token of another search.
    """
    if not page_token:
        return 0
    try:
        token = SearchLoggedModelsPaginationToken.decode(page_token)
    except (ValueError, TypeError, AttributeError, MlflowException):
        token = None  # It is not base64, no JSON, or no object.
    if token is None or not isinstance(token.offset, int) or token.offset < 0:
        raise invalid_parameter(
            f"{page_token!r} is no page token of a search for logged models.",
            "Pass the token of the page before.",
        )
    try:
        token.validate(next_page.experiment_ids, next_page.filter_string, next_page.order_by)
    except MlflowException:
        pass
    else:
        return token.offset
    raise invalid_parameter(
        "The page token belongs to a search with other experiments, another filter or another "
        "order.",
        "Pass the arguments of the call that returned it.",
    )
