"""An emulator whose Object Storage artifacts go to."""

from __future__ import annotations

import pytest

from .object_storage import LOCATION


@pytest.fixture
def storage(aidp, monkeypatch):
    """The environment of somebody who signs as the emulator's user and has its Object Storage."""
    for name, value in {**aidp.environ, "AIDP_OBJECT_STORAGE_ENDPOINT": aidp.endpoint}.items():
        monkeypatch.setenv(name, value)
    return aidp


@pytest.fixture
def options():
    """How files are cut into parts: as always, unless a test has its own."""
    return None


@pytest.fixture
def repository(storage, options):
    """A folder of its bucket."""
    from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository

    return OciArtifactRepository(LOCATION, options=options)
