"""Step "fingerprint": the fingerprint in the settings is that of the private key."""

from __future__ import annotations

from mlflow_oci_aidp.checks.private_key import key_location
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped


def check(case: Case) -> str:
    """Compare the fingerprint in the settings with the key's own."""
    settings = case.settings
    if settings.auth != "api_key":
        raise StepSkipped("an API key's alone is sent")
    configured, computed = str(settings.credentials["fingerprint"]), case.identity["fingerprint"]
    if configured.lower() != computed:
        raise StepFailed(
            f"The private key in {key_location(case)} has the fingerprint {computed}, but the "
            f"fingerprint from {settings.sources['fingerprint']} is {configured}: they are not of "
            "one key.",
            "Correct fingerprint or key_file, so that both are of the API key that was uploaded "
            "for the user.",
        )
    return "the key's own"
