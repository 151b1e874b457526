"""The common parts of both stores: a session, and a way to call the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from mlflow.store.entities.paged_list import PagedList

from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.client.routes import ROUTES, WORKSPACE, Route
from mlflow_oci_aidp.conditions import GRAMMARS, split_documented
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.full_names import FullNames
from mlflow_oci_aidp.matches import page_of_matches
from mlflow_oci_aidp.session import Session, session_of
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES, WorkspaceInUse, active_workspace

T = TypeVar("T")
StoreT = TypeVar("StoreT", bound="PlatformStore")
Json = dict[str, Any]

#: The size of a page of experiments or runs where all are needed. [aidp-python-client: 50,000 are
#: supported]
LONGEST_PAGE = 1000

#: Fields that name something. MLflow's servers refuse an empty one.
_NAMES = ("run_id", "experiment_id", "key")


class Platform:
    """The platform as a store calls it: MLflow's RPCs by name, in the store's workspace.

    Args:
        client: The client of the platform.
        in_use: Tells the workspace of each call.
        routes: How each RPC travels.
        names: Completes the names of registered models; None if they stay as they are.

    Every method raises ``MlflowException`` with ``FEATURE_DISABLED`` while another workspace than
    that of the URI is chosen with ``mlflow.set_workspace``: the call would go to that of the URI.
    """

    def __init__(
        self,
        client: PlatformClient,
        in_use: WorkspaceInUse,
        routes: Mapping[str, Route] = ROUTES,
        names: FullNames | None = None,
    ) -> None:
        self._client = client
        self._in_use = in_use
        self._routes = routes
        self._names = names if names and names.is_active else None

    def call(self, rpc: str, parse: Callable[[Json], T] | None = None, **fields: Any) -> T | None:
        """Make a call.

        Args:
            rpc: The name of MLflow's RPC.
            parse: Makes the result of the answer's JSON object; None if there is nothing to make.
            **fields: The fields of the call. Those that are None are not sent.

        Returns:
            What ``parse`` returned; None for an answer without a body.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for an empty id or key.
        """
        _check_names(fields)
        route = self._routes[rpc]
        if self._names and route.names_model:
            fields = self._names.complete_fields(fields)
        return self._client.call(route, fields, parse, workspace=self._workspace_of(route))

    def page(
        self, rpc: str, items: str, parse_item: Callable[[Json], T], **fields: Any
    ) -> PagedList[T]:
        """Read one page of a list. A page may be empty although its token leads to more.

        Args:
            rpc: The name of MLflow's RPC.
            items: The name of the list in the answer.
            parse_item: Makes an item of one entry.
            **fields: The fields of the call, ``page_token`` among them.
        """
        token = fields.pop("page_token", None) or ""
        route = self._routes[rpc]
        workspace = self._workspace_of(route)
        page = self._client.page(route, fields, items, parse_item, token=token, workspace=workspace)
        return PagedList(page.items, page.token or None)

    def pages(
        self, rpc: str, items: str, parse_item: Callable[[Json], T], **fields: Any
    ) -> Iterator[PagedList[T]]:
        """Yield the pages of a list one after the other. The arguments are those of ``page``."""
        token = fields.pop("page_token", None) or ""
        route = self._routes[rpc]
        workspace = self._workspace_of(route)
        pages = self._client.pages(
            route, fields, items, parse_item, token=token, workspace=workspace
        )
        for page in pages:
            yield PagedList(page.items, page.token or None)

    def items(
        self, rpc: str, items: str, parse_item: Callable[[Json], T], **fields: Any
    ) -> Iterator[T]:
        """Yield all items of a list, page after page. The arguments are those of ``page``."""
        for page in self.pages(rpc, items, parse_item, **fields):
            yield from page

    def search(
        self,
        rpc: str,
        items: str,
        parse_item: Callable[[Json], T],
        *,
        filter_string: str | None,
        max_results: int | None,
        page_token: str | None,
        **fields: Any,
    ) -> PagedList[T]:
        """Search experiments or runs: the platform by what it documents, this package by the rest.

        Args:
            rpc: ``SearchExperiments`` or ``SearchRuns``.
            items: The name of the list in the answer.
            parse_item: Makes an item of one entry.
            filter_string: MLflow's conditions, joined by ``AND``, or None.
            max_results: The size of a page; the platform chooses if None.
            page_token: The token of the page before, or None.
            **fields: The other fields of the call.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a token that is not from here.
        """
        split = split_documented(rpc, filter_string)
        fields["filter"] = split.sent
        most = LONGEST_PAGE if max_results is None else max_results
        if not split.here or most < 1:
            asked = {**fields, "max_results": max_results, "page_token": page_token}
            return self.page(rpc, items, parse_item, **asked)
        fields["max_results"] = max(most, LONGEST_PAGE)
        return page_of_matches(
            lambda token: self.pages(rpc, items, parse_item, page_token=token, **fields),
            lambda page: GRAMMARS[rpc].filter(page, split.here),
            most,
            page_token,
        )

    @property
    def workspace(self) -> str:
        """The key of the workspace in use, ``""`` if there is none.

        Raises:
            MlflowException: As :py:meth:`~mlflow_oci_aidp.workspaces.WorkspaceInUse.key` says.
        """
        return self._in_use.own if active_workspace() is None else self._in_use.key()

    def _workspace_of(self, route: Route) -> str:
        """Return the key of the workspace that a call goes to, ``""`` for one of the instance."""
        if route.scope != WORKSPACE:
            if active_workspace() is not None:
                self._in_use.check()
            return ""
        if not (workspace := self.workspace):
            raise self._in_use.missing()
        return workspace

    def require(self, body: T | None, subject: str) -> T:
        """Return the parsed body, or raise if the response had none.

        Args:
            body: What was parsed from the body, or None for a response without one.
            subject: What was asked for, such as ``"The run 'a1'"``.

        Raises:
            AidpError: ``INTERNAL_ERROR`` for a response without a body.
        """
        if body is None:
            remedy = self._client.destination.wrong_answer
            raise error("INTERNAL_ERROR", f"{subject} was answered without a body.", remedy)
        return body


def _check_names(fields: Mapping[str, Any]) -> None:
    """Refuse an empty id and an empty key.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    for name in _NAMES:
        if fields.get(name) == "":
            raise error(
                "INVALID_PARAMETER_VALUE", f"The field {name} is empty.", "Pass what MLflow gave."
            )


class PlatformStore:
    """A store of MLflow's on Oracle AI Data Platform.

    It is pickled as its class and its URIs: settings are looked up again where it is unpickled, and
    secrets do not travel.
    """

    def _open(
        self,
        store_uri: str,
        other_uri: str | None,
        session: Session | None = None,
        routes: Mapping[str, Route] = ROUTES,
    ) -> None:
        """Find the settings and the session.

        Args:
            store_uri: The ``aidp://`` URI.
            other_uri: The second argument that MLflow makes the store with.
            session: A session to use instead of the shared one.
            routes: How each RPC travels.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
        """
        self._uris = (store_uri, other_uri)
        self._settings = resolve(store_uri)
        self._session = session or session_of(self._settings)
        self._names = FullNames(self._settings, self._session)
        in_use = WorkspaceInUse(self._settings, self._session)
        self._platform = Platform(self._session.client, in_use, routes, self._names)

    @property
    def supports_workspaces(self) -> bool:
        """Whether calls go to MLflow's active workspace, if the URI names none."""
        return HAS_WORKSPACES

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._uris

    def __copy__(self: StoreT) -> StoreT:
        # A store has no state of its own: a copy shares the session, with keys and connections.
        copied = type(self).__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self: StoreT, memo: dict[int, Any]) -> StoreT:
        return self.__copy__()

    def __repr__(self) -> str:
        settings = getattr(self, "_settings", None)
        if settings is None:  # It could not be made, and a traceback shows it.
            return f"<{type(self).__name__}>"
        workspace = f"{settings.workspace} of " if settings.workspace else ""
        return f"<{type(self).__name__}: {workspace}{settings.instance_id} at {settings.endpoint}>"
