"""MLflow's workspaces are the platform's: listed, chosen, refused beside that of a URI."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import workspaces
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.stock_server import stock_server

pytest.importorskip("mlflow.utils.workspace_context", reason="this MLflow has no workspaces")

OTHER = "1f1d2c58-9a3c-4f6e-8f2e-0d5c7a1b2c3d"
THIRD = "2a2d2c58-9a3c-4f6e-8f2e-0d5c7a1b2c3d"

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


@pytest.fixture
def aidp(aidp):
    aidp.add_workspace(OTHER, "research", "of the team")
    aidp.add_workspace(THIRD, "Data Science")
    return aidp


@pytest.fixture
def anywhere(aidp):
    """A client whose URI names no workspace."""
    return mlflow.MlflowClient(aidp.uri, registry_uri=aidp.uri)


def operations(aidp):
    return [exchange.operation for exchange in aidp.exchanges]


def workspaces_asked(aidp):
    """The keys in the paths of MLflow's calls."""
    paths = [exchange.path for exchange in aidp.exchanges if "/mlops/" in exchange.path]
    return {path.partition("/workspaces/")[2].partition("/")[0] for path in paths}


# The list


def test_the_platforms_workspaces_are_listed_by_names_that_mlflow_allows(aidp):
    mlflow.set_tracking_uri(aidp.uri)
    listed = {row.name: row.description for row in mlflow.list_workspaces()}
    assert listed == {
        "research": f"research, key {OTHER}, active: of the team",
        THIRD: f"Data Science, key {THIRD}, active",
        aidp.workspace_key: f"Default Workspace, key {aidp.workspace_key}, active",
    }
    assert mlflow.get_workspace(THIRD).description == listed[THIRD]
    assert mlflow.get_workspace("research").description == listed["research"]
    assert mlflow.get_workspace(OTHER).name == OTHER


def test_a_display_name_of_two_workspaces_names_neither(aidp):
    aidp.add_workspace("second", "research")
    aidp.add_workspace("Not A Name", "Not A Name, either")
    mlflow.set_tracking_uri(aidp.uri)
    names = {row.name for row in mlflow.list_workspaces()}
    assert names == {OTHER, THIRD, aidp.workspace_key, "second"}


@pytest.mark.parametrize("name", ["nobody", "3b2d2c58-9a3c-4f6e-8f2e-0d5c7a1b2c3d"])
def test_a_workspace_that_is_not_there_does_not_exist(aidp, name):
    mlflow.set_tracking_uri(aidp.uri)
    with pytest.raises(MlflowException) as caught:
        mlflow.get_workspace(name)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_all_pages_are_listed(aidp, monkeypatch):
    monkeypatch.setattr(workspaces, "_PAGE", 2)
    mlflow.set_tracking_uri(aidp.uri)
    assert len(mlflow.list_workspaces()) == 3
    assert operations(aidp) == ["list_workspaces"] * 2


def test_they_are_made_and_deleted_elsewhere(aidp):
    mlflow.set_tracking_uri(aidp.uri)
    for change in (
        lambda: mlflow.create_workspace("new-one"),
        lambda: mlflow.update_workspace("research", description="d"),
        lambda: mlflow.delete_workspace("research"),
    ):
        with pytest.raises(NotImplementedError):
            change()
    assert operations(aidp) == []


# A URI without a workspace


@pytest.mark.parametrize("name", [OTHER, "research"])
@pytest.mark.parametrize("by", ["call", "variable"])
def test_a_uri_without_a_workspace_takes_the_active_one(aidp, anywhere, monkeypatch, name, by):
    if by == "call":
        mlflow.set_workspace(name)
    else:
        monkeypatch.setenv("MLFLOW_WORKSPACE", name)
    experiment = anywhere.create_experiment("e")
    run = anywhere.create_run(experiment).info.run_id
    anywhere.log_metric(run, "loss", 1.0)
    assert workspaces_asked(aidp) == {OTHER}
    assert operations(aidp).count("list_workspaces") == (name == "research")
    assert "get_workspace" not in operations(aidp)
    assert aidp.workspace(OTHER).get_experiment_by_name({"experiment_name": "e"}, "")


def test_a_switch_switches_the_pages_of_a_search(aidp, anywhere):
    made, pages = {}, {}
    for name in (OTHER, THIRD):
        mlflow.set_workspace(name)
        anywhere.create_experiment("e")
        made[name] = {anywhere.create_logged_model("1", part).model_id for part in ("a", "b")}
        pages[name] = anywhere.search_logged_models(["1"], max_results=1)
    for name in (OTHER, THIRD):
        mlflow.set_workspace(name)
        rest = anywhere.search_logged_models(["1"], max_results=1, page_token=pages[name].token)
        assert {model.model_id for model in [*pages[name], *rest]} == made[name]
    with pytest.raises(MlflowException) as caught:
        anywhere.get_logged_model(min(made[OTHER]))
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_run_of_one_workspace_is_not_remembered_in_another(aidp, anywhere):
    mlflow.set_workspace(OTHER)
    run = anywhere.create_run("0").info
    anywhere.create_registered_model("main.default.m")
    for name in (OTHER, THIRD):
        aidp.exchanges.clear()
        mlflow.set_workspace(name)
        anywhere.create_model_version("main.default.m", f"{run.artifact_uri}/model", run.run_id)
        made = aidp.exchanges[-1]
        assert made.operation.startswith("create")
        assert (f"/workspaces/{name}/" in made.path) == (name == OTHER)


def test_registered_models_are_the_same_in_every_workspace(aidp, anywhere):
    mlflow.set_workspace("research")
    assert anywhere.create_registered_model("main.default.m").workspace == "research"
    mlflow.set_workspace(THIRD)
    assert anywhere.get_registered_model("main.default.m").name == "main.default.m"
    assert "list_workspaces" not in operations(aidp)


def test_a_version_is_registered_from_a_run_of_the_active_workspace(aidp, tmp_path):
    mlflow.set_tracking_uri(aidp.uri)
    mlflow.set_workspace("research")
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.log_text("flavors: {}", "model/MLmodel")
    mlflow.register_model(f"runs:/{run.info.run_id}/model", "main.default.m")
    mlflow.artifacts.download_artifacts("models:/main.default.m/1", dst_path=str(tmp_path))
    assert (tmp_path / "MLmodel").exists()
    assert workspaces_asked(aidp) == {OTHER, ""}


@pytest.mark.parametrize("name", [None, "default"])
def test_without_any_workspace_a_call_that_needs_one_asks_for_it(aidp, anywhere, name):
    mlflow.set_workspace(name)
    assert anywhere.search_registered_models() == []
    with pytest.raises(MlflowException, match="or choose one with mlflow") as caught:
        anywhere.search_experiments()
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert operations(aidp) == ["list_registered_models"]


def test_the_active_one_goes_before_that_of_the_environment(aidp, anywhere, monkeypatch):
    monkeypatch.setenv("AIDP_WORKSPACE_KEY", aidp.workspace_key)
    client = mlflow.MlflowClient(aidp.uri.replace("endpoint", "region=us-ashburn-1&endpoint", 1))
    client.search_experiments()
    mlflow.set_workspace("default")
    client.search_experiments()
    assert workspaces_asked(aidp) == {aidp.workspace_key}
    aidp.exchanges.clear()
    mlflow.set_workspace(OTHER)
    client.search_experiments()
    assert workspaces_asked(aidp) == {OTHER}


def test_the_default_catalog_is_that_of_the_active_workspace(aidp):
    client = mlflow.MlflowClient(registry_uri=f"{aidp.uri}&schema=default")
    mlflow.set_workspace(THIRD)
    assert client.create_registered_model("m").name == "main.default.m"
    assert next(iter(aidp.exchanges)).path.endswith(f"/workspaces/{THIRD}")


def test_both_stores_support_workspaces(aidp):
    assert AidpTrackingStore(aidp.uri).supports_workspaces
    assert AidpRegistryStore(aidp.uri).supports_workspaces
    assert operations(aidp) == []


# A URI with a workspace


def test_the_default_one_is_that_of_the_uri(aidp):
    mlflow.set_tracking_uri(aidp.tracking_uri)
    mlflow.set_workspace("default")
    assert [row.name for row in mlflow.search_experiments()] == ["Default"]
    assert workspaces_asked(aidp) == {aidp.workspace_key}
    assert aidp.workspace_key in mlflow.get_workspace("default").description
    assert len(operations(aidp)) == 1


@pytest.mark.parametrize("call", CALLS)
def test_another_one_is_refused_as_by_mlflows_rest_store(aidp, stock, call):
    client = mlflow.MlflowClient(aidp.tracking_uri)
    client.get_experiment("0")
    aidp.exchanges.clear()
    mlflow.set_workspace(OTHER)
    for side in (client, stock):
        with pytest.raises(MlflowException, match=f"'{OTHER}'") as caught:
            CALLS[call](side)
        assert caught.value.error_code == "FEATURE_DISABLED"
    assert operations(aidp) == []


def test_the_error_says_what_to_do(aidp, client, monkeypatch):
    client = mlflow.MlflowClient(aidp.tracking_uri)
    monkeypatch.setenv("MLFLOW_WORKSPACE", "prod")
    with pytest.raises(MlflowException) as caught:
        client.create_run("0")
    assert caught.value.error_code == "FEATURE_DISABLED"
    assert "or use the URI without a workspace: aidp://<aiDataPlatformId>." in str(caught.value)
    assert workspaces_asked(aidp) == set()


def test_that_of_the_uri_is_no_other_by_key_and_by_name(aidp):
    client = mlflow.MlflowClient(aidp.tracking_uri.replace(aidp.workspace_key, OTHER))
    for name in (OTHER, "research"):
        mlflow.set_workspace(name)
        run = client.create_run("0")
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        assert client.create_registered_model(f"iris-{name}").workspace == name
    assert operations(aidp).count("list_workspaces") == 1


# Deployments


def test_a_deployment_runs_in_the_active_workspace(aidp):
    from mlflow.deployments import get_deploy_client

    client = mlflow.MlflowClient(registry_uri=aidp.uri)
    client.create_registered_model("main.default.m")
    client.create_model_version("main.default.m", "/Volumes/main/default/artifacts/m")
    deployments = get_deploy_client(aidp.uri)
    mlflow.set_workspace("research")
    deployments.create_deployment(
        "d", "models:/main.default.m/1", config={"compute_key": "c", "activate": "false"}
    )
    assert deployments.get_deployment("d")["workspace_key"] == OTHER
