"""The files of model versions whose source is in a run, ``runs:/<run id>/<path>``.

MLflow opens such a URI with the tracking store in use. A registered model belongs to the platform,
and a run to a workspace, so that the run may be in another one. Where a registry store of this
package named the URI, its own workspace is asked first; if nobody has the run, the error says what
to do. All other URIs of runs are opened as by MLflow alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.runs_artifact_repo import RunsArtifactRepository

from mlflow_oci_aidp.artifacts.locations import to_mlflow
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.model_sources import ModelSources
from mlflow_oci_aidp.session import Session, named_by, remember_location
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.stores import Platform
from mlflow_oci_aidp.tracking.logged_models.on_runs import read_run_artifacts
from mlflow_oci_aidp.uri import SCHEME
from mlflow_oci_aidp.workspaces import WorkspaceInUse

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository


def open_run_files(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """Return the artifact repository of ``runs:/<run id>/<path>``.

    Args:
        artifact_uri: The URI.
        tracking_uri: The tracking URI that MLflow passes; older MLflow passes none.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if neither the workspace of the registry nor
            the tracking store in use has the run.
    """
    uris = {"tracking_uri": tracking_uri, "registry_uri": registry_uri}
    passed = {name: uri for name, uri in uris.items() if uri}  # MLflow 3.1 knows neither argument.
    origin = named_by(artifact_uri)
    if origin is None:
        return RunsArtifactRepository(artifact_uri, **passed)
    session, store_uri = origin
    in_use = WorkspaceInUse(resolve(store_uri), session)
    workspace = in_use.key()
    location = _location(session, in_use, artifact_uri) if workspace else None
    if location is not None:
        remember_location(location, session, store_uri)
        return get_artifact_repository(location, **passed)
    try:
        return RunsArtifactRepository(artifact_uri, **passed)
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
    where = f"neither in the workspace {workspace!r} nor" if workspace else "not"
    raise error(
        "RESOURCE_DOES_NOT_EXIST",
        f"The files of the model version are those of {artifact_uri!r}, a run that is {where} in "
        "the tracking store in use.",
        "Put the key of the workspace in which the model was logged into the registry URI: "
        f"{SCHEME}://<aiDataPlatformId>/<workspaceKey>.",
    )


def _location(session: Session, in_use: WorkspaceInUse, artifact_uri: str) -> str | None:
    """Return where files of a run are; None if the workspace does not have the run."""
    platform = Platform(session.client, in_use)
    sources = ModelSources(lambda run_id: read_run_artifacts(platform, run_id))
    location = sources.resolve(artifact_uri)
    return None if location == artifact_uri else to_mlflow(location)
