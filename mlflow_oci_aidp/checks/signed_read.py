"""Step "signed read": the platform lets this identity search for registered models."""

from __future__ import annotations

from mlflow_oci_aidp.checks import other_versions
from mlflow_oci_aidp.checks.search import search
from mlflow_oci_aidp.checks.step import Case


def check(case: Case) -> str:
    """Search for one registered model."""
    count = search(
        case,
        "SearchRegisteredModels",
        "registered_models",
        _explain_missing,
        other_versions.look,
    )
    return "registered models can be searched" + ("" if count else "; this identity sees none")


def _explain_missing(case: Case, cause: str) -> tuple[str, str]:
    source = case.settings.place("aiDataPlatformId")
    return (
        f"The platform shows {case.signer} no registered models of {case.settings.instance_id} "
        f"(404): {cause} Either this is not the OCID of an AI Data Platform in this region, or a "
        "policy is missing; OCI answers both alike.",
        f"Compare aiDataPlatformId (from {source}) with the OCID in the Console; if it is right, "
        "ask for a policy or a role that lets this identity read its models.",
    )
