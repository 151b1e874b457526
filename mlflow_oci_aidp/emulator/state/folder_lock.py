"""Let one emulator at a time use a folder: two would not see each other's retry tokens."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

if sys.platform != "win32":  # Windows has another way; there the second emulator is not noticed.
    import fcntl


class FolderLock:
    """The lock of a folder. The system releases it when the process ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            OSError: Another emulator has the lock.
        """
        if sys.platform == "win32":
            return
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise OSError(
                errno.EBUSY, f"another emulator uses the folder {self._path.parent}"
            ) from error
        self._file = file

    def give_back(self) -> None:
        """Release the lock."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
