"""Keep model deployments and what happened to them, in an SQLite file.

Every row is JSON: the contract says what is in it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]

Kind = Literal["deployments", "activities", "logs", "inferences", "operations"]
#: How many rows of a kind are kept for one deployment.
MOST = 10_000

_TABLE = """
CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, kind TEXT, key TEXT, deployment TEXT, row TEXT, UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS rows_of ON rows (kind, deployment, number);
"""
_PUT = (
    "INSERT INTO rows (kind, key, deployment, row) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET row = excluded.row"
)
_DROP_OLDEST = (
    "DELETE FROM rows WHERE kind = ? AND deployment = ? AND number <= ("
    "SELECT number FROM rows WHERE kind = ? AND deployment = ? "
    "ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


class DeploymentStore:
    """Rows by kind, key and deployment. Safe for use by several threads.

    Args:
        path: The file, which is made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self.lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing; a crash of the machine may, which is no matter here.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLE)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._database.close()

    def clear(self) -> None:
        """Forget every row."""
        with self.lock:
            self._database.execute("DELETE FROM rows")

    def put(self, kind: Kind, key: str, deployment: str, row: Json) -> None:
        """Keep a row, in the place of one with the same key."""
        with self.lock:
            self._database.execute(_PUT, (kind, key, deployment, json.dumps(row)))
            if kind != "deployments":
                self._database.execute(_DROP_OLDEST, (kind, deployment, kind, deployment, MOST))

    def find(self, kind: Kind, key: str) -> Json | None:
        """Return the row with a key, or None."""
        with self.lock:
            found = self._database.execute(
                "SELECT row FROM rows WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return json.loads(found[0]) if found else None

    def rows(self, kind: Kind, deployment: str | None = None) -> list[Json]:
        """Return the rows of a deployment, or all, the newest first."""
        with self.lock:
            found = self._database.execute(
                "SELECT row FROM rows WHERE kind = ? AND deployment = ifnull(?, deployment) "
                "ORDER BY number DESC",
                (kind, deployment),
            ).fetchall()
        return [json.loads(row) for (row,) in found]

    def change(self, key: str, change: Callable[[Json], None]) -> Json | None:
        """Change a deployment in place, and return it; None if there is none of this id."""
        with self.lock:
            row = self.find("deployments", key)
            if row is not None:
                change(row)
                self.put("deployments", key, key, row)
            return row

    def delete(self, deployment: str) -> None:
        """Forget a deployment and what happened to it."""
        with self.lock:
            self._database.execute("DELETE FROM rows WHERE deployment = ?", (deployment,))
