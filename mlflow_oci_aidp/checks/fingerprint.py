"""Step "fingerprint": the fingerprint in the settings is that of the private key."""

from __future__ import annotations

from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.private_key import key_location
from mlflow_oci_aidp.settings import Settings


def check(case: Case) -> str:
    """Compare the fingerprint in the settings with the key's own."""
    settings = case.settings
    if settings.auth != "api_key":
        raise StepSkipped("an API key's alone is sent")
    configured, computed = str(settings.credentials["fingerprint"]), case.identity["fingerprint"]
    if configured.lower() != computed:
        raise StepFailed(
            f"The private key in {key_location(settings)} has the fingerprint {computed}, but the "
            f"fingerprint from {settings.sources['fingerprint']} is {configured}: they are not of "
            "one key.",
            f"Correct fingerprint or {_key_setting(settings)}, so that both are of the API key "
            "that was uploaded for the user.",
        )
    return "the key's own"


def _key_setting(settings: Settings) -> str:
    """Return the name of what holds or names the private key."""
    is_content = "key_content" in settings.credentials
    return settings.place("key_content") if is_content else "key_file"
