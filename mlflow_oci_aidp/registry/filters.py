"""MLflow's filters as AI Data Platform documents them, and what the platform makes of them.

[aidp-python-client 5.1.1]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils

from mlflow_oci_aidp.conditions import GRAMMARS, conditions, parse

_DOUBLE_QUOTED_VALUE = re.compile(
    r"""(?P<before>(?:=|\bI?LIKE)\s*)"(?P<value>[^"']*)"(?P<after>\s*)\Z""", re.IGNORECASE
)
_DOUBLE_QUOTED_KEY = re.compile(
    r"""\A(?P<before>\s*(?:\w+\.)?)"(?P<key>[^"'`]*)"(?=\s*[=!<>IiLl])"""
)


def with_single_quotes(filter_string: str | None) -> str | None:
    """Put the value of a filter in single quotes, and its key in backticks, as MLflow itself does.

    MLflow's parsers take double quotes for both, and MLflow's web page puts some values in them.

    Args:
        filter_string: A single condition, or None.
    """
    if not filter_string:
        return filter_string
    text = _DOUBLE_QUOTED_KEY.sub(r"\g<before>`\g<key>`", filter_string)
    return _DOUBLE_QUOTED_VALUE.sub(r"\g<before>'\g<value>'\g<after>", text)


def with_full_names(
    rpc: str, filter_string: str | None, complete: Callable[[str], str]
) -> str | None:
    """Complete the names that a filter compares with ``=`` or ``!=``.

    A pattern stays as it is: it is matched against whole names.

    Args:
        rpc: ``SearchRegisteredModels`` or ``SearchModelVersions``.
        filter_string: Conditions joined by ``AND``, or None.
        complete: Completes a name.
    """
    if not filter_string:
        return filter_string
    parts = []
    for part in conditions(filter_string):
        parsed = parse(GRAMMARS[rpc], part)
        if (
            parsed
            and (parsed["type"], parsed["key"]) == ("attribute", "name")
            and parsed["comparator"] in ("=", "!=")
            and (full := complete(parsed["value"])) != parsed["value"]
        ):
            quote = '"' if "'" in full else "'"
            part = f"name {parsed['comparator']} {quote}{full}{quote}"
        parts.append(part)
    return " AND ".join(parts)


def fulfilling(rpc: str, entities: Sequence[Any], filter_string: str | None) -> list[Any]:
    """Return the registered models or versions that fulfil conditions, as MLflow reads them.

    Args:
        rpc: ``SearchRegisteredModels`` or ``SearchModelVersions``.
        entities: The registered models or versions.
        filter_string: Conditions joined by ``AND``, or None.
    """
    if not filter_string:
        return list(entities)
    if rpc == "SearchRegisteredModels":
        return list(SearchModelUtils.filter(entities, filter_string))
    # MLflow's filter compares numbers, and an entity of this package has a text.
    comparable = [_ComparableVersion(version) for version in entities]
    matches = SearchModelVersionUtils.filter(comparable, filter_string)
    return [match.entity for match in matches]


class _ComparableVersion:
    """A model version whose version is a number."""

    def __init__(self, entity: ModelVersion) -> None:
        self.entity = entity
        self.version = int(entity.version)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entity, name)


class NamePattern:
    """The pattern that a search for registered models asks of their names.

    The platform finds more: it takes ``name LIKE 'x'`` for ``name LIKE '%x%'``. [aidp-python-client
    5.1.1, ``MLOpsClient.list_registered_models``]

    Args:
        filter_string: A single condition, or None.
    """

    def __init__(self, filter_string: str | None) -> None:
        self._pattern: str | None = None
        try:
            conditions = SearchModelUtils.parse_search_filter(filter_string)
        except (MlflowException, ValueError):
            return  # The platform refuses it.
        if len(conditions) == 1:
            (condition,) = conditions
            about = condition["type"], condition["key"], condition["comparator"]
            if about == ("attribute", "name", "LIKE"):
                self._pattern = condition["value"]

    def fits(self, name: str) -> bool:
        """Return whether a name has the pattern, or whether there is none."""
        return self._pattern is None or bool(
            SearchUtils.get_comparison_func("LIKE")(name, self._pattern)
        )
