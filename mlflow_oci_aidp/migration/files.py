"""Artifacts, by way of a temporary folder that is removed."""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_oci_aidp.artifacts.workers import WorkerPool, move_all
from mlflow_oci_aidp.migration.sides import Side, in_use
from mlflow_oci_aidp.names import MODEL_FILE

_THREADS = 8


class FileCopier:
    """Copies folders of artifacts, several files at a time.

    Args:
        source: Where the files are.
        target: Where they go.
        rewrite: Replaces ids in the files that describe models.
    """

    def __init__(self, source: Side, target: Side, rewrite: Callable[[str], str]) -> None:
        self._source = source
        self._target = target
        self._rewrite = rewrite
        self._workers = WorkerPool(_THREADS)

    def copy(
        self,
        source_uri: str,
        target_uri: str,
        *,
        without: Collection[str] = (),
        moved: Mapping[str, str] | None = None,
    ) -> int:
        """Copy all files of a folder. Those that are in the target already are written again.

        Args:
            source_uri: The location of the folder in the source.
            target_uri: Its location in the target.
            without: Names in the folder that are left out.
            moved: Old locations and new ones, for the files that describe models.

        Returns:
            How many files there are.
        """
        repository = _repository(source_uri, self._source)
        entries = [entry.path for entry in repository.list_artifacts()]
        wanted = [entry for entry in entries if entry not in without]
        if not wanted:
            return 0
        with tempfile.TemporaryDirectory(prefix="mlflow-oci-aidp-copy-") as folder:
            for entry in [""] if wanted == entries else wanted:
                repository.download_artifacts(entry, dst_path=folder)
            return self._upload(Path(folder), target_uri, moved or {})

    def _upload(self, folder: Path, target_uri: str, moved: Mapping[str, str]) -> int:
        repository = _repository(target_uri, self._target)
        tasks: dict[str, Callable[[], object]] = {}
        for place, _, names in os.walk(folder):
            for name in names:
                path = Path(place, name)
                if name == MODEL_FILE:
                    self._rewrite_model_file(path, moved)
                relative = PurePosixPath(path.relative_to(folder).as_posix())
                parent = None if relative.parent == PurePosixPath(".") else str(relative.parent)
                tasks[str(relative)] = partial(repository.log_artifact, str(path), parent)
        if tasks:
            move_all(self._workers, tasks, "Copying artifacts", "copied")
        return len(tasks)

    def _rewrite_model_file(self, path: Path, moved: Mapping[str, str]) -> None:
        # Bytes that are no UTF-8 stay what they are.
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        for old, new in moved.items():
            text = text.replace(old, new)
        path.write_text(self._rewrite(text), encoding="utf-8", errors="surrogateescape")


def _repository(uri: str, side: Side) -> ArtifactRepository:
    if "tracking_uri" in inspect.signature(get_artifact_repository).parameters:
        return get_artifact_repository(uri, tracking_uri=side.uri)
    with in_use(side.uri):  # MLflow 3.1 has no such argument
        return get_artifact_repository(uri)
