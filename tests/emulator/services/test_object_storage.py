"""Object Storage as Oracle's own client sees it."""

from __future__ import annotations

import base64
import hashlib
import os

import oci
import pytest
import requests

from mlflow_oci_aidp.emulator import Emulator

from ..conftest import prepared, send, signer_of

PLACE = ("emulator", "aidp-emulator")


def client_of(emulator):
    return oci.object_storage.ObjectStorageClient(
        oci.config.from_file(emulator.config_file),
        service_endpoint=emulator.endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


@pytest.fixture
def storage(aidp):
    return client_of(aidp)


def refusal(call, *arguments, **details):
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        call(*arguments, **details)
    return caught.value.status, caught.value.code


def md5(content):
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def test_the_namespace(storage):
    assert storage.get_namespace().data == "emulator"


@pytest.mark.parametrize(
    "name", ["a", "a/b/c", "blank s/ü/日本", "100%/#?&=+;,@:$", "a~b/'\"(x)*!"]
)
def test_what_is_put_is_got_whatever_its_name(storage, name):
    put = storage.put_object(
        *PLACE, name, b"content", content_type="text/plain", opc_meta={"k": "v"}
    )
    got = storage.get_object(*PLACE, name)
    assert got.data.content == b"content"
    assert got.headers["etag"] == put.headers["etag"]
    assert got.headers["content-md5"] == put.headers["opc-content-md5"] == md5(b"content")
    assert (got.headers["content-type"], got.headers["opc-meta-k"]) == ("text/plain", "v")
    assert [summary.name for summary in storage.list_objects(*PLACE).data.objects] == [name]


def test_the_head_is_that_of_the_object(storage):
    storage.put_object(*PLACE, "a", b"12345")
    assert storage.head_object(*PLACE, "a").headers["content-length"] == "5"


def test_an_empty_object(storage):
    storage.put_object(*PLACE, "a", b"")
    assert storage.get_object(*PLACE, "a").data.content == b""


@pytest.mark.parametrize(
    ("wanted", "content", "where"),
    [
        ("bytes=0-0", b"0", "0-0"),
        ("bytes=2-4", b"234", "2-4"),
        ("bytes=7-", b"789", "7-9"),
        ("bytes=-2", b"89", "8-9"),
        ("bytes=5-99", b"56789", "5-9"),
    ],
)
def test_a_range(storage, wanted, content, where):
    storage.put_object(*PLACE, "a", b"0123456789")
    got = storage.get_object(*PLACE, "a", range=wanted)
    assert (got.status, got.data.content, got.headers["content-range"]) == (
        206,
        content,
        f"bytes {where}/10",
    )
    assert "content-md5" not in got.headers


def test_a_range_behind_the_end_is_refused(storage):
    storage.put_object(*PLACE, "a", b"0123456789")
    assert refusal(storage.get_object, *PLACE, "a", range="bytes=10-")[0] == 416


def test_conditions(storage):
    etag = storage.put_object(*PLACE, "a", b"1").headers["etag"]
    assert refusal(storage.put_object, *PLACE, "a", b"2", if_none_match="*") == (
        412,
        "IfNoneMatchFailed",
    )
    assert refusal(storage.put_object, *PLACE, "a", b"2", if_match="other") == (
        412,
        "IfMatchFailed",
    )
    assert refusal(storage.get_object, *PLACE, "a", if_match="other") == (412, "IfMatchFailed")
    assert refusal(storage.get_object, *PLACE, "a", if_none_match=etag)[0] == 304
    assert storage.get_object(*PLACE, "a", if_match=etag).data.content == b"1"
    assert storage.put_object(*PLACE, "a", b"2", if_match=etag).status == 200


def test_content_that_does_not_match_its_digest_is_refused(storage):
    assert refusal(storage.put_object, *PLACE, "a", b"1", content_md5=md5(b"2")) == (
        400,
        "UnmatchedContentMD5",
    )
    assert storage.list_objects(*PLACE).data.objects == []


def test_what_is_not_there(storage):
    assert refusal(storage.get_object, *PLACE, "a") == (404, "ObjectNotFound")
    assert refusal(storage.delete_object, *PLACE, "a") == (404, "ObjectNotFound")
    assert refusal(storage.head_object, *PLACE, "a")[0] == 404
    assert refusal(storage.list_objects, "emulator", "other") == (404, "BucketNotFound")
    assert refusal(storage.list_objects, "other", "aidp-emulator") == (404, "NamespaceNotFound")


def test_deleted_is_gone(aidp, storage):
    storage.put_object(*PLACE, "a", b"1")
    storage.delete_object(*PLACE, "a")
    assert refusal(storage.get_object, *PLACE, "a") == (404, "ObjectNotFound")
    assert aidp.list_files("oci://aidp-emulator@emulator", "") == []


def test_lists_in_pages(storage):
    for name in ("a/1", "a/2", "b", "c/d/1", "c/e", "z"):
        storage.put_object(*PLACE, name, b"x")
    shown, start = [], None
    while True:
        page = storage.list_objects(
            *PLACE,
            delimiter="/",
            limit=2,
            fields="name,size",
            **({"start": start} if start else {}),
        ).data
        assert len(page.objects) + len(page.prefixes) <= 2
        shown += [(summary.name, summary.size) for summary in page.objects] + page.prefixes
        start = page.next_start_with
        if start is None:
            break
    assert sorted(map(str, shown)) == sorted(map(str, ["a/", ("b", 1), "c/", ("z", 1)]))
    assert [summary.name for summary in storage.list_objects(*PLACE, prefix="c/").data.objects] == [
        "c/d/1",
        "c/e",
    ]


def test_a_prefix_with_more_objects_than_a_page_is_one_entry(aidp, storage):
    store = aidp._running.objects._database
    rows = [(f"many/{number:05}", "", 1, "", "", "", 0.0, "{}") for number in range(2500)]
    store.executemany(
        "INSERT INTO objects (name, file, size, md5, multipart_md5, etag, modified, headers) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    storage.put_object(*PLACE, "other", b"1")
    page = storage.list_objects(*PLACE, delimiter="/").data
    assert (page.prefixes, [summary.name for summary in page.objects]) == (["many/"], ["other"])
    names = [
        summary.name
        for summary in oci.pagination.list_call_get_all_results(
            storage.list_objects, *PLACE
        ).data.objects
    ]
    assert len(names) == 2501


class TestParts:
    @pytest.fixture
    def upload(self, storage):
        details = oci.object_storage.models.CreateMultipartUploadDetails(
            object="a", metadata={"opc-meta-k": "v"}
        )
        return storage.create_multipart_upload(*PLACE, details).data.upload_id

    def commit(self, storage, upload, *parts):
        details = [
            oci.object_storage.models.CommitMultipartUploadPartDetails(part_num=number, etag=etag)
            for number, etag in parts
        ]
        models = oci.object_storage.models.CommitMultipartUploadDetails(parts_to_commit=details)
        return storage.commit_multipart_upload(*PLACE, "a", upload, models)

    def part(self, storage, upload, number, content):
        return storage.upload_part(*PLACE, "a", upload, number, content).headers["etag"]

    def test_become_an_object_in_the_order_of_their_numbers(self, storage, upload):
        second = self.part(storage, upload, 2, b"two")
        first = self.part(storage, upload, 1, b"one")
        assert len(storage.list_multipart_upload_parts(*PLACE, "a", upload).data) == 2
        answer = self.commit(storage, upload, (1, first), (2, second))
        got = storage.get_object(*PLACE, "a")
        digests = hashlib.md5(b"one").digest() + hashlib.md5(b"two").digest()
        assert got.data.content == b"onetwo"
        assert (
            answer.headers["opc-multipart-md5"]
            == got.headers["opc-multipart-md5"]
            == f"{md5(digests)}-2"
        )
        assert got.headers["opc-meta-k"] == "v"
        assert "content-md5" not in got.headers
        assert storage.list_multipart_uploads(*PLACE).data == []

    def test_are_no_object_before(self, storage, upload):
        self.part(storage, upload, 1, b"one")
        assert refusal(storage.get_object, *PLACE, "a") == (404, "ObjectNotFound")
        assert [pending.upload_id for pending in storage.list_multipart_uploads(*PLACE).data] == [
            upload
        ]

    def test_are_forgotten(self, aidp, storage, upload):
        self.part(storage, upload, 1, b"one")
        storage.abort_multipart_upload(*PLACE, "a", upload)
        assert refusal(self.part, storage, upload, 1, b"one") == (404, "NoSuchUpload")
        assert [
            name for name in os.listdir(aidp._folder / "objects") if not name.startswith("index")
        ] == []

    def test_have_to_be_those_that_were_sent(self, storage, upload):
        self.part(storage, upload, 1, b"one")
        assert refusal(self.commit, storage, upload, (1, "other"))[0] == 400
        assert refusal(self.commit, storage, upload)[0] == 400

    def test_can_be_sent_again(self, storage, upload):
        self.part(storage, upload, 1, b"old")
        self.commit(storage, upload, (1, self.part(storage, upload, 1, b"new")))
        assert storage.get_object(*PLACE, "a").data.content == b"new"


def test_oracles_upload_manager(storage, tmp_path):
    (tmp_path / "file").write_bytes(os.urandom(1_000_001))
    manager = oci.object_storage.UploadManager(storage)
    manager.upload_file(*PLACE, "a", str(tmp_path / "file"), part_size=300_000)
    assert storage.get_object(*PLACE, "a").data.content == (tmp_path / "file").read_bytes()


class TestSignatures:
    """A file need not be covered; everything else has to be."""

    def test_a_file_without_its_digest(self, aidp):
        request = requests.Request(
            "PUT", f"{aidp.endpoint}/n/emulator/b/aidp-emulator/o/a", data=b"1"
        ).prepare()
        signer_of(aidp).without_content_headers(request)
        assert "x-content-sha256" not in request.headers
        assert send(request).status_code == 200

    def test_no_signature(self, aidp):
        answer = requests.put(
            f"{aidp.endpoint}/n/emulator/b/aidp-emulator/o/a", data=b"1" * 1_000_000
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "NotAuthenticated")
        assert aidp.list_files("oci://aidp-emulator@emulator", "") == []

    def test_another_body_than_a_file_is_covered(self, aidp):
        path = "/n/emulator/b/aidp-emulator/u"
        assert send(prepared(aidp, "POST", path, body={"object": "a"})).status_code == 200
        request = requests.Request("POST", aidp.endpoint + path, json={"object": "a"}).prepare()
        assert send(signer_of(aidp).without_content_headers(request)).status_code == 401


class TestFaults:
    CONTENT = os.urandom(3_000_000)

    def test_a_reset_in_the_middle_of_an_upload_leaves_nothing(self, aidp, storage):
        storage.put_object(*PLACE, "a", b"old")
        aidp.faults.add("reset_during", operation="put_object")
        with pytest.raises(oci.exceptions.RequestException):
            storage.put_object(*PLACE, "a", self.CONTENT)
        assert storage.get_object(*PLACE, "a").data.content == b"old"
        assert (
            sum(not name.startswith("index") for name in os.listdir(aidp._folder / "objects")) == 1
        )

    def test_a_download_is_cut_off(self, aidp, storage):
        storage.put_object(*PLACE, "a", self.CONTENT)
        aidp.faults.add("truncated", operation="get_object")
        raw = storage.get_object(*PLACE, "a").data.raw
        assert raw.read(len(self.CONTENT) // 2) == self.CONTENT[: len(self.CONTENT) // 2]
        with pytest.raises(Exception, match="IncompleteRead"):
            raw.read()

    def test_one_bit_is_turned_over_on_the_way_out(self, aidp, storage):
        storage.put_object(*PLACE, "a", self.CONTENT)
        aidp.faults.add("corrupt", operation="get_object")
        got = storage.get_object(*PLACE, "a").data.content
        assert (got[1:], got[0] ^ self.CONTENT[0]) == (self.CONTENT[1:], 1)

    def test_one_bit_is_turned_over_on_the_way_in(self, aidp, storage):
        aidp.faults.add("corrupt", operation="put_object")
        details = {"content_md5": md5(self.CONTENT)}
        assert refusal(storage.put_object, *PLACE, "a", self.CONTENT, **details) == (
            400,
            "UnmatchedContentMD5",
        )

    def test_a_refused_upload_is_answered_however_long_it_is(self, aidp, storage):
        aidp.faults.add("status", operation="put_object", status=503)
        assert refusal(storage.put_object, *PLACE, "a", self.CONTENT * 10)[0] == 503

    def test_a_slow_download_comes_in_pieces(self, aidp, storage):
        storage.put_object(*PLACE, "a", self.CONTENT)
        aidp.faults.add("slow_drip", operation="get_object", delay=0.0001)
        assert storage.get_object(*PLACE, "a").data.content == self.CONTENT


def test_exchanges_know_the_operation_and_not_the_content(aidp, storage):
    storage.put_object(*PLACE, "a", b"secret")
    exchange = aidp.exchanges[-1]
    assert (exchange.operation, exchange.status, exchange.body, exchange.answer) == (
        "put_object",
        200,
        None,
        None,
    )


def test_objects_survive_a_restart(tmp_path):
    with Emulator(tmp_path) as first:
        client_of(first).put_object(*PLACE, "a", b"1")
    (tmp_path / "objects" / "left.new").write_bytes(b"an upload that was not finished")
    with Emulator(tmp_path) as second:
        assert client_of(second).get_object(*PLACE, "a").data.content == b"1"
    assert not (tmp_path / "objects" / "left.new").exists()


def test_the_files_of_a_location(aidp, storage):
    for name in ("run/a", "run/sub/b", "run2/c"):
        storage.put_object(*PLACE, name, b"12")
    location = "oci://aidp-emulator@emulator/run"
    assert aidp.list_files(location, "") == [("a", False, 2), ("sub", True, None)]
    assert aidp.list_files(location, "sub") == [("sub/b", False, 2)]
    assert aidp.list_files(location, "a") == []
    assert aidp.list_files("s3://bucket/run", "") == []
