"""Locations in volumes: what MLflow sees, and what the platform is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_oci_aidp.artifacts.locations import to_mlflow, to_platform

PATH = "/Volumes/main/default/artifacts"


@pytest.mark.parametrize(
    "location", [PATH, f"{PATH}/", f"{PATH}/1/a b#%20ü/model", "/Volumes/a/b/c"]
)
def test_a_volume_that_is_not_mounted_gets_a_scheme_and_loses_it_again(
    location: str, tmp_path: Path
) -> None:
    shown = to_mlflow(location, root=str(tmp_path))
    assert shown == f"aidp:{location}"
    assert to_mlflow(shown, root=str(tmp_path)) == shown
    assert to_platform(shown) == location == to_platform(location)


def test_a_mounted_volume_stays_a_path(tmp_path: Path) -> None:
    (tmp_path / "main/default/artifacts").mkdir(parents=True)
    assert to_mlflow(f"{PATH}/1", root=str(tmp_path)) == f"{PATH}/1"
    assert (
        to_mlflow("/Volumes/main/default/other/1", root=str(tmp_path))
        == "aidp:/Volumes/main/default/other/1"
    )


def test_an_empty_authority_is_the_same_location() -> None:
    assert to_platform(f"aidp://{PATH}/1") == f"{PATH}/1"


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/Volumes",
        "/Volumes/main/default",
        "/Volumes//x/y",
        "volumes/a/b/c",
        "oci://bucket@namespace/Volumes/a/b/c",
        "aidp://ocid1.datalake.oc1..x/Volumes/a",
        "/Workspace/x",
        "file:///Volumes/a/b/c",
        "aidp:/volumes/a/b/c",
    ],
)
def test_every_other_location_is_left_alone(location: str, tmp_path: Path) -> None:
    assert to_mlflow(location, root=str(tmp_path)) == location == to_platform(location)


@given(
    st.lists(st.sampled_from(["aidp:", "//", "/", "Volumes", "main", "..", "ü%", ""])).map("".join)
)
def test_there_and_back_is_where_it_was(location: str) -> None:
    shown = to_mlflow(location, root="/nowhere")
    assert to_mlflow(shown, root="/nowhere") == shown
    assert to_platform(shown) == to_platform(location) == to_platform(to_platform(location))
