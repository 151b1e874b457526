"""What a terminal shows and a pipe does not: progress, and text that is only text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """One line on standard error that says what is being done, gone at the end; nothing where no terminal is."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    try:
        yield lambda text: click.echo(f"{_CLEAR_LINE}{plain(text)} ...", nl=False, err=True)
    finally:
        click.echo(_CLEAR_LINE, nl=False, err=True)


def plain(text: object) -> str:
    """A text on one line, without control characters: names and tags are other people's, a terminal obeys them."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
