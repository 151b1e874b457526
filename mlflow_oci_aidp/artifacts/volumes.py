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
from contextvars import ContextVar
from functools import partial
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.utils.file_utils import relative_path_to_artifact_path

from mlflow_oci_aidp.artifacts.locations import (
    VolumeLocation,
    check_destination,
    check_folder,
    check_name,
    walk,
)
from mlflow_oci_aidp.artifacts.volume_client import VolumeClient, VolumeEntry
from mlflow_oci_aidp.artifacts.workers import WorkerPool, run_all
from mlflow_oci_aidp.client.cancellation import cancellable
from mlflow_oci_aidp.errors import LocalFileProblem, local_files_as_os_errors
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
        """Upload all files below a folder, several at a time.

        Raises:
            MlflowException: The error of the first file, by name, that failed. The other files are
                uploaded nevertheless.
        """
        check_folder(local_dir)
        tasks: dict[str, Callable[[], None]] = {}
        for folder, names in walk(os.path.abspath(local_dir)):
            relative = os.path.relpath(folder, os.path.abspath(local_dir))
            inside = "" if relative == os.curdir else relative_path_to_artifact_path(relative)
            target = posixpath.join(artifact_path or "", inside)
            # Here and not in the tasks, so that no two threads make the same folder.
            if names:
                self._client.make_folder(self._location.inside(target))
            for name in names:
                source = os.path.join(folder, name)
                tasks[source] = partial(self._upload, source, target)
        failures = run_all(self.thread_pool, tasks, "Uploading artifacts")
        if failures:
            raise failures[min(failures)]

    @local_files_as_os_errors()
    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Download a file, or a folder with all that is below it, several files at a time.

        After an interruption no other file begins; otherwise as in MLflow's own repositories.

        Raises:
            MlflowException: The error of the first local file, by name, that cannot be written;
                otherwise MLflow's own, which names each file that failed.
        """
        if dst_path is not None:
            check_destination(os.path.abspath(dst_path))
        problems: list[LocalFileProblem] = []
        reset = _local_problems.set(problems)
        try:
            with cancellable() as token:
                try:
                    download: Callable[[str, str | None], str] = super().download_artifacts
                    return download(artifact_path, dst_path)
                except BaseException:
                    token.cancel()
                    raise
        except MlflowException:
            if not problems:
                raise
        finally:
            _local_problems.reset(reset)
        raise min(problems, key=lambda problem: problem.filename or "")

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
            try:
                self._client.download(self._location.inside(remote_file_path), local_path)
            except LocalFileProblem as problem:
                if (problems := _local_problems.get()) is not None:
                    problems.append(problem)
                raise


#: Problems with local files in the download of several files. MLflow tells of them in the text of
#: an exception of its own only.
_local_problems: ContextVar[list[LocalFileProblem] | None] = ContextVar(
    "mlflow_oci_aidp_local_problems", default=None
)
