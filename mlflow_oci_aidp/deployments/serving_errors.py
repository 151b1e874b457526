"""The exception for a prediction that got no predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.connection import Response
from mlflow_oci_aidp.client.no_answer import explain
from mlflow_oci_aidp.client.surroundings import Destination
from mlflow_oci_aidp.deployments.entities import OAUTH, Deployment
from mlflow_oci_aidp.error_codes import STATUSES
from mlflow_oci_aidp.errors import PlatformError, code_of_class, error

#: Characters of a server's own text, and of a model's example, that a message has.
_LONGEST = 1000

_REMEDIES: Mapping[int, str] = {
    400: "Pass inputs that the model takes",
    413: "Send fewer rows at a time",
    429: "Ask for fewer predictions at a time, or again later",
    503: "Ask again later",
    504: "Ask again, or allow a longer wait by MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT",
}


def not_active(deployment: Deployment) -> MlflowException:
    """Return the error for a deployment that does not serve."""
    return error(
        "INVALID_STATE",
        f"{deployment} is {deployment.status}, and serves no predictions.",
        f"Activate it first: activate({deployment.name!r}) of the client, or wait for it.",
    )


def no_predictions(
    deployment: Deployment, response: Response, destination: Destination, example: str | None
) -> MlflowException:
    """Return the error for an answer that is no success, or for none.

    Args:
        deployment: The deployment.
        response: The answer, or why there was none.
        destination: Where the request went.
        example: An input that the model takes, as JSON; None if it is not known.
    """
    if response.failure is not None:
        code, reason, remedy = explain(response.failure, destination, attempt=response.attempt)
        return error(
            code,
            f"{deployment} gave no answer at {destination.endpoint}: {reason} (sent as "
            f"opc-request-id {response.request_id}).",
            remedy,
        )
    status = response.status
    remedy = _REMEDIES.get(status) or _sign_in_remedy(deployment, status)
    if status == 400 and example:
        # On one line, whatever the file of the model looks like.
        remedy += f", such as its example: {' '.join(example.split())[:_LONGEST]}"
    text = _message(response.body)
    return PlatformError.from_parts(
        STATUSES.get(status) or code_of_class(status),
        f"{deployment} answered HTTP {status}{f': {text}' if text else ''} "
        f"(opc-request-id {response.request_id}).",
        f"{remedy}.",
        status=status,
        request_id=response.request_id,
    )


def unreadable(deployment: Deployment, response: Response) -> MlflowException:
    """Return the error for a success that holds no predictions."""
    return error(
        "INTERNAL_ERROR",
        f"{deployment} answered HTTP {response.status}, and its body is neither an object nor a "
        f"list in JSON (opc-request-id {response.request_id}).",
        "Check AIDP_SERVING_PATH, which is added to the serving_uri, and the model.",
        status=response.status,
        request_id=response.request_id,
    )


def _sign_in_remedy(deployment: Deployment, status: int) -> str:
    if status in {401, 403}:
        if deployment.auth_type == OAUTH:
            return "Get a new token of the identity provider that the deployment names"
        return "Check the identity that signs, and that it may use the deployment"
    if status in {404, 405}:
        return "Check AIDP_SERVING_PATH, which is added to the serving_uri"
    return "Look at the deployment's logs, with logs() of the client"


def _message(body: bytes) -> str:
    """Return the text of an error of MLflow's scoring server or of OCI; ``""`` for another."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = value.get("message") if isinstance(value, dict) else None
    # A stack trace that MLflow's server puts into its message says nothing to the caller.
    return message.strip()[:_LONGEST].rstrip(".") if isinstance(message, str) else ""
