"""MLflow clients in any language reach the platform through the server, by MLflow's REST API."""

from __future__ import annotations

import mlflow
import numpy as np
import pytest
import requests
from mlflow.models import infer_signature

sklearn_dummy = pytest.importorskip("sklearn.dummy")


NAME = "main.default.over_http"


@pytest.fixture
def post(server):
    def post(path: str, **fields: str):
        return requests.post(f"{server.url}/api/2.0/mlflow/{path}", json=fields, timeout=30)

    return post


def test_a_model_is_made_by_plain_http(post, aidp, sdk, client):
    answer = post("registered-models/create", name=NAME, description="By HTTP")
    assert answer.ok, answer.text
    model = sdk.get_registered_model(aidp.ai_data_platform_id, NAME).data.registered_model
    client.delete_registered_model(NAME)
    assert model.description == "By HTTP"


def test_an_alias_is_set_by_plain_http(post, model, client):
    answer = post("registered-models/alias", name=model, alias="challenger", version="2")
    assert answer.ok, answer.text
    assert client.get_model_version_by_alias(model, "challenger").version == "2"


def test_an_error_is_that_of_any_mlflow_server(post, model):
    answer = post("registered-models/create", name=model)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")


@pytest.fixture
def registered(server, client, monkeypatch):
    """The name of a model that was trained elsewhere and registered through the server."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)  # and no registry URI: the server is both
    mlflow.set_tracking_uri(server.url)
    data, labels = np.zeros((2, 1)), np.array([7, 7])
    classifier = sklearn_dummy.DummyClassifier(strategy="constant", constant=7).fit(data, labels)
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            classifier,
            name="model",
            signature=infer_signature(data, labels),
            pip_requirements=["scikit-learn"],
            registered_model_name="main.default.trained",
        )
    yield "main.default.trained"
    client.delete_registered_model("main.default.trained")
    mlflow.set_tracking_uri(None)


def test_a_model_is_registered_and_loaded_through_the_server(registered):
    assert list(mlflow.pyfunc.load_model(f"models:/{registered}/1").predict(np.zeros((1, 1)))) == [
        7
    ]


def test_a_versions_page_shows_the_models_schema(show, expect, registered):
    page = show(registered, "1")
    page.get_by_role("row", name="Inputs (1)").click()
    expect(page.get_by_role("row").filter(has_text="Tensor")).not_to_have_count(0)
