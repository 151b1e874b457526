"""``api_version``: instances that answer another version of the API than the documented one."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.settings import resolve
from tests.cli.conftest import run


@pytest.fixture(scope="module")
def older():
    with Emulator(api_version="20240831") as emulator:
        yield emulator


def without_version(uri):
    return uri.replace("&api_version=20240831", "")


def test_every_call_begins_as_the_version_does(older, tmp_path, monkeypatch):
    mlflow.set_tracking_uri(without_version(older.tracking_uri))
    monkeypatch.setenv("AIDP_API_VERSION", "20240831")
    (tmp_path / "a.txt").write_text("a")
    client = mlflow.MlflowClient()
    client.create_registered_model("main.default.m")
    experiment = client.create_experiment(
        "e", artifact_location="aidp:/Volumes/main/default/artifacts/e"
    )
    client.log_artifact(client.create_run(experiment).info.run_id, str(tmp_path / "a.txt"))
    begins = {exchange.path.partition("/ocid1.")[0] for exchange in older.exchanges}
    assert begins == {"/20240831/dataLakes"}


def test_check_names_the_version_that_is_answered(older):
    result = run("check", without_version(older.uri))
    assert result.exit_code == 1
    assert "answers the API version 20240831, and not 20260430 (404)" in result.stdout
    assert (
        "Set AIDP_API_VERSION=20240831, or add ?api_version=20240831 to the URI." in result.stdout
    )


def test_check_is_content_with_the_right_version(older):
    assert run("check", older.uri).exit_code == 0


def test_a_documented_instance_does_not_answer_the_older_version(aidp):
    result = run("check", f"{aidp.uri}&api_version=20240831")
    assert "Set AIDP_API_VERSION=20260430" in result.stdout


def test_check_says_that_mlflow_is_probably_not_enabled(aidp):
    aidp.faults.add("status", status=404, times=None, operation="list_registered_models")
    result = run("check", aidp.uri)
    assert result.exit_code == 1
    assert "lists its workspaces by the API version 20260430" in result.stdout
    assert "The Preview of MLflow is probably not enabled" in result.stdout
    assert "AIDP_API_VERSION" not in result.stdout


def test_check_names_the_version_of_an_instance_without_mlflow(older):
    older.faults.add("status", status=404, times=None, operation="list_registered_models")
    result = run("check", without_version(older.uri))
    assert "probably not enabled" in result.stdout
    assert "Set AIDP_API_VERSION=20240831, too." in result.stdout
    older.faults.clear()


def test_check_asks_for_a_policy_where_nothing_is_answered(aidp):
    aidp.faults.add("status", status=404, times=None)
    result = run("check", aidp.uri)
    assert "probably not enabled" not in result.stdout
    assert "a policy is missing" in result.stdout


def test_another_version_is_refused(aidp):
    with pytest.raises(MlflowException, match="Known are: 20260430, 20240831") as caught:
        resolve(f"{aidp.uri}&api_version=2")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
