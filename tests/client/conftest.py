"""Everybody who calls a service, as callers of a server that a test scripts."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

#: Makes a call about a name, and returns the name that the answer is about.
Call = Callable[[str], str]

VOLUME = "aidp:/Volumes/main/default/artifacts/x"
BUCKET = "oci://b@n/x"


def _registry(uri: str) -> Call:
    store = AidpRegistryStore(uri)
    return lambda name: str(store.get_registered_model(name).name)


def _tracking(uri: str) -> Call:
    store = AidpTrackingStore(uri)
    return lambda name: str(store.get_experiment(name).name)


def _volume(uri: str) -> Call:
    repository = VolumeArtifactRepository(VOLUME, uri)
    return lambda name: repository.list_artifacts(name)[0].path.removesuffix("/file")


def _object_storage(uri: str) -> Call:
    repository = OciArtifactRepository(BUCKET, uri)
    return lambda name: repository.list_artifacts(name)[0].path.removesuffix("/file")


#: By the part of this package that makes it.
CALLERS: dict[str, Callable[[str], Call]] = {
    "registry": _registry,
    "tracking": _tracking,
    "volume": _volume,
    "object storage": _object_storage,
}


@pytest.fixture
def uri_of(aidp, monkeypatch) -> Callable[..., str]:
    """Makes the URI of a server, with the emulator's credentials. Nothing is repeated.

    A test that wants repetitions, or a bound of one second, says so.
    """

    def make(endpoint: str, retries: int = 0, timeout: int = 10) -> str:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(retries))
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(timeout))
        place = quote(endpoint, safe="")
        return (
            f"aidp://{aidp.ai_data_platform_id}/{aidp.workspace_key}?endpoint={place}"
            f"&object_storage_endpoint={place}&config_file={quote(aidp.config_file, safe='')}"
        )

    return make


@pytest.fixture(params=CALLERS)
def caller(request, uri_of) -> Callable[..., Call]:
    """Makes the call of each part of this package."""

    def make(endpoint: str, **settings: int) -> Call:
        return CALLERS[request.param](uri_of(endpoint, **settings))

    return make


#: For tests of many kinds: the parts that have connections of their own.
EACH_POOL = pytest.mark.parametrize("caller", ["registry", "object storage"], indirect=True)
