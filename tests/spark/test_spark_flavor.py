"""Models of Spark's own library: logged to a workspace, registered, and loaded by a session."""

from __future__ import annotations

import mlflow
import pytest

NAME = "main.default.line"
URI = f"models:/{NAME}@champion"


@pytest.fixture
def fitted(aidp, spark, rows, tmp_path, monkeypatch):
    """A line through the rows, fitted on the cluster and the champion of a workspace."""
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    # Where session and executors pass files to each other.
    monkeypatch.setenv("MLFLOW_DFS_TMP", str(tmp_path / "shared"))
    mlflow.set_tracking_uri(None)
    steps = [VectorAssembler(inputCols=["x"], outputCol="features"), LinearRegression(labelCol="y")]
    model = Pipeline(stages=steps).fit(rows.selectExpr("x", "3 * x + 1 as y"))
    with mlflow.start_run():
        mlflow.spark.log_model(model, "model", registered_model_name=NAME, pip_requirements=[])
    mlflow.MlflowClient().set_registered_model_alias(NAME, "champion", "1")
    return model


def test_the_session_loads_what_it_logged(fitted, rows):
    predicted = mlflow.spark.load_model(URI).transform(rows).select("x", "prediction").collect()
    assert {row.x: round(row.prediction, 6) for row in predicted} == {
        x: 3.0 * x + 1 for x in range(20)
    }


def test_it_is_a_python_function_too(fitted, rows):
    predicted = mlflow.pyfunc.load_model(URI).predict(rows.toPandas())
    assert [round(y, 6) for y in predicted] == [3.0 * x + 1 for x in range(20)]
