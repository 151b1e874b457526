"""Installing the package costs nobody anything: no import of oci, no warning, no header."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import mlflow
import pytest

from mlflow_oci_aidp.registry.store import AidpRegistryStore


def python(code):
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_mlflow_finds_the_store():
    uri = "aidp://ocid1.datalake.oc1.iad.x"
    assert isinstance(mlflow.MlflowClient(registry_uri=uri)._get_registry_client().store, AidpRegistryStore)


def test_importing_mlflow_imports_neither_oci_nor_us():
    code = "import sys, mlflow; print(*[n for n in sys.modules if n.split('.')[0] in ('oci', 'mlflow_oci_aidp')])"
    assert python(code) == []


def test_users_of_other_registries_load_one_small_file():
    loaded = python(
        "import sys, mlflow\n"
        "from mlflow.tracking._model_registry.utils import _get_store_registry\n"
        "assert 'aidp' in _get_store_registry()._registry\n"
        "print(*sorted(n for n in sys.modules if n.split('.')[0] in ('oci', 'mlflow_oci_aidp')))"
    )
    assert loaded == ["mlflow_oci_aidp", "mlflow_oci_aidp.plugin"]


def test_a_store_imports_no_oci_where_an_endpoint_is_named():
    loaded = python(
        "import sys\n"
        "from mlflow_oci_aidp.plugin import registry_store\n"
        "registry_store('aidp://ocid1.datalake.oc1.iad.x?endpoint=https://example.com')\n"
        "print(*sorted({n.split('.')[0] for n in sys.modules}))"
    )
    assert "oci" not in loaded


def test_no_warning_is_given_to_users_of_other_registries():
    code = (
        "import logging, warnings, mlflow\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "warnings.simplefilter('error')\n"
        "from importlib.metadata import entry_points\n"
        "[entry.load() for entry in entry_points(group='mlflow.model_registry_store') if entry.name == 'aidp']\n"
        "print('quiet')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout.strip(), [line for line in done.stderr.splitlines() if "aidp" in line]) == ("quiet", [])


@pytest.mark.parametrize("group", ["mlflow.request_header_provider", "mlflow.request_auth_provider"])
def test_no_provider_of_ours_is_asked_by_requests_to_other_servers(group):
    assert [entry.value for entry in entry_points(group=group) if "aidp" in entry.value] == []
