"""What a session remembers: only what never changes, for its principal and workspace alone."""

from __future__ import annotations

from collections import Counter

import mlflow
import pytest
from mlflow.entities import LoggedModelStatus, LoggedModelTag
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_oci_aidp import remembered, user_principal
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import take_model_file
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

MODEL_FILE = "artifact_path: model\nflavors: {}\nmodel_id: %s\nutc_time_created: '2026-01-01'\n"
ME, YOU = "bWU=", "eW91"


@pytest.fixture
def store(aidp):
    return AidpTrackingStore(aidp.tracking_uri)


@pytest.fixture
def run(store):
    return store.create_run("0", None, 0, [], "a run")


@pytest.fixture
def model(store, run):
    return store.create_logged_model("0", "model", run.info.run_id)


def operations(aidp, call):
    """Return the operations that a call asks for."""
    aidp.exchanges.clear()
    call()
    return [exchange.operation for exchange in aidp.exchanges]


def upload(model, folder, text):
    (folder / "MLmodel").write_text(text)
    get_artifact_repository(model.artifact_location).log_artifacts(str(folder))


def test_a_logged_model_of_a_known_run_is_one_request(aidp, store, run):
    asked = operations(aidp, lambda: store.create_logged_model("0", "model", run.info.run_id))
    assert asked == ["update_experiment_run_tags"]


def test_a_logged_model_of_an_unknown_run_reads_the_run(aidp, store, run):
    store._remembered.forget_run(run.info.run_id)
    asked = operations(aidp, lambda: store.create_logged_model("0", "model", run.info.run_id))
    assert asked == ["get_experiment_run_by_id", "update_experiment_run_tags"]


def test_a_tag_of_a_model_made_here_is_one_request(aidp, store, model):
    def tag():
        store.set_logged_model_tags(model.model_id, [LoggedModelTag("stage", "new")])

    assert operations(aidp, tag) == ["update_experiment_run_tags"]
    assert store.get_logged_model(model.model_id).tags == {"stage": "new"}


@pytest.mark.parametrize("source", ["models:/{id}", "{location}"])
def test_a_version_of_a_model_made_here_is_one_request(aidp, store, model, source):
    registry = AidpRegistryStore(aidp.tracking_uri, aidp.tracking_uri)
    registry.create_registered_model("main.default.m")
    source = source.format(id=model.model_id, location=model.artifact_location)

    def register():
        registry.create_model_version("main.default.m", source, model.source_run_id)

    assert operations(aidp, register) == ["create_workspace_model_version"]
    folder = model.artifact_location.rpartition("/")[2]
    version = registry.get_model_version("main.default.m", "1")
    assert version.source == f"runs:/{model.source_run_id}/{folder}"


def test_a_deleted_model_is_forgotten(store, model):
    store.delete_logged_model(model.model_id)
    with pytest.raises(MlflowException) as caught:
        store.set_logged_model_tags(model.model_id, [LoggedModelTag("stage", "new")])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_deleted_run_takes_its_models_along(aidp, store, model):
    store.delete_run(model.source_run_id)
    registry = AidpRegistryStore(aidp.tracking_uri, aidp.tracking_uri)
    registry.create_registered_model("main.default.m")

    def register():
        registry.create_model_version("main.default.m", f"models:/{model.model_id}")

    assert operations(aidp, register)[0] == "get_experiment_run_by_id"


def test_an_unknown_run_and_an_unknown_model_are_errors(store, run):
    unknown = "f" * 32
    with pytest.raises(MlflowException) as caught:
        store.create_logged_model("0", "model", unknown)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException) as caught:
        store.set_logged_model_tags(f"m-{run.info.run_id}-00000000", [LoggedModelTag("a", "b")])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_what_can_change_is_read_each_time(aidp, store, model):
    for read in (
        lambda: store.get_run(model.source_run_id),
        lambda: store.get_logged_model(model.model_id),
    ):
        assert operations(aidp, read) == ["get_experiment_run_by_id"]


def test_one_principal_does_not_know_what_another_read(aidp, store):
    with user_principal(ME):
        run = store.create_run("0", None, 0, [], "mine")

    def create():
        store.create_logged_model("0", "model", run.info.run_id)

    with user_principal(YOU):
        assert operations(aidp, create) == [
            "get_experiment_run_by_id",
            "update_experiment_run_tags",
        ]
    with user_principal(ME):
        assert operations(aidp, create) == ["update_experiment_run_tags"]
    assert operations(aidp, create) == ["get_experiment_run_by_id", "update_experiment_run_tags"]


def test_one_workspace_does_not_know_the_runs_of_another(aidp, store, run):
    other = AidpTrackingStore(aidp.tracking_uri.replace(aidp.workspace_key, "another"))
    assert other._session is store._session
    with pytest.raises(MlflowException):
        other.create_logged_model("0", "model", run.info.run_id)


def test_memory_is_bounded(monkeypatch, store):
    monkeypatch.setattr(remembered, "LONGEST", 3)
    runs = [store.create_run("0", None, 0, [], "a run").info.run_id for _ in range(5)]
    known = [run for run in runs if store._remembered.run(run)]
    assert known == runs[2:]


def test_the_file_mlmodel_that_went_up_is_not_read_back(aidp, store, model, tmp_path):
    upload(model, tmp_path, MODEL_FILE % model.model_id)

    def finalize():
        store.finalize_logged_model(model.model_id, LoggedModelStatus.READY)

    assert operations(aidp, finalize) == [
        "get_experiment_run_by_id",
        "log_experiment_run_model",
        "update_experiment_run_tags",
    ]
    sent = next(
        e.body["model_json"] for e in aidp.exchanges if e.operation == "log_experiment_run_model"
    )
    assert model.artifact_location.rpartition("/")[2] in sent


def test_the_latest_file_mlmodel_counts_and_is_remembered_once(store, model, tmp_path):
    upload(model, tmp_path, "first")
    upload(model, tmp_path, "second")
    location = f"{model.artifact_location}/MLmodel"
    assert take_model_file(store._session, location) == b"second"
    assert take_model_file(store._session, location) is None


def test_a_file_that_did_not_arrive_is_not_remembered(aidp, store, model, tmp_path):
    (tmp_path / "MLmodel").write_text("text")
    elsewhere = model.artifact_location.replace("oci://", "oci://missing-")
    with pytest.raises(MlflowException):
        get_artifact_repository(elsewhere).log_artifacts(str(tmp_path))
    assert take_model_file(store._session, f"{elsewhere}/MLmodel") is None


@pytest.mark.parametrize("principal", [None, ME])
def test_a_long_file_mlmodel_and_that_of_another_principal_are_read_back(
    aidp, store, model, tmp_path, principal
):
    text = MODEL_FILE % model.model_id
    if principal is None:
        upload(model, tmp_path, text + f"# {'x' * (1 << 20)}\n")
    else:
        with user_principal(principal):
            upload(model, tmp_path, text)

    def finalize():
        store.finalize_logged_model(model.model_id, LoggedModelStatus.READY)

    asked = operations(aidp, finalize)
    assert "get_object" in asked
    assert "log_experiment_run_model" in asked


def test_log_model_asks_only_for_what_can_change(aidp, monkeypatch, tmp_path):
    code = tmp_path / "model.py"
    code.write_text(
        "import mlflow\n\nclass Echo(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return model_input\n\nmlflow.models.set_model(Echo())\n"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    with mlflow.start_run(experiment_id="0"):
        aidp.exchanges.clear()
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(code),
            registered_model_name="main.default.m",
            pip_requirements=[],
        )
    asked = Counter(exchange.operation for exchange in aidp.exchanges)
    assert asked == {
        # MLflow reads the run twice, and the logged model three times.
        "get_experiment_run_by_id": 6,
        "update_experiment_run_tags": 4,
        "put_object": 5,
        "log_experiment_run_model": 1,
        "create_registered_model": 1,
        "create_workspace_model_version": 1,
        "update_experiment_run": 1,  # The end of the run.
    }
