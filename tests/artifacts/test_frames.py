"""No exception of a transfer holds a secret, whatever ends it: a file, a disk, a cancellation."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client import cancellation
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.session import Session, remember_location
from mlflow_oci_aidp.settings import resolve
from tests.support.clocks import SleeplessClock
from tests.support.frames import found_in, secrets_of

from .test_local_files import ROOM, full_disk

PRINCIPAL = "b3BlbiBzZXNhbWU="
POLICY = RetryPolicy(max_retries=2, backoff_factor=0.01, backoff_jitter=0, timeout=10)
# One part after the other: when the third is sent again, two are there.
PARTS = TransferOptions(part_size=100_000, parallel=1)
SIZE = 3 * ROOM

VOLUME = "aidp:/Volumes/main/default/artifacts/x"
BUCKET = "oci://aidp-emulator@emulator/x"
REPOSITORIES: dict[str, Callable[[], ArtifactRepository]] = {
    "volume": lambda: VolumeArtifactRepository(VOLUME),
    "bucket": lambda: OciArtifactRepository(BUCKET),
    "bucket, in parts": lambda: OciArtifactRepository(BUCKET, options=PARTS),
}
SENT = {"upload_file", "put_object", "upload_part"}
FETCHED = {"download_file", "get_object"}


@pytest.fixture(autouse=True)
def principal(monkeypatch):
    monkeypatch.setenv("DH_USER_PRINCIPAL", PRINCIPAL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(os.urandom(SIZE))
    return path


def held(aidp: Emulator, exception: BaseException) -> list[str]:
    return found_in(exception, [PRINCIPAL, *secrets_of(aidp)])


@pytest.fixture(params=REPOSITORIES)
def repository(aidp, request):
    """Makes a repository; something happens in place of its waits before repetitions."""

    def make(happens: Callable[[], object] = lambda: None, **policy: float) -> ArtifactRepository:
        clock = SleeplessClock(happens)
        session = Session(resolve(aidp.tracking_uri), replace(POLICY, **policy), clock)
        for location in (VOLUME, BUCKET):
            remember_location(location, session, aidp.tracking_uri)
        return REPOSITORIES[request.param]()

    return make


# Uploads


def cut(path: Path) -> None:
    os.truncate(path, 50_000)


def rewritten(path: Path) -> None:
    with open(path, "r+b") as file:
        file.write(bytes(SIZE))


def vanished(path: Path) -> None:
    os.unlink(path)


def replaced_by_a_folder(path: Path) -> None:
    os.unlink(path)
    path.mkdir()


def replaced_by_a_loop(path: Path) -> None:
    os.unlink(path)
    os.symlink(path, path)  # Nobody can open it, not even root.


@pytest.mark.parametrize(
    "happens", [cut, rewritten, vanished, replaced_by_a_folder, replaced_by_a_loop]
)
def test_a_file_that_changes_while_it_is_sent_leaves_no_secret(aidp, repository, file, happens):
    aidp.faults.add("status", status=503, operation={"upload_file", "put_object"}.__contains__)
    aidp.faults.add("status", status=503, operation="upload_part", after=2)
    with pytest.raises((MlflowException, OSError)) as caught:
        repository(lambda: happens(file)).log_artifact(str(file))
    assert SENT & {exchange.operation for exchange in aidp.exchanges}
    assert held(aidp, caught.value) == []


class LastLook(CancelToken):
    """A token that is cancelled as soon as it was looked at for some time."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    @property
    def is_cancelled(self) -> bool:
        self._looks -= 1
        return self._looks < 0


@pytest.fixture
def large(file: Path) -> Path:
    """A file that is read in several pieces, whatever transfers it."""
    file.write_bytes(os.urandom(6 << 20))
    return file


@pytest.fixture(params=[1, 2, 4])
def cancelled_soon(request) -> Iterator[None]:
    """Cancels the transfers of a test, sooner or later while content moves."""
    reset = cancellation._current.set(LastLook(request.param))
    yield
    cancellation._current.reset(reset)


@pytest.mark.usefixtures("cancelled_soon")
def test_an_upload_that_is_cancelled_leaves_no_secret(aidp, repository, large):
    with pytest.raises(MlflowException) as caught:
        repository().log_artifact(str(large))
    assert caught.value.error_code == "ABORTED"
    assert held(aidp, caught.value) == []


@pytest.mark.parametrize("kind", ["status", "reset_before", "reset_during", "reset_after", "hang"])
def test_an_upload_that_breaks_leaves_no_secret(aidp, repository, file, kind):
    aidp.faults.add(kind, operation=SENT.__contains__, times=None)
    with pytest.raises(MlflowException) as caught:
        repository(timeout=0.5, max_retries=1).log_artifact(str(file))
    assert held(aidp, caught.value) == []


# Downloads


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture
def kept(aidp, repository, file) -> None:
    """The file is there to be downloaded."""
    repository().log_artifact(str(file))
    aidp.exchanges.clear()


@pytest.mark.usefixtures("kept")
def test_a_full_disk_leaves_no_secret(aidp, repository, target):
    with pytest.raises(OSError, match="cannot be written") as caught, full_disk():
        repository().download_artifacts("weights", str(target))
    assert held(aidp, caught.value) == []


@pytest.mark.usefixtures("kept")
def test_a_folder_that_vanishes_leaves_no_secret(aidp, repository, target):
    aidp.faults.add("status", status=503, operation=FETCHED.__contains__)
    with pytest.raises(OSError, match="No such file") as caught:
        repository(lambda: shutil.rmtree(target)).download_artifacts("weights", str(target))
    assert held(aidp, caught.value) == []


@pytest.mark.usefixtures("large", "kept", "cancelled_soon")
def test_a_download_that_is_cancelled_leaves_no_secret(aidp, repository, target):
    with pytest.raises(MlflowException) as caught:
        repository()._download_file("weights", str(target / "weights"))
    assert caught.value.error_code == "ABORTED"
    assert held(aidp, caught.value) == []


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("kind", ["status", "reset_before", "truncated", "hang", "html"])
def test_a_download_that_breaks_leaves_no_secret(aidp, repository, target, kind):
    aidp.faults.add(kind, operation=FETCHED.__contains__, times=None)
    with pytest.raises(MlflowException) as caught:
        repository(timeout=0.5, max_retries=1)._download_file("weights", str(target / "weights"))
    assert held(aidp, caught.value) == []


# Interruptions


class Interrupted(Exception):
    """What a handler of signals raises."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raise an exception in this thread, wherever it is then."""

    def raise_it(_number: int, _frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that send signals here")
@pytest.mark.parametrize("method", ["log_artifact", "list_artifacts"])
def test_an_interruption_leaves_no_secret(aidp, repository, file, method):
    made = repository(timeout=2, max_retries=0)
    made.list_artifacts()  # Everything is imported, and a key is loaded.
    aidp.faults.add("hang", times=None)
    arguments = [str(file)] if method == "log_artifact" else []
    with pytest.raises(Interrupted) as caught, interrupted_after(0.5):
        getattr(made, method)(*arguments)
    assert held(aidp, caught.value) == []
