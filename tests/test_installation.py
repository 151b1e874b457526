"""Installing the package costs nobody anything: no import of oci, no warning, no header."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

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
    found = {entry.name: entry for entry in entry_points(group="mlflow.model_registry_store")}
    assert found["aidp"].load() is AidpRegistryStore


def test_importing_mlflow_imports_neither_oci_nor_us():
    code = "import sys, mlflow; print(*[n for n in sys.modules if n.split('.')[0] in ('oci', 'mlflow_oci_aidp')])"
    assert python(code) == []


def test_loading_the_entry_point_imports_no_oci_and_nothing_big():
    loaded = python(
        "import sys, mlflow\n"
        "from mlflow.tracking._model_registry.utils import _get_store\n"
        "_get_store('sqlite://')\n"
        "print(*sorted({n.split('.')[0] for n in sys.modules}))"
    )
    assert "mlflow_oci_aidp" in loaded
    assert not {"oci", "sklearn"} & set(loaded)


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
