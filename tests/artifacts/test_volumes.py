"""MLflow's artifacts in a volume: what users do with them."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

import mlflow_oci_aidp
from mlflow_oci_aidp.artifacts.locations import VolumeLocation, to_mlflow
from mlflow_oci_aidp.artifacts.volume_client import VolumeClient
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.session import SERVER_VARIABLES, session_for

PLACE = "aidp:/Volumes/main/default/artifacts/1/run/artifacts"
NAMES = [
    "plain.txt",
    "a b.txt",
    "50%.txt",
    "%20.txt",
    "#1.txt",
    "q?&=+.txt",
    "é ü 模型.txt",
    "'\"<>.txt",
    ".hidden",
]


@pytest.fixture
def place(aidp: Emulator) -> VolumeArtifactRepository:
    mlflow.set_registry_uri(aidp.uri)
    repository = get_artifact_repository(PLACE)
    assert isinstance(repository, VolumeArtifactRepository)
    return repository


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def write(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def read(folder: str | Path) -> dict[str, bytes]:
    root = Path(folder)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def paths(place: VolumeArtifactRepository, path: str | None = None) -> list[str]:
    return [info.path for info in place.list_artifacts(path)]


def operations(aidp: Emulator) -> list[str | None]:
    return [exchange.operation for exchange in aidp.exchanges]


def test_a_folder_goes_up_and_comes_down(
    place: VolumeArtifactRepository, source: Path, tmp_path: Path
) -> None:
    files = {
        "model/MLmodel": b"flavors:\n",
        "model/data/weights": os.urandom(5 << 20),
        "empty": b"",
        "x/y/z": b"1",
    }
    write(source, **files)
    place.log_artifacts(str(source))
    assert read(place.download_artifacts("")) == files
    (tmp_path / "part").mkdir()
    place.download_artifacts("model", str(tmp_path / "part"))
    assert read(tmp_path / "part") == {
        name: content for name, content in files.items() if name.startswith("model/")
    }


@pytest.mark.parametrize("name", NAMES)
def test_names_are_what_they_say(place: VolumeArtifactRepository, source: Path, name: str) -> None:
    write(source, **{name: name.encode()})
    place.log_artifact(str(source / name), f"in {name}")
    assert paths(place, f"in {name}") == [f"in {name}/{name}"]
    assert read(place.download_artifacts(f"in {name}")) == {name: name.encode()}
    place.delete_artifacts(f"in {name}/{name}")
    assert paths(place, f"in {name}") == []


def test_lists_are_mlflows(place: VolumeArtifactRepository, source: Path) -> None:
    assert place.list_artifacts() == []
    write(source, **{"b": b"22", "a/c": b"333"})
    place.log_artifacts(str(source), "top")
    assert [(info.path, info.is_dir, info.file_size) for info in place.list_artifacts("top")] == [
        ("top/a", True, None),
        ("top/b", False, 2),
    ]
    assert paths(place, "top/a/") == ["top/a/c"]
    assert (
        place.list_artifacts("top/b")
        == place.list_artifacts("none")
        == place.list_artifacts("top/b/c")
        == []
    )


def test_long_lists_are_whole(
    aidp: Emulator, place: VolumeArtifactRepository, source: Path
) -> None:
    write(source, **{str(number): b"" for number in range(5)})
    place.log_artifacts(str(source))
    location = VolumeLocation.parse(PLACE)
    client = VolumeClient(session_for(aidp.uri).client, location, page_size=2)
    aidp.exchanges.clear()
    assert [entry.name for entry in client.entries(location.path)] == list("01234")
    sent = [exchange.query for exchange in aidp.exchanges if exchange.operation == "list_files"]
    assert [query["limit"] for query in sent] == ["2", "2", "2"]


def test_a_file_is_replaced_and_deleted(place: VolumeArtifactRepository, source: Path) -> None:
    for content in (b"long content", b"short"):
        write(source, f=content)
        place.log_artifact(str(source / "f"))
        assert Path(place.download_artifacts("f")).read_bytes() == content
    place.delete_artifacts("f")
    place.delete_artifacts("f")
    assert paths(place) == []


def test_folders_are_deleted_with_what_is_in_them(
    place: VolumeArtifactRepository, source: Path
) -> None:
    write(source, **{"a/b/c": b"", "a/d": b"", "e": b""})
    place.log_artifacts(str(source))
    place.delete_artifacts("a")
    assert paths(place) == ["e"]
    place.delete_artifacts()
    assert paths(place) == []
    place.log_artifacts(str(source))
    assert paths(place) == ["a", "e"]


def test_what_is_not_there_is_said(place: VolumeArtifactRepository) -> None:
    with pytest.raises(MlflowException, match=r"opc-request-id \S+") as caught:
        place.download_artifacts("none/f")
    assert caught.value.error_code in {"RESOURCE_DOES_NOT_EXIST", "INTERNAL_ERROR"}


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/etc"])
def test_paths_stay_inside(
    place: VolumeArtifactRepository, source: Path, aidp: Emulator, path: str
) -> None:
    write(source, f=b"")
    works = (
        place.list_artifacts,
        place.delete_artifacts,
        lambda path: place.log_artifact(str(source / "f"), path),
    )
    for work in works:
        with pytest.raises(MlflowException, match=r"leads out|takes no") as caught:
            work(path)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert operations(aidp) == []


@pytest.mark.parametrize("name", ["ends with blank ", "line\nbreak"])
def test_names_that_no_header_can_carry_are_refused(
    place: VolumeArtifactRepository, source: Path, name: str
) -> None:
    write(source, **{name: b""})
    with pytest.raises(MlflowException, match="Give it another name"):
        place.log_artifact(str(source / name))


@pytest.mark.parametrize(
    "uri",
    [
        "aidp:/Volumes/main/default",
        "aidp:/Volumes/a/b/c/../d",
        "aidp:/elsewhere/a/b/c",
        "aidp:Volumes/a/b/c",
    ],
)
def test_other_locations_are_refused(uri: str) -> None:
    with pytest.raises(MlflowException, match="Its form is aidp:/Volumes/") as caught:
        get_artifact_repository(uri)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_volume_that_is_not_there_is_said(aidp: Emulator, source: Path) -> None:
    mlflow.set_registry_uri(aidp.uri)
    write(source, f=b"")
    place = get_artifact_repository("aidp:/Volumes/main/default/none/x")
    for work in (place.list_artifacts, lambda: place.log_artifact(str(source / "f"))):
        with pytest.raises(MlflowException, match="no volume 'none'") as caught:
            work()
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_local_file_that_is_not_there_is_said(
    place: VolumeArtifactRepository, source: Path
) -> None:
    with pytest.raises(MlflowException, match="cannot be read: No such file"):
        place.log_artifact(str(source / "none"))


def test_the_platform_is_found_by_the_stores_in_use(
    aidp: Emulator, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source, f=b"1")
    with pytest.raises(MlflowException, match="No AI Data Platform is named"):
        get_artifact_repository(PLACE)
    VolumeArtifactRepository(PLACE, tracking_uri=aidp.uri).log_artifact(str(source / "f"))
    assert paths(
        VolumeArtifactRepository(PLACE.replace("aidp:", "aidp://"), registry_uri=aidp.uri)
    ) == ["f"]
    with monkeypatch.context() as patch:
        patch.setenv(SERVER_VARIABLES[1], aidp.uri)
        assert paths(get_artifact_repository(PLACE)) == ["f"]
    for name, value in aidp.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    assert paths(get_artifact_repository(PLACE)) == ["f"]


def test_mlflows_own_functions(aidp: Emulator, source: Path) -> None:
    mlflow.set_registry_uri(aidp.uri)
    mlflow.create_experiment("e", artifact_location="aidp:/Volumes/main/default/artifacts/e")
    write(source, **{"deep/f": b"1"})
    with mlflow.start_run(experiment_id=mlflow.get_experiment_by_name("e").experiment_id) as run:
        mlflow.log_artifacts(str(source))
        mlflow.log_dict({"a": 1}, "d.json")
        assert mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/d.json") == {"a": 1}
    assert read(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/deep")) == {"f": b"1"}
    assert (
        mlflow.artifacts.load_text(
            f"aidp:/Volumes/main/default/artifacts/e/{run.info.run_id}/artifacts/deep/f"
        )
        == "1"
    )
    assert operations(aidp).count("list_volumes") == 1


def test_a_folder_that_somebody_deleted_is_made_again(source: Path, tmp_path: Path) -> None:
    write(source, f=b"1")
    with Emulator(tmp_path / "data") as aidp:
        place = VolumeArtifactRepository(PLACE, registry_uri=aidp.uri)
        place.log_artifact(str(source / "f"), "a/b")
        shutil.rmtree(tmp_path / "data/volumes/main/default/artifacts/1")
        place.log_artifact(str(source / "f"), "a/b")
        assert paths(place, "a/b") == ["a/b/f"]


def test_a_volume_that_was_made_anew_is_looked_up_again(aidp: Emulator, source: Path) -> None:
    write(source, f=b"1")
    place = VolumeArtifactRepository("aidp:/Volumes/main/default/artifacts", registry_uri=aidp.uri)
    # The key of the volume before: the platform does not know it any more.
    before = b'{"items": [{"displayName": "artifacts", "key": "of-the-volume-before"}]}'
    aidp.faults.add("body", operation="list_volumes", body=before)
    assert paths(place) == []
    place.log_artifact(str(source / "f"))
    assert paths(place) == ["f"]
    assert operations(aidp).count("list_volumes") == 2


def test_a_mounted_volume_is_plain_files(tmp_path: Path) -> None:
    (tmp_path / "main/default/artifacts").mkdir(parents=True)
    location = to_mlflow("/Volumes/main/default/artifacts/1", root=str(tmp_path))
    assert isinstance(get_artifact_repository(location), LocalArtifactRepository)


def test_a_forked_child_goes_on(place: VolumeArtifactRepository, source: Path) -> None:
    write(source, f=b"1")
    place.log_artifact(str(source / "f"))
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if paths(place) == ["f"] else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert paths(place) == ["f"]


def test_loading_the_plugin_imports_neither_the_sdk_nor_this() -> None:
    code = (
        "import mlflow_oci_aidp.plugin, sys; "
        "print([n for n in sys.modules if n.startswith(('oci', 'requests'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_go_for_the_user_of_the_block_in_every_thread(
    place: VolumeArtifactRepository, source: Path, aidp: Emulator, tmp_path: Path
) -> None:
    write(source, **{f"{number}.txt": b"x" for number in range(4)})
    aidp.exchanges.clear()
    with mlflow_oci_aidp.user_principal("c29tZWJvZHk="):
        place.log_artifacts(str(source))
        place.download_artifacts("", str(tmp_path))
    sent = {exchange.headers.get("dh-user-principal") for exchange in aidp.exchanges}
    assert sent == {"c29tZWJvZHk="}


def test_a_repository_is_pickled(place: VolumeArtifactRepository, source: Path) -> None:
    write(source, **{"a.txt": b"x"})
    again = pickle.loads(pickle.dumps(place))
    again.log_artifact(str(source / "a.txt"))
    assert [file.path for file in place.list_artifacts()] == ["a.txt"]
