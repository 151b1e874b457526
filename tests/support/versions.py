"""The version of the installed MLflow."""

from __future__ import annotations

import mlflow
from packaging.version import Version


def is_older_than(version: str) -> bool:
    """Return whether the installed MLflow is older than a version."""
    return Version(mlflow.__version__) < Version(version)
