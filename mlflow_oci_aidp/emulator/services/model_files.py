"""Copy the files of a registered model's version out of the emulator, for the serving process."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import Model

from .object_storage import ObjectStorageService
from .registry import RegistryService
from .volumes import VolumeService
from .workspaces import Workspaces

_RUN = re.compile(r"runs:/([^/]+)/(.+)")
_VERSION = re.compile(r"models:/([^/@]+)/(\d+)")
#: How many copies of copies are followed.
_MOST_COPIES = 20


class OutsideError(Exception):
    """The files of a version are not in the emulator; the text says where they are."""


class ModelFiles:
    """The files of model versions, as folders.

    Args:
        folder: Where the copies go.
        registry: Tells the source of a version.
        workspaces: Tell where a run has its artifacts.
        object_storage: Has the files of ``oci://`` locations.
        volumes: Has the files of volumes.
    """

    def __init__(
        self,
        folder: Path,
        registry: RegistryService,
        workspaces: Workspaces,
        object_storage: ObjectStorageService,
        volumes: VolumeService,
    ) -> None:
        self._folder = folder
        self._registry = registry
        self._workspaces = workspaces
        self._object_storage = object_storage
        self._volumes = volumes

    def clear(self) -> None:
        """Forget every copy."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def folder_of(self, name: str, version: str) -> Path:
        """Return a folder with the files of a version, which is made if it is not there.

        Raises:
            OutsideError: The files are not in the emulator.
            Refusal: With 404, if there is no such version.
        """
        location = self._location(name, version)
        identity = hashlib.sha256(json.dumps([name, version, location]).encode()).hexdigest()[:32]
        target = self._folder / identity
        if not target.is_dir():
            part = self._folder / f"{identity}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o700, parents=True)
            self._exporter(location)(location, part)
            if not any(part.iterdir()):
                raise OutsideError(f"There are no files at {location}.")
            os.replace(part, target)
        return target

    def contract(self, name: str, version: str) -> dict[str, Any]:
        """Return what a model takes and returns, as texts of JSON; what it does not say is None."""
        folder = self.folder_of(name, version)
        try:
            metadata = Model.load(str(folder)).to_dict()
        except (MlflowException, OSError, TypeError, ValueError, LookupError):
            metadata = {}
        signature = metadata.get("signature") or {}
        example = None
        info = metadata.get("saved_input_example_info") or {}
        for file in ("serving_input_example.json", info.get("artifact_path") or ""):
            if file and (folder / file).is_file():
                example = (folder / file).read_text(encoding="utf-8")
                break
        return {
            "input_contract": signature.get("inputs"),
            "output_contract": signature.get("outputs"),
            "input_example": example,
        }

    def _location(self, name: str, version: str) -> str:
        source = ""
        for _ in range(_MOST_COPIES):
            answer = self._registry.get_model_version({"name": name, "version": version}, "")
            source = str(answer["model_version"].get("source", ""))
            copied = _VERSION.fullmatch(source)
            if copied is None:
                break
            name, version = copied[1], copied[2]
        run = _RUN.fullmatch(source)
        if run is None:
            return source
        return f"{self._workspaces.artifacts_of(run[1]).rstrip('/')}/{run[2]}"

    def _exporter(self, location: str) -> Callable[[str, Path], None]:
        if location.startswith("oci://"):
            return self._object_storage.export
        for prefix in ("aidp:", "dbfs:", ""):
            if location.startswith(f"{prefix}/Volumes/"):
                return lambda place, target: self._volumes.export(
                    place.removeprefix(prefix), target
                )
        raise OutsideError(f"The source {location!r} lies outside the emulator.")
