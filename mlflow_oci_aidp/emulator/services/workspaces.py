"""The workspaces of one instance, by key."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

from ..contract.refusal import not_found
from ..state.credentials import WORKSPACE_KEY
from .registry import RegistryState
from .workspace import ListFiles, WorkspaceState


class Workspaces:
    """Knows every workspace, and opens one when it is first asked for. Safe for use by several threads."""

    def __init__(self, folder: Path, registry: RegistryState, list_files: ListFiles) -> None:
        """``list_files``: what lies at an artifact location, for a run's list of artifacts."""
        self._folder = folder
        self._registry = registry
        self._list_files = list_files
        self._lock = threading.Lock()
        self._open: dict[str, WorkspaceState] = {}
        self._names = folder / "workspaces.json"
        self._keys: list[str] = json.loads(self._names.read_text()) if self._names.exists() else [WORKSPACE_KEY]

    def add(self, key: str) -> WorkspaceState:
        """Makes a workspace; one that is there stays as it is. Raises ``ValueError`` for what no path can hold."""
        if key in ("", ".", "..") or "/" in key:
            raise ValueError(f"{key!r} is no key of a workspace.")
        with self._lock:
            if key not in self._keys:
                self._keys.append(key)
                self._names.touch(mode=0o600)
                self._names.write_text(json.dumps(self._keys))
        return self.get(key)

    def get(self, key: str) -> WorkspaceState:
        """The workspace with this key. Raises ``Refusal`` (404) when there is none."""
        with self._lock:
            if key not in self._keys:
                raise not_found("Authorization failed or requested resource not found.")
            if key not in self._open:
                self._open[key] = WorkspaceState(self._file(key), key, self._registry, self._list_files)
            return self._open[key]

    def close(self) -> None:
        """Closes every workspace."""
        with self._lock:
            for state in self._open.values():
                state.close()
            self._open.clear()

    def _file(self, key: str) -> Path:
        # A key may be anything; a file's name may not.
        return self._folder / f"workspace-{hashlib.sha256(key.encode()).hexdigest()[:16]}.db"
