"""What was pickled with an earlier release works in today's code.

MLflow pickles stores, and users pickle entities.
"""

from __future__ import annotations

import base64
import pickle

import mlflow
import pytest
from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion, RegisteredModel

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.upgrade import answers
from tests.upgrade.conftest import DATA
from tests.upgrade.record import IRIS

#: The recordings, by release and the MLflow that pickled: entities are MLflow's own classes.
RECORDINGS = sorted(
    path.relative_to(DATA).as_posix() for path in DATA.glob("*/pickles-mlflow-*.json")
)


@pytest.fixture(params=RECORDINGS)
def unpickled(request, left):
    """Makes a recorded value of its name."""
    release, _, name = request.param.partition("/")
    if release != left.data.name:
        pytest.skip("of another release")
    recorded = left.read(name)["pickles"]
    return lambda name: pickle.loads(base64.b64decode(recorded[name]["pickle"]))


@pytest.fixture
def made(left):
    """The runs and models of the recording, by name."""
    return left.read("made.json")


@pytest.fixture
def expected(left):
    """What the release answered."""
    return left.read("answers.json")


def test_the_tracking_store(left, unpickled, made):
    store = unpickled("tracking store")
    assert type(store) is AidpTrackingStore
    run = store.get_run(made["runs"]["first"])
    assert run.info.run_name == "first"
    assert repr(store) == repr(AidpTrackingStore(left.tracking_uri))


@pytest.mark.parametrize("name", ["registry store", "registry store without a workspace"])
def test_the_registry_store(unpickled, name):
    store = unpickled(name)
    assert type(store) is AidpRegistryStore
    assert store.get_model_version_by_alias(IRIS, "champion").version == "2"


def test_a_registry_store_knows_its_workspace_again(unpickled, made, expected):
    # Version 13 has the id of a logged model for its source, which the workspace knows.
    place = unpickled("registry store").get_model_version_download_uri(IRIS, "13")
    assert place == expected["logged_models"][made["models"]["model"]]["artifact_location"]


@pytest.mark.parametrize(
    ("name", "kind", "run"),
    [
        ("repository of Object Storage", OciArtifactRepository, "first"),
        ("repository of a volume", VolumeArtifactRepository, "volume"),
    ],
)
def test_a_repository(unpickled, made, expected, tmp_path, name, kind, run):
    repository = unpickled(name)
    assert type(repository) is kind
    recorded = expected["files_of_runs"][made["runs"][run]]
    listed = {
        entry.path: entry.file_size for entry in repository.list_artifacts() if not entry.is_dir
    }
    assert listed == {path: size for path, size in recorded["sizes"].items() if "/" not in path}
    repository.download_artifacts("notes.txt", str(tmp_path))
    assert (tmp_path / "notes.txt").read_text() == recorded["contents"]["notes.txt"]


@pytest.mark.parametrize("name", ["model version", "model version by alias"])
def test_a_model_version_has_its_aliases(unpickled, expected, name):
    version = unpickled(name)
    assert type(version) is ModelVersion
    recorded = {
        key: value
        for key, value in expected["model_versions"][f"{IRIS}/2"].items()
        if key != "download_uri"
    }
    assert answers.fields_of_version(version) == recorded
    assert version.aliases == ["Best-of_2024", "champion"]


def test_a_page_of_model_versions(unpickled, expected):
    page = unpickled("page of model versions")
    assert len(page) == 5
    assert page.token
    for version in page:
        recorded = expected["model_versions"][f"{IRIS}/{version.version}"]
        assert answers.fields_of_version(version).items() <= recorded.items()


def test_a_registered_model(unpickled, expected):
    model = unpickled("registered model")
    assert type(model) is RegisteredModel
    assert answers.fields_of_registered_model(model) == expected["registered_models"][IRIS]


def test_a_run_with_its_metrics(unpickled, made, expected):
    run = unpickled("run")
    recorded = expected["runs"][made["runs"]["first"]]
    assert (run.data.params, run.data.tags) == (recorded["params"], recorded["tags"])
    assert {key: repr(value) for key, value in run.data.metrics.items()} == recorded["latest"]


def test_a_metric_history(unpickled, made, expected):
    history = [answers.fields_of_metric(metric) for metric in unpickled("metric history")]
    assert history == expected["runs"][made["runs"]["first"]]["metrics"]["loss"]


def test_a_logged_model(unpickled, made, expected):
    assert (
        answers.fields_of_logged_model(unpickled("logged model"))
        == expected["logged_models"][made["models"]["model"]]
    )


def test_an_experiment(unpickled, made, expected):
    assert unpickled("experiment").name == expected["experiments"][made["flowers"]]["name"]


def test_a_metric_that_was_read_is_not_recorded_again(
    unpickled, left, made, data_folder, monkeypatch
):
    with Emulator(data_folder) as aidp:
        for name, value in aidp.environ.items():
            monkeypatch.setenv(name, value)
        client = mlflow.MlflowClient(left.tracking_uri + f"?endpoint={aidp.endpoint}")
        run_id = made["runs"]["first"]
        known = unpickled("metric history")[-1]
        model_id = made["models"]["pending"]
        again = Metric(
            known.key, known.value, known.timestamp, known.step, model_id, run_id=known.run_id
        )
        aidp.exchanges.clear()
        client.log_batch(run_id, [again])
        # What was sent, not what is there: the emulator's store keeps one of two metrics that are
        # the same.
        sent = [exchange.body for exchange in aidp.exchanges if exchange.body]
        assert [body for body in sent if "metrics" in body or "value" in body] == []
        (metric,) = client.get_logged_model(model_id).metrics
        assert (metric.key, metric.value) == ("loss", known.value)
