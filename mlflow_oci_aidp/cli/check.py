"""``mlflow-oci-aidp check``: why does it not work?"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mlflow_oci_aidp.cli.terminal import echo, one_line, progress
from mlflow_oci_aidp.cli.uri import TRACKING_FIRST, configured_uri, is_tracking_uri_ours

if TYPE_CHECKING:
    from mlflow_oci_aidp.checks.step import Case, Result, Status

_COLORS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "yellow"}
_SETTING_WIDTH, _STATUS_WIDTH, _CHECK_WIDTH = 25, 9, 13
_ARROW = "-> "


@click.command("check")
@click.argument("uri", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
@click.pass_context
def command(context: click.Context, uri: str | None, as_json: bool) -> None:
    """Find out why a platform cannot be reached.

    Shows the settings and where each comes from, who signs, and what works: MLflow's version, key,
    token, network, certificate, clock, one signed read, and one of the workspace. Says what to do
    about what fails. Changes nothing.

    URI is MLFLOW_TRACKING_URI or MLFLOW_REGISTRY_URI if that begins with aidp://, else aidp:// (all
    from the environment).

    Exit status: 0 if nothing failed (a warning is no failure), else 1.
    """
    with progress() as show:
        show("Starting")
        from mlflow_oci_aidp.checks import diagnose
        from mlflow_oci_aidp.checks.step import Case

        case = Case(
            uri or configured_uri(TRACKING_FIRST),
            is_for_tracking=not uri and is_tracking_uri_ours(),
        )
        results = diagnose(case, lambda name: show(f"Checking: {name}"))
    if as_json:
        _print_json(case, results)
    else:
        _print_text(case, results)
    if _names(results, "failed"):
        context.exit(1)


def _names(results: list[Result], status: Status) -> list[str]:
    """Return the names of the steps that ended with this status."""
    return [result.name for result in results if result.status == status]


def _print_json(case: Case, results: list[Result]) -> None:
    report = {
        "ok": not _names(results, "failed"),
        "uri": case.uri if case.settings_in_use else None,
        "settings": [asdict(setting) for setting in case.settings_in_use],
        "identity": case.identity,
        "checks": [
            {
                "name": result.name,
                "status": result.status,
                "found": result.message,
                "remedy": result.remedy,
            }
            for result in results
        ],
    }
    echo(json.dumps(report, indent=2))


def _print_text(case: Case, results: list[Result]) -> None:
    settings = case.settings_in_use
    if settings:  # A URI that is not valid may hold anything, even a password: it is not shown.
        echo(f"URI {one_line(case.uri)}\n\nSettings")
    for setting in settings:
        label = setting.name.ljust(_SETTING_WIDTH)
        _entry(label, f"{setting.value} ({setting.source})", _SETTING_WIDTH)
    if case.identity:
        echo("\nIdentity")
    for name, value in case.identity.items():
        _entry(name.ljust(_SETTING_WIDTH), value, _SETTING_WIDTH)
    echo("\nChecks" if settings else "Checks")
    indent = _STATUS_WIDTH + _CHECK_WIDTH
    for result in results:
        status = click.style(result.status.ljust(_STATUS_WIDTH), fg=_COLORS[result.status])
        _entry(status + result.name.ljust(_CHECK_WIDTH), result.message, indent)
        if result.remedy:
            _entry(_ARROW.rjust(indent), result.remedy, indent)
    echo(f"\n{_verdict(results)}")


def _verdict(results: list[Result]) -> str:
    """Return the last line of the text."""
    if failed := _names(results, "failed"):
        return f"Failed: {', '.join(failed)}."
    if doubtful := _names(results, "warning"):
        return f"Nothing failed. Warnings: {', '.join(doubtful)}."
    return "All is well."


def _entry(label: str, text: str, indent: int) -> None:
    """Print a label and a text beside it, broken to fit a terminal, and left whole in a pipe."""
    text = one_line(text)
    if sys.stdout.isatty():
        width = max(40, shutil.get_terminal_size().columns - indent - 2)
        text = f"\n{' ' * (indent + 2)}".join(
            textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        )
    echo(f"  {label}{text}")
