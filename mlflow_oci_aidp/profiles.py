"""The profiles of an OCI configuration file."""

from __future__ import annotations

import codecs
import configparser
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow_oci_aidp.invalid_input import invalid_parameter
from mlflow_oci_aidp.secret import concealed

#: The profile whose entries all others inherit.
DEFAULT_PROFILE = "DEFAULT"
DEFAULT_CONFIG_FILE = "~/.oci/config"

_FORM = "Its form is that of `oci setup config`: [PROFILE] and key=value lines."
_SAVE_AS_UTF8 = "Save it as UTF-8."
#: Longer ones begin with the shorter ones: UTF-32 goes first.
_OTHER_ENCODINGS: Mapping[bytes, str] = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


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

    A byte order mark of UTF-8 before it, as editors on Windows write it, is no part of it.

    Args:
        path: The file.

    Returns:
        The profiles by name, in the order of the file.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for a file that cannot be read, or that is no OCI
            configuration.
    """
    # Without a default section, DEFAULT is a profile as the others are: what it passes on to them
    # must not decide how they sign in.
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    text, problem, remedy = (
        "",
        problem_of_file(path),
        "Let yourself read the file, or name another.",
    )
    if not problem:
        text, problem, remedy = _text_of(path)
    if not problem:
        try:
            parser.read_string(text)
        except configparser.Error as exception:
            problem, remedy = _broken(exception), _FORM
    if problem:
        raise invalid_parameter(
            f"The OCI configuration file {path!r} cannot be used: it {problem}.", remedy
        )
    inherited = dict(parser[DEFAULT_PROFILE]) if DEFAULT_PROFILE in parser else {}
    return {
        name: Profile(inherited | dict(parser[name]), dict(parser[name]))
        for name in parser.sections()
    }


def problem_of_file(path: str) -> str:
    """Return why a file cannot be opened, such as ``"does not exist"``; ``""`` if it can be.

    What is no regular file, such as a pipe, is not opened: it could wait for ever.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            with open(path, "rb"):
                return ""
    except FileNotFoundError:
        return "does not exist"
    except (OSError, ValueError) as exception:
        reason = getattr(exception, "strerror", None) or "its path is not valid"
        return f"cannot be read ({reason})"
    return "is a folder" if stat.S_ISDIR(mode) else "is no regular file"


def _text_of(path: str) -> tuple[str, str, str]:
    """Return the text of a file, why there is none, and what to do about that."""
    content = b""
    try:
        with open(path, "rb") as file:
            content = file.read()
        return content.decode("utf-8-sig"), "", ""
    except OSError as exception:
        return "", f"cannot be read ({exception.strerror})", "Name another file, or mend the disk."
    except UnicodeDecodeError:
        pass
    for mark, name in _OTHER_ENCODINGS.items():
        if content.startswith(mark):
            return "", f"is {name}", _SAVE_AS_UTF8
    return "", "is not UTF-8", _SAVE_AS_UTF8


def _broken(exception: configparser.Error) -> str:
    """Return what is wrong with a file, by names and numbers of lines.

    An exception's text may quote the file, and the file may hold a passphrase.
    """
    match exception:
        case configparser.DuplicateSectionError():
            return f"has the profile {exception.section!r} twice, again in line {exception.lineno}"
        case configparser.DuplicateOptionError():
            # What passes for the name of an entry may be a line of a key that was pasted here.
            is_name = re.fullmatch(r"[a-z_]{1,30}", exception.option)
            return (
                f"has {exception.option if is_name else 'an entry'} twice in the profile "
                f"{exception.section!r}, again in line {exception.lineno}"
            )
        case configparser.MissingSectionHeaderError():
            return f"has no [PROFILE] line before line {exception.lineno}"
        case configparser.ParsingError():
            lines = ", ".join(str(line) for line, _ in exception.errors)
            return f"is broken in line {lines}"
    return f"is broken ({type(exception).__name__})"
