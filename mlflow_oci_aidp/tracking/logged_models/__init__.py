"""MLflow's logged models: one interface, by the platform's own calls or stored on runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlflow_oci_aidp.client.routes import Route
from mlflow_oci_aidp.model_sources import ModelId
from mlflow_oci_aidp.stores import Platform
from mlflow_oci_aidp.tracking.logged_models import native
from mlflow_oci_aidp.tracking.logged_models.interface import LoggedModels
from mlflow_oci_aidp.tracking.logged_models.native import NativeLoggedModels
from mlflow_oci_aidp.tracking.logged_models.on_runs import LoggedModelsOnRuns

__all__ = ["LoggedModels", "ModelId", "choose_logged_models"]


def choose_logged_models(
    platform: Platform,
    routes: Mapping[str, Route],
    remember_location: Callable[[str | None], None],
) -> LoggedModels:
    """Choose how logged models are stored: by the platform's own calls if it has all of them.

    Args:
        platform: The platform.
        routes: The calls that the platform has.
        remember_location: Called with the location of each run's artifacts that was read.
    """
    if routes.keys() >= native.RPCS:
        return NativeLoggedModels(platform)
    return LoggedModelsOnRuns(platform, remember_location)
