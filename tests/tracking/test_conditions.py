"""Conditions that the platform does not document are applied here, and never leave."""

from __future__ import annotations

import re

import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.conditions import SplitFilter, split_documented, split_single
from tests.support.versions import is_older_than

GATEWAY = "tags.`mlflow.experiment.isGateway` IS NULL"


def sent(aidp, name="filter"):
    """What the requests had in a field of their bodies."""
    return [exchange.body.get(name) for exchange in aidp.exchanges]


@pytest.fixture
def deep(tracking):
    """An experiment with five runs, three of which have a name that begins with deep."""
    experiment_id = tracking.create_experiment("trees")
    for number in range(5):
        name = f"{'shallow' if number % 2 else 'deep'} {number}"
        tracking.create_run(experiment_id, run_name=name, start_time=number + 1)
    return experiment_id


@pytest.mark.skipif(is_older_than("3.10"), reason="this MLflow has no IS NULL for experiments")
def test_the_condition_of_mlflows_page_on_experiments_stays_here(aidp, tracking):
    tracking.create_experiment("flowers", tags={"team": "ml"})
    tracking.create_experiment("gate", tags={"mlflow.experiment.isGateway": "true", "team": "ml"})
    aidp.exchanges.clear()
    names = [each.name for each in tracking.search_experiments(filter_string=GATEWAY)]
    assert names == ["flowers", "Default"]
    both = tracking.search_experiments(filter_string=f"tags.team = 'ml' AND {GATEWAY}")
    assert [each.name for each in both] == ["flowers"]
    assert sent(aidp) == [None, "tags.team = 'ml'"]


def test_pages_of_runs_that_are_chosen_here(aidp, store, deep):
    aidp.exchanges.clear()
    names, token = [], None
    while True:
        page = store.search_runs(
            [deep], "run_name LIKE 'deep%'", ViewType.ACTIVE_ONLY, 1, ["start_time"], token
        )
        names.append([run.info.run_name for run in page])
        token = page.token
        if not token:
            break
    assert names == [["deep 0"], ["deep 2"], ["deep 4"]]
    assert sent(aidp) == [None] * 3
    assert sent(aidp, "max_results") == [1000] * 3


def test_a_documented_condition_is_sent_beside_the_others(aidp, store, deep):
    aidp.exchanges.clear()
    condition = "params.depth != 'x' AND run_name LIKE 'deep%'"
    store.search_runs([deep], condition, ViewType.ACTIVE_ONLY, 10)
    assert sent(aidp) == ["params.depth != 'x'"]


def test_runs_that_mlflows_page_names_are_read_by_their_ids(aidp, store, tracking, deep):
    first, second = [run.info.run_id for run in tracking.search_runs([deep])][:2]
    other = tracking.create_run("0").info.run_id
    tracking.delete_run(second)
    aidp.exchanges.clear()
    condition = f"attributes.run_id IN ('{first}', '{second}', '{other}', 'a{'0' * 31}')"
    page = store.search_runs([deep], condition, ViewType.ACTIVE_ONLY, 10)
    assert [run.info.run_id for run in page] == [first]
    assert [exchange.operation for exchange in aidp.exchanges] == ["get_experiment_run_by_id"] * 4


@pytest.mark.parametrize("token", ["mlflow_oci_aidp.skip.x.", "mlflow_oci_aidp.skip.-1.abc"])
def test_a_token_of_another_form_is_refused(aidp, store, deep, token):
    aidp.exchanges.clear()
    with pytest.raises(MlflowException, match="is not one of this search") as caught:
        store.search_runs([deep], "run_name LIKE 'd%'", ViewType.ACTIVE_ONLY, 1, [], token)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize(
    ("rpc", "text", "split"),
    [
        ("SearchRuns", None, SplitFilter(None)),
        ("SearchRuns", "metrics.a > 1", SplitFilter("metrics.a > 1")),
        ("SearchRuns", "no filter", SplitFilter("no filter")),
        ("SearchRuns", "params.a ILIKE 'x'", SplitFilter(None, "params.a ILIKE 'x'")),
        (
            "SearchExperiments",
            "creation_time > 5 AND name LIKE 'a AND b'",
            SplitFilter("name LIKE 'a AND b'", "creation_time > 5"),
        ),
    ],
)
def test_what_is_sent_of_several_conditions(rpc, text, split):
    assert split_documented(rpc, text) == split


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("tags.a = 'b'", SplitFilter("tags.a = 'b'")),
        ("tags.a = 'b' AND name = 'c'", SplitFilter("name = 'c'", "tags.a = 'b'")),
        ("tags.a = 'b' AND tags.c = 'd'", SplitFilter("tags.a = 'b'", "tags.c = 'd'")),
        ('name ILIKE "%o\'neil%"', SplitFilter(None, 'name ILIKE "%o\'neil%"')),
        (
            "name ILIKE \"%o'neil%\" AND tags.a = 'b'",
            SplitFilter("tags.a = 'b'", 'name ILIKE "%o\'neil%"'),
        ),
        ("name = 'a' OR name = 'b'", SplitFilter("name = 'a' OR name = 'b'")),
        ("name = 'a' AND nonsense", SplitFilter("name = 'a' AND nonsense")),
    ],
)
def test_one_condition_on_models_is_sent(text, split):
    assert split_single("SearchRegisteredModels", text) == split


@pytest.mark.parametrize(
    ("method", "filter_string"),
    [
        ("list_experiments", "creation_time > 5"),
        ("list_experiments", "experiment_id IN ('1')"),
        ("list_experiment_runs", "params.a LIKE 'x'"),
        ("list_experiment_runs", "attributes.run_id IN ('x')"),
    ],
)
def test_the_emulator_refuses_operators_that_are_not_documented(aidp, sdk, method, filter_string):
    models = pytest.importorskip("aidp_python_client.aidataplatform_dp.models")
    oci = pytest.importorskip("oci")
    name = {"list_experiments": "ListExperimentsDetails"}.get(method, "ListExperimentRunsDetails")
    details = getattr(models, name)(filter=filter_string)
    if method == "list_experiment_runs":
        details.experiment_ids = ["0"]
    workspace = aidp.workspace_key
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        getattr(sdk, method)(aidp.ai_data_platform_id, workspace, details)
    assert caught.value.status == 400
    assert re.search("Supported operators|Invalid attribute key", caught.value.message)
