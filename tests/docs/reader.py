"""The fenced blocks of a Markdown page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<code>.*?)^(?P=indent)```",
    re.M | re.S,
)
_TITLE = re.compile(r'title="([^"]+)"')
NEEDS_A_TENANCY = "<!-- needs a tenancy -->"


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes:
        page: The name of the page.
        line: The number of its first line.
        language: As it stands behind the fence.
        title: The file that it shows, ``""`` if it is none.
        code: Its text.
        heading: The heading above it.
        needs_a_tenancy: Whether the comment that says so stands just before it.
    """

    page: str
    line: int
    language: str
    title: str
    code: str
    heading: str
    needs_a_tenancy: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in their order; what is included from another file is left out."""
    text = page.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        before = text[: fence.start()]
        headings = re.findall(r"^#+ (.*)$", before, re.M)
        title = _TITLE.search(fence["options"])
        if fence["code"].lstrip().startswith("--8<--"):
            continue
        yield Block(
            page=page.name,
            line=before.count("\n") + 2,
            language=fence["language"],
            title=title[1] if title else "",
            code=textwrap.dedent(fence["code"]),
            heading=headings[-1] if headings else "",
            needs_a_tenancy=before.rstrip().endswith(NEEDS_A_TENANCY),
        )
