"""The data folder: whose it is, and which emulator uses it.

An emulator fills an empty folder, or goes on in one that an emulator made. Any other folder is
refused, and nothing in it is touched. ``instance.json`` tells: every release has written that file
first, after the lock.
"""

from __future__ import annotations

import configparser
import contextlib
import errno
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy
from mlflow.exceptions import MlflowException

if sys.platform != "win32":  # Windows has another way; there the second emulator is not noticed.
    import fcntl

IDENTITY = "instance.json"
"""The file with the OCIDs of the instance, its tenancy and its user."""

ID_PREFIX = "emulator"
"""The unique part of each made-up OCID begins with this word."""

_LOCK = "lock"
# What a first start that was killed can leave behind: no secret, and nothing that counts.
_BEFORE_IDENTITY = frozenset({_LOCK, f"{IDENTITY}.new"})


class DataFolderError(OSError):
    """A data folder that cannot be used. ``strerror`` is a sentence without its full stop."""


class DataFolder:
    """The data folder of one emulator.

    Args:
        path: The folder, absolute. ``open`` makes it if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def open(self) -> None:
        """Make the folder if it is missing, and lock it. The end of the process unlocks it, too.

        Raises:
            DataFolderError: The folder is somebody else's, another emulator uses it, or it cannot
                be used.
        """
        _check_name(self.path)
        with data_folder_errors(self.path):
            _make(self.path)
            _refuse_foreign(self.path)
            self._lock = _take_lock(self.path)

    def close(self) -> None:
        """Unlock the folder."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Have the folder locked in a block of code, whether or not it is locked already.

        Raises:
            DataFolderError: As ``open`` raises it, and for what the block cannot read or write.
        """
        is_open_already = self._lock is not None
        if not is_open_already:
            self.open()
        try:
            with data_folder_errors(self.path):
                yield
        finally:
            if not is_open_already:
                self.close()


@contextlib.contextmanager
def data_folder_errors(path: Path) -> Iterator[None]:
    """Turn the errors of a block of code that reads and writes a data folder into one.

    Raises:
        DataFolderError: A file cannot be read or written, or does not hold what it should.
    """
    try:
        yield
    except DataFolderError:
        raise
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise DataFolderError(
            error.errno or errno.EIO,
            f"the folder {path} cannot be used: {name}{error.strerror or error}",
        ) from error
    except (
        sqlite3.Error,
        sqlalchemy.exc.SQLAlchemyError,
        MlflowException,
        configparser.Error,
        ValueError,
    ) as error:
        raise DataFolderError(
            errno.EIO,
            f"the folder {path} cannot be used: a file in it is damaged, or of another version "
            f"({type(error).__name__})",
        ) from error


def _check_name(path: Path) -> None:
    """Refuse a name that neither an OCI config file nor a URI can hold."""
    name = str(path)
    if not name.isprintable():
        raise DataFolderError(
            errno.EINVAL,
            f"the folder {name!r} has a character in its name that cannot be printed",
        )


def _make(path: Path) -> None:
    """Make the folder for the user alone. The mode of one that is there stays."""
    if path.is_dir():
        return
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if path.is_dir():  # Another emulator made it at this moment.
            return
        raise DataFolderError(errno.ENOTDIR, f"{path} is no folder") from None
    path.chmod(0o700)  # Whatever the umask says.


def _refuse_foreign(path: Path) -> None:
    # Listed before the file is read: another emulator may be making its files at this moment.
    names = set(os.listdir(path))
    if names <= _BEFORE_IDENTITY or _is_identity(path / IDENTITY):
        return
    raise DataFolderError(
        errno.ENOTEMPTY,
        f"the folder {path} is not empty, and no emulator made it; nothing in it was changed",
    )


def _is_identity(path: Path) -> bool:
    """Whether a file has the made-up OCIDs of an emulator."""
    try:
        content = json.loads(path.read_bytes())
        unique = {str(content[key]).rpartition(".")[2] for key in identity("")}
        return all(part.startswith(ID_PREFIX) for part in unique) and len(unique) == 1
    except FileNotFoundError:
        return False
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def identity(unique: str) -> dict[str, str]:
    """Return the OCIDs of an emulated instance, its tenancy and its user.

    Args:
        unique: The unique part of the OCIDs.
    """
    return {
        # "iad" is the short name of us-ashburn-1.
        "ai_data_platform_id": f"ocid1.datalake.oc1.iad.{unique}",
        "tenancy": f"ocid1.tenancy.oc1..{unique}",
        "user": f"ocid1.user.oc1..{unique}",
    }


def _take_lock(path: Path) -> int:
    # Without following a link, which would make a file elsewhere.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path / _LOCK, flags, 0o600)
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise DataFolderError(
                errno.EBUSY, f"another emulator uses the folder {path}"
            ) from error
    return file
