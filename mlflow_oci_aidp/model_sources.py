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

_RUN_URI = re.compile(r"runs:/(?P<run>[^/]+)/?(?P<path>.*)", re.DOTALL)
_MODELS = "models:/"
_MODEL_URI = re.compile(r"models:/(?P<id>m-[^/@]+)")
_MODEL_ID = re.compile(r"m-(?P<run>[^/@]+)-(?P<suffix>[0-9a-f]{8})")


@dataclass(frozen=True)
class ModelId:
    """The id of a logged model that is stored on a run.

    Attributes:
        run_id: The id of the run.
        suffix: Eight hexadecimal digits that tell the models of a run apart.
    """

    run_id: str
    suffix: str

    @classmethod
    def parse(cls, model_id: object) -> ModelId | None:
        """Return the parts of an id, or None for an id that was made elsewhere."""
        match = _MODEL_ID.fullmatch(model_id) if isinstance(model_id, str) else None
        return cls(match["run"], match["suffix"]) if match else None

    def __str__(self) -> str:
        return f"m-{self.run_id}-{self.suffix}"


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
    """

    def __init__(self, read_run: Callable[[str], RunArtifacts | None]) -> None:
        self._read_run = read_run

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
            run = self._read_run(model_id.run_id)
            folder = run.folder_of(model_id) if run else None
            return RunArtifactSource(model_id.run_id, folder) if folder is not None else None
        if source.startswith(_MODELS):
            return None  # A copy of another version, or a logged model of another store.
        run = self._read_run(run_id) if run_id else None
        path = run.path_below(source) if run else None
        return RunArtifactSource(run_id, path) if run_id and path is not None else None

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
            return append_to_uri_path(run.root, run_uri["path"]) if run else source
        model_id = _model_id(source)
        if model_id is None:
            return source
        run = self._read_run(model_id.run_id)
        folder = run.folder_of(model_id) if run else None
        return append_to_uri_path(run.root, folder) if run and folder is not None else source


def _model_id(source: str) -> ModelId | None:
    match = _MODEL_URI.fullmatch(source)
    return ModelId.parse(match["id"]) if match else None
