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
    if not filter_string:
        return SplitFilter(None)
    sent: list[str] = []
    here: list[str] = []
    for condition in conditions(filter_string):
        parsed = parse(GRAMMARS[rpc], condition)
        is_documented = parsed is None or (
            parsed["comparator"].upper() in _OPERATORS[rpc] and _has_no_quote(parsed)
        )
        (sent if is_documented else here).append(condition)
    if not here:
        return SplitFilter(filter_string)
    return SplitFilter(" AND ".join(sent) or None, " AND ".join(here))


def split_single(rpc: str, filter_string: str | None) -> SplitFilter:
    """Split a filter of registered models or versions: one condition is sent, the rest is not.

    The platform documents a single condition: one on a name goes, or else the first one.
    [aidp-python-client 5.1.1, ``list_registered_models``, ``list_model_versions``]

    Args:
        rpc: ``SearchRegisteredModels`` or ``SearchModelVersions``.
        filter_string: As for :py:func:`split_documented`.
    """
    if not filter_string:
        return SplitFilter(None)
    others = list(conditions(filter_string))
    sendable: list[tuple[bool, str]] = []
    for part in others:
        parsed = parse(GRAMMARS[rpc], part)
        if parsed is None:
            return SplitFilter(filter_string)
        if _has_no_quote(parsed):
            is_on_name = (parsed["type"], parsed["key"]) == ("attribute", "name")
            sendable.append((is_on_name, part))
    sent = max(sendable, key=lambda each: each[0])[1] if sendable else None
    if sent is not None:
        others.remove(sent)
    return SplitFilter(sent, " AND ".join(others)) if others else SplitFilter(filter_string)


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
