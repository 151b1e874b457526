"""Adapters of ``requests`` for bounded connections, for ``requests`` itself and for ``oci``'s copy.

An adapter sends one request once. It gives the attempt its timer, and lets no answer pass that
belongs to another request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

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
            answer = super().send(request, stream, timeout, *more, **named)
        finally:
            current_timer.reset(reset)
        for name in (REQUEST_ID, *self.more_id_headers):
            if is_of_another_call(sent, answer.headers.get(name, "")):
                answer.close()
                raise ForeignAnswerError
        if stream and answer.status_code in _CONTENT:
            timer.begin_content()
        return answer


class BoundedAdapter(BoundedAdapterMixin, HTTPAdapter):
    """The adapter of calls to one endpoint, always with the same certificates and proxies."""

    _pool: Any = None

    def get_connection_with_tls_context(self, *arguments: Any, **named: Any) -> Any:
        """Return the pool of the endpoint. To look it up costs as much as to read an answer."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*arguments, **named)
        return self._pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Make the answer of what ``urllib3`` read: without cookies, and without the request."""
        answer = requests.Response()
        answer.status_code = resp.status
        answer.headers = CaseInsensitiveDict(resp.headers)
        answer.raw = resp
        answer.url = req.url or ""
        return answer
