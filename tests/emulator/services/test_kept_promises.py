"""What the emulator acknowledged is there, whenever it was killed, and is there once."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys

import oci
import pytest
import requests

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.state import objects

from ..conftest import call, create

PLACE = ("emulator", "aidp-emulator")
OLD, FIRST, SECOND = b"old", b"first" * 1000, b"second" * 1000

#: Serves, and kills itself where a program of the test says so.
SERVER = """
import json, os, signal, sys
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.state import objects, retry_tokens

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

{fault}
emulator = Emulator(sys.argv[1]).start()
print(json.dumps([emulator.endpoint, emulator.config_file]), flush=True)
sys.stdin.readline()
emulator.stop()
"""


def served(folder, fault=""):
    """Start an emulator in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVER.replace("{fault}", fault), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def storage_of(endpoint, config_file):
    return oci.object_storage.ObjectStorageClient(
        oci.config.from_file(config_file),
        service_endpoint=endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
        circuit_breaker_strategy=oci.circuit_breaker.NoCircuitBreakerStrategy(),
    )


def upload_parts(storage):
    """Put an object, and the parts of another one with its name. Return what commits them."""
    storage.put_object(*PLACE, "a", OLD)
    models = oci.object_storage.models
    details = models.CreateMultipartUploadDetails(object="a")
    upload = storage.create_multipart_upload(*PLACE, details).data.upload_id
    parts = [
        models.CommitMultipartUploadPartDetails(
            part_num=number,
            etag=storage.upload_part(*PLACE, "a", upload, number, content).headers["etag"],
        )
        for number, content in ((1, FIRST), (2, SECOND))
    ]
    details = models.CommitMultipartUploadDetails(parts_to_commit=parts)
    return lambda client: client.commit_multipart_upload(*PLACE, "a", upload, details)


def content_of(storage):
    return storage.get_object(*PLACE, "a").data.content


def test_a_commit_that_failed_is_repeated_and_the_object_is_whole(aidp, monkeypatch):
    storage = storage_of(aidp.endpoint, aidp.config_file)
    commit = upload_parts(storage)
    append, calls = objects._append, []

    def full_disk(source, target):
        calls.append(source)
        append(source, target)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(objects, "_append", full_disk)
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        commit(storage)
    assert caught.value.status >= 500
    assert content_of(storage) == OLD
    commit(storage)
    assert content_of(storage) == FIRST + SECOND


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("fault", "after"),
    [
        # In the middle of assembling, and between the switch and the removal of the parts.
        ("append = objects._append\nobjects._append = lambda *a: (append(*a), die())", OLD),
        ("objects.ObjectStore._remove = die", None),
    ],
    ids=["while it assembles", "before the parts are gone"],
)
def test_a_commit_that_was_killed_leaves_the_old_object_or_the_new_one(tmp_path, fault, after):
    process = served(tmp_path / "aidp")
    with process:
        storage = storage_of(*json.loads(process.stdout.readline()))
        commit = upload_parts(storage)
        process.kill()
    process = served(tmp_path / "aidp", fault)
    with process:
        storage = storage_of(*json.loads(process.stdout.readline()))
        with pytest.raises(oci.exceptions.RequestException):
            commit(storage)
        assert process.wait(30) == -signal.SIGKILL
    with Emulator(tmp_path / "aidp") as aidp:
        storage = storage_of(aidp.endpoint, aidp.config_file)
        assert content_of(storage) == (OLD if after == OLD else FIRST + SECOND)
        if after == OLD:
            commit(storage)
        assert content_of(storage) == FIRST + SECOND
        assert storage.list_multipart_uploads(*PLACE).data == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_one_call_makes_one_version_though_the_emulator_is_killed_before_it_answers(tmp_path):
    # The mark of the token is recorded, the work is done, and its answer is never recorded.
    fault = (
        "record = retry_tokens.RetryTokens._record\n"
        "retry_tokens.RetryTokens._record = lambda self, token, request, answer:"
        " record(self, token, request, answer) if answer is None else die()"
    )
    body = {"name": "main.default.m", "source": "runs:/a/b"}
    headers = {"opc-retry-token": "t"}
    with Emulator(tmp_path / "aidp") as aidp:
        create(aidp)
    process = served(tmp_path / "aidp", fault)
    with process:
        endpoint, config_file = json.loads(process.stdout.readline())
        there = _StandIn(endpoint, config_file, _instance_of(tmp_path / "aidp"))
        with pytest.raises(requests.exceptions.ConnectionError):
            call(there, "POST", "model-versions/create", body=body, headers=headers)
        assert process.wait(30) == -signal.SIGKILL
    with Emulator(tmp_path / "aidp") as aidp:
        again = call(aidp, "POST", "model-versions/create", body=body, headers=headers)
        assert (again.status_code, again.json()["code"]) == (409, "InvalidatedRetryToken")
        versions = aidp.state.list_model_versions({}, "user")["model_versions"]
        assert len(versions) == 1


class _StandIn:
    """What the helpers ask of an emulator that runs in another process."""

    def __init__(self, endpoint, config_file, instance):
        self.endpoint, self.config_file, self.ai_data_platform_id = endpoint, config_file, instance


def _instance_of(folder):
    return json.loads((folder / "instance.json").read_text())["ai_data_platform_id"]
