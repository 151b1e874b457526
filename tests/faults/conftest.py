from __future__ import annotations

import pytest

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.retry import Clock, RetryPolicy
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from mlflow_oci_aidp.transport import Transport

from . import registry_plan, tracking_plan

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


#: By store: what it is made of, and the plan of its operations.
PARTS = {"registry": (AidpRegistryStore, registry_plan), "tracking": (AidpTrackingStore, tracking_plan)}


@pytest.fixture
def part():
    """Which store is tested."""
    return "registry"


@pytest.fixture
def name():
    """Which operation of it is tested."""
    return ""


@pytest.fixture
def make(shared, part):
    """Makes a store of the part that is tested."""
    uri = shared.tracking_uri if part == "tracking" else shared.uri
    return lambda: PARTS[part][0](uri)


@pytest.fixture
def reader(make):
    """A store that meets no faults, since they are gone when it reads."""
    return make()


@pytest.fixture
def store(shared, clock, reader, make, part, name):
    """A store that waits for nothing, on what its plan begins with."""
    shared.faults.clear()
    PARTS[part][1].prepare(reader, name)
    shared.exchanges.clear()
    made = make()
    found = made._settings
    made._transport = Transport(
        found, Identity(found), RetryPolicy(max_retries=3, backoff_factor=1, backoff_jitter=0, timeout=TIMEOUT), clock
    )
    return made
