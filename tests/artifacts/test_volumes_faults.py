"""Files on their way through broken connections and refusals.

They arrive whole or not at all, and are never twice in memory.
"""

from __future__ import annotations

import hashlib
import os
import threading
import tracemalloc
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.emulator import Emulator

PLACE = "aidp:/Volumes/main/default/artifacts/run"
SIZE = 3 << 20


@pytest.fixture
def place(aidp: Emulator) -> VolumeArtifactRepository:
    return VolumeArtifactRepository(PLACE, registry_uri=aidp.uri)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    target = tmp_path / "file"
    target.write_bytes(os.urandom(SIZE))
    return target


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def uploads(aidp: Emulator) -> list[dict[str, str]]:
    return [exchange.headers for exchange in aidp.exchanges if exchange.operation == "upload_file"]


@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_during", "reset_after", "status", "other_answer"]
)
def test_a_broken_upload_is_repeated_from_its_start(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path, kind: str
) -> None:
    aidp.faults.add(kind, operation="upload_file", times=2)
    place.log_artifact(str(file))
    assert Path(place.download_artifacts("file")).read_bytes() == file.read_bytes()
    sent = uploads(aidp)
    assert len(sent) == 3
    assert len({headers["opc-retry-token"] for headers in sent}) == 1
    assert len({headers["opc-request-id"] for headers in sent}) == 3


def test_a_name_as_long_as_names_can_be(
    place: VolumeArtifactRepository, tmp_path: Path, target: Path
) -> None:
    (tmp_path / ("n" * 240)).write_bytes(b"x")
    place.log_artifact(str(tmp_path / ("n" * 240)))
    assert Path(place.download_artifacts("n" * 240, str(target))).read_bytes() == b"x"


def test_a_folder_that_is_none(place: VolumeArtifactRepository, tmp_path: Path) -> None:
    with pytest.raises(MlflowException, match="no folder of this machine"):
        place.log_artifacts(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("kind", ["interim", "twice"])
@pytest.mark.parametrize("operation", ["upload_file", "download_file", "list_files", "make_dir"])
def test_an_answer_out_of_turn_is_nobody_elses(
    aidp: Emulator,
    place: VolumeArtifactRepository,
    file: Path,
    target: Path,
    kind: str,
    operation: str,
) -> None:
    aidp.faults.add(kind, operation=operation, times=None, delay=0.001)
    place.log_artifact(str(file), "new")
    place.download_artifacts("new/file", str(target))
    assert (target / "new" / "file").read_bytes() == file.read_bytes()
    assert [info.path for info in place.list_artifacts()] == ["new"]


@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "truncated", "status", "other_answer"]
)
def test_a_broken_download_is_repeated(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path, target: Path, kind: str
) -> None:
    place.log_artifact(str(file))
    aidp.faults.add(kind, operation="download_file", times=2)
    place.download_artifacts("file", str(target))
    assert (target / "file").read_bytes() == file.read_bytes()
    assert os.listdir(target) == ["file"]


@pytest.mark.parametrize("kind", ["truncated", "status", "html"])
def test_a_download_that_fails_leaves_nothing(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path, target: Path, kind: str
) -> None:
    place.log_artifact(str(file))
    aidp.faults.add(kind, operation="download_file", times=None)
    with pytest.raises(MlflowException, match="opc-request-id"):
        place.download_artifacts("file", str(target))
    assert os.listdir(target) == []


def test_a_download_that_fails_leaves_the_file_that_was_there(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path, target: Path
) -> None:
    place.log_artifact(str(file))
    (target / "file").write_bytes(b"old")
    aidp.faults.add("truncated", operation="download_file", times=None)
    with pytest.raises(MlflowException):
        place.download_artifacts("file", str(target))
    assert (target / "file").read_bytes() == b"old"


def test_a_broken_upload_leaves_nothing(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path
) -> None:
    aidp.faults.add("reset_during", operation="upload_file", times=None)
    with pytest.raises(MlflowException, match="UploadFile got no answer"):
        place.log_artifact(str(file))
    assert place.list_artifacts() == []


def test_what_is_changed_on_its_way_up_is_refused(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path
) -> None:
    aidp.faults.add("corrupt", operation="upload_file", times=None)
    with pytest.raises(MlflowException) as caught:
        place.log_artifact(str(file))
    assert caught.value.error_code == "UNAUTHENTICATED"
    assert place.list_artifacts() == []


def test_deleting_twice_after_a_lost_answer_is_no_error(
    aidp: Emulator, place: VolumeArtifactRepository, file: Path
) -> None:
    place.log_artifact(str(file))
    aidp.faults.add("reset_after", operation="delete_file")
    place.delete_artifacts("file")
    assert place.list_artifacts() == []


def test_one_file_of_many_that_fails_is_said(
    aidp: Emulator, place: VolumeArtifactRepository, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4):
        (folder / str(number)).write_bytes(b"")
    aidp.faults.add("status", operation="upload_file", status=403, code="NotAuthorized")
    with pytest.raises(MlflowException, match="NotAuthorized") as caught:
        place.log_artifacts(str(folder))
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert len(place.list_artifacts()) == 3


def test_a_disk_that_cannot_be_written_is_said(
    place: VolumeArtifactRepository, file: Path, tmp_path: Path
) -> None:
    place.log_artifact(str(file))
    with pytest.raises(MlflowException, match="cannot be written: No such file or directory"):
        place._client.download("/run/file", str(tmp_path / "none/file"))


def test_files_take_longer_than_one_answer_may(
    aidp: Emulator, file: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    place = VolumeArtifactRepository(PLACE, registry_uri=aidp.uri)
    place.log_artifact(str(file))
    aidp.faults.add(
        "slow_drip", operation="download_file", delay=0.03
    )  # of 64 pieces: about two seconds
    place.download_artifacts("file", str(target))
    assert (target / "file").read_bytes() == file.read_bytes()


def test_memory_does_not_grow_with_the_file(
    place: VolumeArtifactRepository, tmp_path: Path, target: Path
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(48 << 20)
    place.list_artifacts()
    tracemalloc.start()
    try:
        place.log_artifact(str(large))
        place.download_artifacts("large", str(target))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20
    assert (
        hashlib.sha256((target / "large").read_bytes()).digest()
        == hashlib.sha256(large.read_bytes()).digest()
    )


def test_readers_never_see_a_part(
    place: VolumeArtifactRepository, file: Path, target: Path
) -> None:
    """Two downloads of the same file to the same place, while it is looked at."""
    place.log_artifact(str(file))
    seen = set()
    workers = [
        threading.Thread(target=place._client.download, args=("/run/file", str(target / "f")))
        for _ in "ab"
    ]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        if (target / "f").exists():
            seen.add((target / "f").stat().st_size)
    for worker in workers:
        worker.join()
    assert seen | {(target / "f").stat().st_size} == {SIZE}
    assert os.listdir(target) == ["f"]
