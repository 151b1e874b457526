"""Filters of MLflow, condition by condition: what the platform documents is sent, the rest is not.

MLflow's page and client add conditions of their own to what a user searches for, with operators
that the platform does not document. Such conditions are applied to the result here, by MLflow's own
filters, whoever wrote them: what a live platform makes of them is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlparse
from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import (
    SearchExperimentsUtils,
    SearchModelUtils,
    SearchModelVersionUtils,
    SearchUtils,
)

Grammar = type[SearchUtils]

#: The grammars of the searches, by the name of the RPC.
GRAMMARS: Mapping[str, Grammar] = {
    "SearchExperiments": SearchExperimentsUtils,
    "SearchRuns": SearchUtils,
    "SearchRegisteredModels": SearchModelUtils,
    "SearchModelVersions": SearchModelVersionUtils,
}

#: The operators that the platform documents. [aidp-python-client 5.1.1,
#: ListExperimentsDetails.filter, ListExperimentRunsDetails.filter]
_OPERATORS: Mapping[str, Collection[str]] = {
    "SearchExperiments": ("=", "!=", "LIKE", "ILIKE"),
    "SearchRuns": ("=", "!=", ">", ">=", "<", "<="),
}


@dataclass(frozen=True)
class SplitFilter:
    """A filter in two parts; an entity has to fulfil both.

    Attributes:
        sent: The conditions for the platform, or None without one.
        here: The conditions that are applied to the result, or None without one.
    """

    sent: str | None
    here: str | None = None


def split_documented(rpc: str, filter_string: str | None) -> SplitFilter:
    """Split a filter of experiments or runs into documented conditions and others.

    Args:
        rpc: ``SearchExperiments`` or ``SearchRuns``.
        filter_string: Conditions, joined by ``AND``. What MLflow could not read is sent, for the
            platform to refuse.
    """
    sent: list[str] = []
    here: list[str] = []
    for condition in conditions(filter_string or ""):
        parsed = parse(GRAMMARS[rpc], condition)
        is_documented = parsed is None or (
            parsed["comparator"].upper() in _OPERATORS[rpc] and _has_no_quote(parsed)
        )
        (sent if is_documented else here).append(condition)
    if not here:
        return SplitFilter(filter_string or None)
    return SplitFilter(" AND ".join(sent) or None, " AND ".join(here))


def split_single(rpc: str, filter_string: str | None) -> SplitFilter:
    """Split a filter of registered models or versions: one condition is sent, the rest is not.

    The platform documents a single condition: one on a name goes, or else the first one.
    [aidp-python-client 5.1.1, ``list_registered_models``, ``list_model_versions``]

    Args:
        rpc: ``SearchRegisteredModels`` or ``SearchModelVersions``.
        filter_string: As for :py:func:`split_documented`.
    """
    parts = list(conditions(filter_string or ""))
    parsed = [parse(GRAMMARS[rpc], part) for part in parts]
    if None in parsed:
        return SplitFilter(filter_string or None)
    sendable = [number for number, each in enumerate(parsed) if each and _has_no_quote(each)]
    on_name = [number for number in sendable if _is_on_name(parsed[number])]
    sent = next(iter(on_name or sendable), None)
    others = [part for number, part in enumerate(parts) if number != sent]
    if not others:
        return SplitFilter(filter_string or None)
    return SplitFilter(None if sent is None else parts[sent], " AND ".join(others))


def _is_on_name(condition: Mapping[str, Any] | None) -> bool:
    return condition is not None and (condition["type"], condition["key"]) == ("attribute", "name")


def _has_no_quote(condition: Mapping[str, Any]) -> bool:
    """Whether a value can stand in single quotes, as the platform documents it."""
    value = condition["value"]
    return not isinstance(value, str) or "'" not in value


def conditions(text: str) -> Iterator[str]:
    """Yield the conditions of a filter as they are written, without the ``AND`` between them.

    Of a text that is no filter, all of it is one condition.
    """
    try:
        statements = sqlparse.parse(text)
    except (sqlparse.exceptions.SQLParseError, RecursionError):
        statements = ()
    if len(statements) != 1:
        yield text
        return
    part = ""
    for token in statements[0].tokens:
        if token.is_keyword and token.normalized == "AND":
            yield part.strip()
            part = ""
        else:
            part += str(token)
    yield part.strip()


def parse(grammar: Grammar, condition: str) -> Mapping[str, Any] | None:
    """Parse a condition as MLflow does, or return None if MLflow cannot."""
    try:
        parsed: list[dict[str, Any]] = grammar.parse_search_filter(condition)
    except (MlflowException, ValueError):  # ValueError: MLflow 3.17 breaks at IS NULL.
        return None
    return parsed[0] if len(parsed) == 1 else None
