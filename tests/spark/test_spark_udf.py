"""Batch inference on Spark: processes of a cluster predict with a registered model."""

from __future__ import annotations

import os

import mlflow
import pandas as pd
import pytest

from tests.spark.cluster import ABSENT, WORKERS

NAME = "main.default.x"
URI = f"models:/{NAME}@champion"
COLUMNS = (
    "prediction double, process long, home string, settings array<string>, absent array<string>"
)
#: What a driver is told, and what nothing of it may be needed for in an executor.
SETTINGS = ("AIDP_", "DATALAKE_", "DH_", "OCI_", "MLFLOW_")


def model():
    """A model that says where it runs. Made in a function, so that it is pickled whole."""

    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            import importlib
            import os

            import pandas as pd

            absent = []
            for package in packages:
                try:
                    importlib.import_module(package)
                except ModuleNotFoundError as error:
                    absent.append(error.name)
            return pd.DataFrame(
                {
                    "prediction": 2.0 * model_input["x"],
                    "process": os.getpid(),
                    "home": os.path.expanduser("~"),
                    "settings": [[name for name in os.environ if name.startswith(settings)]]
                    * len(model_input),
                    "absent": [absent] * len(model_input),
                }
            )

    settings, packages = SETTINGS, ABSENT
    return Doubles()


@pytest.fixture
def registry_alone(aidp, monkeypatch):
    """The registry on the platform; runs and files are the driver's own."""
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", aidp.uri)


@pytest.fixture
def workspace(aidp, monkeypatch):
    """Runs and registry in a workspace of the platform, files in its Object Storage.

    One variable says it all.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)


@pytest.fixture(params=["registry_alone", "workspace"])
def registered(request, aidp, tmp_path, monkeypatch):
    """A model that is logged, registered, and the champion.

    The platform's record of requests until then is cleared.
    """
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(None)
    request.getfixturevalue(request.param)
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=model(),
            registered_model_name=NAME,
            input_example=pd.DataFrame({"x": [1.0]}),
            pip_requirements=[],
        )
    mlflow.MlflowClient().set_registered_model_alias(NAME, "champion", "1")
    aidp.exchanges.clear()
    return info


@pytest.fixture
def scored(registered, spark, rows):
    """What the cluster makes of the rows, as a table of the driver's."""

    def scored(uri=URI):
        predict = mlflow.pyfunc.spark_udf(spark, uri, result_type=COLUMNS, env_manager="local")
        return rows.withColumn("out", predict("x")).select("x", "out.*").toPandas()

    return scored


def test_the_cluster_predicts_what_the_driver_does(scored, rows):
    here = mlflow.pyfunc.load_model(URI).predict(rows.toPandas())
    assert (
        scored()["prediction"].tolist()
        == here["prediction"].tolist()
        == [2.0 * x for x in range(20)]
    )


def test_each_uri_of_a_model_leads_to_it(scored, registered):
    for uri in (f"models:/{NAME}/1", f"runs:/{registered.run_id}/model", registered.model_uri):
        assert scored(uri)["prediction"].sum() == 2.0 * sum(range(20)), uri


def test_several_processes_share_the_work(scored):
    processes = set(scored()["process"])
    assert len(processes) == WORKERS
    assert os.getpid() not in processes


def test_executors_need_neither_settings_nor_credentials(scored, machines):
    done = scored()
    # MLflow's own doing: it tells each process the driver's tracking URI, and nothing asks there.
    assert {name for names in done["settings"] for name in names} == {"MLFLOW_TRACKING_URI"}
    assert set(done["home"]) == {str(machines.home)}
    assert not (machines.home / ".oci").exists()


def test_executors_need_neither_the_plugin_nor_oci(scored):
    assert {tuple(packages) for packages in scored()["absent"]} == {ABSENT}


def test_the_driver_alone_asks_the_platform(registered, aidp, spark, rows):
    predict = mlflow.pyfunc.spark_udf(spark, URI, result_type="double", env_manager="local")
    assert list(aidp.exchanges)
    aidp.exchanges.clear()
    assert len(rows.select(predict("x")).collect()) == 20
    assert not list(aidp.exchanges)
