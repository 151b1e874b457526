"""Paths of artifacts: both repositories take and refuse those that MLflow's own do."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

#: Every path of three parts of these, and every shorter one.
PARTS = ("", ".", "..", "a b", "ü#?%2e")
PATHS = sorted(
    {"/".join(parts) for count in (1, 2, 3) for parts in itertools.product(PARTS, repeat=count)}
)


@pytest.fixture(params=["oci://aidp-emulator@emulator/x", "aidp:/Volumes/main/default/artifacts/x"])
def place(aidp, tracking, request):
    """A repository of each kind."""
    return get_artifact_repository(request.param)


@pytest.fixture
def tracking(aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    return mlflow.MlflowClient()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("content")
    return str(path)


def outcome(call):
    try:
        call()
    except MlflowException:
        return "refused"
    return "taken"


def test_artifacts_are_taken_at_the_paths_at_which_mlflows_own_repository_takes_them(
    place, file, tmp_path
):
    own = LocalArtifactRepository(str(tmp_path / "artifacts"))
    expected = {path: outcome(lambda p=path: own.log_artifact(file, p)) for path in PATHS}
    assert {path: outcome(lambda p=path: place.log_artifact(file, p)) for path in PATHS} == expected
    assert {"taken", "refused"} == set(expected.values())


@pytest.mark.parametrize("path", ["/x", "x/", "x//y", "./x", "x/.", ".", "..", "../x", "x/../y"])
def test_no_file_and_no_folder_is_taken_at_another_form_of_a_path(aidp, place, file, path):
    aidp.exchanges.clear()
    for log in (
        lambda: place.log_artifact(file, path),
        lambda: place.log_artifacts(os.path.dirname(file), path),
    ):
        with pytest.raises(MlflowException) as caught:
            log()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize("path", ["/a", "/a/f.txt", "..", "../a", "a/../f.txt", "a/..", "/"])
def test_nothing_is_read_or_deleted_outside_of_the_place(aidp, place, path):
    aidp.exchanges.clear()
    for call in (place.list_artifacts, place.download_artifacts, place.delete_artifacts):
        with pytest.raises(MlflowException, match="leads out") as caught:
            call(path)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize("path", ["a/b/f.txt", "a//b/f.txt", "./a/b/f.txt", "a/./b/f.txt"])
def test_other_forms_of_a_path_are_read_as_by_mlflows_own_repository(place, file, tmp_path, path):
    own = LocalArtifactRepository(str(tmp_path / "artifacts"))
    for repository in (place, own):
        repository.log_artifact(file, "a/b")
        assert Path(repository.download_artifacts(path)).read_text() == "content"
        names = [info.path for info in repository.list_artifacts("a/b")]
        assert names == ["a/b/f.txt"]


def test_a_path_that_mlflow_shortens_is_read_by_its_short_form(tracking):
    run = tracking.create_run("0").info.run_id
    tracking.log_text(run, "content", "dir/../f.txt")
    assert [info.path for info in tracking.list_artifacts(run)] == ["f.txt"]
    assert mlflow.artifacts.load_text(f"runs:/{run}/f.txt") == "content"
    with pytest.raises(MlflowException):
        tracking.download_artifacts(run, "dir/../f.txt")


# Names that MLflow parses as parts of a URI


@pytest.mark.parametrize("location", [None, "aidp:/Volumes/main/default/artifacts/x"])
@pytest.mark.parametrize("name", ["a#b.txt", "a?b.txt"])
def test_the_documentation_says_how_such_a_name_is_read(tracking, tmp_path, location, name):
    run = tracking.create_run(tracking.create_experiment("names", location)).info
    tracking.log_text(run.run_id, "content", f"d/{name}")
    assert [info.path for info in tracking.list_artifacts(run.run_id, "d")] == [f"d/{name}"]
    folder = tracking.download_artifacts(run.run_id, "d", str(tmp_path))
    assert (Path(folder) / name).read_text() == "content"
    repository = get_artifact_repository(run.artifact_uri)
    assert Path(repository.download_artifacts(f"d/{name}")).read_text() == "content"
    # MLflow itself cannot, not with a folder of this machine either.
    with pytest.raises((MlflowException, TypeError, OSError)):
        Path(tracking.download_artifacts(run.run_id, f"d/{name}")).read_text()


# Empty folders


@pytest.fixture
def folders(tmp_path):
    """A folder with a file, and with empty folders beside and below it."""
    top = tmp_path / "top"
    (top / "empty" / "deep").mkdir(parents=True)
    (top / "full").mkdir()
    (top / "full" / "f.txt").write_text("content")
    return top


def all_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*"))


def test_a_volume_keeps_empty_folders_as_mlflows_own_repository_does(
    aidp, tracking, folders, tmp_path
):
    own = LocalArtifactRepository(str(tmp_path / "artifacts"))
    volume = get_artifact_repository("aidp:/Volumes/main/default/artifacts/x")
    for repository in (volume, own):
        repository.log_artifacts(str(folders), "top")
        assert [info.path for info in repository.list_artifacts("top")] == ["top/empty", "top/full"]
        assert all_below(repository.download_artifacts("top")) == all_below(folders)
        assert all_below(repository.download_artifacts("top/empty")) == ["deep"]
        assert all_below(repository.download_artifacts("top/empty/deep")) == []


def test_a_bucket_has_no_empty_folders(aidp, tracking, folders):
    bucket = get_artifact_repository("oci://aidp-emulator@emulator/x")
    bucket.log_artifacts(str(folders), "top")
    assert [info.path for info in bucket.list_artifacts("top")] == ["top/full"]
    assert all_below(bucket.download_artifacts("top")) == ["full", "full/f.txt"]


def test_what_is_neither_file_nor_folder_is_missing(aidp, place):
    with pytest.raises(MlflowException) as caught:
        place.download_artifacts("nothing/here")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_file_of_a_volume_is_read_in_two_requests(aidp, tracking, file):
    volume = get_artifact_repository("aidp:/Volumes/main/default/artifacts/x")
    volume.log_artifact(file, "a")
    aidp.exchanges.clear()
    volume.download_artifacts("a/f.txt")
    assert [exchange.operation for exchange in aidp.exchanges] == ["list_files", "download_file"]
