"""The emulator's volumes: tables against the installed SDK, and Oracle's client against them."""

from __future__ import annotations

import ast
import inspect
import io
import re

import oci
import pytest
from aidp_python_client.aidataplatform_dp import models as sdk_models
from aidp_python_client.aidataplatform_dp.volume_client import VolumeClient

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.contract.volumes import MODELS, OPERATIONS
from tests.emulator.conftest import prepared, send, signer_of

VOLUME = ("main", "default", "artifacts")


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_an_operation_is_the_sdks(row):
    method = getattr(VolumeClient, row.name)
    source, documentation = inspect.getsource(method), inspect.getdoc(method)
    documented = {
        name: text[1]
        for name in ("resource_path", "method")
        if (text := re.search(rf'{name} = "(.*)"', source))
    }
    assert (row.verb, row.template) == (
        documented["method"],
        f"/20260430{documented['resource_path']}",
    )
    response = re.search(r'response_type="(.*)"', source)
    assert row.response == (response[1] if response else None)
    always = {"accept", "content-type", "opc-request-id"}
    for ours, block, skipped in (
        (row.query, "query_params", set()),
        (row.headers, "header_params", always),
    ):
        listed = re.search(rf"{block} = \{{(.*?)\n        \}}", source, re.DOTALL)
        pairs = re.findall(
            r'"([\w-]+)": (?:kwargs.get\("(\w+)"|(\w+))', listed[1] if listed else ""
        )
        theirs = {}
        for name, optional, required in pairs:
            if name not in skipped:
                kind = re.search(rf":param (\S+) {optional or required}:", documentation)[1]
                theirs[name] = (kind, bool(required))
        assert {name: (rule.type, rule.required) for name, rule in ours.items()} == theirs
    for name, rule in row.query.items():
        if rule.allowed:
            snake = re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)
            assert list(rule.allowed) == ast.literal_eval(
                re.search(rf"{snake}_allowed_values = (\[.*\])", source)[1]
            )


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_fields_that_the_sdk_knows(name):
    model = getattr(sdk_models, name)()
    theirs = {
        model.attribute_map[attribute]: kind for attribute, kind in model.swagger_types.items()
    }
    for field, rule in MODELS[name].items():
        assert rule.type == theirs[field], field


@pytest.fixture
def volumes(aidp):
    return client_of(aidp)


def client_of(aidp):
    return Volumes(
        VolumeClient(
            oci.config.from_file(aidp.config_file, "DEFAULT"),
            service_endpoint=aidp.endpoint,
            retry_strategy=oci.retry.NoneRetryStrategy(),
        ),
        aidp.ai_data_platform_id,
    )


class Volumes:
    """Oracle's client on the first volume."""

    def __init__(self, client, instance):
        self.client, self.instance = client, instance
        self.key = (
            self.client.list_volumes(instance, "main", "main.default", display_name="artifacts")
            .data.items[0]
            .key
        )

    def __getattr__(self, name):
        method = getattr(self.client, name)
        return lambda *arguments, **more: method(self.instance, self.key, *arguments, **more)


def refusal_of(work):
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        work()
    return caught.value.status


def test_a_life_through_the_sdk(volumes):
    assert volumes.get_volume().data.full_name == "main.default.artifacts"
    volumes.make_dir("/a")
    volumes.upload_file(io.BytesIO(b"one"), "/a/1.txt")
    volumes.upload_file(io.BytesIO(b"two"), "/a/1.txt", is_overwrite=True)
    (file,) = volumes.list_files("/a").data.items
    assert (file.path, file.display_name, file.type) == ("/a/1.txt", "1.txt", "FILE")
    assert volumes.download_file("/a/1.txt").data.content == b"two"
    assert {one.path for one in volumes.list_files("/", is_recursive=True).data.items} == {
        "/a",
        "/a/1.txt",
    }
    volumes.delete_file("/a/1.txt")
    volumes.delete_dir("/a")
    assert volumes.list_files("/").data.items == []


def test_lists_have_pages(volumes):
    for number in range(5):
        volumes.make_dir(f"/{number}")
    first = volumes.list_files("/", limit=3)
    second = volumes.list_files("/", limit=3, page=first.next_page)
    assert [one.display_name for one in first.data.items + second.data.items] == list("01234")
    assert second.next_page is None


@pytest.mark.parametrize(
    ("status", "work"),
    [
        (404, lambda v: v.upload_file(io.BytesIO(b"x"), "/none/x")),
        (404, lambda v: v.make_dir("/none/x")),
        (404, lambda v: v.list_files("/none")),
        (404, lambda v: v.download_file("/d")),
        (404, lambda v: v.delete_file("/d")),
        (404, lambda v: v.delete_dir("/")),
        (409, lambda v: v.make_dir("/d")),
        (409, lambda v: v.delete_dir("/d")),
        (409, lambda v: v.upload_file(io.BytesIO(b"x"), "/d/f")),
        (400, lambda v: v.download_file("/../../volumes")),
        (400, lambda v: v.make_dir("relative")),
        (400, lambda v: v.make_dir("/" + "x" * 255)),
        (400, lambda v: v.list_files("/", limit=0)),
    ],
)
def test_what_is_refused(volumes, status, work):
    volumes.make_dir("/d")
    volumes.upload_file(io.BytesIO(b"x"), "/d/f")
    assert refusal_of(lambda: work(volumes)) == status


def test_a_retry_token_is_for_one_request(volumes):
    volumes.make_dir("/d", opc_retry_token="t")
    volumes.make_dir("/d", opc_retry_token="t")
    assert refusal_of(lambda: volumes.make_dir("/e", opc_retry_token="t")) == 409
    for _ in range(2):
        volumes.upload_file(io.BytesIO(b"x"), "/d/f", opc_retry_token="u")
    assert (
        refusal_of(lambda: volumes.upload_file(io.BytesIO(b"y"), "/d/f", opc_retry_token="u"))
        == 409
    )


def test_a_body_has_to_be_signed(aidp, volumes):
    volume = f"/20260430/aiDataPlatforms/{aidp.ai_data_platform_id}/volumes/{volumes.key}"
    path = f"{volume}/actions/uploadFile"
    signer = signer_of(aidp)
    signer.cover("date", "(request-target)", "host")
    assert (
        send(
            prepared(aidp, "POST", path, body={}, headers={"path": "/f"}, signer=signer)
        ).status_code
        == 401
    )
    request = prepared(aidp, "POST", path, body={}, headers={"path": "/f"})
    request.body = b"[]"
    assert send(request).status_code == 401
    assert volumes.list_files("/").data.items == []


def test_other_paths_and_verbs(aidp, volumes):
    base = f"/20260430/aiDataPlatforms/{aidp.ai_data_platform_id}/volumes"
    assert send(prepared(aidp, "GET", f"{base}/{volumes.key}/permissions")).status_code == 404
    assert send(prepared(aidp, "DELETE", f"{base}/{volumes.key}/files")).status_code == 405
    assert send(prepared(aidp, "GET", f"{base}/none")).status_code == 404
    elsewhere = base.replace(aidp.ai_data_platform_id, "ocid1.datalake.oc1.iad.other")
    assert send(prepared(aidp, "GET", f"{elsewhere}/{volumes.key}")).status_code == 404


def test_volumes_are_added_and_files_stay(tmp_path):
    with Emulator(tmp_path) as aidp:
        aidp.add_volume("main", "default", "other")
        client_of(aidp).upload_file(io.BytesIO(b"x"), "/f")
    with Emulator(tmp_path) as aidp:
        volumes = client_of(aidp)
        assert volumes.download_file("/f").data.content == b"x"
        listed = volumes.client.list_volumes(
            aidp.ai_data_platform_id, "main", "main.default"
        ).data.items
        assert [one.display_name for one in listed] == ["artifacts", "other"]
        assert aidp.list_files("/Volumes/main/default/artifacts", "") == [("f", False, 1)]
        with pytest.raises(ValueError):
            aidp.add_volume("main", "..", "x")
