"""Today's code on what an earlier release left behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pytest

from mlflow_oci_aidp.emulator import Emulator
from tests.upgrade import folder
from tests.upgrade.record import OTHER_WORKSPACE

DATA = Path(__file__).parent / "data"
RELEASES = sorted(path.name for path in DATA.iterdir() if path.is_dir())


class Left:
    """What a release left behind, and an emulator that serves it.

    Attributes:
        data: The recording.
        aidp: The emulator, on a copy of the recorded data folder.
        uri: The registry URI, which names the instance alone.
        tracking_uri: The tracking URI, which names instance and workspace. Both are those of the
            recording.
    """

    def __init__(self, release: str, aidp: Emulator) -> None:
        self.data = DATA / release
        self.aidp = aidp
        self.uri = f"aidp://{aidp.ai_data_platform_id}"
        self.tracking_uri = f"{self.uri}/{aidp.workspace_key}"

    def read(self, name: str) -> Any:
        """A file of the recording."""
        return json.loads((self.data / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="package", params=RELEASES)
def upgraded(request, tmp_path_factory):
    """A release, and its data folder after today's emulator opened it.

    Opening upgrades databases, which takes seconds.
    """
    data_folder = tmp_path_factory.mktemp("upgraded") / "emulator"
    folder.restore(DATA / request.param / "folder", data_folder)
    # By a clock that has not begun, no retry token in the folder is outdated and deleted.
    with Emulator(data_folder, clock=lambda: 0.0) as aidp:
        for key in (aidp.workspace_key, OTHER_WORKSPACE):
            aidp.workspace(key)
    for name in folder.LEFT_OUT:
        (data_folder / name).unlink(missing_ok=True)
    return request.param, data_folder


@pytest.fixture(scope="package")
def served(upgraded, tmp_path_factory):
    """A recording and its emulator, once for all tests that only read."""
    release, data_folder = upgraded
    copied = tmp_path_factory.mktemp("served") / "emulator"
    shutil.copytree(data_folder, copied)
    with Emulator(copied) as aidp:
        yield Left(release, aidp)


@pytest.fixture
def data_folder(upgraded, tmp_path):
    """The data folder without keys, for one test to change."""
    shutil.copytree(upgraded[1], tmp_path / "emulator")
    return tmp_path / "emulator"


@pytest.fixture
def left(served, monkeypatch):
    """The same, with MLflow set to it as a user sets it."""
    for name, value in served.aidp.environ.items():
        if name != "AIDP_WORKSPACE_KEY":  # it would give a workspace to URIs that have none
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", served.tracking_uri)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", served.tracking_uri)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    return served


@pytest.fixture
def client(left):
    """MLflow's own client."""
    return mlflow.MlflowClient()
