"""``mlflow-oci-aidp deployments``: model deployments, as a table, as lines or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from mlflow_oci_aidp.cli.tables import JSON, UPDATED, DefaultGroup, Row, print_rows, utc
from mlflow_oci_aidp.cli.terminal import echo, progress
from mlflow_oci_aidp.cli.uri import configured_uri

if TYPE_CHECKING:
    from mlflow_oci_aidp.deployments.client import AidpDeploymentClient

_ENDPOINT = click.option(
    "--model", "endpoint", metavar="NAME", help="The registered model, if names are not unique."
)

_COLUMNS = {
    "Name": "name",
    "Model": "model_name",
    "Status": "status",
    "Id": "deployment_id",
    UPDATED: "updated",
}
_ACTIVITY_COLUMNS = {
    "Operation": "operation_type",
    "Status": "status",
    "Reason": "status_message",
    "Message": "message",
    "Ended (UTC)": "ended",
}
_LOG_COLUMNS = {"Time": "timestamp", "Level": "level", "Text": "text"}


@click.group(
    "deployments", cls=DefaultGroup, subcommand_metavar="[list] [URI] | COMMAND NAME [URI]"
)
def command() -> None:
    """Show model deployments, what was done with one, and its logs.

    `mlflow deployments` creates, updates and deletes them. NAME is that of a deployment, or its id.

    The default of URI is MLFLOW_REGISTRY_URI or MLFLOW_TRACKING_URI, the first that begins with
    aidp://. Without one, the environment names the AI Data Platform.
    """


@command.command("list", short_help="List deployments (--model, --json).")
@click.argument("uri", required=False)
@click.option("--model", "endpoint", metavar="NAME", help="The registered model; all if left out.")
@JSON
def list_deployments(uri: str | None, endpoint: str | None, as_json: bool) -> None:
    """List deployments: name, registered model, status, id, last update."""
    with progress() as show:
        rows = _client(uri, show).list_deployments(endpoint)
    print_rows([_row(row) for row in rows], _COLUMNS, as_json)


@command.command("show", short_help="Show one deployment (--json).")
@click.argument("name")
@click.argument("uri", required=False)
@_ENDPOINT
@JSON
def show_deployment(name: str, uri: str | None, endpoint: str | None, as_json: bool) -> None:
    """Show every field of the deployment NAME."""
    with progress() as show:
        row = _client(uri, show).get_deployment(name, endpoint)
    if as_json:
        echo(json.dumps(row, indent=2))
        return
    fields = [{"field": key, "value": _text(value)} for key, value in row.items()]
    print_rows(fields, {"Field": "field", "Value": "value"}, as_json=False)


@command.command("activities", short_help="List what was done with one (--json).")
@click.argument("name")
@click.argument("uri", required=False)
@_ENDPOINT
@JSON
def activities(name: str, uri: str | None, endpoint: str | None, as_json: bool) -> None:
    """List what was done with the deployment NAME, the newest first, and why it failed."""
    with progress() as show:
        rows = _client(uri, show).activities(name, endpoint)
    print_rows(
        [{"message": None, **row, "ended": _time(row.get("end_time"))} for row in rows],
        _ACTIVITY_COLUMNS,
        as_json,
    )


@command.command("logs", short_help="List log records of one (--limit, --json).")
@click.argument("name")
@click.argument("uri", required=False)
@_ENDPOINT
@click.option("--limit", type=click.IntRange(1), default=100, help="The most records.")
@JSON
def logs(name: str, uri: str | None, endpoint: str | None, limit: int, as_json: bool) -> None:
    """List log records of the last day of the deployment NAME, the newest first."""
    with progress() as show:
        rows = _client(uri, show).logs(name, endpoint, limit)
    print_rows(
        [{**row, "text": (row.get("message") or {}).get("text")} for row in rows],
        _LOG_COLUMNS,
        as_json,
    )


def _client(uri: str | None, show: Callable[[str], None]) -> AidpDeploymentClient:
    show("Connecting")
    from mlflow_oci_aidp.client.retry import somebody_is_waiting
    from mlflow_oci_aidp.deployments import AidpDeploymentClient

    with somebody_is_waiting():
        return AidpDeploymentClient(uri or configured_uri())


def _row(row: dict[str, Any]) -> Row:
    return {**row, "updated": _time(row.get("updated_time") or row.get("created_time"))}


def _time(milliseconds: object) -> str | None:
    """Return a time of the platform, which is a text of milliseconds since 1970."""
    text = str(milliseconds or "")
    return utc(int(text)) if text.isascii() and text.isdecimal() else text or None


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
