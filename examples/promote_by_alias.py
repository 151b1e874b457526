"""Promote a model version by moving an alias to it, if its tags allow it. Made for CI.

    export MLFLOW_REGISTRY_URI=aidp://<OCID of your AI Data Platform>
    python promote_by_alias.py main.default.iris --version 3 --require validated=yes

What loads models:/main.default.iris@champion gets the new version from then on. The one before
becomes @previous, so that `--version previous` goes back. The exit status is 1 if a required tag is
missing, and nothing is changed then.
"""

import click
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion


@click.command()
@click.argument("name")
@click.option(
    "--version", default="latest", show_default=True, help="A number, an alias, or latest."
)
@click.option("--alias", default="champion", show_default=True, help="The alias to move.")
@click.option(
    "--keep-as", default="previous", show_default=True, help="The alias for the version before."
)
@click.option(
    "--require", multiple=True, metavar="KEY=VALUE", help="A tag that the version must have."
)
def main(name: str, version: str, alias: str, keep_as: str, require: tuple[str, ...]) -> None:
    """Point the alias of the registered model NAME to a version."""
    client = MlflowClient()
    wanted = find(client, name, version)
    missing = [
        tag
        for tag in require
        if tag not in {f"{key}={value}" for key, value in wanted.tags.items()}
    ]
    if missing:
        raise click.ClickException(
            f"{name} version {wanted.version} lacks {', '.join(missing)}: not promoted"
        )

    before = client.get_registered_model(name).aliases.get(alias)
    if before == wanted.version:
        click.echo(f"{name}@{alias} is version {before} already")
        return
    if before:
        client.set_registered_model_alias(name, keep_as, before)
    client.set_registered_model_alias(name, alias, wanted.version)
    click.echo(f"{name}@{alias}: version {before or 'none'} -> {wanted.version}")


def find(client: MlflowClient, name: str, version: str) -> ModelVersion:
    """The version by its number, by an alias, or the one with the highest number."""
    if version == "latest":
        versions = client.get_registered_model(name).latest_versions  # The latest of each stage.
        if not versions:
            raise click.ClickException(f"{name} has no version")
        return max(versions, key=lambda candidate: int(candidate.version))
    if version.isdigit():
        return client.get_model_version(name, version)
    return client.get_model_version_by_alias(name, version)


if __name__ == "__main__":
    main()
