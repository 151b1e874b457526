"""The exception for a response that is no success, with the remedy that fits its route."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.connection import Response
from mlflow_oci_aidp.client.network_failures import NetworkFailure
from mlflow_oci_aidp.client.routes import VOLUME, WORKSPACE, Route
from mlflow_oci_aidp.errors import (
    OTHER_REMEDY,
    clock_note,
    error,
    error_from_response,
    invalid_parameter,
    malformed_response,
)
from mlflow_oci_aidp.secret import describe_origin

_logger = logging.getLogger(__name__)


def error_for(route: Route, response: Response, endpoint: str, now: float) -> MlflowException:
    """Return the exception for a response that is no success.

    Args:
        route: The route of the call.
        response: A refusal, or a response with a network failure.
        endpoint: Where the request went.
        now: The current time in seconds since the Unix epoch.
    """
    if response.failure is not None:
        return _no_answer(route, response, response.failure, endpoint)
    return error_from_response(
        response.status,
        response.body,
        response.request_id,
        claims_name=route.claims_name,
        note=clock_note(response.date, now) if response.status == 401 else "",
        remedy=_remedy(route, response),
    )


def not_as_documented(route: Route, response: Response, problem: str) -> MlflowException:
    """Return the exception for a success whose body cannot be used.

    Args:
        route: The route of the call.
        response: The success.
        problem: What is wrong with it, such as ``"is not a JSON object"``.
    """
    return malformed_response(route.call, problem, response.status, response.request_id)


def undocumented_fields(route: Route, fields: Mapping[str, object]) -> MlflowException:
    """Return the exception for fields that a call does not have."""
    names = ", ".join(sorted(fields.keys() - route.fields))
    return error(
        "INTERNAL_ERROR",
        f"The platform documents no field {names} of {route.call}.",
        "Report this to the maintainers of mlflow-oci-aidp.",
    )


def cannot_be_sent(route: Route, problem: str) -> MlflowException:
    """Return the exception for an argument that has no form in a request.

    Args:
        route: The route of the call.
        problem: The kind of the problem.
    """
    if not route.is_mlflows:
        return invalid_parameter(f"A name in {route.call} is not Unicode.", "Rename the file.")
    return invalid_parameter(
        f"An argument of {route.call} cannot be sent ({problem}).",
        "Pass text that can be encoded as UTF-8, numbers and lists of them.",
    )


def log_parser_error(route: Route, caught: BaseException) -> None:
    """Log where a parser failed, without the values that it failed on."""
    _logger.debug("%s: the answer could not be parsed, %s", route.call, describe_origin(caught))


def _no_answer(
    route: Route, response: Response, failure: NetworkFailure, endpoint: str
) -> MlflowException:
    attempts = "1 attempt" if response.attempt == 1 else f"{response.attempt} attempts"
    remedy = (
        "Check the endpoint, the network and the proxy settings; MLFLOW_HTTP_REQUEST_MAX_RETRIES "
        "says how often it is tried."
        if route.is_read_only
        else "Whether the change took effect is not known: read the entity before the call is made "
        "again."
    )
    return error(
        failure.error_code,
        f"{route.call} got no answer from {endpoint} in {attempts}: {failure.reason} "
        f"(opc-request-id {response.request_id}).",
        remedy,
    )


#: The remedy for a 404, by the scope of the route, where the general sentence does not fit.
_NOT_FOUND_REMEDIES: Mapping[str, str] = {
    WORKSPACE: (
        "Check the id or the name, the key of the workspace and the AI Data Platform's OCID; OCI "
        "answers the same where a policy does not let this identity see the resource. "
        "`mlflow-oci-aidp check` tells whether the workspace can be seen."
    ),
    VOLUME: (
        "Check the path, the volume and the AI Data Platform's OCID; OCI answers the same where a "
        "policy does not let this identity see the resource."
    ),
}


def _remedy(route: Route, response: Response) -> str:
    """Return what to do about a refusal; ``""`` where the general sentence fits."""
    if not response.is_from_platform and 400 <= response.status < 500:
        return OTHER_REMEDY
    return _NOT_FOUND_REMEDIES.get(route.scope, "") if response.status == 404 else ""
