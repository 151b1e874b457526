"""A data folder of the emulator as text.

SQLite files as SQL, everything else as it is, and no keys.

Git shows what changes in SQL, and reviewers can read it.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

#: What the emulator makes anew where it is missing: its keys, and the configuration that names
#: them. A recording has no secret in it, not even a made-up one.
LEFT_OUT = frozenset({"api_key.pem", "token_issuer_key.pem", "config", "lock"})


def dump(data_folder: Path, to: Path) -> None:
    """Write a stopped emulator's data folder as text.

    Args:
        data_folder: The emulator's ``data_dir``.
        to: The folder to write to; it must not exist.
    """
    for path in _files(data_folder):
        name = path.relative_to(data_folder)
        if name.name in LEFT_OUT:
            continue
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        if name.suffix == ".db":
            with closing(sqlite3.connect(path)) as database:
                (to / name).with_suffix(".sql").write_text(
                    "\n".join(database.iterdump()) + "\n", encoding="utf-8"
                )
        else:
            shutil.copyfile(path, to / name)


def restore(dumped: Path, data_folder: Path) -> None:
    """Make a data folder of what ``dump`` wrote.

    Args:
        dumped: What ``dump`` wrote.
        data_folder: The folder to make.
    """
    for path in _files(dumped):
        target = data_folder / path.relative_to(dumped)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.suffix == ".sql":
            with closing(sqlite3.connect(target.with_suffix(".db"))) as database:
                database.executescript(path.read_text(encoding="utf-8"))
        else:
            shutil.copyfile(path, target)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
