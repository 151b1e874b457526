"""Lists of several pages, some of them empty, as the platform may answer them."""

from __future__ import annotations

import json

import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

#: An empty page, but not the last one.
EMPTY = {"next_page_token": "t"}

#: A run that stores a logged model, and a logged model that the platform lists by itself.
RUN = {
    "info": {"run_id": "0123", "experiment_id": "0"},
    "data": {
        "tags": [
            {"key": "mlflow_oci_aidp.logged_models", "value": "true"},
            {
                "key": "mlflow_oci_aidp.logged_model.01234567",
                "value": '{"name":"model","folder":"model.01234567","created":7}',
            },
        ]
    },
}
MODEL = {"info": {"model_id": "m-theirs", "experiment_id": "0", "name": "theirs"}}

#: More answers than any list here has pages: a client that goes round in circles meets their end.
MANY = 30


@pytest.fixture
def answers(aidp):
    """Have the emulator answer the next calls of an operation with these bodies."""

    def plan(operation, *bodies):
        for body in bodies:
            aidp.faults.add("body", operation=operation, body=json.dumps(body).encode())

    return plan


def test_an_empty_page_of_runs_hands_out_its_token(store, answers):
    answers("list_experiment_runs", {"runs": [], "next_page_token": "t"})
    page = store.search_runs(["0"], "", ViewType.ACTIVE_ONLY)
    assert (list(page), page.token) == ([], "t")


def test_an_empty_page_of_experiments_hands_out_its_token(store, answers):
    answers("list_experiments", {"next_page_token": "t"})
    assert store.search_experiments().token == "t"


def test_an_empty_page_of_a_metric_hands_out_its_token(store, answers):
    answers("get_experiment_run_metric_history", {"next_page_token": "t"})
    assert store.get_metric_history("0123", "loss", max_results=7).token == "t"


def test_a_list_without_a_body_is_empty(aidp, store):
    aidp.faults.add("body", operation="list_experiment_runs", body=b"")
    page = store.search_runs(["0"], "", ViewType.ACTIVE_ONLY)
    assert (list(page), page.token) == ([], None)


def test_a_history_goes_on_after_an_empty_page(store, answers):
    metric = {"key": "loss", "value": 1, "timestamp": 7, "step": 3}
    answers("get_experiment_run_metric_history", EMPTY, {"metrics": [metric]})
    history = store.get_metric_history("0123", "loss")
    assert ([metric.value for metric in history], history.token) == ([1], None)


def test_a_history_goes_on_where_it_is_told_to(aidp, store, answers):
    answers("get_experiment_run_metric_history", {"next_page_token": "second"}, {"metrics": []})
    store.get_metric_history("0123", "loss", page_token="first")
    assert [exchange.query["page_token"] for exchange in aidp.exchanges] == ["first", "second"]


def test_the_list_of_artifacts_goes_on_after_an_empty_page(store, answers):
    file = {"path": "notes.txt", "is_dir": False}
    answers(
        "list_artifacts",
        {"next_page_token": "a"},
        {"files": [], "next_page_token": "b"},
        {"files": [file]},
    )
    assert [file.path for file in store.list_artifacts("0123")] == ["notes.txt"]


def test_the_search_for_logged_models_goes_on_after_an_empty_page(store, answers):
    answers("list_experiment_runs", EMPTY, {"runs": [RUN]})
    answers("list_logged_models", EMPTY, {"models": [MODEL]})
    assert {model.model_id for model in store.search_logged_models(["0"])} == {
        "m-0123-01234567",
        "m-theirs",
    }


def test_a_logged_model_of_the_platform_may_be_on_the_page_after_an_empty_one(store, answers):
    answers("list_logged_models", EMPTY, {"models": [MODEL]})
    assert store.get_logged_model("m-theirs").name == "theirs"


def test_mlflow_gc_goes_on_after_an_empty_page(store, answers):
    answers("list_experiments", EMPTY, {"experiments": [{"experiment_id": "7", "name": "flowers"}]})
    answers(
        "list_experiment_runs",
        EMPTY,
        {"runs": [RUN, {"info": {"run_id": "4567", "experiment_id": "7"}}]},
    )
    assert store._get_deleted_runs() == ["4567"]


def test_the_list_of_datasets_goes_on_after_an_empty_page(store, answers):
    dataset = {"dataset": {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}}
    answers(
        "list_experiment_runs", EMPTY, {"runs": [{**RUN, "inputs": {"dataset_inputs": [dataset]}}]}
    )
    assert [summary.name for summary in store._search_datasets(["0"])] == ["iris"]


@pytest.mark.parametrize("operation", ["list_experiments", "list_experiment_runs"])
@pytest.mark.parametrize("tokens", ["a", "ab", "abc"])
def test_tokens_in_a_circle_end_mlflow_gc(store, answers, operation, tokens):
    answers(operation, *[{"next_page_token": token} for token in tokens * MANY])
    assert_refused(store._get_deleted_runs)


@pytest.mark.parametrize("tokens", ["a", "ab", "abc"])
@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("list_artifacts", lambda store: store.list_artifacts("0123")),
        (
            "get_experiment_run_metric_history",
            lambda store: store.get_metric_history("0123", "loss"),
        ),
        ("list_experiment_runs", lambda store: store.search_logged_models(["0"])),
        ("list_logged_models", lambda store: store.search_logged_models(["0"])),
        ("list_logged_models", lambda store: store.get_logged_model("m-theirs")),
    ],
)
def test_tokens_in_a_circle_are_an_error(store, answers, operation, call, tokens):
    answers(operation, *[{"next_page_token": token} for token in tokens * MANY])
    assert_refused(lambda: call(store))


def test_a_page_that_names_itself_as_the_next_is_an_error(store, answers):
    answers("list_experiment_runs", {"next_page_token": "t"})
    assert_refused(lambda: store.search_runs(["0"], "", ViewType.ACTIVE_ONLY, page_token="t"))


def assert_refused(call):
    with pytest.raises(MlflowException, match="page token that it had given before") as caught:
        call()
    assert caught.value.error_code == "INTERNAL_ERROR"
