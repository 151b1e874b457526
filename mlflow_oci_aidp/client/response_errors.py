"""The exception for a response that is no success, with the remedy that fits its route."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.connection import Response
from mlflow_oci_aidp.client.network_failures import NetworkFailure
from mlflow_oci_aidp.client.no_answer import explain
from mlflow_oci_aidp.client.other_servers import NOT_KNOWN, answer_of_another_server
from mlflow_oci_aidp.client.routes import INSTANCE, VOLUME, WORKSPACE, Route
from mlflow_oci_aidp.client.surroundings import Destination
from mlflow_oci_aidp.clock_skew import clock_note
from mlflow_oci_aidp.error_codes import STATUS_REMEDIES
from mlflow_oci_aidp.errors import (
    error,
    error_from_response,
    invalid_parameter,
    malformed_response,
)
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.secret import describe_origin
from mlflow_oci_aidp.settings import Settings

_logger = logging.getLogger(__name__)


def error_for(
    route: Route, response: Response, destination: Destination, identity: Identity, now: float
) -> MlflowException:
    """Return the exception for a response that is no success.

    Args:
        route: The route of the call.
        response: A refusal, or a response with a network failure.
        destination: Where the request went.
        identity: Who signed it.
        now: The current time in seconds since the Unix epoch.
    """
    if response.failure is not None:
        return _no_answer(route, response, response.failure, destination)
    if not response.is_from_platform:
        return _of_another_server(route, response, destination)
    return error_from_response(
        response.status,
        response.body,
        response.request_id,
        claims_name=route.claims_name,
        note=_note(route, response, destination.settings, now),
        remedy=_remedy(route, response, destination, identity),
    )


def not_as_documented(
    route: Route, response: Response, problem: str, destination: Destination
) -> MlflowException:
    """Return the exception for a success whose body cannot be used.

    Args:
        route: The route of the call.
        response: The success.
        problem: What is wrong with it, such as ``"is not a JSON object"``.
        destination: Where the request went.
    """
    if not response.is_from_platform:
        return _of_another_server(route, response, destination)
    return malformed_response(
        route.call,
        problem,
        response.status,
        response.request_id,
        destination.wrong_answer,
    )


def _of_another_server(
    route: Route, response: Response, destination: Destination
) -> MlflowException:
    return answer_of_another_server(
        route.call,
        destination,
        response.status,
        response.body,
        response.request_id,
        is_change=not route.is_read_only,
    )


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
    if route.scope == VOLUME:
        return invalid_parameter(f"A name in {route.call} is not Unicode.", "Rename the file.")
    return invalid_parameter(
        f"An argument of {route.call} cannot be sent ({problem}).",
        "Pass text that can be encoded as UTF-8, numbers and lists of them.",
    )


def log_parser_error(route: Route, caught: BaseException) -> None:
    """Log where a parser failed, without the values that it failed on."""
    _logger.debug("%s: the answer could not be parsed, %s", route.call, describe_origin(caught))


def _no_answer(
    route: Route, response: Response, failure: NetworkFailure, destination: Destination
) -> MlflowException:
    attempts = "1 attempt" if response.attempt == 1 else f"{response.attempt} attempts"
    code, reason, remedy = explain(
        failure, destination, attempt=response.attempt, is_change=not route.is_read_only
    )
    return error(
        code,
        f"{route.call} got no answer from {destination.endpoint} in {attempts}: {reason} "
        f"(sent as opc-request-id {response.request_id}).",
        remedy,
    )


#: The remedy for a 404, by the scope of the route.
_NOT_FOUND_REMEDIES: Mapping[str, str] = {
    INSTANCE: (
        "Check {names} and the AI Data Platform's OCID{place}; OCI answers the same "
        "where a policy does not let this identity see the resource."
    ),
    WORKSPACE: (
        "Check the id or the name, the key of the workspace and the AI Data Platform's OCID"
        "{place}; OCI answers the same where a policy does not let this identity see the resource. "
        "`mlflow-oci-aidp check` tells whether the workspace can be seen."
    ),
    VOLUME: (
        "Check the path, the volume and the AI Data Platform's OCID{place}; OCI answers the same "
        "where a policy does not let this identity see the resource."
    ),
}


#: Statuses after which a change may have taken effect.
_UNCERTAIN = frozenset({500, 502, 504})


def _note(route: Route, response: Response, settings: Settings, now: float) -> str:
    """Return sentences on the circumstances of a refusal; ``""`` where there are none."""
    if response.status == 401:
        return clock_note(response.date, now)
    if response.status == 404:
        return settings.region_note
    return NOT_KNOWN if response.status in _UNCERTAIN and not route.is_read_only else ""


def _remedy(route: Route, response: Response, destination: Destination, identity: Identity) -> str:
    """Return what to do about a refusal; ``""`` where the general sentence fits."""
    if response.status == 401:
        return identity.refused_remedy()
    if response.status == 404:
        settings = destination.settings
        is_known = "aiDataPlatformId" in settings.sources
        place = f" (from {settings.place('aiDataPlatformId')})" if is_known else ""
        return _NOT_FOUND_REMEDIES[route.scope].format(names=route.named_by, place=place)
    if response.status < 500 and response.status not in STATUS_REMEDIES:
        return f"{destination.check}: this may not be the answer of an {destination.service}."
    return ""
