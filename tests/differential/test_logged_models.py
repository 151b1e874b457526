"""Logged models: made, finalised, read, searched, tagged, deleted."""

from __future__ import annotations

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
)

from tests.differential.sides import Recorder
from tests.support.versions import is_older_than


def start(mlflow: Recorder, name: str = "flowers"):
    """Make an experiment with a run; return both ids."""
    experiment = mlflow.create_experiment(name)
    run = mlflow.create_run(experiment, run_name="first")
    return experiment, run.info.run_id


def life(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    model = mlflow.create_logged_model(flowers, "iris", run_id, {"a": "b"}, {"p": "1"}, "tree")
    model_id = model.model_id
    mlflow.get_logged_model(model_id)
    mlflow.finalize_logged_model(model_id, "READY")
    mlflow.finalize_logged_model(model_id, LoggedModelStatus.FAILED)
    mlflow.finalize_logged_model(model_id, "nonsense")
    mlflow.finalize_logged_model(model_id, "UNSPECIFIED")
    mlflow.set_logged_model_tags(model_id, {"a": "c", "n": 5, "empty": ""})
    mlflow.get_logged_model(model_id)
    mlflow.delete_logged_model_tag(model_id, "a")
    mlflow.delete_logged_model_tag(model_id, "a")
    mlflow.log_model_params(model_id, {"q": "2", "n": 5})
    mlflow.log_model_params(model_id, {"q": "2"})
    mlflow.log_model_params(model_id, {"q": "3"})
    mlflow.log_model_params(model_id, {})
    mlflow.set_logged_model_tags(model_id, {})
    mlflow.get_logged_model(model_id)
    mlflow.search_logged_models([flowers])
    mlflow.delete_logged_model(model_id)
    mlflow.get_logged_model(model_id)
    mlflow.search_logged_models([flowers])
    with mlflow.differs("a logged model that was deleted"):
        mlflow.delete_logged_model(model_id)
    mlflow.set_logged_model_tags(model_id, {"a": "c"})


def unknown(mlflow: Recorder) -> None:
    start(mlflow)
    for model_id in (
        "m-" + "0" * 32,
        "nothing",
        "",
        None,
        "a'b",
        "m-0123456789abcdef0123456789abcdef-01234567",
    ):
        mlflow.get_logged_model(model_id)
        mlflow.finalize_logged_model(model_id, "READY")
        mlflow.set_logged_model_tags(model_id, {"a": "b"})
        mlflow.delete_logged_model_tag(model_id, "a")
        mlflow.log_model_params(model_id, {"a": "b"})
        mlflow.delete_logged_model(model_id)


def names_and_tags(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    names = (" ", "a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "a#b", "a?b", "x" * 256, "x" * 500)
    for name in names:
        mlflow.create_logged_model(flowers, name, run_id)
    for experiment in ("999", "", None):
        mlflow.create_logged_model(experiment, "a", run_id)
    model_id = mlflow.create_logged_model(flowers, "a", run_id, {"a": None}, {"p": None}).model_id
    for key in (" ", "a b", "a:b", "x" * 200):
        mlflow.set_logged_model_tags(model_id, {key: "v"})
        mlflow.delete_logged_model_tag(model_id, key)
        mlflow.create_logged_model(flowers, "tagged", run_id, {key: "v"})
    for key in ("", " ", "a b", "a#b", "x" * 250, "x" * 251):
        mlflow.log_model_params(model_id, {key: "v"})
        mlflow.create_logged_model(flowers, "with params", run_id, None, {key: "v"})
    for value in (None, 5, "", True, "x" * 5000):
        mlflow.set_logged_model_tags(model_id, {"k": value})
        mlflow.get_logged_model(model_id)
    for number, value in enumerate((None, 5, "", True, "x" * 5000, "x" * 20_000)):
        mlflow.log_model_params(model_id, {f"p{number}": value})
        mlflow.get_logged_model(model_id)
    mlflow.create_logged_model(flowers, "a", run_id, model_type="x" * 501)
    with mlflow.differs("keys of a logged model's tags"):
        mlflow.set_logged_model_tags(model_id, {"a#b": "v"})
        mlflow.set_logged_model_tags(model_id, {"x" * 250: "v"})
        mlflow.create_logged_model(flowers, "tagged", run_id, {"x" * 250: "v"})
    mlflow.set_logged_model_tags(model_id, {"k": "x" * 20_000})
    with mlflow.differs("values of a logged model's tags"):
        mlflow.get_logged_model(model_id)


def of_other_runs(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    wine, wine_run = start(mlflow, "wine")
    with mlflow.differs("a logged model whose run is in another experiment"):
        mlflow.create_logged_model(flowers, "a", wine_run)
    with mlflow.differs("a logged model of a run that is not there"):
        mlflow.create_logged_model(flowers, "a", "0" * 32)
        mlflow.create_logged_model(flowers, "a", "nothing")
    with mlflow.differs("a logged model without a run"):
        mlflow.create_logged_model(flowers, "a")
    mlflow.delete_experiment(wine)
    mlflow.create_logged_model(wine, "a", wine_run)
    mlflow.create_logged_model(wine, "a", run_id)


def of_deleted_runs(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    model_id = mlflow.create_logged_model(flowers, "a", run_id, {"a": "b"}).model_id
    mlflow.delete_run(run_id)
    mlflow.get_logged_model(model_id)
    mlflow.search_logged_models([flowers])
    with mlflow.differs("a logged model of a run that was deleted"):
        mlflow.create_logged_model(flowers, "b", run_id)
        mlflow.finalize_logged_model(model_id, "READY")
        mlflow.set_logged_model_tags(model_id, {"a": "b"})
        mlflow.delete_logged_model(model_id)


def metrics(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    model_id = mlflow.create_logged_model(flowers, "a", run_id).model_id
    other = mlflow.create_run(flowers, run_name="second").info.run_id
    mlflow.log_metric(run_id, "acc", 0.9, timestamp=1, step=1, model_id=model_id)
    mlflow.log_metric(run_id, "acc", 0.3, timestamp=2, step=2, model_id=model_id)
    mlflow.log_metric(run_id, "acc", 0.5, timestamp=3, step=1, model_id=model_id)
    mlflow.log_metric(run_id, "acc", 0.5, timestamp=3, step=1, model_id=model_id)
    mlflow.get_logged_model(model_id)
    mlflow.log_metric(other, "acc", 0.7, timestamp=3, step=1, model_id=model_id)
    mlflow.log_metric(other, "acc", 0.2, timestamp=3, step=3, model_id="m-" + "0" * 32)
    mlflow.log_batch(
        other,
        [
            Metric("acc", 0.8, 4, 4, model_id, "train", "d1"),
            Metric("acc", 0.6, 5, 4, model_id, "test", "d2"),
            Metric("f1", 0.4, 4, 4, model_id),
            Metric("plain", 0.4, 4, 4),
        ],
    )
    mlflow.log_metric(run_id, "loss", float("inf"), timestamp=9, step=9, model_id=model_id)
    mlflow.get_logged_model(model_id)
    mlflow.get_run(run_id)
    mlflow.get_run(other)
    mlflow.get_metric_history(run_id, "acc")
    for condition in (
        *("metrics.acc > 0.8", "metrics.acc = 0.3", "metrics.acc < 0.4", "metrics.acc != 0.9"),
        *("metrics.nothing > 0", "metrics.loss > 1"),
    ):
        mlflow.search_logged_models([flowers], condition)
    for condition in ("status LIKE 'P%'", "status = 'x'") if not is_older_than("3.18") else ():
        mlflow.search_logged_models([flowers], condition)
    if is_older_than("3.18"):
        with mlflow.differs("the status of logged models in a filter"):
            mlflow.search_logged_models([flowers], "status = 'PENDING'")
    else:
        mlflow.search_logged_models([flowers], "status = 'PENDING'")
    mlflow.log_metric(run_id, "no", float("nan"), timestamp=9, step=9, model_id=model_id)
    with mlflow.differs("a metric of a logged model that is no number"):
        mlflow.get_logged_model(model_id)


def many_values(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    model_id = mlflow.create_logged_model(flowers, "a", run_id).model_id
    values = [abs(step - 30) for step in range(100)]
    mlflow.log_batch(
        run_id, [Metric("acc", float(value), n, n, model_id) for n, value in enumerate(values)]
    )

    def count(condition: str) -> int:
        return len(mlflow.unrecorded.search_logged_models([flowers], condition))

    for condition in (
        *("metrics.acc >= 69", "metrics.acc > 69", "metrics.acc <= 0", "metrics.acc < 0"),
        *("metrics.acc = 69", "metrics.acc = 0", "metrics.acc != 69", "metrics.acc > 30"),
    ):
        mlflow.record(condition, count, condition)
    with mlflow.differs("older values of a metric of a logged model"):
        mlflow.get_logged_model(model_id)
        if is_older_than("3.18"):
            mlflow.record("an old value", count, "metrics.acc = 17")


def in_and_out(mlflow: Recorder) -> None:
    flowers, run_id = start(mlflow)
    model_id = mlflow.create_logged_model(flowers, "a", run_id).model_id
    second = mlflow.create_logged_model(flowers, "b", run_id).model_id
    mlflow.log_outputs(run_id, [LoggedModelOutput(model_id, 3)])
    mlflow.log_outputs(run_id, [LoggedModelOutput(second, 0)])
    mlflow.log_inputs(run_id, models=[LoggedModelInput(model_id)])
    mlflow.log_inputs(run_id, models=[LoggedModelInput(model_id)])
    mlflow.log_inputs(
        run_id, [DatasetInput(Dataset("d", "1", "t", "s"), [])], [LoggedModelInput(second)]
    )
    mlflow.get_run(run_id)
    with mlflow.differs("logged models among the inputs of runs in a search"):
        mlflow.search_runs([flowers])
    mlflow.log_outputs("0" * 32, [LoggedModelOutput(model_id, 3)])


CASES = [
    *(unknown, of_deleted_runs),
    *(life, names_and_tags, of_other_runs, metrics, many_values),
    in_and_out,
]


@pytest.mark.parametrize("calls", CASES, ids=lambda calls: calls.__name__)
def test_logged_models_are_mlflows(same, calls):
    same(calls)
