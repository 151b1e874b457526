"""Step "workspace": the platform lets this identity search for experiments of the workspace."""

from __future__ import annotations

from mlflow_oci_aidp.checks.search import search
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped


def check(case: Case) -> str:
    """Search for one experiment, if a workspace is named."""
    workspace = case.settings.workspace
    if not workspace and case.is_for_tracking:
        raise StepFailed(
            "The tracking URI names no workspace, and experiments and runs belong to one."
            f"{case.settings.blank_note('workspaceKey')}",
            "Set MLFLOW_TRACKING_URI to aidp://<aiDataPlatformId>/<workspaceKey>, or "
            "AIDP_WORKSPACE_KEY; for the registry alone, name this URI in MLFLOW_REGISTRY_URI "
            "instead.",
        )
    if not workspace:
        raise StepSkipped(
            "none is named: the URI is for the registry alone, experiments and runs belong to a "
            "workspace"
        )
    count = search(case, "SearchExperiments", "experiments", _explain_missing)
    suffix = "" if count else "; this identity sees none"
    return f"experiments of {workspace} can be searched{suffix}"


def _explain_missing(case: Case, cause: str) -> tuple[str, str]:
    settings = case.settings
    return (
        f"The platform shows {case.signer} no experiments of the workspace {settings.workspace} "
        f"(404): {cause} Either {settings.instance_id} has no workspace with this key, or a policy "
        "is missing; OCI answers both alike. The registry can be read.",
        f"Compare workspaceKey (from {settings.place('workspaceKey')}) with the key that AI Data "
        "Platform shows for the workspace; if it is right, ask for a policy or a role that lets "
        "this identity use the workspace.",
    )
