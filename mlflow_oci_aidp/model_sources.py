"""Where the artifacts of runs lie, and what of it the platform's own clients write: ``runs:/<run id>/<path>``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlflow.entities import RunInfo
from mlflow.exceptions import MlflowException
from mlflow.utils.uri import append_to_uri_path

from mlflow_oci_aidp.artifacts.locations import to_platform
from mlflow_oci_aidp.tracking import entities, logged_models
from mlflow_oci_aidp.tracking.logged_models import ModelId

_OF_RUN = re.compile(r"runs:/(?P<run>[^/]+)/?(?P<path>.*)", re.DOTALL)
_MODELS = "models:/"
_OF_MODEL = re.compile(r"models:/(?P<id>m-[^/@]+)")

#: One call to the platform: MLflow's RPC, what to make of the answer, and its fields.
Call = Callable[..., Any]


@dataclass(frozen=True)
class RunArtifactSource:
    """Artifacts of a run.

    Attributes:
        run_id: The run's id.
        path: Where among its artifacts.
    """

    run_id: str
    path: str

    @property
    def source(self) -> str:
        """How the platform's own clients write it."""
        return f"runs:/{self.run_id}/{self.path}"


class ModelSources:
    """Finds where the artifacts of the runs of a workspace lie.

    Args:
        call: How to ask the platform.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def find(self, source: str, run_id: str | None) -> RunArtifactSource | None:
        """The run of this workspace among whose artifacts the source of a model version lies.

        Args:
            source: What MLflow says: a place, ``runs:/...`` or ``models:/<model id>``.
            run_id: The run that made the model, or None.

        Returns:
            The run and the path, or None for what lies elsewhere.
        """
        match = _OF_RUN.fullmatch(source)
        if match is not None:
            found = self._run(match["run"])
            return RunArtifactSource(match["run"], _among(found, match["path"])) if found else None
        model_id = _model_id(source)
        if model_id is not None:
            found = self._run(model_id.run_id)
            kept = found and logged_models.find(*found, model_id.number)
            return RunArtifactSource(model_id.run_id, kept.folder) if kept else None
        if source.startswith(_MODELS):  # A copy of another version, or a logged model of another store.
            return None
        found = self._run(run_id) if run_id else None
        place = to_platform(found[0].artifact_uri or "") if found else ""
        if not run_id or not place or not source.startswith(f"{place}/"):
            return None
        return RunArtifactSource(run_id, source[len(place) + 1 :])

    def resolve(self, source: str) -> str:
        """Where the artifacts of a model version lie.

        Args:
            source: The source that the platform reports.

        Returns:
            The place, for what belongs to a run of this workspace; everything else as it is.
        """
        match = _OF_RUN.fullmatch(source)
        if match is not None:
            found = self._run(match["run"])
            return append_to_uri_path(found[0].artifact_uri, match["path"]) if found else source
        model_id = _model_id(source)
        if model_id is None:
            return source
        found = self._run(model_id.run_id)
        kept = found and logged_models.find(*found, model_id.number)
        return str(kept.model.artifact_location) if kept else source

    def _run(self, run_id: str) -> tuple[RunInfo, dict[str, str]] | None:
        """A run and all its tags; None if this workspace has no such run."""
        try:
            found: tuple[RunInfo, dict[str, str]] | None = self._call("GetRun", entities.info_and_tags, run_id=run_id)
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return found


def _among(found: tuple[RunInfo, dict[str, str]], path: str) -> str:
    """A path among the artifacts of a run, in which the name of a logged model stands for the latest one's folder."""
    name, _, rest = path.partition("/")
    named = [kept for kept in logged_models.read(*found) if kept.model.name == name]
    if not named:
        return path
    latest = max(named, key=lambda kept: kept.model.creation_timestamp)
    return f"{latest.folder}/{rest}".rstrip("/")


def _model_id(source: str) -> ModelId | None:
    match = _OF_MODEL.fullmatch(source)
    return ModelId.parse(match["id"]) if match else None
