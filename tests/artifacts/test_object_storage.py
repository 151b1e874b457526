"""Artifacts in Object Storage, through MLflow's own calls and the real client of ``oci``."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import oci
import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

import mlflow_oci_aidp
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions

from .object_storage import LOCATION, PLACE, client_of, objects, written

FILES = {
    "model.pkl": b"model",
    "empty": b"",
    "sub/deep/er/x.txt": b"deep",
    "blank s/ü 日本.txt": b"unicode",
    "100%/#1?&=+;.txt": b"signs",
}


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "local", FILES)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_mlflow_finds_it_by_the_scheme(storage):
    assert isinstance(get_artifact_repository(LOCATION), OciArtifactRepository)


def test_a_folder_goes_up_and_comes_down(repository, folder, tmp_path):
    repository.log_artifacts(str(folder), "top")
    path = repository.download_artifacts("top", str(tmp_path))
    assert path == str(tmp_path / "top")
    assert contents(tmp_path / "top") == FILES


def test_a_file_goes_up_and_comes_down(repository, folder, tmp_path):
    repository.log_artifact(str(folder / "model.pkl"), "a/b")
    path = repository.download_artifacts("a/b/model.pkl", str(tmp_path))
    assert path == str(tmp_path / "a/b/model.pkl")
    assert (tmp_path / "a/b/model.pkl").read_bytes() == b"model"


def test_all_of_it_comes_down_without_a_path(repository, folder):
    repository.log_artifacts(str(folder))
    path = repository.download_artifacts("")
    assert contents(Path(path)) == FILES


def test_an_empty_repository_is_an_empty_folder(repository, tmp_path):
    assert repository.download_artifacts("", str(tmp_path)) == str(tmp_path)
    assert repository.list_artifacts() == []


def test_mlflows_own_download(repository, folder):
    repository.log_artifacts(str(folder), "top")
    path = mlflow.artifacts.download_artifacts(f"{LOCATION}/top/sub")
    assert Path(path, "deep/er/x.txt").read_bytes() == b"deep"


def test_oracles_own_client_sees_the_same(aidp, repository, folder):
    repository.log_artifacts(str(folder), "top")
    client = client_of(aidp)
    assert set(objects(aidp)) == {f"exp/run/top/{name}" for name in FILES}
    assert client.get_object(*PLACE, "exp/run/top/100%/#1?&=+;.txt").data.content == b"signs"


def test_a_list_is_one_level(repository, folder):
    repository.log_artifacts(str(folder))
    shown = [(info.path, info.is_dir, info.file_size) for info in repository.list_artifacts()]
    assert shown == [
        ("100%", True, None),
        ("blank s", True, None),
        ("empty", False, 0),
        ("model.pkl", False, 5),
        ("sub", True, None),
    ]
    assert [info.path for info in repository.list_artifacts("sub/deep")] == ["sub/deep/er"]
    assert repository.list_artifacts("model.pkl") == repository.list_artifacts("nothing") == []


def test_long_lists_come_in_pages(aidp, repository):
    client = client_of(aidp)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda number: client.put_object(*PLACE, f"exp/run/{number:04}", b""), range(1005)
            )
        )
    assert len(repository.list_artifacts()) == 1005
    assert [exchange.operation for exchange in aidp.exchanges].count("list_objects") == 2


def test_the_mark_of_a_folder_is_no_artifact(aidp, repository, tmp_path):
    client_of(aidp).put_object(*PLACE, "exp/run/sub/", b"")
    client_of(aidp).put_object(*PLACE, "exp/run/sub/a", b"1")
    assert [info.path for info in repository.list_artifacts("sub")] == ["sub/a"]
    repository.download_artifacts("sub", str(tmp_path))
    assert contents(tmp_path) == {"sub/a": b"1"}


def test_a_neighbour_with_a_longer_name_is_another(aidp, repository, tmp_path):
    client_of(aidp).put_object(*PLACE, "exp/run2/a", b"1")
    client_of(aidp).put_object(*PLACE, "exp/run/a", b"1")
    client_of(aidp).put_object(*PLACE, "exp/run/ab", b"1")
    repository.delete_artifacts("a")
    assert objects(aidp) == ["exp/run/ab", "exp/run2/a"]
    repository.delete_artifacts()
    assert objects(aidp) == ["exp/run2/a"]


def test_delete_a_folder(aidp, repository, folder):
    repository.log_artifacts(str(folder))
    repository.delete_artifacts("sub")
    assert "exp/run/sub/deep/er/x.txt" not in objects(aidp)
    assert len(objects(aidp)) == len(FILES) - 1


def test_delete_what_is_not_there(repository):
    repository.delete_artifacts("nothing")


class TestParts:
    """What is longer than a part: both ways in several requests at a time."""

    @pytest.fixture
    def options(self):
        return TransferOptions(part_size=100_000)

    @pytest.mark.parametrize("size", [100_000, 100_001, 200_000, 1_234_567])
    def test_go_up_and_come_down(self, repository, tmp_path, size):
        content = os.urandom(size)
        written(tmp_path, {"big": content})
        repository.log_artifact(str(tmp_path / "big"), "m")
        repository.download_artifacts("m/big", str(tmp_path))
        assert (tmp_path / "m/big").read_bytes() == content
        assert sorted(os.listdir(tmp_path / "m")) == ["big"]

    def test_are_ranges_of_one_version(self, aidp, repository, tmp_path):
        written(tmp_path, {"big": os.urandom(250_000)})
        repository.log_artifact(str(tmp_path / "big"))
        aidp.exchanges.clear()
        repository.download_artifacts("big")
        gets = [
            exchange.headers for exchange in aidp.exchanges if exchange.operation == "get_object"
        ]
        assert {headers["range"] for headers in gets[1:]} == {
            "bytes=0-99999",
            "bytes=100000-199999",
            "bytes=200000-249999",
        }
        assert len({headers["if-match"] for headers in gets[1:]}) == 1

    def test_of_another_tool(self, aidp, repository, tmp_path):
        content = os.urandom(1_000_000)
        written(tmp_path, {"big": content})
        manager = oci.object_storage.UploadManager(client_of(aidp))
        manager.upload_file(*PLACE, "exp/run/parts", str(tmp_path / "big"), part_size=300_000)
        manager.upload_file(*PLACE, "exp/run/once", str(tmp_path / "big"))
        path = repository.download_artifacts("")
        assert Path(path, "parts").read_bytes() == Path(path, "once").read_bytes() == content

    def test_can_be_as_many_as_the_service_takes(self, aidp, storage, tmp_path):
        repository = OciArtifactRepository(
            LOCATION, options=TransferOptions(part_size=100_000, max_parts=3)
        )
        written(tmp_path, {"big": os.urandom(1_000_000)})
        repository.log_artifact(str(tmp_path / "big"))
        assert [exchange.operation for exchange in aidp.exchanges].count("upload_part") == 3


def put_without_asking(aidp, name):
    """Put an object whose name the service would not take."""
    aidp._running.objects._database.execute(
        "INSERT INTO objects VALUES (?, 'f', 0, '', '', '', 0.0, '{}', '')", (name,)
    )


class TestRefused:
    def refused(self, code, call, *arguments):
        with pytest.raises(MlflowException) as caught:
            call(*arguments)
        assert caught.value.error_code == code
        assert caught.value.__cause__ is caught.value.__context__ is None
        return caught.value.message

    @pytest.mark.parametrize(
        "location",
        [
            "oci://bucket",
            "oci://bucket/prefix",
            "oci://@namespace/prefix",
            "oci://bucket@/prefix",
            "oci://a@b@c/prefix",
            "oci:/bucket@namespace",
            "oci://bucket@namespace/prefix?version=1",
            "oci://bucket@namespace/prefix#part",
        ],
    )
    def test_a_location_of_another_form(self, storage, location):
        message = self.refused("INVALID_PARAMETER_VALUE", OciArtifactRepository, location)
        assert "oci://<bucket>@<namespace>/<prefix>" in message

    def test_what_is_not_there(self, repository, tmp_path):
        message = self.refused(
            "RESOURCE_DOES_NOT_EXIST", repository.download_artifacts, "nothing", str(tmp_path)
        )
        assert "'exp/run/nothing'" in message
        assert "HTTP 404, opc-request-id " in message
        assert contents(tmp_path) == {}

    def test_an_unknown_bucket(self, storage):
        other = OciArtifactRepository("oci://other@emulator/x")
        assert "'other'" in self.refused("RESOURCE_DOES_NOT_EXIST", other.list_artifacts)

    def test_a_signature_of_a_stranger(self, repository, tmp_path):
        written(tmp_path, {"a": b"1"})
        key = tmp_path / "key.pem"
        subprocess.run(
            ["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True
        )
        mlflow_oci_aidp.use_signer(oci.signer.Signer("t", "u", "aa:bb", str(key)))
        message = self.refused("UNAUTHENTICATED", repository.log_artifact, str(tmp_path / "a"))
        assert "Signature" not in message
        assert "aa:bb" not in message

    def test_nobody_at_all(self, aidp, monkeypatch):
        monkeypatch.setenv("AIDP_OBJECT_STORAGE_ENDPOINT", aidp.endpoint)
        self.refused("UNAUTHENTICATED", OciArtifactRepository(LOCATION).list_artifacts)

    @pytest.mark.parametrize("path", ["..", "a/../../b", "../run2/a"])
    def test_a_path_that_leads_out(self, repository, tmp_path, path):
        self.refused("INVALID_PARAMETER_VALUE", repository.download_artifacts, path, str(tmp_path))
        self.refused("INVALID_PARAMETER_VALUE", repository.list_artifacts, path)

    @pytest.mark.parametrize("name", ["/a", "x//a", "nul\0l"])
    def test_a_name_that_is_no_path(self, aidp, repository, tmp_path, name):
        aidp._running.objects._database.execute(
            "INSERT INTO objects VALUES (?, 'f', 0, '', '', '', 0.0, '{}', '')",
            (f"exp/run/{name}",),
        )
        self.refused("INVALID_PARAMETER_VALUE", repository.download_artifacts, "", str(tmp_path))
        assert contents(tmp_path) == {}

    @pytest.mark.parametrize("name", ["../escaped", "sub/../../escaped", ".."])
    def test_an_object_that_would_escape_the_destination(self, aidp, repository, tmp_path, name):
        aidp._running.objects._database.execute(
            "INSERT INTO objects VALUES (?, 'f', 0, '', '', '', 0.0, '{}', '')",
            (f"exp/run/{name}",),
        )
        inside = tmp_path / "inside"
        inside.mkdir()
        self.refused("INVALID_PARAMETER_VALUE", repository.download_artifacts, "", str(inside))
        assert contents(tmp_path) == {}

    def test_a_folder_that_is_none(self, repository, folder):
        for path in (folder / "nowhere", folder / "empty"):
            self.refused("INVALID_PARAMETER_VALUE", repository.log_artifacts, str(path))

    def test_a_destination_that_is_none(self, repository, tmp_path):
        self.refused(
            "INVALID_PARAMETER_VALUE", repository.download_artifacts, "", str(tmp_path / "nowhere")
        )

    def test_some_of_many_files(self, aidp, repository, folder):
        aidp.faults.add("status", operation="put_object", status=403)
        message = self.refused("PERMISSION_DENIED", repository.log_artifacts, str(folder))
        assert f"1 of {len(FILES)} files were not uploaded" in message
        assert len(objects(aidp)) == len(FILES) - 1


def test_identity_and_endpoint_come_from_the_uri_in_use(aidp, folder):
    repository = OciArtifactRepository(LOCATION, tracking_uri=aidp.tracking_uri)
    repository.log_artifacts(str(folder))
    assert len(objects(aidp)) == len(FILES)


def test_a_session_token_that_is_refused_is_read_again(aidp, storage, folder, monkeypatch):
    monkeypatch.setenv("OCI_CLI_PROFILE", aidp.session_profile())
    monkeypatch.setenv("OCI_CLI_AUTH", "security_token")
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    repository = OciArtifactRepository(LOCATION)
    aidp.faults.add("status", operation="put_object", status=401)
    repository.log_artifact(str(folder / "model.pkl"))
    assert objects(aidp) == ["exp/run/model.pkl"]


def test_it_shows_no_secret_and_can_be_pickled(repository, folder):
    assert repr(repository) == f"<OciArtifactRepository {LOCATION}>"
    again = pickle.loads(pickle.dumps(repository))
    again.log_artifact(str(folder / "model.pkl"))
    assert [info.path for info in repository.list_artifacts()] == ["model.pkl"]


@pytest.mark.parametrize("name", ["empty", "model.pkl"])
def test_what_kind_of_content_it_is_is_not_guessed(aidp, repository, folder, name):
    repository.log_artifact(str(folder / name))
    sent = next(exchange for exchange in aidp.exchanges if exchange.operation == "put_object")
    assert sent.headers["content-type"] == "application/octet-stream"


def test_objects_whose_names_are_no_paths_are_not_listed(aidp, repository):
    for name in ("a//b", "a/c", "/x"):
        client_of(aidp).put_object(*PLACE, f"exp/run/{name}", b"")
    assert [info.path for info in repository.list_artifacts()] == ["a"]
    assert [info.path for info in repository.list_artifacts("a")] == ["a/c"]


def test_a_folder_that_is_only_marked_is_an_empty_folder(aidp, repository, tmp_path):
    client_of(aidp).put_object(*PLACE, "exp/run/sub/", b"")
    assert os.listdir(repository.download_artifacts("sub", str(tmp_path))) == []


def test_what_is_in_the_way_on_this_machine_is_told(repository, folder, tmp_path):
    repository.log_artifacts(str(folder))
    (tmp_path / "sub").write_text("a file where a folder shall be")
    (tmp_path / "model.pkl").mkdir()
    for path in ("sub", "model.pkl"):
        with pytest.raises(MlflowException, match="cannot be written") as caught:
            repository.download_artifacts(path, str(tmp_path))
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_makes_its_own_connections(aidp, repository, folder):
    repository.log_artifact(str(folder / "model.pkl"))
    context = multiprocessing.get_context("fork")
    child = context.Process(target=repository.log_artifact, args=(str(folder / "empty"),))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert objects(aidp) == ["exp/run/empty", "exp/run/model.pkl"]


def test_many_threads_use_one(aidp, repository, tmp_path):
    written(tmp_path / "many", {f"{number}": str(number).encode() for number in range(60)})
    with ThreadPoolExecutor(12) as pool:
        list(
            pool.map(
                lambda number: repository.log_artifact(str(tmp_path / "many" / str(number))),
                range(60),
            )
        )
    assert contents(tmp_path / "many") == {
        name.rpartition("/")[2]: client_of(aidp).get_object(*PLACE, name).data.content
        for name in objects(aidp)
    }


def test_over_tls(tmp_path, monkeypatch):
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator(tls=True) as emulator:
        for name, value in {
            **emulator.environ,
            "AIDP_OBJECT_STORAGE_ENDPOINT": emulator.endpoint,
        }.items():
            monkeypatch.setenv(name, value)
        written(tmp_path, {"a": os.urandom(3_000_000)})
        repository = OciArtifactRepository(LOCATION)
        repository.log_artifact(str(tmp_path / "a"))
        assert (
            Path(repository.download_artifacts("a")).read_bytes() == (tmp_path / "a").read_bytes()
        )


def test_oci_is_imported_by_the_first_call_alone(storage):
    code = (
        "import sys; from mlflow_oci_aidp.plugin import oci_artifacts;"
        f"oci_artifacts({LOCATION!r}); assert 'oci' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
