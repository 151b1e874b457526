"""What goes over the wire for volumes, beside what Oracle's own client sends for the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oci
import pytest
from aidp_python_client.aidataplatform_dp.volume_client import VolumeClient as SdkClient

from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.emulator import Emulator, Exchange

PLACE = "aidp:/Volumes/main/default/artifacts/run"
NAME = "a b%20#.bin"
PATH = f"/run/{NAME}"

#: Each operation: what we do for it, and the SDK's arguments after the volume's key.
CALLS: dict[
    str, tuple[Callable[[VolumeArtifactRepository, str], Any], tuple[str, ...], dict[str, Any]]
] = {
    "list_files": (lambda ours, file: ours.list_artifacts(), ("/run",), {"limit": 1000}),
    "make_dir": (lambda ours, file: ours.log_artifact(file, "new"), ("/run/new",), {}),
    "upload_file": (
        lambda ours, file: ours.log_artifact(file),
        ("<file>", PATH),
        {"is_overwrite": True},
    ),
    "download_file": (lambda ours, file: ours.download_artifacts(NAME), (PATH,), {}),
    "delete_file": (lambda ours, file: ours.delete_artifacts(NAME), (PATH,), {}),
    "delete_dir": (lambda ours, file: ours.delete_artifacts("sub"), ("/run/sub",), {}),
}

#: Headers that are compared by name alone: they differ from call to call.
CHANGING = frozenset(
    {"authorization", "date", "opc-request-id", "opc-retry-token", "user-agent", "host"}
)
#: What the SDK's HTTP library and its own telemetry add, and what ours does.
THEIRS = frozenset({"accept-encoding", "connection", "opc-client-info", "opc-client-retries"})


def shown(exchange: Exchange) -> dict[str, Any]:
    headers = {
        name: "" if name in CHANGING else value
        for name, value in exchange.headers.items()
        if name not in THEIRS
    }
    if exchange.verb == "DELETE" and headers.get("content-length") == "0":
        # No body at all, or one of no bytes: the same to every server.
        del headers["content-length"]
    return {
        "verb": exchange.verb,
        "path": exchange.path,
        "query": exchange.query,
        "headers": headers,
    }


def last(aidp: Emulator, operation: str) -> Exchange:
    return [exchange for exchange in aidp.exchanges if exchange.operation == operation][-1]


@pytest.fixture
def sdk(aidp: Emulator) -> SdkClient:
    return SdkClient(
        oci.config.from_file(aidp.config_file, "DEFAULT"), service_endpoint=aidp.endpoint
    )


@pytest.mark.parametrize("operation", CALLS)
def test_a_request_is_the_sdks(
    aidp: Emulator, sdk: SdkClient, tmp_path: Path, operation: str
) -> None:
    file = tmp_path / NAME
    file.write_bytes(b"content")
    ours = VolumeArtifactRepository(PLACE, registry_uri=aidp.uri)
    ours.log_artifact(str(file))
    ours.log_artifact(str(file), "sub")
    do, arguments, more = CALLS[operation]
    do(ours, str(file))
    mine = last(aidp, operation)
    key = mine.path.partition("/volumes/")[2].partition("/")[0]
    with file.open("rb") as stream:
        values = [stream if argument == "<file>" else argument for argument in arguments]
        # What is made or deleted already is refused; the requests are compared all the same.
        with contextlib.suppress(oci.exceptions.ServiceError):
            getattr(sdk, operation)(aidp.ai_data_platform_id, key, *values, **more)
    theirs = last(aidp, operation)
    assert theirs is not mine
    assert shown(mine) == shown(theirs)


def test_the_volume_is_looked_up_as_the_sdk_does(aidp: Emulator, sdk: SdkClient) -> None:
    VolumeArtifactRepository(PLACE, registry_uri=aidp.uri).list_artifacts()
    mine = last(aidp, "list_volumes")
    sdk.list_volumes(
        aidp.ai_data_platform_id, "main", "main.default", display_name="artifacts", limit=1000
    )
    assert shown(mine) == shown(last(aidp, "list_volumes"))


def test_names_beyond_ascii_travel_as_utf8(aidp: Emulator, tmp_path: Path) -> None:
    (tmp_path / "模型").write_bytes(b"")
    VolumeArtifactRepository(PLACE, registry_uri=aidp.uri).log_artifact(str(tmp_path / "模型"))
    assert (
        last(aidp, "upload_file").headers["path"].encode("latin-1").decode("utf-8") == "/run/模型"
    )


def test_the_user_principal_is_sent(aidp: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DH_USER_PRINCIPAL", "cHJpbmNpcGFs")
    VolumeArtifactRepository(PLACE, registry_uri=aidp.uri).list_artifacts()
    assert {exchange.headers["dh-user-principal"] for exchange in aidp.exchanges} == {
        "cHJpbmNpcGFs"
    }
