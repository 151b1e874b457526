"""What every test begins with: no setting of this machine, and an emulator where one is asked for."""

from __future__ import annotations

import os

# Before MLflow is imported: nothing but the code under test talks to anybody.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow
import pytest

import mlflow_oci_aidp
from mlflow_oci_aidp import session
from mlflow_oci_aidp.auth_modes import RESOURCE_PRINCIPAL_VARIABLE
from mlflow_oci_aidp.settings_table import SETTINGS


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path):
    """Settings come from the test alone, and a failing call does not take minutes."""
    for setting in SETTINGS:
        for variable in setting.environment:
            monkeypatch.delenv(variable, raising=False)
    for variable in (RESOURCE_PRINCIPAL_VARIABLE, "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    # The experiment of the test before, which MLflow remembers for this process and its children.
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/tracking.db")
    yield
    mlflow_oci_aidp.use_signer(None)
    session.forget_sessions()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture
def aidp():
    """An AI Data Platform on this machine."""
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def client(aidp):
    """MLflow's own client, with the emulator as its registry."""
    return mlflow.MlflowClient(registry_uri=aidp.uri)


@pytest.fixture
def sdk(aidp):
    """Oracle's own client."""
    oci = pytest.importorskip("oci")
    dp = pytest.importorskip("aidp_python_client.aidataplatform_dp")
    config = oci.config.from_file(aidp.config_file)
    return dp.MLOpsClient(config, service_endpoint=aidp.endpoint, retry_strategy=oci.retry.NoneRetryStrategy())
