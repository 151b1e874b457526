"""What commands that list something share: rows as a table, as lines or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from mlflow_oci_aidp.cli.terminal import echo
from mlflow_oci_aidp.visible import visible

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

Row = Mapping[str, Any]

#: The option for scripts.
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
#: The heading of a column of times, the last one.
UPDATED = "Updated (UTC)"


class DefaultGroup(click.Group):
    """A group that takes its own name for ``list`` unless a command's name follows."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, after ``list`` was put before them where it is meant."""
        known = {*self.commands, *ctx.help_option_names}
        if not ctx.resilient_parsing and (not args or args[0] not in known):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def utc(milliseconds: int | None) -> str | None:
    """Return a time in ISO 8601, to the second; the number itself for one that no calendar has.

    The time that MLflow gives to what has none, 0, is None.
    """
    if not milliseconds:
        return None
    try:
        # Not fromtimestamp, which does not know the years before 1970 on Windows.
        time = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return str(milliseconds)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _to_the_minute(time: str) -> str:
    """Return a time as a table shows it: shorter, which leaves room for the other columns."""
    return time[:16].replace("T", " ") if time.endswith("Z") else time


def print_rows(rows: Sequence[Row], columns: Mapping[str, str], as_json: bool) -> None:
    """Print rows: as JSON, as a table on a terminal, else a line for each with tabs.

    Args:
        rows: The rows.
        columns: Headings, and the fields below them.
        as_json: Whether to print JSON, with every field.
    """
    if as_json:
        echo(json.dumps(rows, indent=2))
        return
    cells = [[_cell(row[field]) for field in columns.values()] for row in rows]
    if sys.stdout.isatty():
        if columns.get(UPDATED):
            cells = [[*line[:-1], _to_the_minute(line[-1])] for line in cells]
        _print_table(list(columns), cells)
        return
    for line in cells:
        echo("\t".join(line))


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{visible(key)}={visible(part)}" if part != "" else visible(key)
            for key, part in value.items()
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(visible(part) for part in value)
    return "" if value is None else visible(value)


def _print_table(headings: list[str], cells: list[list[str]]) -> None:
    """Print a table. Without rich, columns have the width of their content."""
    if not cells:
        echo("Nothing found.", err=True)
        return
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
        for line in [headings, *cells]:
            echo(
                "  ".join(
                    cell.ljust(width) for cell, width in zip(line, widths, strict=True)
                ).rstrip()
            )
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=number in (0, len(headings) - 1))
    for line in cells:
        # Text and not str: what stands in a tag is no markup.
        table.add_row(*(Text(cell) for cell in line))
    Console().print(table)
