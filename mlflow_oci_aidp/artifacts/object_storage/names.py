"""The names that objects can have.

Source: https://docs.oracle.com/iaas/Content/Object/Tasks/managingobjects.htm
"""

from __future__ import annotations

from mlflow_oci_aidp.artifacts.locations import check_name
from mlflow_oci_aidp.errors import invalid_parameter

#: The longest name, with its folders, in bytes of UTF-8.
LONGEST = 1024

_IMPOSSIBLE = {"\n": "a line feed", "\r": "a carriage return", "\0": "a NUL"}
#: Characters of a name that is too long for a message.
_SHOWN = 60


def check_object_name(name: str) -> None:
    """Refuse a name that Object Storage does not take, before a request is made.

    Args:
        name: The whole name of an object, or the beginning of one.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that is not Unicode, that has more
            than 1,024 bytes of UTF-8, or that has a line feed, a carriage return or a NUL.
    """
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        check_name(name)
        raise
    for character, description in _IMPOSSIBLE.items():
        if character in name:
            raise invalid_parameter(
                f"The name {_shown(name)} has {description} in it, and Object Storage takes no "
                "such name.",
                "Rename the file or folder.",
            )
    if length > LONGEST:
        raise invalid_parameter(
            f"The name {_shown(name)} has {length} bytes of UTF-8 with its folders, and Object "
            f"Storage takes at most {LONGEST}.",
            "Use shorter names, or fewer folders.",
        )


def _shown(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}...")
