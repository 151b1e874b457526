"""Adapters of ``requests`` for bounded connections, for ``requests`` itself and for ``oci``'s copy.

An adapter sends one request once. It gives the attempt its timer, and lets no answer pass that
belongs to another request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util import Retry

from mlflow_oci_aidp.client.transport.attempt_timer import AttemptTimer, current_timer
from mlflow_oci_aidp.client.transport.http_connection import bound_connections
from mlflow_oci_aidp.client.transport.request_ids import is_of_another_call

if TYPE_CHECKING:
    _Adapter = HTTPAdapter
else:
    _Adapter = object

REQUEST_ID = "opc-request-id"

#: The statuses of an answer that is a file, or a part of one.
_CONTENT = (200, 206)

#: Raises what went wrong as it is.
_NO_RETRIES = Retry(False)


class ForeignAnswerError(HTTPError):
    """The answer to another request of this process."""


class BoundedAdapterMixin(_Adapter):
    """What makes an ``HTTPAdapter`` bounded. It stands before that class among the bases.

    Attributes:
        more_id_headers: Headers of requests that repeat the ``opc-request-id``.
    """

    more_id_headers: tuple[str, ...] = ()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make the manager of connections that need no proxy."""
        super().init_poolmanager(*arguments, **named)
        bound_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """Return the manager of connections to a proxy, HTTP or SOCKS."""
        manager = super().proxy_manager_for(proxy, **named)
        # Each time: another thread may have made it a moment ago, and not have come this far.
        bound_connections(manager)
        return manager

    def send(
        self, request: Any, stream: bool = False, timeout: Any = None, *more: Any, **named: Any
    ) -> Any:
        """Send a request once, and return the answer as far as its headers.

        Args:
            request: The request, with its ``opc-request-id``.
            stream: Whether a success is a file, which may take as long as it moves.
            timeout: Seconds for the whole attempt; or seconds for the connection, and for the
                whole attempt.
            more: As ``requests`` has them.
            named: As ``requests`` has them.

        Raises:
            ForeignAnswerError: The answer belongs to another request.
        """
        sent = request.headers.get(REQUEST_ID, "")
        for name in self.more_id_headers:
            request.headers[name] = sent
        connect, whole = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        timer = AttemptTimer(whole, connect)
        reset = current_timer.set(timer)
        try:
            answer = self.send_once(request, stream, timeout, *more, **named)
        finally:
            current_timer.reset(reset)
        for name in (REQUEST_ID, *self.more_id_headers):
            if is_of_another_call(sent, answer.headers.get(name, "")):
                answer.close()
                raise ForeignAnswerError
        if stream and answer.status_code in _CONTENT:
            timer.begin_content()
        return answer

    def send_once(self, request: Any, *more: Any, **named: Any) -> Any:
        """Send a request; the attempt has its timer."""
        return super().send(request, *more, **named)


class BoundedAdapter(BoundedAdapterMixin, HTTPAdapter):
    """The adapter of ``requests`` with bounded connections."""


@dataclass
class Answer:
    """An answer as far as its headers. What ``requests`` makes of one takes longer than to read it.

    Attributes:
        status_code: The HTTP status.
        headers: The headers by their names in lower case.
        raw: The answer as ``urllib3`` has it. Its body was not read.
    """

    status_code: int
    headers: Mapping[str, str]
    raw: Any

    def close(self) -> None:
        """End the connection, unless the body was read to its end."""
        self.raw.close()
        self.raw.release_conn()


class EndpointAdapter(BoundedAdapter):
    """The adapter of calls to one endpoint, always with the same certificates and proxies.

    ``requests`` finds the pool of connections, with its proxies and certificates, once. Requests
    then go to that pool directly, and answers are of type :py:class:`Answer`.

    Args:
        endpoint: Scheme, host and port.
        sizes: As ``HTTPAdapter`` has them.
    """

    def __init__(self, endpoint: str, **sizes: Any) -> None:
        super().__init__(**sizes)
        self._endpoint = endpoint
        self._pool: Any = None

    def send_once(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Answer:
        """Send a request over a connection of the endpoint's pool."""
        if self._pool is None:
            pool = self.get_connection_with_tls_context(request, verify, proxies, cert)
            self.cert_verify(pool, request.url, verify, cert)
            self._pool = pool
        path = request.url.removeprefix(self._endpoint)
        if proxies or not path.startswith("/"):
            path = self.request_url(request, proxies)  # A proxy may want the whole address.
        # Plain dictionaries: each name is asked for several times. A signer of a program's own may
        # have put another mapping in place of that of requests.
        items = getattr(request.headers, "lower_items", request.headers.items)
        headers = dict(items())
        try:
            raw = self._pool.urlopen(
                request.method,
                path,
                body=request.body,
                headers=headers,
                chunked=request.body is not None and "content-length" not in headers,
                retries=_NO_RETRIES,
                timeout=timeout,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )
        except ReadTimeoutError as problem:
            raise requests.ReadTimeout(problem) from problem
        except ConnectTimeoutError as problem:
            kind = requests.ConnectionError
            if not isinstance(problem, NewConnectionError):
                kind = requests.ConnectTimeout
            raise kind(problem) from problem
        answered = {name.lower(): value for name, value in raw.headers.itermerged()}
        return Answer(raw.status, answered, raw)
