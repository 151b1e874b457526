"""Calls to OCI Object Storage: ``oci``'s client with this package's identity, retries and errors.

Exceptions of ``oci`` hold the signed request. They end here.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.network_failures import NetworkFailure, classify_exception
from mlflow_oci_aidp.client.retry import AttemptResult, Clock, RetryPolicy
from mlflow_oci_aidp.errors import clock_note, error, error_from_response
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity, client_signer
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.settings import Settings

T = TypeVar("T")

#: The most requests of one client that are under way at a time.
SLOTS = 16
#: Seconds until a connection is made. ``urllib3`` counts them, too, while the first body is sent
#: and nothing moves.
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


class BrokenContentError(Exception):
    """Content that is not what it should be. The text says why, and holds no secret."""


class _ForeignAnswerError(Exception):
    """An answer that does not come from Object Storage."""


@dataclass
class _Result(AttemptResult):
    """The result of one attempt.

    Attributes:
        value: What the operation returned.
        message: The message of a refusal.
        request_id: The ``opc-request-id`` of a refusal.
        date: The ``Date`` header of a refusal.
    """

    value: Any = None
    message: str = ""
    request_id: str = ""
    date: str = ""


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
        self._connected = PerProcess(lambda: (self._make_client(), threading.Semaphore(SLOTS)))

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

        def attempt(_: str) -> _Result:
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
            raise error(
                result.failure.error_code,
                f"{description} failed: {result.failure.reason}.",
                "Check the network, the proxy settings and the endpoint of Object Storage; "
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES says how often it is tried.",
            )
        if not 200 <= result.status < 300:
            raise self._refused(description, result)
        value: T = result.value
        return value

    @property
    def client(self) -> Any:
        """The client of ``oci`` in this process."""
        return self._connected.get()[0]

    def _refused(self, description: str, result: _Result) -> MlflowException:
        status = result.status
        skew = clock_note(result.date, self._clock.time()) if status == 401 else ""
        return error_from_response(
            status,
            json.dumps({"code": result.code, "message": result.message}).encode(),
            result.request_id,
            note=f"This was about: {description[0].lower()}{description[1:]}. {skew}".rstrip(),
            remedy=_REMEDIES.get(500 if status >= 500 else status, ""),
        )

    def _attempt(self, operation: Callable[[Any], Any]) -> _Result:
        from oci import exceptions

        # oci's own exceptions derive from this one, and it comes out by itself, too.
        from oci._vendor.requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        client, slots = self._connected.get()
        _refusal.headers, _refusal.status = {}, 0
        try:
            with slots:
                return _Result(200, value=operation(client))
        except exceptions.ServiceError as problem:
            return _result_of(problem)
        except BrokenContentError as problem:
            return _Result(failure=NetworkFailure(str(problem), "DATA_LOSS", False))
        except _ForeignAnswerError:
            return _failed("the answer does not come from Object Storage")
        except json_fields.ERRORS:
            return _refusal_or(_failed("the answer is not as documented"))
        except (RequestException, HTTPError, HTTPException, ConnectionError, TimeoutError) as lost:
            return _refusal_or(_Result(failure=classify_exception(lost)))
        except OSError as problem:
            if problem.errno is not None:
                return _Result(failure=classify_exception(problem))
            reason = "the request could not be made, perhaps since REQUESTS_CA_BUNDLE names no file"
            return _failed(reason, "INVALID_PARAMETER_VALUE")

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
        # A redirect would take the content to another server than the signature names.
        client.base_client.session.max_redirects = 0
        client.base_client.session.hooks["response"].append(_inspect_response)
        # This makes room for as many connections as there are slots.
        factor = object_storage.UploadManager.REQUESTS_POOL_SIZE_FACTOR
        object_storage.UploadManager(client, parallel_process_count=-(-SLOTS // factor))
        return client


class _Refusal(threading.local):
    """The refusal that this thread's attempt met, in case its body does not arrive."""

    status = 0
    headers: Mapping[str, str] = {}


_refusal = _Refusal()


def _inspect_response(response: Any, *_: Any, **__: Any) -> None:
    """Note a refusal before its body is read; raise for a success of another server.

    Every answer of OCI has an ``opc-request-id``. That of a proxy, for instance, has none.
    """
    if response.status_code >= 400:
        _refusal.status = response.status_code
        _refusal.headers = dict(response.headers.lower_items())
    if 200 <= response.status_code < 300 and "opc-request-id" not in response.headers:
        response.close()
        raise _ForeignAnswerError


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
    )


def _result_of(problem: Any) -> _Result:
    """Return a refusal as ``oci`` reports it."""
    if problem.code == "UnmatchedContentMD5":
        reason = "the content was changed on its way"
        return _Result(failure=NetworkFailure(reason, "DATA_LOSS", False))
    headers = problem.headers or {}
    return _Result(
        status=problem.status,
        code=problem.code or "",
        message=problem.message if problem.code and isinstance(problem.message, str) else "",
        retry_after=headers.get("retry-after", ""),
        request_id=problem.request_id or "",
        date=headers.get("date", ""),
    )


def _failed(reason: str, error_code: str = "INTERNAL_ERROR") -> _Result:
    """Return a failure that another attempt would meet again."""
    return _Result(failure=NetworkFailure(reason, error_code, True))


def is_missing(problem: MlflowException) -> bool:
    """Whether the error says that something does not exist."""
    return bool(problem.error_code == "RESOURCE_DOES_NOT_EXIST")
