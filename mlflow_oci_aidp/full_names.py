"""Complete the names of registered models by the settings ``catalog`` and ``schema``.

A registered model's name is ``<catalog>.<schema>.<model>``. [aidp-python-client 5.1.1] Stores,
functions and commands complete a name without dots by the one rule of :py:class:`FullNames`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.routes import WORKSPACES
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.identity import chosen_caller
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.workspaces import WorkspaceInUse

#: ``models:/<name>/<version or stage>`` and ``models:/<name>@<alias>``. A logged model's
#: ``models:/<id>`` has neither.
_MODEL_URI = re.compile(r"models:/(?P<name>[^/@]+)(?P<rest>[/@].+)", re.DOTALL)
#: The fields of the registry's calls that hold the name of a registered model.
_NAMES = frozenset({"name", "new_name"})


class FullNames:
    """Completes names, if the settings name a schema. Else each name stays as it is.

    Args:
        settings: The settings of a store.
        session: The session of the store.
    """

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session
        self._in_use = WorkspaceInUse(settings, session)
        #: Whether some setting asks for completion.
        self.is_active = bool(settings.schema or settings.catalog)

    def complete(self, name: str) -> str:
        """Return a name with catalog and schema before it, unless it has a dot or is empty.

        Where the schema alone is set, the catalog is the workspace's default one. It is looked up
        once.

        Args:
            name: The name of a registered model or a prompt.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if the name has no dot, and the catalog or
                the schema is not known. What the platform refuses, and network failures, while the
                workspace's default catalog is looked up.
        """
        if not self.is_active or not isinstance(name, str) or "." in name or not name.strip():
            return name
        if not self._settings.schema:
            raise invalid_parameter(
                f"The name {name!r} cannot be completed: catalog is set (from "
                f"{self._settings.place('catalog')}), and schema is not.",
                "Set AIDP_SCHEMA, or add ?schema=... to the URI; or pass "
                "<catalog>.<schema>.<model>.",
            )
        catalog = self._settings.catalog or self._default_catalog(name)
        return f"{catalog}.{self._settings.schema}.{name}"

    def complete_fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a call on a registered model, with its names completed."""
        return {
            name: self.complete(value) if name in _NAMES else value
            for name, value in fields.items()
        }

    def complete_uri(self, uri: str) -> str:
        """Return a ``models:/`` URI with its name completed; any other text as it is."""
        match = _MODEL_URI.fullmatch(uri) if self.is_active and isinstance(uri, str) else None
        return f"models:/{self.complete(match['name'])}{match['rest']}" if match else uri

    def _default_catalog(self, name: str) -> str:
        workspace = self._in_use.key()
        if not workspace:
            raise invalid_parameter(
                f"The name {name!r} cannot be completed: schema is set (from "
                f"{self._settings.place('schema')}), and neither a catalog nor a workspace is.",
                "Set AIDP_CATALOG, or add &catalog=... to the URI; or pass "
                "<catalog>.<schema>.<model>.",
            )

        def look_up() -> str:
            fields = {"workspaceKey": workspace}
            catalog = self._session.client.call(WORKSPACES["GetWorkspace"], fields, _catalog_of)
            if not catalog:
                raise invalid_parameter(
                    f"The name {name!r} cannot be completed: the workspace {workspace!r} has no "
                    "default catalog.",
                    "Set AIDP_CATALOG, or add &catalog=... to the URI.",
                )
            return catalog

        return self._session.shared(("default catalog", chosen_caller.get(), workspace), look_up)


def _catalog_of(workspace: Mapping[str, Any]) -> str:
    return json_fields.optional_text(dict(workspace), "defaultCatalogKey") or ""
