"""The example for Spark does what it says, on the cluster."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import mlflow
import pytest

SCRIPT = Path(__file__).parent.parent.parent / "examples" / "spark_batch.py"
NAME = "main.default.x"


@pytest.fixture
def run(spark, aidp, tmp_path, monkeypatch, capsys):
    """Runs the script in this driver, on its cluster; returns what it prints."""
    monkeypatch.chdir(tmp_path)
    for name, value in aidp.environ.items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(None)

    def call(*arguments, status=0):
        monkeypatch.setattr(sys, "argv", [SCRIPT.name, *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        printed = "".join(capsys.readouterr())
        assert ended.value.code == status, printed
        return printed

    return call


def register(model):
    """A version of the model with the next number, and the champion."""
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            model, name="model", registered_model_name=NAME, pip_requirements=[]
        )
    client = mlflow.MlflowClient()
    latest = max(
        int(version.version) for version in client.search_model_versions(f"name = '{NAME}'")
    )
    client.set_registered_model_alias(NAME, "champion", str(latest))


def test_a_table_is_scored_by_the_champion(run, spark, rows, tmp_path):
    dummy = pytest.importorskip("sklearn.dummy")
    for constant in (7.0, 8.0):
        register(
            dummy.DummyRegressor(strategy="constant", constant=constant).fit([[0.0]], [constant])
        )
    rows.write.parquet(f"{tmp_path}/in.parquet")
    assert "scored by main.default.x version 2" in run(
        f"{NAME}@champion", f"{tmp_path}/in.parquet", f"{tmp_path}/out.parquet"
    )
    scored = spark.read.parquet(f"{tmp_path}/out.parquet").collect()
    assert sorted(row.x for row in scored) == list(range(20))
    assert {(row.prediction, row.scored_by) for row in scored} == {(8.0, f"{NAME}/2")}


def test_a_model_without_an_alias_is_refused(run):
    assert "main.default.x names no alias" in run(NAME, "in.parquet", "out.parquet", status=2)
