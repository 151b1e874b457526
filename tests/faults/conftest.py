from __future__ import annotations

import pytest

from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.clocks import SleeplessClock

from . import registry_plan, tracking_plan

#: Seconds that one attempt may take here: a hang is over soon, and no healthy answer is late.
TIMEOUT = 0.7


@pytest.fixture(scope="module")
def shared():
    """One emulator for a module: its registry is emptied for each test."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def clock():
    return SleeplessClock()


#: By store: the plan of its operations.
PLANS = {"registry": registry_plan, "tracking": tracking_plan}


@pytest.fixture
def part():
    """Which store is tested."""
    return "registry"


@pytest.fixture
def name():
    """Which operation of it is tested."""
    return ""


@pytest.fixture(scope="module")
def readers(shared):
    """A store of each part that meets no faults, since they are gone when it reads."""
    return {
        "registry": AidpRegistryStore(shared.uri),
        "tracking": AidpTrackingStore(shared.tracking_uri),
    }


@pytest.fixture
def reader(readers, part):
    """That of the part that is tested."""
    return readers[part]


@pytest.fixture(scope="module")
def prepared():
    """By part, the operation that the platform is prepared for.

    An entry counts as long as no test has changed anything.
    """
    return {}


def may_have_changed(exchange):
    is_read = exchange.operation is not None and exchange.operation.startswith(("get_", "list_"))
    return not is_read and (exchange.status is None or exchange.status < 300)


@pytest.fixture
def store(shared, clock, reader, part, name, prepared):
    """A store of its own for each test, that waits for nothing, on what its plan begins with."""
    shared.faults.clear()
    if prepared.get(part) != name:
        PLANS[part].prepare(reader, name)
    prepared[part] = name
    shared.exchanges.clear()
    session = Session(
        reader._settings,
        RetryPolicy(max_retries=3, backoff_factor=1, backoff_jitter=0, timeout=TIMEOUT),
        clock,
        # To load a key takes longer than most tests.
        reader._session.identity,
    )
    yield type(reader)(*reader._uris, session=session)
    if any(may_have_changed(exchange) for exchange in shared.exchanges):
        del prepared[part]
