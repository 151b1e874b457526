"""Output for terminals: progress, and text without control characters."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on standard error what is being done, in one line that is cleared at the end.

    Without a terminal, nothing is shown. The block gets the function that shows a text.
    """
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    try:
        yield lambda text: click.echo(f"{_CLEAR_LINE}{plain(text)} ...", nl=False, err=True)
    finally:
        click.echo(_CLEAR_LINE, nl=False, err=True)


def plain(text: object) -> str:
    """Return a text on one line, without control characters.

    Names and tags are other people's, and a terminal would obey control characters in them.
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(printable.split())
