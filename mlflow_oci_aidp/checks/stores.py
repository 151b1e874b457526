"""Step "stores": MLflow can make the stores of the URI."""

from __future__ import annotations

from collections.abc import Callable

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import plugin
from mlflow_oci_aidp.checks.step import Case
from mlflow_oci_aidp.mlflow_versions import not_loadable
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES


def check(case: Case) -> str:
    """Make the stores, which sends no request."""
    _make("registry store", plugin.registry_store, case.uri)
    if not (HAS_WORKSPACES or case.settings.workspace):
        return "the registry store can be made; a tracking store needs a workspace"
    _make("tracking store", plugin.tracking_store, case.uri)
    return "the registry store and the tracking store can be made"


def _make(part: str, make: Callable[[str], object], uri: str) -> None:
    """Make a store, as MLflow does.

    Raises:
        MlflowException: Also if the installed MLflow does not let the store be made.
    """
    problem: Exception | None = None
    try:
        make(uri)
    except MlflowException:
        raise
    except Exception as caught:  # noqa: BLE001 - another MLflow may break a store in any way
        problem = caught
    if problem is not None:
        raise not_loadable(part, problem)
