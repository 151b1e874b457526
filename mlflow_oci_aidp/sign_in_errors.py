"""Why nobody signs: errors about credentials, with the places that they come from."""

from __future__ import annotations

from typing import NamedTuple

from mlflow_oci_aidp.auth_modes import AUTH_MODES, RESOURCE_PRINCIPAL_VARIABLE, AuthMode
from mlflow_oci_aidp.errors import AidpError, error
from mlflow_oci_aidp.lookup import is_from_profile, working_folder_note
from mlflow_oci_aidp.private_key import KeyProblem, read_private_key
from mlflow_oci_aidp.profiles import problem_of_file
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.settings_table import BY_NAME, variable_of

#: The functions that take a signer of the program's own, which no setting chooses.
USE_SIGNER, SIGNED_BY = "use_signer", "signed_by"

_NO_VALUE = " A CI has no secrets to give to the pull request of a fork."


class Failure(NamedTuple):
    """What :py:mod:`mlflow_oci_aidp.identity` knows of a signer that could not be made.

    It is data, so that nothing of an exception of ``oci`` is kept.

    Attributes:
        reason: Why, in words.
        path: The file that the operating system refused, ``""`` if it refused none.
    """

    reason: str
    path: str = ""


def own_signer_remedy(function: str) -> str:
    """Return what to do about a signer of the program's own, by the function that took it."""
    return f"Check the signer that was passed to {function}."


def signer_error(
    mode: AuthMode | None, settings: Settings, failure: Failure, function: str = USE_SIGNER
) -> AidpError:
    """Return the error for a signer that could not be made, or does not sign: ``UNAUTHENTICATED``.

    Args:
        mode: The authentication mode, None for a signer of the program's own.
        settings: The settings of the store.
        failure: What is known.
        function: The function that took the program's own signer, if there is one.
    """
    name, cause, remedy = function, failure.reason, own_signer_remedy(function)
    if failure.path:
        cause = f"the file {failure.path!r}{_named_by(settings, failure.path)} {failure.reason}"
        cause += working_folder_note(failure.path)
    if mode is not None:
        name, remedy = mode.name, mode.remedy.format(places=_places(mode, settings))
        if key := _key_problem(mode, settings):
            cause, remedy = key
    return error("UNAUTHENTICATED", f"Signing in by {name} failed: {cause}.", remedy)


def _key_problem(mode: AuthMode, settings: Settings) -> KeyProblem | None:
    """Return what is wrong with the user's private key; None if nothing is, and without one."""
    if not mode.has_private_key or mode.missing(settings.credentials):
        return None
    return read_private_key(settings)[1]


def missing_credentials(settings: Settings) -> AidpError | None:
    """Return the error for credentials that the chosen mode needs and the settings lack.

    Returns:
        ``UNAUTHENTICATED``, naming everything that is missing; None if nothing is.
    """
    missing = AUTH_MODES[settings.auth].missing(settings.credentials)
    if not missing:
        return None
    names = [*missing, *(["key_content"] if "key_file" in missing else [])]
    blank = settings.blank_note(*names)
    is_secret_blank = any(BY_NAME[name].secret for name, _ in settings.blank if name in names)
    variables = ", ".join(_variables_of(name) for name in missing)
    remedy = f"Set {variables}."
    if _has_profile(settings):
        remedy = (
            f"Add it to profile {settings.profile} of {settings.config_file}, or set {variables}."
        )
    return error(
        "UNAUTHENTICATED",
        f"Signing in by {settings.auth} needs {', '.join(missing)}, found neither in the "
        f"environment nor in {_profile(settings)}.{blank}",
        remedy + (_NO_VALUE if is_secret_blank else ""),
    )


def nothing_found(settings: Settings) -> AidpError:
    """Return the error for settings that name no credentials at all: ``UNAUTHENTICATED``."""
    problem = problem_of_file(settings.config_file)
    profile = f"no credentials in the profile {settings.profile!r} of {settings.config_file!r}"
    if problem == "does not exist":
        profile = f"there is no OCI configuration file at {settings.config_file!r}"
    elif problem:
        profile = f"the OCI configuration file {settings.config_file!r} {problem}"
    return error(
        "UNAUTHENTICATED",
        f"There is nothing to sign requests with: {profile}, no credentials in OCI_CLI_USER, "
        "OCI_CLI_KEY_FILE, OCI_CLI_KEY_CONTENT or OCI_CLI_SECURITY_TOKEN_FILE, and no "
        f"{RESOURCE_PRINCIPAL_VARIABLE}.{settings.blank_note(*BY_NAME)}",
        "Run `oci setup config` or `oci session authenticate`, or choose a way to sign in with "
        f"OCI_CLI_AUTH or `?auth=`: {', '.join(AUTH_MODES)}.",
    )


def doubtful_remedy(settings: Settings) -> str:
    """Return what to do if the platform does not accept a signature, and nothing was checked yet.

    Args:
        settings: The settings that the signer was made of.
    """
    mode = AUTH_MODES[settings.auth]
    if mode.name == "api_key":
        return (
            f"Check that user, tenancy, fingerprint and key, which come from "
            f"{_places(mode, settings)}, belong together, and that the clock is right: "
            "`mlflow-oci-aidp check` compares them."
        )
    if mode.is_renewed_on_disk and _is_of_profile(mode, settings):
        return (
            f"Renew the session with `oci session refresh --profile {settings.profile}`, or make a "
            f"new one with `oci session authenticate --profile-name {settings.profile}`."
        )
    return refused_remedy(settings)


def refused_remedy(settings: Settings, fingerprint: str = "") -> str:
    """Return what to do if the platform does not accept a signature that seems to be right.

    Args:
        settings: The settings that the signer was made of.
        fingerprint: That of the private key; ``""`` if there is none.
    """
    mode = AUTH_MODES[settings.auth]
    # The files of a session need not be those of a profile, which can be renewed by its name.
    is_by_name = "{profile}" not in mode.refused_remedy or _is_of_profile(mode, settings)
    remedy = mode.refused_remedy if is_by_name else mode.remedy
    return remedy.format(
        profile=settings.profile, fingerprint=fingerprint, places=_places(mode, settings)
    )


def _is_of_profile(mode: AuthMode, settings: Settings) -> bool:
    """Tell whether the first setting that a mode needs comes from the profile."""
    return is_from_profile(settings.sources.get(mode.needs[0], ""))


def _places(mode: AuthMode, settings: Settings) -> str:
    """Return the places that the credentials of a mode come from, each once."""
    names = [name for name in mode.uses if name in settings.credentials]
    return ", ".join(dict.fromkeys(map(settings.place, names)))


def _variables_of(name: str) -> str:
    """Return the variables that a missing credential can be set by, in words."""
    if name == "key_file":
        return f"{variable_of(name)} or {variable_of('key_content')}"
    return variable_of(name)


def _named_by(settings: Settings, path: str) -> str:
    """Return the setting that names a file, with its place, ``""`` if none of ours does."""
    for name in settings.credentials:
        if name.endswith("_file") and settings.path(name) == path:
            return f" ({name} from {settings.place(name)})"
    return ""


def _has_profile(settings: Settings) -> bool:
    return settings.uses_profile or not problem_of_file(settings.config_file)


def _profile(settings: Settings) -> str:
    """Return the profile in words, or why there is none."""
    name = f"the profile {settings.profile!r} of {settings.config_file!r}"
    problem = "" if settings.uses_profile else problem_of_file(settings.config_file)
    return f"{name}: that file {problem}" if problem else name
