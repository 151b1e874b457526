"""Which run or logged model the source of a model version belongs to."""

from __future__ import annotations

import time

import mlflow
import pytest

from mlflow_oci_aidp.model_sources import ModelFolder, ModelId, ModelSources, RunArtifacts

ROOT = "oci://bucket@namespace/flowers/artifacts"
RUN = "0123"


def folder(suffix, name, created):
    return ModelFolder(ModelId(RUN, suffix), name, f"{name}.{suffix}", created)


@pytest.fixture
def sources():
    """The sources of a workspace with one run, whose latest model of two stands first."""
    models = (
        folder("00000002", "model", 7),
        folder("00000001", "model", 6),
        folder("00000003", "other", 9),
    )
    run = RunArtifacts(RUN, ROOT, models)
    return ModelSources(lambda run_id: run if run_id == RUN else None)


@pytest.mark.parametrize(
    ("source", "run_id", "expected"),
    [
        (f"runs:/{RUN}/model", None, f"runs:/{RUN}/model.00000002"),
        (f"runs:/{RUN}/model/data/weights", None, f"runs:/{RUN}/model.00000002/data/weights"),
        (f"runs:/{RUN}/elsewhere/model", None, f"runs:/{RUN}/elsewhere/model"),
        (f"models:/m-{RUN}-00000001", None, f"runs:/{RUN}/model.00000001"),
        (f"{ROOT}/model.00000001", RUN, f"runs:/{RUN}/model.00000001"),
    ],
)
def test_a_source_of_a_run_is_found(sources, source, run_id, expected):
    assert sources.find(source, run_id).source == expected


@pytest.mark.parametrize(
    ("source", "run_id"),
    [
        ("runs:/4567/model", None),
        (f"models:/m-{RUN}-0000000f", None),
        ("models:/m-4567-00000001", None),
        ("models:/m-0123456789", RUN),
        ("models:/main.default.iris/1", RUN),
        (f"{ROOT}-other/x", RUN),
        (f"{ROOT}x", RUN),
        (ROOT, RUN),
        (f"{ROOT}/model", None),
        (f"{ROOT}/model", "4567"),
        ("s3://bucket/model", RUN),
    ],
)
def test_a_source_that_lies_elsewhere_is_not_found(sources, source, run_id):
    assert sources.find(source, run_id) is None


@pytest.mark.parametrize(
    ("source", "location"),
    [
        (f"runs:/{RUN}/model.00000001", f"{ROOT}/model.00000001"),
        (f"runs:/{RUN}/model", f"{ROOT}/model.00000002"),
        (f"runs:/{RUN}/elsewhere", f"{ROOT}/elsewhere"),
        (f"models:/m-{RUN}-00000001", f"{ROOT}/model.00000001"),
        ("runs:/4567/model", "runs:/4567/model"),
        (f"models:/m-{RUN}-0000000f", f"models:/m-{RUN}-0000000f"),
        ("models:/m-4567-00000001", "models:/m-4567-00000001"),
        ("s3://bucket/model", "s3://bucket/model"),
    ],
)
def test_the_location_of_a_source(sources, source, location):
    assert sources.resolve(source) == location


def test_the_files_of_a_run_without_a_location_are_nowhere():
    sources = ModelSources(lambda run_id: RunArtifacts(run_id, ""))
    assert sources.find("/model", RUN) is None


# Over a socket


@pytest.fixture
def tracking(aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    client = mlflow.MlflowClient()
    client.create_registered_model("main.default.iris")
    return client


@pytest.fixture
def run(tracking):
    return tracking.create_run("0")


def test_of_two_logged_models_of_one_name_the_latest_is_registered(aidp, tracking, run):
    for _ in range(2):
        time.sleep(0.01)  # A logged model knows the millisecond in which it was made.
        latest = tracking.create_logged_model("0", name="model", source_run_id=run.info.run_id)
    tracking.create_model_version("main.default.iris", f"runs:/{run.info.run_id}/model")
    path = latest.artifact_location.removeprefix(f"{run.info.artifact_uri}/")
    assert aidp.exchanges[-1].body["source"] == f"runs:/{run.info.run_id}/{path}"


def test_a_folder_that_begins_like_those_of_the_run_is_not_one_of_them(aidp, tracking, run):
    source = f"{run.info.artifact_uri}-other/x"
    tracking.create_model_version("main.default.iris", source, run_id=run.info.run_id)
    assert (aidp.exchanges[-1].operation, aidp.exchanges[-1].body["source"]) == (
        "create_model_version",
        source,
    )
