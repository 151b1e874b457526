"""Import the stores and repositories when MLflow's entry points ask for them.

MLflow loads the entry points of every installed plugin when it is imported, whatever it is used
with: users of other servers pay for this file alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NoReturn

    from mlflow.store.artifact.artifact_repo import ArtifactRepository

    from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
    from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
    from mlflow_oci_aidp.registry.store import AidpRegistryStore
    from mlflow_oci_aidp.tracking.store import AidpTrackingStore
    from mlflow_oci_aidp.workspace_provider import AidpWorkspaceStore

_REGISTRY_GROUP = "mlflow.model_registry_store"
_REGISTRY_TABLE = "mlflow.tracking._model_registry.utils"


def registry_store(store_uri: str, tracking_uri: str | None = None) -> AidpRegistryStore:
    """Return the registry store of an ``aidp://`` URI.

    Args:
        store_uri: The registry URI.
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong;
            ``INTERNAL_ERROR`` if the installed MLflow does not let the store be imported.
    """
    return registry_store_class()(store_uri, tracking_uri)


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> AidpTrackingStore:
    """Return the tracking store of an ``aidp://`` URI with a workspace.

    Args:
        store_uri: The tracking URI.
        artifact_uri: The place for artifacts that a server was started with; the platform has its
            own.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong, and
            without a workspace; ``INTERNAL_ERROR`` if the installed MLflow does not let the store
            be imported.
    """
    store = tracking_store_class()(store_uri, artifact_uri)
    with suppress(Exception):
        _complete_registry_table()
    return store


def _volume_artifacts(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> VolumeArtifactRepository:
    """Return the artifact repository of an ``aidp:/Volumes/...`` location.

    Args:
        artifact_uri: The location.
        tracking_uri: The tracking URI in use; not passed by older MLflow.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a location that is wrong, and where no AI
            Data Platform is in use; ``INTERNAL_ERROR`` if the installed MLflow does not let the
            repository be imported.
    """
    return volume_artifacts_class()(artifact_uri, tracking_uri, registry_uri)


def oci_artifacts(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> OciArtifactRepository:
    """Return the artifact repository of an ``oci://`` location.

    Args:
        artifact_uri: ``oci://<bucket>@<namespace>/<prefix>``.
        tracking_uri: The tracking URI in use.
        registry_uri: The registry URI in use.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong;
            ``INTERNAL_ERROR`` if the installed MLflow does not let the repository be imported.
    """
    return oci_artifacts_class()(artifact_uri, tracking_uri, registry_uri)


def run_files(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """Return the artifact repository of ``runs:/<run id>/<path>``.

    Args:
        artifact_uri: The URI.
        tracking_uri: The tracking URI in use; not passed by older MLflow.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if nobody has the run.
    """
    from mlflow_oci_aidp.registry.run_files import open_run_files

    return open_run_files(artifact_uri, tracking_uri, registry_uri)


# What is imported


def registry_store_class() -> type[AidpRegistryStore]:
    """Import the registry store."""
    with _loading("registry store"):
        from mlflow_oci_aidp.registry.store import AidpRegistryStore

        _take_object_storage()
        _take_runs()
        return AidpRegistryStore


def tracking_store_class() -> type[AidpTrackingStore]:
    """Import the tracking store."""
    with _loading("tracking store"):
        from mlflow_oci_aidp.tracking.store import AidpTrackingStore

        _take_object_storage()
        return AidpTrackingStore


def volume_artifacts_class() -> type[VolumeArtifactRepository]:
    """Import the artifact repository of volumes."""
    with _loading("artifact repository of volumes"):
        from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository

        return VolumeArtifactRepository


def oci_artifacts_class() -> type[OciArtifactRepository]:
    """Import the artifact repository of Object Storage."""
    with _loading("artifact repository of Object Storage"):
        from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository

        return OciArtifactRepository


#: The functions that import the parts of this package; ``mlflow-oci-aidp check`` calls each.
LOADERS: tuple[Callable[[], type], ...] = (
    registry_store_class,
    tracking_store_class,
    volume_artifacts_class,
    oci_artifacts_class,
)


@contextmanager
def _loading(part: str) -> Iterator[None]:
    """Turn whatever an import raises into an ``MlflowException`` that says what to install."""
    try:
        yield
    except Exception as error:
        from mlflow_oci_aidp.mlflow_versions import not_loadable

        raise not_loadable(part, error) from error


def scorer_store(tracking_uri: str | None = None) -> NoReturn:
    """Refuse to make a scorer store, which MLflow looks up by the scheme of the tracking URI.

    Args:
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``NOT_IMPLEMENTED``, always. Without this builder MLflow would say that the
            URI is not supported.
    """
    _refuse("Scorers")


def labeling_store(tracking_uri: str | None = None) -> NoReturn:
    """Refuse to make a store of labeling sessions.

    MLflow looks the store up by the scheme of the tracking URI.

    Args:
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``NOT_IMPLEMENTED``, always.
    """
    _refuse("Labeling sessions")


def workspace_store(workspace_uri: str) -> AidpWorkspaceStore:
    """Return the provider of MLflow's workspaces for an ``aidp://`` URI (MLflow 3.10 and newer).

    Args:
        workspace_uri: The URI of the workspace store; the tracking URI if none is set.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong;
            ``INTERNAL_ERROR`` if the installed MLflow does not let the provider be imported.
    """
    with _loading("workspace provider"):
        from mlflow_oci_aidp.workspace_provider import AidpWorkspaceStore
    return AidpWorkspaceStore(workspace_uri)


class RunContext:
    """Tags runs with the instance and workspace that their code runs in.

    MLflow makes it while it is imported, and asks it at every ``start_run`` of every server. So it
    loads nothing outside AI Data Platform, and never raises.
    """

    def in_context(self) -> bool:
        """Tell whether there are tags for a run that starts now."""
        return bool(self.tags())

    def tags(self) -> dict[str, str]:
        """Return the tags of a run that starts now."""
        if "DATALAKE_ID" in os.environ and "AIDP_WORKSPACE_KEY" in os.environ:
            with suppress(Exception):
                from mlflow_oci_aidp.run_context import context_tags

                return context_tags()
        return {}


def _refuse(feature: str) -> NoReturn:
    from mlflow_oci_aidp.errors import not_implemented

    raise not_implemented(feature)


def _take_object_storage() -> None:
    """Have ``oci://`` locations opened by this package where its stores are in use.

    ``oci-mlflow`` claims the same scheme; of two entry points MLflow takes the one that it finds
    last.
    """
    from mlflow_oci_aidp.mlflow_compat import register_artifact_repository

    register_artifact_repository("oci", oci_artifacts)


def _take_runs() -> None:
    """Have ``runs:/`` URIs that a registry store of this package names opened by this package.

    MLflow opens those of model versions with the tracking store in use, which may not have the run.
    All others are handed to MLflow's own repository.
    """
    from mlflow_oci_aidp.mlflow_compat import register_artifact_repository

    register_artifact_repository("runs", run_files)


# Before threads use the registry for the first time
#
# MLflow (3.1 to 3.18) fills its table of registry stores when a registry is used for the first
# time, and publishes the table before the plugins are in it: of several threads that do so at once,
# all but one may be told that `aidp://` is no registry. The tables of tracking stores and artifact
# repositories have no such gap, because MLflow fills them when it is imported.
# [mlflow.tracking._model_registry.utils, _get_store_registry]


def __getattr__(name: str) -> Any:
    # MLflow asks for this name while it is imported, which one thread alone does, and after the
    # module with the table of registry stores. It is the last moment at which code of this package
    # runs before threads can use the registry beside another package's tracking store.
    if name != "volume_artifacts":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _complete_registry_table_at_import()
    return _volume_artifacts


def _complete_registry_table_at_import() -> None:
    """Fill MLflow's table of registry stores during the import of MLflow, if that is safe.

    It costs some milliseconds, imports nothing, and never raises. It does nothing where another
    package has a registry store, too: that package's module could be expensive, or need more of
    MLflow than is imported so far.
    """
    # Not imported here: MLflow has its own order.
    if not hasattr(sys.modules.get(_REGISTRY_TABLE), "_get_store"):
        return
    with suppress(Exception):
        if all(entry.module == __name__ for entry in entry_points(group=_REGISTRY_GROUP)):
            _complete_registry_table()


def _complete_registry_table() -> None:
    """Fill MLflow's table of registry stores, and make sure that ``aidp`` is in it.

    Takes no lock and waits for no other thread. If another thread is filling the table at this
    moment, MLflow returns it unfinished: that is why the scheme is registered here as well. MLflow
    registers the same function again afterwards.

    Raises:
        Exception: Whatever the module of another package's registry store raises, and where MLflow
            has its table elsewhere.
    """
    # Not imported: at the import of MLflow, this file is all that users of other servers pay for.
    table = sys.modules[_REGISTRY_TABLE]
    try:
        table._get_store_registry()
    finally:
        # MLflow publishes the table before the plugins are in it, so that it is there by now.
        table._get_store_registry().register("aidp", registry_store)
