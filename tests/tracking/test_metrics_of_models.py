"""Metrics of logged models: which values are kept with a model, and how."""

from __future__ import annotations

import json

import mlflow
import pytest
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from packaging.version import Version

from mlflow_oci_aidp.tracking.logged_models.metric_values import MOST_VALUES
from mlflow_oci_aidp.tracking.logged_models.metrics import ModelMetrics
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

#: From 3.18 on, a condition on a metric is about its latest value.
BY_LATEST = Version(mlflow.__version__) >= Version("3.18")


@pytest.fixture
def model(tracking, run):
    return tracking.create_logged_model(
        run.info.experiment_id, name="model", source_run_id=run.info.run_id
    )


@pytest.fixture
def values(tracking, model):
    """The values of the metric that the logged model has, oldest first."""
    return lambda: [metric.value for metric in tracking.get_logged_model(model.model_id).metrics]


def log_scores(store, run, model, *numbers, dataset=None):
    metrics = [
        Metric("score", float(value), step, step, model.model_id, dataset, dataset and "d1")
        for step, value in numbers
    ]
    store.log_batch(run.info.run_id, metrics, [], [])


def metric_tags(store, run):
    """The tags of the run that store metrics of logged models, as the platform has them."""
    tags = store._platform.call(
        "GetRun", lambda body: body["run"]["data"]["tags"], run_id=run.info.run_id
    )
    return {tag["key"]: tag["value"] for tag in tags if ".metric." in tag["key"]}


def test_older_values_of_a_metric_count(tracking, store, run, model, values):
    log_scores(store, run, model, (1, 0.9))
    log_scores(store, run, model, (2, 0.3))
    assert values() == [0.9, 0.3]
    found = tracking.search_logged_models([run.info.experiment_id], "metrics.score > 0.8")
    assert len(found) == (0 if BY_LATEST else 1)
    assert len(tracking.search_logged_models([run.info.experiment_id], "metrics.score < 0.4")) == 1


def test_values_that_another_process_logged_stay(aidp, tracking, store, run, model, values):
    log_scores(store, run, model, (1, 0.9))
    log_scores(AidpTrackingStore(aidp.tracking_uri), run, model, (2, 0.3))
    assert values() == [0.9, 0.3]


def test_values_that_another_process_logged_meanwhile_stay(aidp, store, run, model, values):
    now = [0.0]
    store._model_metrics = ModelMetrics(store._metrics_of_model, lambda: now[0])
    log_scores(store, run, model, (1, 0.9))
    log_scores(AidpTrackingStore(aidp.tracking_uri), run, model, (2, 0.3))
    now[0] = 61.0
    log_scores(store, run, model, (3, 0.5))
    assert values() == [0.9, 0.3, 0.5]


def test_metrics_of_a_model_are_read_once(aidp, run, model):
    store = AidpTrackingStore(aidp.tracking_uri)
    aidp.exchanges.clear()
    for step in range(5):
        log_scores(store, run, model, (step, step))
    operations = [exchange.operation for exchange in aidp.exchanges]
    assert operations == ["get_experiment_run_by_id"] + 5 * ["log_experiment_run_batch"]


def test_metrics_of_a_model_that_was_made_just_now_are_not_read(aidp, store, run):
    made = store.create_logged_model(run.info.experiment_id, "new", run.info.run_id)
    aidp.exchanges.clear()
    log_scores(store, run, made, (1, 0.5))
    operations = [exchange.operation for exchange in aidp.exchanges]
    assert operations == ["log_experiment_run_batch"]


def test_the_extremes_and_the_latest_of_many_values_stay(store, tracking, run, model, values):
    numbers = [(step, 5 if step % 2 else -5) for step in range(10)]
    numbers += [(step, step / 1000) for step in range(10, 300)]
    for start in range(0, 300, 7):
        log_scores(store, run, model, *numbers[start : start + 7])
    assert len(values()) == MOST_VALUES
    assert {-5, 5} < set(values())
    assert values()[-1] == 0.299
    extremes = ("metrics.score > 4.9", "metrics.score < -4.9")
    for condition in ("metrics.score = 0.299", *(() if BY_LATEST else extremes)):
        assert len(tracking.search_logged_models([run.info.experiment_id], condition)) == 1
    assert len(metric_tags(store, run)) == 1


def test_a_tag_of_many_long_values_is_no_longer_than_a_store_takes(store, run, model, values):
    others = [store.create_run(run.info.experiment_id, None, 1, [], None) for _ in range(40)]
    for number, other in enumerate(others):
        value = (number + 1) / 3e-300
        metric = Metric(
            "m" * 250, value, 10**13, 2**62 + number, model.model_id, '"' * 500, "d" * 36
        )
        store.log_batch(other.info.run_id, [metric], [], [])
    assert [len(text) <= 5000 for text in metric_tags(store, run).values()] == [True]
    assert 1 / 3e-300 in values()
    assert values()[-1] == 40 / 3e-300


def test_what_0_1_0_wrote_is_read_and_added_to(store, run, model, values):
    log_scores(store, run, model, (3, 0.5), dataset="train")
    [(key, text)] = metric_tags(store, run).items()
    old = {name: value for name, value in json.loads(text).items() if name != "others"}
    assert set(old) == {
        *("key", "value", "timestamp", "step", "dataset_name", "dataset_digest", "run_id")
    }
    old["value"] = 0.9
    store._platform.call("SetTag", run_id=run.info.run_id, key=key, value=json.dumps(old))
    assert values() == [0.9]
    other = AidpTrackingStore(store._uris[0])
    log_scores(other, run, model, (4, 0.3), dataset="train")
    assert values() == [0.9, 0.3]
    assert len(metric_tags(store, run)) == 1


def test_a_refused_batch_leaves_no_value(aidp, store, run, model, values):
    log_scores(store, run, model, (1, 0.5))
    aidp.faults.add("status", status=400, operation="log_experiment_run_batch")
    with pytest.raises(MlflowException):
        log_scores(store, run, model, (2, 0.9))
    aidp.faults.clear()
    log_scores(store, run, model, (3, 0.3))
    assert values() == [0.5, 0.3]


@pytest.mark.parametrize("missing", ["deleted", "m-" + "0" * 32, "nothing"])
def test_a_metric_of_a_model_that_is_not_there_is_logged_with_the_run_alone(
    store, tracking, run, model, missing
):
    model_id = missing
    if missing == "deleted":
        model_id = model.model_id
        tracking.delete_logged_model(model_id)
    with pytest.raises(MlflowException, match="no logged model") as caught:
        tracking.log_metric(run.info.run_id, "score", 0.5, model_id=model_id)
    assert caught.value.error_code == "BAD_REQUEST"
    assert tracking.get_run(run.info.run_id).data.metrics == {"score": 0.5}
    assert metric_tags(store, run) == {}


def test_a_metric_of_the_platforms_own_model_is_logged_with_the_run_alone(
    aidp, store, tracking, run
):
    aidp.workspace().seed_logged_model(model_id="m-theirs", name="theirs", experiment_id="1")
    tracking.log_metric(run.info.run_id, "score", 0.5, model_id="m-theirs")
    assert tracking.get_run(run.info.run_id).data.metrics == {"score": 0.5}
    assert metric_tags(store, run) == {}


@pytest.mark.parametrize("wrong", [{"timestamp": "x"}, {"timestamp": -1}, {"step": "x"}])
def test_a_time_or_a_step_that_is_none(store, run, model, wrong):
    metric = Metric(**{"key": "a", "value": 1.0, "timestamp": 1, "step": 1, **wrong})
    metric = Metric(metric.key, metric.value, metric.timestamp, metric.step, model.model_id)
    with pytest.raises(MlflowException) as caught:
        store.log_batch(run.info.run_id, [metric], [], [])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
