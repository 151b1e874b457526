"""One exchange with the platform: prepare, sign, send, repeat, renew. JSON in, JSON out.

Everything about HTTP is here and in :py:mod:`mlflow_oci_aidp.retry` and :py:mod:`mlflow_oci_aidp.errors`; nothing
here knows MLflow's entities. No secret lives longer than an attempt: what is signed stays inside the prepared
request, and exceptions of ``requests`` and ``urllib3``, which hold that request, never leave this module.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import requests
from mlflow.environment_variables import MLFLOW_HTTP_POOL_CONNECTIONS, MLFLOW_HTTP_POOL_MAXSIZE
from mlflow.exceptions import MlflowException
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from mlflow_oci_aidp.errors import bad_answer, conflict_code, error, invalid_parameter, refusal
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.retry import Clock, RetryPolicy
from mlflow_oci_aidp.routes import BASE_PATH, Route
from mlflow_oci_aidp.settings import Settings

_logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds of a wait that a user is told of: a program that seems to hang would be worse.
LONG_WAIT = 2.0

#: Seconds by which a clock may be off before OCI refuses a signature. [OCI documentation]
ALLOWED_SKEW = 300.0


@dataclass
class Answer:
    """What an attempt came to.

    Attributes:
        status: The HTTP status; 0 if there was no whole answer.
        body: The body, as it came.
        request_id: The answer's ``opc-request-id``, or the one that was sent.
        code: OCI's error code, ``""`` for a success.
        retry_after: The ``Retry-After`` header, ``""`` without one.
        date: The ``Date`` header, ``""`` without one.
        attempt: The number of the attempt, from 1.
        lost: Why there was no whole answer, in words; ``""`` if there was one.
        lost_code: MLflow's error code for that.
        is_final: Whether a repetition would come to the same.
    """

    status: int = 0
    body: bytes = b""
    request_id: str = ""
    code: str = ""
    retry_after: str = ""
    date: str = ""
    attempt: int = 1
    lost: str = ""
    lost_code: str = ""
    is_final: bool = False


@dataclass(frozen=True)
class _Call:
    """What all attempts of a call have in common.

    Attributes:
        route: Which call.
        target: The address, query included.
        body: The JSON, or None for a read.
        retry_token: The same for every attempt: that is what makes it safe to repeat a change. None for a read.
            [REST reference: 1 to 64 characters, valid for 24 hours]
        id: What the ``opc-request-id`` of each attempt begins with.
    """

    route: Route
    target: str
    body: bytes | None = field(repr=False)
    retry_token: str | None = field(repr=False)
    id: str


class Transport:
    """Sends one store's requests.

    Safe for many threads; a forked child opens connections of its own.

    Args:
        settings: Where to, and for which AI Data Platform.
        identity: Who signs.
        policy: When to repeat; MLflow's settings if None.
        clock: The clock to wait by.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._host = settings.endpoint.partition("://")[2]
        self._base = f"{settings.endpoint}{BASE_PATH}/{quote(settings.instance_id, safe='')}"
        self._endpoint = settings.endpoint
        self._identity = identity
        self._policy = policy or RetryPolicy.from_mlflow()
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._wire: _Wire | None = None

    def exchange(self, route: Route, fields: Mapping[str, Any], read: Callable[[dict[str, Any]], T]) -> T | None:
        """Make a call.

        Args:
            route: Which.
            fields: Its fields, by name; those that are None are not sent.
            read: Makes of the answer's JSON object what is wanted. Where the object is not of the documented
                shape, it may fail with any of Python's errors about types, keys and values.

        Returns:
            What ``read`` made, or None for a success without a body.

        Raises:
            MlflowException: For input that cannot be sent, for an identity that cannot sign, and where the
                platform could not be reached or gave no proper answer.
            RestException: For what the platform refused.
        """
        target, body = self._encode(route, fields)
        call = _Call(route, target, body, None if route.reads else uuid.uuid4().hex, uuid.uuid4().hex)
        renewed = False

        def attempt(number: int) -> Answer:
            nonlocal renewed
            answer = self._attempt(call, f"{call.id}-{number}")
            if answer.status == 401 and not renewed and self._identity.renew():
                renewed = True
                _logger.debug("%s: the token was renewed after a 401", route.call)
                answer = self._attempt(call, f"{call.id}-{number}r")
            answer.attempt = number
            return answer

        def announce(answer: Answer, seconds: float) -> None:
            reason = answer.lost or f"status {answer.status} {answer.code}".rstrip()
            level = logging.WARNING if seconds >= LONG_WAIT else logging.DEBUG
            _logger.log(level, "%s: sent again in %.1f s, because of this: %s", route.call, seconds, reason)

        return self._decode(route, self._policy.run(attempt, self._clock, announce), read)

    def _encode(self, route: Route, fields: Mapping[str, Any]) -> tuple[str, bytes | None]:
        """The address and the body of a call."""
        given = {name: value for name, value in fields.items() if value is not None}
        address = f"{self._base}{route.path}"
        problem = ""
        try:
            if route.reads:
                query = urlencode(given, quote_via=quote, safe="")
                return (f"{address}?{query}" if query else address), None
            return address, json.dumps(given, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as found:
            problem = type(found).__name__
        raise invalid_parameter(
            f"An argument of {route.call} cannot be sent ({problem}).",
            "Pass text that can be encoded as UTF-8, numbers and lists of them.",
        )

    def _attempt(self, call: _Call, request_id: str) -> Answer:
        """Sign afresh and send once; what went wrong on the way is part of the answer."""
        request = self._prepare(call, request_id)
        begin = self._clock.monotonic()
        answer = self._connected().send(request, self._policy.timeout, self._clock)
        answer.request_id = answer.request_id or request_id
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s %s%s -> %s in %.0f ms, opc-request-id %s",
                call.route.verb,
                BASE_PATH,
                call.target.partition(BASE_PATH)[2].partition("?")[0],
                answer.lost or answer.status,
                (self._clock.monotonic() - begin) * 1000,
                answer.request_id,
            )
        return answer

    def _prepare(self, call: _Call, request_id: str) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method, request.url, request.body = call.route.verb, call.target, call.body
        request.headers = CaseInsensitiveDict(
            {
                "accept": "application/json",
                "content-type": "application/json",
                "host": self._host,
                "opc-request-id": request_id,
                "user-agent": _user_agent(),
            }
        )
        if call.body is not None:
            request.headers["content-length"] = str(len(call.body))
        if call.retry_token is not None:
            request.headers["opc-retry-token"] = call.retry_token
        principal = self._identity.principal()
        if principal is not None:
            request.headers["dh-user-principal"] = principal
        self._identity.sign(request)
        return request

    def _connected(self) -> _Wire:
        wire = self._wire
        if wire is None or wire.process != os.getpid():
            with self._lock:
                if self._wire is None or self._wire.process != os.getpid():
                    self._wire = _Wire(self._endpoint)
                wire = self._wire
        return wire

    def _decode(self, route: Route, answer: Answer, read: Callable[[dict[str, Any]], T]) -> T | None:
        if answer.lost:
            raise self._lost(route, answer)
        if not 200 <= answer.status < 300:
            raise refusal(
                answer.status,
                answer.body,
                answer.request_id,
                claims_name=route.claims_name,
                note=self._skew(answer) if answer.status == 401 else "",
            )
        if not answer.body.strip():
            return None
        problem = "is not a JSON object"
        try:
            found = json.loads(answer.body)
            if isinstance(found, dict):
                problem = "is not of the documented shape"
                return read(found)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            pass  # Raised below, where no exception is being handled: its context would hold the whole answer.
        raise bad_answer(route.call, problem, answer.status, answer.request_id)

    def _lost(self, route: Route, answer: Answer) -> MlflowException:
        attempts = "1 attempt" if answer.attempt == 1 else f"{answer.attempt} attempts"
        remedy = (
            "Check the endpoint, the network and the proxy settings; MLFLOW_HTTP_REQUEST_MAX_RETRIES says how often "
            "it is tried."
            if route.reads
            else "Whether the change took effect is not known: read the entity before the call is made again."
        )
        return error(
            answer.lost_code,
            f"{route.call} got no answer from {self._endpoint} in {attempts}: {answer.lost} "
            f"(opc-request-id {answer.request_id}).",
            remedy,
        )

    def _skew(self, answer: Answer) -> str:
        """A sentence on the local clock, if the answer shows that it is off."""
        try:
            seconds = self._clock.time() - parsedate_to_datetime(answer.date).timestamp()
        except (ValueError, TypeError, OverflowError):
            return ""
        if abs(seconds) < ALLOWED_SKEW:
            return ""
        return (
            f"This machine's clock is {abs(seconds):.0f} seconds {'ahead of' if seconds > 0 else 'behind'} the "
            f"service's, and OCI refuses signatures that are more than {ALLOWED_SKEW:.0f} seconds off."
        )


class _Wire:
    """The connections of one process.

    Proxies and certificates are looked up once. Nothing is taken from ``.netrc``, no cookie is kept and no redirect
    followed, since requests go to the adapter rather than through a session.
    """

    def __init__(self, endpoint: str) -> None:
        self.process = os.getpid()
        with requests.Session() as session:
            found = session.merge_environment_settings(endpoint, {}, None, None, None)
        self._options: dict[str, Any] = {name: found[name] for name in ("verify", "cert", "proxies")}
        self._adapter = HTTPAdapter(
            pool_connections=MLFLOW_HTTP_POOL_CONNECTIONS.get(),
            pool_maxsize=MLFLOW_HTTP_POOL_MAXSIZE.get(),
            max_retries=0,
        )

    def send(self, request: requests.PreparedRequest, timeout: float, clock: Clock) -> Answer:
        """Send once and read the whole answer, in ``timeout`` seconds."""
        deadline = clock.monotonic() + timeout
        try:
            response = self._adapter.send(request, stream=True, timeout=timeout, **self._options)
            try:
                body = _read(response.raw, deadline, clock)
            except BaseException:
                response.close()
                raise
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as problem:
            kinds = _kinds(problem)
        else:
            headers = response.headers
            return Answer(
                status=response.status_code,
                body=body,
                request_id=headers.get("opc-request-id", ""),
                code=conflict_code(body) if response.status_code == 409 else "",
                retry_after=headers.get("retry-after", ""),
                date=headers.get("date", ""),
            )
        for kind, (words, code, final) in _LOSSES.items():
            if kind in kinds:
                return Answer(lost=words, lost_code=code, is_final=final)
        return Answer(lost=f"the request failed ({min(kinds)})", lost_code="INTERNAL_ERROR", is_final=True)


#: What goes wrong on the way, by the name of an exception in the chain; the first that fits counts. Each with
#: words, MLflow's error code, and whether it is final, since no repetition could mend it.
_LOSSES: Mapping[str, tuple[str, str, bool]] = {
    "SSLCertVerificationError": ("the certificate of the endpoint is not trusted", "INTERNAL_ERROR", True),
    "ProxyError": ("the proxy could not be used", "TEMPORARILY_UNAVAILABLE", False),
    "InvalidProxyURL": ("the proxy's address is not valid", "INVALID_PARAMETER_VALUE", True),
    "ConnectTimeout": ("no connection in time", "DEADLINE_EXCEEDED", False),
    "NameResolutionError": ("its name could not be resolved", "TEMPORARILY_UNAVAILABLE", False),
    "ConnectionRefusedError": ("the connection was refused", "TEMPORARILY_UNAVAILABLE", False),
    "ReadTimeout": ("no answer in time", "DEADLINE_EXCEEDED", False),
    "ReadTimeoutError": ("no whole answer in time", "DEADLINE_EXCEEDED", False),
    "TimeoutError": ("no whole answer in time", "DEADLINE_EXCEEDED", False),
    "IncompleteRead": ("the answer was cut off", "TEMPORARILY_UNAVAILABLE", False),
    "RemoteDisconnected": ("the connection was closed", "TEMPORARILY_UNAVAILABLE", False),
    "ConnectionResetError": ("the connection was reset", "TEMPORARILY_UNAVAILABLE", False),
    "BrokenPipeError": ("the connection was broken", "TEMPORARILY_UNAVAILABLE", False),
    "SSLEOFError": ("the connection was closed while TLS was set up", "TEMPORARILY_UNAVAILABLE", False),
    "SSLZeroReturnError": ("the connection was closed", "TEMPORARILY_UNAVAILABLE", False),
    "SSLError": ("it does not speak TLS, or not as expected", "INTERNAL_ERROR", True),
    "DecodeError": ("the answer's encoding is broken", "INTERNAL_ERROR", True),
    "ConnectionError": ("the connection failed", "TEMPORARILY_UNAVAILABLE", False),
    "ProtocolError": ("the connection failed", "TEMPORARILY_UNAVAILABLE", False),
}


def _kinds(problem: BaseException) -> set[str]:
    """The names of an exception and of those it was made from; never their texts, which may hold secrets."""
    found: dict[int, BaseException] = {}
    waiting: list[object] = [problem]
    while waiting:
        part = waiting.pop()
        if isinstance(part, BaseException) and id(part) not in found:
            found[id(part)] = part
            waiting += [part.__cause__, part.__context__, getattr(part, "reason", None), *part.args]
    return {type(part).__name__ for part in found.values()}


def _read(raw: Any, deadline: float, clock: Clock) -> bytes:
    """The body, however slowly it comes, but not beyond the deadline."""
    pieces = []
    while piece := raw.read1(1 << 20, decode_content=True):
        pieces.append(piece)
        if clock.monotonic() > deadline:
            raise TimeoutError
    return b"".join(pieces)


@cache
def _user_agent() -> str:
    import mlflow

    from mlflow_oci_aidp import __version__

    return f"mlflow-oci-aidp/{__version__} mlflow/{mlflow.__version__} python/{platform.python_version()}"
