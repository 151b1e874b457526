"""Models of runs in the registry.

They are written as the platform's own clients write them, and found again.
"""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException
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


def test_the_versions_of_a_model_are_noted_with_the_logged_model(tracking, logged):
    mlflow.register_model(logged.model_uri, NAME)
    assert NAME in tracking.get_logged_model(logged.model_id).tags["mlflow.modelVersions"]
    assert tracking.get_model_version(NAME, "1").model_id == logged.model_id
