"""A call as a request: address, headers and body, which all its attempts have in common."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import index
from typing import Any
from urllib.parse import quote, urlencode

from mlflow_oci_aidp.client.routes import WORKSPACE, Route
from mlflow_oci_aidp.errors import error, invalid_parameter


@dataclass(frozen=True)
class Request:
    """What all attempts of a call have in common.

    Attributes:
        route: The route of the call.
        url: The address, query included.
        body: The JSON; None if there is none.
        headers: The headers beside those of every request.
        retry_token: The ``opc-retry-token``, which makes it safe to repeat a change; None for a
            call without one. [REST reference: 1 to 64 characters, valid for 24 hours]
        id: The beginning of the ``opc-request-id`` of each attempt.
    """

    route: Route
    url: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_token: str | None = field(init=False, repr=False)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        has_token = self.route.has_retry_token and not self.route.is_read_only
        object.__setattr__(self, "retry_token", uuid.uuid4().hex if has_token else None)


def encode(
    route: Route, fields: Mapping[str, Any], instance_url: str, workspace: str = ""
) -> Request:
    """Return the request of a call.

    Args:
        route: The route.
        fields: The fields by name. Those that are None are not sent.
        instance_url: The address of the instance, base path included.
        workspace: The workspace key, for a route of a workspace.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a value that cannot be sent;
            ``INTERNAL_ERROR`` for a field that the platform does not document.
    """
    values = {name: value for name, value in fields.items() if value is not None}
    if not values.keys() <= route.fields:
        unknown = ", ".join(sorted(values.keys() - route.fields))
        raise error(
            "INTERNAL_ERROR",
            f"The platform documents no field {unknown} of {route.call}.",
            "Report this to the maintainers of mlflow-oci-aidp.",
        )
    if route.scope == WORKSPACE:
        instance_url += f"/workspaces/{quote(workspace, safe='')}"
    problem = ""
    try:
        if not route.is_mlflows:
            return _encode_file_call(route, values, instance_url)
        url = instance_url + _fill(route.path, values)
        if route.verb == "GET":
            return Request(route, url + _query(values))
        # The default is for whole numbers that are not Python's own, such as numpy's.
        body = json.dumps(values, separators=(",", ":"), allow_nan=False, default=index)
        return Request(route, url, body.encode())
    except (TypeError, ValueError, RecursionError) as caught:
        problem = type(caught).__name__
    raise invalid_parameter(
        f"An argument of {route.call} cannot be sent ({problem}).",
        "Pass text that can be encoded as UTF-8, numbers and lists of them.",
    )


def _encode_file_call(route: Route, values: Mapping[str, Any], instance_url: str) -> Request:
    """Return the request of a call on volumes: each field travels in one place only."""
    headers = {name: _header(name, values[name]) for name in route.headers & values.keys()}
    in_query = {
        name: value
        for name, value in values.items()
        if name not in headers and f"{{{name}}}" not in route.path
    }
    return Request(
        route, instance_url + _fill(route.path, values) + _query(in_query), headers=headers
    )


def _query(values: Mapping[str, Any]) -> str:
    return f"?{urlencode(values, quote_via=quote, safe='')}" if values else ""


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Return a path with its fields filled in.

    MLflow's server looks for such a field in query or body, too, so the caller sends it there.
    """
    if "{" not in template:
        return template
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(str(value), safe=""))
    return template


def _header(name: str, value: object) -> str:
    """Return text as a header: its UTF-8 bytes as ``http.client`` expects them, in Latin-1.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for text that would not arrive as it is.
    """
    text = str(value)
    if text != text.strip() or not text.isprintable():
        raise invalid_parameter(
            f"The {name} {text!r} cannot be sent: it ends with a blank, or holds a control "
            "character.",
            "Give it another name.",
        )
    return text.encode("utf-8").decode("latin-1")
