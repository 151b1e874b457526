"""``mlflow-oci-aidp models``: registered models, as a table, as lines or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click

from mlflow_oci_aidp.cli.terminal import echo, progress
from mlflow_oci_aidp.cli.uri import configured_uri
from mlflow_oci_aidp.visible import visible

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

    from mlflow_oci_aidp.permissions import ModelPermissions
    from mlflow_oci_aidp.registry.store import AidpRegistryStore

_PAGE = 1000  # the most of one page [aidp-python-client 5.1.1]
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NOT_PROMPTS = "tag.`mlflow.prompt.is_prompt` != 'true'"

Row = Mapping[str, Any]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


class _Models(click.Group):
    """A group that takes ``models`` for ``models list`` unless a command's name follows."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {*self.commands, *ctx.help_option_names}
        if not ctx.resilient_parsing and (not args or args[0] not in known):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("models", cls=_Models, subcommand_metavar="[list] [URI] | COMMAND NAME ... [URI]")
def command() -> None:
    """Show registered models, the versions of one, and who may do what with one.

    A terminal gets a table. A pipe gets a line for each, with tabs between the columns and no
    heading.

    The default of URI is MLFLOW_REGISTRY_URI or MLFLOW_TRACKING_URI, the first that begins with
    aidp://. Without one, the environment names the AI Data Platform.
    """


@command.command("list", short_help="List registered models (--filter, --json).")
@click.argument("uri", required=False)
@click.option(
    "--filter",
    "filter_string",
    help="""A condition on the name, as "name LIKE 'main.default.%'".""",
)
@_JSON
def list_models(uri: str | None, filter_string: str | None, as_json: bool) -> None:
    """List registered models: name, latest version, aliases, stages, tags, last update.

    The condition goes to the platform as it is; Oracle documents one condition, with values in
    single quotes.
    """
    condition = f"{filter_string} AND {_NOT_PROMPTS}" if filter_string else _NOT_PROMPTS
    with progress() as show:
        store = _store(uri, show)
        models = _collect(
            lambda token: store.search_registered_models(condition, _PAGE, page_token=token),
            show,
            "models",
        )
    _print([_model_row(model) for model in models], _MODEL_COLUMNS, as_json)


@command.command("show", short_help="List the versions of one registered model (--json).")
@click.argument("name")
@click.argument("uri", required=False)
@_JSON
def show_model(name: str, uri: str | None, as_json: bool) -> None:
    """List the versions of the registered model NAME, the newest first."""
    with progress() as show:
        store = _store(uri, show)
        model = store.get_registered_model(name)
        condition = f"name='{name}'"
        versions = _collect(
            lambda token: store.search_model_versions(condition, _PAGE, page_token=token),
            show,
            "versions",
        )
    rows = [_version_row(version, model) for version in sorted(versions, key=_number, reverse=True)]
    if as_json:
        echo(json.dumps({**_model_row(model), "versions": rows}, indent=2))
    else:
        _print(rows, _VERSION_COLUMNS, as_json)


@command.command("grants", short_help="List who may do what with one (--json).")
@click.argument("name")
@click.argument("uri", required=False)
@_JSON
def list_grants(name: str, uri: str | None, as_json: bool) -> None:
    """List who may do what with the registered model NAME."""
    with progress() as show:
        show("Connecting")
        grants = _permissions(uri).list_grants(name)
    rows = [{**asdict(grant), "permissions": list(grant.permissions)} for grant in grants]
    _print(rows, _GRANT_COLUMNS, as_json)


def _grantee_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments of a change of permissions."""
    for decorate in (
        click.option("--role", metavar="NAME", help="The name of a role."),
        click.option("--group", metavar="OCID", help="The OCID of a group."),
        click.option("--user", metavar="OCID", help="The OCID of a user."),
        click.argument("uri", required=False),
        click.argument("permission", type=click.Choice(["READ", "MANAGE", "ADMIN"])),
        click.argument("name"),
    ):
        function = decorate(function)
    return function


@command.command("grant", short_help="Grant a permission on one.")
@_grantee_options
def grant(name: str, permission: str, uri: str | None, **grantees: str | None) -> None:
    """Grant PERMISSION on the registered model NAME to a user, a group or a role."""
    _permissions(uri).grant(name, permission, **grantees)
    echo(f"Granted {permission} on {name}.", err=True)


@command.command("revoke", short_help="Take a permission on one back.")
@_grantee_options
def revoke(name: str, permission: str, uri: str | None, **grantees: str | None) -> None:
    """Take PERMISSION on the registered model NAME back from a user, a group or a role.

    What is inherited from a catalog or schema is refused: it has to be revoked there.
    """
    _permissions(uri).revoke(name, permission, **grantees)
    echo(f"Revoked {permission} on {name}.", err=True)


def _store(uri: str | None, show: Callable[[str], None]) -> AidpRegistryStore:
    show("Connecting")
    from mlflow_oci_aidp import plugin
    from mlflow_oci_aidp.client.retry import somebody_is_waiting

    with somebody_is_waiting():
        return plugin.registry_store(uri or configured_uri())


def _permissions(uri: str | None) -> ModelPermissions:
    from mlflow_oci_aidp.client.retry import somebody_is_waiting
    from mlflow_oci_aidp.permissions import ModelPermissions

    with somebody_is_waiting():
        return ModelPermissions(uri or configured_uri())


def _collect(
    search: Callable[[str | None], Any], show: Callable[[str], None], noun: str
) -> list[Any]:
    """Return the entities of all pages, and show after each page how many there are so far.

    Args:
        search: Gets the page that a token names; None names the first page.
        show: Shows a text on a terminal.
        noun: What the entities are, plural.
    """
    from mlflow_oci_aidp.client.paging import Page, follow_pages

    def fetch(token: str) -> Page[Any]:
        page = search(token or None)
        return Page(page, page.token or "")

    entities: list[Any] = []
    for page in follow_pages(fetch, f"The list of {noun}"):
        entities += page.items
        show(f"{len(entities)} {noun}")
    return entities


def _model_row(model: RegisteredModel) -> Row:
    latest = model.latest_versions or []
    return {
        "name": model.name,
        "latest_version": max((version.version for version in latest), key=int, default=None),
        "aliases": model.aliases,
        "stages": {
            stage: version.version
            for version in latest
            if (stage := version.current_stage) not in (None, "None")
        },
        "tags": model.tags,
        "description": model.description,
        "created": _utc(model.creation_timestamp),
        "updated": _utc(model.last_updated_timestamp),
    }


def _version_row(version: ModelVersion, model: RegisteredModel) -> Row:
    return {
        "version": version.version,
        # The version's own aliases would take another request.
        "aliases": sorted(
            alias for alias, target in model.aliases.items() if target == version.version
        ),
        "stage": None if version.current_stage == "None" else version.current_stage,
        "status": version.status,
        "tags": version.tags,
        "source": version.source,
        "run_id": version.run_id,
        "description": version.description,
        "created": _utc(version.creation_timestamp),
        "updated": _utc(version.last_updated_timestamp),
    }


_UPDATED = "Updated (UTC)"
#: Headings, and the fields below them.
_MODEL_COLUMNS = {
    "Name": "name",
    "Latest": "latest_version",
    "Aliases": "aliases",
    "Stages": "stages",
    "Tags": "tags",
    _UPDATED: "updated",
}
_VERSION_COLUMNS = {
    "Version": "version",
    "Aliases": "aliases",
    "Stage": "stage",
    "Status": "status",
    "Tags": "tags",
    "Source": "source",
    _UPDATED: "updated",
}

_GRANT_COLUMNS = {
    "Grantee": "grantee",
    "Name": "grantee_name",
    "Kind": "grantee_type",
    "Permissions": "permissions",
    "Inherited": "is_inherited",
    "From": "resource_name",
}


def _number(version: ModelVersion) -> int:
    return int(version.version)


def _utc(milliseconds: int | None) -> str | None:
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


def _print(rows: Sequence[Row], columns: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        echo(json.dumps(rows, indent=2))
        return
    cells = [[_cell(row[field]) for field in columns.values()] for row in rows]
    if sys.stdout.isatty():
        if columns.get(_UPDATED):
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
