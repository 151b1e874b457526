"""Pages of what fulfils conditions that are applied here.

Such conditions can leave little of much. So pages of the platform are read in full length, one
after the other until something is left, and the token of a page that holds more than was asked for
says how much of it was handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from mlflow.store.entities.paged_list import PagedList

from mlflow_oci_aidp.errors import invalid_parameter

T = TypeVar("T")

#: The beginning of a token that says how many entities of a page were handed out.
_PREFIX = "mlflow_oci_aidp.skip."


def page_of_matches(
    read_pages: Callable[[str], Iterable[PagedList[T]]],
    choose: Callable[[PagedList[T]], list[T]],
    most: int,
    page_token: str | None,
) -> PagedList[T]:
    """Return the next matches. There are none only if there is no more to read.

    Args:
        read_pages: Reads the pages of the platform from one with this token on.
        choose: Returns the entities of a page that fulfil the conditions, in their order.
        most: The most entities that are returned.
        page_token: The token of the page before, or None.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a token that is not from here.
    """
    skipped, token = _position(page_token)
    for page in read_pages(token):
        matches = choose(page)[skipped:]
        if len(matches) > most:
            return PagedList(matches[:most], f"{_PREFIX}{skipped + most}.{token}")
        if matches:
            return PagedList(matches, page.token)
        skipped, token = 0, page.token or ""
    return PagedList([], None)


def _position(page_token: str | None) -> tuple[int, str]:
    """Return how many matches of a page were handed out, and the platform's token of that page."""
    text = page_token or ""
    if not text.startswith(_PREFIX):
        return 0, text
    number, _, token = text.removeprefix(_PREFIX).partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise invalid_parameter(
            f"The page token {page_token!r} is not one of this search.",
            "Pass the token of the page before.",
        )
    return int(number), token
