"""``mlflow-oci-aidp copy``: experiments, runs and models from one MLflow server to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_oci_aidp.cli.tables import JSON
from mlflow_oci_aidp.cli.terminal import echo, one_line, progress

if TYPE_CHECKING:
    from mlflow_oci_aidp.migration.report import Report

_MAP = "mlflow-oci-aidp-copy.jsonl"
#: The exit status by the outcome. 2 is click's, for wrong arguments.
_STATUSES = {"all": 0, "part": 3, "none": 1}


@click.command("copy")
@click.argument("source_uri")
@click.argument("target_uri")
@click.option("--experiments", help="Names or ids, with commas between them; all if left out.")
@click.option("--models", help="Names of registered models, likewise. '' for none.")
@click.option("--prompts", is_flag=True, help="Copy prompts, too.")
@click.option("--deleted", is_flag=True, help="Copy deleted experiments and runs, too.")
@click.option("--name-prefix", default="", help="For names without dots, as main.default.")
@click.option("--map", "map_file", type=click.Path(path_type=Path), default=_MAP, show_default=True)
@click.option("--dry-run", is_flag=True, help="Only say what would be copied.")
@JSON
def command(
    source_uri: str,
    target_uri: str,
    experiments: str | None,
    models: str | None,
    prompts: bool,
    deleted: bool,
    name_prefix: str,
    map_file: Path,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Copy from SOURCE_URI to TARGET_URI, any two tracking URIs of MLflow.

    Nothing is deleted. What was copied before is left, so that a copy that was interrupted goes on
    when the command is called again. Exit status: 0 for all, 3 for a part, 1 for none.
    """
    from mlflow_oci_aidp.migration.copier import Copier, CopyOptions

    options = CopyOptions(
        experiments=_names(experiments),
        models=_names(models),
        with_prompts=prompts,
        with_deleted=deleted,
        name_prefix=name_prefix,
        map_file=map_file,
        is_dry_run=dry_run,
    )
    with progress() as show:
        copier = Copier(source_uri, target_uri, options, show)
        try:
            report = copier.copy()
        except KeyboardInterrupt:
            _print(copier.report, dry_run, as_json)
            echo("Interrupted. Call the command again to go on.", err=True)
            raise click.exceptions.Exit(130) from None
    _print(report, dry_run, as_json)
    raise click.exceptions.Exit(_STATUSES[report.outcome])


def _print(report: Report, is_dry_run: bool, as_json: bool) -> None:
    if as_json:
        books = {
            "outcome": report.outcome,
            "copied": dict(report.copied),
            "present": dict(report.present),
            "problems": report.problems,
        }
        echo(json.dumps(books, indent=2))
        return
    for line in report.lines(is_dry_run=is_dry_run):
        echo(line)
    for problem in report.problems:
        echo(f"not copied: {one_line(problem)}", err=True)


def _names(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [name.strip() for name in text.split(",") if name.strip()]
