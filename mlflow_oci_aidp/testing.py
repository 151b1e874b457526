"""Fixtures for pytest: an AI Data Platform on this machine, in the tests of your own program.

pytest loads this module wherever the package is installed. So it imports neither MLflow nor the
emulator before one of its fixtures is used.

>>> def test_a_model_is_registered(aidp):
...     mlflow.MlflowClient().create_registered_model("main.default.iris")
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mlflow_oci_aidp.emulator import Emulator


@pytest.fixture(scope="session")
def aidp_emulator() -> Iterator[Emulator]:
    """Start one emulator for all tests of a session; in ``pytest-xdist``, for those of a worker."""
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def aidp(aidp_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Give the test an empty AI Data Platform, which is MLflow's registry.

    The tracking URI stays what it is. Settings of a real platform are out of sight.
    """
    import mlflow

    from mlflow_oci_aidp.settings_table import SETTINGS

    aidp_emulator.reset()
    for setting in SETTINGS:
        for variable in setting.environment:
            monkeypatch.delenv(variable, raising=False)
    for name, value in aidp_emulator.environ.items():
        monkeypatch.setenv(name, value)
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]
    yield aidp_emulator
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]


@pytest.fixture
def aidp_tracking(aidp: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Give the test the same, which is MLflow's tracking server, too.

    MLflow remembers the experiment of ``set_experiment`` for the whole process: call it in each
    test that starts a run.
    """
    import mlflow

    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.tracking_uri)
    mlflow.set_tracking_uri(aidp.tracking_uri)
    yield aidp
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(before)  # type: ignore[arg-type]
