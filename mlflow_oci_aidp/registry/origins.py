"""The logged models that model versions are made of.

MLflow's ``register_model`` notes a new version with its logged model, and MLflow's server does so
for each version that is made over it. ``MlflowClient.create_model_version`` leaves that to the
store. [MLflow 3.1 to 3.18: ``mlflow.server.handlers._create_model_version``]
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow.entities import LoggedModel, LoggedModelTag
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.mlflow_compat import SERVER_VARIABLES, is_registering_model
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.tracking.logged_models import LoggedModels
from mlflow_oci_aidp.tracking.logged_models.versions import VERSIONS_TAG, with_version

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Origin:
    """A logged model that a version is made of.

    Attributes:
        model: The logged model.
        set_tags: Sets tags of a logged model, by its id.
    """

    model: LoggedModel
    set_tags: Callable[[str, dict[str, str]], object]

    def note(self, name: str, version: str) -> None:
        """Have the logged model name a version that was made of it."""
        value = with_version(self.model.tags.get(VERSIONS_TAG), name, version)
        self.set_tags(self.model.model_id, {VERSIONS_TAG: value})


class Origins:
    """Finds logged models, in the workspace of the registry URI and in the tracking store in use.

    Args:
        of_workspace: The logged models of that workspace, or None if the registry URI names none.
        tracking_uri: The tracking URI in use.
    """

    def __init__(self, of_workspace: LoggedModels | None, tracking_uri: str | None) -> None:
        self._of_workspace = of_workspace
        self._tracking_uri = tracking_uri

    def read(self, model_id: str) -> Origin | None:
        """Read a logged model.

        Returns:
            The logged model, or None if there is no store to ask.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none.
        """
        if self._of_workspace is not None and ModelId.parse(model_id) is not None:
            try:
                return self.of_workspace(self._of_workspace.get(model_id))
            except MlflowException as problem:
                if problem.error_code != "RESOURCE_DOES_NOT_EXIST" or not self._tracking_uri:
                    raise
        if not self._tracking_uri:
            return None  # A store that was made without MLflow.
        client = self.tracking()
        return Origin(client.get_logged_model(model_id), client.set_logged_model_tags)

    def of_workspace(self, model: LoggedModel) -> Origin:
        """Return a logged model of the workspace of the registry URI, which has to have one."""

        def set_tags(model_id: str, tags: dict[str, str]) -> None:
            if self._of_workspace is not None:
                self._of_workspace.set_tags(
                    model_id, [LoggedModelTag(key, value) for key, value in tags.items()]
                )

        return Origin(model, set_tags)

    def tracking(self) -> MlflowClient:
        """Return MLflow's client of the tracking store in use."""
        from mlflow import MlflowClient

        return MlflowClient(self._tracking_uri)


def is_noted_by_mlflow() -> bool:
    """Return whether MLflow itself notes the version that is being made."""
    return SERVER_VARIABLES[0] in os.environ or is_registering_model()
