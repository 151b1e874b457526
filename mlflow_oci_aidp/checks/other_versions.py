"""What a 404 of every call may mean: another version of the API, or an instance without MLflow."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from mlflow_oci_aidp.checks.search import client_of, count_entities
from mlflow_oci_aidp.checks.step import Case, StepFailed
from mlflow_oci_aidp.endpoints import API_VERSIONS
from mlflow_oci_aidp.errors import AidpError


def look(case: Case, call: str, field: str) -> None:
    """Look whether the instance answers the other version, or its workspaces but no call of MLflow.

    Args:
        case: What is checked. The version in use answered 404.
        call: The name of MLflow's RPC.
        field: The field of the response that has the entities.

    Raises:
        StepFailed: If one of the two is so.
    """
    used = case.settings.api_version
    others = [version for version in API_VERSIONS if version != used]
    for version in others:
        with suppress(AidpError):
            count_entities(case, call, field, version)
            raise StepFailed(*_other_version(case, version))
    for version in (used, *others):
        with suppress(AidpError):
            _list_a_workspace(case, version)
            raise StepFailed(*_no_mlflow(case, version))


def _list_a_workspace(case: Case, version: str) -> None:
    from mlflow_oci_aidp.client.routes import WORKSPACES

    client = client_of(case, replace(case.settings, api_version=version))
    client.page(WORKSPACES["ListWorkspaces"], {"limit": 1}, "items", lambda row: row)


def _other_version(case: Case, version: str) -> tuple[str, str]:
    used = case.settings.api_version
    return (
        f"{case.settings.endpoint} answers the API version {version}, and not {used} (404), which "
        f"is in use (from {case.settings.place('api_version')}).",
        f"Set AIDP_API_VERSION={version}, or add ?api_version={version} to the URI.",
    )


def _no_mlflow(case: Case, version: str) -> tuple[str, str]:
    used = case.settings.api_version
    return (
        f"{case.settings.instance_id} lists its workspaces by the API version {version}, and "
        f"answers MLflow's calls with 404 by {' and '.join(API_VERSIONS)}. The Preview of "
        "MLflow is probably not enabled on this instance. Or a policy is missing: OCI answers both "
        "alike.",
        "Ask the administrator of the instance whether its models and experiments (Preview) are "
        f"enabled; if they are, ask for a policy or a role that lets {case.signer} read its models."
        + (f" Set AIDP_API_VERSION={version}, too." if version != used else ""),
    )
