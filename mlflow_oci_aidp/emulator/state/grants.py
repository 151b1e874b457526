"""Keep the permissions that were granted on registered models, and on what is above them.

They are kept, not enforced: who may do what is a matter of the platform's identity domain.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .files import write_private

_ORDER = ("READ", "MANAGE", "ADMIN")


class Grants:
    """The grants of one registry, in a file. Its callers hold a lock.

    Args:
        file: The file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        #: By the name of a model, schema or catalog: kind and grantee, with their permissions.
        self._rows: dict[str, list[list[Any]]] = (
            json.loads(file.read_text()) if file.exists() else {}
        )

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return the grants of a registered model, oldest first, then those that it inherits."""
        parts = name.split(".")
        names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
        return [
            {
                "grantee": grantee,
                # How the platform names users and groups is not known here.
                **({"granteeName": grantee} if kind == "ROLE" else {}),
                "granteeType": kind,
                "granteePermissions": permissions,
                "isInherited": resource != name,
                "resourceName": resource,
            }
            for resource in names
            for kind, grantee, permissions in self._rows.get(resource, ())
        ]

    def change(
        self,
        resource: str,
        grantee: tuple[str, str],
        permissions: Sequence[str],
        *,
        is_granted: bool,
    ) -> None:
        """Grant or revoke permissions.

        Args:
            resource: The name of a model, schema or catalog.
            grantee: ``USER``, ``GROUP`` or ``ROLE``, and the OCID or the name.
            permissions: Those that change.
            is_granted: Whether they are granted; else they are revoked.
        """
        rows = {(kind, who): set(held) for kind, who, held in self._rows.get(resource, ())}
        held = rows.setdefault(grantee, set())
        rows[grantee] = held | set(permissions) if is_granted else held - set(permissions)
        self._rows[resource] = [
            [*who, [name for name in _ORDER if name in kept]] for who, kept in rows.items() if kept
        ]
        self._write()

    def rename(self, name: str, new_name: str | None) -> None:
        """Let the grants of a registered model follow its name; None: drop them."""
        rows = self._rows.pop(name, None)
        if rows is None:
            return
        if new_name is not None:
            self._rows[new_name] = rows
        self._write()

    def clear(self) -> None:
        """Forget all grants."""
        self._rows = {}
        self._file.unlink(missing_ok=True)

    def _write(self) -> None:
        write_private(self._file, json.dumps(self._rows).encode())
