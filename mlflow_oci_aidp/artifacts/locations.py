"""The location of artifacts in a volume, as MLflow reads it and as the platform does.

The platform says ``/Volumes/<catalog>/<schema>/<volume>/<path>``. In its own notebooks that is a folder; elsewhere
MLflow would take it for one, and write to the disk of the machine. So where the volume is not mounted, MLflow is
shown ``aidp:/Volumes/...`` instead, and finds this package's repository by the scheme.
"""

from __future__ import annotations

import os
import re

from mlflow_oci_aidp.errors import invalid_parameter, of_file

VOLUMES = "/Volumes"

#: The forms of the locations that this package opens.
OBJECT_STORAGE_FORM = "oci://<bucket>@<namespace>/<prefix>"
VOLUME_FORM = f"aidp:{VOLUMES}/<catalog>/<schema>/<volume>/<path>"

OBJECT_STORAGE = re.compile(r"oci://([^/@?#]+)@([^/@?#]+)(/[^?#]*)?")

_VOLUME = re.compile(rf"{VOLUMES}/([^/]+/[^/]+/[^/]+)(/.*)?", re.DOTALL)
_WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
#: With the empty authority that ``aidp:///Volumes/...`` has, too.
_SCHEME = re.compile(rf"aidp:(?://)?(?={VOLUMES}/)")


def to_mlflow(location: str, root: str = VOLUMES) -> str:
    """A location as MLflow shall see it.

    Args:
        location: What the platform says, or any other location.
        root: Where volumes are mounted, if they are.

    Returns:
        ``aidp:/Volumes/...`` for a path in a volume that is not mounted on this machine; everything else as it is.
    """
    found = _VOLUME.fullmatch(location)
    if found is None or os.path.isdir(f"{root}/{found[1]}"):
        return location
    return f"aidp:{location}"


def to_platform(location: str) -> str:
    """A location as the platform shall see it.

    Args:
        location: What MLflow says: ``aidp:/Volumes/...``, ``aidp:///Volumes/...``, or any other location.

    Returns:
        ``/Volumes/...`` for the first two; everything else as it is.
    """
    return _SCHEME.sub("", location, count=1) if _SCHEME.match(location) else location


def check_location(location: str) -> None:
    """Refuse a location that nobody could open later.

    Args:
        location: What a user gives as the place for artifacts.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for one of Object Storage or of a volume in another form.
    """
    if location.startswith("oci:") and not OBJECT_STORAGE.fullmatch(location):
        raise invalid_parameter(
            f"The artifact location {location!r} cannot be read.", f"Its form is {OBJECT_STORAGE_FORM}."
        )
    in_volume = location.startswith(("aidp:", f"{VOLUMES}/", f"file:{VOLUMES}/", f"file://{VOLUMES}/"))
    if in_volume and not _VOLUME.fullmatch(to_platform(location)):
        raise invalid_parameter(
            f"{location!r} is no location in a volume.", f"Its form is {VOLUME_FORM}, without `..`."
        )


def is_of_this_machine(location: str) -> bool:
    """Whether a location is a folder of this machine alone: not one of a volume, and of no other scheme."""
    return location.startswith("file:") or not (_WITH_SCHEME.match(location) or location.startswith(f"{VOLUMES}/"))


def check_folder(path: str) -> None:
    """Refuse what is no folder of this machine: nothing would be uploaded, and nobody told.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    if not os.path.isdir(path):
        raise invalid_parameter(f"{str(path)!r} is no folder of this machine.", "Log a file with log_artifact.")


def make_folder(path: str) -> None:
    """Make a folder of this machine, if it is not there.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` if it cannot be made.
    """
    of_file(path, "written", lambda: os.makedirs(path, exist_ok=True))


def check_name(name: str) -> None:
    """Refuse a name of a file or a folder that no server could be told.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for one that is not Unicode, as files can have.
    """
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise invalid_parameter(f"The name {name!r} is not Unicode.", "Rename the file.")
