"""Step "credentials": nothing that the authentication mode needs is missing."""

from __future__ import annotations

import os

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.identity import missing_credentials


def check(case: Case) -> str:
    """Compare what the mode needs with the settings, and see whether its files exist."""
    settings = case.settings
    mode = AUTH_MODES[settings.auth]
    case.identity["mode"] = mode.name
    if problem := missing_credentials(settings):
        raise problem
    needed = mode.needed(settings.credentials)
    for name in mode.files:
        if name in needed and not os.path.isfile(settings.path(name)):
            raise StepFailed(
                f"The file {settings.path(name)} ({name} from {settings.sources[name]}) does not "
                "exist.",
                f"Correct {name}, or make the file anew with `oci setup config` or "
                "`oci session authenticate`.",
            )
    return (
        f"{mode.name}, with {', '.join(needed)}"
        if needed
        else f"{mode.name}, which needs no setting"
    )
