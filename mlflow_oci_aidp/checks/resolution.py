"""Step "settings": the settings can be resolved."""

from __future__ import annotations

from mlflow_oci_aidp.checks.step import Case
from mlflow_oci_aidp.settings import resolve


def check(case: Case) -> str:
    """Resolve the settings, and say which platform they lead to."""
    case.settings = settings = resolve(case.uri)
    workspace = f"workspace {settings.workspace} of " if settings.workspace else ""
    return f"{workspace}{settings.instance_id}, at {settings.endpoint}"
