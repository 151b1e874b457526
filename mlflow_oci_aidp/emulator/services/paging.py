"""Read the paging arguments of searches, and make pages."""

from __future__ import annotations

from typing import Any

from ..contract.refusal import invalid

DEFAULT_MAX_RESULTS = 100


def max_results(asked: dict[str, Any], highest: int, default: int = DEFAULT_MAX_RESULTS) -> int:
    """Return the page size of a request; refuse (400) one outside 1 to ``highest``."""
    wanted: int = asked.get("max_results", default)
    if not 1 <= wanted <= highest:
        raise invalid(f"'max_results' must be from 1 to {highest}.")
    return wanted


def page_token(asked: dict[str, Any]) -> str | None:
    """Return the page token of a request, if there is one; refuse (400) an empty token."""
    token: str | None = asked.get("page_token")
    if token == "":
        raise invalid("'page_token' must not be empty.")
    return token


def page(name: str, entities: list[dict[str, Any]], token: str | bytes | None) -> dict[str, Any]:
    """Return a page, with the token of the next page unless this is the last."""
    if isinstance(token, bytes):  # as MLflow 3.0 makes them
        token = token.decode()
    return {name: entities, "next_page_token": token} if token else {name: entities}


def with_values(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value: the service leaves out empty ones."""
    return {
        name: value for name, value in fields.items() if value is not None and value not in ([], {})
    }
