"""The limits of the platform that make this package differ from MLflow, as documented.

The tables between two comments in ``docs/operations.md`` and ``docs/tracking.md`` are the list:
whatever is not in them is the same as on MLflow's own server with SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("operations.md", "tracking.md")
BEGIN, END = "<!-- differences -->\n", "<!-- end of differences -->"


@dataclass(frozen=True)
class Limit:
    """One row of the tables.

    Attributes:
        page: The page that has it.
        name: What differs, in a few words.
        here: What this package does.
        reason: The limit of the platform, with its source in brackets.
    """

    page: str
    name: str
    here: str
    reason: str


def documented() -> Iterator[Limit]:
    """Yield the rows of the tables."""
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        table = text.partition(BEGIN)[2].partition(END)[0]
        for row in table.strip().splitlines()[2:]:
            name, here, reason = (cell.strip() for cell in row.strip("| ").split(" | "))
            yield Limit(page, name, here, reason)


LIMITS = {limit.name: limit for limit in documented()}
