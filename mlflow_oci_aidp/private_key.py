"""The user's private key: where it is, and why it cannot sign."""

from __future__ import annotations

from typing import Any, NamedTuple

from mlflow_oci_aidp.lookup import working_folder_note
from mlflow_oci_aidp.pem import read_key
from mlflow_oci_aidp.profiles import problem_of_file
from mlflow_oci_aidp.secret import Secret
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.settings_table import variable_of

_FILE_REMEDY = (
    "Correct key_file, let yourself read the file, or make it anew with `oci setup config` or "
    "`oci session authenticate`."
)
#: Bytes. No key is longer.
_LONGEST = 1 << 20
_PEM = "from `-----BEGIN PRIVATE KEY-----` to `-----END PRIVATE KEY-----`"


class KeyProblem(NamedTuple):
    """Why a private key cannot sign.

    Attributes:
        cause: What is wrong and where, as a sentence without its full stop.
        remedy: One sentence on what to do.
    """

    cause: str
    remedy: str


def key_location(settings: Settings) -> str:
    """Return where the private key is, in words: its variable, or its file and what names that."""
    if "key_content" in settings.credentials:
        return settings.place("key_content")
    return f"the file {settings.path('key_file')!r} (key_file from {settings.place('key_file')})"


def read_private_key(settings: Settings) -> tuple[Any, KeyProblem | None]:
    """Return the private key of an API key or a session, and why it cannot sign.

    Returns:
        The key and None, or None and the problem. Nothing is raised, and nothing of the key is in
        the problem.
    """
    location = key_location(settings)
    if "key_content" not in settings.credentials:
        path = settings.path("key_file")
        if reason := problem_of_file(path):
            cause = f"{location} {reason}{working_folder_note(path)}"
            return None, KeyProblem(cause, _FILE_REMEDY)
    key, reason = _read(settings)
    return key, KeyProblem(f"{location} {reason}", _remedy(settings, reason)) if reason else None


def _passphrase_remedy(settings: Settings) -> str:
    """Return what to do about a passphrase that is missing or wrong, by where it comes from."""
    variable = variable_of("pass_phrase")
    if "pass_phrase" in settings.credentials:
        place = settings.place("pass_phrase")
        if place == variable:
            return f"Correct {variable}."
        return f"Correct pass_phrase in {place}, or set {variable}, which comes before it."
    if settings.uses_profile:
        profile = f"profile {settings.profile} of {settings.config_file}"
        return f"Add pass_phrase to {profile}, or set {variable}."
    return f"Set {variable}."


def _remedy(settings: Settings, problem: str) -> str:
    if "passphrase" in problem:
        return _passphrase_remedy(settings)
    if "RSA" in problem:
        return "Make one with `oci setup keys`, and upload it."
    if "key_content" not in settings.credentials:
        return f"Name the file of the private key in key_file: it goes {_PEM}."
    variable = settings.place("key_content")
    or_file = f", or name its file in {variable_of('key_file')}" if "path" in problem else ""
    return f"{variable} has to hold the private key itself as PEM, {_PEM}{or_file}."


def _read(settings: Settings) -> tuple[Any, str]:
    """Return the key, or why there is none.

    Plain values are in the frames of this function and of those below it alone, and nothing is
    raised out of it.
    """
    content = _plain(settings, "key_content")
    if content is None:
        try:
            with open(settings.path("key_file"), "rb") as file:
                content = file.read(_LONGEST)
        except OSError as problem:
            return None, f"cannot be read ({problem.strerror})"
    return read_key(content, _plain(settings, "pass_phrase"))


def _plain(settings: Settings, name: str) -> bytes | None:
    value = settings.credentials.get(name)
    return value.reveal().encode(errors="replace") if isinstance(value, Secret) else None
