"""Artifacts in AI Data Platform volumes, for machines on which the volumes are not mounted.

The location is ``aidp:/Volumes/<catalog>/<schema>/<volume>/<path>``. Files go up and down through
the platform itself, by the same client as all other calls. Facts about the operations:
aidp-python-client 5.1.1, ``VolumeClient`` and its models, and the REST reference
(https://docs.oracle.com/en/cloud/paas/ai-data-platform/aiwap/).
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from functools import partial
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from mlflow_oci_aidp.artifacts.local_folders import Destination, files_below
from mlflow_oci_aidp.artifacts.locations import (
    VolumeLocation,
    check_artifact_path,
    check_name,
    make_folder,
    relative_path,
)
from mlflow_oci_aidp.artifacts.volume_client import VolumeClient, VolumeEntry
from mlflow_oci_aidp.artifacts.workers import WorkerPool, move_all, run_all
from mlflow_oci_aidp.errors import local_files_as_os_errors
from mlflow_oci_aidp.session import remember_model_file, session_for, session_for_artifacts
from mlflow_oci_aidp.uri import SCHEME


class VolumeArtifactRepository(ArtifactRepository):
    """MLflow's artifacts in a volume of AI Data Platform.

    MLflow makes it for locations that begin with ``aidp:``. For which AI Data Platform that is, see
    :py:func:`mlflow_oci_aidp.session.session_for_artifacts`; if it finds none, the environment
    decides. Safe for many threads.

    Args:
        artifact_uri: The location, as ``aidp:/Volumes/<catalog>/<schema>/<volume>/<path>``.
        tracking_uri: The tracking URI that MLflow passes, if it does.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for another location, and where no AI Data
            Platform is in use. Every method raises ``MlflowException`` for bad input and where the
            platform cannot be reached, and :py:class:`mlflow.exceptions.RestException` for what the
            platform refused. The error of a local file is an ``OSError``, too.
    """

    def __init__(
        self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
    ) -> None:
        super().__init__(artifact_uri)
        self._location = VolumeLocation.parse(artifact_uri)
        self._arguments = (artifact_uri, tracking_uri, registry_uri)
        session = session_for_artifacts(artifact_uri, tracking_uri, registry_uri)
        self._session = session or session_for(f"{SCHEME}://")
        self._client = VolumeClient.of(self._session, self._location)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments

    def _create_thread_pool(self) -> WorkerPool:
        return WorkerPool(self.max_workers)

    @local_files_as_os_errors()
    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload a file into the folder ``artifact_path``."""
        check_artifact_path(artifact_path)
        self._upload(local_file, artifact_path)

    def _upload(self, local_file: str, artifact_path: str | None) -> None:
        folder = self._location.inside(artifact_path)
        name = os.path.basename(local_file)
        check_name(name)
        target = posixpath.join(folder, name)
        with remember_model_file(self._session, self._location.of(target), local_file):
            self._client.upload(local_file, target)

    @local_files_as_os_errors()
    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload all files below a folder, several at a time, and make its empty folders.

        Raises:
            MlflowException: The error of the first file, by name, that failed. The other files are
                uploaded nevertheless.
        """
        check_artifact_path(artifact_path)
        tasks: dict[str, Callable[[], None]] = {}
        # All are looked at first: a folder that cannot be read leaves nothing half done.
        for folder, names in list(files_below(local_dir)):
            target = posixpath.join(artifact_path or "", folder)
            # Here and not in the tasks, so that no two threads make the same folder.
            self._client.make_folder(self._location.inside(target))
            for name in names:
                source = os.path.join(os.path.abspath(local_dir), folder, name)
                tasks[source] = partial(self._upload, source, target)
        failures = run_all(self.thread_pool, tasks, "Uploading artifacts")
        if failures:
            raise failures[min(failures)]

    @local_files_as_os_errors()
    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Download a file, or a folder with all that is below it, several files at a time.

        Args:
            artifact_path: The file or folder, relative to the location; ``""`` for all.
            dst_path: The folder to put it into, under its own path; a new temporary one if None.

        Returns:
            The path of the file or folder on this machine.

        Raises:
            MlflowException: Why it could not be downloaded. Nothing is left of a file that failed.
        """
        self._location.inside(artifact_path)
        path = relative_path(artifact_path or "")
        destination = Destination(dst_path)
        files, empty = self._below(path)
        is_file = not files and not empty and bool(path)
        if is_file:
            files = [path]
        tasks: dict[str, Callable[[], None]] = {}
        for name, local in destination.prepare(files, empty).items():
            tasks[name] = partial(self._download, name, local)
        for folder in empty:
            destination.make_folder(folder)
        try:
            move_all(self.thread_pool, tasks, "Downloading artifacts", "downloaded")
        except MlflowException:
            # Asked afterwards: nearly always it is a file.
            if not is_file or not self._is_folder(path):
                raise
            destination.make_folder(path)
        return destination.path(path)

    def _is_folder(self, path: str) -> bool:
        folder, name = posixpath.split(self._location.inside(path))
        entries = self._client.entries(folder, name)
        return any(entry.name == name and entry.is_folder for entry in entries)

    def _below(self, path: str) -> tuple[list[str], list[str]]:
        """Return the files below a folder, and the folders there that are empty."""
        files: list[str] = []
        empty: list[str] = []
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            entries = self.list_artifacts(folder)
            if not entries and folder != path:
                empty.append(folder)
            for entry in entries:
                (waiting if entry.is_dir else files).append(entry.path)
        return files, empty

    def _download(self, name: str, path: str) -> None:
        make_folder(os.path.dirname(path))
        self._client.download(self._location.inside(name), path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """Return what is in a folder, by path relative to the location.

        A file, and a folder that does not exist, have nothing in them.
        """
        infos = [
            FileInfo(posixpath.join(path or "", entry.name), entry.is_folder, entry.size)
            for entry in self._client.entries(self._location.inside(path))
        ]
        return sorted(infos, key=lambda info: str(info.path))

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file, or a folder with all that is in it. A missing one is no error."""
        target = self._location.inside(artifact_path)
        folder, name = posixpath.split(target)
        topmost = [VolumeEntry("", is_folder=True)]
        for entry in list(self._client.entries(folder, name)) if name else topmost:
            if entry.name == name:
                self._client.delete(target, is_folder=entry.is_folder)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with local_files_as_os_errors():
            self._client.download(self._location.inside(remote_file_path), str(local_path))
