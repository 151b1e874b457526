"""Transfers that break: what is repeated ends whole, and what is given up leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import os
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.client import ObjectStorageClient
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.object_storage.transfer import ObjectTransfer
from mlflow_oci_aidp.emulator import Fault
from tests.support.clocks import ManualClock, SleeplessClock
from tests.support.hostile import HungUp, answer, hostile

from .object_storage import PLACE, client_of, objects, uploads, uri_at, written

CONTENT = {"small": os.urandom(5_000), "big": os.urandom(550_000)}

#: Faults that happen once, and after which the repetition succeeds.
ONCE = {
    "reset before the work": {"kind": "reset_before"},
    "reset after the work": {"kind": "reset_after"},
    "reset in the middle of a body": {"kind": "reset_during"},
    "cut off": {"kind": "truncated"},
    "corrupted": {"kind": "corrupt"},
    "429": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "ConcurrentObjectUpdate": {"kind": "status", "status": 409, "code": "ConcurrentObjectUpdate"},
    "HTML with 502": {"kind": "html", "status": 502},
    "a slow answer": {"kind": "slow_drip", "delay": 0.0001},
    "early hints": {"kind": "interim", "delay": 0.001},
    "a second answer": {"kind": "twice", "delay": 0.001},
    "the answer of another call": {"kind": "other_answer"},
}
#: Of these the work is done, and the answer lost.
LOST = ("reset after the work", "cut off", "the answer of another call")
UP = {
    "put_object": "small",
    "create_multipart_upload": "big",
    "upload_part": "big",
    "commit_multipart_upload": "big",
}


@pytest.fixture
def options():
    return TransferOptions(part_size=100_000, chunk=1_000)


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "local", CONTENT)


@pytest.fixture
def target(tmp_path):
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("fault", ONCE)
def test_an_upload_is_repeated_until_it_is_whole(storage, repository, folder, target, fault):
    for operation, name in UP.items():
        planned = storage.faults.add(Fault(operation=operation, **ONCE[fault]))
        repository.log_artifact(str(folder / name), operation)
        storage.faults.clear()
        assert planned.fired == 1
        path = repository.download_artifacts(f"{operation}/{name}", str(target))
        assert Path(path).read_bytes() == CONTENT[name]
    # A beginning whose answer was lost is nobody's: the client does not know of it.
    assert len(uploads(storage)) == (1 if fault in LOST else 0)


@pytest.mark.parametrize("fault", ONCE)
@pytest.mark.parametrize("after", [0, 2])
def test_a_download_is_repeated_until_it_is_whole(
    storage, repository, folder, target, fault, after
):
    repository.log_artifacts(str(folder), "m")
    planned = storage.faults.add(Fault(operation="get_object", after=after, **ONCE[fault]))
    listed = storage.faults.add(Fault(operation="list_objects", **ONCE[fault]))
    repository.download_artifacts("m", str(target))
    assert (planned.fired, listed.fired) == (1, 1)
    assert contents(target / "m") == CONTENT


@pytest.mark.parametrize("operation", ["get_object", "put_object"])
def test_a_refusal_that_is_no_text_is_repeated_by_its_status(
    storage, repository, folder, target, operation
):
    page = "<html>nicht verfügbar</html>".encode("latin-1")
    planned = storage.faults.add(
        "body", operation=operation, status=502, body=page, content_type="text/html"
    )
    repository.log_artifact(str(folder / "small"))
    repository.download_artifacts("small", str(target))
    assert planned.fired == 1
    assert contents(target)["small"] == CONTENT["small"]


def test_a_refusal_whose_body_breaks_is_mlflows_exception(storage, repository, target):
    storage.faults.add("truncated", operation="get_object", times=None)
    with pytest.raises(MlflowException, match=r"HTTP 404, opc-request-id \S+\)") as caught:
        repository.download_artifacts("nothing", str(target))
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert caught.value.__context__ is None


def test_certificates_that_are_not_there_are_no_fault_of_the_file(tmp_path, folder, monkeypatch):
    from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator(tls=True) as emulator:
        for name, value in {
            **emulator.environ,
            "REQUESTS_CA_BUNDLE": str(tmp_path / "nowhere.pem"),
        }.items():
            monkeypatch.setenv(name, value)
        repository = OciArtifactRepository("oci://aidp-emulator@emulator/x")
        for call in (
            repository.list_artifacts,
            lambda: repository.log_artifact(str(folder / "small")),
        ):
            with pytest.raises(
                MlflowException, match="perhaps since REQUESTS_CA_BUNDLE names no file"
            ) as caught:
                call()
            assert caught.value.__context__ is None


def test_a_clock_that_is_off_is_told(storage, repository, target):
    storage.faults.add("status", operation="get_object", status=401, skew=1000)
    with pytest.raises(
        MlflowException, match=r"This machine's clock is (999|1000) seconds behind the service's"
    ):
        repository.download_artifacts("nothing", str(target))


def test_a_slow_line_ends_no_repetition_of_a_part(storage, repository, folder, options):
    # Each look at the time finds ten minutes gone.
    clock = ManualClock(step=600)
    shared = repository._storage
    client = ObjectStorageClient(shared._settings, shared._identity, shared._policy, clock)
    storage.faults.add("status", operation="upload_part", status=503)
    ObjectTransfer(client, "emulator", "aidp-emulator", options).upload(str(folder / "big"), "big")
    assert objects(storage) == ["big"]


def test_a_range_continues_where_it_broke(storage, repository, folder, target):
    repository.log_artifact(str(folder / "big"))
    storage.faults.add("truncated", operation="get_object", after=1)
    storage.exchanges.clear()
    repository.download_artifacts("big", str(target))
    starts = [
        int(exchange.headers["range"].removeprefix("bytes=").partition("-")[0])
        for exchange in storage.exchanges
        if "range" in exchange.headers
    ]
    assert len(starts) == 7
    assert sum(start % 100_000 > 0 for start in starts) == 1


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("kind", ["reset_before", "truncated", "corrupt", "reset_after"])
def test_a_download_that_fails_leaves_nothing(
    storage, repository, folder, target, name, kind, monkeypatch, options
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    repository.log_artifact(str(folder / name))
    (target / name).write_bytes(b"old")
    storage.faults.add(kind, operation="get_object", times=None, after=1 if name == "big" else 0)
    broken = type(repository)(repository.artifact_uri, options=options)
    with pytest.raises(MlflowException, match=f"exp/run/{name}"):
        broken.download_artifacts(name, str(target))
    assert contents(target) == {name: b"old"}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (operation, kind)
        for operation, kind in itertools.product(
            UP, ["reset_before", "reset_during", "corrupt", "status"]
        )
        if kind != "corrupt"
        or operation in ("put_object", "upload_part")  # the others send no file
    ],
)
def test_an_upload_that_fails_leaves_nothing(
    storage, folder, operation, kind, monkeypatch, repository, options
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    name = UP[operation]
    storage.faults.add(kind, operation=operation, times=None)
    broken = type(repository)(repository.artifact_uri, options=options)
    with pytest.raises(MlflowException, match=f"exp/run/{name}"):
        broken.log_artifact(str(folder / name))
    assert objects(storage) == []
    assert uploads(storage) == []
    assert not [
        file for file in os.listdir(storage._folder / "objects") if not file.startswith("index")
    ]


def test_the_other_parts_are_not_sent_when_one_was_refused(storage, repository, tmp_path):
    written(tmp_path, {"huge": os.urandom(4_000_000)})
    storage.faults.add("status", operation="upload_part", status=403)
    with pytest.raises(MlflowException):
        repository.log_artifact(str(tmp_path / "huge"))
    assert [exchange.operation for exchange in storage.exchanges].count("upload_part") < 20


def test_an_object_that_changes_meanwhile_is_noticed(storage, repository, folder, target, options):
    repository.log_artifact(str(folder / "big"))
    name = objects(storage)[0]
    clock = SleeplessClock(lambda: client_of(storage).put_object(*PLACE, name, bytes(550_000)))
    shared = repository._storage
    client = ObjectStorageClient(shared._settings, shared._identity, shared._policy, clock)
    # Somebody replaces the object before a request for a range of it is made again.
    storage.faults.add(
        "status", operation="get_object", status=503, after=1, headers={"Retry-After": "1"}
    )
    with pytest.raises(MlflowException, match="HTTP 412") as caught:
        ObjectTransfer(client, *PLACE, options).download(name, str(target / "big"))
    assert caught.value.error_code == "ABORTED"
    assert contents(target) == {}


def test_corruption_that_the_connection_does_not_show_is_noticed(
    storage, repository, folder, target
):
    """As on a disk: the service says nothing, the checksum does."""
    repository.log_artifact(str(folder / "big"))
    for file in (storage._folder / "objects").iterdir():
        if file.stat().st_size == len(CONTENT["big"]):
            with open(file, "r+b") as stored:
                stored.seek(300_000)
                stored.write(bytes(50))
    with pytest.raises(MlflowException, match="does not match its checksum") as caught:
        repository.download_artifacts("big", str(target))
    assert caught.value.error_code == "DATA_LOSS"
    assert contents(target) == {}


def test_an_error_holds_no_signature(storage, repository, folder):
    storage.faults.add("status", operation="put_object", status=403)
    with pytest.raises(MlflowException) as caught:
        repository.log_artifact(str(folder / "small"))
    assert "Signature" not in f"{caught.value} {vars(caught.value)}"
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize(
    ("operation", "call"),
    [
        (
            "get_object",
            lambda repository, folder, target: repository.download_artifacts("small", str(target)),
        ),
        (
            "put_object",
            lambda repository, folder, target: repository.log_artifact(
                str(folder / "small"), "again"
            ),
        ),
    ],
)
def test_a_redirect_is_not_followed(storage, repository, folder, target, operation, call, status):
    repository.log_artifact(str(folder / "small"))
    storage.faults.add(
        "redirect", operation=operation, status=status, location=f"{storage.endpoint}/elsewhere"
    )
    with pytest.raises(MlflowException, match="redirect"):
        call(repository, folder, target)
    assert "/elsewhere" not in {exchange.path for exchange in storage.exchanges}
    assert contents(target) == {}


def test_a_part_that_fails_ends_the_parts_under_way(aidp, monkeypatch, tmp_path):
    """They are not sent to their ends, which may take minutes."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    size = 32 << 20
    received = []

    def script(wire):
        if wire.verb == "POST" and wire.path.endswith("/u"):
            wire.read_body()
            content = {"namespace": "n", "bucket": "b", "object": "o", "uploadId": "1"}
            wire.send(answer(wire, json.dumps(content).encode()))
        elif wire.verb == "PUT" and wire.query["uploadPartNum"] == "1":
            time.sleep(0.3)
            wire.leave_body()
            wire.send(answer(wire, b"{}", status="403 Forbidden"))
            raise HungUp
        elif wire.verb == "PUT":
            count = 0
            while piece := wire.stream.recv(1 << 16):
                count += len(piece)
                time.sleep(0.005)
            received.append(count)
            raise HungUp
        else:
            wire.send(answer(wire, b"", status="204 No Content"))

    (tmp_path / "huge").write_bytes(bytes(2 * size))
    with hostile(script) as server:
        uri = uri_at(server.endpoint, aidp)
        options = TransferOptions(part_size=size)
        repository = OciArtifactRepository("oci://b@n/x", uri, options=options)
        with pytest.raises(MlflowException, match="403"):
            repository.log_artifact(str(tmp_path / "huge"))
        deadline = time.monotonic() + 5
        while not received and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(received) == 1
    assert received[0] < size
