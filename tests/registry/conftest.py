from __future__ import annotations

import pytest

from mlflow_oci_aidp.registry.store import AidpRegistryStore


@pytest.fixture
def store(aidp):
    """The store itself: one call is one method."""
    return AidpRegistryStore(aidp.uri)
