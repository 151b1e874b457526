"""The source of a model version: the run or the logged model that its files belong to.

The platform's own clients write ``runs:/<run id>/<path>``. MLflow writes that, a location such as
``oci://...``, or ``models:/<model id>``. This module translates between them. It sends no requests:
the caller passes in how to read a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mlflow.utils.uri import append_to_uri_path

from mlflow_oci_aidp.artifacts.locations import to_platform
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.remembered import RememberedRuns

_RUN_URI = re.compile(r"runs:/(?P<run>[^/]+)/?(?P<path>.*)", re.DOTALL)
_MODELS = "models:/"
_MODEL_URI = re.compile(r"models:/(?P<id>m-[^/@]+)")


@dataclass(frozen=True)
class ModelFolder:
    """The folder of a logged model among the artifacts of its run.

    Attributes:
        model_id: The id of the logged model.
        name: The name of the logged model. Several models of a run may have the same one.
        path: The folder, relative to the artifacts of the run.
        created: When the logged model was made, in milliseconds since 1970.
    """

    model_id: ModelId
    name: str
    path: str
    created: int


@dataclass(frozen=True)
class RunArtifacts:
    """The artifacts of a run.

    Attributes:
        run_id: The id of the run.
        root: The location of its artifacts, as MLflow reads it.
        models: The folders of the logged models that are stored on the run.
    """

    run_id: str
    root: str
    models: tuple[ModelFolder, ...] = ()

    def folder_of(self, model_id: ModelId) -> str | None:
        """Return the folder of a logged model, or None if the run does not have that model."""
        return next((model.path for model in self.models if model.model_id == model_id), None)

    def path_of(self, path: str) -> str:
        """Replace the name of a logged model at the beginning of a path by the model's folder.

        Of several logged models with that name, the latest counts, as in MLflow.
        """
        name, _, rest = path.partition("/")
        namesakes = [model for model in self.models if model.name == name]
        if not namesakes:
            return path
        latest = max(namesakes, key=lambda model: model.created)
        return f"{latest.path}/{rest}".rstrip("/")

    def path_below(self, location: str) -> str | None:
        """Return the path of a location relative to the root, or None if it lies elsewhere.

        Args:
            location: A location as the platform writes it.
        """
        root = to_platform(self.root)
        # The slash keeps `.../artifacts-other` from passing for a folder of `.../artifacts`.
        if not root or not location.startswith(f"{root}/"):
            return None
        return location[len(root) + 1 :]


@dataclass(frozen=True)
class RunArtifactSource:
    """A model version's source among the artifacts of a run.

    Attributes:
        run_id: The id of the run.
        path: The path, relative to the artifacts of the run.
    """

    run_id: str
    path: str

    @property
    def source(self) -> str:
        """The source as the platform's own clients write it."""
        return f"runs:/{self.run_id}/{self.path}"


class ModelSources:
    """Translates the sources of model versions whose files belong to runs of one workspace.

    Args:
        read_run: Returns the artifacts of a run by the run's id, or None if the workspace has no
            such run.
        remembered: The runs and logged models that need not be read for a new version.
    """

    def __init__(
        self,
        read_run: Callable[[str], RunArtifacts | None],
        remembered: RememberedRuns | None = None,
    ) -> None:
        self._read_run = read_run
        self._remembered = remembered

    def find(self, source: str, run_id: str | None) -> RunArtifactSource | None:
        """Find the run of this workspace whose artifacts a source belongs to.

        Args:
            source: What MLflow passes: a location, ``runs:/...`` or ``models:/<model id>``.
            run_id: The run that made the model, or None.

        Returns:
            The run and the path, or None for a source that lies elsewhere.
        """
        run_uri = _RUN_URI.fullmatch(source)
        if run_uri is not None:
            run = self._read_run(run_uri["run"])
            return RunArtifactSource(run_uri["run"], run.path_of(run_uri["path"])) if run else None
        model_id = _model_id(source)
        if model_id is not None:
            folder = self._folder_of(model_id)
            return RunArtifactSource(model_id.run_id, folder) if folder is not None else None
        if source.startswith(_MODELS):
            return None  # A copy of another version, or a logged model of another store.
        run = self._run_of(run_id) if run_id else None
        path = run.path_below(source) if run else None
        return RunArtifactSource(run_id, path) if run_id and path is not None else None

    def _folder_of(self, model_id: ModelId) -> str | None:
        """Return the folder of a logged model that a new version comes from."""
        folder = self._remembered.folder(model_id) if self._remembered else None
        if folder is None:
            run = self._read_run(model_id.run_id)
            folder = run.folder_of(model_id) if run else None
        return folder

    def _run_of(self, run_id: str) -> RunArtifacts | None:
        """Return the artifacts of a run that a new version comes from, without its models."""
        place = self._remembered.run(run_id) if self._remembered else None
        return RunArtifacts(run_id, place.artifact_uri) if place else self._read_run(run_id)

    def resolve(self, source: str) -> str:
        """Return the location of a model version's files.

        Args:
            source: The source that the platform reports.

        Returns:
            The location, if the source belongs to a run of this workspace. Any other source is
            returned as it is.
        """
        run_uri = _RUN_URI.fullmatch(source)
        if run_uri is not None:
            run = self._read_run(run_uri["run"])
            return append_to_uri_path(run.root, run.path_of(run_uri["path"])) if run else source
        model_id = _model_id(source)
        if model_id is None:
            return source
        run = self._read_run(model_id.run_id)
        folder = run.folder_of(model_id) if run else None
        return append_to_uri_path(run.root, folder) if run and folder is not None else source


def _model_id(source: str) -> ModelId | None:
    match = _MODEL_URI.fullmatch(source)
    return ModelId.parse(match["id"]) if match else None
