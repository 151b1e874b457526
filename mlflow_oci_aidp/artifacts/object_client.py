"""Calls to OCI Object Storage: the client of ``oci``, with this package's identity, repetitions and errors.

What the client raises ends here: it holds the request, and with it the signature.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.errors import error, refusal
from mlflow_oci_aidp.identity import Identity, client_signer
from mlflow_oci_aidp.losses import loss_of
from mlflow_oci_aidp.processes import PerProcess
from mlflow_oci_aidp.retry import Clock, Outcome, RetryPolicy
from mlflow_oci_aidp.settings import Settings

T = TypeVar("T")

#: How many requests of one repository are under way at a time, at most.
SLOTS = 16
#: Seconds that a connection may take to come about.
CONNECT_TIMEOUT = 10.0

_CHECK_NAME = (
    "Check the name, the bucket and the namespace; OCI answers the same where a policy does not let this identity see "
    "them."
)
_REMEDIES = {
    404: _CHECK_NAME,
    409: "Make the call again.",
    412: "Somebody else changed the object meanwhile: make the call again.",
    416: "Somebody else changed the object meanwhile: make the call again.",
    500: "Make the call again later, and give Oracle's support the opc-request-id if it stays.",
}


class Broken(Exception):
    """Content that came, and is not what it should be; the text says what it is, and holds no secret."""


@dataclass
class _Outcome(Outcome):
    """What an attempt came to."""

    value: Any = None
    message: str = ""
    request_id: str = ""


class ObjectClient:
    """Object Storage as one repository sees it. Safe for use by several threads, and by forked processes.

    Args:
        settings: The settings, of which it takes identity, region and endpoint.
        policy: How often and how fast calls are repeated; MLflow's settings if None.
        clock: The clock to wait by.
    """

    def __init__(self, settings: Settings, policy: RetryPolicy | None = None, clock: Clock | None = None) -> None:
        self._settings = settings
        self._identity = Identity(settings)
        self._policy = policy or RetryPolicy.from_mlflow()
        self._clock = clock or Clock()
        self._connected = PerProcess(lambda: (self._make_client(), threading.Semaphore(SLOTS)))

    def call(self, what: str, operation: Callable[[Any], T], *, once: bool = False) -> T:
        """Make a call, again where that may help.

        Args:
            what: What it does, for messages: as ``"Reading the object 'a' of the bucket 'b'"``.
            operation: Makes one attempt with a :py:class:`oci.object_storage.ObjectStorageClient`. It raises
                :py:class:`Broken` for content that is worth another attempt.
            once: Whether to leave it at one attempt.

        Raises:
            MlflowException: What the service refused, or why there was no answer.
        """
        policy = replace(self._policy, max_retries=0) if once else self._policy
        outcome = policy.call(what, lambda _: self._attempt(operation), self._identity.renew, self._clock)
        if outcome.lost:
            raise error(
                outcome.lost_code,
                f"{what} failed: {outcome.lost}.",
                "Check the network, the proxy settings and the endpoint of Object Storage; "
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES says how often it is tried.",
            )
        if not 200 <= outcome.status < 300:
            body = json.dumps({"code": outcome.code, "message": outcome.message}).encode()
            status = outcome.status
            raise refusal(
                status,
                body,
                outcome.request_id,
                note=f"This was about: {what[0].lower()}{what[1:]}.",
                remedy=_REMEDIES.get(500 if status >= 500 else status, ""),
            )
        value: T = outcome.value
        return value

    @property
    def client(self) -> Any:
        """The client of ``oci`` in this process."""
        return self._connected.get()[0]

    def _attempt(self, operation: Callable[[Any], Any]) -> _Outcome:
        from oci import exceptions
        from urllib3.exceptions import HTTPError

        client, slots = self._connected.get()
        try:
            with slots:
                return _Outcome(200, value=operation(client))
        except exceptions.ServiceError as problem:
            if problem.code == "UnmatchedContentMD5":
                return _Outcome(lost="the content was changed on its way", lost_code="DATA_LOSS")
            headers = problem.headers or {}
            return _Outcome(
                status=problem.status,
                code=problem.code or "",
                message=problem.message if problem.code and isinstance(problem.message, str) else "",
                retry_after=headers.get("retry-after", ""),
                request_id=problem.request_id or "",
            )
        except Broken as problem:
            return _Outcome(lost=str(problem), lost_code="DATA_LOSS")
        except (TypeError, ValueError, LookupError, AttributeError):
            return _Outcome(lost="the answer is not as documented", lost_code="INTERNAL_ERROR", is_final=True)
        except (
            exceptions.RequestException,
            exceptions.ConnectTimeout,
            HTTPError,
            HTTPException,
            ConnectionError,
            TimeoutError,
        ) as problem:
            loss = loss_of(problem)
            return _Outcome(lost=loss.words, lost_code=loss.code, is_final=loss.is_final)

    def _make_client(self) -> Any:
        from oci.circuit_breaker import NoCircuitBreakerStrategy
        from oci.object_storage import ObjectStorageClient, UploadManager
        from oci.retry import NoneRetryStrategy

        problem = ""
        try:
            client = ObjectStorageClient(
                {"region": self._settings.region} if self._settings.region else {},
                signer=client_signer(self._identity),
                timeout=(CONNECT_TIMEOUT, self._policy.timeout),
                # Repetitions are this package's, so that MLflow's settings hold and a body starts from its beginning.
                retry_strategy=NoneRetryStrategy(),
                circuit_breaker_strategy=NoCircuitBreakerStrategy(),
                **({"service_endpoint": endpoint} if (endpoint := self._settings.object_storage_endpoint) else {}),
            )
        except ValueError as reason:
            problem = type(reason).__name__
        if problem:
            raise error("INTERNAL_ERROR", f"The client of Object Storage could not be made ({problem}).", "Check oci.")
        # A redirect would take the content to another server than the one that was signed for.
        client.base_client.session.max_redirects = 0
        client.base_client.session.hooks["response"].append(_check_origin)
        # Makes room for as many connections as there are slots.
        UploadManager(client, parallel_process_count=-(-SLOTS // UploadManager.REQUESTS_POOL_SIZE_FACTOR))
        return client


def _check_origin(response: Any, *_: Any, **__: Any) -> None:
    """Refuse a success of another server, a proxy for instance: every answer of OCI's has an ``opc-request-id``."""
    if 200 <= response.status_code < 300 and "opc-request-id" not in response.headers:
        response.close()
        raise Broken("the answer does not come from Object Storage")


def is_missing(problem: MlflowException) -> bool:
    """Whether something is not there."""
    return bool(problem.error_code == "RESOURCE_DOES_NOT_EXIST")
