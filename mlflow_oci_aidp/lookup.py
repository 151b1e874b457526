"""Where the value of a setting comes from: the URI, the environment, the OCI profile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mlflow_oci_aidp.invalid_input import invalid_parameter
from mlflow_oci_aidp.profiles import (
    DEFAULT_CONFIG_FILE,
    DEFAULT_PROFILE,
    Profile,
    problem_of_file,
    read_profiles,
)
from mlflow_oci_aidp.settings_table import BY_NAME, Setting
from mlflow_oci_aidp.uri import AidpUri

if TYPE_CHECKING:
    from mlflow_oci_aidp.errors import AidpError

FROM_URI = "the URI"
_FROM_PROFILE = "profile "
_SET_UP = "Make it with `oci setup config` or `oci session authenticate`"

#: Settings that stand in a header of each request: they have to be ASCII.
_IN_HEADERS = frozenset({"tenancy", "user", "fingerprint"})
#: What no path may hold, and what would end a header.
_NOT_IN_PATHS = frozenset("\0\r\n")


class Lookup:
    """Look settings up in the URI, the environment and the profile, in this order.

    Args:
        uri: The parts of the URI.
        environ: The environment.

    Attributes:
        sources: Where each setting comes from, by its name: ``"the URI"``, the name of a variable,
            or ``"profile <name>"``.
        blank: The places of settings that are there without a value, by the names of settings that
            have a value nowhere else.
        profile: The profile; empty before :py:meth:`read_profile`.
        profile_name: Its name.
        config_file: The path of the OCI configuration file.
    """

    def __init__(self, uri: AidpUri, environ: Mapping[str, str]) -> None:
        self.uri = uri
        self.environ = environ
        self.sources: dict[str, str] = {}
        self.blank: dict[str, str] = {}
        self.profile = Profile()
        self.config_file = ""
        self.profile_name = self.find("profile") or DEFAULT_PROFILE
        self.config_file = os.path.expanduser(self.find("config_file") or DEFAULT_CONFIG_FILE)

    def find(self, name: str) -> str:
        """Return the value of a setting, ``""`` if it is nowhere, and remember its source.

        Raises:
            AidpError: ``INVALID_PARAMETER_VALUE`` for a value that no request can hold.
        """
        blank = ""
        setting = BY_NAME[name]
        for value, source in self._candidates(setting):
            if value is None:
                continue
            text = value.strip() if name == "pass_phrase" else _without_quotes(value)
            if text:
                self.sources[name] = source
                self.blank.pop(name, None)
                if not setting.secret:
                    self._check_characters(name, text)
                return text
            blank = blank or source
        if blank:
            key = f"{setting.profile} in " if is_from_profile(blank) else ""
            self.blank[name] = f"{key}{place_of(blank, self.config_file)}"
        return ""

    def variable(self, name: str) -> str:
        """Return the value of an environment variable, ``""`` if it is not set."""
        return _without_quotes(self.environ.get(name, ""))

    def place(self, name: str) -> str:
        """Return where a setting that was found comes from, in words, with its file."""
        return place_of(self.sources[name], self.config_file)

    def _check_characters(self, name: str, value: str) -> None:
        """Refuse a value that no request can hold, without showing it."""
        if name.endswith("_file"):
            is_good = _NOT_IN_PATHS.isdisjoint(value)
        else:
            is_good = value.isprintable() and (value.isascii() or name not in _IN_HEADERS)
        if not is_good:
            kind = " or one that is not ASCII" if name in _IN_HEADERS else ""
            raise invalid_parameter(
                f"The value of {name} (from {self.place(name)}) holds a control character{kind}.",
                "Write it anew, without what does not show.",
            )

    def _candidates(self, setting: Setting) -> Iterator[tuple[str | None, str]]:
        """Yield the values that a setting could have, each with its source."""
        if setting.uri == "query":
            yield self.uri.settings.get(setting.name), FROM_URI
        for variable in setting.environment:
            yield self.environ.get(variable), variable
        if setting.profile:
            source = f"{_FROM_PROFILE}{self.profile_name}"
            yield self.profile.entries.get(setting.profile), source

    def read_profile(self) -> None:
        """Read the profile, which may be missing unless it was asked for by name.

        Raises:
            AidpError: ``INVALID_PARAMETER_VALUE`` for a file or a profile that was asked for and
                does not exist, and for a file that is no OCI configuration.
        """
        is_asked_for = bool(self.sources.keys() & {"config_file", "profile"})
        if not os.path.lexists(self.config_file):
            if is_asked_for:
                raise self._no_config_file()
            return
        if not is_asked_for and problem_of_file(self.config_file):
            # A workload of OCI needs no file: the error of one that does need it says why not.
            return
        profiles = read_profiles(self.config_file)
        if self.profile_name in profiles:
            self.profile = profiles[self.profile_name]
        elif "profile" in self.sources:
            raise invalid_parameter(
                f"The profile {self.profile_name!r} (from {self.place('profile')}) is not in "
                f"{self.config_file!r}.",
                f"There are: {', '.join(profiles) or 'none'}.",
            )

    def _no_config_file(self) -> AidpError:
        folder = working_folder_note(self.config_file)
        if "config_file" in self.sources:
            return invalid_parameter(
                f"The OCI configuration file {self.config_file!r} (from "
                f"{self.place('config_file')}) does not exist{folder}.",
                f"{_SET_UP}, or name another.",
            )
        return invalid_parameter(
            f"The profile {self.profile_name!r} (from {self.place('profile')}) cannot be read: "
            f"there is no OCI configuration file at {self.config_file!r}.",
            f"{_SET_UP}.",
        )


def is_from_profile(source: str) -> bool:
    """Tell whether a source is a profile."""
    return source.startswith(_FROM_PROFILE)


def place_of(source: str, config_file: str) -> str:
    """Return a source in words that lead there: that of a profile has its file."""
    return f"{source} of {config_file}" if is_from_profile(source) else source


def working_folder_note(path: str) -> str:
    """Return what to add to an error about a relative path that names no file; else ``""``.

    ``oci`` opens relative paths as they are, whichever file names them. [oci.config, oci.signer]
    """
    if os.path.isabs(path):
        return ""
    try:
        folder = os.getcwd()
    except OSError:
        folder = "which is gone"
    return f" (a relative path begins in the working folder, {folder})"


def _without_quotes(value: str) -> str:
    """Return a value without blanks and quotes around it, which some readers of .env files keep."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text
