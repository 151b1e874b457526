"""A training script as its author wrote it: nothing but MLflow, and MLFLOW_TRACKING_URI set."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

SCRIPT = textwrap.dedent(
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import mlflow
    import numpy as np
    import pandas as pd
    from mlflow import MlflowClient
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    X, y = load_iris(return_X_y=True, as_frame=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    client = MlflowClient()

    experiment = mlflow.set_experiment("iris")
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="autologged") as auto:
        LogisticRegression(max_iter=300).fit(X_train, y_train)
    mlflow.sklearn.autolog(disable=True)

    run = client.get_run(auto.info.run_id)
    assert run.info.status == "FINISHED", run.info
    assert run.data.params["max_iter"] == "300"
    assert run.data.metrics["training_accuracy_score"] > 0.9
    assert [entry.dataset.name for entry in run.inputs.dataset_inputs] == ["dataset"]
    assert len(run.outputs.model_outputs) == 1

    with mlflow.start_run(run_name="parent") as parent:
        for depth in (1, 2):
            with mlflow.start_run(run_name=f"child {depth}", nested=True):
                mlflow.log_param("depth", depth)
                mlflow.log_metric("score", depth / 2)
        for step in range(5):
            mlflow.log_metrics({"loss": 1 / (step + 1), "rate": 0.1}, step=step)
        with open("notes.txt", "w") as file:
            file.write("about flowers")
        mlflow.log_artifact("notes.txt")
        figure, axes = plt.subplots()
        axes.plot([1, 2, 3])
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_dict({"classes": 3}, "data/classes.json")
        model = LogisticRegression(max_iter=200).fit(X_train, y_train)
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=X_train.head(2),
            registered_model_name="main.default.iris",
            pip_requirements=["scikit-learn"],
        )
    artifacts = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"notes.txt", "plots", "data"} <= artifacts, artifacts
    classes = mlflow.artifacts.load_dict(f"runs:/{parent.info.run_id}/data/classes.json")
    assert classes == {"classes": 3}
    assert mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/notes.txt") == "about flowers"

    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND metrics.score > 0.4",
        order_by=["metrics.score DESC"],
    )
    assert list(children["params.depth"]) == ["2", "1"]
    history = client.get_metric_history(parent.info.run_id, "loss")
    assert [metric.step for metric in history] == [0, 1, 2, 3, 4]
    assert history[4].value == 0.2

    logged = mlflow.search_logged_models(
        experiment_ids=[experiment.experiment_id], filter_string="name = 'model'",
        output_format="list"
    )
    assert info.model_id in {entry.model_id for entry in logged}, logged
    assert client.get_logged_model(info.model_id).status == "READY"
    assert client.get_logged_model(info.model_id).source_run_id == parent.info.run_id

    version = client.get_model_version("main.default.iris", "1")
    assert version.run_id == parent.info.run_id
    assert version.source.startswith(f"runs:/{parent.info.run_id}/model."), version.source
    client.set_registered_model_alias("main.default.iris", "champion", 1)

    expected = model.predict(X_test)
    in_run = f"runs:/{parent.info.run_id}/model"
    for uri in ("models:/main.default.iris@champion", in_run, info.model_uri):
        assert (mlflow.pyfunc.load_model(uri).predict(X_test) == expected).all(), uri

    registered = client.search_registered_models("name LIKE 'main.default.%'")
    assert [entry.name for entry in registered] == ["main.default.iris"]
    assert registered[0].aliases == {"champion": "1"}
    client.transition_model_version_stage("main.default.iris", "1", "Production")
    assert client.get_latest_versions("main.default.iris", ["Production"])[0].version == "1"
    copy = client.copy_model_version("models:/main.default.iris/1", "main.default.copied")
    assert copy.source == "models:/main.default.iris/1"
    copied = mlflow.pyfunc.load_model("models:/main.default.copied/1")
    assert (copied.predict(X_test) == expected).all()
    versions = client.search_model_versions("name = 'main.default.copied'")
    assert [entry.version for entry in versions] == ["1"]

    mlflow.genai.register_prompt("main.default.greeting", "Hello {{name}}")
    prompt = mlflow.genai.load_prompt("prompts:/main.default.greeting/1")
    assert prompt.format(name="Ann") == "Hello Ann"
    names = {entry.name for entry in client.search_registered_models()}
    assert names == {"main.default.iris", "main.default.copied"}

    data = X_test.assign(target=y_test)
    with mlflow.start_run(run_name="evaluation") as evaluation:
        result = mlflow.evaluate(
            info.model_uri, data, targets="target", model_type="classifier",
            evaluator_config={"log_explainer": False}
        )
    accuracy = result.metrics["accuracy_score"]
    assert accuracy > 0.9
    assert client.get_run(evaluation.info.run_id).data.metrics["accuracy_score"] == accuracy

    mlflow.delete_run(auto.info.run_id)
    assert client.get_run(auto.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_run(auto.info.run_id)
    assert client.get_run(auto.info.run_id).info.lifecycle_stage == "active"
    mlflow.delete_experiment(experiment.experiment_id)
    assert client.get_experiment_by_name("iris").lifecycle_stage == "deleted"
    client.restore_experiment(experiment.experiment_id)
    assert client.get_experiment_by_name("iris").lifecycle_stage == "active"
    print("the end of the script")
    """
)


@pytest.mark.timeout(300)
def test_a_training_script_runs_unchanged(aidp, tmp_path):
    kept = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "PATH", "HOME", "PYTHONDONTWRITEBYTECODE")
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    environ["MLFLOW_TRACKING_URI"] = aidp.tracking_uri
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
        cwd=tmp_path,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the end of the script" in done.stdout
    assert "Traceback" not in done.stderr
    assert "View run" not in done.stdout + done.stderr
    assert {exchange.status for exchange in aidp.exchanges if exchange.operation} <= {200, 404}
