"""Step "workspace": the platform lets this identity search for experiments of the workspace."""

from __future__ import annotations

from mlflow_oci_aidp.checks.search import search
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES, WorkspaceInUse


def check(case: Case) -> str:
    """Search for one experiment, if a workspace is named."""
    workspace = _in_use(case)
    if not workspace and case.is_for_tracking:
        choose = ", or choose one by MLFLOW_WORKSPACE" if HAS_WORKSPACES else ""
        raise StepFailed(
            "The tracking URI names no workspace, and experiments and runs belong to one."
            f"{case.settings.blank_note('workspaceKey')}",
            "Set MLFLOW_TRACKING_URI to aidp://<aiDataPlatformId>/<workspaceKey>, or "
            f"AIDP_WORKSPACE_KEY{choose}; for the registry alone, name this URI in "
            "MLFLOW_REGISTRY_URI instead.",
        )
    if not workspace:
        raise StepSkipped(
            "none is named: the URI is for the registry alone, experiments and runs belong to a "
            "workspace"
        )
    count = search(case, "SearchExperiments", "experiments", _explain_missing, workspace=workspace)
    suffix = "" if count else "; this identity sees none"
    return f"experiments of {workspace} can be searched{suffix}"


def _in_use(case: Case) -> str:
    """Return the key of the workspace of the URI, or of MLflow's active one."""
    policy = RetryPolicy(max_retries=0, timeout=case.timeout)
    return WorkspaceInUse(case.settings, Session(case.settings, policy)).key()


def _explain_missing(case: Case, cause: str) -> tuple[str, str]:
    settings = case.settings
    workspace = _in_use(case)
    is_own = workspace == settings.workspace
    place = settings.place("workspaceKey") if is_own else "MLflow's active workspace"
    return (
        f"The platform shows {case.signer} no experiments of the workspace {workspace} "
        f"(404): {cause} Either {settings.instance_id} has no workspace with this key, or a policy "
        "is missing; OCI answers both alike. The registry can be read.",
        f"Compare workspaceKey (from {place}) with the key that AI Data Platform shows for the "
        "workspace; if it is right, ask for a policy or a role that lets this identity use the "
        "workspace.",
    )
