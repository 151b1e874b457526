"""Models in folders of this machine, which are uploaded when MLflow registers them.

Nobody else could load a version whose source is such a folder. MLflow's server refuses it, and so
does this package for ``create_model_version``. ``mlflow.register_model`` uploads the model to the
workspace of the registry URI, as MLflow's store for Unity Catalog does: it becomes a logged model,
on a run that is made for it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress

from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import local_file_uri_to_path

from mlflow_oci_aidp.errors import AidpError, invalid_parameter
from mlflow_oci_aidp.mlflow_compat import active_experiment_id, is_registering_model
from mlflow_oci_aidp.names import MODEL_FILE, NOT_IN_LOGGED_MODEL
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.tracking.logged_models import LoggedModels
from mlflow_oci_aidp.uri import SCHEME

#: [MLflow: ``mlflow.entities.Experiment.DEFAULT_EXPERIMENT_ID``]
_DEFAULT_EXPERIMENT = "0"

_NOT_IN_NAMES = re.compile(f"[{re.escape(NOT_IN_LOGGED_MODEL)}]")


class LocalModels:
    """Uploads models of this machine to the workspace of a registry URI.

    Args:
        logged_models: The logged models of that workspace, or None if the URI names none.
        store_uri: The registry URI.
        tracking_uri: The tracking URI in use.
    """

    def __init__(
        self, logged_models: LoggedModels | None, store_uri: str, tracking_uri: str | None
    ) -> None:
        self._logged_models = logged_models
        self._store_uri = store_uri
        self._tracking_uri = tracking_uri

    def upload(self, name: str, source: str) -> LoggedModel:
        """Upload a model, as a logged model on a run that is made for it.

        Args:
            name: The registered model's name, from which the run and the logged model get theirs.
            source: The folder, or its ``file:`` URI.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for another caller than MLflow's
                ``register_model``, if the registry URI names no workspace, and for what is no
                folder with a model.
        """
        if self._logged_models is None or not is_registering_model():
            raise self._refusal(source)
        folder = local_file_uri_to_path(source)
        if not os.path.isfile(os.path.join(folder, MODEL_FILE)):
            raise invalid_parameter(
                f"{source!r} is no folder with a model: it has no file {MODEL_FILE}.",
                "Give the folder that save_model wrote, or a URI.",
            )
        return self._upload(self._logged_models, _NOT_IN_NAMES.sub("-", name), folder)

    def _upload(self, models: LoggedModels, name: str, folder: str) -> LoggedModel:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        model = models.create(self._experiment_id(), name, None, (), (), None)
        try:
            get_artifact_repository(model.artifact_location).log_artifacts(folder)
        except BaseException:
            with suppress(MlflowException):  # What went wrong first is what counts.
                models.finalize(model.model_id, LoggedModelStatus.FAILED)
            raise
        return models.finalize(model.model_id, LoggedModelStatus.READY)

    def _experiment_id(self) -> str:
        """Return the experiment in use, if it is one of the registry's own workspace."""
        if _workspace_of(self._tracking_uri) == _workspace_of(self._store_uri):
            return active_experiment_id()
        return _DEFAULT_EXPERIMENT

    def _refusal(self, source: str) -> AidpError:
        cause = f"{source!r} is a path of this machine, where nobody else could load the model."
        uploads = "mlflow.register_model uploads it"
        if self._logged_models is None:
            where = f"{SCHEME}://<aiDataPlatformId>/<workspaceKey>"
            uploads += f", if the registry URI names a workspace: {where}"
        return invalid_parameter(cause, f"Log the model and register what was logged; {uploads}.")


def _workspace_of(uri: str | None) -> tuple[str, str, str] | None:
    if not (uri or "").startswith(f"{SCHEME}://"):
        return None
    settings = resolve(str(uri))
    return settings.endpoint, settings.instance_id, settings.workspace
