"""From a request to its answer: every check in the order in which the service makes them. Knows no sockets."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..contract import OPERATIONS, SUCCESS, Operation
from ..contract.refusal import Refusal, invalid, not_found
from ..services.workspaces import Workspaces
from ..state.retry_tokens import RetryTokens
from .faults import Fault, FaultPlan
from .recorder import Exchange, Exchanges
from .signatures import Verifier
from .validation import check_model, check_query

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SINGLE_ENTITIES = frozenset({"registered_model", "model_version", "experiment", "run"})
Handler = Callable[[dict[str, Any], str], dict[str, Any]]


@dataclass(frozen=True)
class Request:
    """What came in."""

    verb: str
    target: str
    """Path and query exactly as sent."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path exactly as sent."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query exactly as sent."""
        return self.target.partition("?")[2]


@dataclass(frozen=True)
class Reply:
    """What goes out, and the fault that the way out is to suffer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class Service:
    """Answers requests from the states of the instance and its workspaces.

    Their methods are named like the contract's operations.
    """

    def __init__(
        self,
        ai_data_platform_id: str,
        state: object,
        workspaces: Workspaces,
        verifier: Verifier,
        retry_tokens: RetryTokens,
        faults: FaultPlan,
        exchanges: Exchanges,
        *,
        success: str,
        clock: Callable[[], float],
    ) -> None:
        self._ai_data_platform_id = ai_data_platform_id
        self._state_of: dict[str, Callable[[Mapping[str, str]], object]] = {
            "instance": lambda parameters: state,
            "workspace": lambda parameters: workspaces.get(unquote(parameters["workspaceKey"])),
        }
        self._verifier = verifier
        self._retry_tokens = retry_tokens
        self._faults = faults
        self._exchanges = exchanges
        self._success = SUCCESS[success]
        self._clock = clock

    def answer(self, request: Request) -> Reply:
        """The reply to a request; never raises. The exchange is recorded before anybody can see the reply."""
        started, since = self._clock(), time.monotonic()
        operation = _operation_at(request.path, request.verb)
        fault = self._faults.next(operation.name if operation else None)
        request_id = request_id_of(request.headers)
        if fault and fault.before_work:
            reply = instead_of_work(fault)
        else:
            reply = self._work(request)
            if fault and fault.kind == "body":
                headers = {"content-type": fault.content_type, **fault.headers}
                reply = Reply(fault.status or 200, fault.body, headers)
        skew = fault.skew if fault else 0.0
        date = formatdate(self._clock() + skew, usegmt=True)
        headers = {"opc-request-id": request_id, "date": date, **reply.headers}
        reply = replace(reply, headers=headers, fault=fault)
        self._exchanges.add(
            Exchange(
                operation=operation.name if operation else None,
                verb=request.verb,
                path=request.path,
                query=dict(parse_qsl(request.query, keep_blank_values=True)),
                headers=dict(request.headers),
                body=_json_or_none(request.body),
                status=None if fault and fault.kind in UNANSWERED else reply.status,
                answer=None if fault and fault.kind in UNANSWERED else _json_or_none(reply.body),
                request_id=request_id,
                started=started,
                seconds=time.monotonic() - since,
                fault=fault.kind if fault else None,
            )
        )
        return reply

    def refusal(self, refusal: Refusal, headers: Mapping[str, str]) -> Reply:
        """The reply to what is no proper request."""
        reply = error_reply(refusal)
        date = formatdate(self._clock(), usegmt=True)
        return replace(reply, headers={"opc-request-id": request_id_of(headers), "date": date, **reply.headers})

    def _work(self, request: Request) -> Reply:
        try:
            return self._do(request)
        except Refusal as refusal:
            return error_reply(refusal)
        except Exception as error:  # noqa: BLE001 - whatever went wrong in here is a 500 out there
            return error_reply(Refusal(500, "InternalServerError", f"{type(error).__name__}: {error}"))

    def _do(self, request: Request) -> Reply:
        caller = self._verifier.verify(request.verb, request.target, request.headers, request.body)
        operation, handler = self._route(request)
        arguments = _arguments(operation, request)
        token = request.headers.get("opc-retry-token")
        if token is None or operation.effect == "read":
            answer = handler(arguments, caller.user)
        else:
            same = json.dumps([operation.name, request.path, arguments], sort_keys=True)
            answer = self._retry_tokens.once(token, same, lambda: handler(arguments, caller.user))
        status, with_body = self._success[operation.effect]
        if not with_body:
            return Reply(status, b"")
        return json_reply(status, answer, _etag(answer))

    def _route(self, request: Request) -> tuple[Operation, Handler]:
        verbs = [row.verb for row in OPERATIONS if row.pattern.fullmatch(request.path)]
        if not verbs:
            raise not_found("There is no such operation.")
        operation = _operation_at(request.path, request.verb)
        if operation is None:
            raise Refusal(405, "MethodNotAllowed", f"Allowed here: {', '.join(sorted(set(verbs)))}.")
        parameters = operation.pattern.fullmatch(request.path)
        if parameters is None or unquote(parameters["aiDataPlatformId"]) != self._ai_data_platform_id:
            raise not_found("Authorization failed or requested resource not found.")
        handler: Handler = getattr(self._state_of[operation.scope](parameters.groupdict()), operation.name)
        return operation, handler


UNANSWERED = frozenset({"reset_before", "reset_during", "reset_after", "hang", "hang_after"})


def _operation_at(path: str, verb: str) -> Operation | None:
    for row in OPERATIONS:
        if row.verb == verb and row.pattern.fullmatch(path):
            return row
    return None


def _arguments(operation: Operation, request: Request) -> dict[str, Any]:
    query = check_query(request.query, operation.query)
    if operation.body is None:
        if request.body or "transfer-encoding" in request.headers:
            raise invalid("This operation takes no body.")
        return query
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "The content type must be application/json.")
    try:
        body = json.loads(request.body, parse_constant=_no_constant)
    except ValueError as error:
        raise Refusal(400, "CannotParseRequest", f"The body is no JSON: {error}.") from error
    check_model(body, operation.body)
    arguments: dict[str, Any] = body
    return arguments


def _no_constant(word: str) -> None:
    """Python's reader would take NaN and Infinity, which JSON does not have."""
    raise ValueError(f"it has no {word}")


def request_id_of(headers: Mapping[str, str]) -> str:
    """The caller's request id with the service's own behind it, or that alone."""
    given = headers.get("opc-request-id", "")
    own = secrets.token_hex(16).upper()
    return f"{given}/{own}" if _REQUEST_ID.fullmatch(given) else own


def instead_of_work(fault: Fault) -> Reply:
    """The reply to a request that comes to nothing."""
    if fault.kind == "status":
        reply = json_reply(fault.status or 503, fault.error())
        return replace(reply, headers={**reply.headers, **fault.headers})
    if fault.kind == "html":
        page = f"<html><head><title>{fault.status}</title></head><body><h1>{fault.message}</h1></body></html>"
        return Reply(fault.status or 502, page.encode(), {"content-type": "text/html", **fault.headers})
    if fault.kind == "redirect":
        return Reply(fault.status or 307, b"", {"location": fault.location, **fault.headers})
    return Reply(0, b"")


def error_reply(refusal: Refusal) -> Reply:
    """An error in the shape of OCI's."""
    return json_reply(refusal.status, {"code": refusal.code, "message": refusal.message})


def json_reply(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """A value as JSON."""
    body = json.dumps(value).encode()
    return Reply(status, body, {"content-type": "application/json", **(headers or {})})


def _etag(answer: dict[str, Any]) -> dict[str, str]:
    """Single entities carry one."""
    if len(answer) != 1 or not _SINGLE_ENTITIES.issuperset(answer):
        return {}
    return {"etag": hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()[:32]}


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
