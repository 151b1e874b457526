"""Name the deployments of a registered model that the platform keeps from being taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.deployment_routes import DEPLOYMENTS
from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.errors import PlatformError

#: The deployments that are named; there may be more.
_NAMED = 10


@contextmanager
def naming_deployments(client: PlatformClient, model_name: str) -> Iterator[None]:
    """Add the names of a registered model's deployments to a conflict that is raised in a block.

    Args:
        client: The client of the platform.
        model_name: The registered model.
    """
    try:
        yield
    except PlatformError as problem:
        if problem.oci_code != "IncorrectState" or not problem.is_from_platform:
            raise
        refusal = problem
    else:
        return
    names = _names(client, model_name)
    if not names:
        raise refusal
    named = PlatformError.from_parts(
        refusal.error_code,
        f"{refusal.cause} Deployments of it: {', '.join(map(repr, names))}.",
        "Delete them first, with mlflow.deployments, if they keep it from that.",
        status=refusal.status,
        request_id=refusal.request_id,
    )
    named.oci_code = refusal.oci_code
    raise named


def _names(client: PlatformClient, model_name: str) -> list[str]:
    route = DEPLOYMENTS["SearchModelDeployments"]
    fields = {"model_name": model_name, "max_results": _NAMED}
    try:
        page = client.page(route, fields, "deployments", lambda row: json_fields.text(row, "name"))
    except MlflowException:
        return []  # The refusal itself says more.
    return page.items
