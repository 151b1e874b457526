"""Calls to OCI Object Storage: the client of ``oci``, with this package's identity, repetitions and errors.

What the client raises ends here: it holds the request, and with it the signature.
"""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.network_failures import classify_exception
from mlflow_oci_aidp.client.retry import Clock, Outcome, RetryPolicy
from mlflow_oci_aidp.errors import clock_note, error, error_from_response
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity, client_signer
from mlflow_oci_aidp.settings import Settings

T = TypeVar("T")

#: How many requests of one repository are under way at a time, at most.
SLOTS = 16
#: Seconds that a connection may take to come about; and, as urllib3 counts them, that nothing may move while the first
#: body goes over it.
CONNECT_TIMEOUT = 60.0

_CHECK_NAME = (
    "Check the name, the bucket and the namespace; OCI answers the same where a policy does not let this identity see "
    "them."
)
_REMEDIES = {
    404: _CHECK_NAME,
    409: "Make the call again; an object in the archive tier has to be restored before it can be read.",
    412: "Somebody else changed the object meanwhile: make the call again.",
    416: "Somebody else changed the object meanwhile: make the call again.",
    500: "Make the call again later, and give Oracle's support the opc-request-id if it stays.",
}


class Broken(Exception):
    """Content that came, and is not what it should be; the text says what it is, and holds no secret."""


class _Stranger(Exception):
    """An answer that is not Object Storage's."""


@dataclass
class _Outcome(Outcome):
    """What an attempt came to."""

    value: Any = None
    message: str = ""
    request_id: str = ""
    date: str = ""


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

    def call(
        self,
        what: str,
        operation: Callable[[Any], T],
        *,
        once: bool = False,
        moves_content: bool = False,
        stop: CancelToken | None = None,
    ) -> T:
        """Make a call, again where that may help.

        Args:
            what: What it does, for messages: as ``"Reading the object 'a' of the bucket 'b'"``.
            operation: Makes one attempt with a :py:class:`oci.object_storage.ObjectStorageClient`. It raises
                :py:class:`Broken` for content that is worth another attempt.
            once: Whether to leave it at one attempt.
            moves_content: Whether it may take as long as content moves: what bounds its repetitions is their number.
            stop: What calls it off.

        Raises:
            MlflowException: What the service refused, or why there was no answer; ``ABORTED`` where it was called off.
        """
        policy = replace(self._policy, max_retries=0) if once else self._policy
        if moves_content:
            policy = replace(policy, longest_call=math.inf)
        clock = stop.clock(self._clock) if stop else self._clock

        def attempt(_: str) -> _Outcome:
            if stop:
                stop.check()
            return self._attempt(operation)

        outcome = policy.call(what, attempt, self._identity.renew, clock)
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
            about = f"This was about: {what[0].lower()}{what[1:]}."
            skew = clock_note(outcome.date, self._clock.time()) if status == 401 else ""
            raise error_from_response(
                status,
                body,
                outcome.request_id,
                note=f"{about} {skew}".rstrip(),
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
        from oci._vendor.requests.exceptions import RequestException  # oci's own derive from it, and it comes out too
        from urllib3.exceptions import HTTPError

        client, slots = self._connected.get()
        _refused.headers, _refused.status = {}, 0
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
                date=headers.get("date", ""),
            )
        except Broken as problem:
            return _Outcome(lost=str(problem), lost_code="DATA_LOSS")
        except _Stranger:
            words = "the answer does not come from Object Storage"
            return _Outcome(lost=words, lost_code="INTERNAL_ERROR", is_final=True)
        except (TypeError, ValueError, LookupError, AttributeError):
            if _refused.status:
                return _refusal_without_words()
            return _Outcome(lost="the answer is not as documented", lost_code="INTERNAL_ERROR", is_final=True)
        except (
            RequestException,
            HTTPError,
            HTTPException,
            ConnectionError,
            TimeoutError,
        ) as problem:
            if _refused.status:
                return _refusal_without_words()
            loss = classify_exception(problem)
            return _Outcome(lost=loss.words, lost_code=loss.code, is_final=loss.is_final)
        except OSError as problem:
            if problem.errno is not None:  # A file of this machine.
                raise
            words = "the request could not be made, perhaps since REQUESTS_CA_BUNDLE names no file"
            return _Outcome(lost=words, lost_code="INVALID_PARAMETER_VALUE", is_final=True)

    def _make_client(self) -> Any:
        from oci.circuit_breaker import NoCircuitBreakerStrategy
        from oci.object_storage import ObjectStorageClient, UploadManager
        from oci.retry import NoneRetryStrategy

        problem = ""
        try:
            client = ObjectStorageClient(
                {"region": self._settings.region} if self._settings.region else {},
                signer=client_signer(self._identity),
                timeout=(min(CONNECT_TIMEOUT, self._policy.timeout), self._policy.timeout),
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
        client.base_client.session.hooks["response"].append(_look_at)
        # Makes room for as many connections as there are slots.
        UploadManager(client, parallel_process_count=-(-SLOTS // UploadManager.REQUESTS_POOL_SIZE_FACTOR))
        return client


class _Refused(threading.local):
    """The refusal that the current thread's attempt came to, should its body not arrive, or be no text."""

    status = 0
    headers: Mapping[str, str] = {}


_refused = _Refused()


def _refusal_without_words() -> _Outcome:
    headers = _refused.headers
    return _Outcome(
        status=_refused.status,
        retry_after=headers.get("retry-after", ""),
        request_id=headers.get("opc-request-id", ""),
        date=headers.get("date", ""),
    )


def _look_at(response: Any, *_: Any, **__: Any) -> None:
    """Note a refusal before its body is read, and refuse a success of another server, a proxy for instance: every
    answer of OCI's has an ``opc-request-id``."""
    if response.status_code >= 400:
        _refused.status, _refused.headers = response.status_code, dict(response.headers.lower_items())
    if 200 <= response.status_code < 300 and "opc-request-id" not in response.headers:
        response.close()
        raise _Stranger


#: The latest clients: MLflow makes a repository for nearly each call, and to load a key takes longer than most of them.
_CLIENTS: deque[tuple[Settings, RetryPolicy, ObjectClient]] = deque(maxlen=8)


def client_of(settings: Settings) -> ObjectClient:
    """The client that goes with some settings, and with those of MLflow's for HTTP."""
    policy = RetryPolicy.from_mlflow()
    for known, of_policy, client in tuple(_CLIENTS):
        if known == settings and of_policy == policy:
            return client
    client = ObjectClient(settings, policy)
    _CLIENTS.append((settings, policy, client))
    return client


def is_missing(problem: MlflowException) -> bool:
    """Whether something is not there."""
    return bool(problem.error_code == "RESOURCE_DOES_NOT_EXIST")
