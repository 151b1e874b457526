"""``mlflow-oci-aidp models``: registered models, as a table, as lines or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mlflow_oci_aidp.cli.tables import JSON, UPDATED, DefaultGroup, Row, print_rows, utc
from mlflow_oci_aidp.cli.terminal import echo, progress
from mlflow_oci_aidp.cli.uri import configured_uri

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

    from mlflow_oci_aidp.permissions import ModelPermissions
    from mlflow_oci_aidp.registry.store import AidpRegistryStore

_PAGE = 1000  # the most of one page [aidp-python-client 5.1.1]
_NOT_PROMPTS = "tag.`mlflow.prompt.is_prompt` != 'true'"


@click.group("models", cls=DefaultGroup, subcommand_metavar="[list] [URI] | COMMAND NAME ... [URI]")
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
@JSON
def list_models(uri: str | None, filter_string: str | None, as_json: bool) -> None:
    """List registered models: name, latest version, aliases, stages, tags, last update.

    The condition goes to the platform as it is; Oracle documents one condition, with values in
    single quotes.
    """
    condition = f"{filter_string} AND {_NOT_PROMPTS}" if filter_string else _NOT_PROMPTS
    with progress() as show:
        store = _store(uri, show)
        rows = _collect(
            lambda token: store.search_registered_models(condition, _PAGE, page_token=token),
            _model_row,
            show,
            "models",
        )
    print_rows(rows, _MODEL_COLUMNS, as_json)


@command.command("show", short_help="List the versions of one registered model (--json).")
@click.argument("name")
@click.argument("uri", required=False)
@JSON
def show_model(name: str, uri: str | None, as_json: bool) -> None:
    """List the versions of the registered model NAME, the newest first."""
    from mlflow_oci_aidp.registry.alias_tags import AliasMap

    with progress() as show:
        store = _store(uri, show)
        model = store.get_registered_model(name)
        condition = f"name='{name}'"
        aliases = AliasMap(model.aliases).by_version
        rows = _collect(
            lambda token: store.search_model_versions(condition, _PAGE, page_token=token),
            lambda version: _version_row(version, aliases),
            show,
            "versions",
        )
    rows.sort(key=lambda row: int(row["version"]), reverse=True)
    if as_json:
        echo(json.dumps({**_model_row(model), "versions": rows}, indent=2))
    else:
        print_rows(rows, _VERSION_COLUMNS, as_json)


@command.command("grants", short_help="List who may do what with one (--json).")
@click.argument("name")
@click.argument("uri", required=False)
@JSON
def list_grants(name: str, uri: str | None, as_json: bool) -> None:
    """List who may do what with the registered model NAME."""
    with progress() as show:
        show("Connecting")
        grants = _permissions(uri).list_grants(name)
    rows = [{**asdict(grant), "permissions": list(grant.permissions)} for grant in grants]
    print_rows(rows, _GRANT_COLUMNS, as_json)


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
    search: Callable[[str | None], Any],
    make_row: Callable[[Any], Row],
    show: Callable[[str], None],
    noun: str,
) -> list[Row]:
    """Return a row for each entity of all pages, and show after each page how many there are.

    Args:
        search: Gets the page that a token names; None names the first page.
        make_row: Makes a row of an entity, which is dropped then.
        show: Shows a text on a terminal.
        noun: What the entities are, plural.
    """
    from mlflow_oci_aidp.client.paging import Page, follow_pages

    def fetch(token: str) -> Page[Any]:
        page = search(token or None)
        return Page(page, page.token or "")

    rows: list[Row] = []
    for page in follow_pages(fetch, f"The list of {noun}"):
        rows += map(make_row, page.items)
        show(f"{len(rows)} {noun}")
    return rows


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
        "created": utc(model.creation_timestamp),
        "updated": utc(model.last_updated_timestamp),
    }


def _version_row(version: ModelVersion, aliases: Mapping[str, list[str]]) -> Row:
    return {
        "version": version.version,
        # The version's own aliases would take another request.
        "aliases": sorted(aliases.get(version.version, ())),
        "stage": None if version.current_stage == "None" else version.current_stage,
        "status": version.status,
        "tags": version.tags,
        "source": version.source,
        "run_id": version.run_id,
        "description": version.description,
        "created": utc(version.creation_timestamp),
        "updated": utc(version.last_updated_timestamp),
    }


#: Headings, and the fields below them.
_MODEL_COLUMNS = {
    "Name": "name",
    "Latest": "latest_version",
    "Aliases": "aliases",
    "Stages": "stages",
    "Tags": "tags",
    UPDATED: "updated",
}
_VERSION_COLUMNS = {
    "Version": "version",
    "Aliases": "aliases",
    "Stage": "stage",
    "Status": "status",
    "Tags": "tags",
    "Source": "source",
    UPDATED: "updated",
}

_GRANT_COLUMNS = {
    "Grantee": "grantee",
    "Name": "grantee_name",
    "Kind": "grantee_type",
    "Permissions": "permissions",
    "Inherited": "is_inherited",
    "From": "resource_name",
}
