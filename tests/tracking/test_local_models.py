"""Models in folders of this machine: uploaded by register_model, and refused otherwise."""

from __future__ import annotations

import json
import shutil

import mlflow
import pytest
from mlflow.entities.model_registry import ModelVersionTag
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel

from mlflow_oci_aidp.emulator import Fault
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.support.stock_server import server_over

NAME = "main.default.tripler"


class Tripler(PythonModel):
    def predict(self, context, model_input):
        return [3 * value for value in model_input]


@pytest.fixture
def folder(tmp_path):
    """A folder that save_model wrote."""
    path = tmp_path / "model"
    mlflow.pyfunc.save_model(path, python_model=Tripler(), pip_requirements=[])
    return path


def sources(aidp):
    """The sources of the versions that were made."""
    return [
        exchange.body["source"]
        for exchange in aidp.exchanges
        if exchange.operation in ("create_model_version", "create_workspace_model_version")
    ]


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "relative"])
def test_register_model_uploads_it_to_a_run_made_for_it(aidp, tracking, folder, monkeypatch, form):
    mlflow.set_experiment("flowers")
    monkeypatch.chdir(folder.parent)
    source = "model" if form == "relative" else form.format(path=folder)
    version = mlflow.register_model(source, NAME)
    shutil.rmtree(folder)

    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([2]) == [6]
    run = tracking.get_run(version.run_id)
    experiment = tracking.get_experiment_by_name("flowers")
    assert run.info.experiment_id == experiment.experiment_id
    assert (run.info.run_name, run.info.status) == ("main-default-tripler", "FINISHED")
    assert sources(aidp)[0].startswith(f"runs:/{run.info.run_id}/main-default-tripler.")
    (model,) = tracking.search_logged_models([experiment.experiment_id])
    assert (version.model_id, str(model.status)) == (model.model_id, "READY")
    assert '"version": "1"' in model.tags["mlflow.modelVersions"]


def test_it_goes_to_the_workspace_of_the_registry(aidp, folder, monkeypatch):
    # The tracking store of the test is MLflow's own.
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.tracking_uri)
    version = mlflow.register_model(str(folder), NAME)
    run = mlflow.MlflowClient(aidp.tracking_uri).get_run(version.run_id)
    assert run.info.experiment_id == "0"
    shutil.rmtree(folder)
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([2]) == [6]


@pytest.mark.parametrize("source", ["{path}", "file://{path}", "model", "./model", "file:model"])
def test_without_a_workspace_it_is_refused(aidp, folder, monkeypatch, source):
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.uri)
    monkeypatch.chdir(folder.parent)
    with pytest.raises(MlflowException, match="if the registry URI names a workspace") as caught:
        mlflow.register_model(source.format(path=folder), NAME)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert sources(aidp) == []


@pytest.mark.parametrize(
    "source", ["{path}", "file://{path}", "model", "C:\\models\\iris", "/Volumes/iris", ""]
)
def test_create_model_version_refuses_it(aidp, tracking, folder, source):
    tracking.create_registered_model(NAME)
    for client in (tracking, mlflow.MlflowClient(registry_uri=aidp.uri)):
        with pytest.raises(MlflowException, match=r"mlflow\.register_model uploads") as caught:
            client.create_model_version(NAME, source.format(path=folder))
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert sources(aidp) == []
    assert tracking.search_runs(["0"]) == []


@pytest.mark.parametrize("source", ["oci://a@b/c", "s3://a/b", "/Volumes/a/b/c/d", "dbfs:/a"])
def test_other_places_are_sent_as_they_are(aidp, tracking, source):
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, source)
    assert sources(aidp) == [source]


def test_a_prompt_has_a_word_for_a_source(aidp, tracking):
    tracking.register_prompt("greeting", "Hello {{name}}")
    assert tracking.load_prompt("prompts:/greeting/1").template == "Hello {{name}}"


def test_a_folder_of_a_run_of_this_machine_is_the_runs(aidp, tracking, folder, tmp_path):
    # As on MLflow's server: the run says where its files are.
    experiment = tracking.create_experiment("here", artifact_location=str(tmp_path / "files"))
    run = tracking.create_run(experiment)
    tracking.log_artifacts(run.info.run_id, str(folder), "model")
    tracking.create_registered_model(NAME)
    tracking.create_model_version(NAME, f"{run.info.artifact_uri}/model", run.info.run_id)
    assert sources(aidp) == [f"runs:/{run.info.run_id}/model"]


@pytest.mark.parametrize("exists", [True, False])
def test_what_is_no_model_is_refused(aidp, tracking, tmp_path, exists):
    path = tmp_path / "empty"
    if exists:
        path.mkdir()
    with pytest.raises(MlflowException, match="it has no file MLmodel") as caught:
        mlflow.register_model(str(path), NAME)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert tracking.search_runs(["0"]) == []


def test_an_upload_that_fails_makes_no_version(aidp, tracking, folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    aidp.faults.add(Fault("status", operation="put_object", status=403, times=None))
    with pytest.raises(MlflowException) as caught:
        mlflow.register_model(str(folder), NAME)
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert sources(aidp) == []
    (run,) = tracking.search_runs(["0"])
    assert run.info.status == "FAILED"
    (model,) = tracking.search_logged_models(["0"])
    assert str(model.status) == "FAILED"


def test_a_store_without_mlflow_refuses_it(aidp, folder):
    store = AidpRegistryStore(aidp.tracking_uri)
    store.create_registered_model(NAME)
    with pytest.raises(MlflowException) as caught:
        store.create_model_version(NAME, str(folder))
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_server_uploads_nothing_from_its_own_disk(aidp, tracking, folder, tmp_path, monkeypatch):
    model = tracking.create_logged_model("0", "model")
    with server_over(aidp.tracking_uri, tmp_path) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        client = mlflow.MlflowClient()
        client.create_registered_model(NAME)
        # MLflow 3.1 takes a version with this tag for one of a prompt, whose source it does not
        # look at.
        for tags in ({}, {"mlflow.prompt.is_prompt": "no"}):
            store = client._get_registry_client().store
            with pytest.raises(MlflowException) as caught:
                store.create_model_version(
                    NAME, str(folder), tags=[ModelVersionTag(*tag) for tag in tags.items()]
                )
            assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
        with pytest.raises(MlflowException) as caught:
            mlflow.register_model(str(folder), NAME)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
        assert sources(aidp) == []
        # What is not of its disk is registered, and noted once.
        client.create_model_version(NAME, model.model_uri, model_id=model.model_id)
        mlflow.register_model(model.model_uri, NAME)
    noted = json.loads(tracking.get_logged_model(model.model_id).tags["mlflow.modelVersions"])
    assert noted == [{"name": NAME, "version": "1"}, {"name": NAME, "version": "2"}]
    versions = tracking.search_model_versions(f"name = '{NAME}'")
    assert {version.run_id for version in versions} == {model.source_run_id}
