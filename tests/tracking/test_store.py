"""Experiments and runs through MLflow's own client.

The emulator answers over a socket and verifies real signatures.
"""

from __future__ import annotations

import math
import pickle

import mlflow
import numpy
import pytest
from click.testing import CliRunner
from mlflow.cli import cli
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException, RestException

import mlflow_oci_aidp
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.tracking.store import AidpTrackingStore


def test_an_experiment_is_made_read_changed_deleted_and_restored(tracking):
    made = tracking.create_experiment("flowers", tags={"team": "ml"})
    tracking.set_experiment_tag(made, "season", "spring")
    assert tracking.get_experiment(made).tags == {"team": "ml", "season": "spring"}
    tracking.rename_experiment(made, "more flowers")
    assert tracking.get_experiment_by_name("more flowers").experiment_id == made
    tracking.delete_experiment(made)
    assert tracking.get_experiment(made).lifecycle_stage == "deleted"
    assert made not in [experiment.experiment_id for experiment in tracking.search_experiments()]
    tracking.restore_experiment(made)
    assert made in [experiment.experiment_id for experiment in tracking.search_experiments()]


def test_a_tag_of_an_experiment_is_deleted(tracking, store):
    made = tracking.create_experiment("flowers", tags={"team": "ml", "season": "spring"})
    store.delete_experiment_tag(made, "team")
    assert tracking.get_experiment(made).tags == {"season": "spring"}


def test_a_name_that_is_taken(tracking):
    tracking.create_experiment("flowers")
    with pytest.raises(RestException) as caught:
        tracking.create_experiment("flowers")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_a_new_name_that_is_taken(tracking):
    tracking.create_experiment("flowers")
    with pytest.raises(RestException) as caught:
        tracking.rename_experiment(tracking.create_experiment("trees"), "flowers")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize("code", ["Conflict", ""])
def test_a_conflict_about_a_new_name_means_that_it_is_taken(aidp, tracking, code):
    made = tracking.create_experiment("trees")
    aidp.faults.add("status", operation="update_experiment", status=409, code=code)
    with pytest.raises(RestException) as caught:
        tracking.rename_experiment(made, "flowers")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize("name", ["", None, 7])
def test_what_is_no_name(aidp, tracking, name):
    made = tracking.create_experiment("flowers")
    aidp.exchanges.clear()
    with pytest.raises(MlflowException) as caught:
        tracking.rename_experiment(made, name)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert not list(aidp.exchanges)


def test_what_is_no_view_type(tracking, run):
    with pytest.raises(MlflowException, match="no view type"):
        tracking.search_runs([run.info.experiment_id], run_view_type=99)


@pytest.mark.parametrize("value", [None, "high", [1]])
def test_a_metric_that_is_no_number(store, run, value):
    with pytest.raises(MlflowException) as caught:
        store.log_metric(run.info.run_id, Metric("loss", value, 0, 0))
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_an_unknown_experiment(tracking):
    assert tracking.get_experiment_by_name("nothing") is None
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        tracking.get_experiment("999")


def test_experiments_are_searched_page_by_page(tracking):
    for number in range(5):
        tracking.create_experiment(f"flowers {number}", tags={"odd": str(number % 2)})
    experiments = tracking.search_experiments(
        filter_string="tags.odd = '1' AND name LIKE 'flowers%'", order_by=["name DESC"]
    )
    assert [experiment.name for experiment in experiments] == ["flowers 3", "flowers 1"]
    first = tracking.search_experiments(max_results=4, order_by=["name ASC"])
    second = tracking.search_experiments(
        max_results=4, order_by=["name ASC"], page_token=first.token
    )
    assert len({experiment.name for experiment in [*first, *second]}) == 6  # with the Default one
    assert not second.token


def test_a_run_holds_what_was_logged(tracking, run):
    run_id = run.info.run_id
    tracking.log_param(run_id, "depth", 3)
    tracking.log_metric(run_id, "loss", 0.5, timestamp=7, step=2)
    tracking.log_batch(
        run_id, [Metric("rate", 0.1, 7, 0)], [Param("width", "4")], [RunTag("team", "ml")]
    )
    tracking.set_tag(run_id, "season", "spring")
    tracking.delete_tag(run_id, "team")
    data = tracking.get_run(run_id).data
    assert (data.params, data.metrics) == (
        {"depth": "3", "width": "4"},
        {"loss": 0.5, "rate": 0.1},
    )
    assert {key: value for key, value in data.tags.items() if not key.startswith("mlflow.")} == {
        "season": "spring"
    }
    assert tracking.get_metric_history(run_id, "loss") == [Metric("loss", 0.5, 7, 2, run_id=run_id)]


def test_a_run_is_ended_deleted_and_restored(tracking, run):
    run_id = run.info.run_id
    assert run.info.status == "RUNNING"
    tracking.set_terminated(run_id, "FAILED", end_time=12)
    tracking.update_run(run_id, name="better")
    info = tracking.get_run(run_id).info
    assert (info.status, info.end_time, info.run_name) == ("FAILED", 12, "better")
    tracking.delete_run(run_id)
    assert tracking.search_runs([info.experiment_id]) == []
    assert len(tracking.search_runs([info.experiment_id], run_view_type=ViewType.DELETED_ONLY)) == 1
    tracking.restore_run(run_id)
    assert len(tracking.search_runs([info.experiment_id])) == 1


def test_runs_are_searched_page_by_page(tracking):
    experiment = tracking.create_experiment("flowers")
    for number in range(7):
        made = tracking.create_run(experiment)
        tracking.log_metric(made.info.run_id, "score", number)
    scores, token = [], None
    while True:
        page = tracking.search_runs(
            [experiment],
            "metrics.score > 0",
            max_results=4,
            order_by=["metrics.score ASC"],
            page_token=token,
        )
        scores += [run.data.metrics["score"] for run in page]
        token = page.token
        if not token:
            break
    assert scores == [1, 2, 3, 4, 5, 6]


def test_numbers_that_json_lacks(tracking, run):
    for step, value in enumerate((math.nan, math.inf, -math.inf)):
        tracking.log_metric(run.info.run_id, f"metric {step}", value)
    metrics = tracking.get_run(run.info.run_id).data.metrics
    assert math.isnan(metrics["metric 0"])
    # MLflow's own SQL store, which the emulator keeps metrics in, has the largest numbers in their
    # place.
    assert metrics["metric 1"] > 1e300
    assert metrics["metric 2"] < -1e300


def test_a_long_batch_is_split_by_mlflows_limits(aidp, store, run):
    aidp.exchanges.clear()
    store.log_batch(
        run.info.run_id,
        [Metric(f"m{number}", number, 0, 0) for number in range(2100)],
        [Param(f"p{number}", str(number)) for number in range(250)],
        [RunTag(f"t{number}", str(number)) for number in range(120)],
    )
    batches = [exchange.body for exchange in aidp.exchanges]
    assert all(exchange.status == 200 for exchange in aidp.exchanges)
    sizes = [
        tuple(len(batch.get(name, ())) for name in ("metrics", "params", "tags"))
        for batch in batches
    ]
    assert sizes == [(800, 100, 100), (880, 100, 20), (420, 50, 0)]
    data = store.get_run(run.info.run_id).data
    assert (len(data.metrics), len(data.params)) == (2100, 250)


def test_a_batch_of_long_texts_is_split_by_mlflows_limit_of_bytes(aidp, store, run):
    aidp.exchanges.clear()
    store.log_batch(
        run.info.run_id,
        [Metric("loss", 1, 0, 0)],
        [Param(f"p{number}", "x" * 6000) for number in range(100)],
        [RunTag(f"t{number}", "x" * 5000) for number in range(100)],
    )
    assert [exchange.status for exchange in aidp.exchanges] == [200, 200]
    lengths = [int(exchange.headers["content-length"]) for exchange in aidp.exchanges]
    assert max(lengths) <= 1_000_000
    batches = [exchange.body for exchange in aidp.exchanges]
    sizes = [[len(batch.get(name, ())) for name in ("params", "tags")] for batch in batches]
    assert sizes == [[100, 78], [0, 22]]
    assert len(store.get_run(run.info.run_id).data.params) == 100


def test_one_round_trip_for_one_call(aidp, tracking, run):
    aidp.exchanges.clear()
    tracking.log_metric(run.info.run_id, "loss", 1)
    tracking.log_batch(
        run.info.run_id, [Metric("loss", 0.5, 1, 1)], [Param("a", "b")], [RunTag("c", "d")]
    )
    tracking.get_run(run.info.run_id)
    assert len(aidp.exchanges) == 3


def test_a_long_history_is_read_page_by_page(aidp, store, run):
    store.log_batch(
        run.info.run_id, [Metric("loss", step / 7, 0, step) for step in range(30)], [], []
    )
    page = store.get_metric_history(run.info.run_id, "loss", max_results=20)
    assert [metric.step for metric in page] == list(range(20))
    rest = store.get_metric_history(run.info.run_id, "loss", max_results=20, page_token=page.token)
    assert [metric.step for metric in rest] == list(range(20, 30))
    assert len(store.get_metric_history(run.info.run_id, "loss")) == 30


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_of_no_values_is_refused(aidp, store, run, size):
    aidp.exchanges.clear()
    with pytest.raises(MlflowException, match="above 0") as caught:
        store.get_metric_history(run.info.run_id, "loss", max_results=size)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.skipif(
    not hasattr(AidpTrackingStore, "get_metric_history_bulk_interval"),
    reason="the older of the supported MLflow versions have no such method",
)
def test_metrics_of_several_runs_are_sampled_for_charts(store, run):
    store.log_batch(run.info.run_id, [Metric("loss", step, 0, step) for step in range(100)], [], [])
    metrics = store.get_metric_history_bulk_interval([run.info.run_id], "loss", 10, None, None)
    assert metrics[0].run_id == run.info.run_id
    steps = [metric.step for metric in metrics]
    assert {0, 99} <= set(steps)
    assert len(steps) < 30


def test_datasets_are_logged_and_read(tracking, run):
    data = mlflow.data.from_numpy(numpy.zeros((3, 2)), name="zeros")
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_input(data, context="training")
    dataset_input = tracking.get_run(run.info.run_id).inputs.dataset_inputs[0]
    assert (dataset_input.dataset.name, dataset_input.dataset.digest) == ("zeros", data.digest)
    assert {tag.key: tag.value for tag in dataset_input.tags} == {"mlflow.data.context": "training"}


def test_asynchronous_logging(tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        pending = [
            mlflow.log_metric("loss", step, step=step, synchronous=False) for step in range(50)
        ]
        pending.append(mlflow.log_params({"a": 1, "b": 2}, synchronous=False))
        pending.append(mlflow.set_tags({"team": "ml"}, synchronous=False))
        for operation in pending:
            operation.wait()
    assert len(tracking.get_metric_history(run.info.run_id, "loss")) == 50
    assert tracking.get_run(run.info.run_id).data.params == {"a": "1", "b": "2"}
    assert tracking.get_run(run.info.run_id).data.tags["team"] == "ml"


def test_one_thing_at_a_time_is_logged_asynchronously(store, run):
    run_id = run.info.run_id
    store.log_metric_async(run_id, Metric("loss", 0.5, 1, 0))
    store.log_param_async(run_id, Param("depth", "3"))
    store.set_tag_async(run_id, RunTag("team", "ml"))
    store.flush_async_logging()
    data = store.get_run(run_id).data
    assert (data.metrics, data.params, data.tags["team"]) == ({"loss": 0.5}, {"depth": "3"}, "ml")


def test_what_is_under_way_is_logged_when_asynchronous_logging_ends(store, run):
    for step in range(20):
        store.log_metric_async(run.info.run_id, Metric("loss", step, step, step))
    store.end_async_logging()
    store.shut_down_async_logging()
    assert [metric.step for metric in store.get_metric_history(run.info.run_id, "loss")] == list(
        range(20)
    )
    store.log_metric_async(run.info.run_id, Metric("loss", 20, 20, 20)).wait()
    assert len(store.get_metric_history(run.info.run_id, "loss")) == 21


def test_the_values_of_a_metric_at_some_steps(store, run):
    store.log_batch(
        run.info.run_id, [Metric("loss", 1 / (step + 1), step, step) for step in range(10)], [], []
    )
    metrics = store.get_metric_history_bulk_interval_from_steps(
        run.info.run_id, "loss", [1, 3, 5], 2
    )
    assert [(metric.run_id, metric.step, metric.value) for metric in metrics] == [
        (run.info.run_id, 1, 0.5),
        (run.info.run_id, 3, 0.25),
    ]


@pytest.mark.skipif(
    not hasattr(AidpTrackingStore, "filter_active_experiment_ids"),
    reason="this MLflow does not ask for it",
)
def test_experiments_that_are_there_and_not_deleted(store, tracking):
    kept, deleted = tracking.create_experiment("kept"), tracking.create_experiment("deleted")
    tracking.delete_experiment(deleted)
    assert store.filter_active_experiment_ids([deleted, kept, "999"]) == [kept]


def test_the_end_of_a_run_prints_no_link_that_leads_nowhere(tracking, capfd):
    mlflow.set_experiment("flowers")
    with mlflow.start_run():
        mlflow.log_metric("loss", 1)
    printed = capfd.readouterr()
    assert "http" not in printed.out + printed.err


def test_asynchronous_logging_for_a_user_principal_is_that_users(aidp, tracking):
    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run, mlflow_oci_aidp.user_principal("c29tZWJvZHk="):
        mlflow.log_metric("loss", 1, synchronous=False).wait()
    logged = [
        exchange for exchange in aidp.exchanges if exchange.operation == "log_experiment_run_batch"
    ]
    assert [exchange.headers.get("dh-user-principal") for exchange in logged] == ["c29tZWJvZHk="]
    assert tracking.get_run(run.info.run_id).data.metrics == {"loss": 1}


def test_artifacts_go_to_the_platform_of_their_run(aidp, tracking, tmp_path):
    (tmp_path / "notes.txt").write_text("about flowers")
    with Emulator() as other:
        client = mlflow.MlflowClient(tracking_uri=other.tracking_uri)
        experiment = client.create_experiment(
            "flowers", "aidp:/Volumes/main/default/artifacts/flowers"
        )
        run = client.create_run(experiment)
        aidp.exchanges.clear()
        client.log_artifact(run.info.run_id, str(tmp_path / "notes.txt"))
        model = client.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
        client.finalize_logged_model(model.model_id, "READY")
        assert "upload_file" in [exchange.operation for exchange in other.exchanges]
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["notes.txt"]
    assert [exchange.operation for exchange in aidp.exchanges] == []


def test_tracing_does_not_break_a_run(tracking, aidp):
    @mlflow.trace
    def predict(question):
        return question * 2

    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        assert predict(3) == 6
        mlflow.log_metric("loss", 1)
    mlflow.flush_trace_async_logging()
    assert tracking.get_run(run.info.run_id).info.status == "FINISHED"
    assert not [exchange for exchange in aidp.exchanges if exchange.operation is None]


def test_tags_of_its_own_are_refused_and_hidden(store, tracking, run):
    run_id = run.info.run_id
    for call in (
        lambda: store.set_tag(run_id, RunTag("mlflow_oci_aidp.logged_models", "x")),
        lambda: store.delete_tag(run_id, "mlflow_oci_aidp.logged_models"),
        lambda: store.log_batch(run_id, [], [], [RunTag("mlflow_oci_aidp.x", "y")]),
        lambda: store.create_run(
            run.info.experiment_id, "", 0, [RunTag("mlflow_oci_aidp.x", "y")], ""
        ),
    ):
        with pytest.raises(MlflowException, match="reserved") as caught:
            call()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    tracking.create_logged_model(run.info.experiment_id, name="model", source_run_id=run_id)
    assert not [
        key for key in tracking.get_run(run_id).data.tags if key.startswith("mlflow_oci_aidp")
    ]


def test_the_platform_lists_the_artifacts_of_a_run(store, tracking, run, tmp_path):
    (tmp_path / "notes.txt").write_text("about flowers")
    tracking.log_artifact(run.info.run_id, str(tmp_path / "notes.txt"), "texts")
    assert [(file.path, file.is_dir) for file in store.list_artifacts(run.info.run_id)] == [
        ("texts", True)
    ]
    inside = store.list_artifacts(run.info.run_id, "texts")
    assert [(file.path, file.is_dir, file.file_size) for file in inside] == [
        ("texts/notes.txt", False, 13)
    ]


def test_a_volume_is_shown_as_a_location_of_this_package(aidp, store):
    made = store.create_experiment("flowers", "aidp:/Volumes/main/default/artifacts/flowers")
    assert aidp.exchanges[-1].body["artifact_location"] == "/Volumes/main/default/artifacts/flowers"
    assert (
        store.get_experiment(made).artifact_location
        == "aidp:/Volumes/main/default/artifacts/flowers"
    )
    run = store.create_run(made, "", 0, [], "first")
    assert run.info.artifact_uri.startswith("aidp:/Volumes/main/default/artifacts/flowers/")


def test_what_was_deleted_is_deleted_for_good_by_mlflow_gc(aidp, tracking, run, tmp_path):
    kept = tracking.create_run(run.info.experiment_id).info.run_id
    (tmp_path / "notes.txt").write_text("about flowers")
    tracking.log_artifact(run.info.run_id, str(tmp_path / "notes.txt"))
    tracking.delete_run(run.info.run_id)
    gone = tracking.create_experiment("gone")
    tracking.delete_experiment(gone)
    collect = ["gc", "--backend-store-uri", aidp.tracking_uri, "--tracking-uri", aidp.tracking_uri]
    refused = CliRunner().invoke(cli, [*collect, "--older-than", "1d"])
    assert "does not say when a run was deleted" in str(refused.exception)
    done = CliRunner().invoke(cli, collect, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        tracking.get_run(run.info.run_id)
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        tracking.get_experiment(gone)
    assert tracking.get_run(kept).info.lifecycle_stage == "active"
    assert "delete_object" in [exchange.operation for exchange in aidp.exchanges]


@pytest.mark.parametrize(
    "location",
    [
        "file:///Volumes/main/default/artifacts/x",
        "oci://bucket/prefix",
        "oci:bucket",
        "aidp:/volumes/a/b/c",
        "/Volumes/main/x",
        "aidp:/Volumes/a//c",
    ],
)
def test_a_location_that_nobody_could_open_is_refused_at_once(aidp, tracking, location):
    aidp.exchanges.clear()
    with pytest.raises(MlflowException, match="Its form is") as caught:
        tracking.create_experiment("flowers", location)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize(
    "location", ["mlruns", "./mlruns/flowers", "../flowers", "file:mlruns", "C:flowers"]
)
def test_a_location_that_each_program_would_look_for_elsewhere_is_refused(aidp, tracking, location):
    aidp.exchanges.clear()
    with pytest.raises(MlflowException, match="is relative") as caught:
        tracking.create_experiment("flowers", location)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize(
    ("location", "is_told"),
    [
        ("/local", True),
        ("C:\\local", True),
        ("file:///tmp/local", True),
        ("/volumes/main/default/x", True),
        ("s3://bucket/x", False),
        ("/Volumes/a/b/c/d", False),
    ],
)
def test_a_folder_of_this_machine_is_told_from_a_place_of_the_platform(
    tracking, caplog, location, is_told
):
    tracking.create_experiment("flowers", location)
    assert ("is a folder of this machine" in caplog.text) == is_told


def test_without_a_workspace_the_error_says_where_to_name_it(aidp, monkeypatch):
    with pytest.raises(MlflowException, match="AIDP_WORKSPACE_KEY") as caught:
        AidpTrackingStore(aidp.uri).get_experiment("0")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    monkeypatch.setenv("AIDP_WORKSPACE_KEY", aidp.workspace_key)
    assert AidpTrackingStore(aidp.uri).get_experiment("0").name == "Default"


def test_an_unknown_workspace(aidp):
    with pytest.raises(RestException) as caught:
        AidpTrackingStore(aidp.tracking_uri.replace(aidp.workspace_key, "nowhere")).get_run("0")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert "the key of the workspace" in str(caught.value)


def test_a_store_is_pickled_without_secrets(aidp, store):
    blob = pickle.dumps(store)
    assert b"PRIVATE" not in blob
    assert pickle.loads(blob).get_experiment("0").name == "Default"
    assert aidp.workspace_key in repr(store)


@pytest.mark.parametrize("success", ["full", "bare"])
def test_successes_with_and_without_a_body(success):
    with Emulator(success=success) as aidp:
        store = AidpTrackingStore(aidp.tracking_uri)
        experiment = store.create_experiment("flowers")
        run = store.create_run(experiment, "", 0, [], "first")
        assert store.update_run_info(run.info.run_id, 3, 5, None).status == "FINISHED"
        store.delete_run(run.info.run_id)
        store.restore_run(run.info.run_id)
        model = store.create_logged_model(experiment, "model", run.info.run_id)
        store.delete_logged_model(model.model_id)
        assert len(store.search_runs([experiment], "", ViewType.ACTIVE_ONLY)) == 1
