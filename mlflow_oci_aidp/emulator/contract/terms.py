"""The words the contract's tables are written in: an operation, a field, and short ways to write rows of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

BASE_PATH = "/20260430/aiDataPlatforms/{aiDataPlatformId}"
"""What every path begins with: the API's version, then the instance."""

SCOPES = {"instance": "", "workspace": "/workspaces/{workspaceKey}"}
"""What stands between the base path and an operation's own path."""

Effect = Literal["read", "create", "change", "delete"]


@dataclass(frozen=True)
class Field:
    """A field of a model, or a name in a query."""

    type: str
    """``str``, ``int``, ``float``, ``bool``, ``object``, the name of a model, or ``list[...]`` of one of them."""
    required: bool = False
    allowed: tuple[str, ...] = ()
    """The values of an enumeration; empty: any value of the type."""


@dataclass(frozen=True)
class Operation:
    """One operation of the service, named as the SDK names its method."""

    name: str
    verb: Literal["GET", "POST"]
    path: str
    effect: Effect
    query: dict[str, Field] = field(default_factory=dict)
    body: str | None = None
    response: str | None = None
    scope: str = "instance"

    @property
    def template(self) -> str:
        """The whole path, with its parameters in braces."""
        return BASE_PATH + SCOPES[self.scope] + self.path

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path of a request is matched with; each parameter of the path is a named group."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template)))


def fields(**rows: str) -> dict[str, Field]:
    """Fields by name. An exclamation mark after the type: the field is required."""
    return {
        name: Field(type=kind.removesuffix("!"), required=kind.endswith("!"))
        for name, kind in rows.items()
    }


def enum(*allowed: str) -> Field:
    """Return a text that is one of these."""
    return Field(type="str", allowed=allowed)


MLFLOW = "/mlops/api/2.0/mlflow"
"""What MLflow's own paths are preceded by."""

NEXT_PAGE = {"next_page_token": "str"}
"""What a page has when it is not the last."""


def read(
    name: str, path: str, response: str, query: dict[str, Field], scope: str = "instance"
) -> Operation:
    """Return a look at something: asked for in the query."""
    return Operation(name, "GET", path, "read", query=query, response=response, scope=scope)


def search(name: str, path: str, body: str, response: str, scope: str = "instance") -> Operation:
    """Return a read whose question is too long for a query: a body, and yet nothing is changed."""
    return Operation(name, "POST", path, "read", body=body, response=response, scope=scope)


def write(name: str, path: str, effect: Effect, stem: str, scope: str = "instance") -> Operation:
    """Return a change: its body is ``<stem>Details`` and its answer ``<stem>ResponseDetails``."""
    return Operation(
        name,
        "POST",
        path,
        effect,
        body=f"{stem}Details",
        response=f"{stem}ResponseDetails",
        scope=scope,
    )
