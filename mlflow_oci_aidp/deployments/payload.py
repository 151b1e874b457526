"""Inputs as the JSON of MLflow's scoring protocol, and its answers as MLflow's predictions.

MLflow's own ``dump_input_data`` sends NaN, which JSON lacks, and no numbers of numpy.
[https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally, mlflow.pyfunc.scoring_server]
"""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.errors import invalid_parameter

if TYPE_CHECKING:
    from mlflow.deployments import PredictionsResponse

#: The keys of MLflow's scoring protocol, one of which a request has; and that of chat models.
_PROTOCOL = ("dataframe_split", "dataframe_records", "instances", "inputs", "messages")


def encode_inputs(inputs: Any, *, is_stream: bool = False) -> bytes:
    """Return the body of a prediction.

    Args:
        inputs: A pandas DataFrame or Series, a numpy array, a list, a dictionary of MLflow's
            scoring protocol, which may have ``params``, a dictionary of named arrays, or the text
            of a chat message.
        is_stream: Whether the answer is asked for piece by piece.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for what has no form in JSON.
    """
    problem = ""
    try:
        payload = _payload(inputs)
        if is_stream:
            payload = {**payload, "stream": True}
        return json_fields.dump(payload).encode()
    except _NoFormError as caught:
        problem = str(caught)
    except json_fields.ERRORS as caught:
        problem = f"they cannot be encoded ({type(caught).__name__})"
    # Outside the block: the exception's text may hold a value.
    raise invalid_parameter(
        f"The inputs cannot be sent: {problem}.",
        "Pass a DataFrame, a Series, an array, a list, a dictionary of MLflow's scoring protocol "
        "or a text.",
    )


class _NoFormError(Exception):
    """A value that JSON lacks; the text says which kind."""


def _payload(inputs: Any) -> dict[str, Any]:
    if isinstance(inputs, str):
        return {"messages": [{"role": "user", "content": inputs}]}
    if isinstance(inputs, Mapping):
        if any(key in inputs for key in _PROTOCOL):
            return {str(key): _protocol_part(value) for key, value in inputs.items()}
        return {"inputs": _plain(inputs)}
    if _is_pandas(inputs, "Series"):
        inputs = inputs.to_frame()
    if _is_pandas(inputs, "DataFrame"):
        return {"dataframe_split": _split(inputs)}
    if inputs is None:
        raise _NoFormError("there are none")
    return {"inputs": _plain(inputs)}


def _protocol_part(value: Any) -> Any:
    """Return a part of the protocol: a DataFrame may stand where its JSON would."""
    return _split(value) if _is_pandas(value, "DataFrame") else _plain(value)


def _is_pandas(value: Any, name: str) -> bool:
    # By name: to import pandas would take long where nobody uses it.
    kind = type(value)
    return kind.__module__.partition(".")[0] == "pandas" and any(
        base.__name__ == name for base in kind.__mro__
    )


def _split(frame: Any) -> dict[str, Any]:
    """Return a DataFrame as MLflow's ``dataframe_split``. Its index is not a part of it."""
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    # Column by column: a row as an array would turn whole numbers into floats.
    data = [list(row) for row in zip(*(_plain(column) for column in columns), strict=True)]
    return {"columns": _plain(list(frame.columns)), "data": data or [[] for _ in range(len(frame))]}


def _plain(value: Any) -> Any:
    """Return a value as Python's own types that JSON has.

    Raises:
        _NoFormError: JSON lacks it.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, datetime.date | datetime.time):
        # pandas' missing date is a date, too, and equal to nothing.
        return None if value != value else value.isoformat()
    if isinstance(value, decimal.Decimal):
        return _number(float(value))
    if isinstance(value, uuid.UUID):
        return str(value)
    return _of_a_library(value)


def _of_a_library(value: Any) -> Any:
    """Return a value of numpy, pandas or scipy as Python's own types."""
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "dtype"):
        if value.dtype.kind in "Mm":
            return _dates(value)
        return _plain(value.tolist())
    for method in ("toarray", "model_dump", "tolist"):
        if hasattr(value, method):
            return _plain(getattr(value, method)())
    raise _NoFormError(f"a {type(value).__name__} has no form in JSON")


def _dates(value: Any) -> Any:
    """Return numpy's dates and spans of time as text, those that are missing as None."""
    if getattr(value, "ndim", 0):
        return [_dates(item) for item in value]
    text = str(value)
    return None if text == "NaT" else text


def _number(value: float) -> float | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise _NoFormError("JSON has no infinite numbers")
    return value


def decode_predictions(body: bytes) -> PredictionsResponse:
    """Return the predictions of an answer.

    Args:
        body: JSON: an object, as MLflow's scoring server and chat models answer, or the list of
            predictions alone.

    Raises:
        ValueError: It is neither.
    """
    from mlflow.deployments import PredictionsResponse

    # MLflow's server writes NaN, which JSON lacks and Python reads.
    value = json.loads(body)
    if isinstance(value, dict):
        return PredictionsResponse(value)
    if isinstance(value, list):
        return PredictionsResponse(predictions=value)
    raise ValueError("predictions")
