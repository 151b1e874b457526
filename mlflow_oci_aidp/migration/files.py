"""Move the files of a run or a logged model, through a temporary folder that is removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.artifacts
from mlflow.tracking import MlflowClient

from mlflow_oci_aidp.migration.ids import IdMap

#: Files that name their run and their model.
_WITH_IDS = ("MLmodel", "registered_model_meta")


def copy_run_files(
    source: MlflowClient, target: MlflowClient, old: str, new: str, ids: IdMap
) -> int:
    """Copy the files of a run, and return how many there were."""
    if not source.list_artifacts(old):
        return 0
    with tempfile.TemporaryDirectory(prefix="mlflow-oci-aidp-copy-") as folder:
        source.download_artifacts(old, "", folder)
        return _upload(Path(folder), ids, lambda: target.log_artifacts(new, folder))


def copy_model_files(
    source_uri: str, location: str, target: MlflowClient, new: str, ids: IdMap
) -> int:
    """Copy the files of a logged model, and return how many there were.

    Args:
        source_uri: The tracking URI of the source.
        location: Where the source has them.
        target: The client of the target.
        new: The logged model of the target.
        ids: Old and new ids.
    """
    with tempfile.TemporaryDirectory(prefix="mlflow-oci-aidp-copy-") as folder:
        # It may be a folder in that one, named for the last part of the location.
        place = mlflow.artifacts.download_artifacts(
            artifact_uri=location, dst_path=folder, tracking_uri=source_uri
        )
        return _upload(Path(place), ids, lambda: target.log_model_artifacts(new, place))


def _upload(folder: Path, ids: IdMap, upload: Callable[[], Any]) -> int:
    """Rewrite the files that name ids, and upload the folder; return how many files it has."""
    files = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    for file in files:
        if file.name in _WITH_IDS:
            text = file.read_text(encoding="utf-8")
            new = ids.rewritten(text)
            if new != text:
                file.write_text(new, encoding="utf-8")
    if files:
        upload()
    return len(files)
