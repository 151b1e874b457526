"""One signed search without repetitions, and what a refusal of it means.

Where the answer is a 404, the search is tried once by each other version of the API.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.endpoints import API_VERSIONS
from mlflow_oci_aidp.errors import AidpError, PlatformError
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.sign_in_errors import refused_remedy

#: Explains a 404 of the platform: makes cause and remedy of the case and the platform's words.
ExplainMissing = Callable[[Case, str], tuple[str, str]]


def search(case: Case, call: str, field: str, explain_missing: ExplainMissing) -> int:
    """Search for one entity.

    Args:
        case: What is checked.
        call: The name of MLflow's RPC.
        field: The field of the response that has the entities.
        explain_missing: Explains a 404 of the platform.

    Returns:
        The number of entities in the response: 1, or 0 if this identity sees none.

    Raises:
        StepFailed: For what the platform refused, or if there was no proper response.
    """
    from mlflow_oci_aidp.client.platform_client import PlatformClient
    from mlflow_oci_aidp.client.retry import RetryPolicy
    from mlflow_oci_aidp.client.routes import ROUTES

    def count(settings: Settings) -> int:
        policy = RetryPolicy(max_retries=0, timeout=case.timeout)
        client = PlatformClient(settings, Identity(settings), policy)
        number = client.call(
            ROUTES[call],
            {"max_results": 1},
            lambda response: len(response.get(field) or ()),
            workspace=settings.workspace,
        )
        return number or 0

    try:
        return count(case.settings)
    except AidpError as problem:
        refusal = problem
    if refusal.status == 404:
        for version in API_VERSIONS.keys() - {case.settings.api_version}:
            with suppress(AidpError):
                count(replace(case.settings, api_version=version))
                raise StepFailed(*_other_version(case, version))
    raise StepFailed(*_explain(case, refusal, explain_missing))


def _other_version(case: Case, version: str) -> tuple[str, str]:
    used = case.settings.api_version
    return (
        f"{case.settings.endpoint} answers the API version {version}, and not {used} (404), which "
        f"is in use (from {case.settings.place('api_version')}).",
        f"Set AIDP_API_VERSION={version}, or add ?api_version={version} to the URI.",
    )


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
