"""Tracking: experiments, runs, parameters, metrics, batches, inputs."""

from __future__ import annotations

import math

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    ExperimentTag,
    InputTag,
    Metric,
    Param,
    RunTag,
    ViewType,
)

from tests.differential.population import ODD_KEYS
from tests.differential.sides import Recorder
from tests.support.versions import is_older_than


def experiments(mlflow: Recorder) -> None:
    flowers = mlflow.create_experiment("flowers", tags={"team": "ml"})
    mlflow.create_experiment("flowers")
    mlflow.create_experiment("wine", artifact_location="oci://bucket@namespace/wine")
    mlflow.get_experiment(flowers)
    mlflow.get_experiment_by_name("flowers")
    mlflow.get_experiment_by_name("nothing")
    mlflow.rename_experiment(flowers, "plants")
    mlflow.rename_experiment(flowers, "plants")
    with mlflow.differs("renaming an experiment to a name that is taken"):
        mlflow.rename_experiment(flowers, "wine")
    mlflow.rename_experiment(flowers, "")
    mlflow.rename_experiment(flowers, None)
    mlflow.rename_experiment("999", "x")
    mlflow.set_experiment_tag(flowers, "team", "data")
    mlflow.set_experiment_tag(flowers, "empty", "")
    mlflow.set_experiment_tag(flowers, "number", 5)
    mlflow.set_experiment_tag("999", "a", "b")
    mlflow.delete_experiment_tag(flowers, "team")
    mlflow.delete_experiment_tag(flowers, "nothing")
    mlflow.delete_experiment_tag("999", "nothing")
    mlflow.get_experiment(flowers)
    mlflow.delete_experiment(flowers)
    mlflow.delete_experiment(flowers)
    mlflow.get_experiment(flowers)
    mlflow.get_experiment_by_name("plants")
    mlflow.create_experiment("plants")
    if is_older_than("3.18"):
        mlflow.rename_experiment(flowers, "trees")
    else:
        with mlflow.differs("renaming an experiment that was deleted"):
            mlflow.rename_experiment(flowers, "trees")
    mlflow.set_experiment_tag(flowers, "a", "b")
    mlflow.delete_experiment_tag(flowers, "empty")
    mlflow.create_run(flowers)
    mlflow.search_experiments()
    mlflow.search_experiments(ViewType.DELETED_ONLY)
    mlflow.search_experiments(ViewType.ALL)
    mlflow.restore_experiment(flowers)
    mlflow.restore_experiment(flowers)
    mlflow.restore_experiment("999")
    mlflow.get_experiment(flowers)
    mlflow.delete_experiment("999")
    mlflow.get_experiment("999")
    if not is_older_than("3.17"):
        with mlflow.differs("the id of an experiment that is no number"):
            mlflow.get_experiment("x")
    mlflow.get_experiment("")
    if not is_older_than("3.17"):
        mlflow.get_experiment(None)
    mlflow.tracking.get_experiment(int(flowers or 0))


def names_of_experiments(mlflow: Recorder) -> None:
    names = (
        "",
        " ",
        None,
        "x" * 500,
        "x" * 501,
        "x" * 1000,
        "a/b",
        "a:b",
        "a\tb",
        "\N{CHERRY BLOSSOM}",
    )
    for name in names:
        mlflow.create_experiment(name)
        mlflow.tracking.create_experiment(name)
        mlflow.get_experiment_by_name(name)
    mlflow.tracking.create_experiment("tagged", tags=[ExperimentTag("a", "b")])
    made = mlflow.create_experiment("keys")
    for key in ("", " ", "a b", "a/b", "a:b", "a#b", "/a", "a/../b", "x" * 250, "x" * 251, None):
        mlflow.set_experiment_tag(made, key, "v")
        mlflow.create_experiment(f"with {key}", tags={key: "v"})
        mlflow.delete_experiment_tag(made, key)
    for value in (None, 5, "", True, 1.5, "x" * 5000, "x" * 5001, "x" * 20_000):
        mlflow.set_experiment_tag(made, "k", value)
        mlflow.get_experiment(made)


def locations_of_experiments(mlflow: Recorder) -> None:
    for number, location in enumerate(
        (
            *("", "s3://bucket/a b", "s3://bucket/a#b", "s3://bucket/a;b", "s3://bucket/a?b=c"),
            *("/tmp/x", "file:///tmp/x", "s3://bucket/../x", "x://y", "oci://bucket@namespace/a"),
        )
    ):
        if made := mlflow.create_experiment(f"e{number}", artifact_location=location):
            mlflow.get_experiment(made)


def relative_locations(mlflow: Recorder) -> None:
    with mlflow.differs("a relative artifact location"):
        mlflow.create_experiment("a", artifact_location="relative")
        mlflow.create_experiment("b", artifact_location="./relative")


def runs(mlflow: Recorder) -> None:
    flowers = mlflow.create_experiment("flowers")
    run = mlflow.create_run(flowers, start_time=5, tags={"a": "b"}, run_name="first")
    run_id = run.info.run_id if run else ""
    mlflow.get_run(run_id)
    mlflow.create_run(flowers, start_time=6, tags={"mlflow.runName": "by tag"})
    mlflow.create_run(flowers, start_time=7, tags={"mlflow.runName": "by tag"}, run_name="by tag")
    mlflow.create_run(flowers, start_time=8, tags={"mlflow.runName": "by tag"}, run_name="another")
    mlflow.create_run(flowers, tags={"mlflow.user": "me"}, run_name="with a user")
    mlflow.update_run(run_id, status="FINISHED")
    mlflow.update_run(run_id, name="second")
    mlflow.update_run(run_id, status="KILLED", name="third")
    mlflow.update_run(run_id)
    mlflow.update_run(run_id, status="nonsense")
    mlflow.update_run(run_id, name="")
    mlflow.get_run(run_id)
    mlflow.set_terminated(run_id)
    mlflow.set_terminated(run_id, "FAILED", end_time=9)
    mlflow.get_run(run_id)
    mlflow.set_tag(run_id, "mlflow.runName", "fourth")
    mlflow.get_run(run_id)
    mlflow.delete_tag(run_id, "mlflow.runName")
    mlflow.get_run(run_id)
    mlflow.set_tag(run_id, "a", "c")
    mlflow.set_tag(run_id, "n", 5)
    mlflow.set_tag(run_id, "none", None)
    mlflow.set_tag(run_id, "empty", "")
    mlflow.set_tag(run_id, "e" * 251, "")
    mlflow.delete_tag(run_id, "a")
    mlflow.delete_tag(run_id, "a")
    mlflow.get_run(run_id)
    mlflow.tracking.update_run_info(run_id, None, None, None)
    mlflow.tracking.create_run(flowers, "me", 4, [RunTag("x", "y")], "by the store")
    mlflow.tracking.create_run(flowers, "me", 4, [], "x" * 300)
    with mlflow.differs("the user of a run"):
        mlflow.tracking.create_run(flowers, "me", 4, [RunTag("x", "y")], "by the store")
    for unknown in ("nothing", "0" * 32, "", None, "a/b"):
        mlflow.get_run(unknown)
        mlflow.update_run(unknown, status="FINISHED")
        mlflow.set_tag(unknown, "a", "b")
        mlflow.delete_tag(unknown, "a")
        mlflow.log_metric(unknown, "a", 1)
        mlflow.log_param(unknown, "a", 1)
        mlflow.log_batch(unknown, [], [], [RunTag("a", "b")])
        mlflow.delete_run(unknown)
        mlflow.restore_run(unknown)
    with mlflow.differs("the history of a metric of a run that is not there"):
        mlflow.get_metric_history("0" * 32, "a")
    mlflow.create_run("999", run_name="x")
    if not is_older_than("3.17"):
        mlflow.create_run(None, run_name="x")
    if not is_older_than("3.17"):
        with mlflow.differs("the id of an experiment that is no number"):
            mlflow.create_run("x", run_name="x")


def nothing_to_log(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    deleted = mlflow.create_run(mlflow.create_experiment("wine"), run_name="second").info.run_id
    mlflow.delete_run(deleted)
    for run_id in (run.info.run_id, deleted, "0" * 32, "", None):
        mlflow.log_batch(run_id)
        mlflow.tracking.log_batch(run_id, [], [], [])
        mlflow.log_inputs(run_id, [])
        mlflow.log_inputs(run_id)
        if run_id:  # MLflow's server refuses an empty id before its store sees it.
            mlflow.sql.log_outputs(run_id, [])


def deleted_runs(mlflow: Recorder) -> None:
    flowers = mlflow.create_experiment("flowers")
    run = mlflow.create_run(flowers, run_name="first")
    run_id = run.info.run_id if run else ""
    mlflow.log_metric(run_id, "a", 1, 1)
    mlflow.delete_run(run_id)
    mlflow.delete_run(run_id)
    mlflow.get_run(run_id)
    mlflow.get_metric_history(run_id, "a")
    mlflow.update_run(run_id, status="FINISHED")
    mlflow.update_run(run_id, name="x")
    mlflow.set_tag(run_id, "a", "b")
    mlflow.delete_tag(run_id, "a")
    mlflow.log_metric(run_id, "a", 1)
    mlflow.log_param(run_id, "a", 1)
    mlflow.log_batch(run_id, [Metric("a", 2, 1, 1)], [], [])
    mlflow.log_inputs(run_id, [DatasetInput(Dataset("d", "1", "t", "s"), [])])
    mlflow.search_runs([flowers])
    mlflow.search_runs([flowers], run_view_type=ViewType.DELETED_ONLY)
    mlflow.search_runs([flowers], run_view_type=ViewType.ALL)
    mlflow.restore_run(run_id)
    mlflow.restore_run(run_id)
    mlflow.get_run(run_id)
    mlflow.delete_experiment(flowers)
    mlflow.get_run(run_id)
    mlflow.search_runs([flowers])
    mlflow.search_runs([flowers], run_view_type=ViewType.DELETED_ONLY)
    mlflow.restore_run(run_id)
    mlflow.restore_experiment(flowers)
    mlflow.get_run(run_id)


def params(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    run_id = run.info.run_id if run else ""
    mlflow.log_param(run_id, "depth", 3)
    mlflow.log_param(run_id, "depth", 3)
    mlflow.log_param(run_id, "depth", "3")
    mlflow.log_param(run_id, "depth", 4)
    mlflow.log_param(run_id, "empty", "")
    mlflow.log_param(run_id, "empty", "")
    mlflow.log_param(run_id, "none", None)
    mlflow.log_param(run_id, "true", True)
    mlflow.log_param(run_id, "list", [1, 2])
    for key in (*ODD_KEYS, "/a", "a/../b", 5, "a\tb", ".", "a//b"):
        mlflow.log_param(run_id, key, "v")
        mlflow.log_metric(run_id, key, 1, timestamp=1)
        mlflow.set_tag(run_id, key, "v")
        mlflow.log_batch(run_id, [], [Param(key, "w")], [])
    for number, length in enumerate((500, 501, 6000, 6001, 8001)):
        mlflow.log_param(run_id, f"long {number}", "x" * length)
        mlflow.set_tag(run_id, f"long {number}", "x" * length)
    mlflow.get_run(run_id)


def metrics(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    run_id = run.info.run_id if run else ""
    mlflow.log_metric(run_id, "a", 1, timestamp=5, step=2)
    mlflow.log_metric(run_id, "a", 3, timestamp=5, step=1)
    mlflow.log_metric(run_id, "a", 2, timestamp=4, step=2)
    mlflow.log_metric(run_id, "a", 2, timestamp=4, step=2)
    mlflow.log_metric(run_id, "a", 0.1, timestamp=4, step=-1)
    mlflow.log_metric(run_id, "large", 1.7976931348623157e308, timestamp=4)
    mlflow.log_metric(run_id, "small", 5e-324, timestamp=4)
    mlflow.log_metric(run_id, "nan", math.nan, timestamp=4)
    mlflow.log_metric(run_id, "text", "x", timestamp=4)
    mlflow.log_metric(run_id, "number as text", "1.5", timestamp=4)
    mlflow.log_metric(run_id, "none", None, timestamp=4)
    mlflow.log_metric(run_id, "true", True, timestamp=4)
    mlflow.log_metric(run_id, "step", 1, timestamp=4, step="x")
    mlflow.log_metric(run_id, "step", 1, timestamp=4, step=1.5)
    mlflow.log_metric(run_id, "time", 1, timestamp="x")
    mlflow.log_metric(run_id, "time", 1, timestamp=-1)
    mlflow.log_metric(run_id, "time", 1, timestamp=1.5)
    mlflow.log_metric(run_id, "step", 1, timestamp=4, step=2**63 - 1)
    mlflow.log_metric(run_id, "step", 1, timestamp=4, step=2**63)
    mlflow.get_run(run_id)
    for key in ("a", "nan", "nothing", "step", "large", "small", "true", "number as text"):
        mlflow.get_metric_history(run_id, key)
    with mlflow.differs("the run of a metric in a history"):
        mlflow.get_metric_history(run_id, "a")


def pages_of_a_history(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    run_id = run.info.run_id
    for step in range(4):
        mlflow.log_metric(run_id, "a", step / 2, timestamp=5 + step % 2, step=step)
    for size in (1, 2, 10):
        mlflow.tracking.get_metric_history(run_id, "a", max_results=size)
    mlflow.tracking.get_metric_history(run_id, "a", max_results=1, page_token="nonsense")
    page = mlflow.tracking.get_metric_history(run_id, "a", max_results=2)
    token = page.token if page else None
    mlflow.tracking.get_metric_history(run_id, "a", max_results=2, page_token=token)


def pages_of_a_history_without_a_size(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    mlflow.log_metric(run.info.run_id, "a", 1, timestamp=5)
    for size in (0, None):
        mlflow.tracking.get_metric_history(run.info.run_id, "a", max_results=size)


def infinite_metrics(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    run_id = run.info.run_id if run else ""
    mlflow.log_metric(run_id, "inf", math.inf, timestamp=4)
    mlflow.log_metric(run_id, "-inf", -math.inf, timestamp=4)
    mlflow.get_run(run_id)
    mlflow.get_metric_history(run_id, "inf")
    mlflow.get_metric_history(run_id, "-inf")


def batches(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    run_id = run.info.run_id if run else ""
    mlflow.log_batch(
        run_id,
        [Metric("a", 1.0, 1, 1), Metric("a", 2.0, 2, 2)],
        [Param("p", "1")],
        [RunTag("t", "1")],
    )
    mlflow.log_batch(
        run_id,
        [Metric("a", 1.0, 1, 1), Metric("a", 1.0, 1, 1)],
        [Param("p", "1")],
        [RunTag("t", "2")],
    )
    mlflow.log_batch(run_id, [], [Param("p", "2")], [])
    mlflow.log_batch(run_id, [], [Param("q", "2"), Param("q", "3")], [])
    mlflow.log_batch(run_id, [], [Param("q", "2"), Param("q", "2")], [])
    mlflow.log_batch(run_id, [], [], [RunTag("t", "3"), RunTag("t", "4")])
    mlflow.log_batch(run_id, [Metric("b", 1.0, 1, 1)], [Param("p", "changed")], [RunTag("u", "1")])
    mlflow.get_run(run_id)
    mlflow.log_batch(run_id, [Metric("", 1.0, 1, 1)], [], [])
    mlflow.log_batch(run_id, [Metric("x", "y", 1, 1)], [], [])
    mlflow.log_batch(run_id, [Metric("x", None, 1, 1)], [], [])
    mlflow.log_batch(run_id, [Metric("x", 1.0, None, 1)], [], [])
    mlflow.log_batch(run_id, [Metric("x", 1.0, 1, None)], [], [])
    mlflow.log_batch(run_id, [], [Param("x", "y" * 6001)], [])
    mlflow.log_batch(run_id, [], [], [RunTag("x" * 251, "y")])
    mlflow.log_batch(run_id, [], [], [RunTag("mlflow.runName", "renamed")])
    mlflow.get_run(run_id)
    mlflow.get_metric_history(run_id, "a")
    mlflow.tracking.log_batch(run_id, [Metric("m", float(n), n, n) for n in range(1000)], [], [])
    mlflow.get_metric_history(run_id, "m")
    mlflow.tracking.log_batch(run_id, [], [Param(f"p{n}", str(n)) for n in range(100)], [])
    mlflow.tracking.log_batch(run_id, [], [], [RunTag(f"t{n}", str(n)) for n in range(100)])
    mlflow.get_run(run_id)


def limits_of_batches(mlflow: Recorder) -> None:
    run = mlflow.create_run(mlflow.create_experiment("flowers"), run_name="first")
    run_id = run.info.run_id
    with mlflow.differs("a batch that is longer than MLflow's limits"):
        mlflow.tracking.log_batch(run_id, [Metric("m", 1.0, n, n) for n in range(1001)], [], [])
        mlflow.tracking.log_batch(run_id, [], [Param(f"p{n}", "x") for n in range(101)], [])
        mlflow.tracking.log_batch(run_id, [], [], [RunTag(f"t{n}", "x") for n in range(101)])
    with mlflow.differs("tags of runs that begin with `mlflow_oci_aidp.`"):
        mlflow.set_tag(run_id, "mlflow_oci_aidp.a", "b")
        mlflow.delete_tag(run_id, "mlflow_oci_aidp.a")
        mlflow.log_batch(run_id, [], [], [RunTag("mlflow_oci_aidp.a", "b")])


def what_the_platform_lacks(mlflow: Recorder) -> None:
    flowers = mlflow.create_experiment("flowers")
    with mlflow.differs("traces, evaluation datasets, scorers and what else is `NOT_IMPLEMENTED`"):
        mlflow.tracking.delete_traces(flowers, max_timestamp_millis=1)
    mlflow.tracking.search_traces(experiment_ids=[flowers])


def inputs(mlflow: Recorder) -> None:
    flowers = mlflow.create_experiment("flowers")
    run = mlflow.create_run(flowers, run_name="first")
    run_id = run.info.run_id if run else ""
    data = Dataset("train", "digest", "local", '{"uri": "x"}', schema="{}", profile="{}")
    mlflow.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    mlflow.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    mlflow.log_inputs(run_id, [DatasetInput(Dataset("test", "digest", "local", "x"), [])])
    mlflow.log_inputs(run_id)
    mlflow.log_inputs(run_id, [])
    mlflow.get_run(run_id)
    for name, digest, kind, source in (
        ("", "d", "t", "s"),
        ("n", "", "t", "s"),
        ("n", "d", "", "s"),
        ("n", "d", "t", ""),
        ("x" * 501, "d", "t", "s"),
        ("n", "d" * 37, "t", "s"),
        (None, "d", "t", "s"),
        ("n", None, "t", "s"),
    ):
        mlflow.log_inputs(run_id, [DatasetInput(Dataset(name, digest, kind, source), [])])
    for key, value in (("", "v"), ("x" * 256, "v"), ("k", ""), ("k", "x" * 501)):
        mlflow.log_inputs(run_id, [DatasetInput(data, [InputTag(key, value)])])
    mlflow.get_run(run_id)
    mlflow.search_runs([flowers], "dataset.name = 'train'")
    mlflow.search_runs([flowers], "dataset.digest = 'nothing'")
    mlflow.search_runs([flowers], "dataset.context = 'training'")


#: MLflow 3.1 reads a history in one page.
PAGES = pytest.mark.skipif(is_older_than("3.17"), reason="there are no pages")
CASES = [
    *(relative_locations, nothing_to_log),
    *(experiments, names_of_experiments, locations_of_experiments),
    *(runs, deleted_runs, params, metrics, infinite_metrics),
    pytest.param(pages_of_a_history, marks=PAGES),
    pytest.param(pages_of_a_history_without_a_size, marks=PAGES),
    *(batches, limits_of_batches, inputs, what_the_platform_lacks),
]


@pytest.mark.parametrize("calls", CASES, ids=lambda calls: calls.__name__)
def test_tracking_is_mlflows(same, calls):
    same(calls)
