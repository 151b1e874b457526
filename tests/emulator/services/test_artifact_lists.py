"""What lies in a run's artifact folder, by Oracle's own SDK."""

from __future__ import annotations

import oci
import pytest

from mlflow_oci_aidp.emulator.services.workspace import ARTIFACTS_IN_A_PAGE

from ..workspace import ABSENT, INVALID, MISSING, refusal


class TestArtifacts:
    def test_are_those_of_object_storage(self, aidp, ws):
        run_id = ws.run()
        root = ws.get_run(run_id).info.artifact_uri
        put(aidp, root, "model/MLmodel", b"abc")
        put(aidp, root, "plot.png", b"abcd")
        listing = ws.sdk.list_artifacts(*ws.at, run_id).data
        assert (
            listing.root_uri,
            [(file.path, file.is_dir, file.file_size) for file in listing.files],
        ) == (
            root,
            [("model", True, None), ("plot.png", False, 4)],
        )
        within = ws.sdk.list_artifacts(*ws.at, run_id, path="model").data
        assert [(file.path, file.file_size) for file in within.files] == [("model/MLmodel", 3)]

    def test_come_in_pages(self, aidp, ws, monkeypatch):
        monkeypatch.setattr("mlflow_oci_aidp.emulator.services.workspace.ARTIFACTS_IN_A_PAGE", 2)
        run_id = ws.run()
        for name in "abc":
            put(aidp, ws.get_run(run_id).info.artifact_uri, name, b"")
        first = ws.sdk.list_artifacts(*ws.at, run_id).data
        second = ws.sdk.list_artifacts(*ws.at, run_id, page_token=first.next_page_token).data
        names = [file.path for page in (first, second) for file in page.files]
        assert (names, second.next_page_token, ARTIFACTS_IN_A_PAGE) == (["a", "b", "c"], None, 1000)

    @pytest.mark.parametrize("path", ["..", "a/../../b"])
    def test_of_others_are_not_listed(self, ws, path):
        assert refusal(ws.sdk.list_artifacts, *ws.at, ws.run(), path=path) == INVALID

    def test_of_an_unknown_run_are_not_found(self, ws):
        assert refusal(ws.sdk.list_artifacts, *ws.at, ABSENT) == MISSING


def put(aidp, root, path, content):
    """Puts an object where a run keeps its artifacts, by the OCI client."""
    bucket, _, prefix = root.removeprefix("oci://").partition("/")
    bucket, _, namespace = bucket.partition("@")
    client = oci.object_storage.ObjectStorageClient(
        oci.config.from_file(aidp.config_file),
        service_endpoint=aidp.endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )
    client.put_object(namespace, bucket, f"{prefix}/{path}", content)
