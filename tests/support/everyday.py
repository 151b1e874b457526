"""Everyday operations of MLflow's users, in an order in which each finds what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

#: A model without an estimator: MLflow stores the file as it is.
_CODE = """
import mlflow


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


mlflow.models.set_model(Echo())
"""
_EXPERIMENT = "everyday"
_MODEL = "main.default.everyday"

Step = tuple[str, Callable[[], Any]]


def everyday(folder: Path) -> Iterator[Step]:
    """Yield operations by name. The caller runs each before it asks for the next one.

    Args:
        folder: An empty folder of this machine.
    """
    code = folder / "model.py"
    code.write_text(_CODE)
    client = MlflowClient()
    yield from _runs(client)
    run = mlflow.active_run()
    assert run is not None
    run_id = run.info.run_id
    logged: dict[str, Any] = {}

    def log_model(name: str, registered: str | None = None) -> None:
        logged[name] = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(code),
            pip_requirements=[],
            registered_model_name=registered,
        )

    yield "log_model", lambda: log_model("model")
    yield "log_model with registered_model_name", lambda: log_model("other", _MODEL)
    yield "end_run", mlflow.end_run
    yield "search_runs", mlflow.search_runs
    yield "search_logged_models", lambda: mlflow.search_logged_models(output_format="list")
    model_id = logged["model"].model_id
    yield "get_logged_model", lambda: mlflow.get_logged_model(model_id)
    yield "load_model models:/<model id>", lambda: mlflow.pyfunc.load_model(f"models:/{model_id}")
    yield "load_model runs:/", lambda: mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
    yield from _registry(client, run_id, model_id)


def _runs(client: MlflowClient) -> Iterator[Step]:
    yield "set_experiment, a new one", lambda: mlflow.set_experiment(_EXPERIMENT)
    yield "set_experiment", lambda: mlflow.set_experiment(_EXPERIMENT)
    yield "start_run", mlflow.start_run
    yield "log_param", lambda: mlflow.log_param("rate", 1)
    yield "log_params", lambda: mlflow.log_params({"depth": 1, "width": 2})
    yield "log_metric", lambda: mlflow.log_metric("loss", 1)
    yield "log_metrics", lambda: mlflow.log_metrics({"loss": 1, "accuracy": 2})
    yield "set_tag", lambda: mlflow.set_tag("team", "ml")
    yield "log_text", lambda: mlflow.log_text("text", "folder/text.txt")
    run = mlflow.active_run()
    assert run is not None
    run_id = run.info.run_id
    yield "get_run", lambda: mlflow.get_run(run_id)
    yield "get_metric_history", lambda: client.get_metric_history(run_id, "loss")
    yield "list_artifacts", lambda: client.list_artifacts(run_id)
    yield "load_text", lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/folder/text.txt")


def _registry(client: MlflowClient, run_id: str, model_id: str) -> Iterator[Step]:
    yield "register_model runs:/", lambda: mlflow.register_model(f"runs:/{run_id}/model", _MODEL)
    yield (
        "register_model models:/<model id>",
        lambda: mlflow.register_model(f"models:/{model_id}", _MODEL),
    )
    yield (
        "set_registered_model_alias",
        lambda: client.set_registered_model_alias(_MODEL, "champion", "3"),
    )
    yield (
        "get_model_version_by_alias, the latest version",
        lambda: client.get_model_version_by_alias(_MODEL, "champion"),
    )
    yield "load_model by alias", lambda: mlflow.pyfunc.load_model(f"models:/{_MODEL}@champion")
    yield "load_model by version", lambda: mlflow.pyfunc.load_model(f"models:/{_MODEL}/3")
    client.set_registered_model_alias(_MODEL, "old", "1")
    yield (
        "get_model_version_by_alias, an older version",
        lambda: client.get_model_version_by_alias(_MODEL, "old"),
    )
    yield "get_registered_model", lambda: client.get_registered_model(_MODEL)
    yield "search_registered_models", client.search_registered_models
    yield "get_model_version", lambda: client.get_model_version(_MODEL, "1")
    yield "search_model_versions", lambda: client.search_model_versions(f"name = '{_MODEL}'")
    yield "set_model_version_tag", lambda: client.set_model_version_tag(_MODEL, "1", "a", "b")
    yield "update_registered_model", lambda: client.update_registered_model(_MODEL, "text")
    yield (
        "delete_registered_model_alias",
        lambda: client.delete_registered_model_alias(_MODEL, "old"),
    )
    yield "delete_model_version", lambda: client.delete_model_version(_MODEL, "1")
    yield "delete_run", lambda: client.delete_run(run_id)
