"""What the registry store and the tracking store have in common: settings and the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from mlflow.store.entities.paged_list import PagedList

from mlflow_oci_aidp import settings
from mlflow_oci_aidp.client.platform_client import Transport
from mlflow_oci_aidp.client.routes import ROUTES, Route
from mlflow_oci_aidp.errors import OTHER_REMEDY, error
from mlflow_oci_aidp.identity import Identity

T = TypeVar("T")


class Platform:
    """Calls to the platform, by the names of MLflow's RPCs.

    Args:
        transport: Returns what sends the requests.
        routes: How each RPC travels.
    """

    def __init__(
        self, transport: Callable[[], Transport], routes: Mapping[str, Route] = ROUTES
    ) -> None:
        self._transport = transport
        self._routes = routes

    def call(
        self, rpc: str, parse: Callable[[dict[str, Any]], T] | None = None, **fields: Any
    ) -> T | None:
        """Make one call.

        Args:
            rpc: The name of MLflow's RPC, such as ``"GetRun"``.
            parse: Makes the result from the answer's JSON object; None if nobody needs the answer.
            fields: The fields of the request. Fields that are None are not sent.

        Returns:
            What ``parse`` returned, or None for a success without a body.

        Raises:
            MlflowException: If the platform cannot be reached, or its answer is not as documented.
            RestException: If the platform refused the call.
        """
        return self._transport().exchange(self._routes[rpc], fields, parse or _ignore)

    def page(
        self, rpc: str, items_name: str, make: Callable[[dict[str, Any]], T], **fields: Any
    ) -> PagedList[T]:
        """Read one page of a list.

        Args:
            rpc: The name of MLflow's RPC.
            items_name: The field of the answer that holds the items.
            make: Makes an entity from the JSON object of one item.
            fields: The fields of the request, ``page_token`` among them.

        Returns:
            The entities. The token of the next page is there even if this page is empty.

        Raises:
            MlflowException: ``INTERNAL_ERROR`` if the page names itself as the next one; otherwise
                as :py:meth:`call`.
        """

        def parse(json: dict[str, Any]) -> PagedList[T]:
            items = [make(item) for item in json.get(items_name) or ()]
            return PagedList(items, json.get("next_page_token") or None)

        page = self.call(rpc, parse, **fields)
        if page is None:
            return PagedList([], None)
        _check_token(rpc, page.token, {fields.get("page_token")})
        return page

    def pages(
        self, rpc: str, items_name: str, make: Callable[[dict[str, Any]], T], **fields: Any
    ) -> Iterator[PagedList[T]]:
        """Read the pages of a list one after the other; the arguments are those of :py:meth:`page`.

        Raises:
            MlflowException: ``INTERNAL_ERROR`` if a page token comes again, which would go on for
                ever; otherwise as :py:meth:`call`.
        """
        tokens = {fields.get("page_token")}
        while True:
            page = self.page(rpc, items_name, make, **fields)
            yield page
            if not page.token:
                return
            _check_token(rpc, page.token, tokens)
            tokens.add(page.token)
            fields["page_token"] = page.token

    def items(
        self, rpc: str, items_name: str, make: Callable[[dict[str, Any]], T], **fields: Any
    ) -> Iterator[T]:
        """Read the items of all pages of a list; arguments and errors are those of ``pages``."""
        for page in self.pages(rpc, items_name, make, **fields):
            yield from page


class PlatformStore:
    """A store that calls the platform, prints where it is, and pickles without secrets."""

    def _open(
        self, store_uri: str, other_uri: str | None, routes: Mapping[str, Route] = ROUTES
    ) -> None:
        """Find the settings.

        Args:
            store_uri: The ``aidp://`` URI.
            other_uri: The second argument that MLflow passes to the constructor of such a store.
            routes: How each RPC travels. A store that is unpickled has the usual ones.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
        """
        self._uris = (store_uri, other_uri)
        self._settings = settings.resolve(store_uri)
        self._transport = Transport(self._settings, Identity(self._settings))
        self._platform = Platform(lambda: self._transport, routes)

    def __reduce__(self) -> tuple[Any, ...]:
        # The unpickled store resolves its settings anew: secrets do not travel.
        return type(self), self._uris

    def __repr__(self) -> str:
        where = self._settings
        workspace = f"{where.workspace} of " if where.workspace else ""
        return f"<{type(self).__name__}: {workspace}{where.instance_id} at {where.endpoint}>"


def _ignore(json: dict[str, Any]) -> None:
    """Make nothing of an answer."""


def _check_token(rpc: str, token: str | None, tokens: set[str | None]) -> None:
    if token and token in tokens:
        raise error(
            "INTERNAL_ERROR",
            f"{rpc} answered with a page token that it had given before, so the list has no end.",
            OTHER_REMEDY,
        )
