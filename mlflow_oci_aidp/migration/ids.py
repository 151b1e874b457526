"""Which id became which: in memory, in a file, and in texts that name ids."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TextIO

from mlflow_oci_aidp.errors import local_file_errors

#: Ids of logged models, of this package and of MLflow, and of runs. [MLflow 3.1 to 3.18]
_ID = re.compile(r"(?<![0-9A-Za-z])(?:m-[0-9a-f]{32}(?:-[0-9a-f]{8})?|[0-9a-f]{32})(?![0-9A-Za-z])")


class Ids:
    """The map from old ids to new ones.

    Args:
        path: The file that gets a line of JSON for each pair, ``{"kind", "source", "target"}``.
            What it has already stays, and is not written again. None: no file.

    Raises:
        MlflowException: The file cannot be read or written.
    """

    def __init__(self, path: Path | None) -> None:
        self._new: dict[str, dict[str, str]] = {}
        self._written: set[tuple[str, str, str]] = set()
        self._file: TextIO | None = None
        self._path = path
        if path is not None:
            with local_file_errors(str(path), "written"):
                if path.exists():
                    self._written = set(filter(None, map(_pair, path.read_text().splitlines())))
                # Closed by close(), which the caller calls whatever happens.
                self._file = path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def get(self, kind: str, source: str) -> str | None:
        """Return the new id of what was copied; None if it was not."""
        return self._new.get(kind, {}).get(source)

    def remember(self, kind: str, source: str, target: str) -> None:
        """Know a pair while something is being copied, without writing it."""
        self._new.setdefault(kind, {})[source] = target

    def add(self, kind: str, source: str, target: str) -> None:
        """Write a pair down, once what it names is whole.

        Raises:
            LocalFileProblem: The file cannot be written.
        """
        self.remember(kind, source, target)
        pair = (kind, source, target)
        if self._file is None or pair in self._written:
            return
        line = json.dumps({"kind": kind, "source": source, "target": target})
        with local_file_errors(str(self._path), "written"):
            self._file.write(f"{line}\n")
            self._file.flush()
        self._written.add(pair)

    def rewrite(self, text: str) -> str:
        """Return a text with the ids of runs and logged models that were copied replaced."""
        return _ID.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        old = match.group()
        return self.get("logged_model" if old.startswith("m-") else "run", old) or old


def _pair(line: str) -> tuple[str, str, str] | None:
    try:
        pair = json.loads(line)
        return str(pair["kind"]), str(pair["source"]), str(pair["target"])
    except (ValueError, KeyError, TypeError):
        return None  # A line that was cut off when the program was killed.
