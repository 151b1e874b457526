"""A part of the package that cannot be imported: who says it, and what.

The environment of each test is as a newer MLflow could make it: an import of the part fails.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import mlflow
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from mlflow_oci_aidp import __version__, mlflow_versions, plugin
from tests.support.environments import broken

URI = "aidp://ocid1.datalake.oc1.iad.x/w1?endpoint=http://127.0.0.1:9"
SECONDS = 120
PARTS = {
    "registry store": (
        "registry.store",
        "mlflow.MlflowClient(uri).get_registered_model('main.default.x')",
    ),
    "tracking store": ("tracking.store", "mlflow.set_experiment('x')"),
    "artifact repository of volumes": (
        "artifacts.volumes",
        "mlflow.artifacts.list_artifacts('aidp:/Volumes/main/default/x')",
    ),
    "artifact repository of Object Storage": (
        "artifacts.object_storage",
        "mlflow.artifacts.list_artifacts('oci://bucket@namespace/x')",
    ),
}


def error_of(call: str, variables: dict[str, str]) -> list[str]:
    """Return type, code, message and cause of what a call raises in a fresh process."""
    code = (
        f"import mlflow\nuri = {URI!r}\nmlflow.set_tracking_uri(uri)\n"
        f"try:\n    {call}\nexcept Exception as error:\n"
        "    cause = type(error.__cause__).__name__\n"
        "    print(type(error).__name__, error.error_code, error, cause, sep='\\n')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, env=variables
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("part", PARTS)
def test_whoever_asks_first_is_told_what_to_install(tmp_path, part):
    module, call = PARTS[part]
    kind, code, message, cause = error_of(call, broken(tmp_path, f"mlflow_oci_aidp.{module}"))
    assert (kind, code, cause) == ("AidpError", "INTERNAL_ERROR", "ImportError")
    begin = (
        f"The {part} of mlflow-oci-aidp {__version__} "
        f"cannot be loaded with MLflow {mlflow.__version__}: "
    )
    assert begin in message
    assert "_a_name_that_a_newer_mlflow_has_not" in message
    assert '`pip install --force-reinstall mlflow-oci-aidp "mlflow>=' in message


def test_every_part_has_a_loader():
    assert [loader().__name__ for loader in plugin.LOADERS] == [
        "AidpRegistryStore",
        "AidpTrackingStore",
        "VolumeArtifactRepository",
        "OciArtifactRepository",
    ]


def test_models_prints_no_traceback(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "mlflow_oci_aidp.cli", "models", URI],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=broken(tmp_path, "mlflow_oci_aidp.registry.store"),
    )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert ended.stderr.startswith("Error: The registry store of mlflow-oci-aidp ")


@pytest.mark.parametrize(
    "command", [["models", URI], ["check", URI], ["uri"]], ids=lambda words: words[0]
)
def test_a_command_that_cannot_be_loaded_prints_no_traceback(tmp_path, command):
    """What all parts have in common may be broken as well: then there is no report, but a cause."""
    ended = subprocess.run(
        [sys.executable, "-m", "mlflow_oci_aidp.cli", *command],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=broken(tmp_path, "mlflow_oci_aidp.settings"),
    )
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)
    assert f"cannot be loaded with MLflow {mlflow.__version__}: " in ended.stderr


# What is said about versions


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("3.0.1", "is older than"),
        (mlflow_versions.OLDEST, ""),
        (mlflow_versions.NEWEST, ""),
        (f"{mlflow_versions.NEWEST}rc1", ""),
        ("3.99.0", f"is newer than {mlflow_versions.NEWEST}"),
        ("4.0.0", f"is newer than {mlflow_versions.NEWEST}"),
        ("a-fork", ""),
    ],
)
def test_a_version_out_of_the_tested_range_is_one_sentence(version, words):
    said = mlflow_versions.warning(version)
    assert words in said
    assert bool(said) == bool(words)
    assert said.count(". ") == 0


def test_a_newer_mlflow_gets_the_advice_to_look_for_a_newer_package():
    message = str(
        mlflow_versions.not_loadable("registry store", ImportError("no name"), version="3.99.0")
    )
    assert (
        "cannot be loaded with MLflow 3.99.0: no name. Install a newer mlflow-oci-aidp, " in message
    )


def test_a_package_that_is_missing_is_not_blamed_on_mlflow():
    message = str(
        mlflow_versions.not_loadable(
            "registry store", ModuleNotFoundError("No module", name="oci.auth")
        )
    )
    assert message.endswith(
        "Install mlflow-oci-aidp with what it needs, `pip install mlflow-oci-aidp`."
    )


def test_the_tested_range_is_within_what_can_be_installed():
    needs = [Requirement(text) for text in requires("mlflow-oci-aidp")]
    (skinny,) = (need.specifier for need in needs if need.name == "mlflow-skinny")
    assert f">={mlflow_versions.OLDEST}" in str(skinny)
    assert skinny.contains(mlflow_versions.NEWEST)


def test_the_mlflow_of_these_tests_is_in_the_tested_range():
    assert (
        Version(mlflow_versions.OLDEST)
        <= Version(mlflow.__version__)
        <= Version(mlflow_versions.NEWEST)
    )


def test_the_documentation_names_the_tested_range():
    page = (Path(__file__).parent.parent / "docs" / "compatibility.md").read_text()
    assert f"| {mlflow_versions.OLDEST} to {mlflow_versions.NEWEST} | tested: " in page
