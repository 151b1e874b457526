"""The grammar of filters on logged models, which is that of MLflow's SQL store.

MLflow parses such a filter in ``mlflow.utils.search_logged_model_utils``, which imports SQLAlchemy;
``mlflow-skinny`` does not install that. MLflow's other parser, ``SearchLoggedModelsUtils``, has
fewer conditions and other rules on quotes. This module extends it: what it searches by is known
here, too, and a test compares both grammars with MLflow's. [MLflow 3.1 to 3.18]
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlparse
from mlflow.entities import LoggedModelStatus
from mlflow.utils.search_utils import SearchLoggedModelsUtils
from sqlparse.sql import Comparison, Identifier, Parenthesis, Token

from mlflow_oci_aidp.errors import invalid_parameter

ATTRIBUTES, METRICS, PARAMS, TAGS = "attributes", "metrics", "params", "tags"

#: The attributes with a number, and the attribute of the entity that holds it.
NUMBERS = {
    "creation_timestamp_ms": "creation_timestamp",
    "last_updated_timestamp_ms": "last_updated_timestamp",
}
#: Other names of these. [MLflow's SQL store; `last_updated_time`: SearchLoggedModelsUtils]
ALIASES = {
    "creation_time": "creation_timestamp_ms",
    "creation_timestamp": "creation_timestamp_ms",
    "last_updated_timestamp": "last_updated_timestamp_ms",
    "last_updated_time": "last_updated_timestamp_ms",
}
#: The attributes with a text, of which MLflow's SQL store has more than SearchLoggedModelsUtils.
TEXTS = (SearchLoggedModelsUtils.VALID_SEARCH_ATTRIBUTE_KEYS - ALIASES.keys()) | {
    "artifact_location",
    "experiment_id",
    "lifecycle_stage",
    "status_message",
}

_NUMBER_OPERATORS = ("<", "<=", ">", ">=", "=", "!=")
_TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
_STATUS_OPERATORS = ("=", "!=", "IN", "NOT IN")
_IDENTIFIER = re.compile(r"([a-z]+)\.(.+)", re.DOTALL)

_REMEDY = (
    "Join conditions by AND, such as \"metrics.loss > 0.1 AND params.lr = '0.01'\", with texts in "
    "single quotes."
)


@dataclass(frozen=True)
class Condition:
    """One condition of a filter.

    Attributes:
        kind: What it is about: attributes, metrics, params or tags.
        key: The name of the attribute, the metric, the parameter or the tag.
        operator: The operator, in capital letters.
        value: A number; a text; or several texts, for ``IN`` and ``NOT IN``.
    """

    kind: str
    key: str
    operator: str
    value: float | str | tuple[str, ...]


def parse(filter_string: str | None) -> list[Condition]:
    """Read a filter.

    Args:
        filter_string: MLflow's conditions, joined by ``AND``; None or empty for none.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a filter that cannot be read.
    """
    if not filter_string:
        return []
    if not isinstance(filter_string, str):
        raise _unreadable(filter_string)
    try:
        statements = sqlparse.parse(filter_string)
    except (sqlparse.exceptions.SQLParseError, RecursionError):
        statements = ()
    if len(statements) != 1:
        raise _unreadable(filter_string)
    return [_condition(*parts) for parts in _comparisons(statements[0].tokens, filter_string)]


def is_number(key: str) -> bool:
    """Return whether an attribute holds a number."""
    return key in NUMBERS


def _comparisons(tokens: Sequence[Token], filter_string: str) -> Iterator[tuple[str, str, str]]:
    """Yield identifier, operator and value of each condition, as they are written."""
    words = [token for token in tokens if not token.is_whitespace]
    while words:
        first = words.pop(0)
        if isinstance(first, Comparison):
            parts = [str(token) for token in first.tokens if not token.is_whitespace]
            if len(parts) != 3:
                raise _unreadable(filter_string)
            yield parts[0], parts[1], parts[2]
        elif isinstance(first, Identifier):
            # sqlparse does not take IN for a comparison.
            operator = ""
            while words and words[0].is_keyword and operator not in ("IN", "NOT IN"):
                operator = f"{operator} {words.pop(0).normalized}".strip()
            if not (operator in ("IN", "NOT IN") and words and isinstance(words[0], Parenthesis)):
                raise _unreadable(filter_string)
            yield str(first), operator, str(words.pop(0))
        elif first.normalized != "AND":
            raise _unreadable(filter_string)


def _condition(identifier: str, operator: str, value: str) -> Condition:
    kind, key = _entity(identifier)
    operator = " ".join(operator.upper().split())
    of_numbers = kind == METRICS or (kind == ATTRIBUTES and is_number(key))
    of_status = (kind, key) == (ATTRIBUTES, "status")
    operators = _STATUS_OPERATORS if of_status else _TEXT_OPERATORS
    operators = _NUMBER_OPERATORS if of_numbers else operators
    if operator not in operators:
        raise invalid_parameter(
            f"{kind}.{key} is not compared by {operator}.", f"Use one of {', '.join(operators)}."
        )
    if of_numbers:
        return Condition(kind, key, operator, _number(identifier, value))
    if operator in ("IN", "NOT IN"):
        texts = _texts(identifier, value)
        if of_status:
            _check_status(texts)
        return Condition(kind, key, operator, texts)
    if value.startswith("(") and value.endswith(")"):
        raise invalid_parameter(
            f"{identifier} is compared with a list by {operator}.", "Use IN or NOT IN."
        )
    text = value.strip("'")
    if of_status:
        _check_status((text,))
    return Condition(kind, key, operator, text)


def _entity(identifier: str) -> tuple[str, str]:
    match = _IDENTIFIER.fullmatch(identifier)
    kind, key = (match[1], match[2]) if match else (ATTRIBUTES, identifier)
    key = key.strip("`")
    if kind == ATTRIBUTES:
        key = ALIASES.get(key, key)
    if kind not in (ATTRIBUTES, METRICS, PARAMS, TAGS):
        raise invalid_parameter(
            f"{identifier!r} is nothing that logged models are searched by.",
            "Use metrics.<name>, params.<name>, tags.<name>, or an attribute.",
        )
    if kind == ATTRIBUTES and not is_number(key) and key not in TEXTS:
        raise invalid_parameter(
            f"Logged models have no attribute {key!r}.",
            f"Use one of {', '.join(sorted({*TEXTS, *NUMBERS, *ALIASES}))}.",
        )
    return kind, key


def _check_status(names: Sequence[str]) -> None:
    """Refuse a status that MLflow does not know, as MLflow does from 3.18 on."""
    known = LoggedModelStatus.__members__
    for name in names:
        if name not in known:
            raise invalid_parameter(
                f"{name!r} is not the status of a logged model.", f"Use one of {', '.join(known)}."
            )


def _number(identifier: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        pass
    raise invalid_parameter(
        f"{identifier} is compared with {value}, which is no number.",
        "Write a number, without quotes.",
    )


def _texts(identifier: str, value: str) -> tuple[str, ...]:
    try:
        literal: Any = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        literal = None
    # A single text in parentheses is no tuple to Python.
    items = (literal,) if isinstance(literal, str) else literal
    if not isinstance(items, tuple) or not all(
        isinstance(item, str | int | float) for item in items
    ):
        raise invalid_parameter(
            f"{identifier} is compared with {value}, which is no list of texts.",
            "Write them as ('a', 'b').",
        )
    return tuple(str(item) for item in items)


def _unreadable(filter_string: object) -> Exception:
    return invalid_parameter(
        f"The filter {filter_string!r} is no list of conditions on logged models.", _REMEDY
    )
