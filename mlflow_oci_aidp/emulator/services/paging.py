"""What searches have in common, whatever they search: how much is wanted, where to go on, what a page looks like."""

from __future__ import annotations

from typing import Any

from ..contract.refusal import invalid

DEFAULT_MAX_RESULTS = 100


def max_results(asked: dict[str, Any], highest: int, default: int = DEFAULT_MAX_RESULTS) -> int:
    """How many are wanted. Raises ``Refusal`` (400) unless that is from 1 to ``highest``."""
    wanted: int = asked.get("max_results", default)
    if not 1 <= wanted <= highest:
        raise invalid(f"'max_results' must be from 1 to {highest}.")
    return wanted


def page_token(asked: dict[str, Any]) -> str | None:
    """Where the page begins. Raises ``Refusal`` (400) for a token that is empty."""
    token: str | None = asked.get("page_token")
    if token == "":
        raise invalid("'page_token' must not be empty.")
    return token


def page(name: str, entities: list[dict[str, Any]], token: str | bytes | None) -> dict[str, Any]:
    """Return a page, and where the next one begins unless this is the last."""
    if isinstance(token, bytes):  # as MLflow 3.0 makes them
        token = token.decode()
    return {name: entities, "next_page_token": token} if token else {name: entities}


def with_values(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that say something: the service leaves out the others."""
    return {
        name: value for name, value in fields.items() if value is not None and value not in ([], {})
    }
