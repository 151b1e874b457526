"""What MLflow's entry points name: makes the stores and the repositories, and imports them no sooner.

MLflow loads the entry points of every installed plugin when it is imported, whatever it is used with: users of other
servers pay for this file alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

    from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
    from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
    from mlflow_oci_aidp.registry.store import AidpRegistryStore
    from mlflow_oci_aidp.tracking.store import AidpTrackingStore


def registry_store(store_uri: str, tracking_uri: str | None = None) -> AidpRegistryStore:
    """The registry store of an ``aidp://`` URI.

    Args:
        store_uri: The registry URI.
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """
    from mlflow_oci_aidp.registry.store import AidpRegistryStore

    _take_object_storage()
    return AidpRegistryStore(store_uri, tracking_uri)


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> AidpTrackingStore:
    """The tracking store of an ``aidp://`` URI with a workspace.

    Args:
        store_uri: The tracking URI.
        artifact_uri: The place for artifacts that a server was started with; the platform has its own.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong, and without a workspace.
    """
    from mlflow_oci_aidp.tracking.store import AidpTrackingStore

    _take_object_storage()
    return AidpTrackingStore(store_uri, artifact_uri)


def volume_artifacts(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> VolumeArtifactRepository:
    """The artifact repository of an ``aidp:/Volumes/...`` location.

    Args:
        artifact_uri: The location.
        tracking_uri: The tracking URI in use; not passed by older MLflow.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a location that is wrong, and where no AI Data Platform is
            in use.
    """
    from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository

    return VolumeArtifactRepository(artifact_uri, tracking_uri, registry_uri)


def oci_artifacts(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> OciArtifactRepository:
    """The artifact repository of an ``oci://`` location.

    Args:
        artifact_uri: ``oci://<bucket>@<namespace>/<prefix>``.
        tracking_uri: The tracking URI in use.
        registry_uri: The registry URI in use.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """
    from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository

    return OciArtifactRepository(artifact_uri, tracking_uri, registry_uri)


def scorer_store(tracking_uri: str | None = None) -> NoReturn:
    """Refuse to make a scorer store, which MLflow looks up by the scheme of the tracking URI.

    Args:
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``NOT_IMPLEMENTED``, always. Without this builder MLflow would say that the URI is not
            supported.
    """
    _refuse("Scorers")


def labeling_store(tracking_uri: str | None = None) -> NoReturn:
    """Refuse to make a store of labeling sessions, which MLflow looks up by the scheme of the tracking URI.

    Args:
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``NOT_IMPLEMENTED``, always.
    """
    _refuse("Labeling sessions")


def workspace_store(workspace_uri: str | None = None) -> NoReturn:
    """Refuse to make a store of MLflow's workspaces, which MLflow looks up by the scheme of the tracking URI.

    Args:
        workspace_uri: The URI of the workspace store; the tracking URI if none is set.

    Raises:
        MlflowException: ``NOT_IMPLEMENTED``, always.
    """
    _refuse("MLflow's workspaces")


def _refuse(feature: str) -> NoReturn:
    from mlflow_oci_aidp.errors import not_implemented

    raise not_implemented(feature)


def _take_object_storage() -> None:
    """Have ``oci://`` locations opened by this package where its stores are in use.

    ``oci-mlflow`` claims the same scheme; of two entry points MLflow takes the one that it finds last.
    """
    from mlflow_oci_aidp.mlflow_compat import register_artifact_repository

    register_artifact_repository("oci", oci_artifacts)
