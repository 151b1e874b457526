"""Copy registered models from another MLflow registry to AI Data Platform, with their history.

    export MLFLOW_REGISTRY_URI=aidp://<OCID of your AI Data Platform>
    python copy_models.py https://mlflow.example.com --prefix main.default.

Descriptions, tags, stages and aliases are kept. Each copied version carries the tag `copied_from`,
by which a second run knows what is there already: run it again after an interruption, or for what
is new. Only one at a time.

Artifacts are not moved: a copied version points to where the artifacts of the original are. Version
numbers are the platform's own: where the source has gaps, they differ, and aliases point to the
copy of their version. Prompts, and changes to what was copied already other than stages and
aliases, are left out.
"""

import warnings
from collections.abc import Iterator

import click
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

COPIED_FROM = "copied_from"


@click.command()
@click.argument("source")
@click.option(
    "--target", envvar="MLFLOW_REGISTRY_URI", required=True, help="Default: $MLFLOW_REGISTRY_URI."
)
@click.option(
    "--prefix", default="", help="Put before each name, as main.default. for three-part names."
)
@click.option(
    "--filter", "condition", help="Which models, as in search_registered_models. Default: all."
)
def main(source: str, target: str, prefix: str, condition: str | None) -> None:
    """Copy the registered models of the registry at SOURCE, an MLflow registry URI."""
    here, there = MlflowClient(registry_uri=source), MlflowClient(registry_uri=target)
    models = list(models_of(here, condition))
    versions = {model.name: list(versions_of(here, model.name)) for model in models}
    total, copied = sum(map(len, versions.values())), 0
    with click.progressbar(length=total, label="Copying versions") as progress:
        for model in models:
            name = prefix + model.name
            copies = prepare(there, model, name)
            for version in versions[model.name]:
                number = str(version.version)  # A database's registry gives a number.
                if number not in copies:
                    copies[number] = copy_version(here, there, version, name)
                    copied += 1
                keep_stage(there, version, copies[number])
                progress.update(1)
            keep_aliases(there, model, name, copies)
    click.echo(f"{len(models)} models, {copied} versions copied, {total - copied} there before")


def models_of(client: MlflowClient, condition: str | None) -> Iterator[RegisteredModel]:
    """Each registered model, page by page."""
    token = None
    while True:
        page = client.search_registered_models(condition, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def versions_of(client: MlflowClient, name: str) -> list[ModelVersion]:
    """Each version of a registered model, oldest first."""
    versions: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        versions += page
        token = page.token
        if not token:
            return sorted(versions, key=lambda version: int(version.version))


def prepare(there: MlflowClient, model: RegisteredModel, name: str) -> dict[str, ModelVersion]:
    """Make the registered model if it is not there.

    Returns the copies that exist, by the number of the original's version.
    """
    try:
        there.create_registered_model(name, tags=model.tags, description=model.description)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    origins = {version.tags.get(COPIED_FROM, ""): version for version in versions_of(there, name)}
    return {
        origin.rpartition("/")[2]: version
        for origin, version in origins.items()
        if origin.rpartition("/")[0] == model.name
    }


def copy_version(
    here: MlflowClient, there: MlflowClient, version: ModelVersion, name: str
) -> ModelVersion:
    """Copy one version, with the tag that marks a copy, in one call.

    An interruption therefore leaves all of the copy or nothing.
    """
    return there.create_model_version(
        name,
        source=here.get_model_version_download_uri(version.name, version.version),
        run_id=version.run_id,
        run_link=version.run_link,
        tags={**version.tags, COPIED_FROM: f"{version.name}/{version.version}"},
        description=version.description,
    )


def keep_stage(there: MlflowClient, version: ModelVersion, copy: ModelVersion) -> None:
    """Move the copy to the stage of the original."""
    stage = version.current_stage or "None"
    if stage != (copy.current_stage or "None"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # MLflow calls stages deprecated.
            there.transition_model_version_stage(copy.name, copy.version, stage)


def keep_aliases(
    there: MlflowClient, model: RegisteredModel, name: str, copies: dict[str, ModelVersion]
) -> None:
    """Point the original's aliases to the copies."""
    present = there.get_registered_model(name).aliases
    for alias, version in model.aliases.items():
        copy = copies.get(str(version))
        if copy and present.get(alias) != copy.version:
            there.set_registered_model_alias(name, alias, copy.version)


if __name__ == "__main__":
    main()
