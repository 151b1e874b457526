"""The registry beside MLflow's own server, as MLflow's REST client sees it."""

from __future__ import annotations

import json
from contextlib import suppress

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from packaging.version import Version

from tests.support.stock_server import stock_server

NAME = "plain"
#: What differs by the clock, what the platform fills in, and what versions of MLflow's REST client
#: drop or leave unset.
OTHER = {
    "creation_timestamp",
    "last_updated_timestamp",
    "user_id",
    "model_id",
    "metrics",
    "params",
    "latest_versions",
}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """MLflow's client of MLflow's own server."""
    with stock_server(tmp_path_factory.mktemp("stock")) as url:
        yield mlflow.MlflowClient(tracking_uri=url, registry_uri=url)


def plain(entity):
    values = {name: value for name, value in dict(entity).items() if name not in OTHER}
    if hasattr(entity, "version"):
        values.pop("deployment_job_state")  # Newer versions of MLflow give None for it.
    return values


def read(client):
    """Make a registered model and a version without anything, and read them in every way."""
    made = client.create_registered_model(NAME)
    version = client.create_model_version(NAME, "s3://bucket/model")
    model = client.get_registered_model(NAME)
    return {
        "made": plain(made),
        "made version": plain(version),
        "model": plain(model),
        "latest version": plain(model.latest_versions[0]),
        "version": plain(client.get_model_version(NAME, "1")),
        "found": plain(client.search_registered_models(f"name = '{NAME}'")[0]),
        "found version": plain(client.search_model_versions(f"name = '{NAME}'")[0]),
    }


def test_what_has_no_value_is_what_mlflows_rest_client_gives(client, stock):
    expected = read(stock)
    assert expected["version"]["description"] == expected["model"]["description"] == ""
    assert read(client) == expected


def test_a_description_that_is_taken_away_is_empty(client, stock):
    for side in (client, stock):
        side.create_registered_model("described", description="flowers")
        side.update_registered_model("described", "")
        assert side.get_registered_model("described").description == ""


@pytest.fixture
def workspace(aidp):
    """MLflow's client with a workspace of the emulator for everything."""
    return mlflow.MlflowClient(aidp.tracking_uri, aidp.tracking_uri)


def test_a_version_of_a_logged_model_is_made_as_on_mlflows_server(workspace, stock):
    for side in (workspace, stock):
        run = side.create_run(side.create_experiment("flowers")).info.run_id
        model = side.create_logged_model(
            side.get_experiment_by_name("flowers").experiment_id, "model", source_run_id=run
        )
        side.create_registered_model("iris")
        for source in (model.artifact_location, model.model_uri):
            version = side.create_model_version("iris", source, model_id=model.model_id)
            # MLflow 3.1 leaves the run out if the source is a location.
            assert version.run_id == run or (
                side is stock and Version(mlflow.__version__).minor < 2
            )
        noted = json.loads(side.get_logged_model(model.model_id).tags["mlflow.modelVersions"])
        assert [(entry["name"], str(entry["version"])) for entry in noted] == [
            ("iris", "1"),
            ("iris", "2"),
        ]


@pytest.mark.parametrize(
    "source", ["/home/me/model", "file:///home/me/model", "file:model", "model", "./model"]
)
def test_a_path_of_this_machine_is_refused_as_on_mlflows_server(workspace, stock, source):
    for side in (workspace, stock):
        with suppress(MlflowException):
            side.create_registered_model("local")
        with pytest.raises(MlflowException) as caught:
            side.create_model_version("local", source)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_source_in_a_run_is_where_the_files_are_as_on_mlflows_server(workspace, stock):
    for side in (workspace, stock):
        side.create_registered_model("of a run")
        side.create_model_version("of a run", "runs:/0123/model", "0123")
        uri = side.get_model_version_download_uri("of a run", "1")
        assert uri == "runs:/0123/model"
