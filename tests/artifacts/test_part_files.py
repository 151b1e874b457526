"""What a download that was killed leaves behind: never uploaded, and deleted by a later download.

No file of the user's is taken for one.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_oci_aidp.artifacts.part_files import UNTOUCHED_FOR, is_part_file

LOCATIONS = {
    "bucket": "oci://aidp-emulator@emulator/x",
    "volume": "aidp:/Volumes/main/default/artifacts/x",
}
#: Names that a user may have given.
OWN = [
    ".0123456789abcdef0123456789abcdef.part",
    ".mlflow-oci-aidp-.part",
    ".mlflow-oci-aidp-0123456789abcdef0123456789abcdef.part.txt",
    "mlflow-oci-aidp-0123456789abcdef0123456789abcdef.part",
    ".mlflow-oci-aidp-0123456789ABCDEF0123456789ABCDEF.part",
]
PART = ".mlflow-oci-aidp-0123456789abcdef0123456789abcdef.part"

DOWNLOAD = """
import sys
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
print("begins", flush=True)
get_artifact_repository(sys.argv[1]).download_artifacts("large", sys.argv[2])
"""


@pytest.fixture(params=LOCATIONS)
def location(request) -> str:
    return LOCATIONS[request.param]


@pytest.fixture
def repository(storage, location, tmp_path) -> Any:
    """A repository with one file in it."""
    repository = get_artifact_repository(location)
    (tmp_path / "large").write_bytes(bytes(1 << 20))
    repository.log_artifact(str(tmp_path / "large"))
    return repository


@pytest.fixture
def target(tmp_path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture
def downloading(storage, repository, location, target) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of a download."""
    # A file that is sent in 64 pieces takes more than a minute.
    storage.faults.add("slow_drip", operation="download_file", delay=1.0)
    storage.faults.add("slow_drip", operation="get_object", delay=1.0)
    with subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD, location, str(target)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not parts(target):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        # The process locks its file right after it has made it.
        time.sleep(0.5)
        yield process
        process.kill()


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if is_part_file(path.name)]


def make_old(path: Path) -> None:
    before = time.time() - UNTOUCHED_FOR - 1
    os.utime(path, (before, before))


def names(repository: Any) -> list[str]:
    return [info.path for info in repository.list_artifacts("again")]


def test_what_a_killed_download_left_is_not_uploaded(downloading, repository, target, caplog):
    downloading.kill()
    downloading.wait()
    (part,) = parts(target)
    (target / "own.txt").write_bytes(b"own")
    with caplog.at_level(logging.WARNING):
        repository.log_artifacts(str(target), "again")
    assert names(repository) == ["again/own.txt"]
    assert [record.levelname for record in caplog.records if part.name in record.message] == [
        "WARNING"
    ]


def test_what_a_killed_download_left_is_deleted_by_a_later_one(downloading, repository, target):
    downloading.kill()
    downloading.wait()
    (part,) = parts(target)
    repository.download_artifacts("large", str(target))
    assert parts(target) == [part]  # It may be of another machine, whose locks are not seen here.
    make_old(part)
    repository.download_artifacts("large", str(target))
    assert os.listdir(target) == ["large"]


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be deleted there")
def test_a_download_that_goes_on_keeps_its_file(downloading, repository, target):
    (part,) = parts(target)
    make_old(part)
    repository.download_artifacts("large", str(target))
    assert parts(target) == [part]
    assert downloading.poll() is None


def test_a_download_that_goes_on_is_not_uploaded(downloading, repository, target):
    repository.log_artifacts(str(target), "again")
    assert names(repository) == []


@pytest.mark.parametrize("name", OWN)
def test_a_users_own_file_is_uploaded_and_kept(repository, target, name, caplog):
    (target / name).write_bytes(b"own")
    make_old(target / name)
    repository.log_artifacts(str(target), "again")
    repository.download_artifacts("large", str(target))
    assert names(repository) == [f"again/{name}"]
    assert sorted(os.listdir(target)) == sorted([name, "large"])
    assert caplog.records == []


def test_a_name_with_a_line_feed_behind_it_is_a_users_own():
    assert is_part_file(PART)
    assert not is_part_file(f"{PART}\n")


def test_a_file_that_is_named_is_uploaded_whatever_its_name(repository, target):
    (target / PART).write_bytes(b"kept for a reason")
    repository.log_artifact(str(target / PART), "again")
    assert names(repository) == [f"again/{PART}"]


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_kept(repository, target, kind, tmp_path):
    if kind == "folder":
        (target / PART).mkdir()
    else:
        (tmp_path / "own").write_bytes(b"own")
        (target / PART).symlink_to(tmp_path / "own")
        os.utime(target / PART, (0, 0), follow_symlinks=False)
        make_old(tmp_path / "own")
    repository.download_artifacts("large", str(target))
    assert sorted(os.listdir(target)) == sorted([PART, "large"])


def test_leftovers_are_deleted_where_a_download_writes_and_nowhere_else(
    repository, target, tmp_path
):
    repository.log_artifact(str(tmp_path / "large"), "deep")
    for folder in (target, target / "deep", target / "other"):
        folder.mkdir(exist_ok=True)
        (folder / PART).write_bytes(b"left")
        make_old(folder / PART)
    repository.download_artifacts("deep/large", str(target))
    left = [path.parent.name for path in target.rglob(PART)]
    assert left == ["other"]


def test_a_download_that_fails_leaves_nothing(storage, repository, target):
    storage.faults.add("status", status=403, times=None)
    with pytest.raises(Exception, match="HTTP 403"):
        repository._download_file("large", str(target / "large"))
    assert os.listdir(target) == []


def test_the_file_has_the_rights_of_any_new_file(repository, target):
    repository.download_artifacts("large", str(target))
    (target / "other").touch()
    assert (target / "large").stat().st_mode == (target / "other").stat().st_mode
