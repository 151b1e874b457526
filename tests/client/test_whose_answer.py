"""An answer belongs to the request whose id it begins with."""

from __future__ import annotations

import json
import multiprocessing
import os

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client.transport import request_ids
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.client.conftest import BUCKET, EACH_POOL, VOLUME
from tests.support.hostile import answer, head, hostile, proper, proper_body


def with_id(wire, identity, body=None, status="200 OK"):
    body = proper_body(wire) if body is None else body
    lines = [f"opc-request-id: {identity}"] if identity else []
    return head(status, *lines, f"content-length: {len(body)}") + body


@pytest.mark.parametrize("part", ["", "/OWN", "/a/b"])
def test_the_answer_to_another_call_is_lost_and_takes_its_connection_along(caller, part):
    """The body is proper, so that nothing but the id tells."""

    def script(wire):
        first = server.requests[0]
        is_of_another_server = wire.number > 0 and len(lost) < 1 and wire.id != first.id
        if is_of_another_server:
            lost.append(wire.connection)
        wire.send(with_id(wire, f"{first.id}{part}" if is_of_another_server else wire.id))

    lost = []
    with hostile(script) as server:
        call = caller(server.endpoint, retries=1)
        assert [call("a"), call("b"), call("c")] == ["a", "b", "c"]
        after = [wire.connection for wire in server.requests if wire.connection > lost[0]]
    assert len(lost) == 1
    # It was sent once more, and over another connection.
    assert after


def test_the_answers_of_others_for_good_are_an_error(caller):
    def script(wire):
        wire.send(with_id(wire, request_ids.new_request_id()))

    with hostile(script) as server:
        with pytest.raises(MlflowException, match="answer was that of another request") as caught:
            caller(server.endpoint, retries=1)("a")
        assert len(server.requests) == 2
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"


def test_a_refusal_of_another_request_is_none_of_this_one(caller):
    def script(wire):
        if wire.number == 0:
            wire.send(with_id(wire, request_ids.new_request_id(), b"{}", "404 Not Found"))
        wire.send(proper(wire))

    with hostile(script) as server:
        assert caller(server.endpoint, retries=1)("a") == "a"


def test_what_object_storage_echoes_counts_although_its_own_id_does_not_tell(uri_of):
    def script(wire):
        assert wire.headers["opc-client-request-id"] == wire.id
        echoed = request_ids.new_request_id() if wire.number == 0 else wire.id
        body = proper_body(wire)
        wire.send(
            head(
                "200 OK",
                "opc-request-id: iad-1:Xy",
                f"opc-client-request-id: {echoed}",
                f"content-length: {len(body)}",
            )
            + body
        )

    with hostile(script) as server:
        uri = uri_of(server.endpoint, retries=1)
        assert OciArtifactRepository(BUCKET, uri).list_artifacts("a")[0].path == "a/file"
        assert len(server.requests) == 2


#: By what the service makes of the id that it got.
ACCEPTED = {
    "as it was": lambda wire: wire.id,
    "with a part of the service's own": lambda wire: f"{wire.id}/{'F' * 32}",
    "nobody's": lambda wire: "F0" * 16,
    "of another process": lambda wire: f"{'0' * 16}{wire.id[16:]}",
    "in capitals": lambda wire: wire.id.upper(),
    "cut off": lambda wire: wire.id[:10],
}


@EACH_POOL
@pytest.mark.parametrize("kind", ACCEPTED)
def test_every_other_id_is_accepted(caller, kind):
    with hostile(lambda wire: wire.send(with_id(wire, ACCEPTED[kind](wire)))) as server:
        call = caller(server.endpoint)
        assert [call("a"), call("b")] == ["a", "b"]


def test_an_answer_without_an_id_is_accepted(uri_of):
    with hostile(lambda wire: wire.send(with_id(wire, ""))) as server:
        assert AidpRegistryStore(uri_of(server.endpoint)).get_registered_model("a").name == "a"


def created(wire):
    body = json.dumps({"registered_model": {"name": json.loads(wire.body)["name"]}}).encode()
    return with_id(wire, wire.id, body)


def test_a_change_whose_answer_was_anothers_is_repeated_under_its_retry_token(uri_of):
    def script(wire):
        wire.read_body()
        wire.send(
            with_id(wire, request_ids.new_request_id()) if wire.number == 0 else created(wire)
        )

    with hostile(script) as server:
        store = AidpRegistryStore(uri_of(server.endpoint, retries=1))
        assert store.create_registered_model("a").name == "a"
    first, second = server.requests
    assert first.headers["opc-retry-token"] == second.headers["opc-retry-token"]
    assert first.id != second.id
    assert first.connection != second.connection


def test_a_late_answer_to_an_earlier_attempt_of_the_call_counts(uri_of):
    """The first attempt's answer comes behind a refusal that is worth a repetition."""

    def script(wire):
        wire.read_body()
        if wire.number == 0:
            wire.send(with_id(wire, wire.id, b"{}", "503 Service Unavailable"))
        else:
            late = with_id(server.requests[0], server.requests[0].id, body_of(wire))
            wire.send(late)

    def body_of(wire):
        return created(wire).partition(b"\r\n\r\n")[2]

    with hostile(script) as server:
        store = AidpRegistryStore(uri_of(server.endpoint, retries=1))
        assert store.create_registered_model("a").name == "a"
        assert len(server.requests) == 2


def upload(repository, folder):
    (folder / "up").write_bytes(b"content")
    repository.log_artifact(str(folder / "up"))


def download(repository, folder):
    repository._download_file("file", str(folder / "down"))
    assert (folder / "down").read_bytes() == b"content"


LOCATIONS = {VOLUME: VolumeArtifactRepository, BUCKET: OciArtifactRepository}


def is_content(wire):
    return wire.path.endswith(("uploadFile", "downloadFile")) or "/o/" in wire.path


@pytest.mark.parametrize("call", [upload, download])
@pytest.mark.parametrize("location", LOCATIONS)
def test_a_file_of_another_request_is_not_kept(uri_of, tmp_path, location, call):
    lost = []

    def script(wire):
        wire.read_body()
        if is_content(wire) and not lost:
            lost.append(wire)
            wire.send(with_id(wire, request_ids.new_request_id(), b"of another"))
        elif is_content(wire):
            wire.send(answer(wire, b"content", "etag: 1"))
        else:
            wire.send(proper(wire))

    with hostile(script) as server:
        repository = LOCATIONS[location](location, uri_of(server.endpoint, retries=1))
        call(repository, tmp_path)
        sent = [wire for wire in server.requests if is_content(wire)]
    assert len(sent) == 2


def test_ids_have_one_length_and_are_all_different(caller):
    with hostile(lambda wire: wire.send(with_id(wire, "", b"", "503 Busy"))) as server:
        call = caller(server.endpoint, retries=20)
        for name in ("a", "b"):
            with pytest.raises(MlflowException):
                call(name)
        ids = [wire.id for wire in server.requests]
    assert {len(identity) for identity in ids} == {request_ids.ID_LENGTH}
    assert len(set(ids)) == len(ids) == 42
    assert all(identity.isalnum() for identity in ids)


def test_numbers_of_any_size_leave_the_length_as_it_is():
    call = request_ids.new_call_id()
    ids = [request_ids.attempt_id(call, number) for number in (1, 10, 65_536, 10**9)]
    assert {len(identity) for identity in ids} == {request_ids.ID_LENGTH}


def _child(pipe):
    # The parent and a forked child go on with the same number.
    pipe.send([request_ids.new_request_id() for _ in range(9)][-1])


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_childs_ids_are_not_its_parents(start):
    context = multiprocessing.get_context(start)
    before = request_ids.new_request_id()
    here, there = context.Pipe()
    child = context.Process(target=_child, args=(there,))
    child.start()
    theirs = here.recv()
    child.join()
    assert not request_ids.is_of_another_call(request_ids.new_request_id(), theirs)
    assert request_ids.is_of_another_call(request_ids.new_request_id(), before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_takes_no_answer_to_its_parent_for_anothers_of_its_own(uri_of):
    """The service of a child answers with an id of the parent: nobody in the child sent it."""
    parents = request_ids.new_request_id()
    with hostile(lambda wire: wire.send(with_id(wire, parents))) as server:
        uri = uri_of(server.endpoint)
        with pytest.raises(MlflowException):
            AidpRegistryStore(uri).get_registered_model("a")
        child = os.fork()
        if child == 0:
            try:
                name = AidpRegistryStore(uri).get_registered_model("a").name
                os._exit(0 if name == "a" else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
