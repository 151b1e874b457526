"""The fixtures for other programs' tests, in a pytest of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

USED = """
import mlflow
import pytest


def test_registry(aidp):
    mlflow.MlflowClient().create_registered_model("main.default.a")
    assert [row.operation for row in aidp.exchanges] == ["create_registered_model"]


def test_the_next_test_finds_it_empty(aidp):
    assert mlflow.MlflowClient().search_registered_models() == []


def test_tracking(aidp_tracking):
    mlflow.set_experiment("a")
    mlflow.start_run()
    mlflow.log_metric("loss", 1.0)


def test_nothing_of_it_stays():
    assert mlflow.active_run() is None
    assert not mlflow.get_tracking_uri().startswith("aidp:")
    assert not mlflow.get_registry_uri().startswith("aidp:")
"""
UNUSED = """
import sys


def test_nothing_was_imported():
    heavy = ("mlflow", "oci", "requests", "mlflow_oci_aidp.emulator", "mlflow_oci_aidp.settings")
    assert [name for name in heavy if name in sys.modules] == []
    assert "mlflow_oci_aidp.testing" in sys.modules
"""


def pytest_of(folder, text):
    (folder / "test_theirs.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(("text", "passed"), [(USED, 4), (UNUSED, 1)], ids=["used", "unused"])
def test_in_a_pytest_of_its_own(tmp_path, text, passed):
    done = pytest_of(tmp_path, text)
    assert f"{passed} passed" in done.stdout, done.stdout
