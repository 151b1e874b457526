"""What users do with a registry, end to end: train, register, promote, load, predict."""

from __future__ import annotations

import mlflow
import numpy as np
import pytest
from mlflow.exceptions import MlflowException

sklearn_dummy = pytest.importorskip("sklearn.dummy")

NAME = "main.default.iris"
#: Named, since MLflow would load the model in another process to find out: ten seconds for each
#: test.
REQUIREMENTS = ["scikit-learn"]


@pytest.fixture
def registry(aidp, tracking_file, tmp_path, monkeypatch):
    """MLflow's own settings, as a program has them."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(tracking_file.uri)
    mlflow.set_registry_uri(aidp.uri)
    yield aidp
    mlflow.set_tracking_uri(None)


@pytest.fixture
def logged(registry):
    """The URI of a model that a run has logged."""
    classifier = sklearn_dummy.DummyClassifier(strategy="constant", constant=7).fit([[0.0]], [7])
    with mlflow.start_run():
        return mlflow.sklearn.log_model(
            classifier, name="model", pip_requirements=REQUIREMENTS
        ).model_uri


def test_register_twice_promote_load_and_predict(logged):
    first = mlflow.register_model(logged, NAME, tags={"team": "ml"})
    second = mlflow.register_model(logged, NAME)
    assert (first.version, second.version) == ("1", "2")
    mlflow.MlflowClient().set_registered_model_alias(NAME, "champion", second.version)
    model = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    assert list(model.predict(np.zeros((2, 1)))) == [7, 7]


def test_log_model_registers_in_one_call(registry):
    classifier = sklearn_dummy.DummyClassifier(strategy="constant", constant=7).fit([[0.0]], [7])
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            classifier, name="model", registered_model_name=NAME, pip_requirements=REQUIREMENTS
        )
    assert list(mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict(np.zeros((1, 1)))) == [7]
    assert list(mlflow.pyfunc.load_model(f"models:/{NAME}/latest").predict(np.zeros((1, 1)))) == [7]


def test_a_copy_is_loaded_from_the_first_versions_artifacts(logged):
    mlflow.register_model(logged, NAME)
    mlflow.MlflowClient().copy_model_version(f"models:/{NAME}/1", "main.prod.iris")
    assert list(mlflow.pyfunc.load_model("models:/main.prod.iris/1").predict(np.zeros((1, 1)))) == [
        7
    ]


def test_prompts_by_mlflow_genai(registry):
    mlflow.genai.register_prompt(name="greeting", template="Hello {{name}}", commit_message="first")
    mlflow.genai.register_prompt(name="greeting", template="Hi {{name}}", commit_message="second")
    mlflow.genai.set_prompt_alias("greeting", alias="live", version=1)
    assert mlflow.genai.load_prompt("prompts:/greeting/2").template == "Hi {{name}}"
    assert mlflow.genai.load_prompt("prompts:/greeting@live").format(name="Ana") == "Hello Ana"


def test_model_info_is_read_through_the_registry(logged):
    mlflow.register_model(logged, NAME)
    info = mlflow.models.get_model_info(f"models:/{NAME}/1")
    assert info.flavors["python_function"]["loader_module"] == "mlflow.sklearn"


def test_an_alias_that_is_not_there_says_so(logged):
    mlflow.register_model(logged, NAME)
    with pytest.raises(MlflowException, match="alias nothing not found"):
        mlflow.pyfunc.load_model(f"models:/{NAME}@nothing")
