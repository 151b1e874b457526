"""``catalog`` and ``schema``: names without dots are completed, wherever a name is passed."""

from __future__ import annotations

import json

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import permissions
from mlflow_oci_aidp.full_names import FullNames
from mlflow_oci_aidp.session import session_of
from mlflow_oci_aidp.settings import resolve
from tests.cli.conftest import run

BOTH = "&catalog=main&schema=default"
FULL = "main.default.churn"
ROLE = {"role": "analysts"}


@pytest.fixture
def uri(aidp):
    return aidp.tracking_uri + BOTH


@pytest.fixture
def client(uri):
    return mlflow.MlflowClient(uri, registry_uri=uri)


def version_of(client, path):
    """Register a version of a folder in a volume."""
    client.create_registered_model("churn", tags={"team": "a"})
    return client.create_model_version("churn", path)


def test_every_call_takes_the_short_name_and_shows_the_whole_one(client):
    assert version_of(client, "/Volumes/main/default/artifacts/m").name == FULL
    client.set_registered_model_alias("churn", "champion", "1")
    client.set_registered_model_tag("churn", "a", "b")
    client.delete_registered_model_tag("churn", "team")
    client.set_model_version_tag("churn", "1", "c", "d")
    client.delete_model_version_tag("churn", "1", "c")
    client.update_registered_model("churn", "described")
    client.update_model_version("churn", "1", "described")
    client.transition_model_version_stage("churn", "1", "Staging")
    assert client.get_model_version_by_alias("churn", "champion").name == FULL
    assert client.get_latest_versions("churn", ["Staging"])[0].version == "1"
    model = client.get_registered_model("churn")
    assert (model.name, model.tags, model.aliases) == (FULL, {"a": "b"}, {"champion": "1"})
    assert client.get_model_version("main.default.churn", "1").current_stage == "Staging"
    copy = client.copy_model_version("models:/churn@champion", "churn-prod")
    assert (copy.name, copy.source) == ("main.default.churn-prod", f"models:/{FULL}/1")
    client.rename_registered_model("churn", "kept")
    client.delete_registered_model_alias("kept", "champion")
    client.delete_model_version("kept", "1")
    client.delete_registered_model("kept")
    with pytest.raises(MlflowException, match=r"main\.default\.kept"):
        client.get_registered_model("kept")


def test_a_source_without_a_full_name_is_stored_with_it(client):
    version_of(client, "/Volumes/main/default/artifacts/m")
    assert client.create_model_version("churn", "models:/churn/1").source == f"models:/{FULL}/1"


def test_a_model_is_opened_by_its_short_uri(aidp, uri, client, tmp_path):
    mlflow.set_tracking_uri(uri)
    with mlflow.start_run() as run_:
        mlflow.log_text("flavors: {}", "model/MLmodel")
    mlflow.register_model(f"runs:/{run_.info.run_id}/model", "churn")
    client.set_registered_model_alias("churn", "champion", "1")
    folder = mlflow.artifacts.download_artifacts("models:/churn@champion", dst_path=str(tmp_path))
    assert (tmp_path / "MLmodel").exists(), folder


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("name = 'churn'", [FULL]),
        ('name = "churn"', [FULL]),
        ("name='main.default.churn'", [FULL]),
        ("name != 'churn'", ["main.default.other"]),
        ("name LIKE '%churn'", [FULL]),
        ("name LIKE 'churn%'", []),
        ("name = 'churn' AND tag.team = 'a'", [FULL]),
        ("tag.team = 'churn'", []),
    ],
)
def test_names_in_filters_are_completed(client, condition, names):
    version_of(client, "/Volumes/main/default/artifacts/m")
    client.create_registered_model("other")
    assert [model.name for model in client.search_registered_models(condition)] == names


def test_names_in_filters_of_versions_are_completed(client):
    version_of(client, "/Volumes/main/default/artifacts/m")
    assert [version.name for version in client.search_model_versions("name='churn'")] == [FULL]


@pytest.mark.skipif(not hasattr(mlflow, "genai"), reason="this MLflow has no prompts there")
def test_prompts_have_short_names_too(uri):
    mlflow.set_tracking_uri(uri)
    mlflow.genai.register_prompt("greeting", "Hello {{name}}")
    prompt = mlflow.genai.load_prompt("prompts:/greeting/1")
    assert (prompt.name, prompt.format(name="Ada")) == ("main.default.greeting", "Hello Ada")
    found = mlflow.genai.search_prompts("name = 'greeting'")
    assert [prompt.name for prompt in found] == ["main.default.greeting"]


def test_permissions_and_commands_take_short_names(client, uri, monkeypatch):
    version_of(client, "/Volumes/main/default/artifacts/m")
    permissions.grant("churn", "READ", **ROLE, uri=uri)
    assert permissions.list_grants(FULL, uri)[0].resource_name == FULL
    permissions.revoke("churn", "READ", **ROLE, uri=uri)
    assert json.loads(run("models", "show", "churn", uri, "--json").output)["name"] == FULL
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", uri)
    assert "catalog=main&schema=default" in run("uri").output


def test_the_catalog_of_a_schema_alone_is_that_of_the_workspace_and_looked_up_once(
    aidp, monkeypatch
):
    monkeypatch.setenv("AIDP_SCHEMA", "default")
    client = mlflow.MlflowClient(aidp.tracking_uri)
    version_of(client, "/Volumes/main/default/artifacts/m")
    assert client.get_registered_model("churn").name == FULL
    looks = [row for row in aidp.exchanges if row.operation == "get_workspace"]
    assert len(looks) == 1


def test_without_the_settings_a_name_stays_as_it_is(aidp):
    client = mlflow.MlflowClient(aidp.tracking_uri)
    assert client.create_registered_model("churn").name == "churn"
    assert client.search_registered_models("name = 'churn'")[0].name == "churn"
    assert [row.operation for row in aidp.exchanges] == [
        "create_registered_model",
        "list_registered_models",
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("&catalog=main", r"catalog is set \(from the URI\), and schema is not"),
        ("&schema=default", r"schema is set \(from the URI\), and neither a catalog nor"),
    ],
)
def test_a_name_that_cannot_be_completed_is_refused_before_a_request(aidp, query, message):
    client = mlflow.MlflowClient(registry_uri=aidp.uri + query)
    with pytest.raises(MlflowException, match=message) as caught:
        client.get_registered_model("churn")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0
    assert client.create_registered_model(FULL).name == FULL


def test_a_workspace_without_a_default_catalog_is_an_error(aidp):
    aidp.faults.add("body", operation="get_workspace", body=b'{"key": "k"}')
    settings = resolve(f"{aidp.tracking_uri}&schema=default")
    with pytest.raises(MlflowException, match="has no default catalog"):
        FullNames(settings, session_of(settings)).complete("churn")


@pytest.mark.parametrize("query", ["&catalog=a.b&schema=c", "&catalog=a&schema=b/c"])
def test_a_part_of_a_name_is_one_part(aidp, query):
    with pytest.raises(MlflowException, match="is not the name of a") as caught:
        resolve(aidp.uri + query)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
