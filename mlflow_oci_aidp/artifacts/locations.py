"""The location of artifacts in a volume, as MLflow reads it and as the platform does.

The platform says ``/Volumes/<catalog>/<schema>/<volume>/<path>``. In its own notebooks that is a folder; elsewhere
MLflow would take it for one, and write to the disk of the machine. So where the volume is not mounted, MLflow is
shown ``aidp:/Volumes/...`` instead, and finds this package's repository by the scheme.
"""

from __future__ import annotations

import os
import re

VOLUMES = "/Volumes"

_VOLUME = re.compile(rf"{VOLUMES}/([^/]+/[^/]+/[^/]+)(/.*)?", re.DOTALL)
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
