"""The compatibility tables have every operation, and say of each that it was tried."""

from __future__ import annotations

import re
from pathlib import Path

from mlflow_oci_aidp.registry.capabilities import CAPABILITIES as REGISTRY
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES as TRACKING

PAGE = Path(__file__).parent.parent.parent / "docs" / "compatibility.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("<!-- compatibility -->")[2].partition("<!-- end of")[0]
#: Of what MLflow asks, these are no calls.
ANSWERS = {"supports_workspaces", "supports_trace_archival"}
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \|$", TABLE, re.M)


def test_the_table_has_every_operation():
    methods = [operation.method for operation in (*REGISTRY, *TRACKING)]
    assert [method for method, _ in ROWS] == [method for method in methods if method not in ANSWERS]


def test_every_operation_was_tried_and_works_or_is_refused():
    results = {result for _, cells in ROWS for result in cells.split(" | ")}
    assert results <= {"works", "refused", "not in this MLflow"}
