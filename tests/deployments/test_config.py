"""What is refused before any request, and what MLflow's interface looks like here."""

from __future__ import annotations

import subprocess
import sys

import mlflow.deployments
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.deployments.config import CREATE, KEYS, read_config
from mlflow_oci_aidp.deployments.model_uris import ModelUri

from .conftest import NAME

URI = f"models:/{NAME}/1"
OAUTH = {
    "auth_type": "oauth",
    "issuer_claim": "https://idp.example",
    "audience_claim": '["https://a.example", "https://b.example"]',
    "jwks_uri": "https://idp.example/keys",
}


def test_text_of_the_command_line_becomes_values():
    config = {
        "compute_key": " c ", "activate": "False", "timeout_seconds": "2.5", "traffic": "50",
        "tags": '{"a": 1, "b": null}', **OAUTH,
    }  # fmt: skip
    values = read_config(config, CREATE)
    assert values["compute_key"] == "c"
    assert values["activate"] is False
    assert (values["timeout_seconds"], values["traffic"]) == (2.5, 50)
    assert values["tags"] == {"a": "1", "b": None}
    assert values["audience_claim"] == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "has no compute_key"),
        ({"compute_key": ""}, "'compute_key' is not usable"),
        ({"compute_key": "x" * 256}, "at most 255 bytes"),
        ({"computeKey": "c"}, "Known are: compute_key, workspace_key"),
        ({"compute_key": "c", "activate": "maybe"}, "true or false"),
        ({"compute_key": "c", "timeout_seconds": "nan"}, "a number of seconds"),
        ({"compute_key": "c", "timeout_seconds": True}, "a number of seconds"),
        ({"compute_key": "c", "traffic": "0"}, "from 1 to 100"),
        ({"compute_key": "c", "traffic": "9" * 400}, "from 1 to 100"),
        ({"compute_key": "c", "tags": "{"}, "It has to be JSON"),
        ({"compute_key": "c", "tags": "[1]"}, "a map of texts"),
        ({"compute_key": "c", "description": "ä" * 1001}, "2000 bytes"),
        ({"compute_key": "c", "auth_type": "token"}, "AIDP or OAUTH"),
        ({"compute_key": "c", "auth_type": "OAUTH"}, "needs issuer_claim"),
        ({"compute_key": "c", "jwks_uri": "https://a"}, "another way to sign in"),
        ({"compute_key": "c", **OAUTH, "jwks_uri": "http://a"}, "begins with https"),
        ("compute_key=c", "Pass a dictionary"),
    ],
)
def test_a_wrong_config_sends_nothing(outside, outside_client, config, message):
    outside.exchanges.clear()
    with pytest.raises(MlflowException, match=message) as refused:
        outside_client.create_deployment("churn", URI, config=config)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(outside.exchanges) == 0


@pytest.mark.parametrize(
    "uri",
    ["runs:/1/model", "models:/m-1", "models:/", "models:/a", "models:/a/b/1", "s3://b", None, 7],
)
def test_another_model_uri_says_to_register_the_model(outside, outside_client, uri):
    outside.exchanges.clear()
    with pytest.raises(MlflowException) as refused:
        outside_client.create_deployment("churn", uri, config={"compute_key": "c"})
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(outside.exchanges) == 0


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("models:/a.b.c/03", ModelUri("a.b.c", version="3")),
        ("models:///a.b.c/3", ModelUri("a.b.c", version="3")),
        ("models:/a.b.c@best", ModelUri("a.b.c", alias="best")),
        ("models:/a.b.c/Production", ModelUri("a.b.c", stage="Production")),
    ],
)
def test_model_uris(uri, expected):
    assert ModelUri.parse(uri) == expected


def test_aliases_stages_and_latest_are_resolved(outside, outside_client):
    store = outside_client._registry()
    store.set_registered_model_alias(NAME, "best", "2")
    store.transition_model_version_stage(NAME, "1", "Staging", False)
    for suffix, version in (("@best", "2"), ("/latest", "3"), ("/Staging", "1")):
        assert ModelUri.parse(f"models:/{NAME}{suffix}").resolve(store) == version
    for suffix in ("@worst", "/Production"):
        with pytest.raises(MlflowException):
            ModelUri.parse(f"models:/{NAME}{suffix}").resolve(store)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.create_deployment("", URI, config={"compute_key": "c"}),
        lambda client: client.create_deployment("x" * 256, URI, config={"compute_key": "c"}),
        lambda client: client.create_deployment(
            "x", URI, flavor="spark", config={"compute_key": "c"}
        ),
        lambda client: client.create_deployment(
            "x", URI, config={"compute_key": "c"}, endpoint="other"
        ),
        lambda client: client.update_deployment("x", flavor="python_function"),
        lambda client: client.get_deployment(None),
        lambda client: client.predict("churn", None),
    ],
)
def test_wrong_arguments_send_nothing(outside, outside_client, call):
    outside.exchanges.clear()
    with pytest.raises(MlflowException) as refused:
        call(outside_client)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(outside.exchanges) == 0


def test_without_a_workspace_only_creation_needs_its_key(outside):
    client = mlflow.deployments.get_deploy_client(outside.uri)
    config = {"compute_key": "c", "activate": False}
    with pytest.raises(MlflowException, match="names a workspace"):
        client.create_deployment("churn", URI, config=config)
    made = client.create_deployment("churn", URI, config={**config, "workspace_key": "w"})
    assert client.get_deployment("churn") == made


def test_another_registered_model_is_refused(outside, outside_client):
    outside_client.create_deployment("churn", URI, config={"compute_key": "c", "activate": False})
    with pytest.raises(MlflowException, match="cannot serve a version of another one"):
        outside_client.update_deployment("churn", model_uri="models:/main.default.other/1")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.explain("churn", None),
        lambda client: client.create_endpoint("a"),
        lambda client: client.update_endpoint("a"),
        lambda client: client.delete_endpoint("a"),
        lambda client: client.list_endpoints(),
        lambda client: client.get_endpoint("a"),
    ],
)
def test_what_the_platform_lacks_is_not_implemented(outside_client, call):
    with pytest.raises(MlflowException) as refused:
        call(outside_client)
    assert refused.value.error_code == "NOT_IMPLEMENTED"


def test_the_help_has_every_config_key():
    text = mlflow.deployments.interface._target_help("aidp")
    assert [key.name for key in KEYS if f"  {key.name} (" not in text] == []


def test_the_target_of_the_environment(outside, monkeypatch):
    for name, value in outside.environ.items():
        monkeypatch.setenv(name, value)
    assert mlflow.deployments.get_deploy_client("aidp").list_deployments() == []


def test_mlflow_loads_nothing_of_it_before_it_is_used():
    code = (
        "import sys, mlflow, mlflow.deployments; import mlflow_oci_aidp.deployments as room; "
        "print([name for name in sys.modules if name.startswith('mlflow_oci_aidp.deployments.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_audiences_have_commas_between_them():
    text = "https://a.example, https://b.example"
    values = read_config({"compute_key": "k", **OAUTH, "audience_claim": text}, CREATE)
    assert values["audience_claim"] == ["https://a.example", "https://b.example"]
