"""Deployments on an emulator of their own, with models that say which version they are."""

from __future__ import annotations

import mlflow
import mlflow.deployments
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from mlflow_oci_aidp.emulator import Emulator

NAME = "main.default.churn"
FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2, 3, 5]})
CONFIG = {"compute_key": "compute"}


def log_versions(aidp, *factors):
    """Register versions of a model that predict a times the factor, by scikit-learn."""
    mlflow.set_tracking_uri(aidp.tracking_uri)
    mlflow.set_registry_uri(aidp.tracking_uri)
    mlflow.set_experiment("churn")  # Not the one that an earlier test left behind.
    for factor in factors:
        model = LinearRegression().fit(FRAME, np.array(FRAME["a"]) * factor)
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name=NAME,
                signature=infer_signature(FRAME, model.predict(FRAME)),
                input_example=FRAME,
                pip_requirements=[],
            )


@pytest.fixture(scope="module")
def module_aidp():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def client(module_aidp):
    """The deployment client, as MLflow makes it; afterwards there are no deployments."""
    made = mlflow.deployments.get_deploy_client(module_aidp.tracking_uri)
    module_aidp.faults.clear()
    yield made
    module_aidp.faults.clear()
    for row in made.list_deployments():
        made.delete_deployment(row["deployment_id"])


@pytest.fixture
def outside(aidp):
    """A registered model whose versions lie elsewhere, so that nothing is loaded."""
    aidp.state.create_registered_model({"name": NAME}, "")
    for _ in range(3):
        aidp.state.create_model_version({"name": NAME, "source": "s3://elsewhere/model"}, "")
    return aidp


@pytest.fixture
def outside_client(outside):
    return mlflow.deployments.get_deploy_client(outside.tracking_uri)
