"""A call as a request: the address, headers and body that all its attempts have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from mlflow_oci_aidp.client.routes import Route
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.secret import Secret
from mlflow_oci_aidp.uri import is_workspace_key


@dataclass(frozen=True)
class Request:
    """The request of a call, which all its attempts have in common.

    Attributes:
        route: The route of the call.
        url: The address, query included.
        body: The JSON; None if there is none.
        id: The beginning of the ``opc-request-id`` of each attempt: see ``request_ids``.
        retry_token: The ``opc-retry-token``, which makes it safe to repeat a change; None for a
            call without one. [REST reference: 1 to 64 characters, valid for 24 hours]
        headers: The headers beside those of every request.
    """

    route: Route
    url: str
    body: bytes | None = field(repr=False)
    id: str
    retry_token: Secret | None
    headers: Mapping[str, str] = field(default_factory=dict)


def split_fields(route: Route, values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the fields of a call that travel as headers, and those of its query or its body.

    Args:
        route: The route of a call of the platform's own.
        values: The fields by name. A field that the path names is in neither result.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a header that would not arrive as it is.
    """
    headers = {name: _header(name, values[name]) for name in route.headers & values.keys()}
    others = {
        name: value
        for name, value in values.items()
        if name not in headers and f"{{{name}}}" not in route.path
    }
    return headers, others


def fill(path: str, values: Mapping[str, Any]) -> str:
    """Return a path with its fields filled in.

    Raises:
        ValueError: For a part that would lead elsewhere, ``.`` or ``..``.
    """
    for name, value in values.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", _part(str(value)))
    return path


@lru_cache(maxsize=128)
def workspace_path(key: str) -> str:
    """Return the part of a path that names a workspace.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a key that is none.
    """
    if not is_workspace_key(key):
        raise invalid_parameter(
            f"{key!r} is not a workspace key.", "Name the key that AI Data Platform shows for it."
        )
    return f"/workspaces/{_part(key)}"


def _part(text: str) -> str:
    """Return text as one part of a path."""
    if text in {".", ".."}:
        raise ValueError
    return quote(text, safe="")


def _header(name: str, value: object) -> str:
    """Return text as a header: its UTF-8 bytes as ``http.client`` expects them, in Latin-1."""
    text = str(value)
    if text != text.strip() or not text.isprintable():
        raise invalid_parameter(
            f"The {name} {text!r} cannot be sent: it ends with a blank, or holds a control "
            "character.",
            "Give it another name.",
        )
    return text.encode("utf-8").decode("latin-1")
