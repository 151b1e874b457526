"""The client of the platform: calls, pages of lists, file uploads and downloads.

A call flows through this file: encode it, have it attempted until an answer counts, raise for what
is no success, parse the answer.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.connection import ConnectionOptions, Response, Sender
from mlflow_oci_aidp.client.files import Download, FileSnapshot, FileTransfer, Upload
from mlflow_oci_aidp.client.json_fields import Json
from mlflow_oci_aidp.client.paging import Page, follow_pages, repeated_token
from mlflow_oci_aidp.client.request import (
    Request,
    fill,
    split_fields,
    workspace_path,
)
from mlflow_oci_aidp.client.response_errors import (
    cannot_be_sent,
    error_for,
    log_parser_error,
    not_as_documented,
    undocumented_fields,
)
from mlflow_oci_aidp.client.retry import NOT_BEGUN, Clock, RetryPolicy
from mlflow_oci_aidp.client.routes import WORKSPACE, Route
from mlflow_oci_aidp.client.surroundings import Destination
from mlflow_oci_aidp.client.telemetry import Observer
from mlflow_oci_aidp.client.transport.request_ids import new_call_id
from mlflow_oci_aidp.endpoints import API_VERSIONS
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.secret import Secret
from mlflow_oci_aidp.settings import Settings

T = TypeVar("T")


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
        self._base = f"{settings.endpoint}{API_VERSIONS[settings.api_version]}"
        self._instance = quote(settings.instance_id, safe="")
        self._identity = identity
        self._policy = policy or RetryPolicy.from_mlflow()
        self._clock = clock or Clock()
        options = options or ConnectionOptions.from_environment(settings.endpoint)
        timeout = self._policy.timeout
        self.destination = Destination(
            "AI Data Platform", settings.endpoint, settings, proxies=dict(options.proxies)
        )
        self._sender = Sender(settings.endpoint, identity, timeout, self._clock, options)
        self.observer = Observer(self._base) if settings.telemetry else None

    def call(
        self,
        route: Route,
        fields: Mapping[str, Any],
        parse: Callable[[Json], T] | None,
        *,
        workspace: str = "",
    ) -> T | None:
        """Make a call.

        Args:
            route: The route.
            fields: The fields by name. Those that are None are not sent.
            parse: Makes the result of the answer's JSON object. For an object that does not have
                the documented shape it may raise any of Python's errors about types, keys and
                values. None if nobody needs the answer.
            workspace: The workspace key, for a route of a workspace.

        Returns:
            What ``parse`` returned, or None for a success without a body.
        """
        request = self._encode(route, fields, workspace)
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
    ) -> Page[T]:
        """Read one page of a list.

        Args:
            route: The route of the list.
            fields: The fields by name.
            items: The name of the list in the answer.
            parse_item: Makes an item of one entry.
            token: The token of the page; ``""`` for the first.
            workspace: The workspace key, for a route of a workspace.

        Raises:
            MlflowException: ``INTERNAL_ERROR`` if the page names itself as the next one.
        """
        request = self._encode(route, {**fields, route.page_field: token or None}, workspace)
        response = self._execute(request)

        def parse(body: Json) -> Page[T]:
            if route.page_in:
                body = json_fields.fields(body, route.page_in)
            # MLflow's JSON leaves out what is empty; the platform's own lists always have it.
            entries = json_fields.entries(body, items, is_required=not route.next_field)
            next_token: str | None = response.next_page
            if route.next_field:
                next_token = json_fields.optional_text(body, route.next_field)
            return Page([parse_item(entry) for entry in entries], next_token or "")

        page = self._parse(route, response, parse)
        if page is None and not route.is_mlflows:
            raise not_as_documented(route, response, "has no body", self.destination)
        page = page or Page([])
        if page.token and page.token == token:
            raise repeated_token(route.call, self.destination.wrong_answer)
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
            )

        return follow_pages(fetch, route.call, token, self.destination.wrong_answer)

    def start(self, route: Route, fields: Mapping[str, Any]) -> str:
        """Make a call whose work goes on after its answer.

        Args:
            route: The route.
            fields: The fields by name.

        Returns:
            The key of the asynchronous operation; ``""`` if the answer names none.
        """
        response = self._execute(self._encode(route, fields))
        self._parse(route, response, None)
        return response.operation_key

    def upload(
        self, route: Route, fields: Mapping[str, Any], path: str, token: CancelToken | None = None
    ) -> None:
        """Send a file, from its first byte in each attempt.

        An attempt in which less moves than ``attempt_timer.SLOWEST`` says has failed.

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
        response = self._transfer(route, fields, Upload(snapshot), token)
        if response.status == 401 and not snapshot.is_unchanged():
            # The signature covers the digest of what the file was.
            raise error(
                "ABORTED",
                f"The file {path!r} changed while it was sent.",
                "Log it when it is complete.",
            )
        self._raise_for_status(route, response)

    def download(
        self,
        route: Route,
        fields: Mapping[str, Any],
        path: str,
        token: CancelToken | None = None,
        shown: str = "",
    ) -> None:
        """Write the body of a 200 to a file.

        An attempt in which less moves than ``attempt_timer.SLOWEST`` says has failed, and so has
        one whose answer does not say where it ends.

        Args:
            route: The route.
            fields: The fields by name.
            path: The file. After an exception it may hold a part of the content.
            token: Cancels the download.
            shown: The file that errors name: the one that a temporary file becomes.

        Raises:
            MlflowException: Also for a file that cannot be written; ``ABORTED`` for a cancelled
                download.
        """
        transfer = Download(path, shown)
        response = self._transfer(route, fields, transfer, token)
        self._raise_for_status(route, response)
        if not transfer.is_whole:
            # A 204 or a 206, for instance, must not pass for the file.
            raise not_as_documented(route, response, "is not the whole file", self.destination)

    def act(
        self, route: Route, fields: Mapping[str, Any], token: CancelToken | None = None
    ) -> None:
        """Make a call on a file or folder, whose answer holds nothing.

        Args:
            route: The route.
            fields: The fields by name.
            token: Cancels the call.
        """
        self._raise_for_status(route, self._transfer(route, fields, None, token))

    def _encode(
        self,
        route: Route,
        fields: Mapping[str, Any],
        workspace: str = "",
    ) -> Request:
        """Make the request of a call.

        MLflow's server looks for a field of the path in query or body, too. A field that the
        platform does not document is a mistake of this package.
        """
        values = {name: value for name, value in fields.items() if value is not None}
        if not values.keys() <= route.fields:
            raise undocumented_fields(route, values)
        url = f"{self._base}/{self._instance}"
        body: bytes | None = None
        headers: dict[str, str] = {}
        problem = ""
        try:
            if route.scope == WORKSPACE:
                url += workspace_path(workspace)
            url += fill(route.path, values) if "{" in route.path else route.path
            if not route.is_mlflows:
                headers, values = split_fields(route, values)
            if route.has_query:
                url += f"?{urlencode(values, quote_via=quote, safe='')}" if values else ""
            else:
                body = json_fields.dump(values).encode()
        except (TypeError, ValueError, RecursionError) as caught:
            problem = type(caught).__name__
        if problem:  # Outside the block: the exception's text may hold the value.
            raise cannot_be_sent(route, problem)
        token = None
        if route.has_retry_token and not route.is_read_only:
            token = Secret(uuid.uuid4().hex)
        return Request(route, url, body, new_call_id(), token, headers)

    # Attempts

    def _execute(self, request: Request) -> Response:
        """Attempt a request until an answer counts."""
        policy = self._policy
        if not request.route.is_repeatable:
            policy = replace(policy, only_after=NOT_BEGUN)
        execute = partial(
            policy.execute,
            partial(self._sender.attempt, request),
            call=request.route.call,
            renew=self._identity.renew,
            clock=self._clock,
            endpoint=self._endpoint,
        )
        return self.observer.call_of(request.route, execute) if self.observer else execute()

    def _transfer(
        self,
        route: Route,
        fields: Mapping[str, Any],
        transfer: FileTransfer | None,
        token: CancelToken | None,
    ) -> Response:
        """Attempt a request that can be cancelled and may move a file."""
        request = self._encode(route, fields)
        cancel = token or CancelToken()
        policy = self._policy
        if transfer:
            request = replace(request, headers={**request.headers, **transfer.headers})
            # A file may take long: the number of attempts is bounded, not their time.
            policy = replace(policy, longest_call=math.inf)

        def attempt(number: int) -> Response:
            cancel.raise_if_cancelled()
            if not transfer:
                return self._sender.attempt(request, number)
            with transfer.open(cancel) as body:
                return self._sender.attempt(request, number, body, transfer.receiver(cancel))

        execute = partial(
            policy.execute,
            attempt,
            call=route.call,
            renew=self._identity.renew,
            clock=cancel.clock(self._clock),
            endpoint=self._endpoint,
        )
        return self.observer.call_of(route, execute) if self.observer else execute()

    # Answers

    def _parse(
        self, route: Route, response: Response, parse: Callable[[Json], T] | None
    ) -> T | None:
        """Make the result of a success; raise for anything else."""
        self._raise_for_status(route, response)
        # Without the platform's own id, a body that holds nothing proves nothing.
        if not response.is_from_platform and not response.body.strip(b"{} \r\n\t"):
            raise not_as_documented(route, response, "holds nothing", self.destination)
        if not response.body.strip():
            return None
        problem = "is not a JSON object"
        try:
            body = json_fields.load(response.body)
            if isinstance(body, dict):
                problem = "is not of the documented shape"
                return parse(body) if parse else None
        except json_fields.ERRORS as caught:
            # Raised below, outside this block: the exception's frames hold the whole answer.
            log_parser_error(route, caught)
            if isinstance(caught, UnicodeEncodeError):
                problem = "has half a character in it"
        raise not_as_documented(route, response, problem, self.destination)

    def _raise_for_status(self, route: Route, response: Response) -> None:
        """Raise for a response that is no success.

        The page of a proxy must not pass for a file, or for the receipt of one.
        """
        if response.failure is not None or not 200 <= response.status < 300:
            now = self._clock.time()
            raise error_for(route, response, self.destination, self._identity, now)
        if response.status == 206:  # Nothing was asked for in parts.
            raise not_as_documented(route, response, "is a part of one", self.destination)
        if not route.is_mlflows and not response.is_from_platform:
            raise not_as_documented(route, response, "is not the platform's", self.destination)
