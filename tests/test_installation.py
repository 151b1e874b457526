"""Installing the package costs nobody anything: no import of oci, no warning, no header."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import mlflow
import pytest
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore


def python(code, *arguments):
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_mlflow_finds_the_store():
    uri = "aidp://ocid1.datalake.oc1.iad.x"
    assert isinstance(
        mlflow.MlflowClient(registry_uri=uri)._get_registry_client().store, AidpRegistryStore
    )


def test_mlflow_finds_the_tracking_store():
    store = mlflow.MlflowClient("aidp://ocid1.datalake.oc1.iad.x/w1")._tracking_client.store
    assert isinstance(store, AidpTrackingStore)


@pytest.mark.parametrize(
    ("location", "repository"),
    [
        ("oci://bucket@namespace/prefix", OciArtifactRepository),
        ("aidp:/Volumes/main/default/artifacts/1", VolumeArtifactRepository),
    ],
)
def test_mlflow_finds_the_artifact_repositories(aidp, monkeypatch, location, repository):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    assert isinstance(get_artifact_repository(location), repository)


def test_importing_mlflow_loads_one_small_file():
    """MLflow loads the entry points of tracking and artifacts when it is imported itself."""
    code = (
        "import sys, mlflow; "
        "print(*[n for n in sys.modules if n.split('.')[0] in ('oci', 'mlflow_oci_aidp')])"
    )
    assert python(code) == ["mlflow_oci_aidp", "mlflow_oci_aidp.plugin"]


def test_users_of_other_stores_load_one_small_file():
    loaded = python(
        "import sys, mlflow\n"
        "from mlflow.store.artifact import artifact_repository_registry\n"
        "from mlflow.tracking._model_registry.utils import _get_store_registry\n"
        "from mlflow.tracking._tracking_service.utils import _tracking_store_registry\n"
        "artifacts = artifact_repository_registry._artifact_repository_registry\n"
        "for registry in (_get_store_registry(), _tracking_store_registry, artifacts):\n"
        "    assert 'aidp' in registry._registry\n"
        "print(*sorted(n for n in sys.modules if n.split('.')[0] in ('oci', 'mlflow_oci_aidp')))"
    )
    assert loaded == ["mlflow_oci_aidp", "mlflow_oci_aidp.plugin"]


def test_no_store_imports_oci_where_an_endpoint_is_named():
    uri = "aidp://ocid1.datalake.oc1.iad.x/w1?endpoint=https://a.example&object_storage_endpoint=https://b.example"
    loaded = python(
        "import sys\n"
        "from mlflow_oci_aidp import plugin\n"
        "plugin.registry_store(sys.argv[1])\n"
        "plugin.tracking_store(sys.argv[1])\n"
        "plugin.volume_artifacts('aidp:/Volumes/a/b/c', sys.argv[1])\n"
        "plugin.oci_artifacts('oci://bucket@namespace/prefix', sys.argv[1])\n"
        "print(*sorted({n.split('.')[0] for n in sys.modules}))",
        uri,
    )
    assert "mlflow_oci_aidp" in loaded
    assert "oci" not in loaded


#: What mlflow brings, and mlflow-skinny does not.
NOT_SKINNY = (
    "numpy",
    "pandas",
    "sklearn",
    "scipy",
    "pyarrow",
    "matplotlib",
    "sqlalchemy",
    "alembic",
    "flask",
    "werkzeug",
)

#: A training script's way through tracking, artifacts, logged models and the registry.
JOB = """
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment(experiment_id=mlflow.create_experiment("skinny", sys.argv[2] or None))
with mlflow.start_run() as run:
    mlflow.log_param("rate", 0.1)
    mlflow.log_metrics({"loss": 0.5}, step=1)
    mlflow.set_tag("kind", "test")
    mlflow.log_text("kept", "notes/note.txt")
    mlflow.initialize_logged_model("model")
client = mlflow.MlflowClient()
(logged,) = client.search_runs([run.info.experiment_id], "metrics.loss < 1")
(model,) = client.search_logged_models([run.info.experiment_id])
client.create_registered_model("main.default.skinny")
run_id = run.info.run_id
version = client.create_model_version("main.default.skinny", f"runs:/{run_id}/notes", run_id)
history = client.get_metric_history(run_id, "loss")
print(logged.data.params["rate"], len(history), model.name, version.version)
print(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/note.txt"))
"""


#: What of our own stands for a private function of MLflow, in both stores, and makes no request.
RULES = """
from mlflow.exceptions import MlflowException
from mlflow_oci_aidp import plugin

registry, tracking = plugin.registry_store(sys.argv[1]), plugin.tracking_store(sys.argv[1])
for refused in (
    lambda: registry.set_registered_model_alias("main.default.skinny", "v1", "1"),
    lambda: tracking.rename_experiment("1", " "),
    lambda: tracking.create_logged_model("1", "a/b"),
):
    try:
        refused()
    except MlflowException as problem:
        print(problem.error_code)
"""


def test_stores_and_rules_on_names_need_mlflow_skinny_alone():
    """SQLAlchemy above all, which MLflow's own validators bring in."""
    hide = f"import sys\nsys.modules.update(dict.fromkeys({NOT_SKINNY}))\n"
    uri = "aidp://ocid1.datalake.oc1.iad.x/w1?endpoint=http://127.0.0.1:9"
    assert python(hide + RULES, uri) == ["INVALID_PARAMETER_VALUE"] * 3


@pytest.mark.parametrize(
    "place", ["", "/Volumes/main/default/artifacts/skinny"], ids=["Object Storage", "volume"]
)
def test_mlflow_skinny_is_enough(aidp, place):
    """Here stands the full mlflow: what it brings is made impossible to import."""
    hide = f"import sys\nsys.modules.update(dict.fromkeys({NOT_SKINNY}))\n"
    assert python(hide + JOB, aidp.tracking_uri, place) == ["0.1", "1", "model", "1", "kept"]


def test_no_warning_is_given_to_users_of_other_registries():
    code = (
        "import logging, warnings, mlflow\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "warnings.simplefilter('error')\n"
        "from importlib.metadata import entry_points\n"
        "groups = ('mlflow.model_registry_store', 'mlflow.tracking_store', "
        "'mlflow.artifact_repository', 'mlflow.scorer_store', 'mlflow.labeling_store', "
        "'mlflow.workspace_provider')\n"
        "entries = [entry for group in groups for entry in entry_points(group=group)]\n"
        "assert len([entry.load() for entry in entries if entry.name in ('aidp', 'oci')]) == 7\n"
        "print('quiet')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.stdout.strip(), [line for line in done.stderr.splitlines() if "aidp" in line]) == (
        "quiet",
        [],
    )


@pytest.mark.parametrize(
    "group", ["mlflow.request_header_provider", "mlflow.request_auth_provider"]
)
def test_no_provider_of_ours_is_asked_by_requests_to_other_servers(group):
    assert [entry.value for entry in entry_points(group=group) if "aidp" in entry.value] == []
