"""MLflow's logged models: one interface, by the platform's own calls or stored on runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlflow.entities import RunInfo

from mlflow_oci_aidp.client.routes import Route
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.remembered import RememberedRuns
from mlflow_oci_aidp.stores import Platform
from mlflow_oci_aidp.tracking.logged_models import native
from mlflow_oci_aidp.tracking.logged_models.interface import LoggedModels
from mlflow_oci_aidp.tracking.logged_models.native import NativeLoggedModels
from mlflow_oci_aidp.tracking.logged_models.on_runs import LoggedModelsOnRuns

__all__ = ["LoggedModels", "ModelId", "choose_logged_models"]


def choose_logged_models(
    platform: Platform,
    routes: Mapping[str, Route],
    remembered: RememberedRuns,
    note_run: Callable[[RunInfo], None],
) -> LoggedModels:
    """Choose how logged models are stored: by the platform's own calls if it has all of them.

    Args:
        platform: The platform.
        routes: The calls that the platform has.
        remembered: What never changes of runs and logged models.
        note_run: Called with each run that was read or made.
    """
    if routes.keys() >= native.RPCS:
        return NativeLoggedModels(platform)
    return LoggedModelsOnRuns(platform, remembered, note_run)
