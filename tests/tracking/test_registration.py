"""Models of runs in the registry.

They are written as the platform's own clients write them, and found again.
"""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel

from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import forget_sessions
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

NAME = "main.default.doubler"


class Doubler(PythonModel):
    def predict(self, context, model_input):
        return [2 * value for value in model_input]


@pytest.fixture
def logged(tracking):
    """A model that was logged in a run."""
    mlflow.set_experiment("flowers")
    with mlflow.start_run():
        return mlflow.pyfunc.log_model(name="model", python_model=Doubler(), pip_requirements=[])


@pytest.fixture
def created(aidp):
    """The requests that made versions so far."""
    return lambda: [
        (exchange.operation, exchange.body["source"], exchange.body.get("run_id"))
        for exchange in aidp.exchanges
        if exchange.operation in ("create_model_version", "create_workspace_model_version")
    ]


@pytest.mark.parametrize("uri", ["models:/{id}", "runs:/{run}/model", "{place}"])
def test_a_model_of_a_run_is_registered_as_the_platforms_clients_do_it(
    tracking, logged, created, uri
):
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
    assert created() == [
        ("create_workspace_model_version", f"runs:/{logged.run_id}/{folder}", logged.run_id)
    ]
    assert tracking.get_model_version_download_uri(NAME, "1") == created()[0][1]
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


def test_a_source_of_a_run_that_is_not_here_is_sent_as_it_is(tracking, created):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, "runs:/0123/model", run_id="4567")
    assert created() == [("create_model_version", "runs:/0123/model", "4567")]


def test_a_model_is_registered_by_its_name_in_its_run_without_mlflows_help(
    tracking, logged, created
):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, f"runs:/{logged.run_id}/model")
    place = tracking.get_logged_model(logged.model_id).artifact_location
    assert created()[0][1] == f"runs:/{logged.run_id}/{place.rpartition('/')[2]}"
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([4]) == [8]


def test_a_copy_is_not_looked_for_among_runs(aidp, tracking, logged):
    mlflow.register_model(logged.model_uri, NAME)
    aidp.exchanges.clear()
    tracking.copy_model_version(f"models:/{NAME}/1", "main.prod.doubler")
    assert "get_experiment_run_by_id" not in [exchange.operation for exchange in aidp.exchanges]
    assert mlflow.pyfunc.load_model("models:/main.prod.doubler/1").predict([4]) == [8]


@pytest.mark.parametrize("known", ["m-0123", "m-{run}-01234567"])
def test_a_logged_model_that_is_not_there_is_not_registered(tracking, run, created, known):
    with pytest.raises(MlflowException, match="There is no logged model") as caught:
        mlflow.register_model(f"models:/{known.format(run=run.info.run_id)}", NAME)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert created() == []


def test_a_logged_model_of_the_platforms_own_is_registered_once(
    aidp, tracking, run, created, caplog
):
    aidp.workspace().seed_logged_model(
        model_id="m-native",
        name="native",
        experiment_id=run.info.experiment_id,
        artifact_uri="oci://a@b/c",
    )
    assert mlflow.register_model("models:/m-native", NAME).version == "1"
    assert [source for _, source, _ in created()] == ["models:/m-native"]
    assert "does not say that it is registered" in caplog.text


def test_a_model_of_a_deleted_run_is_registered_once(tracking, logged, created, caplog):
    tracking.delete_run(logged.run_id)
    assert mlflow.register_model(logged.model_uri, NAME).version == "1"
    assert len(created()) == 1
    assert "does not say that it is registered" in caplog.text
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([4]) == [8]


def test_the_source_in_a_run_is_where_a_version_is_downloaded_from_whoever_has_the_run(
    aidp, tracking, logged
):
    mlflow.register_model(logged.model_uri, NAME)
    tracking.create_model_version(NAME, "runs:/0123/model")
    aidp.exchanges.clear()
    for version in tracking.search_model_versions(f"name = '{NAME}'"):
        source = tracking.get_model_version_download_uri(NAME, version.version)
        assert source == version.source
    assert "get_experiment_run_by_id" not in {exchange.operation for exchange in aidp.exchanges}


def test_a_registry_with_a_workspace_opens_its_runs_beside_any_tracking_store(
    aidp, tracking, logged, monkeypatch, tmp_path
):
    mlflow.register_model(logged.model_uri, NAME)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.tracking_uri)
    forget_sessions()
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([4]) == [8]


def test_a_run_of_another_tracking_store_is_opened_there(aidp, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.tracking_uri)
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("other", artifact_location=str(tmp_path / "files"))
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "hello", "model/hello.txt")
    client.create_registered_model(NAME)
    client.create_model_version(NAME, f"runs:/{run.info.run_id}/model")
    folder = mlflow.artifacts.download_artifacts(f"models:/{NAME}/1")
    assert (Path(folder) / "hello.txt").read_text() == "hello"


@pytest.mark.parametrize("where", ["another workspace", "no workspace"])
def test_a_version_of_another_workspace_says_what_to_do(
    aidp, tracking, logged, monkeypatch, tmp_path, where
):
    mlflow.register_model(logged.model_uri, NAME)
    aidp.add_workspace("other")
    if where == "another workspace":
        monkeypatch.setenv(
            "MLFLOW_TRACKING_URI", aidp.tracking_uri.replace(aidp.workspace_key, "other")
        )
    else:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
        monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.uri)
    with pytest.raises(
        MlflowException, match="Put the key of the workspace in which the model was logged"
    ) as caught:
        mlflow.pyfunc.load_model(f"models:/{NAME}/1")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.tracking_uri)
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([4]) == [8]


def test_without_a_workspace_the_instance_is_asked(aidp, created):
    store = AidpRegistryStore(aidp.uri)
    store.create_registered_model(NAME)
    store.create_model_version(NAME, "runs:/0123/model")
    assert created() == [("create_model_version", "runs:/0123/model", None)]


def test_a_volume_is_a_volume_to_the_platform(aidp, tracking, created):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, "aidp:/Volumes/main/default/artifacts/model")
    assert created()[0][1] == "/Volumes/main/default/artifacts/model"
    assert (
        tracking.get_model_version_download_uri(NAME, "1")
        == "aidp:/Volumes/main/default/artifacts/model"
    )


# The logged model that a version is made of


@pytest.fixture
def noted(tracking, logged):
    """The versions that the logged model names."""
    return lambda: json.loads(
        tracking.get_logged_model(logged.model_id).tags.get("mlflow.modelVersions", "[]")
    )


def test_the_versions_of_a_model_are_noted_with_the_logged_model(tracking, logged, noted):
    for _ in range(2):
        mlflow.register_model(logged.model_uri, NAME)
    assert noted() == [{"name": NAME, "version": "1"}, {"name": NAME, "version": "2"}]
    assert tracking.get_model_version(NAME, "1").model_id == logged.model_id


@pytest.mark.parametrize("source", ["{place}", "models:/{id}", "runs:/{run}/model"])
def test_a_version_of_a_logged_model_has_its_run_and_is_noted(
    tracking, logged, created, noted, source
):
    place = tracking.get_logged_model(logged.model_id).artifact_location
    source = source.format(place=place, id=logged.model_id, run=logged.run_id)
    tracking.create_registered_model(NAME)
    version = tracking.create_model_version(NAME, source, model_id=logged.model_id)
    assert version.run_id == logged.run_id
    assert created() == [
        (
            "create_workspace_model_version",
            f"runs:/{logged.run_id}/{place.rpartition('/')[2]}",
            logged.run_id,
        )
    ]
    assert noted() == [{"name": NAME, "version": "1"}]


def test_a_version_names_the_run_that_its_caller_gives(tracking, logged, created):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, "s3://bucket/model", "0123", model_id=logged.model_id)
    assert created() == [("create_model_version", "s3://bucket/model", "0123")]


@pytest.mark.parametrize("model_id", ["m-0123", "m-{run}-01234567", "m-0123-01234567"])
def test_a_version_of_an_unknown_logged_model_is_not_made(tracking, run, created, model_id):
    tracking.create_registered_model(NAME)
    model_id = model_id.format(run=run.info.run_id)
    with pytest.raises(MlflowException) as caught:
        tracking.create_model_version(NAME, "s3://bucket/model", model_id=model_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert created() == []


def test_a_registry_without_a_workspace_knows_the_run_and_notes_the_version(
    aidp, tracking, logged, created, noted, monkeypatch
):
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.uri)
    client = mlflow.MlflowClient()
    mlflow.register_model(logged.model_uri, NAME)
    client.create_model_version(NAME, "s3://bucket/model", model_id=logged.model_id)
    assert created() == [
        ("create_model_version", logged.model_uri, logged.run_id),
        ("create_model_version", "s3://bucket/model", logged.run_id),
    ]
    assert noted() == [{"name": NAME, "version": "1"}, {"name": NAME, "version": "2"}]


def test_the_id_of_a_logged_model_names_its_run_where_nobody_can_be_asked(aidp, created):
    store = AidpRegistryStore(aidp.uri)
    store.create_registered_model(NAME)
    store.create_model_version(NAME, "models:/m-0123-01234567")
    assert created() == [("create_model_version", "models:/m-0123-01234567", "0123")]


def test_a_logged_model_of_the_platforms_own_gives_its_run(aidp, tracking, run, created):
    aidp.workspace().seed_logged_model(
        model_id="m-native",
        name="native",
        experiment_id=run.info.experiment_id,
        source_run_id=run.info.run_id,
        artifact_uri="oci://a@b/c",
    )
    mlflow.register_model("models:/m-native", NAME)
    assert created() == [("create_model_version", "models:/m-native", run.info.run_id)]


def test_a_version_is_noted_once_whoever_notes_it(aidp, tracking, logged, noted):
    store = AidpTrackingStore(aidp.tracking_uri)
    mlflow.register_model(logged.model_uri, NAME)
    tracking.create_model_version(NAME, logged.model_uri, model_id=logged.model_id)
    # As MLflow's server does, which has the number of a version as text.
    store.set_model_versions_tags(NAME, "1", logged.model_id)
    # As register_model does over such a server.
    twice = [*noted(), {"name": NAME, "version": 2}]
    tracking.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": json.dumps(twice)})
    assert noted() == [{"name": NAME, "version": "1"}, {"name": NAME, "version": "2"}]


@pytest.mark.parametrize("value", ["no JSON", "7", '[1, "a"]'])
def test_what_somebody_else_wrote_into_the_tag_is_no_obstacle(tracking, logged, noted, value):
    tracking.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": value})
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, logged.model_uri, model_id=logged.model_id)
    assert noted()[-1] == {"name": NAME, "version": "1"}
