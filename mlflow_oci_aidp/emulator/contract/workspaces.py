"""The contract of AI Data Platform's list of workspaces, as tables.

Source: Oracle's Python SDK (``aidp-python-client`` 5.1.1, ``WorkspaceClient`` and its models). A
test compares every row with the installed SDK.
"""

from __future__ import annotations

from .terms import Field, Operation, enum, fields, read

STATES = ("CREATING", "UPDATING", "ACTIVE", "DELETING", "DELETED", "FAILED")
"""The lifecycle states of a workspace."""

OPERATIONS: tuple[Operation, ...] = (
    read(
        "list_workspaces",
        "/workspaces",
        "WorkspaceCollection",
        fields(displayName="str", displayNameContains="str", isPrivateNetworkEnabled="bool")
        | {"lifecycleState": enum(*STATES), "type": enum("DEFAULT", "USER")}
        | fields(limit="int", page="str")
        | {"sortOrder": enum("ASC", "DESC"), "sortBy": enum("timeCreated", "displayName")},
    ),
    read("get_workspace", "/workspaces/{workspaceKey}", "Workspace", {}),
)
"""The operations that read workspaces."""

_WORKSPACE = fields(
    key="str!",
    displayName="str!",
    type="str!",
    description="str",
    timeCreated="datetime!",
    lifecycleState="str!",
    defaultCatalogKey="str",
)

MODELS: dict[str, dict[str, Field]] = {
    "WorkspaceCollection": fields(items="list[WorkspaceSummary]!"),
    "WorkspaceSummary": _WORKSPACE,
    "Workspace": _WORKSPACE | fields(type="str"),
}
"""The fields of answers that the emulator fills; the service may fill more."""
