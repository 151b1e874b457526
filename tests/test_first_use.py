"""The first use of MLflow's registry comes from several threads at once, in a fresh process.

MLflow publishes its table of registry stores before the plugins are in it. Where nothing is done
about it, nearly every process of these has a thread that is told that the registry is unsupported.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from tests.support.environments import environ, with_another_plugin

NAME = "main.default.first_use"
PROCESSES = 1
SECONDS = 240

#: Four threads, and what each of them came to.
PROGRAM = """
import json, sys, threading
import mlflow
import mlflow.pyfunc

mlflow.set_tracking_uri(sys.argv[1])
if sys.argv[2]:
    mlflow.set_registry_uri(sys.argv[2])
name = sys.argv[3]
barrier, results = threading.Barrier(4), []


def act():
    barrier.wait()
    try:
        {act}
        results.append("done")
    except Exception as error:
        results.append(f"{{type(error).__name__}}: {{error}}")


threads = [threading.Thread(target=act) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(results))
"""
LOADS = PROGRAM.format(act='mlflow.pyfunc.load_model(f"models:/{name}/1")')
LOOKS_UP = PROGRAM.format(act='mlflow.MlflowClient().get_model_version(name, "1")')
OPENS = PROGRAM.format(act='mlflow.artifacts.load_text(f"runs:/{name}/note.txt")')

MODEL = """
import mlflow


class Same(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


mlflow.models.set_model(Same())
"""


def results(program: str, *arguments: str, variables: dict[str, str] | None = None) -> list[str]:
    """Return what the threads of one fresh process came to."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=variables or environ(),
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture
def run_id(aidp, tmp_path, monkeypatch) -> str:
    """A run of the emulator with a registered model, so small that loading it takes no time."""
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)
    mlflow.set_tracking_uri(aidp.tracking_uri)
    mlflow.set_experiment("first use")
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(
            name="model", python_model="model.py", registered_model_name=NAME, pip_requirements=[]
        )
        mlflow.log_text("here", "note.txt")
    return run.info.run_id


@pytest.mark.parametrize("attempt", range(PROCESSES))
def test_threads_load_a_model(aidp, run_id, attempt):
    assert results(LOADS, aidp.tracking_uri, "", NAME) == ["done"] * 4


@pytest.mark.parametrize("attempt", range(PROCESSES))
def test_threads_use_the_registry_beside_another_tracking_server(aidp, run_id, attempt):
    assert results(LOOKS_UP, "http://127.0.0.1:9", aidp.uri, NAME) == ["done"] * 4


def test_threads_load_a_model_where_another_package_has_a_registry(aidp, run_id, tmp_path):
    variables = with_another_plugin(tmp_path)
    assert results(LOADS, aidp.tracking_uri, "", NAME, variables=variables) == ["done"] * 4


def test_a_thread_that_fills_the_table_is_not_waited_for(aidp, run_id, tmp_path):
    """The other thread is in the middle of importing another package's store, without any lock."""
    code = (
        "import threading, time, mlflow\n"
        "from mlflow.tracking._model_registry.utils import _get_store_registry\n"
        "filling = threading.Thread(target=_get_store_registry)\n"
        "filling.start()\n"
        "time.sleep(0.5)\n"
        f"client = mlflow.MlflowClient({aidp.tracking_uri!r})\n"
        f"version = client.get_model_version({NAME!r}, '1').version\n"
        "print(version, filling.is_alive())"
    )
    assert printed(code, with_another_plugin(tmp_path, seconds=20)) == ["1", "True"]


def test_threads_open_artifacts(aidp, run_id):
    assert results(OPENS, aidp.tracking_uri, "", run_id) == ["done"] * 4


# What it costs users of other servers


def printed(code: str, variables: dict[str, str] | None = None) -> list[str]:
    """Return the words that a fresh process prints, in which a warning is an error."""
    ended = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=variables or environ(),
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def test_filling_the_table_imports_nothing():
    without = (
        "from mlflow_oci_aidp import plugin; "
        "plugin._complete_registry_table_at_import = lambda: None\n"
    )
    modules = "import sys, mlflow, mlflow_oci_aidp.plugin; print(*sorted(sys.modules))"
    assert printed(modules) == printed(without + modules)


def test_the_registry_of_another_package_is_not_imported_with_mlflow(tmp_path):
    loaded = "import sys, mlflow; print('elsewhere_plugin' in sys.modules)"
    assert printed(loaded, with_another_plugin(tmp_path)) == ["False"]


def test_the_registry_of_another_package_is_found_beside_ours(aidp, tmp_path):
    code = (
        "import mlflow\n"
        "from mlflow.tracking._model_registry.utils import _get_store_registry\n"
        f"mlflow.MlflowClient({aidp.tracking_uri!r})\n"
        "print(*(scheme in _get_store_registry()._registry for scheme in ('aidp', 'elsewhere')))"
    )
    assert printed(code, with_another_plugin(tmp_path)) == ["True", "True"]


def test_an_mlflow_that_has_its_table_elsewhere_can_be_imported_and_used(aidp, tmp_path):
    """The workaround for a fault of MLflow's does nothing where MLflow has changed."""
    code = (
        "import mlflow\n"
        "from mlflow.tracking._model_registry import utils\n"
        "from mlflow_oci_aidp import plugin\n"
        "del utils._get_store_registry\n"
        "plugin.volume_artifacts\n"
        f"print(mlflow.MlflowClient({aidp.tracking_uri!r}).search_experiments(max_results=1)[0].name)"
    )
    assert printed(code) == ["Default"]


def test_the_faulty_registry_of_another_package_breaks_nothing_of_ours(aidp, tmp_path):
    code = (
        "import mlflow\n"
        f"client = mlflow.MlflowClient({aidp.tracking_uri!r}, {aidp.uri!r})\n"
        "print(client.search_experiments(max_results=1)[0].name)\n"
        "print(len(client.search_registered_models()))"
    )
    variables = with_another_plugin(tmp_path, raises="RuntimeError('this plugin needs a GPU')")
    assert printed(code, variables) == ["Default", "0"]
