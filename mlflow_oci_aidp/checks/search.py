"""One signed search without repetitions, and what a refusal of it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.errors import AidpError, PlatformError
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.sign_in_errors import refused_remedy

if TYPE_CHECKING:
    from mlflow_oci_aidp.client.platform_client import PlatformClient

#: Explains a 404 of the platform: makes cause and remedy of the case and the platform's words.
ExplainMissing = Callable[[Case, str], tuple[str, str]]
#: Looks for another cause of a 404. It gets the case, the RPC and the field of the entities.
LookElsewhere = Callable[[Case, str, str], None]


def search(
    case: Case,
    call: str,
    field: str,
    explain_missing: ExplainMissing,
    look_elsewhere: LookElsewhere | None = None,
    *,
    workspace: str = "",
) -> int:
    """Search for one entity.

    Args:
        case: What is checked.
        call: The name of MLflow's RPC.
        field: The field of the response that has the entities.
        explain_missing: Explains a 404 of the platform.
        look_elsewhere: Called for any 404, before it is explained.
        workspace: The workspace key, for a search in a workspace.

    Returns:
        The number of entities in the response: 1, or 0 if this identity sees none.

    Raises:
        StepFailed: For what the platform refused, or if there was no proper response.
    """
    try:
        return count_entities(case, call, field, workspace=workspace)
    except AidpError as problem:
        refusal = problem
    if refusal.status == 404 and look_elsewhere:
        look_elsewhere(case, call, field)
    raise StepFailed(*_explain(case, refusal, explain_missing))


def count_entities(
    case: Case, call: str, field: str, api_version: str = "", workspace: str = ""
) -> int:
    """Search for one entity, by another version of the API if one is named.

    Raises:
        AidpError: For what the platform refused, or if there was no proper response.
    """
    from mlflow_oci_aidp.client.routes import ROUTES

    settings = replace(case.settings, api_version=api_version or case.settings.api_version)
    count = client_of(case, settings).call(
        ROUTES[call],
        {"max_results": 1},
        lambda response: len(response.get(field) or ()),
        workspace=workspace,
    )
    return count or 0


def client_of(case: Case, settings: Settings) -> PlatformClient:
    """Return a client that repeats nothing."""
    # Imported when it is used: the steps before it need no MLflow that works.
    from mlflow_oci_aidp.client.platform_client import PlatformClient
    from mlflow_oci_aidp.client.retry import RetryPolicy

    policy = RetryPolicy(max_retries=0, timeout=case.timeout)
    return PlatformClient(settings, Identity(settings), policy)


def _explain(case: Case, refusal: AidpError, explain_missing: ExplainMissing) -> tuple[str, str]:
    """Return the cause and the remedy of a search that failed."""
    if isinstance(refusal, PlatformError) and not refusal.is_from_platform:
        return refusal.cause, refusal.remedy
    if refusal.error_code == "UNAUTHENTICATED" and refusal.status == 401:
        return _not_authenticated(case, refusal.cause)
    if refusal.error_code != "RESOURCE_DOES_NOT_EXIST":
        return refusal.cause, refusal.remedy
    if isinstance(refusal, PlatformError) and refusal.oci_code == "NotAuthorizedOrNotFound":
        return explain_missing(case, refusal.cause)
    return (
        f"{case.settings.endpoint} does not answer as an AI Data Platform does: {refusal.cause}",
        "Check the endpoint.",
    )


def _not_authenticated(case: Case, cause: str) -> tuple[str, str]:
    """Explain a 401: the key is well formed and the clock is right, so few causes are left."""
    remedy = refused_remedy(case.settings, case.identity.get("fingerprint", ""))
    return f"The platform does not accept the signature of {case.signer} (401): {cause}", remedy
