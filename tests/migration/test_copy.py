"""Copies from MLflow's own store to the platform and back, whole, in part and again."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time

import mlflow
import numpy as np
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, ViewType
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.cli import main
from mlflow_oci_aidp.migration.copier import Copier, CopyOptions
from mlflow_oci_aidp.migration.ids import COPIED_FROM, COPY_IS_WHOLE
from mlflow_oci_aidp.migration.runs import RunCopier

NAME = "main.default.churn"
WRITES = ("create", "update", "set", "delete", "log", "put", "transition", "restore")


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [7]


@pytest.fixture
def sqlite(tmp_path):
    """A server of MLflow's own: its database, with artifacts beside it."""
    uri = f"sqlite:///{tmp_path / 'source.db'}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    mlflow.create_experiment("churn", (tmp_path / "artifacts").as_uri(), {"team": "risk"})
    return uri


@pytest.fixture
def filled(sqlite):
    """A parent, a child with everything, a deleted run, a model with versions."""
    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_metric("loss", math.nan, step=1)
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_params({"depth": "3", "long": "x" * 500})
            for step in range(5):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_text("all went well", "notes/notes.txt")
            mlflow.log_input(mlflow.data.from_numpy(np.array([1.0])), "training")
            logged = mlflow.pyfunc.log_model(
                name="model", python_model=Model(), registered_model_name=NAME, pip_requirements=[]
            )
    with mlflow.start_run(run_name="gone") as gone:
        pass
    client = MlflowClient()
    client.delete_run(gone.info.run_id)
    client.create_model_version(NAME, f"runs:/{child.info.run_id}/notes", child.info.run_id)
    client.create_model_version(NAME, f"models:/{NAME}/1", child.info.run_id)
    client.set_registered_model_alias(NAME, "champion", "1")
    client.set_model_version_tag(NAME, "1", "made_by", child.info.run_id)
    client.transition_model_version_stage(NAME, "2", "Staging")
    return {"parent": parent.info.run_id, "child": child.info.run_id, "model": logged.model_id}


def copied(source, target, **options):
    copier = Copier(source, target, CopyOptions(**options))
    return copier, copier.copy()


def copies(uri, experiment="churn"):
    """The runs of an experiment, by the originals that they name."""
    client = MlflowClient(uri, uri)
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], "", ViewType.ALL)
    return {run.data.tags[COPIED_FROM]: run for run in runs}


def check(uri, ids):
    client = MlflowClient(uri, uri)
    assert client.get_experiment_by_name("churn").tags["team"] == "risk"
    runs = copies(uri)
    parent, child = runs[ids["parent"]], runs[ids["child"]]
    assert parent.info.run_name == "parent"
    assert math.isnan(client.get_metric_history(parent.info.run_id, "loss")[0].value)
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.params == {"depth": "3", "long": "x" * 500}
    history = client.get_metric_history(child.info.run_id, "loss")
    assert sorted((row.step, row.value) for row in history) == [(n, 1 / (n + 1)) for n in range(5)]
    assert child.info.status == "FINISHED"
    assert len(child.inputs.dataset_inputs) == 1
    path = f"runs:/{child.info.run_id}/notes/notes.txt"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    assert mlflow.artifacts.load_text(path) == "all went well"
    assert mlflow.pyfunc.load_model(f"models:/{NAME}@champion").predict([1]) == [7]
    versions = {int(row.version): row for row in client.search_model_versions(f"name='{NAME}'")}
    assert versions[1].tags["made_by"] == child.info.run_id
    assert versions[1].run_id == child.info.run_id
    assert versions[2].source == f"runs:/{child.info.run_id}/notes"
    assert versions[2].current_stage == "Staging"
    assert versions[3].source == f"models:/{NAME}/1"
    return child


def test_to_the_platform_and_back(filled, sqlite, aidp, tmp_path):
    file = tmp_path / "map.jsonl"
    _, report = copied(sqlite, aidp.tracking_uri, map_file=file)
    assert report.problems == []
    assert dict(report.copied) == {
        "experiments": 1,
        "runs": 2,
        "logged models": 1,
        "files": report.copied["files"],
        "registered models": 1,
        "model versions": 3,
    }
    child = check(aidp.tracking_uri, filled)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {"kind": "run", "from": filled["child"], "to": child.info.run_id} in rows
    assert {row["kind"] for row in rows} == {"experiment", "run", "logged model", "model version"}

    again = f"sqlite:///{tmp_path / 'again.db'}"
    mlflow.set_tracking_uri(again)
    mlflow.create_experiment("churn", (tmp_path / "again").as_uri(), {"team": "risk"})
    _, report = copied(aidp.tracking_uri, again, experiments=["churn"])
    assert report.problems == []
    back = {
        name: copies(aidp.tracking_uri)[filled[name]].info.run_id for name in ("parent", "child")
    }
    check(again, back)


def test_a_second_copy_writes_nothing(filled, sqlite, aidp):
    copied(sqlite, aidp.tracking_uri)
    aidp.exchanges.clear()
    _, report = copied(sqlite, aidp.tracking_uri)
    assert not +report.copied
    assert report.present["runs"] == 2
    assert report.outcome == "all"
    assert writes(aidp) == []


def writes(aidp):
    return [
        exchange.operation
        for exchange in aidp.exchanges
        if (exchange.operation or "").startswith(WRITES)
    ]


def test_a_dry_run_sends_no_change(filled, sqlite, aidp, tmp_path):
    file = tmp_path / "map.jsonl"
    _, report = copied(sqlite, aidp.tracking_uri, is_dry_run=True, map_file=file)
    assert writes(aidp) == []
    assert not file.exists()
    assert (report.copied["runs"], report.copied["model versions"]) == (2, 3)


@pytest.mark.parametrize("step", ["_log_metrics", "_copy_models", "_log_inputs", "_set_tags"])
def test_a_copy_that_was_cut_off_is_finished(filled, sqlite, aidp, monkeypatch, step):
    done = getattr(RunCopier, step)

    def cut_off(self, run, *arguments):
        result = done(self, run, *arguments)
        if run.info.run_id == filled["child"]:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patched:
        patched.setattr(RunCopier, step, cut_off)
        with pytest.raises(KeyboardInterrupt):
            copied(sqlite, aidp.tracking_uri)
    half = copies(aidp.tracking_uri)[filled["child"]]
    assert COPY_IS_WHOLE not in half.data.tags
    copied(sqlite, aidp.tracking_uri)
    assert len(copies(aidp.tracking_uri)) == 2
    assert check(aidp.tracking_uri, filled).info.run_id == half.info.run_id


def test_a_killed_command_goes_on(sqlite, aidp, tmp_path):
    client = MlflowClient(sqlite, sqlite)
    experiment = client.get_experiment_by_name("churn").experiment_id
    for _ in range(30):
        run = client.create_run(experiment).info.run_id
        client.log_batch(run, [Metric("m", n, 1, n) for n in range(10)])
        client.set_terminated(run)
    command = [sys.executable, "-m", "mlflow_oci_aidp.cli", "copy", sqlite, aidp.tracking_uri]
    server = subprocess.Popen(
        [*command, "--models", ""], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    while writes(aidp).count("create_experiment_run") < 10:
        assert server.poll() is None, server.communicate()
        time.sleep(0.005)
    os.kill(server.pid, signal.SIGKILL)
    server.communicate()
    _, report = copied(sqlite, aidp.tracking_uri, models=[])
    assert report.present["runs"] > 0
    runs = copies(aidp.tracking_uri)
    assert len(runs) == 30
    platform = MlflowClient(aidp.tracking_uri)
    histories = [platform.get_metric_history(run.info.run_id, "m") for run in runs.values()]
    assert {len(history) for history in histories} == {10}


def test_deleted_runs_and_prompts_on_request(filled, sqlite, aidp):
    MlflowClient(sqlite, sqlite).register_prompt("main.default.greeting", "Hello {{name}}")
    _, report = copied(sqlite, aidp.tracking_uri, with_deleted=True, with_prompts=True)
    assert report.problems == []
    stages = [run.info.lifecycle_stage for run in copies(aidp.tracking_uri).values()]
    assert sorted(stages) == ["active", "active", "deleted"]
    target = MlflowClient(aidp.tracking_uri, aidp.tracking_uri)
    assert target.load_prompt("main.default.greeting", 1).template == "Hello {{name}}"
    _, report = copied(sqlite, aidp.tracking_uri, with_deleted=True, with_prompts=True)
    assert not +report.copied


def test_names_that_the_platform_cannot_have_are_refused_first(sqlite, aidp):
    client = MlflowClient(sqlite, sqlite)
    client.create_registered_model("short")
    with pytest.raises(MlflowException, match=r"'short'.*--name-prefix") as refused:
        copied(sqlite, aidp.tracking_uri)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert writes(aidp) == []
    copied(sqlite, aidp.tracking_uri, name_prefix="main.default")
    target = MlflowClient(aidp.tracking_uri, aidp.tracking_uri)
    assert target.get_registered_model("main.default.short")


def test_what_cannot_be_copied_is_told_and_the_rest_goes_on(filled, sqlite, aidp):
    client = MlflowClient(sqlite, sqlite)
    elsewhere = mlflow.create_experiment("elsewhere")
    run = client.create_run(elsewhere).info.run_id
    client.create_model_version(NAME, f"runs:/{run}/model", run)
    _, report = copied(sqlite, aidp.tracking_uri, experiments=["churn"])
    assert report.outcome == "part"
    (problem,) = report.problems
    assert problem == f"model version {NAME}/4: its run {run} was not copied"


def invoke(*arguments):
    return CliRunner().invoke(main, ["copy", *arguments])


def test_the_command_has_a_status_for_each_outcome(filled, sqlite, aidp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    client = MlflowClient(sqlite, sqlite)
    client.create_model_version(NAME, "runs:/gone/model")
    part = invoke(sqlite, aidp.tracking_uri, "--json")
    assert part.exit_code == 3
    assert json.loads(part.stdout)["copied"]["runs"] == 2
    assert (tmp_path / "mlflow-oci-aidp-copy.jsonl").exists()
    client.delete_model_version(NAME, "4")
    everything = invoke(sqlite, aidp.tracking_uri)
    assert everything.exit_code == 0
    assert "runs: 0 copied, 2 there already" in everything.stdout
    nothing = invoke(sqlite, aidp.tracking_uri, "--experiments", "no such")
    assert nothing.exit_code == 1
    same = invoke(sqlite, sqlite)
    assert same.exit_code == 1
    assert "are the same" in same.output


def test_a_hundred_runs_with_metrics_and_files(sqlite, aidp, tmp_path):
    """A tenth of a thousand runs, with 100 points and 5 files each."""
    client = MlflowClient(sqlite, sqlite)
    experiment = client.get_experiment_by_name("churn").experiment_id
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(str(number))
    points = [Metric("loss", 1 / (step + 1), step, step) for step in range(100)]
    for number in range(100):
        run = client.create_run(experiment).info.run_id
        client.log_batch(run, points, [Param("number", str(number))])
        client.log_artifacts(run, str(folder))
        client.set_terminated(run)
    _, report = copied(sqlite, aidp.tracking_uri, models=[])
    assert report.problems == []
    assert (report.copied["runs"], report.copied["files"]) == (100, 500)
    assert len(copies(aidp.tracking_uri)) == 100
