"""Clients read each other's models through one emulator.

They are Oracle's SDK, Oracle's command line and MLflow's client.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from mlflow_oci_aidp.emulator import Emulator

oci = pytest.importorskip("oci")
dp = pytest.importorskip("aidp_python_client.aidataplatform_dp")

CLI = shutil.which("aidp", path=str(Path(sys.executable).parent)) or shutil.which("aidp")
needs_cli = pytest.mark.skipif(
    CLI is None, reason="Oracle's command line, PyPI's aidp-cli, is not installed"
)


@pytest.fixture
def secure(monkeypatch):
    """The emulator over TLS, which the command line insists on, and the settings for it."""
    with Emulator(tls=True) as aidp:
        for name, value in aidp.environ.items():
            monkeypatch.setenv(name, value)
        yield aidp


@pytest.fixture
def sdk(secure):
    return dp.MLOpsClient(
        oci.config.from_file(secure.config_file), service_endpoint=secure.endpoint
    )


@pytest.fixture
def client(secure):
    return mlflow.MlflowClient(registry_uri="aidp://")


def aidp_cli(*arguments):
    done = subprocess.run(
        [CLI, "mlops", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_sdk_reads_what_mlflow_made(secure, sdk, client):
    client.create_registered_model("main.default.iris", tags={"team": "ml"}, description="flowers")
    client.create_model_version("main.default.iris", "runs:/0/model")
    model = sdk.get_registered_model(
        secure.ai_data_platform_id, "main.default.iris"
    ).data.registered_model
    assert (model.description, model.tags[0].value) == ("flowers", "ml")
    version = sdk.get_model_version(
        secure.ai_data_platform_id, "main.default.iris", "1"
    ).data.model_version
    assert version.source == "runs:/0/model"


def test_mlflow_reads_what_the_sdk_made(secure, sdk, client):
    sdk.create_registered_model(
        secure.ai_data_platform_id,
        dp.models.CreateRegisteredModelDetails(
            name="main.default.sdk",
            description="by the SDK",
            deployment_job_id="job-1",
            tags=[dp.models.RegisteredModelTag(key="team", value="platform")],
        ),
    )
    sdk.create_model_version(
        secure.ai_data_platform_id,
        dp.models.CreateModelVersionDetails(
            name="main.default.sdk", source="runs:/1/model", model_id="m-1"
        ),
    )
    model = client.get_registered_model("main.default.sdk")
    assert (model.description, model.tags, model.deployment_job_id) == (
        "by the SDK",
        {"team": "platform"},
        "job-1",
    )
    assert client.get_model_version("main.default.sdk", "1").model_id == "m-1"


@needs_cli
def test_the_command_line_reads_what_mlflow_made(client):
    client.create_registered_model("main.default.iris", description="flowers")
    assert "flowers" in aidp_cli("get-registered-model", "--name", "main.default.iris")


@needs_cli
def test_mlflow_reads_what_the_command_line_made(client):
    aidp_cli(
        "create-registered-model",
        "--body",
        json.dumps({"name": "main.default.cli", "description": "by hand"}),
    )
    assert client.get_registered_model("main.default.cli").description == "by hand"
