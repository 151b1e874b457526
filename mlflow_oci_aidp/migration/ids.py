"""Old and new ids: a file maps them, and texts that name old ones are rewritten."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from mlflow_oci_aidp.errors import local_file_errors

Kind = Literal["experiment", "run", "logged model", "model version"]

#: Beginnings of tags that belong to one server alone: those that this package reserves, and those
#: of a copy.
_OF_ONE_SERVER = ("mlflow_oci_aidp.", "mlflow-oci-aidp.")
#: The tag that says where a copy comes from: the id in the source. It is set when the copy is made.
COPIED_FROM = "mlflow-oci-aidp.copied_from"
#: The tag that says that a copy is whole. It is set last.
COPY_IS_WHOLE = "mlflow-oci-aidp.copy_is_whole"

_WORD = re.compile(r"[\w-]+")


def without_own(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that do not belong to one server alone."""
    return {key: value for key, value in tags.items() if not key.startswith(_OF_ONE_SERVER)}


class IdMap:
    """Ids of the source, with those of their copies.

    Each line of the file is an object with ``kind``, ``from`` and ``to``. Lines are added, and none
    is changed.

    Args:
        file: The file; None keeps the map in memory alone.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._ids: dict[tuple[Kind, str], str] = {}
        self._written: set[tuple[str, str, str]] = set()
        if file is not None and file.exists():
            self._read(file)

    def find(self, kind: Kind, old: str | None) -> str | None:
        """Return the id of a copy, or None if there is none."""
        return None if old is None else self._ids.get((kind, old))

    def note(self, kind: Kind, old: str, new: str) -> None:
        """Note a copy, in the file too.

        Raises:
            AidpError: The file cannot be written.
        """
        self._ids[kind, old] = new
        if self._file is None or (kind, old, new) in self._written:
            return
        self._written.add((kind, old, new))
        line = json.dumps({"kind": kind, "from": old, "to": new})
        with (
            local_file_errors(str(self._file), "written"),
            open(self._file, "a", encoding="utf-8") as file,
        ):
            file.write(line + "\n")

    def rewritten(self, text: str) -> str:
        """Return a text with ids of runs and logged models in the place of old ones."""

        def new(match: re.Match[str]) -> str:
            word = match[0]
            return self.find("run", word) or self.find("logged model", word) or word

        return _WORD.sub(new, text)

    def _read(self, path: Path) -> None:
        # What earlier copies wrote; what is copied is still read from the target's tags.
        with (
            local_file_errors(str(path), "read"),
            open(path, encoding="utf-8", errors="replace") as file,
        ):
            for line in file:
                self._note_line(line)

    def _note_line(self, line: str) -> None:
        try:
            row = json.loads(line)
            self._written.add((row["kind"], row["from"], row["to"]))
        except (ValueError, TypeError, KeyError):
            return  # The end of a line that a killed process wrote.
