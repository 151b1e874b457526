"""Two servers: MLflow's SQLite store, and the emulator."""

from __future__ import annotations

import json

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
)

from mlflow_oci_aidp.emulator.state.databases import empty_tracking_database
from tests.cli.conftest import run


class Database:
    """A tracking server of MLflow's own, in a file of its own."""

    def __init__(self, folder):
        folder.mkdir()
        path = folder / "mlflow.db"
        path.write_bytes(empty_tracking_database())
        self.folder = folder
        self.uri = f"sqlite:///{path}"
        self.client = MlflowClient(self.uri, self.uri)

    def experiment(self, name, **fields):
        location = (self.folder / "artifacts").as_uri()
        return self.client.create_experiment(name, artifact_location=location, **fields)


@pytest.fixture
def database(tmp_path):
    return Database(tmp_path / "database")


@pytest.fixture
def another(tmp_path):
    database = Database(tmp_path / "another")
    for name in ("Default", "flowers"):
        if database.client.get_experiment_by_name(name) is None:
            database.experiment(name)
    return database


@pytest.fixture
def platform(aidp):
    """MLflow's client of the emulator."""
    return MlflowClient(aidp.tracking_uri, aidp.tracking_uri)


@pytest.fixture
def copy(tmp_path):
    """The command, which returns its exit status and its report."""

    def command(source, target, *options):
        result = run(
            "copy", source, target, "--json", "--map", str(tmp_path / "ids.jsonl"), *options
        )
        report = json.loads(result.stdout) if result.stdout.startswith("{") else result.stderr
        return result.exit_code, report

    return command


def fill(database, tmp_path):
    """Make one of each: returns the ids of the runs and of the logged models."""
    client = database.client
    flowers = database.experiment("flowers", tags={"team": "ml"})
    parent = client.create_run(flowers, start_time=2000, run_name="parent").info.run_id
    child = client.create_run(
        flowers, start_time=1000, run_name="child", tags={"mlflow.parentRunId": parent}
    ).info.run_id
    model = client.create_logged_model(
        flowers, "iris", child, {"kind": "tree"}, {"depth": "3"}, "sklearn"
    )
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "MLmodel").write_text(f"run_id: {child}\nmodel_id: {model.model_id}\nflavors: {{}}\n")
    (folder / "data").mkdir()
    (folder / "data" / "model.bin").write_bytes(bytes(range(256)))
    client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(child, [LoggedModelOutput(model.model_id, 2)])
    data = Dataset("train", "d1", "local", "{}")
    client.log_inputs(child, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    history = json.dumps([{"run_id": child, "artifact_path": "iris"}])
    client.log_batch(
        child,
        [Metric("loss", 1 / step, 1000 + step, step) for step in range(1, 6)]
        + [Metric("acc", 0.5, 1, 0, model.model_id, "train", "d1")],
        [Param("depth", "3"), Param("kind", "tree")],
        [RunTag("note", "hello"), RunTag("mlflow.log-model.history", history)],
    )
    client.log_text(child, "text", "a/b.txt")
    client.set_terminated(child, "FAILED", 3000)
    client.log_inputs(parent, models=[LoggedModelInput(model.model_id)])
    client.set_terminated(parent, "FINISHED", 4000)
    deleted = client.create_run(flowers, start_time=500, run_name="deleted").info.run_id
    client.delete_run(deleted)
    mlflow.set_tracking_uri(database.uri)  # where MLflow's registry looks for logged models
    client.create_registered_model("iris", {"team": "ml"}, "Irises")
    client.create_model_version(
        "iris",
        f"models:/{model.model_id}",
        child,
        {"best": "yes"},
        description="The first",
        model_id=model.model_id,
    )
    client.create_model_version("iris", f"runs:/{child}/a", child)
    client.set_registered_model_alias("iris", "champion", "1")
    client._get_registry_client().transition_model_version_stage("iris", "2", "Production")
    return {"parent": parent, "child": child, "deleted": deleted, "model": model.model_id}
