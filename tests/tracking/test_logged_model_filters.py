"""The grammar of filters on logged models, beside MLflow's own parser of its SQL store."""

from __future__ import annotations

import mlflow
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import SearchLoggedModelsUtils
from packaging.version import Version

from mlflow_oci_aidp.tracking.logged_models import filters

pytest.importorskip("sqlalchemy")
from mlflow.store.tracking.dbmodels.models import SqlLoggedModel
from mlflow.utils.search_logged_model_utils import parse_filter_string

#: MLflow 3.1 knows operators in capital letters alone.
KNOWS_SMALL_LETTERS = Version(mlflow.__version__) >= Version("3.5")

KEYS = [
    *("name", "`name`", "attributes.name", "model_id", "experiment_id", "model_type", "status"),
    *("artifact_location", "source_run_id", "creation_time", "creation_timestamp_ms"),
    *("last_updated_timestamp", "lifecycle_stage", "metrics.acc", "metrics.`a b`", "metrics.a/b"),
    *("params.depth", 'params."a b"', "params.order", "tags.team", "tags.`mlflow.user`"),
    *("tags.a.b", "metric.acc", "tag.team", "attribute.name", "dataset.name", "color", "'name'"),
]
OPERATORS = [
    *("=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN", "<>", "==", "IS", "RLIKE"),
    *(["like", "ilike", "in", "not  in"] if KNOWS_SMALL_LETTERS else []),
]
VALUES = [
    *("'READY'", "('READY', 'PENDING')"),
    *("'a'", "''", "'it''s'", "'a AND b'", '"a"', "a", "5", "-1", "1e-5", "nan", "NULL", "'5'"),
    *("('a')", "('a', 'b')", "('a',)", "()", "(1, 2)", "(a)", '("a")', "(('a'))", "(-1)"),
]
BETWEEN = [" AND ", " and ", "\nAND\t", " OR ", " ", "; ", ", "]

conditions = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(KEYS),
    st.sampled_from([" ", "  ", ""]),
    st.sampled_from(OPERATORS),
    st.sampled_from([" ", ""]),
    st.sampled_from(VALUES),
)
filter_strings = st.builds(
    lambda parts, between: "".join(
        part + joint for part, joint in zip(parts, [*between, ""], strict=False)
    ),
    st.lists(conditions, min_size=1, max_size=3),
    st.lists(st.sampled_from(BETWEEN), min_size=2, max_size=2),
)


def theirs(filter_string):
    """What MLflow parses, or None where it refuses, or fails later in its database."""
    try:
        comparisons = parse_filter_string(filter_string)
    except (MlflowException, ValueError, SyntaxError):
        return None
    parsed = []
    for comparison in comparisons:
        kind, key = comparison.entity.type.value, comparison.entity.key
        value = comparison.value
        if kind == "attributes" and key not in SqlLoggedModel.__table__.columns:
            return None
        if isinstance(value, tuple) != (comparison.op in ("IN", "NOT IN")) or isinstance(
            value, int
        ):
            return None  # What SQL cannot compare.
        if isinstance(value, tuple):
            if not all(isinstance(item, str | int | float) for item in value):
                return None
            value = tuple(str(item) for item in value)  # SQLite compares a text with a number so.
        values = value if isinstance(value, tuple) else (value,)
        if key == "status" and kind == "attributes" and not is_of_status(comparison.op, values):
            return None  # From 3.18 on; before, such a condition finds nothing.
        parsed.append((kind, key, comparison.op, repr(value)))
    return parsed


def is_of_status(operator, values):
    return operator not in ("LIKE", "ILIKE") and set(values) <= {"READY", "PENDING"}


def ours(filter_string):
    try:
        conditions = filters.parse(filter_string)
    except MlflowException as problem:
        return None if problem.error_code == "INVALID_PARAMETER_VALUE" else problem.error_code
    return [
        (condition.kind, condition.key, condition.operator, repr(condition.value))
        for condition in conditions
    ]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(filter_strings)
@example("")
@example("  ")
@example("name = 'a' --c")
@example("(name = 'a')")
@example("metrics.acc BETWEEN 1 AND 2")
@example("AND name = 'a'")
@example("name = 'a' AND")
@example("5 = metrics.acc")
@example("metrics.acc > 1AND name = 'a'")
@example("params.x IN ('a' 'b')")
@example("params.x NOT IN('a')")
@example("tags.`x`y = 'v'")
@example("IN ('a')")
@example("name IN")
@example("name NOT")
@example("((((((")
def test_what_mlflow_reads_is_read_and_nothing_else(filter_string):
    expected = theirs(filter_string)
    if expected is None and "attributes.creation_time" in filter_string:
        return
    assert ours(filter_string) == expected


def test_all_that_mlflows_search_in_memory_knows_is_known():
    known = {*filters.TEXTS, *filters.NUMBERS, *filters.ALIASES}
    assert known >= SearchLoggedModelsUtils.VALID_SEARCH_ATTRIBUTE_KEYS
    for key in SearchLoggedModelsUtils.VALID_SEARCH_ATTRIBUTE_KEYS:
        of_numbers = key in SearchLoggedModelsUtils.NUMERIC_ATTRIBUTES
        assert filters.parse(f"{key} > 1" if of_numbers else f"{key} = 'READY'")


def test_all_columns_of_mlflows_database_are_known():
    assert {*filters.TEXTS, *filters.NUMBERS} == set(SqlLoggedModel.__table__.columns.keys())


@pytest.mark.parametrize("wrong", [5, ["name = 'a'"], b"name = 'a'", "(" * 5000])
def test_what_is_no_filter_at_all(wrong):
    with pytest.raises(MlflowException) as caught:
        filters.parse(wrong)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
