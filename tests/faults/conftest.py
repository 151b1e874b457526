from __future__ import annotations

import pytest
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

from mlflow_oci_aidp import settings
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.retry import Clock, RetryPolicy
from mlflow_oci_aidp.transport import Transport

from .plan import NAME

#: Seconds that one attempt may take here: a hang is over soon, and no healthy answer is late.
TIMEOUT = 0.7


class PatientClock(Clock):
    """Tells the time, and does not sleep."""

    def __init__(self):
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)


@pytest.fixture(scope="module")
def shared():
    """One emulator for a module: its registry is emptied for each test."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def clock():
    return PatientClock()


@pytest.fixture
def reader(shared):
    """A store that meets no faults, since they are gone when it reads."""
    return AidpRegistryStore(shared.uri)


@pytest.fixture
def store(shared, clock, reader):
    """A store that waits for nothing, on a registry with one model and one version."""
    shared.faults.clear()
    for model in reader.search_registered_models():
        reader.delete_registered_model(model.name)
    reader.create_registered_model(NAME, [RegisteredModelTag("old", "1")])
    reader.create_model_version(NAME, "s3://bucket/first", tags=[ModelVersionTag("old", "1")])
    shared.exchanges.clear()
    made = AidpRegistryStore(shared.uri)
    found = settings.resolve(shared.uri)
    made._transport = Transport(
        found, Identity(found), RetryPolicy(max_retries=3, backoff_factor=1, backoff_jitter=0, timeout=TIMEOUT), clock
    )
    return made
