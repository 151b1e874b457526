"""Step "stores": MLflow can make the stores of the URI."""

from __future__ import annotations

from mlflow_oci_aidp import plugin
from mlflow_oci_aidp.checks.step import Case


def check(case: Case) -> str:
    """Make the stores, which sends no request."""
    plugin.registry_store(case.uri)
    if not case.settings.workspace:
        return "the registry store can be made; a tracking store needs a workspace"
    plugin.tracking_store(case.uri)
    return "the registry store and the tracking store can be made"
