"""The workspaces of one instance, by key."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import datetime, timezone
from pathlib import Path

from ..contract.refusal import Refusal, not_found
from ..state.credentials import WORKSPACE_KEY
from ..state.files import write_private
from .registry import RegistryService
from .workspace import ListFiles, WorkspaceService

Row = dict[str, str]

DEFAULT_CATALOG = "main"
"""The ``defaultCatalogKey`` of each workspace. Its first volume is in it, too."""


def _described(key: str, display_name: str, description: str = "", kind: str = "USER") -> Row:
    """Return the fields of a workspace that is made now."""
    return {
        "key": key,
        "displayName": display_name,
        "type": kind,
        "description": description,
        "timeCreated": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "lifecycleState": "ACTIVE",
        "defaultCatalogKey": DEFAULT_CATALOG,
    }


def _first() -> Row:
    return _described(WORKSPACE_KEY, "Default Workspace", kind="DEFAULT")


class Workspaces:
    """The workspaces of an instance. Safe for use by several threads.

    A workspace is opened when it is first asked for.
    """

    def __init__(self, folder: Path, registry: RegistryService, list_files: ListFiles) -> None:
        """Read the list of workspaces.

        Args:
            folder: The emulator's data folder.
            registry: The registry of the instance, for model versions made in a workspace.
            list_files: Lists files at an artifact location, for a run's list of artifacts.
        """
        self._folder = folder
        self._registry = registry
        self._list_files = list_files
        self._lock = threading.Lock()
        self._open: dict[str, WorkspaceService] = {}
        self._names = folder / "workspaces.json"
        #: What the platform tells of each, by key.
        self._rows: dict[str, Row] = {WORKSPACE_KEY: _first()}
        if self._names.exists():
            # An earlier version of this package wrote nothing but keys.
            rows = [
                row if isinstance(row, dict) else _described(row, row)
                for row in json.loads(self._names.read_text())
            ]
            self._rows |= {row["key"]: row for row in rows if row["key"] != WORKSPACE_KEY}

    def add(self, key: str, display_name: str = "", description: str = "") -> WorkspaceService:
        """Make a workspace. If it exists, it stays as it is.

        Args:
            key: The key.
            display_name: The name that the platform shows; the key if empty.
            description: The description.

        Raises:
            ValueError: No path can hold the key.
        """
        if key in ("", ".", "..") or "/" in key:
            raise ValueError(f"{key!r} is no key of a workspace.")
        with self._lock:
            if key not in self._rows:
                row = _described(key, display_name or key, description)
                rows = {**self._rows, key: row}
                write_private(self._names, json.dumps(list(rows.values())).encode())
                self._rows = rows
        return self.get(key)

    def describe(self, key: str) -> Row:
        """Return what the platform tells of a workspace.

        Raises:
            Refusal: With 404, if there is no such workspace.
        """
        with self._lock:
            if key not in self._rows:
                raise not_found("Authorization failed or requested resource not found.")
            return dict(self._rows[key])

    def describe_all(self) -> list[Row]:
        """Return what the platform tells of all workspaces."""
        with self._lock:
            return [dict(row) for row in self._rows.values()]

    def get(self, key: str) -> WorkspaceService:
        """Return the workspace with a key.

        Raises:
            Refusal: With 404, if there is no such workspace.
        """
        with self._lock:
            if key not in self._rows:
                raise not_found("Authorization failed or requested resource not found.")
            if key not in self._open:
                self._open[key] = WorkspaceService(
                    self._file(key), key, self._registry, self._list_files
                )
            return self._open[key]

    def artifacts_of(self, run_id: str) -> str:
        """Return the artifact location of a run, whichever workspace it is in.

        Raises:
            Refusal: With 404, if there is no such run.
        """
        with self._lock:
            keys = list(self._rows)
        for key in keys:
            try:
                run = self.get(key).get_experiment_run_by_id({"run_id": run_id}, "")
            except Refusal as refusal:
                if refusal.status != 404:
                    raise
            else:
                return str(run["run"]["info"]["artifact_uri"])
        raise not_found(f"There is no run {run_id!r}.")

    def reset(self) -> None:
        """Remove every workspace but the first, and the content of the first."""
        with self._lock:
            for key in self._rows:
                workspace = self._open.get(key)
                if workspace and key == WORKSPACE_KEY:
                    workspace.reset()
                    continue
                if workspace:
                    self._open.pop(key).close()
                for file in self._folder.glob(f"{self._file(key).stem}.*"):
                    file.unlink()
            self._rows = {WORKSPACE_KEY: _first()}
            self._names.unlink(missing_ok=True)

    def close(self) -> None:
        """Close every workspace."""
        with self._lock:
            for workspace in self._open.values():
                workspace.close()
            self._open.clear()

    def _file(self, key: str) -> Path:
        # A key may be anything; a file's name may not.
        return self._folder / f"workspace-{hashlib.sha256(key.encode()).hexdigest()[:16]}.db"
