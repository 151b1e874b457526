"""Failures, waits that end, answers that are lost: with models that nobody loads."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import nullcontext

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.emulator import Fault

from .conftest import CONFIG, NAME

IDLE = {**CONFIG, "activate": "false"}
URI = f"models:/{NAME}/1"


def operations(aidp):
    return [exchange.operation for exchange in aidp.exchanges]


def test_a_failed_activation_says_why_and_leaves_the_deployment(outside_client):
    with pytest.raises(MlflowException, match="lies outside the emulator") as failed:
        outside_client.create_deployment("churn", URI, config=CONFIG)
    assert failed.value.error_code == "INVALID_STATE"
    assert outside_client.get_deployment("churn")["status"] == "INACTIVE"
    newest = outside_client.activities("churn")[0]
    assert (newest["operation_type"], newest["status"]) == ("ACTIVATE", "FAILURE")
    assert "lies outside" in newest["status_message"]


def test_an_older_failure_is_not_this_one(outside, outside_client):
    with pytest.raises(MlflowException):
        outside_client.create_deployment("churn", URI, config=CONFIG)
    key = outside_client.get_deployment("churn")["deployment_id"]
    outside.deployments.seed_deployment(key, status="ACTIVATING")

    def finish():
        time.sleep(0.5)
        outside.deployments.seed_deployment(key, status="ACTIVE")

    thread = threading.Thread(target=finish)
    thread.start()
    assert outside_client.activate("churn")["status"] == "ACTIVE"
    thread.join()


def test_a_wait_ends_by_its_timeout(outside, outside_client):
    outside_client.create_deployment("churn", URI, config=IDLE)
    key = outside_client.get_deployment("churn")["deployment_id"]
    outside.deployments.seed_deployment(key, status="ACTIVATING")
    begin = time.monotonic()
    with pytest.raises(MlflowException, match=r"is ACTIVATING after 0\.5 seconds") as ended:
        outside_client.activate("churn", {"timeout_seconds": "0.5"})
    assert ended.value.error_code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - begin < 3
    assert "activate_model_deployment" not in operations(outside)
    outside.deployments.seed_deployment(key, status="INACTIVE")


def test_ctrl_c_ends_a_wait_at_once(outside, outside_client):
    outside_client.create_deployment("churn", URI, config=IDLE)
    key = outside_client.get_deployment("churn")["deployment_id"]
    outside.deployments.seed_deployment(key, status="ACTIVATING")
    interrupt = threading.Timer(0.8, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        outside_client.activate("churn")
    assert time.monotonic() - begin < 3
    outside.deployments.seed_deployment(key, status="INACTIVE")


def test_without_waiting_the_call_returns_at_once(outside, outside_client):
    outside_client.create_deployment("churn", URI, config=IDLE)
    begun = outside_client.activate("churn", {"synchronous": "false"})
    assert begun["status"] in {"ACTIVATING", "INACTIVE"}


LOST = {
    "activate_model_deployment": lambda client: client.activate("churn"),
    "roll_forward_model_deployment": lambda client: client.update_deployment(
        "churn", model_uri=f"models:/{NAME}/2"
    ),
    "update_model_deployment": lambda client: client.update_deployment(
        "churn", config={"description": "new"}
    ),
    "delete_model_deployment": lambda client: client.delete_deployment("churn"),
}


def failing_activation(operation):
    """Nothing loads this model: its activation fails, and nothing else does."""
    if operation.startswith("activate"):
        return pytest.raises(MlflowException, match="lies outside")
    return nullcontext()


@pytest.mark.parametrize("fault", ["reset_after", "hang_after"])
@pytest.mark.parametrize("operation", LOST)
def test_a_lost_answer_is_followed_by_a_look(
    outside, outside_client, operation, fault, monkeypatch
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    client = type(outside_client)(outside.tracking_uri)
    client.create_deployment("churn", URI, config=IDLE)
    outside.faults.add(Fault(fault, operation=operation))
    outside.exchanges.clear()
    with failing_activation(operation):
        LOST[operation](client)
    assert operations(outside).count(operation) == 1


@pytest.mark.parametrize("operation", LOST)
def test_a_request_that_did_nothing_is_sent_once_more(outside, outside_client, operation):
    outside_client.create_deployment("churn", URI, config=IDLE)
    outside.faults.add(Fault("reset_before", operation=operation))
    outside.exchanges.clear()
    with failing_activation(operation):
        LOST[operation](outside_client)
    assert operations(outside).count(operation) == 2


def test_a_wrong_state_is_the_platforms_word_at_once(outside, outside_client):
    created = outside_client.create_deployment("churn", URI, config=IDLE)
    key = created["deployment_id"]
    outside.deployments.seed_deployment(key, status="ACTIVE")
    outside.exchanges.clear()
    with pytest.raises(MlflowException) as refused:
        outside_client._calls.delete(key)
    assert refused.value.error_code == "RESOURCE_CONFLICT"
    assert operations(outside).count("delete_model_deployment") == 1
    outside.deployments.seed_deployment(key, status="INACTIVE")


def test_what_is_being_activated_is_waited_for_before_it_is_deleted(outside, outside_client):
    key = outside_client.create_deployment("churn", URI, config=IDLE)["deployment_id"]
    outside.deployments.seed_deployment(key, status="ACTIVATING")
    settle = threading.Timer(
        0.6, outside.deployments.seed_deployment, [key], {"status": "INACTIVE"}
    )
    settle.start()
    outside_client.delete_deployment("churn")
    settle.join()
    assert outside_client.list_deployments() == []


def test_a_name_that_is_taken_makes_nothing(outside, outside_client):
    outside_client.create_deployment("churn", URI, config=IDLE)
    outside.exchanges.clear()
    with pytest.raises(MlflowException) as taken:
        outside_client.create_deployment("churn", f"models:/{NAME}/2", config=IDLE)
    assert taken.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert "create_model_deployment" not in operations(outside)


def test_two_deployments_of_one_name_are_told_apart(outside, outside_client):
    other = "main.default.other"
    outside.state.create_registered_model({"name": other}, "")
    outside.state.create_model_version({"name": other, "source": "s3://elsewhere"}, "")
    first = outside_client.create_deployment("churn", URI, config=IDLE)
    second = outside_client.create_deployment(
        "churn", f"models:/{other}/1", config=IDLE, endpoint=other
    )
    with pytest.raises(MlflowException) as ambiguous:
        outside_client.get_deployment("churn")
    assert first["deployment_id"] in str(ambiguous.value)
    assert second["deployment_id"] in str(ambiguous.value)
    assert outside_client.get_deployment("churn", endpoint=other) == second
    assert outside_client.get_deployment(first["deployment_id"]) == first
    assert [row["model_name"] for row in outside_client.list_deployments(NAME)] == [NAME]


def test_names_are_completed_by_the_settings(outside, outside_client):
    short = type(outside_client)(f"{outside.tracking_uri}&catalog=main&schema=default")
    made = short.create_deployment("churn", "models:/churn/1", config=IDLE)
    assert made["model_name"] == NAME
    assert short.list_deployments("churn")[0]["deployment_id"] == made["deployment_id"]


def test_settings_and_tags_change_what_they_name(outside_client):
    outside_client.create_deployment("churn", URI, config={**IDLE, "tags": {"a": "1", "b": "2"}})
    changed = outside_client.update_deployment(
        "churn", config={"compute_key": "other", "tags": '{"a": null, "c": "3"}'}
    )
    assert changed["compute_key"] == "other"
    assert changed["workspace_key"]
    assert changed["tags"] == {"b": "2", "c": "3"}


def test_the_same_version_changes_nothing(outside, outside_client):
    outside_client.create_deployment("churn", URI, config=IDLE)
    outside.exchanges.clear()
    outside_client.update_deployment("churn", model_uri=URI)
    assert not {name for name in operations(outside) if name.startswith(("roll", "update"))}


@pytest.mark.parametrize(
    "change",
    [
        lambda registry: registry.delete_registered_model(NAME),
        lambda registry: registry.rename_registered_model(NAME, "main.default.new"),
    ],
    ids=["delete", "rename"],
)
def test_a_registered_model_with_deployments_names_them(outside, outside_client, change):
    outside_client.create_deployment("churn", URI, config=IDLE)
    with pytest.raises(MlflowException, match="'churn'") as refused:
        change(mlflow.MlflowClient(outside.tracking_uri, outside.uri))
    assert refused.value.error_code == "RESOURCE_CONFLICT"
