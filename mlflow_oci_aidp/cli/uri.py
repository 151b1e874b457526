"""``mlflow-oci-aidp uri``: the URI that the environment amounts to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mlflow_oci_aidp.cli.terminal import echo

if TYPE_CHECKING:
    from mlflow_oci_aidp.settings import Settings

# Without a registry URI, MLflow takes the tracking URI.
REGISTRY_FIRST = ("MLFLOW_REGISTRY_URI", "MLFLOW_TRACKING_URI")
TRACKING_FIRST = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
_SCHEME = "aidp"


@click.command("uri")
def command() -> None:
    """Print the URI that the environment amounts to.

    It names the AI Data Platform, the workspace, and the settings that differ from what the OCID
    and the defaults give. Credentials have no place in a URI: OCI_CLI_USER and the like stay where
    they are.

    With a workspace it serves experiments, runs and the registry:

    export MLFLOW_TRACKING_URI=$(mlflow-oci-aidp uri)

    Without one it serves the registry alone, as MLFLOW_REGISTRY_URI.
    """
    from mlflow_oci_aidp.settings import resolve
    from mlflow_oci_aidp.uri import AidpUri

    settings = resolve(configured_uri())
    uri = AidpUri(settings.instance_id, settings.workspace, dict(_differing(settings)))
    echo(str(uri))


def configured_uri(variables: tuple[str, ...] = REGISTRY_FIRST) -> str:
    """Return the URI of a command that is called without one.

    That is MLflow's, if it is one of this package's, else one that leaves all to the environment.

    Args:
        variables: MLflow's variables, in the order in which they are read.
    """
    return next((uri for uri in map(_uri_in, variables) if uri), f"{_SCHEME}://")


def is_tracking_uri_ours() -> bool:
    """Tell whether MLflow's tracking URI is one of this package's."""
    return bool(_uri_in(TRACKING_FIRST[0]))


def _uri_in(variable: str) -> str:
    uri = os.environ.get(variable, "").strip()
    return uri if uri.startswith(f"{_SCHEME}://") else ""


def _differing(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the settings that a URI has to name, so that it does without the environment's."""
    from mlflow_oci_aidp.profiles import DEFAULT_CONFIG_FILE, DEFAULT_PROFILE
    from mlflow_oci_aidp.regions import default_endpoint, region_of

    if settings.catalog:
        yield "catalog", settings.catalog
    if settings.schema:
        yield "schema", settings.schema
    home = region_of(settings.instance_id)
    if "endpoint" in settings.sources and not (
        home and settings.endpoint == default_endpoint(home)
    ):
        yield "endpoint", settings.endpoint
    elif settings.region and settings.region != home:
        yield "region", settings.region
    if settings.object_storage_endpoint:
        yield "object_storage_endpoint", settings.object_storage_endpoint
    if "api_version" in settings.sources:
        yield "api_version", settings.api_version
    if settings.profile != DEFAULT_PROFILE:
        yield "profile", settings.profile
    if settings.config_file != os.path.expanduser(DEFAULT_CONFIG_FILE):
        yield "config_file", settings.config_file
    if "auth" in settings.sources:
        yield "auth", settings.auth
