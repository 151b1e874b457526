"""Logged models, which are kept on runs."""

from __future__ import annotations

import copy
import itertools
import json
import math
import pickle

import mlflow
import numpy
import pytest
from click.testing import CliRunner
from mlflow.cli import cli
from mlflow.entities import (
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel
from packaging.version import Version

from mlflow_oci_aidp.tracking.logged_models import ModelId, search

before_3_18 = pytest.mark.skipif(
    Version(mlflow.__version__) >= Version("3.18"), reason="the latest value of a metric counts"
)


class Doubler(PythonModel):
    def predict(self, context, model_input):
        return [2 * value for value in model_input]


class Multiplier(PythonModel):
    def __init__(self, factor):
        self.factor = factor

    def predict(self, context, model_input):
        return [self.factor * value for value in model_input]


@pytest.fixture
def model(tracking, run):
    return tracking.create_logged_model(
        run.info.experiment_id,
        name="model",
        source_run_id=run.info.run_id,
        tags={"team": "ml"},
        params={"depth": "3"},
        model_type="tree",
    )


def test_a_logged_model_is_read_as_it_was_made(tracking, run, model):
    read = tracking.get_logged_model(model.model_id)
    assert dict(read) == dict(model)
    assert (read.name, read.model_type, read.source_run_id) == ("model", "tree", run.info.run_id)
    assert (read.tags, read.params, read.status) == (
        {"team": "ml"},
        {"depth": "3"},
        LoggedModelStatus.PENDING,
    )
    assert (
        read.artifact_location
        == f"{run.info.artifact_uri}/model.{ModelId.parse(read.model_id).suffix}"
    )
    assert ModelId.parse(read.model_id).run_id == run.info.run_id


def test_the_versions_that_it_became_are_noted(store, model):
    for version in ("1", "2"):
        store.set_model_versions_tags("main.default.iris", version, model.model_id)
    noted = json.loads(store.get_logged_model(model.model_id).tags["mlflow.modelVersions"])
    assert noted == [{"name": "main.default.iris", "version": version} for version in ("1", "2")]


def test_it_is_read_in_one_round_trip(aidp, tracking, model):
    aidp.exchanges.clear()
    tracking.get_logged_model(model.model_id)
    assert [exchange.operation for exchange in aidp.exchanges] == ["get_experiment_run_by_id"]


def test_status_tags_and_parameters_change(tracking, store, model):
    tracking.finalize_logged_model(model.model_id, "FAILED")
    tracking.set_logged_model_tags(model.model_id, {"season": "spring", "team": "data"})
    store.log_logged_model_params(model.model_id, [LoggedModelParameter("width", "4")])
    read = tracking.get_logged_model(model.model_id)
    assert read.status == LoggedModelStatus.FAILED
    assert read.tags == {"season": "spring", "team": "data"}
    assert read.params == {"depth": "3", "width": "4"}
    tracking.delete_logged_model_tag(model.model_id, "team")
    assert tracking.get_logged_model(model.model_id).tags == {"season": "spring"}
    with pytest.raises(MlflowException, match="has no tag"):
        tracking.delete_logged_model_tag(model.model_id, "team")


def test_long_parameters_are_kept_whole(tracking, run):
    params = {f"p{number}": "\N{CHERRY BLOSSOM}x" * 2000 for number in range(5)}
    made = tracking.create_logged_model(
        run.info.experiment_id, source_run_id=run.info.run_id, params=params
    )
    assert tracking.get_logged_model(made.model_id).params == params


def test_a_deleted_one_is_gone_and_its_run_is_not(tracking, run, model):
    tracking.delete_logged_model(model.model_id)
    with pytest.raises(MlflowException) as caught:
        tracking.get_logged_model(model.model_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert tracking.search_logged_models([run.info.experiment_id]) == []
    assert tracking.get_run(run.info.run_id).info.lifecycle_stage == "active"


@pytest.mark.parametrize(
    "change",
    [
        lambda store, model_id: store.set_logged_model_tags(model_id, [LoggedModelTag("a", "b")]),
        lambda store, model_id: store.delete_logged_model_tag(model_id, "team"),
        lambda store, model_id: store.log_logged_model_params(
            model_id, [LoggedModelParameter("a", "b")]
        ),
        lambda store, model_id: store.finalize_logged_model(model_id, LoggedModelStatus.READY),
        lambda store, model_id: store.delete_logged_model(model_id),
    ],
    ids=["set a tag", "delete a tag", "log a parameter", "finalize", "delete"],
)
@pytest.mark.parametrize("made", ["here", "elsewhere"])
def test_a_change_to_one_of_a_deleted_run_says_to_restore_the_run(
    aidp, store, tracking, run, model, change, made
):
    if made == "elsewhere":
        store._remembered.forget_run(run.info.run_id)
    # Another process deletes it, so that this one remembers the run.
    aidp.workspace().delete_experiment_run({"run_id": run.info.run_id}, "user")
    with pytest.raises(MlflowException, match=r"which is deleted.*restore_run") as caught:
        change(store, model.model_id)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert dict(tracking.get_logged_model(model.model_id)) == dict(model)

    tracking.restore_run(run.info.run_id)
    change(store, model.model_id)


def test_two_of_one_name_lie_apart(tracking, run, model):
    second = tracking.create_logged_model(
        run.info.experiment_id, name="model", source_run_id=run.info.run_id
    )
    assert second.artifact_location != model.artifact_location
    assert second.artifact_location.startswith(f"{run.info.artifact_uri}/model.")


@pytest.mark.parametrize("source", [None, ""])
def test_without_a_run_one_is_made_and_ended(tracking, run, source):
    # The id of no run, as MLflow's server passes it.
    made = tracking.create_logged_model(
        run.info.experiment_id, name="alone", source_run_id=source, tags={"team": "ml"}
    )
    own = tracking.get_run(made.source_run_id)
    assert (own.info.run_name, own.info.status) == ("alone", "RUNNING")
    tracking.finalize_logged_model(made.model_id, "FAILED")
    assert tracking.get_run(made.source_run_id).info.status == "FAILED"
    assert tracking.get_logged_model(made.model_id).tags == {"team": "ml"}
    tracking.delete_logged_model(made.model_id)
    gone = tracking.search_runs([run.info.experiment_id], run_view_type=ViewType.DELETED_ONLY)
    assert [deleted.info.run_id for deleted in gone] == [made.source_run_id]


@pytest.mark.parametrize(
    ("filter_string", "names"),
    [
        (None, {"a", "b", "c"}),
        ("name = 'a'", {"a"}),
        ("params.depth = '2' AND tags.team = 'ml'", {"b"}),
        ("metrics.score > 1.5", {"b", "c"}),
        ("model_type = 'tree'", {"a", "b", "c"}),
        ("name LIKE 'nothing%'", set()),
    ],
)
def test_search(tracking, run, filter_string, names):
    for number, name in enumerate("abc", start=1):
        made = tracking.create_logged_model(
            run.info.experiment_id,
            name=name,
            source_run_id=run.info.run_id,
            params={"depth": str(number)},
            tags={"team": "ml"},
            model_type="tree",
        )
        tracking.log_metric(run.info.run_id, "score", number, model_id=made.model_id)
    models = tracking.search_logged_models([run.info.experiment_id], filter_string)
    assert {model.name for model in models} == names


def test_search_is_ordered_and_paged(tracking, run):
    for name in "abcde":
        tracking.create_logged_model(
            run.info.experiment_id, name=name, source_run_id=run.info.run_id
        )
    order = [{"field_name": "name", "ascending": False}]
    listed, token = [], None
    while True:
        page = tracking.search_logged_models([run.info.experiment_id], None, None, 2, order, token)
        listed += [model.name for model in page]
        token = page.token
        if not token:
            break
    assert listed == ["e", "d", "c", "b", "a"]


@pytest.fixture
def scored(tracking, run):
    """Models with a small error on the training data and a large one on the test data.

    One has no type.
    """
    for number, kind in enumerate(("tree", None, "net")):
        made = tracking.create_logged_model(
            run.info.experiment_id,
            name=f"model {number}",
            source_run_id=run.info.run_id,
            model_type=kind,
        )
        for data, value in (("train", 1.0 + number), ("test", 9.0 - number)):
            metric = Metric("rmse", value, 1, 0, made.model_id, data, f"digest of {data}")
            tracking.log_batch(run.info.run_id, [metric])
    return lambda *query, **more: [
        model.name
        for model in tracking.search_logged_models([run.info.experiment_id], *query, **more)
    ]


@pytest.mark.parametrize(
    ("filter_string", "numbers"),
    [
        ("creation_time > 0 AND last_updated_time > 0", "012"),
        ("creation_timestamp > 99999999999999", ""),
        ("model_type = 'tree'", "0"),
        ("model_type != 'tree'", "2"),
        ("model_type IN ('net', 'tree')", "02"),
        ("status = 'PENDING'", "012"),
    ],
)
def test_a_condition_is_about_what_is_there(scored, filter_string, numbers):
    assert sorted(scored(filter_string)) == [f"model {number}" for number in numbers]


@pytest.mark.parametrize(
    ("filter_string", "numbers"),
    [
        ("metrics.rmse > 8.5", "0"),
        ("metrics.rmse < 1.5", "0"),
        ("metrics.rmse > 2.5 AND metrics.rmse < 2.5", "01"),
    ],
)
@before_3_18
def test_a_condition_is_about_any_value_of_a_metric(scored, filter_string, numbers):
    assert sorted(scored(filter_string)) == [f"model {number}" for number in numbers]


@pytest.mark.parametrize(
    ("filter_string", "datasets", "numbers"),
    [
        ("metrics.rmse > 5", [{"dataset_name": "train"}], ""),
        ("metrics.rmse > 2.5", [{"dataset_name": "train"}], "2"),
        ("metrics.rmse > 8.5", [{"dataset_name": "test", "dataset_digest": "digest of test"}], "0"),
        ("metrics.rmse > 8.5", [{"dataset_name": "test", "dataset_digest": "another"}], ""),
        (None, [{"dataset_name": "train"}], "012"),
        (None, [{"dataset_name": "another"}], ""),
    ],
)
def test_a_search_is_narrowed_to_datasets(scored, filter_string, datasets, numbers):
    assert sorted(scored(filter_string, datasets)) == [f"model {number}" for number in numbers]


@pytest.mark.parametrize(
    ("clause", "numbers"),
    [
        ({"field_name": "model_type"}, "201"),
        ({"field_name": "model_type", "ascending": False}, "021"),
        ({"field_name": "last_updated_time"}, "012"),
        ({"field_name": "metrics.rmse", "dataset_name": "train", "ascending": False}, "210"),
        ({"field_name": "metrics.rmse", "dataset_name": "test", "ascending": False}, "012"),
    ],
)
def test_what_lacks_a_value_comes_last(scored, clause, numbers):
    assert scored(order_by=[clause]) == [f"model {number}" for number in numbers]


@pytest.mark.parametrize(("ascending", "names"), [(True, "acbd"), (False, "bcad")])
def test_a_metric_that_is_no_number_is_before_and_after_nothing(
    store, tracking, run, ascending, names
):
    for name, value in (("c", 2.0), ("a", 1.0), ("d", math.nan), ("b", 3.0)):
        made = tracking.create_logged_model(
            run.info.experiment_id, name=name, source_run_id=run.info.run_id
        )
        tracking.log_metric(run.info.run_id, "rmse", value, model_id=made.model_id)
    clause = {"field_name": "metrics.rmse", "ascending": ascending}
    models = store.search_logged_models([run.info.experiment_id], order_by=[clause])
    assert "".join(model.name for model in models) == names


@pytest.mark.parametrize("values", itertools.permutations([1.0, 2.0, math.nan, 3.0]))
def test_a_metric_that_is_no_number_comes_last_wherever_it_was(values):
    models = [
        LoggedModel(
            "0",
            f"m-{number}",
            str(value),
            "",
            number,
            number,
            metrics=[Metric("rmse", value, 0, 0)],
        )
        for number, value in enumerate(values)
    ]
    in_order = search.search(lambda: models, ["0"], order_by=[{"field_name": "metrics.rmse"}])
    assert [model.name for model in in_order] == ["1.0", "2.0", "3.0", "nan"]


@pytest.mark.parametrize(
    "query",
    [
        {"filter_string": "nonsense"},
        {"filter_string": "name > 'a' OR name < 'b'"},
        {"filter_string": "metrics.rmse LIKE '1'"},
        {"filter_string": "color = 'red'"},
        {"filter_string": "params.p IS NULL"},
        {"order_by": [{"field_name": "color"}]},
        {"order_by": ["name"]},
        {"datasets": [{"dataset_digest": "d"}]},
        {"page_token": "no token"},
    ],
)
def test_a_search_that_cannot_be_read(scored, query):
    with pytest.raises(MlflowException) as caught:
        scored(**query)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_metrics_are_kept_with_the_model_and_once_with_the_run(tracking, run, model):
    other = tracking.create_run(run.info.experiment_id).info.run_id
    tracking.log_metric(run.info.run_id, "score", 0.5, step=1, model_id=model.model_id)
    tracking.log_metric(run.info.run_id, "score", 0.7, step=2, model_id=model.model_id)
    tracking.log_batch(other, [Metric("accuracy", 0.9, 1, 0, model_id=model.model_id)])
    metrics = {metric.key: metric for metric in tracking.get_logged_model(model.model_id).metrics}
    assert {key: metric.value for key, metric in metrics.items()} == {"score": 0.7, "accuracy": 0.9}
    assert metrics["accuracy"].run_id == other
    assert len(tracking.get_metric_history(run.info.run_id, "score")) == 2
    assert tracking.get_run(other).data.metrics == {"accuracy": 0.9}


def test_a_metric_of_a_model_has_its_step(aidp, tracking, run, model):
    tracking.log_metric(run.info.run_id, "score", 0.5, timestamp=7, step=3, model_id=model.model_id)
    assert [
        (metric.timestamp, metric.step)
        for metric in tracking.get_logged_model(model.model_id).metrics
    ] == [(7, 3)]
    history = tracking.get_metric_history(run.info.run_id, "score")
    assert [(metric.timestamp, metric.step) for metric in history] == [(7, 3)]


def test_a_metric_of_the_platforms_own_model_has_its_step(aidp, tracking, run):
    aidp.workspace().seed_logged_model(
        data={"metrics": [{"key": "score", "value": 0.5, "timestamp": 7, "step": 3}]},
        model_id="m-theirs",
        name="theirs",
        experiment_id=run.info.experiment_id,
    )
    metrics = tracking.get_logged_model("m-theirs").metrics
    assert [(metric.key, metric.value, metric.timestamp, metric.step) for metric in metrics] == [
        ("score", 0.5, 7, 3)
    ]


@pytest.mark.parametrize("value", ["3", "4"])
def test_a_parameter_that_was_logged_stays(tracking, store, model, value):
    with pytest.raises(MlflowException, match="already") as caught:
        store.log_logged_model_params(model.model_id, [LoggedModelParameter("depth", value)])
    assert caught.value.error_code == "BAD_REQUEST"
    assert tracking.get_logged_model(model.model_id).params == {"depth": "3"}


def test_what_another_program_wrote_into_reserved_tags_hides_no_other_model(
    aidp, sdk, tracking, run, model
):
    models = pytest.importorskip("aidp_python_client.aidataplatform_dp.models")
    strange = {
        "mlflow_oci_aidp.logged_model.01234567": "no JSON",
        "mlflow_oci_aidp.logged_model.12345678": '{"name": "x"}',
        "mlflow_oci_aidp.model_output.m-1": "no number",
    }
    for key, value in strange.items():
        details = models.SetExperimentRunTagDetails(run_id=run.info.run_id, key=key, value=value)
        sdk.set_experiment_run_tag(aidp.ai_data_platform_id, aidp.workspace_key, details)
    assert [
        listed.model_id for listed in tracking.search_logged_models([run.info.experiment_id])
    ] == [model.model_id]
    assert tracking.get_logged_model(model.model_id).name == "model"
    assert len(tracking.search_runs([run.info.experiment_id])) == 1


def test_a_model_of_many_tags_is_there_when_it_is_whole(aidp, tracking, run, model):
    tags = {f"tag {number}": "x" for number in range(150)}
    aidp.faults.add("status", status=400, operation="update_experiment_run_tags", after=1)
    with pytest.raises(MlflowException):
        tracking.create_logged_model(
            run.info.experiment_id, name="big", source_run_id=run.info.run_id, tags=tags
        )
    aidp.faults.clear()
    assert [listed.name for listed in tracking.search_logged_models([run.info.experiment_id])] == [
        "model"
    ]


@pytest.mark.parametrize("max_results", ["2", 1.5, -1, True])
def test_a_page_that_is_no_number(tracking, run, max_results):
    with pytest.raises(MlflowException) as caught:
        tracking.search_logged_models([run.info.experiment_id], max_results=max_results)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_checkpoints_of_one_name_are_told_apart(tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        for step in (1, 2, 3):
            mlflow.pyfunc.log_model(
                name="checkpoint", python_model=Multiplier(step), pip_requirements=[], step=step
            )
    uri = f"runs:/{run.info.run_id}/checkpoint"
    assert mlflow.pyfunc.load_model(uri).predict([1]) == [3]
    assert mlflow.register_model(uri, "main.default.checkpoint").version == "1"
    assert mlflow.pyfunc.load_model("models:/main.default.checkpoint/1").predict([1]) == [3]


def test_a_registered_version_stays_what_it_was(tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run():
        first = mlflow.pyfunc.log_model(
            name="model",
            python_model=Multiplier(7),
            pip_requirements=[],
            registered_model_name="main.default.multiplier",
        )
        tracking.delete_logged_model(first.model_id)
        mlflow.pyfunc.log_model(name="model", python_model=Multiplier(9), pip_requirements=[])
    assert mlflow.pyfunc.load_model("models:/main.default.multiplier/1").predict([1]) == [7]


def test_metrics_are_logged_when_the_run_of_the_model_is_deleted(tracking, run, model, caplog):
    other = tracking.create_run(run.info.experiment_id).info.run_id
    tracking.delete_run(run.info.run_id)
    tracking.log_metric(other, "accuracy", 0.9, model_id=model.model_id)
    assert tracking.get_run(other).data.metrics == {"accuracy": 0.9}
    assert f"its run {run.info.run_id} cannot be changed" in caplog.text


def test_metrics_that_mlflow_logs_again_for_a_model_are_not_recorded_twice(aidp, tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5, step=0)
        info = mlflow.pyfunc.log_model(
            name="model", python_model=Doubler(), pip_requirements=[], step=0
        )
    assert [metric.value for metric in tracking.get_logged_model(info.model_id).metrics] == [0.5]
    sent = [
        metric["key"]
        for exchange in aidp.exchanges
        if exchange.operation in ("log_experiment_run_metric", "log_experiment_run_batch")
        for metric in exchange.body.get("metrics", [exchange.body])
        if "value" in metric
    ]
    assert sent == ["loss"]
    assert tracking.get_run(run.info.run_id).outputs.model_outputs[0].model_id == info.model_id


def test_another_metric_of_a_run_that_was_read_is_recorded(tracking, run, model):
    run_id = run.info.run_id
    tracking.log_metric(run_id, "loss", 0.5, step=3)
    known = tracking.get_metric_history(run_id, "loss")[-1]
    scaled = Metric("scaled", known.value * 2, 1, known.step, model.model_id, run_id=known.run_id)
    later = Metric("loss", 0.1, 10, 9, model.model_id, run_id=known.run_id)
    tracking.log_batch(run_id, [scaled, later])
    assert tracking.get_run(run_id).data.metrics == {"loss": 0.1, "scaled": 1.0}


@pytest.mark.parametrize("copied", [pickle.loads, None])
def test_a_metric_that_was_read_is_known_again(tracking, run, model, copied):
    tracking.log_metric(run.info.run_id, "loss", math.nan)
    known = tracking.get_metric_history(run.info.run_id, "loss")[-1]
    known = copied(pickle.dumps(known)) if copied else copy.deepcopy(known)
    again = Metric(
        known.key, known.value, known.timestamp, known.step, model.model_id, run_id=known.run_id
    )
    tracking.log_batch(run.info.run_id, [again])
    assert len(tracking.get_metric_history(run.info.run_id, "loss")) == 1


def test_a_batch_that_was_refused_hides_no_later_metric(tracking, run, model):
    tracking.log_param(run.info.run_id, "depth", 1)
    newer = Metric("score", 0.9, 1, 10, model.model_id)
    with pytest.raises(MlflowException):
        tracking.log_batch(run.info.run_id, [newer], [Param("depth", "2")])
    tracking.log_metric(run.info.run_id, "score", 0.5, step=5, model_id=model.model_id)
    assert [metric.value for metric in tracking.get_logged_model(model.model_id).metrics] == [0.5]


def test_whole_numbers_of_numpy(tracking, run, model):
    tracking.log_metric(
        run.info.run_id, "loss", numpy.float32(0.5), step=numpy.int64(3), model_id=model.model_id
    )
    tracking.log_metric(
        run.info.run_id, "rate", numpy.float64(0.25), timestamp=numpy.int64(7), step=numpy.int32(1)
    )
    tracking.set_terminated(run.info.run_id, end_time=numpy.int64(12))
    assert tracking.get_run(run.info.run_id).data.metrics == {"loss": 0.5, "rate": 0.25}
    assert [metric.step for metric in tracking.get_logged_model(model.model_id).metrics] == [3]
    assert len(tracking.search_runs([run.info.experiment_id], max_results=numpy.int64(5))) == 1


@pytest.mark.parametrize("name", ["a#b?c", "\N{CHERRY BLOSSOM}" * 3, "x" * 300, "a b+c"])
def test_a_name_that_no_location_may_hold(tracking, run, name):
    mlflow.set_experiment(experiment_id=run.info.experiment_id)
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name=name, python_model=Doubler(), pip_requirements=[], step=-1
        )
    assert tracking.get_logged_model(info.model_id).name == name
    assert mlflow.pyfunc.load_model(info.model_uri).predict([4]) == [8]
    assert tracking.get_run(info.run_id).outputs.model_outputs[0].step == -1


def test_a_run_that_was_made_for_a_model_stays_as_long_as_it_has_another(tracking, run):
    first = tracking.create_logged_model(run.info.experiment_id, name="first")
    second = tracking.create_logged_model(
        run.info.experiment_id, name="second", source_run_id=first.source_run_id
    )
    tracking.delete_logged_model(first.model_id)
    assert [listed.name for listed in tracking.search_logged_models([run.info.experiment_id])] == [
        "second"
    ]
    assert tracking.get_run(second.source_run_id).info.lifecycle_stage == "active"


def test_a_model_is_recorded_once_however_often_it_is_finalised(aidp, tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="model", python_model=Doubler(), pip_requirements=[])
    tracking.finalize_logged_model(info.model_id, "READY")
    tracking.finalize_logged_model(info.model_id, "READY")
    assert (
        len(
            [
                exchange
                for exchange in aidp.exchanges
                if exchange.operation == "log_experiment_run_model"
            ]
        )
        == 1
    )


def test_a_model_without_files_is_finalised_without_a_word(tracking, run, model, caplog):
    tracking.finalize_logged_model(model.model_id, "READY")
    assert tracking.get_logged_model(model.model_id).status == LoggedModelStatus.READY
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []


def test_a_model_that_has_files_later_is_recorded_then(aidp, tracking, run, model):
    tracking.finalize_logged_model(model.model_id, "READY")
    mlflow.set_experiment(experiment_id=run.info.experiment_id)
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.pyfunc.log_model(
            model_id=model.model_id, python_model=Doubler(), pip_requirements=[]
        )
    assert (
        len(
            [
                exchange
                for exchange in aidp.exchanges
                if exchange.operation == "log_experiment_run_model"
            ]
        )
        == 1
    )


def test_mlflow_gc_leaves_the_files_of_a_registered_version(aidp, tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(
            name="model",
            python_model=Doubler(),
            pip_requirements=[],
            registered_model_name="main.default.doubler",
        )
    tracking.delete_run(run.info.run_id)
    collect = ["gc", "--backend-store-uri", aidp.tracking_uri, "--tracking-uri", aidp.tracking_uri]
    CliRunner().invoke(cli, collect, catch_exceptions=False)
    assert mlflow.pyfunc.load_model("models:/main.default.doubler/1").predict([4]) == [8]
    CliRunner().invoke(cli, [*collect, "--run-ids", run.info.run_id], catch_exceptions=False)
    with pytest.raises(MlflowException, match="RESOURCE_DOES_NOT_EXIST"):
        tracking.get_run(run.info.run_id)


def test_a_model_is_recorded_with_its_run_as_the_platform_documents(aidp, tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(name="model", python_model=Doubler(), pip_requirements=[])
    recorded = [
        exchange for exchange in aidp.exchanges if exchange.operation == "log_experiment_run_model"
    ]
    assert [exchange.status for exchange in recorded] == [200]
    history = tracking.get_run(run.info.run_id).data.tags["mlflow.log-model.history"]
    assert '"artifact_path": "model.' in history
    assert "python_function" in history


def test_models_that_the_platform_lists_by_itself_are_found(aidp, tracking, run):
    aidp.workspace().seed_logged_model(
        data={"params": [{"key": "depth", "value": "3"}]},
        model_id="m-of-the-platform",
        experiment_id=run.info.experiment_id,
        name="theirs",
        status="READY",
        artifact_uri="oci://bucket@namespace/theirs",
    )
    models = tracking.search_logged_models([run.info.experiment_id], "name = 'theirs'")
    assert [(model.model_id, model.params, model.status) for model in models] == [
        ("m-of-the-platform", {"depth": "3"}, LoggedModelStatus.READY)
    ]
    assert (
        tracking.get_logged_model("m-of-the-platform").artifact_location
        == "oci://bucket@namespace/theirs"
    )
    with pytest.raises(MlflowException) as caught:
        tracking.set_logged_model_tags("m-of-the-platform", {"a": "b"})
    assert caught.value.error_code == "NOT_IMPLEMENTED"


@pytest.mark.parametrize("model_id", ["m-nothing", "m-'", "m-0123-01234567"])
def test_an_unknown_logged_model(tracking, model_id):
    with pytest.raises(MlflowException) as caught:
        tracking.get_logged_model(model_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_name_that_mlflow_does_not_allow(tracking, run):
    with pytest.raises(MlflowException) as caught:
        tracking.create_logged_model(
            run.info.experiment_id, name="a/b", source_run_id=run.info.run_id
        )
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_model_without_a_run_is_logged_and_loaded(tracking):
    mlflow.set_experiment("flowers")
    info = mlflow.pyfunc.log_model(name="model", python_model=Doubler(), pip_requirements=[])
    assert mlflow.pyfunc.load_model(info.model_uri).predict([1, 2]) == [2, 4]
    own = tracking.get_run(tracking.get_logged_model(info.model_id).source_run_id)
    assert own.info.status == "FINISHED"
    assert mlflow.pyfunc.load_model(f"runs:/{own.info.run_id}/model").predict([3]) == [6]
