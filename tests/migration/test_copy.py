"""``copy``: everything arrives, once, with its ids rewritten."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
from mlflow.entities import ViewType

from tests.migration.conftest import fill


def runs_by_name(client, experiment="flowers", view=ViewType.ALL):
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], run_view_type=view)
    return {run.info.run_name: client.get_run(run.info.run_id) for run in runs}


def own_tags(tags):
    return {k: v for k, v in tags.items() if not k.startswith(("mlflow-oci-aidp.", "mlflow."))}


def check(client, old, tmp_path, name):
    """Compare a server with what ``fill`` made."""
    mlflow.set_tracking_uri(client.tracking_uri)  # MLflow 3.1 downloads from there
    runs = runs_by_name(client)
    child, parent = runs["child"], runs["parent"]
    child_id = child.info.run_id
    assert child_id not in old.values()
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert json.loads(child.data.tags["mlflow.log-model.history"])[0]["run_id"] == child_id
    assert own_tags(child.data.tags) == {"note": "hello"}
    assert child.data.params == {"depth": "3", "kind": "tree"}
    info = child.info
    assert (info.status, info.start_time, info.end_time) == ("FAILED", 1000, 3000)
    losses = client.get_metric_history(child_id, "loss")
    assert sorted((m.step, m.timestamp, m.value) for m in losses) == [
        (step, 1000 + step, 1 / step) for step in range(1, 6)
    ]
    assert len(client.get_metric_history(child_id, "acc")) == 1
    [data] = child.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest, data.tags[0].value) == (
        "train",
        "d1",
        "training",
    )
    [output] = child.outputs.model_outputs
    assert output.step == 2
    model = client.get_logged_model(output.model_id)
    assert [one.model_id for one in parent.inputs.model_inputs] == [model.model_id]
    assert (model.name, model.model_type, str(model.status)) == ("iris", "sklearn", "READY")
    assert (model.source_run_id, model.params) == (child_id, {"depth": "3"})
    assert own_tags(model.tags) == {"kind": "tree"}
    assert [(m.key, m.value, m.dataset_name) for m in model.metrics] == [("acc", 0.5, "train")]
    text = client.download_artifacts(child_id, "a/b.txt", str(tmp_path))
    assert Path(text).read_text() == "text"
    registered = client.get_registered_model(name)
    assert (registered.description, own_tags(registered.tags)) == ("Irises", {"team": "ml"})
    assert {alias: str(number) for alias, number in registered.aliases.items()} == {"champion": "1"}
    first, second = (client.get_model_version(name, number) for number in "12")
    assert (first.description, own_tags(first.tags), first.run_id) == (
        "The first",
        {"best": "yes"},
        child_id,
    )
    assert second.current_stage == "Production"
    assert second.source == f"runs:/{child_id}/a"
    return child_id, model


def check_files(tracking_uri, name, child_id, model, folder):
    """Load the first version, whose files have the new ids."""
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)
    folder.mkdir()
    path = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=str(folder)))
    text = (path / "MLmodel").read_text()
    assert f"run_id: {child_id}\nmodel_id: {model.model_id}\n" in text
    assert (path / "data" / "model.bin").read_bytes() == bytes(range(256))


def test_there_and_back(aidp, platform, database, another, copy, tmp_path):
    old = fill(database, tmp_path)
    there = (database.uri, aidp.tracking_uri, "--name-prefix", "main.default", "--deleted-runs")
    status, report = copy(*there)
    assert (report["not_copied"], report["notes"], status) == ([], [], 0)
    child_id, model = check(platform, old, tmp_path / "one", "main.default.iris")
    check_files(aidp.tracking_uri, "main.default.iris", child_id, model, tmp_path / "there")
    assert runs_by_name(platform)["deleted"].info.lifecycle_stage == "deleted"

    lines = [json.loads(line) for line in (tmp_path / "ids.jsonl").read_text().splitlines()]
    new = {(line["kind"], line["source"]): line["target"] for line in lines}
    assert len(new) == len(lines)
    assert new["run", old["child"]] == child_id
    assert new["logged_model", old["model"]] == model.model_id
    assert new["model_version", "iris/1"] == "main.default.iris/1"

    # Again: nothing is written, not a byte.
    aidp.exchanges.clear()
    status, report = copy(*there)
    assert status == 0
    assert {kind: count["copied"] for kind, count in report["counts"].items()} == dict.fromkeys(
        report["counts"], 0
    )
    assert writes(aidp) == []
    assert len((tmp_path / "ids.jsonl").read_text().splitlines()) == len(lines)

    # Back, into another database.
    status, report = copy(aidp.tracking_uri, another.uri)
    assert (status, report["not_copied"]) == (0, [])
    assert "deleted" not in runs_by_name(another.client)
    child_id, model = check(another.client, old, tmp_path / "two", "main.default.iris")
    check_files(another.uri, "main.default.iris", child_id, model, tmp_path / "back")
    # The platform has a logged model's files in its run: they are copied with the model alone.
    assert [file.path for file in another.client.list_artifacts(child_id)] == ["a"]

    # Back to where they came from: the originals are there.
    status, report = copy(aidp.tracking_uri, database.uri, "--experiments", "flowers")
    assert report["counts"]["runs"] == {"copied": 0, "there": 2, "not_copied": 0}


def writes(aidp):
    """The requests that change something. Searches are sent by POST, too."""
    return [
        exchange.path
        for exchange in aidp.exchanges
        if exchange.verb != "GET" and not exchange.path.endswith("/search")
    ]
