"""The contract of AI Data Platform's volumes and the files in them, as tables.

Source: Oracle's Python SDK (``aidp-python-client`` 5.1.1, ``VolumeClient`` and its models) and
Oracle's REST reference. A test compares every row with the installed SDK.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from .terms import BASE_PATH, Effect, Field, enum, fields

MAX_PATH = 255
"""The longest path of a file or folder in a volume, in characters."""


@dataclass(frozen=True)
class VolumeOperation:
    """One operation, named as the SDK names its method."""

    name: str
    verb: str
    path: str
    effect: Effect
    query: dict[str, Field] = field(default_factory=dict)
    headers: dict[str, Field] = field(default_factory=dict)
    """The headers of the operation, in addition to ``opc-request-id``."""
    response: str | None = None
    streamed: bool = False
    """Whether the request's body is a file."""

    @property
    def template(self) -> str:
        """The whole path, with its parameters in braces."""
        return BASE_PATH + self.path

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of the operation's paths; each parameter is a named group."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template)))


def _headers(**rows: str) -> dict[str, Field]:
    return {name.replace("_", "-"): row for name, row in fields(**rows).items()}


_VOLUME = "/volumes/{volumeKey}"
_LIST = fields(displayName="str", limit="int", page="str") | {
    "sortOrder": enum("ASC", "DESC"),
    "sortBy": enum("timeCreated", "displayName"),
}
_ONE = _headers(path="str!")
_TOKEN = _headers(opc_retry_token="str")  # noqa: S106 - a type
_RECENT = _headers(should_update_recent="bool")

OPERATIONS: tuple[VolumeOperation, ...] = (
    VolumeOperation(
        "list_volumes",
        "GET",
        "/volumes",
        "read",
        fields(catalogKey="str!", schemaKey="str!") | _LIST,
        response="VolumeCollection",
    ),
    VolumeOperation("get_volume", "GET", _VOLUME, "read", headers=_RECENT, response="Volume"),
    VolumeOperation(
        "list_files",
        "GET",
        f"{_VOLUME}/files",
        "read",
        fields(path="str!", isRecursive="bool", metadataKeys="str") | _LIST,
        _RECENT,
        response="VolumeFileCollection",
    ),
    VolumeOperation(
        "make_dir",
        "POST",
        f"{_VOLUME}/actions/mkdir",
        "create",
        fields(description="str"),
        _ONE | _TOKEN | _RECENT,
    ),
    VolumeOperation(
        "upload_file",
        "POST",
        f"{_VOLUME}/actions/uploadFile",
        "change",
        fields(isOverwrite="bool"),
        _ONE | _TOKEN | _RECENT | _headers(is_upload_file_base64_encoded="bool"),
        streamed=True,
    ),
    VolumeOperation(
        "download_file",
        "POST",
        f"{_VOLUME}/actions/downloadFile",
        "read",
        headers=_ONE | _RECENT,
        response="stream",
    ),
    VolumeOperation(
        "delete_file", "DELETE", f"{_VOLUME}/actions/deleteFile", "delete", headers=_ONE
    ),
    VolumeOperation(
        "delete_dir", "DELETE", f"{_VOLUME}/actions/deleteDir", "delete", headers=_ONE | _TOKEN
    ),
)
"""The operations that artifacts need, and ``get_volume``."""

MODELS: dict[str, dict[str, Field]] = {
    "VolumeCollection": fields(items="list[VolumeSummary]!"),
    "VolumeSummary": fields(
        key="str!",
        displayName="str!",
        description="str",
        timeCreated="datetime!",
        timeUpdated="datetime",
        createdBy="str",
        fullName="str",
        volumeType="str",
        lifecycleState="str",
    ),
    "Volume": fields(
        key="str!",
        displayName="str!",
        description="str",
        timeCreated="datetime!",
        timeUpdated="datetime",
        createdBy="str",
        catalogName="str",
        schemaName="str",
        fullName="str",
        volumeType="str",
        lifecycleState="str",
    ),
    "VolumeFileCollection": fields(items="list[VolumeFileSummary]!"),
    "VolumeFileSummary": fields(
        path="str!",
        displayName="str!",
        timeCreated="datetime!",
        timeUpdated="datetime",
        type="str!",
        metadata="dict(str, str)",
    ),
}
"""The fields of answers that the emulator fills; the service may fill more."""
