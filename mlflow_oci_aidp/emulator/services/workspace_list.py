"""Answer the operations that list workspaces and read one."""

from __future__ import annotations

import re

from ..contract.refusal import invalid, not_found
from ..contract.workspaces import OPERATIONS
from ..server.messages import Request, Response, json_response
from ..server.routing import Route, RouteMatch, RouteTable
from ..server.validation import check_query
from .paging import NEXT_PAGE, part_of
from .workspaces import Workspaces

_PATH = re.compile(r"/20260430/aiDataPlatforms/[^/]+/workspaces(/[^/]+)?")
_BY_NAME = {row.name: row for row in OPERATIONS}


class WorkspaceListService:
    """The workspaces of one AI Data Platform, as its own list has them.

    Args:
        ai_data_platform_id: OCID of the instance.
        workspaces: The workspaces.
    """

    takes_files = False
    routes = RouteTable(Route(row.verb, row.pattern, row.name) for row in OPERATIONS)

    def __init__(self, ai_data_platform_id: str, workspaces: Workspaces) -> None:
        self._ai_data_platform_id = ai_data_platform_id
        self._workspaces = workspaces

    def owns(self, path: str) -> bool:
        """Return whether a path, as sent, is the list of workspaces or one of them."""
        return _PATH.fullmatch(path) is not None

    def answer(self, request: Request, match: RouteMatch) -> Response:
        """Carry out an operation.

        Raises:
            Refusal: The request is refused.
        """
        if match.parameters["aiDataPlatformId"] != self._ai_data_platform_id:
            raise not_found("Authorization failed or requested resource not found.")
        asked = check_query(request.query_string, _BY_NAME[match.route.name].query)
        if request.body.length:
            raise invalid("This operation takes no body.")
        if "workspaceKey" in match.parameters:
            return json_response(200, self._workspaces.describe(match.parameters["workspaceKey"]))
        rows = [row for row in self._workspaces.describe_all() if _is_asked_for(row, asked)]
        by = asked.get("sortBy", "displayName")
        rows.sort(key=lambda row: row[by])
        order = asked.get("sortOrder", "DESC" if by == "timeCreated" else "ASC")
        if order == "DESC":
            rows.reverse()
        items, next_page = part_of(list(rows), asked)
        headers = {NEXT_PAGE: next_page} if next_page else {}
        return json_response(200, {"items": items}, headers)


def _is_asked_for(row: dict[str, str], asked: dict[str, object]) -> bool:
    exact = ("displayName", "lifecycleState", "type")
    return (
        all(row[name] == asked[name] for name in exact if name in asked)
        and str(asked.get("displayNameContains", "")) in row["displayName"]
        and not asked.get("isPrivateNetworkEnabled", False)
    )
