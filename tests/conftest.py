"""The beginning of every test: no setting of this machine, and an emulator if asked for."""

from __future__ import annotations

import os

# Before MLflow is imported: nothing but the code under test talks to anybody.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow
import pytest

from mlflow_oci_aidp.auth_modes import RESOURCE_PRINCIPAL_VARIABLE
from mlflow_oci_aidp.settings_table import SETTINGS
from tests.support.process_state import TrackingFile, forget_connections, forget_stores


@pytest.fixture(scope="session")
def tracking_file(tmp_path_factory):
    """The database of MLflow's own tracking store, for tests that are about something else."""
    file = TrackingFile(tmp_path_factory.mktemp("tracking") / "tracking.db")
    yield file
    file.close()


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path, tracking_file):
    """Settings come from the test alone, and a failing call does not take minutes."""
    for setting in SETTINGS:
        for variable in setting.environment:
            monkeypatch.delenv(variable, raising=False)
    for variable in (
        RESOURCE_PRINCIPAL_VARIABLE,
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    # The experiment of the test before, which MLflow remembers for this process and its children.
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_file.uri)
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    forget_connections()
    forget_stores()
    tracking_file.reset()


@pytest.fixture(scope="session")
def session_emulator():
    """The emulator of all tests that need none with settings or a life of its own."""
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def aidp(session_emulator):
    """An AI Data Platform on this machine, as if it were new."""
    session_emulator.reset()
    return session_emulator


@pytest.fixture
def own_aidp():
    """An emulator of the test's own, to be stopped, or without anybody else's connections."""
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
    return dp.MLOpsClient(
        config, service_endpoint=aidp.endpoint, retry_strategy=oci.retry.NoneRetryStrategy()
    )
