"""Read the paging arguments of searches, and make pages."""

from __future__ import annotations

import base64
import json
from typing import Any

from ..contract.refusal import invalid
from ..server.validation import integer

DEFAULT_MAX_RESULTS = 100
NEXT_PAGE = "opc-next-page"
"""The header with the next page's token. A method returns it among the fields of its answer."""
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
# What is added to it has to fit into 64 bits as well.
_HIGHEST_OFFSET = 2**62


def max_results(asked: dict[str, Any], highest: int, default: int = DEFAULT_MAX_RESULTS) -> int:
    """Return the page size of a request; refuse (400) one outside 1 to ``highest``."""
    wanted: int = asked.get("max_results", default)
    if not 1 <= wanted <= highest:
        raise invalid(f"'max_results' must be from 1 to {highest}.")
    return wanted


def page_token(asked: dict[str, Any]) -> str | None:
    """Return the page token of a request, if there is one; refuse (400) one that is none.

    MLflow's parser of tokens takes what it finds in one for granted.
    """
    token: str | None = asked.get("page_token")
    if token is not None and not _is_token(token):
        raise invalid("'page_token' is no token of a page.")
    return token


def _is_token(text: str) -> bool:
    """Whether a text is a token as MLflow's stores make it: an offset as JSON, in base64."""
    try:
        fields = json.loads(base64.b64decode(text, validate=True))
        offset = fields["offset"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return False
    return type(offset) is int and 0 <= offset < _HIGHEST_OFFSET


def page(name: str, entities: list[dict[str, Any]], token: str | bytes | None) -> dict[str, Any]:
    """Return a page, with the token of the next page unless this is the last."""
    if isinstance(token, bytes):  # as MLflow 3.0 makes them
        token = token.decode()
    return {name: entities, "next_page_token": token} if token else {name: entities}


def part_of(rows: list[dict[str, Any]], asked: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of the page that ``limit`` and ``page`` ask for, and the next page's token.

    The platform's own lists have these parameters. The token is ``""`` on the last page.

    Raises:
        Refusal: With 400, for parameters that are none.
    """
    limit, begin = asked.get("limit", DEFAULT_LIMIT), integer(asked.get("page", "0"))
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(f"'limit' must be from 1 to {MAX_LIMIT}.")
    if begin is None or begin < 0:
        raise invalid("'page' is no token of a page.")
    end = begin + limit
    return rows[begin:end], str(end) if end < len(rows) else ""


def offset_page(
    name: str, rows: list[dict[str, Any]], asked: dict[str, Any], highest: int
) -> dict[str, Any]:
    """Return the page of a list in memory that ``max_results`` and ``page_token`` ask for.

    Raises:
        Refusal: With 400, for parameters that are none.
    """
    size, begin = max_results(asked, highest), integer(asked.get("page_token") or "0")
    if begin is None or begin < 0:
        raise invalid("The page token is no token of a page.")
    end = begin + size
    return page(name, rows[begin:end], str(end) if end < len(rows) else None)


def with_values(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value: the service leaves out empty ones."""
    return {
        name: value for name, value in fields.items() if value is not None and value not in ([], {})
    }
