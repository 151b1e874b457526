"""The profiles of an OCI configuration file."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.secret import concealed

#: The profile whose entries all others inherit.
DEFAULT_PROFILE = "DEFAULT"
DEFAULT_CONFIG_FILE = "~/.oci/config"


@dataclass(frozen=True)
class Profile:
    """A profile. Its values may hold a passphrase, so that they are not shown.

    Attributes:
        entries: Its values by key, those that it inherits among them.
        own: The values of the profile itself.
    """

    entries: Mapping[str, str] = field(default_factory=dict, repr=False)
    own: Mapping[str, str] = field(default_factory=dict, repr=False)


@concealed
def read_profiles(path: str) -> Mapping[str, Profile]:
    """Read an OCI configuration file.

    Args:
        path: The file. One that does not exist has no profiles.

    Returns:
        The profiles by name, in the order of the file.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for a file that cannot be read, or that is no OCI
            configuration.
    """
    # Without a default section, DEFAULT is a profile as the others are: what it passes on to them
    # must not decide how they sign in.
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    problem = ""
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as exception:
        # Its text may quote the file, and the file may hold a passphrase: its kind is enough.
        problem = type(exception).__name__
    if problem:
        raise invalid_parameter(
            f"The OCI configuration file {path!r} cannot be read ({problem}).",
            "Its form is that of `oci setup config`: [PROFILE] and key=value lines.",
        )
    inherited = dict(parser[DEFAULT_PROFILE]) if DEFAULT_PROFILE in parser else {}
    return {
        name: Profile(inherited | dict(parser[name]), dict(parser[name]))
        for name in parser.sections()
    }
