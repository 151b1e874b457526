"""Folders of this machine: the files that are uploaded, and the place of what is downloaded."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator

from mlflow.utils.file_utils import create_tmp_dir

from mlflow_oci_aidp.artifacts.locations import check_destination, check_folder, make_folder, walk
from mlflow_oci_aidp.artifacts.part_files import is_part_file, remove_abandoned
from mlflow_oci_aidp.errors import invalid_parameter

_logger = logging.getLogger(__name__)

_ALONE = "Rename or delete it, or download the others one by one."


def files_below(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders that are uploaded: relative paths with slashes, and the names of files.

    Links to files are followed, links to folders are not. A file that a download of this package
    left behind is no file of the user's: it is left out, with a warning.

    Args:
        folder: The topmost folder, whose own relative path is ``""``.

    Raises:
        LocalFileProblem: It is no folder, or one that cannot be read is in it.
    """
    check_folder(folder)
    for path, names in walk(folder):
        relative = os.path.relpath(path, folder)
        for name in filter(is_part_file, names):
            _logger.warning(
                "The file %r is not uploaded: a download that goes on, or was killed, wrote it.",
                os.path.join(path, name),
            )
        yield (
            "" if relative == os.curdir else relative.replace(os.sep, "/"),
            [name for name in names if not is_part_file(name)],
        )


class Destination:
    """The folder of a download.

    Args:
        folder: The folder; a new temporary one if it is None or empty.

    Raises:
        LocalFileProblem: It is no folder.
    """

    def __init__(self, folder: str | None) -> None:
        self.folder = os.path.abspath(folder or create_tmp_dir())
        check_destination(self.folder)

    def path(self, artifact_path: str) -> str:
        """Return the path of an artifact on this machine."""
        return os.path.join(self.folder, *filter(None, artifact_path.split("/")))

    def prepare(self, files: Iterable[str], folders: Iterable[str] = ()) -> dict[str, str]:
        """Check where files go, and delete what earlier downloads left behind there.

        Args:
            files: The paths of the files, relative to the topmost folder of the artifacts.
            folders: The paths of folders that may be empty, likewise.

        Returns:
            The path on this machine of each file.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a path that does not stay below the
                destination, and for one that is a file and a folder. Nothing is to be downloaded
                then.
        """
        files = list(files)
        all_folders = {""}
        for path in (*files, *folders):
            _require_local_path(path)
        for path in folders:
            all_folders |= {path, *_folders_above(path)}
        for path in files:
            all_folders |= _folders_above(path)
        for path in files:
            if path in all_folders:
                raise invalid_parameter(
                    f"Nothing was downloaded: {path!r} is a file and a folder, which this machine "
                    "cannot have side by side.",
                    _ALONE,
                )
        for path in all_folders:
            self._require_inside(path)
        for path in files:
            if os.path.islink(self.path(path)):
                self._require_inside(path)
        for path in all_folders:
            remove_abandoned(self.path(path))
        return {path: self.path(path) for path in files}

    def make_folder(self, artifact_path: str) -> None:
        """Make a folder and those above it.

        Raises:
            LocalFileProblem: It cannot be made.
        """
        make_folder(self.path(artifact_path))

    def _require_inside(self, path: str) -> None:
        """Refuse a path from which a symbolic link leads out of the destination."""
        root, target = os.path.realpath(self.folder), os.path.realpath(self.path(path))
        if target != root and not target.startswith(os.path.join(root, "")):
            raise invalid_parameter(
                f"Nothing was downloaded: {path!r} would be written outside of {self.folder!r}, "
                "since a symbolic link leads out of it.",
                "Remove the link, or choose another destination.",
            )


def _folders_above(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts))}


def _require_local_path(path: str) -> None:
    if not all(is_local_name(part, os.sep, os.altsep) for part in path.split("/")):
        raise invalid_parameter(
            f"Nothing was downloaded: the name {path!r} is no path below the destination.", _ALONE
        )


def is_local_name(name: str, separator: str, other_separator: str | None) -> bool:
    r"""Return whether a name can be that of one file or folder, in the folder that it is put into.

    Args:
        name: The name.
        separator: What stands between folders on this machine.
        other_separator: What may stand there, too. Only Windows has one: there, a colon stands
            behind the letter of a drive.
    """
    forbidden = {"\0", separator, other_separator, *(":" if other_separator else "")} - {None}
    if name in ("", ".", "..") or not forbidden.isdisjoint(name):
        return False
    return not any("\ud800" <= character <= "\udfff" for character in name)
