"""The compatibility tables have every operation and every missing feature.

They say of each one that it was tried.
"""

from __future__ import annotations

import re
from pathlib import Path

from mlflow_oci_aidp.capabilities import UNAVAILABLE, unavailable_features
from mlflow_oci_aidp.mlflow_compat import NEWEST, OLDEST
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES as REGISTRY
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES as TRACKING

PAGE = Path(__file__).parent.parent.parent / "docs" / "compatibility.md"
TABLE = (
    PAGE.read_text(encoding="utf-8")
    .partition("<!-- compatibility -->")[2]
    .partition("<!-- end of")[0]
)
#: Of what MLflow asks, these are no calls.
ANSWERS = {"supports_workspaces", "supports_trace_archival"}
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \|$", TABLE, re.M)


def test_the_table_has_every_operation():
    methods = [
        operation.method for operation in (*REGISTRY, *TRACKING) if operation.kind != UNAVAILABLE
    ]
    assert [method for method, _ in ROWS] == [method for method in methods if method not in ANSWERS]


def test_every_operation_was_tried_and_works():
    results = {result for _, cells in ROWS for result in cells.split(" | ")}
    assert results <= {"works", "not in this MLflow"}


def test_the_table_has_every_missing_feature_and_each_of_its_methods_is_refused():
    features = unavailable_features((*REGISTRY, *TRACKING))
    cells = dict(re.findall(r"^\| (\w[^|]*) \| (.* \|)$", TABLE, re.M))
    newest = {feature: cells[feature].split(" | ")[-1].removesuffix(" |") for feature in features}
    # A method that the newest MLflow has no more, such as end_trace, is in the table for the older
    # ones.
    assert {
        feature: text
        for feature, text in newest.items()
        if not re.fullmatch(r"refused \(\d+\)", text)
    } == {}


def test_the_newest_column_is_of_the_newest_mlflow_that_is_tested():
    heads = re.findall(r"^\| MLflow's \w+ store \| (.*) \|$", TABLE, re.M)
    assert len(heads) == 2
    for head in heads:
        versions = [cell.removeprefix("MLflow ") for cell in head.split(" | ")]
        assert (versions[0], versions[-1]) == (OLDEST, NEWEST)
