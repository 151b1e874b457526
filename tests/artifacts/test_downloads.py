"""Where downloads go on this machine: below their destination, and nowhere else.

In a list, names and lengths are the server's: whatever it says, there is a proper file or an
``MlflowException``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.local_folders import is_local_name
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from tests.support.answers import Answer, Answers, Asked, serving

CONTENT = b"about flowers"


class Listing:
    """A service that lists these files and folders, and has the same content in each file."""

    def __init__(self, *files: str, folders: tuple[str, ...] = ()) -> None:
        self.files = files
        self.folders = folders
        self.headers: dict[str, str | None] = {}


class Bucket(Listing):
    """Object Storage."""

    def __call__(self, asked: Asked) -> Answer:
        if asked.path != "/n/n/b/b/o" and asked.path != "/n/n/b/b/o/":
            return Answer(CONTENT, headers={"etag": "1", **self.headers})
        if asked.query["prefix"] != "x/":
            return Answer({"objects": [], "prefixes": []})
        return Answer({"objects": [{"name": f"x/{name}", "size": 13} for name in self.files]})


class Volume(Listing):
    """A volume."""

    def __call__(self, asked: Asked) -> Answer:
        if asked.path.endswith("/volumes"):
            return Answer({"items": [{"displayName": "v", "key": "k"}]})
        if not asked.path.endswith("/files"):
            return Answer(CONTENT, headers=self.headers)
        prefix = asked.query["path"].removeprefix("/x").removeprefix("/")
        prefix = prefix and f"{prefix}/"
        items: dict[tuple[str, str], dict[str, str]] = {}
        for kind, names in (("FILE", self.files), ("FOLDER", self.folders)):
            for name in names:
                if name.startswith(prefix):
                    first, slash, _ = name[len(prefix) :].partition("/")
                    type_ = "FOLDER" if slash else kind
                    path = f"/x/{prefix}{first}"
                    items[path, type_] = {"displayName": first, "path": path, "type": type_}
        return Answer({"items": list(items.values())})


KINDS: dict[str, tuple[type[Listing], Callable[[str], Any]]] = {
    "bucket": (Bucket, lambda uri: OciArtifactRepository("oci://b@n/x", uri)),
    "volume": (Volume, lambda uri: VolumeArtifactRepository("aidp:/Volumes/c/s/v/x", uri)),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Answers]:
    with serving() as answers:
        yield answers


@pytest.fixture(params=KINDS)
def lists(request, aidp, server, monkeypatch) -> Callable[..., Any]:
    """Makes a repository of a service that lists these names."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    kind, make = KINDS[request.param]

    def of(*files: str, folders: tuple[str, ...] = (), **headers: str | None) -> Any:
        server.respond = kind(*files, folders=folders)
        server.respond.headers = headers
        return make(server.uri(aidp))

    return of


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "own.txt").write_bytes(b"as it was")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(repository: Any, target: Path, match: str, path: str = "") -> MlflowException:
    with pytest.raises(MlflowException, match=match) as caught:
        repository.download_artifacts(path, str(target))
    assert not any(path.name.endswith(".part") for path in target.rglob("*"))
    return caught.value


def test_files_go_below_the_destination(lists, target):
    path = lists("a", "b/c/d").download_artifacts("", str(target))
    assert path == str(target)
    assert contents(target) == {"a": CONTENT, "b/c/d": CONTENT}


# --- symbolic links


@pytest.mark.parametrize("name", ["link/a", "link/deep/a", "b/link/a"])
def test_a_link_that_leads_out_is_not_followed(lists, target, outside, name):
    link = target / name.partition("link")[0] / "link"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside, target_is_directory=True)
    problem = refused(lists("first", name), target, "a symbolic link leads out of it")
    assert problem.error_code == "INVALID_PARAMETER_VALUE"
    # Nothing is downloaded: some files without the others would pass for the folder.
    assert not (target / "first").exists()
    assert contents(outside) == {"own.txt": b"as it was"}


def test_a_link_that_leads_out_is_not_followed_for_one_file(lists, target, outside):
    (target / "link").symlink_to(outside, target_is_directory=True)
    refused(lists("link/a"), target, "a symbolic link leads out of it", "link/a")
    assert contents(outside) == {"own.txt": b"as it was"}


def test_a_link_in_the_place_of_a_file_that_leads_out_is_not_replaced(lists, target, outside):
    (target / "a").symlink_to(outside / "own.txt")
    refused(lists("a"), target, "a symbolic link leads out of it")
    assert (target / "a").is_symlink()
    assert contents(outside) == {"own.txt": b"as it was"}


def test_a_link_to_nowhere_outside_is_not_followed(lists, target, outside):
    (target / "a").symlink_to(outside / "new.txt")
    refused(lists("a"), target, "a symbolic link leads out of it")
    assert contents(outside) == {"own.txt": b"as it was"}


def test_a_link_in_the_place_of_a_file_is_replaced_if_it_stays_inside(lists, target):
    (target / "own.txt").write_bytes(b"as it was")
    (target / "a").symlink_to(target / "own.txt")
    lists("a").download_artifacts("", str(target))
    assert not (target / "a").is_symlink()
    assert contents(target) == {"a": CONTENT, "own.txt": b"as it was"}


def test_a_link_that_stays_inside_is_followed(lists, target):
    (target / "folder").mkdir()
    (target / "link").symlink_to(target / "folder", target_is_directory=True)
    lists("link/a").download_artifacts("", str(target))
    assert (target / "folder" / "a").read_bytes() == CONTENT


def test_the_destination_itself_may_be_a_link(lists, tmp_path, target):
    (tmp_path / "link").symlink_to(target, target_is_directory=True)
    lists("a").download_artifacts("", str(tmp_path / "link"))
    assert contents(target) == {"a": CONTENT}


def test_no_folder_is_made_outside(aidp, server, target, outside, monkeypatch):
    """A volume lists folders that are empty, which MLflow makes."""
    (target / "link").symlink_to(outside, target_is_directory=True)
    server.respond = Volume(folders=("link/made",))
    repository = VolumeArtifactRepository("aidp:/Volumes/c/s/v/x", server.uri(aidp))
    refused(repository, target, "a symbolic link leads out of it")
    assert os.listdir(outside) == ["own.txt"]


def test_an_empty_folder_is_made_inside(aidp, server, target):
    server.respond = Volume("a", folders=("b/c",))
    repository = VolumeArtifactRepository("aidp:/Volumes/c/s/v/x", server.uri(aidp))
    repository.download_artifacts("", str(target))
    assert (target / "b" / "c").is_dir()


# --- names


def test_a_file_and_a_folder_of_one_name(lists, target):
    problem = refused(lists("a", "a/b", "c"), target, "is a file and a folder")
    assert problem.error_code == "INVALID_PARAMETER_VALUE"
    assert contents(target) == {}


def test_one_of_both_can_be_had_alone(lists, target):
    assert lists("a", "c").download_artifacts("c", str(target)) == str(target / "c")
    assert contents(target) == {"c": CONTENT}


def test_a_name_that_comes_twice_is_one_file(lists, target):
    lists("a", "a").download_artifacts("", str(target))
    assert contents(target) == {"a": CONTENT}


@pytest.mark.parametrize("folder", ["", f"{'d' * 300}/"])
def test_a_name_that_is_too_long_fails_alone(lists, target, folder):
    problem = refused(lists("a", f"{folder}{'n' * 300}"), target, "File name too long")
    assert isinstance(problem, OSError)
    assert problem.error_code == "INVALID_PARAMETER_VALUE"
    assert contents(target) == {"a": CONTENT}


def test_a_name_as_long_as_it_may_be(lists, target):
    lists("n" * 255).download_artifacts("", str(target))
    assert contents(target) == {"n" * 255: CONTENT}


@pytest.mark.parametrize("name", ["..", "../a", "b/../../a", ".", "b/.", "nul\0l", "half \ud800"])
def test_a_name_that_is_no_path_below_the_destination(lists, target, tmp_path, name):
    refused(
        lists("a", name),
        target,
        "no path below the destination|not as documented|not of the|half a",
    )
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["/a", "b//a", "/etc/a"])
def test_an_object_without_a_path(aidp, server, target, tmp_path, name):
    server.respond = Bucket("a", name)
    repository = OciArtifactRepository("oci://b@n/x", server.uri(aidp))
    refused(repository, target, "no path below the destination")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "is_windows_name"),
    [("a b", True), ("é", True), ("c:", False), ("c:a", False), ("a\\b", False), ("..", False)],
)
def test_names_are_judged_by_the_rules_of_the_machine(name, is_windows_name):
    assert is_local_name(name, "\\", "/") == is_windows_name
    assert is_local_name(name, "/", None) == (name != "..")


@pytest.mark.parametrize("call", ["list_artifacts", "delete_artifacts"])
@pytest.mark.parametrize("name", ["y/a", "xa", ""])
def test_an_object_outside_of_the_prefix_is_none_of_the_folder(aidp, server, name, call):
    """A service that ignores the prefix must not have the objects of others deleted."""
    server.asked.clear()
    server.respond = lambda asked: Answer({"objects": [{"name": name, "size": 1}]})
    repository = OciArtifactRepository("oci://b@n/x", server.uri(aidp))
    with pytest.raises(MlflowException, match="not as documented"):
        getattr(repository, call)()
    assert {asked.verb for asked in server.asked} == {"GET"}


@pytest.mark.parametrize("name", ["..", ".", "a/../../y", ""])
@pytest.mark.parametrize("path", ["", "/"])
def test_an_entry_that_names_another_folder_is_none_of_the_folder(aidp, server, name, path):
    server.asked.clear()

    def respond(asked: Asked) -> Answer:
        if asked.path.endswith("/volumes"):
            return Answer({"items": [{"displayName": "v", "key": "k"}]})
        path_of_entry = path or (name and f"/x/{name}")
        entry = {"displayName": name, "path": path_of_entry, "type": "FOLDER"}
        return Answer({"items": [entry]})

    server.respond = respond
    repository = VolumeArtifactRepository("aidp:/Volumes/c/s/v/x", server.uri(aidp))
    if name == "a/../../y" and not path:
        # The last part of a path is a name as any other.
        assert [info.path for info in repository.list_artifacts()] == ["y"]
        return
    with pytest.raises(MlflowException, match="not of the documented shape"):
        repository.delete_artifacts()
    assert {asked.verb for asked in server.asked} == {"GET"}


@pytest.mark.parametrize("call", ["download_artifacts", "delete_artifacts"])
def test_a_volume_that_lists_itself_has_an_end(aidp, server, target, call):
    def respond(asked: Asked) -> Answer:
        if asked.path.endswith("/volumes"):
            return Answer({"items": [{"displayName": "v", "key": "k"}]})
        name = "x" if asked.query["path"] == "/" else "again"
        path = f"{asked.query['path'].rstrip('/')}/{name}"
        return Answer({"items": [{"displayName": name, "path": path, "type": "FOLDER"}]})

    server.respond = respond
    repository = VolumeArtifactRepository("aidp:/Volumes/c/s/v/x", server.uri(aidp))
    arguments = ("", str(target)) if call == "download_artifacts" else ()
    with pytest.raises(MlflowException, match="and no end"):
        getattr(repository, call)(*arguments)
    assert os.listdir(target) == []


# --- lengths and other headers of an object


@pytest.fixture
def in_parts(aidp, server, monkeypatch) -> Callable[..., Any]:
    """Makes a repository of one object, which is longer than a part."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    def of(**headers: str | None) -> Any:
        def respond(asked: Asked) -> Answer:
            if asked.path.rstrip("/") == "/n/n/b/b/o":
                return Answer({"objects": []})
            first, _, last = asked.headers.get("range", "bytes=0-12")[6:].partition("-")
            part = CONTENT[int(first) : int(last) + 1]
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            if "range" in asked.headers:
                names.pop("content-length", None)
                names["content-range"] = f"bytes {first}-{last}/{len(CONTENT)}"
            return Answer(part, 206 if "range" in asked.headers else 200, {"etag": "1", **names})

        server.respond = respond
        options = TransferOptions(part_size=5)
        return OciArtifactRepository("oci://b@n/x", server.uri(aidp), options=options)

    return of


def test_an_object_in_parts_is_whole(in_parts, target):
    in_parts().download_artifacts("a", str(target))
    assert contents(target) == {"a": CONTENT}


def test_an_object_in_parts_without_an_entity_tag_is_refused(in_parts, target):
    problem = refused(in_parts(etag=None), target, "not as documented", "a")
    assert problem.error_code == "INTERNAL_ERROR"
    assert contents(target) == {}


def test_an_object_in_one_part_needs_no_entity_tag(lists, target):
    lists("a", etag=None).download_artifacts("a", str(target))
    assert contents(target) == {"a": CONTENT}


@pytest.mark.parametrize(
    "length", [str(10**30), str(10**15), "9" * 5000, "-1", "-13", "1e3", "0x10", "13.0", "abc"]
)
def test_a_length_that_no_object_has(in_parts, target, length):
    refused(in_parts(content_length=length), target, "failed: ", "a")
    assert contents(target) == {}


@pytest.mark.parametrize(
    ("part_size", "parts"), [("0", "0"), ("9" * 5000, "1"), ("²", "13"), ("-5", "3"), ("1", "x")]
)
def test_part_sizes_that_are_none_do_not_count(in_parts, target, part_size, parts):
    """The length and the entity tag are all that is compared then, as for the objects of others."""
    repository = in_parts(opc_meta_mlflow_part_size=part_size, opc_multipart_md5=f"wrong-{parts}")
    repository.download_artifacts("a", str(target))
    assert contents(target) == {"a": CONTENT}


def test_the_part_size_that_fits_counts(in_parts, target):
    repository = in_parts(opc_meta_mlflow_part_size="4", opc_multipart_md5="wrong-4")
    problem = refused(repository, target, "does not match its checksum", "a")
    assert problem.error_code == "DATA_LOSS"
