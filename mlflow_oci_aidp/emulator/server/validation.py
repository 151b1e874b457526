"""Check requests against the contract's tables, strictly."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from ..contract import MODELS, Field
from ..contract.refusal import invalid, missing

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "object": (dict,),
    "dict(str, str)": (dict,),
}

# JSON has no such numbers. MLflow sends protobuf's words for them; whether the platform takes them
# is not known.
NOT_FINITE = ("NaN", "Infinity", "-Infinity")

_INTEGERS = range(-(2**63), 2**63)
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_BOOLEANS = {"true": True, "false": False}


def check_query(query: str, names: dict[str, Field]) -> dict[str, Any]:
    """Return the parameters of a query string by name, converted to their types.

    Raises ``Refusal`` (400) for a name that is unknown or repeated, a value of another type, a name
    that is missing.
    """
    values: dict[str, Any] = {}
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"
        )
    except ValueError as error:
        raise invalid(f"The query cannot be read: {error}.") from error
    for name, text in pairs:
        if name not in names:
            raise invalid(f"Unknown query parameter '{name}'. Known: {', '.join(names) or 'none'}.")
        if name in values:
            raise invalid(f"Query parameter '{name}' occurs more than once.")
        values[name] = _from_text(name, text, names[name])
    for name, rule in names.items():
        if rule.required and not values.get(name):
            raise missing(f"Query parameter '{name}' is required.")
    return values


def check_model(value: Any, model: str, where: str = "") -> None:
    """Refuse (400) a JSON value that is not an instance of the contract's ``model``."""
    if not isinstance(value, dict):
        raise invalid(f"{where or 'The body'} must be a JSON object.")
    fields = MODELS[model]
    for name in value:
        if name not in fields:
            raise invalid(
                f"Unknown field '{_at(where, name)}': "
                f"{model} has {', '.join(fields) or 'no fields'}."
            )
    for name, rule in fields.items():
        if name in value:
            _check_value(value[name], rule, rule.type, _at(where, name))
        elif rule.required:
            raise missing(f"Field '{_at(where, name)}' of {model} is required.")


def _check_value(value: Any, rule: Field, kind: str, where: str) -> None:
    if kind.startswith("list["):
        if not isinstance(value, list):
            raise invalid(f"'{where}' must be a list.")
        for index, item in enumerate(value):
            _check_value(item, rule, kind[len("list[") : -1], f"{where}[{index}]")
    elif kind in MODELS:
        check_model(value, kind, where)
    elif kind == "float" and value in NOT_FINITE:
        return
    elif not _is_of_type(value, kind):
        raise invalid(f"'{where}' must be of type {kind}.")
    elif kind == "int" and value not in _INTEGERS:
        raise invalid(f"'{where}' must fit into 64 bits.")
    elif kind == "float" and not _is_finite(value):
        raise invalid(f"'{where}' is too large a number.")
    elif rule.allowed and value not in rule.allowed:
        raise invalid(f"'{where}' must be one of {', '.join(rule.allowed)}.")


def _is_of_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if kind == "datetime":
        return isinstance(value, str) and moment(value) is not None
    # An enumeration of the SDK is a text.
    return isinstance(value, _JSON_TYPES.get(kind, (str,)))


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # An integer with more digits than any float has.
        return False


def integer(text: str) -> int | None:
    """Return the number that a text says, or None: no digits, or more than 64 bits hold."""
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if value in _INTEGERS else None


def moment(text: str) -> float | None:
    """Return the seconds since 1970 of a time as RFC 3339 has it, or None for another text."""
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        return time.timestamp() if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _from_text(name: str, text: str, rule: Field) -> Any:
    value: Any = text
    if rule.type == "int":
        value = integer(text)
    elif rule.type == "bool":
        value = _BOOLEANS.get(text)
    elif rule.type == "datetime" and moment(text) is None:
        value = None
    if value is None:
        raise invalid(f"Query parameter '{name}' must be of type {rule.type}.")
    if rule.allowed and text not in rule.allowed:
        raise invalid(f"Query parameter '{name}' must be one of {', '.join(rule.allowed)}.")
    return value


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
