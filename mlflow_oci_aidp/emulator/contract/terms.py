"""The types of the contract's rows, and functions that make rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

BASE_PATH = "/20260430/aiDataPlatforms/{aiDataPlatformId}"
"""The beginning of every path: the API's version, then the instance."""

OTHER_BASES = {"20240831": "/20240831/dataLakes/"}
"""The beginnings of paths of other versions, up to the instance.

Seen on live instances, where the documented one was 404 (oracle-samples/oracle-aidp-samples).
"""

SCOPES = {"instance": "", "workspace": "/workspaces/{workspaceKey}"}
"""The part of the path between the base path and an operation's own path."""

Effect = Literal["read", "create", "change", "delete"]


@dataclass(frozen=True)
class Field:
    """A field of a model, or a name in a query."""

    type: str
    """``str``, ``int``, ``float``, ``bool``, ``datetime``, ``object``, a model, or a list."""
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
    has_retry_token: bool = True
    """Whether a change takes an ``opc-retry-token``."""

    @property
    def template(self) -> str:
        """The whole path, with its parameters in braces."""
        return BASE_PATH + SCOPES[self.scope] + self.path

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of the operation's paths; each parameter is a named group."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template)))


def fields(**rows: str) -> dict[str, Field]:
    """Make fields from names and types; a type that ends in ``!`` marks a required field."""
    return {
        name: Field(type=kind.removesuffix("!"), required=kind.endswith("!"))
        for name, kind in rows.items()
    }


def enum(*allowed: str) -> Field:
    """Make a text field that allows these values only."""
    return Field(type="str", allowed=allowed)


MLFLOW = "/mlops/api/2.0/mlflow"
"""The prefix of MLflow's own paths."""

NEXT_PAGE = {"next_page_token": "str"}
"""The field that every page but the last has."""


def read(
    name: str, path: str, response: str, query: dict[str, Field], scope: str = "instance"
) -> Operation:
    """Make the row of a read by GET, whose arguments are in the query."""
    return Operation(name, "GET", path, "read", query=query, response=response, scope=scope)


def search(name: str, path: str, body: str, response: str, scope: str = "instance") -> Operation:
    """Make the row of a read by POST, whose arguments are in the body."""
    return Operation(name, "POST", path, "read", body=body, response=response, scope=scope)


def write(name: str, path: str, effect: Effect, stem: str, scope: str = "instance") -> Operation:
    """Make the row of a change: body ``<stem>Details``, response ``<stem>ResponseDetails``."""
    return Operation(
        name,
        "POST",
        path,
        effect,
        body=f"{stem}Details",
        response=f"{stem}ResponseDetails",
        scope=scope,
    )
