"""Calls to OCI Object Storage: ``oci``'s client with this package's identity, retries and errors.

Exceptions of ``oci`` hold the signed request. They end here.
"""

from __future__ import annotations

import io
import json
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException
from urllib3 import HTTPResponse

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.connection import OversizedBodyError, UnknownEncodingError, pieces_of
from mlflow_oci_aidp.client.network_failures import NetworkFailure, classify_exception
from mlflow_oci_aidp.client.no_answer import explain
from mlflow_oci_aidp.client.other_servers import answer_of_another_server
from mlflow_oci_aidp.client.retry import AttemptResult, Clock, RetryPolicy
from mlflow_oci_aidp.client.surroundings import Destination
from mlflow_oci_aidp.client.transport.http_adapter import REQUEST_ID, BoundedAdapterMixin
from mlflow_oci_aidp.client.transport.request_ids import new_request_id
from mlflow_oci_aidp.clock_skew import clock_note
from mlflow_oci_aidp.cookies import refuse_cookies
from mlflow_oci_aidp.errors import error, error_from_response
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity, client_signer
from mlflow_oci_aidp.oci_logs import quiet_client
from mlflow_oci_aidp.secret import concealed, hidden
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.settings import Settings

T = TypeVar("T")

#: The most requests of one client that are under way at a time.
SLOTS = 16
#: Seconds until a connection is made.
CONNECT_TIMEOUT = 60.0

_REMEDIES = {
    404: (
        "Check the name, the bucket and the namespace; OCI answers the same where a policy does "
        "not let this identity see them."
    ),
    409: (
        "Make the call again; an object in the archive tier has to be restored before it can be "
        "read."
    ),
    412: "Somebody else changed the object meanwhile: make the call again.",
    416: "Somebody else changed the object meanwhile: make the call again.",
    500: "Make the call again later, and give Oracle's support the opc-request-id if it stays.",
}


#: The successes of each verb. [Object Storage API reference]
_SUCCESSES: Mapping[str, frozenset[int]] = {
    "GET": frozenset({200, 206}),
    "HEAD": frozenset({200}),
    "PUT": frozenset({200}),
    "POST": frozenset({200}),
    "DELETE": frozenset({200, 204}),
}


class BrokenContentError(Exception):
    """Content that is not what it should be. The text says why, and holds no secret."""


class _UndocumentedAnswerError(Exception):
    """A success that is none of Object Storage's. The text says why, and holds no secret."""


@dataclass
class _Result(AttemptResult):
    """The result of one attempt.

    Attributes:
        value: What the operation returned.
        message: The message of a refusal.
        request_id: The ``opc-request-id`` of a refusal.
        date: The ``Date`` header of a refusal.
        sent_as: The ``opc-request-id`` of the request.
    """

    value: Any = None
    message: str = ""
    request_id: str = ""
    date: str = ""
    sent_as: str = ""


class ObjectStorageClient:
    """Makes calls to Object Storage. Safe for many threads, and in forked processes.

    Args:
        settings: Region and endpoint.
        identity: Who signs.
        policy: When to send again; MLflow's settings if None.
        clock: The clock to wait by.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._policy = policy or RetryPolicy.from_mlflow()
        self._clock = clock or Clock()
        # The client's connections hold requests, and the passwords of proxies.
        self._connected = PerProcess(
            lambda: hidden((self._make_client(), threading.Semaphore(SLOTS)))
        )

    @classmethod
    def of(cls, session: Session) -> ObjectStorageClient:
        """Return the client that all repositories of a session share."""
        return session.shared(
            ("object storage",),
            lambda: cls(session.settings, session.identity, session.policy, session.clock),
        )

    def call(
        self,
        description: str,
        operation: Callable[[Any], T],
        *,
        once: bool = False,
        moves_content: bool = False,
        token: CancelToken | None = None,
    ) -> T:
        """Make a call, again where that may help.

        Args:
            description: What the call does, for messages, such as
                ``"Reading the object 'a' of the bucket 'b'"``.
            operation: Makes one attempt with an :py:class:`oci.object_storage.ObjectStorageClient`.
                It raises :py:class:`BrokenContentError` for content that is worth another attempt.
            once: Whether there is one attempt only.
            moves_content: Whether the call may take as long as content moves. Then the number of
                attempts is bounded, not their time.
            token: Cancels the call.

        Raises:
            MlflowException: What the service refused, or why there was no answer; ``ABORTED`` for a
                cancelled call.
        """
        policy = replace(self._policy, max_retries=0) if once else self._policy
        if moves_content:
            policy = replace(policy, longest_call=math.inf)

        def attempt(_: int) -> _Result:
            if token:
                token.raise_if_cancelled()
            return self._attempt(operation)

        result = policy.execute(
            attempt,
            call=description,
            renew=self._identity.renew,
            clock=token.clock(self._clock) if token else self._clock,
        )
        if result.failure is not None:
            code, reason, remedy = explain(result.failure, self.destination)
            raise error(code, f"{description} failed: {reason}.", remedy)
        if not 200 <= result.status < 300:
            raise self._refused(description, result)
        value: T = result.value
        return value

    @property
    def client(self) -> Any:
        """The client of ``oci`` in this process."""
        return self._connected.get()()[0]

    @property
    def destination(self) -> Destination:
        """The service, and the endpoint that requests go to."""
        endpoint = str(self.client.base_client.endpoint)
        parts = urlsplit(endpoint)
        return Destination(
            "Object Storage",
            f"{parts.scheme}://{parts.netloc}",
            self._settings,
            is_storage=True,
        )

    def _refused(self, description: str, result: _Result) -> MlflowException:
        status = result.status
        body = json.dumps({"code": result.code, "message": result.message}).encode()
        if not result.request_id:
            return answer_of_another_server(
                description, self.destination, status, body, result.sent_as
            )
        note = self._settings.region_note if status == 404 else ""
        remedy = _REMEDIES.get(500 if status >= 500 else status, "")
        if status == 401:
            note = clock_note(result.date, self._clock.time())
            remedy = self._identity.refused_remedy()
        return error_from_response(
            status,
            body,
            result.request_id,
            note=f"This was about: {description[0].lower()}{description[1:]}. {note}".rstrip(),
            remedy=remedy,
        )

    @concealed
    def _attempt(self, operation: Callable[[Any], Any]) -> _Result:
        from oci import exceptions

        # oci's own exceptions derive from this one, and it comes out by itself, too.
        from oci._vendor.requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        client, slots = self._connected.get()()
        _refusal.headers, _refusal.status, _refusal.sent_as = {}, 0, ""
        try:
            with slots:
                return _Result(200, value=operation(client))
        except exceptions.ServiceError as problem:
            return _result_of(problem)
        except BrokenContentError as problem:
            return _Result(failure=NetworkFailure(str(problem), "DATA_LOSS", False))
        except (OversizedBodyError, UnknownEncodingError) as problem:
            return _refusal_or(_Result(failure=classify_exception(problem)))
        except _UndocumentedAnswerError as problem:
            return _failed(str(problem))
        except json_fields.ERRORS:
            return _refusal_or(_failed("the answer is not as documented"))
        except (RequestException, HTTPError, HTTPException, ConnectionError, TimeoutError) as lost:
            return _refusal_or(_Result(failure=classify_exception(lost)))
        except OSError as problem:
            if problem.errno is not None:
                return _Result(failure=classify_exception(problem))
            reason = "the request could not be made, perhaps since REQUESTS_CA_BUNDLE names no file"
            failure = NetworkFailure(reason, "INVALID_PARAMETER_VALUE", True, "OSError")
            return _Result(failure=failure)

    def _make_client(self) -> Any:
        from oci import object_storage
        from oci.circuit_breaker import NoCircuitBreakerStrategy
        from oci.retry import NoneRetryStrategy

        endpoint = self._settings.object_storage_endpoint
        problem = ""
        try:
            client = object_storage.ObjectStorageClient(
                {"region": self._settings.region} if self._settings.region else {},
                signer=client_signer(self._identity),
                timeout=(min(CONNECT_TIMEOUT, self._policy.timeout), self._policy.timeout),
                # This package retries, so that MLflow's settings hold and a body is sent from its
                # beginning.
                retry_strategy=NoneRetryStrategy(),
                circuit_breaker_strategy=NoCircuitBreakerStrategy(),
                **({"service_endpoint": endpoint} if endpoint else {}),
            )
        except ValueError as caught:
            problem = type(caught).__name__
        if problem:
            raise error(
                "INTERNAL_ERROR",
                f"The client of Object Storage could not be made ({problem}).",
                "Check the installed version of oci.",
            )
        quiet_client(client)
        base, session = client.base_client, client.base_client.session
        # A redirect would take the content to another server than the signature names.
        session.max_redirects = 0
        session.hooks["response"].append(_inspect_response)
        for scheme, adapter in list(session.adapters.items()):
            session.mount(scheme, _bounded_adapter(type(adapter)))
        # A checksum is that of the content as it is stored.
        session.headers["accept-encoding"] = "identity"
        refuse_cookies(client)
        base.build_request_id = new_request_id
        return client


def _bounded_adapter(adapter: Any) -> Any:
    """Return an adapter of the class that ``oci`` chose, with bounded connections."""

    class ObjectStorageAdapter(BoundedAdapterMixin, adapter):
        # Object Storage has request ids of its own, and answers with this header as it was sent.
        # [Object Storage API reference]
        more_id_headers = ("opc-client-request-id",)

    return ObjectStorageAdapter(pool_maxsize=SLOTS)


class _Refusal(threading.local):
    """The refusal that this thread's attempt met, in case its body does not arrive."""

    status = 0
    headers: Mapping[str, str] = {}
    sent_as = ""


_refusal = _Refusal()


def _inspect_response(response: Any, *_: Any, **options: Any) -> None:
    """Note a refusal before its body is read; raise for a success that is none of the service's.

    Every answer of OCI has an ``opc-request-id``. That of a proxy, for instance, has none.

    A body that is no content of an object is read here, since ``oci`` would read it without a
    bound.
    """
    status = response.status_code
    if status >= 400:
        _refusal.status = status
        _refusal.headers = dict(response.headers.lower_items())
        _refusal.sent_as = str(response.request.headers.get(REQUEST_ID, ""))
    is_success = 200 <= status < 300
    problem = _problem_of_success(response) if is_success else None
    if problem:
        response.close()
        raise problem
    if not (options.get("stream") and is_success):
        try:
            body = b"".join(pieces_of(response.raw))
        except BaseException:
            response.close()
            raise
        response.raw = HTTPResponse(io.BytesIO(body), preload_content=False)


def _problem_of_success(response: Any) -> Exception | None:
    """Return why a success is none of the service's, or not what was asked for."""
    status = response.status_code
    if not response.headers.get(REQUEST_ID, "").strip():
        return _UndocumentedAnswerError("the answer does not come from Object Storage")
    if status == 206 and "range" not in response.request.headers:
        return BrokenContentError("the service answered with a part of what was asked for")
    if status not in _SUCCESSES[response.request.method]:
        return _UndocumentedAnswerError(f"the answer is not as documented (HTTP {status})")
    return None


def _refusal_or(result: _Result) -> _Result:
    """Return the refusal that was noted, without its message; ``result`` if none was."""
    if not _refusal.status:
        return result
    headers = _refusal.headers
    return _Result(
        status=_refusal.status,
        retry_after=headers.get("retry-after", ""),
        request_id=headers.get("opc-request-id", ""),
        date=headers.get("date", ""),
        sent_as=_refusal.sent_as,
    )


def _result_of(problem: Any) -> _Result:
    """Return a refusal as ``oci`` reports it."""
    if str(problem.code).startswith("UnmatchedContent"):
        reason = "the content was changed on its way"
        return _Result(failure=NetworkFailure(reason, "DATA_LOSS", False))
    headers = problem.headers or {}
    return _Result(
        status=problem.status,
        code=problem.code or "",
        message=problem.message if problem.code and isinstance(problem.message, str) else "",
        retry_after=headers.get("retry-after", ""),
        # Not the exception's own: that is the request's where the answer has none. [oci.exceptions]
        request_id=headers.get("opc-request-id", "").strip(),
        date=headers.get("date", ""),
        sent_as=_refusal.sent_as,
    )


def _failed(reason: str, error_code: str = "INTERNAL_ERROR") -> _Result:
    """Return a failure that another attempt would meet again."""
    return _Result(failure=NetworkFailure(reason, error_code, True))


def is_missing(problem: MlflowException) -> bool:
    """Whether the error says that something does not exist."""
    return bool(problem.error_code == "RESOURCE_DOES_NOT_EXIST")
