"""A success is what the service documents: nothing else passes for it."""

from __future__ import annotations

import os
import time

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.client.conftest import BUCKET, VOLUME
from tests.support.hostile import HungUp, answer, head, hostile, proper, proper_body

CONTENT = os.urandom(2500)
LOCATIONS = {VOLUME: VolumeArtifactRepository, BUCKET: OciArtifactRepository}
OPTIONS = TransferOptions(part_size=1000, chunk=100)


def test_a_part_of_a_list_or_an_entity_does_not_pass_for_it(caller):
    def script(wire):
        wire.send(answer(wire, proper_body(wire), status="206 Partial Content"))

    words = r"part of (one|what was asked for)"
    with hostile(script) as server, pytest.raises(MlflowException, match=words):
        caller(server.endpoint)("a")


@pytest.mark.parametrize("status", ["202 Accepted", "203 Non-Authoritative", "204 No Content"])
def test_a_list_that_is_not_there_yet_is_no_empty_list(uri_of, status):
    def script(wire):
        body = b"" if status.startswith("204") else proper_body(wire)
        wire.send(answer(wire, body, status=status))

    with hostile(script) as server, pytest.raises(MlflowException, match="not as documented"):
        OciArtifactRepository(BUCKET, uri_of(server.endpoint)).list_artifacts("a")


def cut_off_at_the_headers(wire):
    wire.send(head("200 OK", f"opc-request-id: {wire.id}"))
    raise HungUp


LISTS = {
    "registry": lambda uri: AidpRegistryStore(uri).search_registered_models(),
    "tracking": lambda uri: AidpTrackingStore(uri).search_experiments(),
    "volume": lambda uri: VolumeArtifactRepository(VOLUME, uri).list_artifacts(),
    "object storage": lambda uri: OciArtifactRepository(BUCKET, uri).list_artifacts(),
}
EMPTY = {
    "registry": b"{}",
    "tracking": b"{}",
    "volume": b'{"items": []}',
    "object storage": b'{"objects": []}',
}


@pytest.mark.parametrize("part", LISTS)
def test_an_answer_that_ends_with_its_headers_is_no_empty_list(uri_of, part):
    with hostile(cut_off_at_the_headers) as server:
        with pytest.raises(MlflowException) as caught:
            LISTS[part](uri_of(server.endpoint, retries=1))
        assert len(server.requests) == 2
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"


@pytest.mark.parametrize("part", ["volume", "object storage"])
@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_nothing_is_no_empty_list(uri_of, part, status):
    def script(wire):
        is_asked = not wire.path.endswith("/volumes")
        wire.send(answer(wire, b"" if is_asked else proper_body(wire), status=status))

    with hostile(script) as server, pytest.raises(MlflowException):
        LISTS[part](uri_of(server.endpoint))


@pytest.mark.parametrize("part", LISTS)
def test_an_empty_list_is_one(uri_of, part):
    def script(wire):
        is_asked = not wire.path.endswith("/volumes")
        wire.send(answer(wire, EMPTY[part] if is_asked else proper_body(wire)))

    with hostile(script) as server:
        assert list(LISTS[part](uri_of(server.endpoint))) == []


def test_a_change_needs_no_body(uri_of):
    with hostile(lambda wire: wire.send(answer(wire, b"", status="204 No Content"))) as server:
        AidpRegistryStore(uri_of(server.endpoint)).delete_registered_model("a")


@pytest.mark.parametrize("location", [VOLUME, BUCKET])
def test_a_success_before_the_file_was_sent_is_none(uri_of, tmp_path, location):
    (tmp_path / "large").write_bytes(bytes(12 << 20))

    def script(wire):
        if wire.path.endswith("uploadFile") or wire.verb == "PUT":
            wire.send(answer(wire, b""))
            wire.leave_body()
            time.sleep(3)
            raise HungUp
        wire.send(proper(wire))

    with hostile(script) as server:
        repository = LOCATIONS[location](location, uri_of(server.endpoint, timeout=1))
        with pytest.raises(MlflowException, match="no proper HTTP"):
            repository.log_artifact(str(tmp_path / "large"))


@pytest.mark.parametrize("status", ["202 Accepted", "204 No Content", "206 Partial Content"])
@pytest.mark.parametrize("size", [10, 2500])
def test_an_object_that_was_not_written_is_not_said_to_be(uri_of, tmp_path, status, size):
    (tmp_path / "file").write_bytes(CONTENT[:size])
    with hostile(lambda wire: wire.send(answer(wire, b"", status=status))) as server:
        repository = OciArtifactRepository(BUCKET, uri_of(server.endpoint), options=OPTIONS)
        with pytest.raises(MlflowException, match=r"not as documented|part of what"):
            repository.log_artifact(str(tmp_path / "file"))


def test_a_file_that_a_volume_has_only_a_part_of_is_not_written(uri_of, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)

    def script(wire):
        is_upload = wire.path.endswith("uploadFile")
        wire.send(answer(wire, b"{}", status="206 Partial") if is_upload else proper(wire))

    with hostile(script) as server, pytest.raises(MlflowException, match="is a part of one"):
        VolumeArtifactRepository(VOLUME, uri_of(server.endpoint)).log_artifact(
            str(tmp_path / "file")
        )


def ranges(wrong):
    """Serve an object in ranges; ``wrong`` makes the first answer to a range from the right one."""
    asked = []

    def script(wire):
        wanted = wire.headers.get("range")
        if wanted is None:
            wire.send(answer(wire, CONTENT, "etag: 1"))
            return
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        if first == 1000 and not asked:
            asked.append(wanted)
            wire.send(wrong(wire, first, last))
        else:
            wire.send(a_range(wire, first, last))

    return script


def a_range(wire, first, last, status="206 Partial Content", shown=None):
    shown = f"bytes {first}-{last}/2500" if shown is None else shown
    lines = [f"content-range: {shown}"] if shown else []
    return answer(wire, CONTENT[first : last + 1], "etag: 1", *lines, status=status)


WRONG_RANGES = {
    "the beginning": lambda wire, first, last: a_range(wire, 0, last - first),
    "no range": lambda wire, first, last: a_range(wire, 0, last - first, shown=""),
    "the whole": lambda wire, first, last: answer(wire, CONTENT, "etag: 1"),
    "a 200 of the right length": lambda wire, first, last: a_range(
        wire, 0, last - first, "200 OK", ""
    ),
    "less": lambda wire, first, last: a_range(wire, first, last - 1),
    "less than it says": lambda wire, first, last: a_range(
        wire, first, last - 1, shown=f"bytes {first}-{last}/2500"
    ),
}


@pytest.mark.parametrize("kind", WRONG_RANGES)
def test_another_range_than_was_asked_for_is_asked_for_again(uri_of, tmp_path, kind):
    """The object has no checksum that could tell: another tool uploaded it in parts."""
    with hostile(ranges(WRONG_RANGES[kind])) as server:
        uri = uri_of(server.endpoint, retries=1)
        repository = OciArtifactRepository(BUCKET, uri, options=OPTIONS)
        repository._download_file("file", str(tmp_path / "file"))
        again = [wire for wire in server.requests if "bytes=1" in wire.headers.get("range", "")]
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(again) == 2


def test_ranges_as_they_were_asked_for_are_asked_for_once(uri_of, tmp_path):
    with hostile(ranges(a_range)) as server:
        repository = OciArtifactRepository(BUCKET, uri_of(server.endpoint), options=OPTIONS)
        repository._download_file("file", str(tmp_path / "file"))
        assert len(server.requests) == 4
    assert (tmp_path / "file").read_bytes() == CONTENT


def of_the_file(wire):
    return wire.path.endswith("downloadFile") or "/o/" in wire.path


NO_FILES = {
    "encoded chunks": lambda wire: (
        head("200 OK", f"opc-request-id: {wire.id}", "etag: 1", "transfer-encoding: gzip, chunked")
        + b"3\r\nabc\r\n0\r\n\r\n"
    ),
    "no end of the chunks": lambda wire: (
        head("200 OK", f"opc-request-id: {wire.id}", "etag: 1", "transfer-encoding: chunked")
        + b"3\r\nabc\r\n0\r\n"
    ),
    "two lengths": lambda wire: answer(wire, b"abc", "content-length: 2", "etag: 1"),
    "no length": lambda wire: head("200 OK", f"opc-request-id: {wire.id}", "etag: 1") + b"abc",
    "a shorter file": lambda wire: answer(wire, b"abc", "etag: 1")[:-1],
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("location", LOCATIONS)
def test_what_is_not_certainly_whole_is_no_file(uri_of, tmp_path, location, kind):
    (tmp_path / "file").write_bytes(b"as it was")

    def script(wire):
        if of_the_file(wire):
            wire.send(NO_FILES[kind](wire))
            raise HungUp
        wire.send(proper(wire))

    with hostile(script) as server:
        repository = LOCATIONS[location](location, uri_of(server.endpoint))
        with pytest.raises(MlflowException):
            repository._download_file("file", str(tmp_path / "file"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"as it was"}


@pytest.mark.parametrize("location", LOCATIONS)
def test_files_are_asked_for_as_they_are(uri_of, tmp_path, location):
    def script(wire):
        wire.send(answer(wire, b"abc", "etag: 1") if of_the_file(wire) else proper(wire))

    with hostile(script) as server:
        repository = LOCATIONS[location](location, uri_of(server.endpoint))
        repository._download_file("file", str(tmp_path / "file"))
        assert server.requests[-1].headers["accept-encoding"] == "identity"


def test_no_cookie_comes_back(caller):
    with hostile(
        lambda wire: wire.send(answer(wire, proper_body(wire), "set-cookie: a=b; path=/"))
    ) as server:
        call = caller(server.endpoint)
        call("a")
        call("b")
        assert not [wire for wire in server.requests if "cookie" in wire.headers]


READS = {
    "registry": lambda uri: AidpRegistryStore(uri).get_registered_model("a"),
    "tracking": lambda uri: AidpTrackingStore(uri).get_run("a"),
    "experiment": lambda uri: AidpTrackingStore(uri).get_experiment("1"),
}


@pytest.mark.parametrize("part", READS)
def test_an_entity_without_a_body_names_the_endpoint_and_its_place(uri_of, part):
    with hostile(lambda wire: wire.send(answer(wire, b""))) as server:
        with pytest.raises(MlflowException, match="was answered without a body") as caught:
            READS[part](uri_of(server.endpoint))
        assert caught.value.remedy.startswith(f"Check the endpoint {server.endpoint} (from ")
