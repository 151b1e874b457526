"""Answer the operations of the contract, that is of the registry and of workspaces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..contract import DEPLOYMENTS, OPERATIONS, SUCCESS, Operation
from ..contract.refusal import Refusal, invalid, not_found
from ..server.messages import Request, Response, json_response, parse_json
from ..server.routing import Route, RouteMatch, RouteTable
from ..server.validation import check_model, check_query
from ..state.retry_tokens import RetryTokens
from .deployments import OPERATION_KEY, DeploymentService
from .paging import NEXT_PAGE
from .registry import RegistryService
from .workspaces import Workspaces

_SINGLE_ENTITIES = frozenset({"registered_model", "model_version", "experiment", "run"})
_SCOPE = frozenset({"aiDataPlatformId", "workspaceKey"})
_OF_DEPLOYMENTS = frozenset(row.name for row in DEPLOYMENTS)
_BY_NAME = {row.name: row for row in OPERATIONS}
_ROUTES = RouteTable(Route(row.verb, row.pattern, row.name) for row in OPERATIONS)

Handler = Callable[[dict[str, Any], str], dict[str, Any]]
"""Carries out an operation: takes checked arguments and the caller's OCID, returns the answer."""


class MLOpsService:
    """Check a request's arguments, and call the method that has the operation's name.

    Args:
        ai_data_platform_id: OCID of the instance.
        registry: Does the operations of the instance.
        workspaces: Do the operations of a workspace.
        deployments: Do the operations of model deployments.
        retry_tokens: Make repeated changes safe.
        success: ``full`` or ``bare``, a key of the contract's ``SUCCESS``.
    """

    takes_files = False
    routes = _ROUTES

    def __init__(
        self,
        ai_data_platform_id: str,
        registry: RegistryService,
        workspaces: Workspaces,
        deployments: DeploymentService,
        retry_tokens: RetryTokens,
        *,
        success: Literal["full", "bare"],
    ) -> None:
        self._ai_data_platform_id = ai_data_platform_id
        self._registry = registry
        self._workspaces = workspaces
        self._deployments = deployments
        self._retry_tokens = retry_tokens
        self._success = SUCCESS[success]

    def owns(self, path: str) -> bool:
        """Return True: this service owns every path that no other service owns."""
        return True

    def answer(self, request: Request, match: RouteMatch) -> Response:
        """Carry out an operation, once for each retry token.

        Raises:
            Refusal: The request is refused.
        """
        operation = _BY_NAME[match.route.name]
        handler = self._handler(operation, match.parameters)
        arguments = _arguments(operation, request) | {
            name: value for name, value in match.parameters.items() if name not in _SCOPE
        }
        token = request.headers.get("opc-retry-token")
        if token is not None and not operation.has_retry_token:
            raise invalid("This operation takes no opc-retry-token.")
        if token is None or operation.effect == "read":
            answer = handler(arguments, request.user)
        else:
            fingerprint = json.dumps([operation.name, request.path, arguments], sort_keys=True)
            answer = self._retry_tokens.once(
                token, fingerprint, lambda: handler(arguments, request.user)
            )
        status, has_body = self._success[operation.effect]
        if OPERATION_KEY in answer:
            return Response(202, headers={OPERATION_KEY: answer[OPERATION_KEY]})
        if not has_body or operation.response is None:
            return Response(status)
        next_page = answer.pop(NEXT_PAGE, "")
        headers = {NEXT_PAGE: next_page} if next_page else _etag(answer)
        return json_response(status, answer, headers)

    def _handler(self, operation: Operation, parameters: Mapping[str, str]) -> Handler:
        if parameters["aiDataPlatformId"] != self._ai_data_platform_id:
            raise not_found("Authorization failed or requested resource not found.")
        if operation.scope == "workspace":
            target: object = self._workspaces.get(parameters["workspaceKey"])
        elif operation.name in _OF_DEPLOYMENTS:
            target = self._deployments
        else:
            target = self._registry
        handler: Handler = getattr(target, operation.name)
        return handler


def _arguments(operation: Operation, request: Request) -> dict[str, Any]:
    """Return the checked arguments: the query of a GET, the body of a POST."""
    query = check_query(request.query_string, operation.query)
    if operation.body is None:
        if request.body.length or "transfer-encoding" in request.headers:
            raise invalid("This operation takes no body.")
        return query
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "The content type must be application/json.")
    body = parse_json(request.body.read())
    check_model(body, operation.body)
    arguments: dict[str, Any] = body
    return arguments


def _etag(answer: dict[str, Any]) -> dict[str, str]:
    """Return the headers of an answer: an etag if the answer is a single entity."""
    if len(answer) != 1 or not _SINGLE_ENTITIES.issuperset(answer):
        return {}
    return {"etag": hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()[:32]}
