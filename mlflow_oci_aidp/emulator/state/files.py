"""Write files that only the user can read, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def private_opener(path: str, flags: int) -> int:
    """Open a file for ``open``; a new one gets mode 600."""
    return os.open(path, flags, 0o600)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader, and the next start, see the old content or the new one.

    A killed process leaves at most ``<name>.new`` behind, which the next write replaces. A crash
    of the machine may lose what the system had not written yet.

    Raises:
        OSError: The file cannot be written. It is as it was.
    """
    temporary = path.with_name(f"{path.name}.new")
    try:
        with open(temporary, "wb", opener=private_opener) as file:
            file.write(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
