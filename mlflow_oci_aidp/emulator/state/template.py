"""Keep an empty database of MLflow's, so that its migrations run once on a machine.

They take about a second for each new database; a copy of the template takes a millisecond.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow

if sys.platform != "win32":
    import fcntl

_SQLITE_MAGIC = b"SQLite format 3\0"

_lock = threading.Lock()
_content: bytes | None = None


def empty_database(make: Callable[[Path], None]) -> bytes:
    """Return the content of an empty database with the schema of the MLflow that is installed.

    It is kept in memory for this process, and for other processes of the same user in a folder
    below the system's temporary folder, in a file for each version of MLflow.

    Args:
        make: Makes such a database at a path.
    """
    global _content
    with _lock:
        if _content is None:
            _content = (
                _from_shared_folder(make) if _is_released(mlflow.__version__) else _made(make)
            )
        return _content


def _is_released(version: str) -> bool:
    # The schema of a version under development changes without a new number.
    return all(part.isdecimal() for part in version.split("."))


def _made(make: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="aidp-emulator-") as folder:
        path = Path(folder) / "template.db"
        make(path)
        return path.read_bytes()


def _from_shared_folder(make: Callable[[Path], None]) -> bytes:
    folder = _shared_folder()
    if folder is None:
        return _made(make)
    path = folder / f"mlflow-{mlflow.__version__}.db"
    content = _read(path)
    if content is None:
        with _exclusive(folder):
            # Another process may have made it while this one waited.
            content = _read(path) or _made(make)
            _replace(path, content)
    return content


def _shared_folder() -> Path | None:
    """Return a folder that this user alone can write to, or None if there cannot be one."""
    user = os.getuid() if sys.platform != "win32" else "user"
    folder = Path(tempfile.gettempdir()) / f"mlflow-oci-aidp-emulator-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    if sys.platform != "win32" and (
        not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077
    ):
        return None
    return folder


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if content.startswith(_SQLITE_MAGIC) else None


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        temporary.touch(mode=0o600)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        # Such as a full disk: the next process makes a template of its own.
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Let one process at a time make a template.

    On Windows, and where the file of the lock cannot be opened, several may; the last one wins.
    """
    file = -1
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    if file < 0:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
