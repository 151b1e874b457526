"""Keep the permissions of registered models, without HTTP. They are not enforced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..contract.refusal import invalid
from ..state.databases import RegistryDatabase
from ..state.grants import Grants
from .database_service import DatabaseService
from .paging import NEXT_PAGE, part_of

Json = dict[str, Any]


class PermissionService(DatabaseService[RegistryDatabase]):
    """The permissions of one registry. Safe for use by several threads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(RegistryDatabase.open(folder))
        self._grants = Grants(folder / "grants.json")

    def reset(self) -> None:
        """Remove everything that the service holds."""
        with self._lock:
            super().reset()
            self._grants.clear()

    def list_registered_model_permissions(self, query: Json, user: str) -> Json:
        """Return a page of the grants of a registered model and of those that it inherits."""
        name = query["registeredModelKey"]
        with self._work():
            self._database.get_registered_model(name)
            rows = self._grants.of(name)
        if query.get("sortBy", "displayName") == "displayName":
            rows.sort(key=lambda row: row.get("granteeName", row["grantee"]))
        if query.get("sortOrder") == "DESC":
            rows.reverse()
        items, next_page = part_of(rows, query)
        return {"items": items, NEXT_PAGE: next_page}

    def manage_registered_model_permission(self, details: Json, user: str) -> Json:
        """Grant or revoke permissions. To do it twice changes nothing more."""
        name = details.pop("registeredModelKey")
        if len(details) != 1:
            raise invalid("Grant or revoke: the body has one of the two.")
        ((kind, change),) = details.items()
        with self._work():
            self._database.get_registered_model(name)
            for target in change["assignees"]["targets"]:
                self._grants.change(
                    name,
                    (change["assignees"]["type"], target),
                    change["permissions"],
                    is_granted=kind.startswith("assign"),
                )
        return {}

    def grant_above(self, ancestor: str, kind: str, grantee: str, permissions: list[str]) -> None:
        """Grant permissions on a catalog or schema, for tests: its registered models inherit them.

        Args:
            ancestor: The catalog, or ``<catalog>.<schema>``.
            kind: ``USER``, ``GROUP`` or ``ROLE``.
            grantee: The OCID, or the name of a role.
            permissions: Such as ``["READ"]``.
        """
        with self._lock:
            self._grants.change(ancestor, (kind, grantee), permissions, is_granted=True)
