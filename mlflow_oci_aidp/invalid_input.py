"""Refuse input that is wrong, without importing MLflow for input that is right.

Settings are resolved before anybody needs MLflow, which takes longer to import than all else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_oci_aidp.errors import AidpError


def invalid_parameter(cause: str, remedy: str) -> AidpError:
    """Make an ``INVALID_PARAMETER_VALUE``, as :py:func:`mlflow_oci_aidp.errors.error` does."""
    from mlflow_oci_aidp.errors import error

    return error("INVALID_PARAMETER_VALUE", cause, remedy)
