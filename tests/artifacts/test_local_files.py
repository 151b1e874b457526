"""Local files that cannot be read or written: an ``OSError`` that is MLflow's exception, too."""

from __future__ import annotations

import errno
import os
import resource
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import settings
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client.routes import VOLUMES
from mlflow_oci_aidp.errors import LocalFileProblem
from mlflow_oci_aidp.session import Session

#: Bytes. One file of this process may have so many: a disk that is full in mid-download.
ROOM = 200_000

REPOSITORIES = {
    "volume": lambda uri: VolumeArtifactRepository("aidp:/Volumes/main/default/artifacts/x", uri),
    "bucket": lambda uri: OciArtifactRepository("oci://aidp-emulator@emulator/x", uri),
    "bucket, by ranges": lambda uri: OciArtifactRepository(
        "oci://aidp-emulator@emulator/x", uri, options=TransferOptions(part_size=100_000)
    ),
}


@pytest.fixture(params=REPOSITORIES)
def repository(aidp, request):
    return REPOSITORIES[request.param](aidp.tracking_uri)


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process become larger than :py:data:`ROOM`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def requests_held_by(exception: BaseException) -> list[object]:
    """Return the signed requests that an exception's chain, tracebacks and frames hold."""
    held: list[object] = []
    waiting, seen = [exception], set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
        values = [*vars(one).values(), *one.args]
        for frame, _ in traceback.walk_tb(one.__traceback__):
            values += frame.f_locals.values()
        held += [value for value in values if isinstance(value, requests.PreparedRequest)]
    return held


@pytest.mark.parametrize("method", ["log_artifact", "log_artifacts"])
def test_a_local_file_or_folder_that_does_not_exist(aidp, repository, method):
    with pytest.raises(FileNotFoundError) as caught:
        getattr(repository, method)("/nonexistent")
    assert isinstance(caught.value, MlflowException)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, "/nonexistent")
    assert "upload_file" not in [exchange.operation for exchange in aidp.exchanges]


def test_a_full_disk_in_the_middle_of_a_download_is_met_once(aidp, repository, tmp_path):
    (tmp_path / "large").write_bytes(os.urandom(3 * ROOM))
    repository.log_artifact(str(tmp_path / "large"))
    target = tmp_path / "target"
    target.mkdir()
    aidp.exchanges.clear()
    with pytest.raises(OSError, match="cannot be written") as caught, full_disk():
        repository.download_artifacts("large", str(target))
    exception = caught.value
    assert isinstance(exception, MlflowException)
    assert exception.errno == errno.EFBIG
    assert Path(exception.filename) == target / "large"
    # A connection that broke would be tried seven times more.
    sent = [exchange.headers.get("range") for exchange in aidp.exchanges if is_download(exchange)]
    assert len(sent) == len(set(sent))
    assert (exception.__cause__, exception.__context__) == (None, None)
    assert requests_held_by(exception) == []
    assert os.listdir(target) == []


def is_download(exchange) -> bool:
    return exchange.operation in {"download_file", "get_object"}


def test_the_client_itself_meets_a_full_device_once(aidp, tmp_path):
    (tmp_path / "file").write_bytes(bytes(3 << 20))
    REPOSITORIES["volume"](aidp.tracking_uri).log_artifact(str(tmp_path / "file"))
    resolved = settings.resolve(aidp.uri)
    key = next(
        exchange.answer["items"][0]["key"]
        for exchange in aidp.exchanges
        if exchange.operation == "list_volumes"
    )
    aidp.exchanges.clear()
    fields = {"volumeKey": key, "path": "/x/file"}
    # Not an OSError here: requests would take that for a broken connection.
    with pytest.raises(LocalFileProblem) as caught:
        Session(resolved).client.download(VOLUMES["DownloadFile"], fields, "/dev/full")
    assert caught.value.errno == errno.ENOSPC
    assert not isinstance(caught.value, OSError)
    assert [exchange.operation for exchange in aidp.exchanges] == ["download_file"]
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
