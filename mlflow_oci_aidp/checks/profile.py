"""Step "profile": there is something to sign with."""

from __future__ import annotations

from mlflow_oci_aidp import settings_table
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.profiles import problem_of_file, read_profiles
from mlflow_oci_aidp.settings import Settings


def check(case: Case) -> str:
    """Say which profile is used, if one is; fail if nothing says who signs."""
    settings = case.settings
    problem = problem_of_file(settings.config_file)
    if settings.auth:
        if settings.uses_profile:
            return _profile(settings)
        suffix = f", which {problem}" if problem else ""
        raise StepSkipped(f"nothing comes from {_profile(settings)}{suffix}")
    if problem:
        cause = f"The OCI configuration file {settings.config_file} {problem}"
        if problem == "does not exist":
            cause = f"There is no OCI configuration file at {settings.config_file}"
        raise StepFailed(
            f"{cause}, and the environment does not say who signs."
            f"{settings.blank_note(*settings_table.BY_NAME)}",
            "Make it with `oci setup config` or `oci session authenticate`, name another with "
            "OCI_CLI_CONFIG_FILE, or inside OCI set OCI_CLI_AUTH to resource_principal or "
            "instance_principal.",
        )
    raise _useless_profile(settings)


def _profile(settings: Settings) -> str:
    return f"profile {settings.profile} of {settings.config_file}"


def _useless_profile(settings: Settings) -> StepFailed:
    profiles = list(read_profiles(settings.config_file))
    exists = settings.profile in profiles
    problem = "holds nothing to sign with." if exists else "does not exist."
    problem += settings.blank_note(*settings_table.BY_NAME)
    remedy = "Add user, tenancy, fingerprint and key_file to it, as `oci setup config` does."
    if others := [name for name in profiles if name != settings.profile]:
        remedy = (
            f"Choose a profile with OCI_CLI_PROFILE or `?profile=`: there are {', '.join(others)}."
        )
    return StepFailed(f"The {_profile(settings)} {problem}", remedy)
