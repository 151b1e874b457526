"""Runs beside MLflow's SQLite store: the same calls have the same results and error codes."""

from __future__ import annotations

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from mlflow.exceptions import MlflowException, RestException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT


@pytest.fixture
def sqlite(tracking_file, tmp_path):
    """MLflow's own store, with an empty database."""
    return SqlAlchemyStore(tracking_file.uri, str(tmp_path / "artifacts"))


@pytest.fixture(params=["platform", "sqlite"])
def either(request):
    """Each of the stores."""
    return request.getfixturevalue({"platform": "store"}.get(request.param, request.param))


def error_code(call):
    """The error code of a call; None if it has none."""
    try:
        call()
    except MlflowException as problem:
        return problem.error_code
    return None


def new_run(store):
    return store.create_run("0", "", 0, [], "a run").info.run_id


# Nothing to log


@pytest.mark.parametrize(
    "log",
    [
        lambda store, run_id: store.log_batch(run_id, [], [], []),
        lambda store, run_id: store.log_inputs(run_id),
        lambda store, run_id: store.log_inputs(run_id, [], []),
        lambda store, run_id: store.log_outputs(run_id, []),
    ],
    ids=["log_batch", "log_inputs", "log_inputs, empty lists", "log_outputs"],
)
def test_nothing_is_logged_to_a_run_that_can_be_logged_to(either, log):
    run_id = new_run(either)
    assert error_code(lambda: log(either, run_id)) is None
    assert error_code(lambda: log(either, "f" * 32)) == "RESOURCE_DOES_NOT_EXIST"
    either.delete_run(run_id)
    assert error_code(lambda: log(either, run_id)) == "INVALID_PARAMETER_VALUE"


# Logged models


UNKNOWN = {
    "set_logged_model_tags": lambda s, m: s.set_logged_model_tags(m, [LoggedModelTag("a", "b")]),
    "set_logged_model_tags, of MLflow": lambda s, m: s.set_logged_model_tags(
        m, [LoggedModelTag("mlflow.modelVersions", "[]")]
    ),
    "set_logged_model_tags, none": lambda s, m: s.set_logged_model_tags(m, []),
    "set_model_versions_tags": lambda s, m: s.set_model_versions_tags("iris", "1", m),
    "delete_logged_model_tag": lambda s, m: s.delete_logged_model_tag(m, "a"),
    "log_logged_model_params": lambda s, m: s.log_logged_model_params(
        m, [LoggedModelParameter("a", "b")]
    ),
    "log_logged_model_params, none": lambda s, m: s.log_logged_model_params(m, []),
    "finalize_logged_model": lambda s, m: s.finalize_logged_model(m, LoggedModelStatus.READY),
    "delete_logged_model": lambda s, m: s.delete_logged_model(m),
    "get_logged_model": lambda s, m: s.get_logged_model(m),
}


@pytest.mark.parametrize("call", UNKNOWN)
def test_an_unknown_logged_model_does_not_exist_in_any_method(either, call):
    run_id = new_run(either)
    for model_id in ("m-0123", "m-'", f"m-{run_id}-01234567", f"m-{'f' * 32}-01234567"):
        assert error_code(lambda m=model_id: UNKNOWN[call](either, m)) == "RESOURCE_DOES_NOT_EXIST"


def test_an_unknown_logged_model_may_be_an_input_and_an_output(either):
    run_id = new_run(either)
    either.log_inputs(run_id, models=[LoggedModelInput("m-0123")])
    either.log_outputs(run_id, [LoggedModelOutput("m-4567", 3)])
    run = either.get_run(run_id)
    assert [model.model_id for model in run.inputs.model_inputs] == ["m-0123"]
    assert [(model.model_id, model.step) for model in run.outputs.model_outputs] == [("m-4567", 3)]


# Datasets


def dataset_input(number, context=None, **fields):
    values = {"source_type": "local", "source": "{}", **fields}
    tags = [InputTag(MLFLOW_DATASET_CONTEXT, context)] if context else []
    return DatasetInput(Dataset(f"dataset {number}", str(number), **values), tags)


def summaries(store, experiment_id="0"):
    return sorted(
        (
            (item.name, item.digest, item.context)
            for item in store._search_datasets([experiment_id])
        ),
        key=str,
    )


def test_the_datasets_of_all_runs_are_listed(either):
    for number in range(3):
        run_id = new_run(either)
        either.log_inputs(run_id, [dataset_input(number, "training"), dataset_input("same")])
    either.delete_run(run_id)
    assert summaries(either) == [
        *((f"dataset {number}", str(number), "training") for number in range(3)),
        ("dataset same", "same", None),
    ]


def test_the_dataset_of_an_old_run_is_listed(aidp, store):
    run_id = store.create_run("0", "", 1, [], "old").info.run_id
    store.log_inputs(run_id, [dataset_input("old")])
    for number in range(1000):
        details = {"experiment_id": "0", "start_time": 1000 + number}
        aidp.workspace().create_experiment_run(details, "user")
    assert summaries(store) == [("dataset old", "old", None)]


def test_a_thousand_datasets_are_listed(either):
    run_id = new_run(either)
    for start in (0, 600):
        either.log_inputs(run_id, [dataset_input(start + number) for number in range(600)])
    assert len(summaries(either)) == 1000


def test_a_long_profile_is_kept(either):
    run_id = new_run(either)
    profile = '{"ü": "' + "x" * 12_000_000 + '"}'
    either.log_inputs(run_id, [dataset_input(1, profile=profile)])
    (entry,) = either.get_run(run_id).inputs.dataset_inputs
    assert entry.dataset.profile == profile


@pytest.mark.parametrize(
    ("field", "longest"),
    [("digest", 36), ("source", 65_535), ("schema", 1_048_575), ("profile", 16_777_215)],
)
def test_a_text_of_a_dataset_that_is_too_long_is_refused(either, field, longest):
    run_id = new_run(either)
    dataset = dataset_input(1)
    setattr(dataset.dataset, f"_{field}", "x" * (longest + 1))
    with pytest.raises(MlflowException, match=str(longest)) as caught:
        either.log_inputs(run_id, [dataset])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert either.get_run(run_id).inputs.dataset_inputs == []


def test_a_dataset_that_is_too_long_is_not_sent(aidp, store):
    run_id = new_run(store)
    aidp.exchanges.clear()
    with pytest.raises(MlflowException, match="The profile of the dataset 'dataset 2' is 16777216"):
        store.log_inputs(run_id, [dataset_input(1), dataset_input(2, profile="x" * 16_777_216)])
    assert len(aidp.exchanges) == 0


def test_long_datasets_go_in_several_requests(aidp, store):
    run_id = new_run(store)
    aidp.exchanges.clear()
    profiles = [400_000, 400_000, 400_000, 3_000_000, 5, 5]
    store.log_inputs(
        run_id, [dataset_input(n, profile="x" * length) for n, length in enumerate(profiles)]
    )
    requests = [
        [item["dataset"]["digest"] for item in exchange.body["dataset_inputs"]]
        for exchange in aidp.exchanges
    ]
    assert requests == [["0", "1"], ["2"], ["3"], ["4", "5"]]
    assert len({exchange.headers["opc-retry-token"] for exchange in aidp.exchanges}) == 4
    assert len(store.get_run(run_id).inputs.dataset_inputs) == 6


def test_the_longest_dataset_is_named_if_the_platform_takes_no_request_of_that_length(aidp, store):
    run_id = new_run(store)
    aidp.faults.add("status", operation="log_experiment_run_inputs", status=413)
    with pytest.raises(RestException, match="'dataset 2' takes 70095 bytes") as caught:
        store.log_inputs(run_id, [dataset_input(1), dataset_input(2, profile="x" * 70_000)])
    assert (caught.value.status, caught.value.error_code) == (413, "BAD_REQUEST")
    assert "shorter profile" in caught.value.remedy
    assert caught.value.request_id


def test_another_refusal_of_datasets_is_what_it_is(aidp, store):
    run_id = new_run(store)
    aidp.faults.add("status", operation="log_experiment_run_inputs", status=403)
    with pytest.raises(RestException) as caught:
        store.log_inputs(run_id, [dataset_input(1)])
    assert "dataset" not in caught.value.message
