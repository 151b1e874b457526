"""Models of runs in the registry: written as the platform's own clients write them, and found again."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.pyfunc import PythonModel

from mlflow_oci_aidp.registry.store import AidpRegistryStore

NAME = "main.default.doubler"


class Doubler(PythonModel):
    def predict(self, context, model_input):
        return [2 * value for value in model_input]


@pytest.fixture
def logged(tracking):
    """A model that was logged in a run."""
    mlflow.set_experiment("flowers")
    with mlflow.start_run():
        return mlflow.pyfunc.log_model(name="model", python_model=Doubler())


@pytest.fixture
def created(aidp):
    """The requests that made versions so far."""
    return lambda: [
        (exchange.operation, exchange.body["source"], exchange.body.get("run_id"))
        for exchange in aidp.exchanges
        if exchange.operation in ("create_model_version", "create_workspace_model_version")
    ]


@pytest.mark.parametrize("uri", ["models:/{id}", "runs:/{run}/model", "{place}"])
def test_a_model_of_a_run_is_registered_as_the_platforms_clients_do_it(tracking, logged, created, uri):
    run = tracking.get_run(logged.run_id)
    place = tracking.get_logged_model(logged.model_id).artifact_location
    source = uri.format(id=logged.model_id, run=logged.run_id, place=place)
    if uri == "{place}":
        tracking.create_registered_model(NAME)
        tracking.create_model_version(NAME, source, run_id=logged.run_id)
    else:
        mlflow.register_model(source, NAME)
    folder = place.removeprefix(f"{run.info.artifact_uri}/")
    assert folder.startswith("model.")
    assert created() == [("create_workspace_model_version", f"runs:/{logged.run_id}/{folder}", logged.run_id)]
    assert tracking.get_model_version_download_uri(NAME, "1") == place
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([4]) == [8]


def test_what_lies_elsewhere_is_sent_as_it_is(tracking, logged, created):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, "s3://bucket/model", run_id=logged.run_id)
    tracking.create_model_version(NAME, "s3://bucket/model", run_id="of another tracking server")
    assert created() == [
        ("create_model_version", "s3://bucket/model", logged.run_id),
        ("create_model_version", "s3://bucket/model", "of another tracking server"),
    ]
    assert tracking.get_model_version_download_uri(NAME, "1") == "s3://bucket/model"


def test_a_source_of_a_run_that_is_not_here_is_left_to_mlflow(tracking, created):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, "runs:/0123/model")
    assert created() == [("create_workspace_model_version", "runs:/0123/model", "0123")]
    assert tracking.get_model_version_download_uri(NAME, "1") == "runs:/0123/model"


def test_without_a_workspace_the_instance_is_asked(aidp, created):
    store = AidpRegistryStore(aidp.uri)
    store.create_registered_model(NAME)
    store.create_model_version(NAME, "runs:/0123/model")
    assert created() == [("create_model_version", "runs:/0123/model", None)]


def test_a_volume_is_a_volume_to_the_platform(aidp, tracking, created):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, "aidp:/Volumes/main/default/artifacts/model")
    assert created()[0][1] == "/Volumes/main/default/artifacts/model"
    assert tracking.get_model_version_download_uri(NAME, "1") == "aidp:/Volumes/main/default/artifacts/model"


def test_the_versions_of_a_model_are_noted_with_the_logged_model(tracking, logged):
    mlflow.register_model(logged.model_uri, NAME)
    assert NAME in tracking.get_logged_model(logged.model_id).tags["mlflow.modelVersions"]
    assert tracking.get_model_version(NAME, "1").model_id == logged.model_id
