"""Deployments that serve: the process behind them, a restart, and models that cannot be loaded."""

from __future__ import annotations

import os
import signal
import time

import mlflow
import pytest
import requests

from mlflow_oci_aidp.emulator import Emulator

from ..conftest import sdk_client
from ..everything import wait_for

NAME = "main.default.twice"
TARGETS = [{"model_version": "1", "traffic_percentage": 100}]


class Twice(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * value for value in model_input["a"]]


def put_model(aidp, source="Volumes/main/default/artifacts/twice"):
    """A version whose files lie in a volume."""
    place = aidp._folder / "volumes" / source.removeprefix("Volumes/")
    mlflow.pyfunc.save_model(place, python_model=Twice(), pip_requirements=[])
    aidp.state.create_registered_model({"name": NAME}, "user")
    aidp.state.create_model_version({"name": NAME, "source": f"aidp:/{source}"}, "user")
    return place


def create(aidp, **fields):
    details = {
        "name": "d",
        "model_name": NAME,
        "deployment_targets": TARGETS,
        "workspaceKey": "w",
        "computeKey": "c",
        "authType": "AIDP",
        **fields,
    }
    return aidp.deployments.create_model_deployment(details, "user")["deployment_id"]


def activate(aidp, key):
    aidp.deployments.activate_model_deployment({"deployment_id": key}, "user")
    return settled(aidp, key)


def settled(aidp, key):
    aidp.deployments._join()
    return aidp.deployments.get_model_deployment({"deployment_id": key}, "user")


def ask(aidp, uri):
    config = sdk_client(aidp).base_client.signer
    answer = requests.post(uri, json={"inputs": {"a": [1, 2]}}, auth=config, timeout=60)
    return answer.status_code, answer.json()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a stopped emulator with an active deployment."""
    folder = tmp_path_factory.mktemp("platform")
    with Emulator(folder) as aidp:
        put_model(aidp)
        key = create(aidp)
        assert aidp.serving_process is None
        row = activate(aidp, key)
        assert row["status"] == "ACTIVE"
        pid = aidp.serving_process
        assert ask(aidp, row["serving_uri"]) == (200, {"predictions": [2, 4]})
    assert not is_running(pid)
    return folder


def test_a_restart_serves_again_what_was_active(folder):
    with Emulator(folder) as aidp:
        (row,) = aidp.deployments._store.rows("deployments")
        assert row["status"] in {"ACTIVATING", "ACTIVE"}
        row = settled(aidp, row["deployment_id"])
        assert ask(aidp, row["serving_uri"]) == (200, {"predictions": [2, 4]})
        # A process that dies is noticed, and the next request finds a new one.
        pid = aidp.serving_process
        os.kill(pid, signal.SIGKILL)
        while aidp.serving_process == pid:
            time.sleep(0.01)
        statuses = [ask(aidp, row["serving_uri"])[0] for _ in range(2)]
        assert statuses[-1] == 200
        assert aidp.serving_process not in (None, pid)
        aidp.reset()
        assert ask(aidp, row["serving_uri"])[0] == 404
        assert aidp.serving_process is not None


def test_a_model_that_cannot_be_loaded_fails_with_its_reason(own_aidp):
    (put_model(own_aidp) / "python_model.pkl").write_bytes(b"no pickle")
    key = create(own_aidp)
    assert activate(own_aidp, key)["status"] == "INACTIVE"
    newest = own_aidp.deployments._store.rows("activities", key)[0]
    assert newest["status"] == "FAILURE"
    assert "invalid load key" in newest["status_message"]


def test_a_prediction_needs_a_signature(folder):
    with Emulator(folder) as aidp:
        key = create_again(aidp)
        uri = f"{aidp.endpoint}/modelendpoint/{key}"
        assert requests.post(uri, json={}, timeout=10).status_code == 401
        assert ask(aidp, uri)[0] == 409  # It is not active.


def create_again(aidp):
    aidp.state.create_registered_model({"name": NAME}, "user")
    aidp.state.create_model_version({"name": NAME, "source": "s3://elsewhere"}, "user")
    return create(aidp)


def test_names_need_not_be_unique(own_aidp):
    put = create_again(own_aidp)
    assert create(own_aidp) != put


def test_the_summary_counts_deployments(own_aidp):
    key = create_again(own_aidp)
    own_aidp.deployments.seed_deployment(key, status="ACTIVE")
    query = {"is_deployment_summary_enabled": True}
    (model,) = own_aidp.state.list_registered_models(query, "user")["registered_models"]
    assert model["deployment_summary"] == {"total_deployment": 1, "active_deployment": 1}
    own_aidp.deployments.seed_deployment(key, status="INACTIVE")


def test_pages_end_with_an_empty_token(own_aidp):
    create_again(own_aidp)
    create(own_aidp)
    asked = {"model_name": NAME, "max_results": 1}
    first = own_aidp.deployments.search_model_deployments(asked, "user")
    asked["page_token"] = first["next_page_token"]
    second = own_aidp.deployments.search_model_deployments(asked, "user")
    assert len(first["deployments"]) == len(second["deployments"]) == 1
    assert not second.get("next_page_token")


def test_what_is_waited_for_comes(own_aidp):
    key = create_again(own_aidp)
    activate(own_aidp, key)
    wait_for(sdk_client(own_aidp), own_aidp.ai_data_platform_id, key, "INACTIVE")
