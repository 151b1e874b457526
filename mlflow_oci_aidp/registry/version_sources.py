"""The sources of model versions: what is sent when one is made, and where its files are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.locations import to_mlflow, to_platform
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.model_sources import ModelSources
from mlflow_oci_aidp.uri import SCHEME

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: ``models:/<name>/<version>``, which MLflow stores as the source of a copy. The
#: ``models:/<model id>`` of a logged model is another thing, and has no version.
_COPY_SOURCE = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>\d+)")
_RUN = re.compile(r"runs:/(?P<id>[^/]+)")
_LOGGED_MODEL = re.compile(r"models:/(?P<id>m-[^/@]+)")

#: More copies of copies than anybody makes: the limit ends a circle of copies.
_LONGEST_CHAIN = 50


@dataclass(frozen=True)
class NewVersionSource:
    """How the source of a new model version is sent.

    Attributes:
        rpc: The call that creates the version.
        source: The field ``source`` of that call.
        run_id: The field ``run_id`` of that call.
    """

    rpc: str
    source: str
    run_id: str | None


class VersionSources:
    """Tells what is sent as the source of a new model version, and where a version's files are.

    Args:
        get_model_version: Reads a model version by name and version.
        of_workspace: Finds the run behind a source; None if the registry URI names no workspace.
        workspace: The key of the workspace.
        store_uri: The registry URI.
        tracking_uri: The tracking URI in use, where logged models and runs are looked up.
    """

    def __init__(
        self,
        get_model_version: Callable[[str, str], ModelVersion],
        of_workspace: ModelSources | None,
        *,
        workspace: str,
        store_uri: str,
        tracking_uri: str | None,
    ) -> None:
        self._get_model_version = get_model_version
        self._of_workspace = of_workspace
        self._workspace = workspace
        self._store_uri = store_uri
        self._tracking_uri = tracking_uri

    def for_new_version(self, source: str, run_id: str | None) -> NewVersionSource:
        """Return what is sent when a model version is made.

        If the source is in a run of the workspace, that is ``runs:/<run id>/<path>``, and the
        request goes to the workspace, as those of the platform's own clients do.
        [aidp-python-client 5.1.1]

        Args:
            source: The source that MLflow passes.
            run_id: The run that made the model, or None.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a logged model that the tracking store
                in use, if it is this package's, does not have.
        """
        source = to_platform(source)
        of_run = self._of_workspace.find(source, run_id) if self._of_workspace else None
        if of_run is not None:
            return NewVersionSource(
                "CreateWorkspaceModelVersion", of_run.source, run_id or of_run.run_id
            )
        self._check_logged_model(source)
        return NewVersionSource("CreateModelVersion", source, run_id)

    def download_uri(self, name: str, version: str) -> str:
        """Return where the files of a model version are; those of a copy are the first version's.

        If the source is a logged model, ``models:/<model id>``, this is the location that the
        tracking server names: MLflow's server can serve its own artifacts only by that.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a copy whose origin was renamed or
                deleted, and for a run that is in another workspace.
        """
        source = str(self._get_model_version(name, version).source or "")
        for _ in range(_LONGEST_CHAIN):
            copied = _COPY_SOURCE.fullmatch(source)
            if copied is None:
                location = to_mlflow(self._resolve(source))
                self._check_run(name, version, location)
                return location
            source = self._source_of_origin(name, version, copied["name"], copied["version"])
        raise error(
            "INVALID_STATE",
            f"The copies that version {version} of {name!r} comes from make a circle.",
            "Register the model again from where its artifacts are.",
        )

    def _resolve(self, source: str) -> str:
        """Return the location of a source in a run of the workspace, or of a logged model."""
        location = self._of_workspace.resolve(source) if self._of_workspace else source
        return self._location_of_logged_model(source) if location == source else location

    def _location_of_logged_model(self, source: str) -> str:
        logged = _LOGGED_MODEL.fullmatch(source)
        if logged is None:
            return source
        try:
            return str(self._tracking().get_logged_model(logged["id"]).artifact_location)
        except MlflowException:
            return source  # It may be known to the tracking server of whoever downloads it.

    def _tracking(self) -> MlflowClient:
        """Return MLflow's client of the tracking store in use."""
        from mlflow import MlflowClient

        return MlflowClient(self._tracking_uri)

    def _check_logged_model(self, source: str) -> None:
        """Refuse a logged model that is not there: a version of it could never be loaded."""
        logged = _LOGGED_MODEL.fullmatch(source)
        if logged is not None and (self._tracking_uri or "").startswith(f"{SCHEME}://"):
            self._tracking().get_logged_model(logged["id"])

    def _check_run(self, name: str, version: str, source: str) -> None:
        """Refuse a source in a run that neither this workspace nor the tracking store in use has.

        A download would ask the tracking store, which could only say that there is no such run.
        """
        run = _RUN.match(source)
        if run is None or self._is_in_tracking_store(run["id"]):
            return
        where = (
            f"the workspace {self._workspace!r}"
            if self._of_workspace
            else "the tracking store in use"
        )
        raise error(
            "RESOURCE_DOES_NOT_EXIST",
            f"The files of version {version} of {name!r} are among those of the run {run['id']!r}, "
            f"which is not in {where}.",
            "Put the key of the workspace in which the model was logged into the registry URI: "
            "aidp://<aiDataPlatformId>/<workspaceKey>.",
        )

    def _is_in_tracking_store(self, run_id: str) -> bool:
        """Return whether the tracking store in use has a run, or cannot say.

        The workspace of this registry was asked before. If the tracking store is the same, it is
        not asked again.
        """
        if self._of_workspace and self._tracking_uri in (None, self._store_uri):
            return False
        try:
            self._tracking().get_run(run_id)
        except MlflowException as problem:
            # After any other error than this one the download may still succeed.
            return bool(problem.error_code != "RESOURCE_DOES_NOT_EXIST")
        return True

    def _source_of_origin(self, name: str, version: str, origin: str, of_version: str) -> str:
        problem = None
        try:
            return str(self._get_model_version(origin, of_version).source or "")
        except MlflowException as caught:
            problem = caught
        raise error(
            problem.error_code,
            f"Version {version} of {name!r} is a copy of version {of_version} of {origin!r}, which "
            f"cannot be read, and may have been renamed or deleted: {problem.message}",
            "Register the copy again from where its artifacts are.",
        )
