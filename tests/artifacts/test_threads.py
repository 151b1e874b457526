"""The threads that move files: in forked children, after a failure, and after an interruption."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_oci_aidp.artifacts import workers
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.artifacts.workers import WorkerPool
from mlflow_oci_aidp.client.cancellation import TransferCancelledError, cancellable
from tests.support.hostile import answer, hostile, proper

from .object_storage import LOCATION, uploads, uri_at, written

VOLUME = "aidp:/Volumes/main/default/artifacts/run"
FILES = {f"{number}": str(number).encode() for number in range(5)}


@pytest.fixture(params=[OciArtifactRepository, VolumeArtifactRepository])
def used(request, storage, tmp_path):
    """A repository whose threads have worked in this process."""
    location = LOCATION if request.param is OciArtifactRepository else VOLUME
    repository = request.param(location, registry_uri=storage.uri)
    repository.log_artifacts(str(written(tmp_path / "local", FILES)), "parents")
    return repository


def there_and_back(repository, folder, target):
    repository.log_artifacts(folder, "childs")
    repository.download_artifacts("childs", target)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own(used, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    context = multiprocessing.get_context("fork")
    child = context.Process(
        target=there_and_back, args=(used, str(tmp_path / "local"), str(target)), daemon=True
    )
    child.start()
    child.join(30)
    if child.is_alive():
        child.kill()
        pytest.fail("the child waits for threads that are not there")
    assert child.exitcode == 0
    assert {path.name: path.read_bytes() for path in (target / "childs").iterdir()} == FILES


@pytest.mark.parametrize("way", ["up", "down"])
def test_what_failed_waits_for_no_repetition_of_the_rest(storage, tmp_path, monkeypatch, way):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "30")
    written(tmp_path, {"huge": os.urandom(2_000_000)})
    repository = OciArtifactRepository(LOCATION, options=TransferOptions(part_size=100_000))
    repository.log_artifact(str(tmp_path / "huge"))
    storage.exchanges.clear()
    operation, skipped = ("upload_part", 0) if way == "up" else ("get_object", 1)
    # Three are told to come again later; the fourth is refused for good.
    storage.faults.add("status", operation=operation, status=503, times=3, after=skipped)
    storage.faults.add("status", operation=operation, status=403, times=None, after=skipped)
    move = repository.log_artifact if way == "up" else repository.download_artifacts
    with pytest.raises(MlflowException) as caught:
        move(str(tmp_path / "huge") if way == "up" else "huge")
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert [exchange.operation for exchange in storage.exchanges].count(operation) < 10
    assert uploads(storage) == []


SCRIPT = """
import sys
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

repository = get_artifact_repository(sys.argv[1])
repository.list_artifacts()
print("begun", flush=True)
repository.log_artifacts(sys.argv[2])
"""


@pytest.mark.parametrize(
    ("location", "operation"), [(LOCATION, "put_object"), (VOLUME, "upload_file")]
)
def test_an_interruption_lets_nothing_more_begin(storage, tmp_path, location, operation):
    folder = written(tmp_path / "many", {f"{number}": b"x" for number in range(3000)})
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, location, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "begun\n"
        # When all has been given to the threads, and some of it is done.
        while [exchange.operation for exchange in storage.exchanges].count(operation) < 200:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert 0 < [exchange.operation for exchange in storage.exchanges].count(operation) < 1500


@pytest.mark.parametrize("location", [LOCATION, VOLUME])
def test_what_is_cancelled_is_not_repeated(storage, tmp_path, location, monkeypatch):
    """A repetition in half an hour is cancelled with the rest, once somebody interrupts."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1800")
    storage.faults.add(
        "status",
        status=503,
        operation=lambda name: name in ("put_object", "upload_file"),
        times=None,
    )
    repository = get_artifact_repository(location)
    written(tmp_path, FILES)
    with cancellable() as token:
        threading.Timer(1, token.cancel).start()
        with pytest.raises(MlflowException) as caught:
            repository.log_artifact(str(tmp_path / "1"))
    assert isinstance(caught.value, TransferCancelledError)
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), TransferCancelledError)


def test_repositories_of_the_same_settings_share_a_client(storage, monkeypatch):
    first, second = OciArtifactRepository(LOCATION), OciArtifactRepository(f"{LOCATION}/other")
    assert first._storage is second._storage
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    assert OciArtifactRepository(LOCATION)._storage is not first._storage


class CountingPool(WorkerPool):
    """A pool that knows how many tasks it has, and the most that it had."""

    def __init__(self):
        super().__init__(4)
        self.lock = threading.Lock()
        self.has = self.most = 0

    def submit(self, work, /, *arguments, **named):
        with self.lock:
            self.has += 1
            self.most = max(self.most, self.has)
        future = super().submit(work, *arguments, **named)
        future.add_done_callback(self.done)
        return future

    def done(self, future):
        with self.lock:
            self.has -= 1


def test_of_many_tasks_few_are_with_the_threads_at_a_time(monkeypatch):
    monkeypatch.setattr(workers, "_MOST_GIVEN", 20)
    pool, did = CountingPool(), []

    def task(number):
        did.append(number)
        if number % 100 == 7:
            raise ValueError(number)

    tasks = {str(number): partial(task, number) for number in range(1000)}
    failures = workers.run_all(pool, tasks, "Counting")
    assert sorted(did) == list(range(1000))
    assert sorted(map(int, failures)) == list(range(7, 1000, 100))
    assert 4 < pool.most <= 20


@pytest.mark.parametrize("location", ["oci://b@n/x", "aidp:/Volumes/main/default/artifacts/x"])
def test_sixteen_files_go_at_a_time_whatever_the_number_of_cores(
    aidp, monkeypatch, tmp_path, location
):
    """Small files wait for the network, and not for a core."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    together = threading.Barrier(16)

    def script(wire):
        if wire.verb == "PUT" or wire.path.lower().endswith("uploadfile"):
            wire.read_body()
            together.wait(10)
            wire.send(answer(wire, b"", "etag: 1"))
        else:
            wire.send(proper(wire))

    written(tmp_path, {f"{number}": b"small" for number in range(32)})
    with hostile(script) as server:
        uri = uri_at(server.endpoint, aidp)
        kind = OciArtifactRepository if location.startswith("oci:") else VolumeArtifactRepository
        kind(location, uri).log_artifacts(str(tmp_path))
    assert together.broken is False
