"""Locations of artifacts, as MLflow reads them and as the platform does.

The platform says ``/Volumes/<catalog>/<schema>/<volume>/<path>``. In its own notebooks that is a
folder. Elsewhere MLflow would take it for a folder, too, and write to the disk of the machine. So
where the volume is not mounted, MLflow gets ``aidp:/Volumes/...`` instead, and finds this package's
repository by the scheme.
"""

from __future__ import annotations

import errno
import ntpath
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlparse

from mlflow.utils.validation import path_not_unique

from mlflow_oci_aidp.errors import invalid_parameter, local_file_errors, local_file_problem

VOLUMES = "/Volumes"

#: The forms of the locations that this package opens.
OBJECT_STORAGE_FORM = "oci://<bucket>@<namespace>/<prefix>"
VOLUME_FORM = f"aidp:{VOLUMES}/<catalog>/<schema>/<volume>/<path>"

OBJECT_STORAGE = re.compile(r"oci://([^/@?#]+)@([^/@?#]+)(/[^?#]*)?")

_VOLUME = re.compile(rf"{VOLUMES}/([^/]+/[^/]+/[^/]+)(/.*)?", re.DOTALL)
_WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
#: Also with an empty authority, as in ``aidp:///Volumes/...``.
_SCHEME = re.compile(rf"aidp:(?://)?(?={VOLUMES}/)")


@dataclass(frozen=True)
class VolumeLocation:
    """The parts of ``aidp:/Volumes/<catalog>/<schema>/<volume>/<path>``.

    Attributes:
        catalog: The name of the catalog.
        schema: The name of the schema.
        volume: The name of the volume.
        path: The path in the volume; it begins with ``/``.
    """

    catalog: str
    schema: str
    volume: str
    path: str

    @classmethod
    def parse(cls, uri: str) -> VolumeLocation:
        """Take a location apart. Nothing in it is percent-encoded.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for another form, and for ``.`` and ``..``.
        """
        location = to_platform(uri)
        _, _, rest = location.partition(f"{VOLUMES}/")
        parts = [part for part in rest.split("/") if part]
        is_in_volume = location.startswith(f"{VOLUMES}/") and len(parts) >= 3
        if not is_in_volume or not {".", ".."}.isdisjoint(parts):
            raise _no_volume(uri)
        catalog, schema, volume, *path = parts
        return cls(catalog, schema, volume, "/" + "/".join(path))

    def __str__(self) -> str:
        return self.of(self.path)

    def of(self, path: str) -> str:
        """Return the location of a path in the volume, as the platform writes it."""
        return f"{VOLUMES}/{self.catalog}/{self.schema}/{self.volume}{path.rstrip('/')}"

    def inside(self, artifact_path: str | None) -> str:
        """Return the path in the volume of an artifact.

        Args:
            artifact_path: The path of the artifact, relative to this location.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for an absolute path and for one with
                ``..``.
        """
        return posixpath.join(self.path, relative_path(artifact_path or "")).rstrip("/") or "/"


def to_mlflow(location: str, root: str = VOLUMES) -> str:
    """Return a location as MLflow gets it.

    Args:
        location: What the platform says, or any other location.
        root: The folder in which volumes are mounted, if they are.

    Returns:
        ``aidp:/Volumes/...`` for a path in a volume that is not mounted on this machine; any other
        location unchanged.
    """
    in_volume = _VOLUME.fullmatch(location)
    if in_volume is None or os.path.isdir(f"{root}/{in_volume[1]}"):
        return location
    return f"aidp:{location}"


def to_platform(location: str) -> str:
    """Return a location as the platform gets it.

    Args:
        location: What MLflow says: ``aidp:/Volumes/...``, ``aidp:///Volumes/...``, or any other.

    Returns:
        ``/Volumes/...`` for the first two; any other location unchanged.
    """
    return _SCHEME.sub("", location, count=1) if _SCHEME.match(location) else location


def check_location(location: str) -> None:
    """Refuse a location that nobody could open later.

    Args:
        location: The location of artifacts that a user gives.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a location of Object Storage or of a volume
            that has another form, and for one of another scheme that MLflow's servers refuse, since
            it has a fragment or parameters.
    """
    if location.startswith("oci:") and not OBJECT_STORAGE.fullmatch(location):
        raise invalid_parameter(
            f"The artifact location {location!r} cannot be read.",
            f"Its form is {OBJECT_STORAGE_FORM}.",
        )
    in_volume = location.startswith(
        ("aidp:", f"{VOLUMES}/", f"file:{VOLUMES}/", f"file://{VOLUMES}/")
    )
    if in_volume and not _VOLUME.fullmatch(to_platform(location)):
        raise _no_volume(location)
    parts = urlparse(location)
    if not in_volume and _WITH_SCHEME.match(location) and (parts.fragment or parts.params):
        raise invalid_parameter(
            f"The artifact location {location!r} has a fragment or parameters.",
            "Leave out `#` and `;` and what follows.",
        )


def is_of_this_machine(location: str) -> bool:
    """Whether a location is a folder of this machine: no volume, and no other scheme."""
    return location.startswith("file:") or not (
        _WITH_SCHEME.match(location) or _VOLUME.fullmatch(location)
    )


def is_relative(location: str) -> bool:
    """Whether a folder of this machine depends on the folder that a program works in."""
    path = location.removeprefix("file:")
    return not (posixpath.isabs(path) or ntpath.isabs(path))


def check_folder(path: str) -> None:
    """Refuse what is no folder of this machine: nothing would be uploaded, and nobody told.

    Raises:
        LocalFileProblem: ``INVALID_PARAMETER_VALUE``.
    """
    cause = f"{str(path)!r} is no folder of this machine."
    _require_folder(path, cause, "Log a file with log_artifact.")


def walk(path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and each one below it, with the names of the files in it.

    A link to a folder is passed over.

    Raises:
        LocalFileProblem: ``INVALID_PARAMETER_VALUE`` for a folder that cannot be read: its files
            would be left out, and nobody told.
    """
    problems: list[OSError] = []
    for folder, _, names in os.walk(path, onerror=problems.append):
        if problems:
            break
        yield folder, names
    for problem in problems:
        reason = problem.strerror or type(problem).__name__
        raise local_file_problem(
            str(problem.filename),
            problem.errno,
            reason,
            f"The folder {problem.filename!r} cannot be read: {reason}.",
            "Make it readable, or log its files from elsewhere.",
        )


def check_destination(path: str) -> None:
    """Refuse a destination of downloads that is no folder.

    Raises:
        LocalFileProblem: ``INVALID_PARAMETER_VALUE``.
    """
    cause = f"The destination {path!r} is no folder."
    _require_folder(path, cause, "Make it first, or leave it out.")


def make_folder(path: str) -> None:
    """Make a folder of this machine, if it is missing.

    Raises:
        LocalFileProblem: ``INVALID_PARAMETER_VALUE`` if it cannot be made.
    """
    with local_file_errors(path, "written"):
        os.makedirs(path, exist_ok=True)


def check_name(name: str) -> None:
    """Refuse a name of a file or a folder that no server could be told.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that is not Unicode.
    """
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise invalid_parameter(f"The name {name!r} is not Unicode.", "Rename the file.")


def relative_path(path: str) -> str:
    """Return the path of an artifact without empty parts.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for an absolute path and for one with ``..``,
            as MLflow's own repositories have it. [MLflow: ``validate_path_is_safe``]
    """
    path = str(path)
    check_name(path)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or path.startswith("/"):
        raise invalid_parameter(
            f"The artifact path {path!r} leads out of its location.",
            "Give a path relative to it, without `..`.",
        )
    return "/".join(parts)


def check_artifact_path(path: str | None) -> None:
    """Refuse a folder for artifacts whose name is not its own shortest form.

    That is the rule by which MLflow's own repositories take artifacts, while they read more.
    [MLflow 3.1 to 3.18: ``verify_artifact_path``]

    Args:
        path: The folder, relative to the repository; the topmost if None or empty.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a path that is absolute, has ``.``, ``..``
            or an empty part, or ends with a slash.
    """
    if path and path_not_unique(str(path)):
        raise invalid_parameter(
            f"MLflow takes no artifacts at the path {str(path)!r}: it is absolute, or not the "
            "shortest form of a path.",
            "Give a relative path such as 'data/images', without '.', '..' and empty parts.",
        )


def _require_folder(path: str, cause: str, remedy: str) -> None:
    if not os.path.isdir(path):
        number = errno.ENOTDIR if os.path.exists(path) else errno.ENOENT
        raise local_file_problem(path, number, os.strerror(number), cause, remedy)


def _no_volume(location: str) -> Exception:
    return invalid_parameter(
        f"{location!r} is no location in a volume.", f"Its form is {VOLUME_FORM}, without `..`."
    )
