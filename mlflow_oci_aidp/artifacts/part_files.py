"""Files that a download writes beside its target, whose place they take when they are whole.

A process that is killed leaves such a file behind. It is recognised by its name: uploads leave it
out, and a later download into the same folder deletes it. So that the file of a download that is
still going on is never deleted, the download holds a lock on it; and because not all file systems
share locks between machines, a file is left alone for some minutes after it was last written to.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import time
import uuid
from collections.abc import Iterator

from mlflow_oci_aidp.errors import local_file_errors

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted.
    _lock = None
else:
    _lock = fcntl.flock
    _EXCLUSIVELY = fcntl.LOCK_EX | fcntl.LOCK_NB

_logger = logging.getLogger(__name__)

_NAME = re.compile(r"\.mlflow-oci-aidp-[0-9a-f]{32}\.part")

#: Seconds after the last change in which a file is left alone.
UNTOUCHED_FOR = 600.0


def is_part_file(name: str) -> bool:
    """Return whether a file's name is one that only downloads of this package give."""
    return _NAME.fullmatch(name) is not None


@contextlib.contextmanager
def written_aside(target: str) -> Iterator[str]:
    """Yield the path of a new file, which takes the place of the target at the end of the block.

    After an exception nothing is left of it, and the target is as it was.

    Args:
        target: The path of the file that is downloaded. Its folder exists.

    Raises:
        LocalFileProblem: The file cannot be written.
    """
    # A short name: the target's own may be as long as a name can be.
    path = os.path.join(os.path.dirname(target), f".mlflow-oci-aidp-{uuid.uuid4().hex}.part")
    with local_file_errors(target, "written"):
        # Not for a child of this process that runs another program.
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        try:
            _try_to_lock(held)
            yield path
        finally:
            os.close(held)  # Windows renames no file that is open.
        with local_file_errors(target, "written"):
            os.replace(path, target)
    finally:
        with contextlib.suppress(OSError):
            os.remove(path)


def remove_abandoned(folder: str) -> None:
    """Delete what downloads into a folder left behind whose processes were killed."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_part_file(entry.name):
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(entry.path)


def _remove_if_abandoned(path: str) -> None:
    """Delete a file that nobody writes to.

    Raises:
        OSError: Somebody holds it, or it cannot be deleted.
    """
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime < UNTOUCHED_FOR:
        return
    if _lock is None:
        os.remove(path)
    else:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            _lock(file, _EXCLUSIVELY)
            os.remove(path)
        finally:
            os.close(file)
    _logger.info("Deleted %r, which a download left behind that was killed.", path)


def _try_to_lock(file: int) -> None:
    """Hold a file, where its file system has locks."""
    if _lock is not None:
        with contextlib.suppress(OSError):
            _lock(file, _EXCLUSIVELY)
