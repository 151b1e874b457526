"""CRC32C: asked for on the way up, compared on the way down, and judged by Oracle's own client."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import oci
import pytest
from crc32c import crc32c
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from oci.object_storage.transfer.internal.download.DownloadConfiguration import (
    DownloadConfiguration,
)
from oci.object_storage.transfer.internal.download.DownloadManager import DownloadManager

import mlflow_oci_aidp
from mlflow_oci_aidp.artifacts.object_storage.checksums import Crc32c
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions

from .object_storage import PLACE, client_of, written

PART = 100_000
CONTENT = os.urandom(2 * PART + PART // 2)
SIZES = {"empty": 0, "small": PART, "parts": len(CONTENT)}


@pytest.fixture
def options():
    return TransferOptions(part_size=PART)


def in_base64(content):
    return base64.b64encode(crc32c(content).to_bytes(4, "big")).decode()


def checksum(content):
    result = Crc32c()
    result.update(content)
    return result


def asked(aidp, operation):
    return [exchange.headers for exchange in aidp.exchanges if exchange.operation == operation]


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_those_of_parts_make_that_of_the_whole(parts):
    whole = Crc32c.of_parts([checksum(part) for part in parts])
    assert str(whole) == in_base64(b"".join(parts))
    assert whole == checksum(b"".join(parts))


@pytest.mark.parametrize("length", [1 << 20, (64 << 20) + 1])
def test_the_number_of_bytes_behind_does_not_matter(length):
    zeros = b"\0" * length
    assert str(Crc32c.of_parts([checksum(b"one"), checksum(zeros)])) == in_base64(b"one" + zeros)


@pytest.mark.parametrize("name", SIZES)
def test_an_object_gets_that_of_the_whole_file(aidp, repository, tmp_path, name):
    content = CONTENT[: SIZES[name]]
    repository.log_artifact(str(written(tmp_path, {name: content}) / name))
    headers = client_of(aidp).head_object(*PLACE, f"exp/run/{name}").headers
    assert headers["opc-content-crc32c"] == in_base64(content)
    for operation in ("put_object", "upload_part"):
        assert all("content-md5" not in sent for sent in asked(aidp, operation))


@pytest.mark.parametrize("name", SIZES)
def test_oracles_own_client_finds_it_right(aidp, repository, tmp_path, name):
    content = CONTENT[: SIZES[name]]
    repository.log_artifact(str(written(tmp_path, {name: content}) / name))
    manager = DownloadManager(
        DownloadConfiguration(part_size_in_bytes=PART, is_enforce_data_integrity_for_download=True),
        client_of(aidp),
    )
    manager.get_object_to_path(*PLACE, f"exp/run/{name}", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == content


@pytest.fixture
def uploaded(aidp, tmp_path):
    """Puts a file as Oracle's own client does that is told to use CRC32C."""

    def put(name):
        path = written(tmp_path, {name: CONTENT[: SIZES[name]]}) / name
        oci.object_storage.UploadManager(client_of(aidp)).upload_file(
            *PLACE, f"exp/run/{name}", str(path), part_size=PART, opc_checksum_algorithm="CRC32C"
        )

    return put


@pytest.mark.parametrize("name", SIZES)
def test_that_of_another_client_is_compared(repository, uploaded, name):
    uploaded(name)
    assert Path(repository.download_artifacts(name)).read_bytes() == CONTENT[: SIZES[name]]


@pytest.mark.parametrize("name", ["small", "parts"])
def test_a_bit_that_turned_over_is_found(aidp, repository, uploaded, tmp_path, name):
    """Nothing else tells it of an object in parts that another client put."""
    uploaded(name)
    aidp.faults.add("corrupt", operation="get_object", times=100)
    with pytest.raises(MlflowException) as caught:
        repository.download_artifacts(name, str(tmp_path))
    assert caught.value.error_code == "DATA_LOSS"


@pytest.mark.parametrize(("name", "operation"), [("small", "put_object"), ("parts", "upload_part")])
def test_a_bit_that_turns_over_on_the_way_up_is_sent_again(
    aidp, repository, tmp_path, monkeypatch, name, operation
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    aidp.faults.add("corrupt", operation=operation)
    content = CONTENT[: SIZES[name]]
    repository.log_artifact(str(written(tmp_path, {name: content}) / name))
    assert [exchange.status for exchange in aidp.exchanges].count(400) == 1
    assert client_of(aidp).get_object(*PLACE, f"exp/run/{name}").data.content == content


def test_an_older_object_is_compared_by_its_md5(aidp, repository, tmp_path):
    client_of(aidp).put_object(*PLACE, "exp/run/old", CONTENT[:PART])
    assert Path(repository.download_artifacts("old")).read_bytes() == CONTENT[:PART]
    aidp.faults.add("corrupt", operation="get_object", times=100)
    with pytest.raises(MlflowException, match="does not match its checksum"):
        repository.download_artifacts("old", str(tmp_path))


def test_parts_are_signed_by_the_signer_of_the_block(aidp, repository, tmp_path):
    """They go through threads of their own."""
    config = oci.config.from_file(aidp.config_file)
    own = oci.signer.Signer(
        config["tenancy"], config["user"], config["fingerprint"], config["key_file"]
    )
    signed = []

    class Counting(type(own)):
        def __call__(self, request, *arguments, **named):
            signed.append(request.method)
            return super().__call__(request, *arguments, **named)

        @property
        def without_content_headers(self):
            def sign(request):
                signed.append(request.method)
                return own.without_content_headers(request)

            return sign

    signer = Counting(config["tenancy"], config["user"], config["fingerprint"], config["key_file"])
    written(tmp_path, {"parts": CONTENT})
    with mlflow_oci_aidp.signed_by(signer):
        repository.log_artifact(str(tmp_path / "parts"))
        repository.download_artifacts("parts")
    assert signed.count("PUT") == 3
    assert signed.count("GET") == len(asked(aidp, "get_object")) + len(asked(aidp, "list_objects"))
