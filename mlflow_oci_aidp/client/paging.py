"""Pages of lists: one pager for all of them, which ends even if the server's tokens do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.errors import OTHER_REMEDY, error

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: What is on the page. A page may be empty although there are more.
        token: The token of the next page; ``""`` on the last one.
    """

    items: list[T]
    token: str = ""


def follow_pages(
    fetch: Callable[[str], Page[T]], list_name: str, token: str = "", remedy: str = OTHER_REMEDY
) -> Iterator[Page[T]]:
    """Yield the pages of a list, from the one that a token names to the last.

    Args:
        fetch: Gets the page that a token names; ``""`` names the first page.
        list_name: The name of the list, for the error message.
        token: The token of the first page that is wanted.
        remedy: What to do about a list without an end.

    Raises:
        MlflowException: ``INTERNAL_ERROR`` if a token comes again, at once or in a circle.
    """
    seen = {token}
    while True:
        page = fetch(token)
        if page.token in seen and page.token:
            raise repeated_token(list_name, remedy)
        yield page
        token = page.token
        if not token:
            return
        seen.add(token)


def repeated_token(list_name: str, remedy: str) -> MlflowException:
    """Return the error of a list whose pages lead back to a page that was read before."""
    return error(
        "INTERNAL_ERROR",
        f"{list_name} answered with a page token that it had given before, so the list has no end.",
        remedy,
    )
