"""Nothing grows with its square: the requests of each list, in proportion to what is there."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient

import mlflow_oci_aidp
from mlflow_oci_aidp.artifacts import volume_client
from mlflow_oci_aidp.artifacts.locations import VolumeLocation
from mlflow_oci_aidp.errors import AidpError
from mlflow_oci_aidp.migration.copying import copy
from mlflow_oci_aidp.migration.options import Options
from mlflow_oci_aidp.registry.alias_tags import AliasMap, pointing_to
from mlflow_oci_aidp.session import session_for
from mlflow_oci_aidp.tracking.batches import split_batch, split_tags
from mlflow_oci_aidp.tracking.logged_models import side_by_side
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES, WorkspaceDirectory
from tests.support.many_things import ManyThings, serve
from tests.support.walks import WALKS, pages


@pytest.fixture
def uri_of(aidp):
    """Makes the tracking URI of the emulator, at another endpoint."""

    def make(endpoint: str) -> str:
        identity, _, query = aidp.tracking_uri.partition("?")
        others = [part for part in query.split("&") if "endpoint" not in part.partition("=")[0]]
        query = "&".join([*others, f"endpoint={endpoint}", f"object_storage_endpoint={endpoint}"])
        return f"{identity}?{query}"

    return make


@pytest.mark.parametrize("count", [1, 30, 2500])
@pytest.mark.parametrize("name", WALKS)
def test_a_list_takes_as_many_requests_as_it_has_pages(uri_of, name, count):
    if name == "workspaces" and not HAS_WORKSPACES:
        pytest.skip("MLflow 3.10 and newer have workspaces")
    walk = WALKS[name]
    things = ManyThings(count)
    with serve(things) as endpoint:
        assert walk.read(uri_of(endpoint), count) == walk.sees(count)
    assert things.requests == walk.requests(count)


def walk_of_workers(uris: list[str]) -> tuple[int, int]:
    """Walk all logged models in pages, each from the next one of several stores.

    So it is behind ``mlflow server`` with several workers, which share no memory.
    """
    stores = [AidpTrackingStore(uri) for uri in uris]
    seen, number, token = 0, 0, None
    while True:
        page = stores[number % len(stores)].search_logged_models(["7"], page_token=token)
        seen, number, token = seen + len(page), number + 1, page.token
        if not token:
            return seen, number


def test_5000_logged_models_take_six_requests(uri_of):
    things = ManyThings(5000, listed=0)
    with serve(things) as endpoint:
        assert walk_of_workers([uri_of(endpoint)]) == (5000, 50)
    assert dict(things.asked) == {"mlflow/runs/search": 5, "mlflow/logged-models/search": 1}


def test_each_worker_of_a_server_reads_logged_models_once(uri_of):
    things = ManyThings(3000, listed=0)
    with serve(things) as endpoint:
        assert walk_of_workers([uri_of(endpoint)] * 4) == (3000, 30)
    # One of the workers hands out the last page, and then forgets what it read.
    assert things.asked["mlflow/runs/search"] == 4 * pages(3000)


def test_runs_and_listed_models_are_read_side_by_side(uri_of):
    things = ManyThings(30)
    both = threading.Barrier(2, timeout=20)
    things.before = lambda path: both.wait() and None
    with serve(things) as endpoint:
        # A search that reads one after the other waits until the barrier breaks.
        page = AidpTrackingStore(uri_of(endpoint)).search_logged_models(["7"], max_results=100)
    assert len(page) == 60
    assert not both.broken


def test_without_threads_lists_are_read_one_after_the_other(uri_of, monkeypatch):
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    things = ManyThings(3)
    with serve(things) as endpoint, monkeypatch.context() as patch:
        store = AidpTrackingStore(uri_of(endpoint))
        patch.setattr(side_by_side, "Thread", type("Refusing", (threading.Thread,), {}))
        patch.setattr(side_by_side.Thread, "start", refuse)
        assert len(store.search_logged_models(["7"])) == 6


def test_after_an_error_the_other_list_is_read_no_further():
    has_begun, has_ended, may_go_on = (threading.Event() for _ in range(3))

    def other() -> Iterator[int]:
        try:
            for number in itertools.count():
                has_begun.set()
                assert may_go_on.wait(20)
                yield number
        finally:
            has_ended.set()

    def own() -> None:
        assert has_begun.wait(20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side.side_by_side(own, other)
    may_go_on.set()
    assert has_ended.wait(20)


def test_the_thread_acts_for_the_same_user(uri_of):
    things = ManyThings(3)
    principals = []
    with serve(things) as endpoint:
        store = AidpTrackingStore(uri_of(endpoint))
        things.note_headers = lambda headers: principals.append(headers["dh-user-principal"])
        with mlflow_oci_aidp.user_principal("c29tZWJvZHk="):
            store.search_logged_models(["7"])
    assert principals == ["c29tZWJvZHk="] * 2


def test_an_error_of_the_listed_models_is_raised(uri_of):
    things = ManyThings(3, longest_models=0)
    with serve(things) as endpoint, pytest.raises(AidpError) as caught:
        AidpTrackingStore(uri_of(endpoint)).search_logged_models(["7"])
    assert caught.value.status == 400
    # Without a size, too.
    assert things.asked["mlflow/logged-models/search"] == 2


def test_a_platform_with_shorter_pages_of_logged_models_is_read_all_the_same(uri_of):
    things = ManyThings(250, longest_models=100)
    with serve(things) as endpoint:
        page = AidpTrackingStore(uri_of(endpoint)).search_logged_models(["7"], max_results=1000)
    assert len(page) == 500
    assert things.asked["mlflow/logged-models/search"] == 1 + 3


def test_no_page_is_asked_for_behind_the_last_wanted_inference(uri_of):
    from mlflow_oci_aidp.deployments.client import AidpDeploymentClient

    things = ManyThings(100)
    with serve(things) as endpoint:
        rows = AidpDeploymentClient(uri_of(endpoint)).inferences(f"{0:032x}", limit=40)
    assert len(rows) == 40
    assert things.requests == 1 + 2


def test_no_request_names_all_experiments(uri_of):
    things = ManyThings(2500)
    with serve(things) as endpoint:
        assert len(AidpTrackingStore(uri_of(endpoint))._get_deleted_runs()) == 2500
    assert things.most_experiments == 1000


@pytest.mark.skipif(not HAS_WORKSPACES, reason="MLflow 3.10 and newer have workspaces")
def test_workspaces_that_are_used_one_after_the_other_are_listed_once(uri_of):
    things = ManyThings(2500)
    with serve(things) as endpoint:
        directory = WorkspaceDirectory.of(session_for(uri_of(endpoint)))
        for number in range(2500):
            directory.key_of(f"workspace-{number}")
    assert things.requests == pages(2500)


def test_a_volume_remembers_so_many_folders(aidp, monkeypatch):
    monkeypatch.setattr(volume_client, "_MOST_FOLDERS", 10)
    location = VolumeLocation.parse("aidp:/Volumes/main/default/artifacts/x")
    client = volume_client.VolumeClient(session_for(aidp.tracking_uri).client, location)
    for number in range(30):
        client.make_folder(f"/x/{number}")
    assert len(client._folders) <= 10
    aidp.exchanges.clear()
    client.make_folder("/x/29")
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_a_batch_of_any_length_is_sent_whole_and_in_order(count):
    metrics = [{"key": "loss", "value": number} for number in range(count)]
    tags = [{"key": str(number), "value": ""} for number in range(count)]
    batches = list(split_batch(metrics, [], tags))
    assert [row for batch in batches for row in batch.get("metrics", ())] == metrics
    assert [row for batch in batches for row in batch.get("tags", ())] == tags
    assert [row for part in split_tags(tags) for row in part] == tags


def copied(aidp, folder, count):
    """Return the requests for a copy of so many runs, each with a version of one model."""
    uri = f"sqlite:///{folder}/{count}.db"
    client = MlflowClient(uri, uri)
    experiment_id = client.create_experiment(f"flowers {count}", f"file://{folder}/artifacts")
    client.create_registered_model(f"iris{count}")
    for number in range(count):
        run_id = client.create_run(experiment_id).info.run_id
        client.log_metric(run_id, "loss", number)
        client.create_model_version(f"iris{count}", f"runs:/{run_id}/model", run_id)
    aidp.exchanges.clear()
    report = copy(uri, aidp.tracking_uri, Options(name_prefix="main.default"))
    assert report.outcome == "all", report.as_json()
    assert report.copied["runs"] == report.copied["model versions"] == count
    return len(aidp.exchanges)


def test_each_run_takes_as_many_requests_to_copy(aidp, tmp_path):
    two, four, eight = (copied(aidp, tmp_path, count) for count in (2, 4, 8))
    assert eight - four == 2 * (four - two)
    assert four - two <= 2 * 8


def test_the_run_of_successive_versions_is_read_once(aidp, tmp_path, monkeypatch):
    source = MlflowClient(aidp.tracking_uri, aidp.tracking_uri)
    run = source.create_run(source.create_experiment("flowers")).info
    source.create_registered_model("main.default.iris")
    for number in range(5):
        source.create_model_version(
            "main.default.iris", f"runs:/{run.run_id}/model{number}", run.run_id
        )
    aidp.exchanges.clear()
    report = copy(aidp.tracking_uri, f"sqlite:///{tmp_path}/target.db", Options())
    assert report.outcome == "all", report.as_json()
    reads = [each for each in aidp.exchanges if each.operation == "get_experiment_run_by_id"]
    # One for the run itself, with its inputs, and one for all of its versions.
    assert len(reads) == 2


def test_all_aliases_are_looked_through_once_for_many_versions():
    class Counted(AliasMap):
        looks = 0

        def items(self):
            self.looks += 1
            return super().items()

    aliases = Counted({f"alias{number}": str(number % 50) for number in range(100)})
    found = [pointing_to(aliases, str(version)) for version in range(100)]
    assert found[7] == ["alias7", "alias57"]
    assert found[50] == []
    assert aliases.looks == 1
