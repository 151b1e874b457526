"""Sessions: who shares one, and which one the artifacts at a location belong to."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import session as sessions
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client.connection import ConnectionOptions
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.mlflow_compat import SERVER_VARIABLES
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import (
    Session,
    object_storage_session,
    remember_location,
    remember_tracking,
    session_for,
    session_for_artifacts,
)
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.machine import Machine

VOLUME = "aidp:/Volumes/main/default/artifacts"
BUCKET = "oci://aidp-emulator@emulator"


@pytest.fixture
def machine(aidp, tmp_path, monkeypatch) -> Machine:
    """A machine whose user has an API key of their own, which the test may delete."""
    return Machine(aidp, tmp_path, monkeypatch)


def uri_of(machine: Machine, **settings: str) -> str:
    """A URI with a workspace of the emulator."""
    uri = machine.uri(object_storage_endpoint=machine.aidp.endpoint, **settings)
    path, _, query = uri.partition("?")
    return f"{path.rpartition('/')[0]}/{machine.aidp.workspace_key}?{query}"


# Who shares a session


def test_stores_and_repositories_of_the_same_settings_load_the_key_once(machine, tmp_path):
    user = machine.api_key()
    uri = uri_of(machine, config_file=machine.config(DEFAULT=user))
    (tmp_path / "notes.txt").write_text("about flowers")
    AidpRegistryStore(uri).search_registered_models()
    os.unlink(user["key_file"])
    # Each of these could not sign by now, if it had to load the key.
    AidpRegistryStore(uri).search_registered_models()
    AidpTrackingStore(uri).search_experiments()
    for repository in (
        VolumeArtifactRepository(f"{VOLUME}/x", uri),
        OciArtifactRepository(f"{BUCKET}/x", uri),
    ):
        repository.log_artifact(str(tmp_path / "notes.txt"))
        assert [file.path for file in repository.list_artifacts()] == ["notes.txt"]


def test_stores_and_repositories_of_the_same_settings_share_connections(aidp):
    stores = [AidpTrackingStore(aidp.tracking_uri), AidpRegistryStore(aidp.tracking_uri)]
    repository = VolumeArtifactRepository(VOLUME, aidp.tracking_uri)
    clients = {id(store._session.client) for store in stores} | {id(repository._client._client)}
    assert len(clients) == 1
    again = VolumeArtifactRepository(f"{VOLUME}/elsewhere", aidp.tracking_uri)
    assert again._client is repository._client


def test_uris_that_resolve_to_the_same_settings_share_a_session(aidp, monkeypatch):
    named_in_the_uri = session_for(aidp.uri)
    for name, value in aidp.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OCI_CLI_REGION")
    assert session_for(f"{aidp.uri}&region=us-ashburn-1") is not named_in_the_uri
    assert session_for("aidp://") is named_in_the_uri


def test_another_workspace_is_the_same_session(aidp):
    aidp.add_workspace("w2")
    first = AidpTrackingStore(aidp.tracking_uri)
    second = AidpTrackingStore(aidp.tracking_uri.replace(aidp.workspace_key, "w2"))
    assert second._session is first._session
    # The workspace is an argument of each call all the same.
    second.create_experiment("flowers")
    assert first.get_experiment_by_name("flowers") is None


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTP_PROXY": "http://127.0.0.1:9"},
        {"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"},
        {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3"},
        {"MLFLOW_HTTP_POOL_MAXSIZE": "7"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_another_environment_is_another_session_of_the_same_identity(aidp, monkeypatch, variables):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    before = session_for(aidp.uri)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    after = session_for(aidp.uri)
    assert after is not before
    assert after.identity is before.identity
    for name in variables:
        monkeypatch.delenv(name)
    assert session_for(aidp.uri) is before


def test_other_credentials_are_another_identity(aidp):
    profile = aidp.session_profile()
    other = aidp.uri.replace("profile=", f"auth=security_token&profile={profile}&ignored=")
    other = other.partition("&ignored=")[0]
    assert session_for(other).identity is not session_for(aidp.uri).identity


@pytest.mark.parametrize("kind", [AidpTrackingStore, AidpRegistryStore])
def test_a_pickled_store_finds_the_session_of_this_process(aidp, kind):
    store = kind(aidp.tracking_uri)
    again = pickle.loads(pickle.dumps(store))
    assert again is not store
    assert again._session is store._session


# Which session artifacts belong to


URIS = {
    name: f"aidp://ocid1.datalake.oc1.iad.{name}?endpoint=https://{name}.example"
    for name in (
        "passed-tracking",
        "passed-registry",
        "folder",
        "bucket",
        "server-tracking",
        "server-registry",
        "set-tracking",
        "set-registry",
        "made-last",
    )
}
LOCAL = "sqlite:////nowhere/x.db"


def owner_of(location: str, *present: str) -> str | None:
    """Return the name of the URI that a location's artifacts belong to.

    Args:
        location: The location.
        *present: Names of :py:data:`URIS`: where one is named, or has named the location.
    """
    sessions.forget_sessions()
    uris = {name: uri if name in present else None for name, uri in URIS.items()}
    for name, place in (("bucket", BUCKET), ("folder", f"{BUCKET}/exp/run/artifacts/")):
        if uris[name]:
            remember_location(place, session_for(uris[name]), uris[name])
    mlflow.set_tracking_uri(uris["set-tracking"] or LOCAL)
    mlflow.set_registry_uri(uris["set-registry"] or LOCAL)
    if uris["made-last"]:
        remember_tracking(session_for(uris["made-last"]), uris["made-last"])
    tracking, registry = SERVER_VARIABLES
    environ = {tracking: uris["server-tracking"] or "", registry: uris["server-registry"] or ""}
    session = session_for_artifacts(
        location, uris["passed-tracking"] or LOCAL, uris["passed-registry"], environ
    )
    return session.settings.instance_id.rpartition(".")[2] if session else None


@pytest.mark.parametrize("position", range(len(URIS)), ids=URIS)
def test_the_order_of_what_artifacts_belong_to(position):
    names = list(URIS)
    assert owner_of(f"{BUCKET}/exp/run/artifacts/model", *names[position:]) == names[position]


def test_without_any_of_them_they_belong_to_none():
    assert owner_of(f"{BUCKET}/exp/run/artifacts/model") is None


def test_a_location_is_its_own_prefix_and_its_slash_does_not_count():
    assert owner_of(f"{BUCKET}/exp/run/artifacts", "folder", "made-last") == "folder"
    assert owner_of(f"{BUCKET}/exp/run/artifacts/", "folder", "made-last") == "folder"


def test_a_name_that_begins_alike_is_no_prefix():
    assert owner_of(f"{BUCKET}/exp/run/artifacts-other", "folder", "made-last") == "made-last"


def test_of_two_platforms_with_one_bucket_the_one_that_named_the_location_counts(aidp, tmp_path):
    (tmp_path / "notes.txt").write_text("about flowers")
    with Emulator() as other:
        stores = {emulator.endpoint: store_with_run(emulator) for emulator in (aidp, other)}
        for emulator in (aidp, other):
            aidp.exchanges.clear()
            other.exchanges.clear()
            repository = OciArtifactRepository(stores[emulator.endpoint])
            assert stores[emulator.endpoint].startswith(BUCKET)
            repository.log_artifact(str(tmp_path / "notes.txt"))
            answered = {
                each.endpoint: [exchange.operation for exchange in each.exchanges]
                for each in (aidp, other)
            }
            assert [endpoint for endpoint, sent in answered.items() if sent] == [emulator.endpoint]
            assert "put_object" in answered[emulator.endpoint]


def store_with_run(emulator: Emulator) -> str:
    """Make a store that names the location of a run, and return the location."""
    store = AidpTrackingStore(emulator.tracking_uri)
    return store.create_run("0", "me", 1, [], "run").info.artifact_uri


# The bound of the map


@pytest.fixture
def remembered(aidp) -> Callable[[int], bool]:
    """Tells whether the location with a number is known. To ask counts as a use."""
    mlflow.set_tracking_uri(LOCAL)
    mlflow.set_registry_uri(LOCAL)
    return lambda number: session_for_artifacts(f"{BUCKET}/{number}", environ={}) is not None


def test_the_location_that_was_not_used_for_the_longest_time_is_forgotten(aidp, remembered):
    longest = sessions._locations._longest
    session = session_for(aidp.uri)
    for number in range(longest):
        remember_location(f"{BUCKET}/{number}", session, aidp.uri)
    assert remembered(0)
    remember_location(f"{BUCKET}/one-more", session, aidp.uri)
    assert remembered(0)
    assert not remembered(1)
    assert remembered(longest // 2)
    assert len(sessions._locations._entries) <= longest


def test_a_fork_in_the_middle_of_a_use_loses_no_location(remembered, aidp):
    remember_location(f"{BUCKET}/0", session_for(aidp.uri), aidp.uri)

    class Forking(dict):
        """Looks at the map whenever a thread changes it, as a fork at that moment would."""

        seen: ClassVar[list[set[str]]] = []

        def __setitem__(self, key, value):
            super().__setitem__(key, value)
            self.seen.append(set(sessions._locations._entries))

    sessions._locations._used = Forking(sessions._locations._used)
    try:
        assert remembered(0)
        assert all(f"{BUCKET}/0" in entries for entries in Forking.seen)
        assert Forking.seen
    finally:
        sessions._locations._used = dict(sessions._locations._used)


def test_a_location_belongs_to_what_its_store_is_set_to_now(aidp, monkeypatch):
    store = AidpTrackingStore(aidp.tracking_uri)
    location = store.create_run("0", "me", 1, [], "run").info.artifact_uri
    assert session_for_artifacts(location, environ={}) is store._session
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    assert session_for_artifacts(location, environ={}).policy.max_retries == 1


def test_the_session_of_a_store_that_was_handed_one_is_that_of_its_locations(aidp):
    own = Session(resolve(aidp.tracking_uri))
    store = AidpTrackingStore(aidp.tracking_uri, session=own)
    location = store.create_run("0", "me", 1, [], "run").info.artifact_uri
    assert session_for_artifacts(location, environ={}) is own


def test_the_region_of_object_storage_is_looked_up_for_each_repository(monkeypatch):
    uri = "aidp://ocid1.datalake.oc1..one?endpoint=https://one.example"
    monkeypatch.setenv("OCI_CLI_REGION", "us-phoenix-1")
    assert object_storage_session(BUCKET, uri).settings.region == "us-phoenix-1"
    monkeypatch.setenv("OCI_CLI_REGION", "eu-frankfurt-1")
    assert object_storage_session(BUCKET, uri).settings.region == "eu-frankfurt-1"


def test_another_resource_principal_is_another_identity(aidp, monkeypatch):
    uri = f"{aidp.uri.partition('?')[0]}?endpoint={aidp.endpoint}&auth=resource_principal"
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_RPST", "one")
    before = session_for(uri)
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_RPST", "two")
    assert session_for(uri).identity is not before.identity


def test_a_size_of_the_pool_that_is_no_number_is_named(aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_POOL_MAXSIZE", "many")
    with pytest.raises(MlflowException, match="MLFLOW_HTTP_POOL_MAXSIZE is not a number"):
        session_for(aidp.uri)


def test_the_password_of_a_proxy_is_not_shown(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://joe:hunter2@proxy:1")
    assert "hunter2" not in repr(ConnectionOptions.from_environment("https://one.example"))


def test_a_session_that_was_forgotten_goes_on_working(aidp):
    store = AidpRegistryStore(aidp.uri)
    for number in range(sessions._sessions._longest + 1):
        session_for(f"aidp://ocid1.datalake.oc1.iad.x{number}?endpoint=https://x.example")
    assert session_for(aidp.uri) is not store._session
    store.create_registered_model("main.default.iris")
    assert store.get_registered_model("main.default.iris").name == "main.default.iris"


def test_a_session_is_made_without_a_request(aidp):
    session_for(aidp.tracking_uri)
    AidpTrackingStore(aidp.tracking_uri)
    VolumeArtifactRepository(VOLUME, aidp.tracking_uri)
    OciArtifactRepository(f"{BUCKET}/x", aidp.tracking_uri)
    assert list(aidp.exchanges) == []
    assert Path(aidp.config_file).is_file()
