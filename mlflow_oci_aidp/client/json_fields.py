"""Fields of the JSON of others: each is read as its documented type, or refused.

A field of another type raises one of Python's own errors (:py:data:`ERRORS`), which the client
turns into an exception that names the call. The texts of these errors name fields, and no values.

Numbers are those of protobuf's JSON mapping, which MLflow uses: an ``int64`` may be a number or a
text. What no ``int64`` can hold is refused here: MLflow would fail on it later, where it turns an
entity into its proto.
"""

from __future__ import annotations

import json
import re
from operator import index
from typing import Any

from mlflow_oci_aidp.errors import invalid_parameter

Json = dict[str, Any]

#: The exceptions that a reader may raise for JSON of another shape.
ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)

_LONGEST_INTEGER = 2**63

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,18}", re.ASCII)
#: The escape of half a character. Both halves in a row are a whole one.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def load(body: bytes | str) -> Any:
    """Return the value of JSON text.

    Raises:
        ValueError: For another text, and for one with half a character in it: no proto, file name
            or request could hold that.
        RecursionError: For lists or objects in more levels than Python reads.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig")
    value = json.loads(text)
    if _SURROGATE.search(text):
        require_unicode(value)
    return value


def dump(value: Any, separators: tuple[str, str] = (",", ":")) -> str:
    """Return a value as JSON text, in ASCII.

    Args:
        value: The value.
        separators: What stands between two entries, and between a key and its value.

    Raises:
        ValueError: For a text that is not Unicode, and for a number that JSON lacks.
        TypeError: For a value that JSON lacks. A whole number may be another library's.
    """
    # The default is for whole numbers that are not Python's own, such as numpy's.
    text = json.dumps(value, separators=separators, allow_nan=False, default=index)
    if _SURROGATE.search(text):
        require_unicode(value)
    return text


def dump_argument(value: Any, subject: str, separators: tuple[str, str] = (",", ":")) -> str:
    """Return what a caller passed as JSON text, as :py:func:`dump` does.

    Args:
        value: The value.
        subject: What it is, such as ``"The metadata of a model"``.
        separators: Those of :py:func:`dump`.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for what has no form in JSON.
    """
    problem = ""
    try:
        return dump(value, separators)
    except ERRORS as caught:
        problem = type(caught).__name__
    # Outside the block: the exception's text may hold the value.
    raise invalid_parameter(
        f"{subject} cannot be stored ({problem}).",
        "Pass text that can be encoded as UTF-8, and numbers.",
    )


def require_unicode(value: Any) -> None:
    """Refuse a value that has half a character in one of its texts.

    Raises:
        UnicodeEncodeError: A kind of ``ValueError``.
    """
    json.dumps(value, ensure_ascii=False, default=index).encode()


def fields(source: Json, name: str) -> Json:
    """Return an object; an empty one if it is missing."""
    value = source.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise TypeError(name)


def entries(source: Json, name: str, *, is_required: bool = False) -> list[Any]:
    """Return a list; an empty one if it is missing and need not be there."""
    value = source.get(name)
    if value is None and not is_required:
        return []
    if isinstance(value, list):
        return value
    raise TypeError(name)


def text(source: Json, name: str) -> str:
    """Return a text.

    Raises:
        KeyError: It is missing.
    """
    value = source[name]
    if isinstance(value, str):
        return value
    raise TypeError(name)


def optional_text(source: Json, name: str) -> str | None:
    """Return a text, or None if it is missing."""
    value = source.get(name)
    if value is None or isinstance(value, str):
        return value
    raise TypeError(name)


def optional_texts(source: Json, names: tuple[str, ...]) -> list[str | None]:
    """Return several texts in one call, as an answer has thousands."""
    values = [source.get(name) for name in names]
    for value in values:
        if value is not None and not isinstance(value, str):
            raise TypeError
    return values


def identifier(source: Json, name: str) -> str:
    """Return an id, which may be a number, as a text.

    Raises:
        KeyError: It is missing.
    """
    value = source[name]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(source, name)


def boolean(source: Json, name: str) -> bool:
    """Return a boolean; False if it is missing."""
    value = source.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise TypeError(name)


def optional_integer(source: Json, name: str) -> int | None:
    """Return an ``int64``, or None if it is missing."""
    value = source.get(name)
    # An answer has thousands: what it mostly is goes first.
    if type(value) is int and -_LONGEST_INTEGER <= value < _LONGEST_INTEGER:
        return value
    return None if value is None else integer_of(value)


def integer_of(value: Any) -> int:
    """Return the ``int64`` that a value stands for: a whole number, or a text of digits."""
    is_text_of_digits = isinstance(value, str) and _INTEGER.fullmatch(value)
    if is_text_of_digits or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("int64")
    if not -_LONGEST_INTEGER <= value < _LONGEST_INTEGER:
        raise ValueError("int64")
    return value


def number_of(value: Any) -> float:
    """Return the number that a value stands for, which may be one that JSON lacks."""
    if isinstance(value, bool):
        raise TypeError("double")
    return float(value)


def version(source: Json, name: str = "version") -> str:
    """Return the version of a registered model: a number, as a text.

    Raises:
        KeyError: It is missing.
    """
    value = identifier(source, name)
    if _VERSION.fullmatch(value):
        return value
    raise ValueError(name)


def pairs(source: Json, name: str) -> dict[str, str]:
    """Return a list of keys and values, such as tags. A value that is missing is ``""``."""
    values: dict[str, str] = {}
    for item in entries(source, name):
        key, value = item["key"], item.get("value")
        if type(key) is str and type(value) is str:  # An answer has thousands.
            values[key] = value
        else:
            values[text(item, "key")] = optional_text(item, "value") or ""
    return values
