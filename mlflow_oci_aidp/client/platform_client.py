"""The client of the platform: calls, pages of lists, file uploads and downloads.

A call flows through this file: encode it, attempt it until an answer counts, raise for what is no
success, parse the answer. No secret lives longer than an attempt: it is in the signed request only.
"""

from __future__ import annotations

import json
import logging
import math
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from requests.structures import CaseInsensitiveDict

from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.connection import ConnectionOptions, ConnectionPool, Response
from mlflow_oci_aidp.client.files import Download, FileSnapshot, FileTransfer, Upload
from mlflow_oci_aidp.client.paging import Page, follow_pages, repeated_token
from mlflow_oci_aidp.client.request import Request, encode
from mlflow_oci_aidp.client.response_errors import error_for, log_parser_error, not_as_documented
from mlflow_oci_aidp.client.retry import Clock, RetryPolicy
from mlflow_oci_aidp.client.routes import BASE_PATH, Route
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.settings import Settings

_logger = logging.getLogger(__name__)

T = TypeVar("T")
Json = dict[str, Any]

#: What a parser may raise for an answer of another shape.
_PARSER_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class PlatformClient:
    """Makes calls to one AI Data Platform.

    Safe for many threads. A forked child opens connections of its own.

    Args:
        settings: The endpoint and the instance.
        identity: Who signs.
        policy: When to send again; MLflow's settings if None.
        clock: The clock to wait by.
        options: Proxies and certificates; those of the environment if None.

    Every method raises ``MlflowException`` for input that cannot be sent, for an identity that
    cannot sign, and where the platform could not be reached or gave no proper answer; and
    ``RestException`` for what the platform refused.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
        options: ConnectionOptions | None = None,
    ) -> None:
        self._endpoint = settings.endpoint
        self._host = settings.endpoint.partition("://")[2]
        self._instance = quote(settings.instance_id, safe="")
        self._identity = identity
        self._policy = policy or RetryPolicy.from_mlflow()
        self._clock = clock or Clock()
        connections = options or ConnectionOptions.from_environment(settings.endpoint)
        self._pool = PerProcess(lambda: ConnectionPool(connections))

    def call(
        self,
        route: Route,
        fields: Mapping[str, Any],
        parse: Callable[[Json], T],
        *,
        workspace: str = "",
        base_path: str = BASE_PATH,
    ) -> T | None:
        """Make a call.

        Args:
            route: The route.
            fields: The fields by name. Those that are None are not sent.
            parse: Makes the result of the answer's JSON object. For an object that does not have
                the documented shape it may raise any of Python's errors about types, keys and
                values.
            workspace: The workspace key, for a route of a workspace.
            base_path: What paths begin with.

        Returns:
            What ``parse`` returned, or None for a success without a body.
        """
        request = self._encode(route, fields, workspace, base_path)
        response = self._execute(request)
        return self._parse(route, response, parse)

    def page(
        self,
        route: Route,
        fields: Mapping[str, Any],
        items: str,
        parse_item: Callable[[Json], T],
        *,
        token: str = "",
        workspace: str = "",
        base_path: str = BASE_PATH,
    ) -> Page[T]:
        """Read one page of a list.

        Args:
            route: The route of the list.
            fields: The fields by name.
            items: The name of the list in the answer.
            parse_item: Makes an item of one entry.
            token: The token of the page; ``""`` for the first.
            workspace: The workspace key, for a route of a workspace.
            base_path: What paths begin with.

        Raises:
            MlflowException: ``INTERNAL_ERROR`` if the page names itself as the next one.
        """
        request = self._encode(
            route, {**fields, route.page_field: token or None}, workspace, base_path
        )
        response = self._execute(request)

        def parse(body: Json) -> Page[T]:
            # MLflow's JSON leaves out what is empty; the platform's own lists always have it.
            entries = body.get(items) or () if route.is_mlflows else body[items]
            next_token = response.next_page or body.get("next_page_token") or ""
            return Page([parse_item(entry) for entry in entries], str(next_token))

        page = self._parse(route, response, parse)
        if page is None and not route.is_mlflows:
            raise not_as_documented(route, response, "has no body")
        page = page or Page([])
        if page.token and page.token == token:
            raise repeated_token(route.call)
        return page

    def pages(
        self,
        route: Route,
        fields: Mapping[str, Any],
        items: str,
        parse_item: Callable[[Json], T],
        *,
        token: str = "",
        workspace: str = "",
        base_path: str = BASE_PATH,
    ) -> Iterator[Page[T]]:
        """Yield the pages of a list, from ``token`` to the last one; arguments as for ``page``.

        Raises:
            MlflowException: ``INTERNAL_ERROR`` if a token comes again.
        """

        def fetch(token: str) -> Page[T]:
            return self.page(
                route,
                fields,
                items,
                parse_item,
                token=token,
                workspace=workspace,
                base_path=base_path,
            )

        return follow_pages(fetch, route.call, token)

    def upload(
        self, route: Route, fields: Mapping[str, Any], path: str, token: CancelToken | None = None
    ) -> None:
        """Send a file, from its first byte in each attempt.

        An attempt in which nothing moves for the policy's timeout has failed.

        Args:
            route: The route.
            fields: The fields by name.
            path: The file.
            token: Cancels the upload.

        Raises:
            MlflowException: Also for a file that cannot be read; ``ABORTED`` for one that changed
                while it was sent, and for a cancelled upload.
        """
        snapshot = FileSnapshot.take(path)
        response = self._transfer(
            route, fields, Upload(snapshot, self._policy.timeout, self._clock), token
        )
        if response.status == 401 and not snapshot.is_unchanged():
            # The signature covers the digest of what the file was.
            raise error(
                "ABORTED",
                f"The file {path!r} changed while it was sent.",
                "Log it when it is complete.",
            )
        self._raise_for_status(route, response)

    def download(
        self, route: Route, fields: Mapping[str, Any], path: str, token: CancelToken | None = None
    ) -> None:
        """Write the body of a success to a file.

        An attempt in which nothing moves for the policy's timeout has failed.

        Args:
            route: The route.
            fields: The fields by name.
            path: The file. After an exception it may hold a part of the content.
            token: Cancels the download.

        Raises:
            MlflowException: Also for a file that cannot be written; ``ABORTED`` for a cancelled
                download.
        """
        transfer = Download(path, self._policy.timeout, self._clock)
        self._raise_for_status(route, self._transfer(route, fields, transfer, token))

    def act(
        self, route: Route, fields: Mapping[str, Any], token: CancelToken | None = None
    ) -> None:
        """Make a call on a file or folder, whose answer holds nothing.

        Args:
            route: The route.
            fields: The fields by name.
            token: Cancels the call.
        """
        request = self._encode(route, fields)
        self._raise_for_status(route, self._execute(request, token=token))

    def _encode(
        self,
        route: Route,
        fields: Mapping[str, Any],
        workspace: str = "",
        base_path: str = BASE_PATH,
    ) -> Request:
        instance_url = f"{self._endpoint}{base_path}/{self._instance}"
        return encode(route, fields, instance_url, workspace)

    # Attempts

    def _transfer(
        self,
        route: Route,
        fields: Mapping[str, Any],
        transfer: FileTransfer,
        token: CancelToken | None,
    ) -> Response:
        request = self._encode(route, fields)
        request = replace(request, headers={**request.headers, **transfer.headers})
        # A file may take long: the number of attempts is bounded, not their time.
        policy = replace(self._policy, longest_call=math.inf)
        token = token or CancelToken()

        def attempt(request_id: str) -> Response:
            with transfer.open(token) as body:
                return self._send(
                    request, request_id, body, lambda answer: transfer.receive(answer, token)
                )

        return self._execute(request, attempt, policy, token)

    def _execute(
        self,
        request: Request,
        attempt: Callable[[str], Response] | None = None,
        policy: RetryPolicy | None = None,
        token: CancelToken | None = None,
    ) -> Response:
        """Attempt a request until an answer counts."""

        def send(number: str) -> Response:
            if token:
                token.raise_if_cancelled()
            request_id = f"{request.id}-{number}"
            return attempt(request_id) if attempt else self._send(request, request_id, request.body)

        return (policy or self._policy).execute(
            send,
            call=request.route.call,
            renew=self._identity.renew,
            clock=token.clock(self._clock) if token else self._clock,
            endpoint=self._endpoint,
        )

    def _send(
        self,
        request: Request,
        request_id: str,
        body: Any,
        receive: Callable[[requests.Response], bytes] | None = None,
    ) -> Response:
        """Sign afresh and send once. A network failure is part of the response."""
        begin = self._clock.monotonic()
        signed = self._sign(request, request_id, body)
        response = self._pool.get().send(signed, self._policy.timeout, self._clock, receive)
        response.request_id = response.request_id or request_id
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s %s -> %s in %.0f ms, opc-request-id %s",
                request.route.verb,
                request.url.removeprefix(self._endpoint).partition("?")[0],
                response.failure.reason if response.failure else response.status,
                (self._clock.monotonic() - begin) * 1000,
                response.request_id,
            )
        return response

    def _sign(self, request: Request, request_id: str, body: Any) -> requests.PreparedRequest:
        signed = requests.PreparedRequest()
        signed.method, signed.url, signed.body = request.route.verb, request.url, body
        signed.headers = CaseInsensitiveDict(
            {
                "accept": "application/json",
                "content-type": "application/json",
                "host": self._host,
                "opc-request-id": request_id,
                "user-agent": _user_agent(),
                **request.headers,
            }
        )
        if request.body is not None:
            signed.headers["content-length"] = str(len(request.body))
        if request.retry_token is not None:
            signed.headers["opc-retry-token"] = request.retry_token
        principal = self._identity.principal()
        if principal is not None:
            signed.headers["dh-user-principal"] = principal
        self._identity.sign(signed)
        return signed

    # Answers

    def _parse(self, route: Route, response: Response, parse: Callable[[Json], T]) -> T | None:
        """Make the result of a success; raise for anything else."""
        self._raise_for_status(route, response)
        if not response.body.strip():
            return None
        problem = "is not a JSON object"
        try:
            body = json.loads(response.body)
            if isinstance(body, dict):
                problem = "is not of the documented shape"
                return parse(body)
        except _PARSER_ERRORS as caught:
            # Raised below, outside this block: the exception's frames hold the whole answer.
            log_parser_error(route, caught)
        raise not_as_documented(route, response, problem)

    def _raise_for_status(self, route: Route, response: Response) -> None:
        """Raise for a response that is no success.

        The page of a proxy must not pass for a file, or for the receipt of one.
        """
        if response.failure is not None or not 200 <= response.status < 300:
            raise error_for(route, response, self._endpoint, self._clock.time())
        if not route.is_mlflows and not response.is_from_platform:
            raise not_as_documented(route, response, "does not come from AI Data Platform")


@cache
def _user_agent() -> str:
    import mlflow

    from mlflow_oci_aidp import __version__

    python = platform.python_version()
    return f"mlflow-oci-aidp/{__version__} mlflow/{mlflow.__version__} python/{python}"
