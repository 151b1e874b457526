"""``mlflow-oci-aidp copy``: from one MLflow server to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_oci_aidp.cli.tables import JSON
from mlflow_oci_aidp.cli.terminal import echo, one_line, progress

if TYPE_CHECKING:
    from mlflow_oci_aidp.migration.report import Report

#: Exit statuses by outcome. 1 is a refusal before anything is copied, 2 a wrong option.
STATUSES = {"all": 0, "part": 3, "none": 4}
INTERRUPTED = 130


@click.command("copy", short_help="Copy runs and models between servers (--dry-run, --json).")
@click.argument("source_uri")
@click.argument("target_uri")
@click.option(
    "--experiments", multiple=True, metavar="NAME", help="Only this (or its id); repeatable."
)
@click.option("--models", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--name-prefix", default="", metavar="C.S", help="Before names without dots.")
@click.option("--prompts", is_flag=True, help="Prompts, too.")
@click.option("--deleted-runs", is_flag=True, help="Deleted runs, too.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("mlflow-oci-aidp-copy.jsonl"),
    help="Old and new ids [mlflow-oci-aidp-copy.jsonl].",
)
@click.option("--dry-run", is_flag=True, help="Say what would be copied.")
@JSON
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source_uri: str,
    target_uri: str,
    map_file: Path,
    as_json: bool,
    **options: bool | str | tuple[str, ...],
) -> None:
    """Copy from one tracking URI to another, and go on where it stopped.

    Exit status: 0 all is there, 3 a part is, 4 nothing is, 1 refused at once.
    """
    import logging
    import os

    # It announces for each version how long it waits.
    logging.getLogger("mlflow.store.model_registry").setLevel(logging.WARNING)
    # A bar for each run would hide the one line of progress.
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    from mlflow_oci_aidp.migration.copying import copy
    from mlflow_oci_aidp.migration.options import Options

    try:
        with progress() as show:
            report = copy(source_uri, target_uri, Options(**options), map_file, show)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        echo("Interrupted. The same command goes on from here.", err=True)
        ctx.exit(INTERRUPTED)
    if as_json:
        echo(json.dumps(report.as_json(), indent=2))
    else:
        _print(report, is_dry=bool(options["dry_run"]))
    ctx.exit(STATUSES[report.outcome])


def _print(report: Report, *, is_dry: bool) -> None:
    """Print counts, and then reasons."""
    done = "to copy" if is_dry else "copied"
    summary = report.as_json()
    for kind, counts in summary["counts"].items():
        echo(
            f"{kind}: {counts['copied']} {done}, {counts['there']} there already, "
            f"{counts['not_copied']} not copied"
        )
    if not summary["counts"]:
        echo("The source has nothing to copy.", err=True)
    for entry in report.reasons:
        echo(one_line(f"not copied: {entry['kind']}, {entry['name']}: {entry['reason']}"))
    for note in report.notes:
        echo(one_line(f"note: {note}"))
    if report.stopped:
        echo(one_line(f"Stopped: {report.stopped} Run the same command again."), err=True)
