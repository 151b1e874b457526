"""MLflow's variables that hold a number or a choice, read with errors that name them."""

from __future__ import annotations

import math
from typing import Any

from mlflow_oci_aidp.errors import invalid_parameter


def read_variable(variable: Any, smallest: float = 0) -> float:
    """Return the value of one of MLflow's environment variables, or its default.

    Args:
        variable: One of ``mlflow.environment_variables``, of a number or of true and false.
        smallest: The smallest number that makes sense.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a value of another kind, and for a number
            that is too small or not finite.
    """
    problem = ""
    try:
        value: float = variable.get()
    except ValueError:
        # The exception's text shows the value.
        problem = _problem(variable)
    else:
        if isinstance(value, float) and not math.isfinite(value):
            problem = "is not a finite number"
        elif value < smallest:
            problem = f"is {value}, which is too small"
    if problem:
        raise invalid_parameter(f"{variable.name} {problem}.", _remedy(variable))
    return value


def _problem(variable: Any) -> str:
    if variable.type is bool:
        return "is neither true nor false"
    try:
        float(variable.get_raw())
    except ValueError:
        return "is not a number"
    return "is not a whole number"


def _remedy(variable: Any) -> str:
    kinds = {bool: "true or false", int: "a whole number"}
    return f"Set it to {kinds.get(variable.type, 'a number')}, or unset it."
