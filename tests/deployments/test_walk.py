"""From a registered model to predictions and back, with a scikit-learn model that is served."""

from __future__ import annotations

import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from click.testing import CliRunner
from fastapi import FastAPI
from mlflow.deployments.cli import commands
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server

from mlflow_oci_aidp.cli import main

from .conftest import CONFIG, FRAME, NAME, log_versions


@pytest.fixture(scope="module", autouse=True)
def versions(module_aidp):
    log_versions(module_aidp, 1, 2)
    mlflow.MlflowClient().set_registered_model_alias(NAME, "champion", 1)
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def predictions(client, name="churn", inputs=FRAME):
    return client.predict(name, inputs).get_predictions("ndarray").ravel().round(6).tolist()


def test_the_walk(client):
    created = client.create_deployment("churn", f"models:/{NAME}@champion", config=CONFIG)
    assert created["status"] == "ACTIVE"
    assert created["targets"] == [{"model_version": "1", "traffic_percentage": 100}]
    assert (created["name"], created["model_name"]) == ("churn", NAME)
    assert created["flavor"] == "python_function"
    assert predictions(client) == [1, 2, 3]

    forward = client.update_deployment("churn", model_uri=f"models:/{NAME}/2")
    assert forward["targets"] == [{"model_version": "2", "traffic_percentage": 100}]
    assert predictions(client) == [2, 4, 6]

    client.update_deployment("churn", model_uri=f"models:/{NAME}/1")
    assert predictions(client) == [1, 2, 3]
    done = [row["operation_type"] for row in client.activities("churn")]
    assert done == ["ROLL_BACK", "ROLL_FORWARD", "ACTIVATE", "CREATE"]

    client.delete_deployment("churn")
    client.delete_deployment("churn")
    assert client.list_deployments() == []
    with pytest.raises(MlflowException) as missing:
        client.get_deployment("churn")
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_every_kind_of_input_is_predicted_as_locally(client):
    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    split = {"columns": ["a", "b"], "data": [[1.0, 2], [2.0, 3]]}
    for inputs in (
        FRAME.head(2),
        {"dataframe_split": split},
        {"dataframe_records": FRAME.head(2).to_dict("records")},
        {"inputs": {"a": [1.0, 2.0], "b": [2, 3]}},
        {"a": np.array([1.0, 2.0]), "b": np.array([2, 3])},
        [{"a": np.float32(1), "b": np.int64(2)}, {"a": 2.0, "b": 3}],
    ):
        assert predictions(client, inputs=inputs) == [1, 2]


def test_what_the_model_refuses_is_told_with_its_example(client):
    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    with pytest.raises(MlflowException) as refused:
        client.predict("churn", pd.DataFrame({"z": [1]}))
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert "Model is missing inputs" in str(refused.value)
    assert 'its example: { "dataframe_split": { "columns": [ "a", "b" ]' in str(refused.value)


def test_what_was_asked_is_kept(client, module_aidp):
    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    client.predict("churn", FRAME)
    (inference,) = client.inferences("churn")
    assert (inference["status"], inference["modelVersion"]) == ("SUCCESS", "1")
    contract = client.contract("churn")
    assert [column["name"] for column in contract["input_contract"]] == ["a", "b"]
    texts = [row["message"]["text"] for row in client.logs("churn")]
    assert texts == ["ACTIVATE ended", "ACTIVATE began", "CREATE ended"]
    assert len(client.logs("churn", limit=1)) == 1


def test_a_thousand_small_predictions_are_a_thousand_round_trips(client, module_aidp):
    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    client.predict("churn", FRAME)
    module_aidp.exchanges.clear()
    for _ in range(20):
        client.predict("churn", FRAME)
    assert [exchange.operation for exchange in module_aidp.exchanges] == ["predict"] * 20


def test_a_prediction_bears_neither_principal_nor_retry_token(client, module_aidp):
    import mlflow_oci_aidp

    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    with mlflow_oci_aidp.user_principal("cHJpbmNpcGFs"):
        client.predict("churn", FRAME)
    headers = module_aidp.exchanges[-1].headers
    assert not headers.keys() & {"dh-user-principal", "opc-retry-token"}
    assert headers["authorization"].startswith("Signature ")


def test_a_deployment_that_was_deactivated_elsewhere_says_so(client, module_aidp):
    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    client.predict("churn", FRAME)
    other = mlflow.deployments.get_deploy_client(module_aidp.tracking_uri)
    other.deactivate("churn")
    with pytest.raises(MlflowException, match=r"INACTIVE.*Activate it first") as refused:
        client.predict("churn", FRAME)
    assert refused.value.error_code == "INVALID_STATE"
    client.activate("churn")
    assert predictions(client) == [1, 2, 3]


def test_tokens_of_an_identity_provider(client, module_aidp, monkeypatch):
    issuer, audience = "https://idp.example", "https://models.example"
    config = {
        **CONFIG,
        "auth_type": "OAUTH",
        "issuer_claim": issuer,
        "audience_claim": json.dumps([audience]),
        "jwks_uri": "https://idp.example/keys",
    }
    created = client.create_deployment("churn", f"models:/{NAME}/1", config=config)
    assert created["auth_details"]["issuerClaim"] == issuer
    with pytest.raises(MlflowException, match="AIDP_SERVING_TOKEN") as refused:
        client.predict("churn", FRAME)
    assert refused.value.error_code == "UNAUTHENTICATED"
    token = module_aidp.serving_token(issuer, audience)
    monkeypatch.setenv("AIDP_SERVING_TOKEN", token)
    assert predictions(client) == [1, 2, 3]
    assert module_aidp.exchanges[-1].headers["authorization"] == f"Bearer {token}"
    monkeypatch.setenv("AIDP_SERVING_TOKEN", module_aidp.serving_token(issuer, "https://other"))
    with pytest.raises(MlflowException, match="new token of the identity provider") as refused:
        client.predict("churn", FRAME)
    assert refused.value.error_code == "UNAUTHENTICATED"
    client.use_serving_token(lambda: token)
    assert predictions(client) == [1, 2, 3]


def test_a_signed_deployment_ignores_the_serving_token(client, module_aidp, monkeypatch):
    client.create_deployment("churn", f"models:/{NAME}/1", config=CONFIG)
    monkeypatch.setenv("AIDP_SERVING_TOKEN", "not-for-this-one")
    client.predict("churn", FRAME)
    assert "not-for-this-one" not in str(module_aidp.exchanges[-1].headers)


def test_dates_missing_values_and_whole_numbers_arrive_as_they_are(client, module_aidp):
    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [f"{row!r}" for row in model_input.to_dict("records")]

    frame = pd.DataFrame(
        {
            "day": [datetime(2026, 1, 2, 3, 4, 5), None],
            "count": [1, 2],
            "part": [0.5, None],
            "word": ["a", None],
        }
    )
    name = "main.default.echo"
    mlflow.set_tracking_uri(module_aidp.tracking_uri)
    mlflow.set_registry_uri(module_aidp.tracking_uri)
    signature = mlflow.models.infer_signature(frame)
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=Echo(),
            registered_model_name=name,
            signature=signature,
            pip_requirements=[],
        )
    client.create_deployment("echo", f"models:/{name}/1", config=CONFIG)
    served = client.predict("echo", frame)["predictions"]
    assert served == mlflow.pyfunc.load_model(logged.model_uri).predict(frame)


def run(command, aidp, *arguments):
    target = ["-t", aidp.tracking_uri]
    result = CliRunner().invoke(commands, [command, *target, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_mlflows_command_line(client, module_aidp, tmp_path):
    output = run(
        "create", module_aidp, "--name", "churn", "-m", f"models:/{NAME}/1",
        "-C", "compute_key=c", "-C", 'tags={"team": "risk"}',
    )  # fmt: skip
    assert "python_function deployment churn is created" in output
    assert client.get_deployment("churn")["tags"] == {"team": "risk"}
    inputs = tmp_path / "inputs.json"
    inputs.write_text(FRAME.to_json())
    output = run("predict", module_aidp, "--name", "churn", "-I", str(inputs))
    assert json.loads(output)["predictions"] == pytest.approx([1, 2, 3])
    output = run("update", module_aidp, "--name", "churn", "-m", f"models:/{NAME}/2")
    assert "churn is updated (with flavor python_function)" in output
    assert "churn" in run("list", module_aidp)
    assert "status: ACTIVE" in run("get", module_aidp, "--name", "churn")
    shown = CliRunner().invoke(main, ["deployments", "list", module_aidp.tracking_uri])
    assert shown.output.split("\t")[:2] == ["churn", NAME]
    shown = CliRunner().invoke(
        main, ["deployments", "show", "churn", module_aidp.tracking_uri, "--json"]
    )
    assert json.loads(shown.output)["targets"][0]["model_version"] == "2"
    shown = CliRunner().invoke(main, ["deployments", "logs", "churn", module_aidp.tracking_uri])
    assert "ROLL_FORWARD ended" in shown.output
    shown = CliRunner().invoke(
        main, ["deployments", "activities", "churn", module_aidp.tracking_uri]
    )
    assert shown.output.count("SUCCESS") == 3
    assert "deleted" in run("delete", module_aidp, "--name", "churn")
    assert "compute_key" in CliRunner().invoke(commands, ["help", "-t", "aidp"]).output


@pytest.mark.skipif(
    "@app.route" in inspect.getsource(scoring_server) and not hasattr(FastAPI, "route"),
    reason="the scoring server of this MLflow does not start with this FastAPI",
)
def test_mlflows_command_line_serves_locally(module_aidp):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "deployments", "run-local", "-t", "aidp"]
    arguments = ["--name", "churn", "-m", f"models:/{NAME}/1", "-C", f"port={port}"]
    server = subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, "MLFLOW_REGISTRY_URI": module_aidp.tracking_uri},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        body = {"dataframe_split": FRAME.to_dict("split")}
        answer = poll(f"http://127.0.0.1:{port}/invocations", body, server)
        assert answer.json()["predictions"] == pytest.approx([1, 2, 3])
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=30)


def poll(url, body, server):
    for _ in range(600):
        assert server.poll() is None, server.stdout.read()
        try:
            return requests.post(url, json=body, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(url)
