"""Searches: generated filters, orders and pages find the same in the same order."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlflow.entities import ViewType

from tests.differential.population import PROMPT_TAG, populate
from tests.differential.sides import Recorder, aidp_side, compare, stock_side
from tests.support.bounded import bounded
from tests.support.versions import is_older_than


@pytest.fixture(scope="module")
def populated(stock_server, differential_emulator):
    """Both sides with something to find; the ids of their experiments."""
    stock_server.reset()
    differential_emulator.reset()
    recorders = [Recorder(stock_side(stock_server)), Recorder(aidp_side(differential_emulator))]
    for recorder in recorders:
        populate(recorder)
    compare(*(recorder.steps for recorder in recorders))


@pytest.fixture
def same(populated, stock_server, differential_emulator):
    """Run the same calls on both sides and compare what came of each."""
    sides = stock_side(stock_server), aidp_side(differential_emulator)

    def run(calls) -> None:
        recorders = [Recorder(side) for side in sides]
        for recorder in recorders:
            calls(recorder)
        compare(*(recorder.steps for recorder in recorders))

    return run


def conditions(*strategies) -> st.SearchStrategy[str]:
    """One to three conditions, joined as MLflow allows."""
    return st.lists(st.one_of(*strategies), min_size=1, max_size=3).map(" AND ".join)


def condition(keys, operators, values) -> st.SearchStrategy[str]:
    return st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(keys),
        st.sampled_from([" ", "  "]),
        st.sampled_from(operators),
        st.sampled_from([" ", "  "]),
        st.sampled_from(values),
    )


def orders(columns) -> st.SearchStrategy[list[str]]:
    clause = st.builds(
        "{}{}".format, st.sampled_from(columns), st.sampled_from(["", " ASC", " DESC", " asc"])
    )
    return st.lists(clause, max_size=2, unique_by=lambda text: text.split()[0])


#: MLflow 3.1 finds a logged model once for each value of a metric, has no datasets in a search, and
#: knows operators in capital letters alone.
OLD = is_older_than("3.17")
EQUAL = ["=", "!="]
LIKE = ["LIKE", "ILIKE"] if OLD else ["LIKE", "ILIKE", "like"]
NUMBERS = ["<", "<=", ">", ">=", "=", "!="]


def pages(search, mlflow: Recorder, size: int | None) -> None:
    """Read all pages of a search; at most three of them."""
    token = None
    for _ in range(3):
        page = search(mlflow, size, token)
        token = page.token if page is not None else None
        if not token:
            return


NAMES = [
    "'main.default.iris'",
    "'iris'",
    "'Main%'",
    "'main%'",
    "'%iris'",
    "'main.%._r%'",
    "'%x_y'",
    "'50%'",
    "''",
]
MODELS = conditions(
    condition(["name", "attribute.name", "`name`"], EQUAL + LIKE, NAMES),
    condition(
        ["tags.team", "tag.team", "tags.`a b`", 'tags."a b"', "tags.nothing"],
        EQUAL + LIKE,
        ["'ml'", "'M%'", "'x'"],
    ),
    st.sampled_from(["name IN ('main.default.iris', 'x')", "name NOT IN ('main.default.iris')"]),
)
PROMPTS = condition(
    [f"tags.`{PROMPT_TAG}`", f"tag.{PROMPT_TAG}", f'tags."{PROMPT_TAG}"'],
    EQUAL + LIKE,
    ["'true'", '"true"', "'True'", "'false'", "'x'"],
)


def joined(first: str, second: str, swapped: bool) -> str:
    return " AND ".join([second, first] if swapped else [first, second])


@bounded
@given(
    filter_string=st.one_of(
        st.none(), st.just(""), MODELS, PROMPTS, st.builds(joined, MODELS, PROMPTS, st.booleans())
    ),
    order=orders(["name", "timestamp", "last_updated_timestamp", "creation_timestamp"]),
)
@example(filter_string="name LIKE 'iris'", order=[])
@example(filter_string="name LIKE '%iris'", order=[])
@example(filter_string="name LIKE 'default%'", order=[])
@example(filter_string="nonsense", order=[])
@example(filter_string="name = 'a' OR name = 'b'", order=[])
@example(filter_string="name > 'a'", order=[])
@example(filter_string="color = 'red'", order=[])
@example(filter_string="params.x = 'red'", order=[])
@example(filter_string="name = 5", order=[])
@example(filter_string=None, order=["color"])
@example(filter_string=None, order=["name", "name DESC"])
@example(filter_string=None, order=["name SIDEWAYS"])
def test_registered_models(same, filter_string, order):
    same(lambda mlflow: mlflow.registry.search_registered_models(filter_string, None, order, None))


VERSIONS = conditions(
    condition(["name"], EQUAL + LIKE, NAMES),
    condition(["run_id"], ["="], [f"'{'0' * 32}'", "'x'"]),
    condition(["source_path"], EQUAL + LIKE, ["'s3://bucket/1'", "'s3%'"]),
    condition(["version_number"], NUMBERS, ["1", "2", "'1'"]),
    condition(["tags.best", "tag.best"], EQUAL + LIKE, ["'yes'", "'Y%'"]),
    st.sampled_from([f"run_id IN ('{'0' * 32}', 'x')", "name IN ('main.default.iris')"]),
)


@bounded
@given(
    filter_string=st.one_of(
        st.none(), VERSIONS, PROMPTS, st.builds(joined, VERSIONS, PROMPTS, st.booleans())
    ),
    order=orders(["name", "version_number", "last_updated_timestamp", "creation_timestamp"]),
)
@example(filter_string="nonsense", order=[])
@example(filter_string="version_number = 'x'", order=[])
@example(filter_string="color = 'x'", order=[])
def test_model_versions(same, filter_string, order):
    whole = [
        *order,
        *(
            clause
            for clause in ("name", "version_number DESC")
            if clause.split()[0] not in " ".join(order)
        ),
    ]
    same(lambda mlflow: mlflow.registry.search_model_versions(filter_string, None, whole, None))


RUNS = conditions(
    condition(
        ["metrics.loss", "metric.loss", "metrics.`a/b`", "metrics.nothing"],
        NUMBERS,
        ["0.1", "0", "-2", "1e3"],
    ),
    condition(
        ["params.depth", "param.depth", "params.kind", "params.nothing"],
        EQUAL + LIKE,
        ["'1'", "'tree'", "'n%'", '"Net"'],
    ),
    condition(
        ["tags.team", "tag.team", "tags.`only.1`", "tags.nothing"],
        EQUAL + LIKE,
        ["'ml'", "'d%'", "'x'"],
    ),
    condition(
        ["attributes.run_name", "run_name", "`run name`", "attributes.status", "status"],
        EQUAL + LIKE,
        ["'run 1'", "'RUN%'", "'FINISHED'", "'RUNNING'"],
    ),
    condition(["start_time", "attributes.end_time", "created"], NUMBERS, ["1001", "2000"]),
    condition(
        ["dataset.name", "datasets.digest", "dataset.context"],
        EQUAL + LIKE,
        ["'train'", "'d1'", "'c'"],
    ),
    st.sampled_from(
        [
            "tags.team IS NULL",
            "params.kind IS NOT NULL",
            "run_id IN ('x')",
            "dataset.name IN ('train', 'x')",
        ]
    ),
)


@bounded
@given(
    filter_string=st.one_of(st.none(), RUNS),
    order=orders(
        [
            "metrics.loss",
            "params.depth",
            "tags.team",
            "start_time",
            "attributes.run_name",
            "metrics.nothing",
            "end_time",
        ]
    ),
    view=st.sampled_from([ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL]),
    size=st.sampled_from([1, 2, 100]),
)
@example(filter_string="nonsense", order=[], view=ViewType.ALL, size=10)
@example(filter_string="metrics.loss = 'x'", order=[], view=ViewType.ALL, size=10)
@example(filter_string="params.depth = 1", order=[], view=ViewType.ALL, size=10)
@example(filter_string="params.depth > '1'", order=[], view=ViewType.ALL, size=10)
@example(filter_string="color = 'red'", order=[], view=ViewType.ALL, size=10)
@example(filter_string="metrics.loss > 0 OR metrics.loss < 1", order=[], view=ViewType.ALL, size=10)
@example(filter_string=None, order=["color"], view=ViewType.ALL, size=10)
@example(filter_string=None, order=["metrics.loss SIDEWAYS"], view=ViewType.ALL, size=10)
@example(filter_string=None, order=[], view=ViewType.ALL, size=0)
@example(filter_string=None, order=[], view=ViewType.ALL, size=-1)
@example(filter_string=None, order=[], view=ViewType.ALL, size=50_000)
@example(filter_string=None, order=[], view=ViewType.ALL, size=50_001)
def test_runs(same, filter_string, order, view, size):
    def calls(mlflow: Recorder) -> None:
        ids = [mlflow.get_experiment_by_name(name).experiment_id for name in ("flowers", "wine")]
        pages(
            lambda mlflow, size, token: mlflow.tracking.search_runs(
                ids, filter_string, view, size, order, token
            ),
            mlflow,
            size,
        )

    same(calls)


EXPERIMENTS = conditions(
    condition(
        ["name", "attribute.name", "attributes.name"],
        EQUAL + LIKE,
        ["'flowers'", "'Wine%'", "'wine%'"],
    ),
    condition(
        ["tags.team", "tag.team", "tags.`a b`", "tags.nothing"],
        EQUAL + LIKE,
        ["'ml'", "'d%'", "'x'"],
    ),
    condition(["creation_time", "last_update_time"], ["<", ">"], ["5", "99999999999999"]),
    st.sampled_from(
        ["tags.team LIKE 'm%'"]
        if OLD
        else [
            "tags.`mlflow.experiment.isGateway` IS NULL",  # MLflow's page adds it.
            "tags.team IS NOT NULL",
            "experiment_id IN ('0', '1')",
        ]
    ),
)


@bounded
@given(
    filter_string=st.one_of(st.none(), EXPERIMENTS),
    order=orders(["name", "experiment_id", "creation_time", "last_update_time"]),
    view=st.sampled_from([ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL]),
    size=st.sampled_from([1, 2, 100]),
)
@example(filter_string="nonsense", order=[], view=ViewType.ALL, size=10)
@example(filter_string="name > 'x'", order=[], view=ViewType.ALL, size=10)
@example(filter_string="color = 'x'", order=[], view=ViewType.ALL, size=10)
@example(filter_string=None, order=["color"], view=ViewType.ALL, size=10)
@example(filter_string=None, order=[], view=ViewType.ALL, size=0)
@example(filter_string=None, order=[], view=ViewType.ALL, size=-1)
@example(filter_string=None, order=[], view=ViewType.ALL, size=50_001)
def test_experiments(same, filter_string, order, view, size):
    same(
        lambda mlflow: pages(
            lambda mlflow, size, token: mlflow.tracking.search_experiments(
                view, size, filter_string, order, token
            ),
            mlflow,
            size,
        )
    )


LOGGED = conditions(
    condition(
        ["metrics.nothing"] if OLD else ["metrics.acc", "metrics.`acc`", "metrics.nothing"],
        NUMBERS,
        ["0.25", "0", "-0.5", "1e3"],
    ),
    condition(
        ["params.depth", "params.`a b`", "params.nothing"], EQUAL + LIKE, ["'1'", "'Y'", "'_'", "2"]
    ),
    condition(["tags.team", "tags.t1", "tags.nothing"], EQUAL + LIKE, ["'ml'", "'M%'", "'x'"]),
    condition(
        ["name", "attributes.name", "`name`", "model_type"],
        EQUAL + LIKE,
        ["'iris'", "'i%'", "'tree'", "'a_b'", "'net'"],
    ),
    condition(["experiment_id"], EQUAL, ["'1'", "'2'", "1"]),
    condition(
        ["creation_timestamp_ms", "creation_time", "last_updated_timestamp"],
        ["<", ">="],
        ["5", "99999999999999"],
    ),
    condition(
        ["artifact_location", "source_run_id", "model_id"], ["!=", "LIKE"], ["'nothing'", "'%'"]
    ),
    st.sampled_from(
        [
            "params.depth IN ('1', '3')",
            "params.depth NOT IN ('1')",
            "tags.team IN ('ml')",
            "name IN ('iris')",
            "model_type NOT IN ('tree', 'net')",
            "params.depth IN (1, 2)",
            "lifecycle_stage = 'active'",
        ]
    ),
)
FIELDS = [
    "name",
    "model_type",
    "creation_timestamp",
    "creation_timestamp_ms",
    "last_updated_timestamp_ms",
    "experiment_id",
    "status",
    "metrics.acc",
    "metrics.nothing",
    "lifecycle_stage",
]
CLAUSES = st.lists(
    st.fixed_dictionaries(
        {"field_name": st.sampled_from(FIELDS)},
        optional={
            "ascending": st.booleans(),
            "dataset_name": st.sampled_from(["train", "test", "x", None]),
            "dataset_digest": st.sampled_from(["digest of train", None]),
        },
    ),
    max_size=2,
    unique_by=lambda clause: clause["field_name"],
)
DATASETS = st.lists(
    st.fixed_dictionaries(
        {"dataset_name": st.sampled_from(["train", "test", "x"])},
        optional={"dataset_digest": st.sampled_from(["digest of train", "x"])},
    ),
    max_size=0 if OLD else 2,
)
REFUSED = [
    "nonsense",
    "name > 'a'",
    "name = 'a' OR name = 'b'",
    "metrics.acc LIKE '1'",
    "metrics.acc > '1'",
    "metrics.acc IN (1)",
    "metric.acc > 1",
    "param.depth = '1'",
    "color = 'red'",
    "params.depth IS NULL",
    "name RLIKE 'a'",
    "params.depth IN (a)",
    "(name = 'a')",
    "name = 'a';name = 'b'",
    "  ",
    "metrics.acc BETWEEN 1 AND 2",
]


@bounded
@given(
    filter_string=st.one_of(st.none(), LOGGED),
    order=CLAUSES,
    datasets=DATASETS,
    size=st.sampled_from([1, 2, 100, 0, None]),
)
@example(filter_string=None, order=[{"field_name": "params.depth"}], datasets=[], size=10)
@example(filter_string=None, order=[{"field_name": "color"}], datasets=[], size=10)
@example(filter_string=None, order=[], datasets=[{"dataset_digest": "d"}], size=10)
def test_logged_models(same, filter_string, order, datasets, size):
    def calls(mlflow: Recorder) -> None:
        ids = [mlflow.get_experiment_by_name(name).experiment_id for name in ("flowers", "wine")]
        pages(
            lambda mlflow, size, token: mlflow.sql.search_logged_models(
                ids, filter_string, datasets, size, order or None, token
            ),
            mlflow,
            size,
        )

    same(calls)


@pytest.mark.parametrize("filter_string", REFUSED)
def test_what_is_no_filter_on_logged_models(same, filter_string):
    same(lambda mlflow: mlflow.search_logged_models(["1"], filter_string))


def test_a_page_token_belongs_to_its_search(same):
    def calls(mlflow: Recorder) -> None:
        def search(ids=("1",), filter_string="name != 'x'", order=("name",), token=None):
            clauses = [{"field_name": name} for name in order]
            return mlflow.search_logged_models(list(ids), filter_string, None, 1, clauses, token)

        token = search().token
        search(token=token)
        search(token=token, ids=("1", "2"))
        search(token=token, filter_string="name != 'y'")
        search(token=token, filter_string=None)
        search(token=token, order=("model_id",))
        search(token=token, order=())
        search(token="nonsense")
        search(token="e30=")

    same(calls)
