"""State that MLflow and this package keep in a process.

No test may leave any to the next one.
"""

from __future__ import annotations

from pathlib import Path

from mlflow.tracking._model_registry import registry as model_registry
from mlflow.tracking._tracking_service import registry as tracking_service
from mlflow.tracking._tracking_service import utils

import mlflow_oci_aidp
from mlflow_oci_aidp import session
from mlflow_oci_aidp.emulator.state.databases import Snapshot, empty_tracking_database


def forget_stores() -> None:
    """Make MLflow open each store and artifact repository anew: they had a test's settings."""
    tracking_service.TrackingStoreRegistry._get_store_with_resolved_uri.cache_clear()
    model_registry.ModelRegistryStoreRegistry._get_store_with_resolved_uri.cache_clear()
    repositories = getattr(utils, "_artifact_repos_cache", None)
    if repositories:
        repositories.clear()


def forget_connections() -> None:
    """Make this package resolve settings and open connections anew, and forget signers."""
    mlflow_oci_aidp.use_signer(None)
    session.forget_sessions()


class TrackingFile:
    """An SQLite file for MLflow's tracking store, ready for use, and empty for each test."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(empty_tracking_database())
        self._path = path
        self._snapshot = Snapshot(path)
        self._stamp = self._stamp_now()
        self.uri = f"sqlite:///{path}"

    def reset(self) -> None:
        """Remove what a test has written, if it has."""
        if self._stamp_now() != self._stamp:
            self._snapshot.restore(self._path)
            self._stamp = self._stamp_now()

    def close(self) -> None:
        """Free the memory."""
        self._snapshot.close()

    def _stamp_now(self) -> tuple[int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size
