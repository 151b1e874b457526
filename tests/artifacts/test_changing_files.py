"""Files that are written to while they are sent.

What arrives is what was there at the beginning, or nothing.
"""

from __future__ import annotations

import os

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import settings
from mlflow_oci_aidp.artifacts.locations import VolumeLocation
from mlflow_oci_aidp.artifacts.object_storage.client import ObjectStorageClient
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.object_storage.transfer import ObjectTransfer
from mlflow_oci_aidp.artifacts.volume_client import VolumeClient
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.files import FileSnapshot, Upload
from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.identity import Identity
from tests.support.clocks import SleeplessClock

from .object_storage import PLACE, client_of, objects, uploads

POLICY = RetryPolicy(max_retries=2, backoff_factor=0.01, backoff_jitter=0, timeout=10)
BIG, SMALL = 550_000, 5_000
# One part after the other: when the third is sent again, two are there.
OPTIONS = TransferOptions(part_size=100_000, parallel=1)


def appended(path):
    with open(path, "ab") as file:
        file.write(b"one more line\n" * 20_000)


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def rewritten(path):
    with open(path, "r+b") as file:
        file.write(bytes(os.path.getsize(path)))


@pytest.fixture(params=[SMALL, BIG], ids=["small", "big"])
def path(request, tmp_path):
    file = tmp_path / "train.log"
    file.write_bytes(os.urandom(request.param))
    return file


@pytest.fixture
def upload(storage, path):
    """Uploads the file, to which something happens when a part of it is sent again."""

    def upload(happens):
        resolved = settings.resolve_storage(None)
        client = ObjectStorageClient(
            resolved, Identity(resolved), POLICY, SleeplessClock(lambda: happens(path))
        )
        storage.faults.add("status", status=503, operation="put_object")
        storage.faults.add("status", status=503, operation="upload_part", after=2)
        ObjectTransfer(client, "emulator", "aidp-emulator", OPTIONS).upload(str(path), "train.log")

    return upload


def test_what_is_written_behind_it_stays_out(storage, upload, path):
    before = path.read_bytes()
    upload(appended)
    assert client_of(storage).get_object(*PLACE, "train.log").data.content == before


@pytest.mark.parametrize("happens", [cut, rewritten])
def test_a_mixture_is_not_kept(storage, upload, happens):
    with pytest.raises(MlflowException, match=r"train\.log' changed while it was sent") as caught:
        upload(happens)
    assert caught.value.error_code == "ABORTED"
    assert objects(storage) == []
    assert uploads(storage) == []


def test_a_volume_keeps_what_was_there_at_the_beginning(aidp, path, tmp_path):
    before = path.read_bytes()
    in_volume(aidp, lambda: appended(path)).upload(str(path), "/train.log")
    in_volume(aidp).download("/train.log", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == before


def test_a_body_is_as_long_as_it_was_announced(path):
    before = path.read_bytes()
    upload = Upload(FileSnapshot.take(str(path)))
    appended(path)
    # A server ignores what follows. It would cost the connection, and be sent for nothing.
    with upload.open(CancelToken()) as body:
        assert b"".join(iter(lambda: body.read(16_384), b"")) == before


@pytest.mark.parametrize(
    ("happens", "words"), [(cut, "became shorter"), (rewritten, "changed while it was sent")]
)
def test_a_volume_keeps_no_mixture(aidp, path, happens, words):
    with pytest.raises(MlflowException, match=words) as caught:
        in_volume(aidp, lambda: happens(path)).upload(str(path), "/train.log")
    assert caught.value.error_code == "ABORTED"
    assert [entry.name for entry in in_volume(aidp).entries("/")] == []


def in_volume(aidp, happens=None):
    """A client of the volume; its first upload is repeated, if something shall happen then."""
    resolved = settings.resolve(aidp.uri)
    if happens:
        aidp.faults.add("status", status=503, operation="upload_file")
    client = PlatformClient(resolved, Identity(resolved), POLICY, SleeplessClock(happens))
    return VolumeClient(client, VolumeLocation("main", "default", "artifacts", "/"))
