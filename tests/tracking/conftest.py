from __future__ import annotations

import mlflow
import pytest

from mlflow_oci_aidp.tracking.store import AidpTrackingStore


@pytest.fixture
def store(aidp):
    """The store itself: one call is one method."""
    return AidpTrackingStore(aidp.tracking_uri)


@pytest.fixture
def tracking(aidp, monkeypatch):
    """MLflow with a workspace of the emulator as its tracking server, set as a user sets it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    yield mlflow.MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def run(tracking):
    """A run without content."""
    return tracking.create_run(tracking.create_experiment("flowers"))
