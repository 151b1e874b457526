"""A workspace that is chosen with ``mlflow.set_workspace``, beside the one of the URI."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from tests.support.stock_server import stock_server

pytest.importorskip("mlflow.utils.workspace_context", reason="this MLflow has no workspaces")

CALLS = {
    "read a run": lambda client: client.get_run("0" * 32),
    "make a run": lambda client: client.create_run("0"),
    "search runs": lambda client: client.search_runs(["0"]),
    "search experiments": lambda client: client.search_experiments(),
    "read a metric": lambda client: client.get_metric_history("0" * 32, "loss"),
    "make a logged model": lambda client: client.create_logged_model("0"),
    "search logged models": lambda client: client.search_logged_models(["0"]),
    "make a registered model": lambda client: client.create_registered_model("iris"),
    "search registered models": lambda client: client.search_registered_models(),
    "search versions": lambda client: client.search_model_versions(),
}


@pytest.fixture(autouse=True)
def unset_afterwards():
    yield
    mlflow.set_workspace(None)


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    with stock_server(tmp_path_factory.mktemp("stock")) as url:
        yield mlflow.MlflowClient(tracking_uri=url, registry_uri=url)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("workspace", ["prod", "default"])
def test_another_one_is_refused_as_by_mlflows_rest_store(aidp, stock, call, workspace):
    client = mlflow.MlflowClient(aidp.tracking_uri)
    client.get_experiment("0")
    aidp.exchanges.clear()
    mlflow.set_workspace(workspace)
    for side in (client, stock):
        with pytest.raises(MlflowException, match=f"'{workspace}'") as caught:
            CALLS[call](side)
        assert caught.value.error_code == "FEATURE_DISABLED"
    assert len(aidp.exchanges) == 0


def test_the_error_says_what_to_do(aidp, client):
    mlflow.set_workspace("prod")
    with pytest.raises(MlflowException) as caught:
        client.search_registered_models()
    assert "names no workspace. Unset" in str(caught.value)
    mlflow.set_workspace(None)
    assert client.search_registered_models() == []


def test_one_of_the_environment_is_refused_too(aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_WORKSPACE", "prod")
    with pytest.raises(MlflowException) as caught:
        mlflow.MlflowClient(aidp.tracking_uri).create_run("0")
    assert caught.value.error_code == "FEATURE_DISABLED"


def test_that_of_the_uri_is_no_other(aidp):
    aidp.add_workspace("team-a")
    client = mlflow.MlflowClient(aidp.tracking_uri.replace(aidp.workspace_key, "team-a"))
    mlflow.set_workspace("team-a")
    run = client.create_run("0")
    assert client.get_run(run.info.run_id).info.status == "RUNNING"
    assert client.create_registered_model("iris").workspace == "team-a"
