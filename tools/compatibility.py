r"""Make the compatibility table: which operation works with which MLflow, from runs of the tests.

As a plugin of pytest the module notes which methods of the stores each test calls, and the
version of MLflow::

    python -m pytest -n0 -p tools.compatibility \
        tests/registry tests/tracking tests/docs/test_prompt_operations.py \
        --junitxml=newest.xml

As a program it makes the table of ``docs/compatibility.md`` of such files, one for each
environment::

    python -m tools.compatibility oldest.xml today.xml newest.xml
"""

from __future__ import annotations

import functools
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.store.model_registry.abstract_store import AbstractStore as RegistryStore
from mlflow.store.tracking.abstract_store import AbstractStore as TrackingStore

from mlflow_oci_aidp.capabilities import UNAVAILABLE, Capability, unavailable_features
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES as REGISTRY
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES as TRACKING
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tools.tables import replaced, table

_NOT_THERE = "not in this MLflow"
PAGE = Path(__file__).parent.parent / "docs" / "compatibility.md"


@dataclass(frozen=True)
class Store:
    """One of the stores: its name, its operations, its class, and the class that MLflow asks."""

    name: str
    operations: tuple[Capability, ...]
    ours: type[Any]
    theirs: type[Any]


STORES = (
    Store("registry", REGISTRY, AidpRegistryStore, RegistryStore),
    Store("tracking", TRACKING, AidpTrackingStore, TrackingStore),
)

_called: set[str] = set()


def _noting(method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        _called.add(method)
        return function(*arguments, **keywords)

    return call


# As a plugin


def pytest_configure() -> None:
    """Have each method of the stores note that it was called."""
    for store in STORES:
        for method in (operation.method for operation in store.operations):
            if callable(getattr(store.ours, method, None)):
                setattr(store.ours, method, _noting(method, getattr(store.ours, method)))


@pytest.fixture(scope="session", autouse=True)
def _versions(record_testsuite_property: Callable[[str, object], None]) -> None:
    record_testsuite_property("mlflow", mlflow.__version__)
    record_testsuite_property("python", ".".join(str(part) for part in sys.version_info[:3]))
    # What this MLflow asks of a store: its other methods are not there to be called.
    known = [
        operation.method
        for store in STORES
        for operation in store.operations
        # Those that MLflow asks no store for are there for users of this package.
        if hasattr(store.theirs, operation.method)
        or (operation.kind != UNAVAILABLE and operation.method in dir(store.ours))
    ]
    record_testsuite_property("operations", " ".join(known))


@pytest.fixture(autouse=True)
def _operations(record_property: Callable[[str, object], None]) -> Iterator[None]:
    _called.clear()
    yield
    record_property("operations", " ".join(sorted(_called)))


# As a program


@dataclass
class Run:
    """The results of one run of the tests.

    Attributes:
        mlflow: The version of MLflow.
        python: The version of Python.
        known: The operations that this MLflow has.
        skipped: The operations that tests called and then said that this MLflow does not have them
            after all.
        results: For each operation, whether each test that called it passed.
        passed: How many tests passed.
        failed: How many did not, those that were skipped left out.
    """

    mlflow: str
    python: str
    known: frozenset[str]
    skipped: set[str] = field(default_factory=set)
    results: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    passed: int = 0
    failed: int = 0


def read(path: str) -> Run:
    """Return a run, of the file that ``--junitxml`` wrote."""
    root = ElementTree.parse(path).getroot()  # noqa: S314 - a file that pytest wrote here
    suite = root if root.tag == "testsuite" else root[0]
    told = _properties(suite)
    run = Run(told["mlflow"], told["python"], frozenset(told["operations"].split()))
    for case in suite.iter("testcase"):
        methods = _properties(case).get("operations", "").split()
        if case.find("skipped") is not None:
            run.skipped.update(methods)
            continue
        passed = case.find("failure") is None and case.find("error") is None
        run.passed, run.failed = run.passed + passed, run.failed + (not passed)
        for method in methods:
            run.results[method].append(passed)
    return run


def _properties(element: ElementTree.Element) -> dict[str, str]:
    return {
        entry.attrib["name"]: entry.attrib["value"]
        for entry in element.findall("properties/property")
    }


def _cell(method: str, success: str, run: Run) -> str:
    results = run.results.get(method)
    if method not in run.known or (not results and method in run.skipped):
        return _NOT_THERE
    if not results:
        return "not tested"
    if not all(results):
        return f"**{results.count(False)} of {len(results)} tests fail**"
    return success


def _cell_of_feature(methods: Sequence[str], run: Run) -> str:
    """Return one cell for all methods of a feature: how many are refused, or each that is not."""
    cells = {
        method: cell for method in methods if (cell := _cell(method, "refused", run)) != _NOT_THERE
    }
    others = [f"`{method}`: {cell}" for method, cell in cells.items() if cell != "refused"]
    if others:
        return ", ".join(others)
    return f"refused ({len(cells)})" if cells else _NOT_THERE


def compatibility(runs: list[Run]) -> str:
    """Return the tables and what they were made of."""
    tables = []
    for store in STORES:
        heads = (f"MLflow's {store.name} store", *(f"MLflow {run.mlflow}" for run in runs))
        rows = [
            (f"`{operation.method}`", *(_cell(operation.method, "works", run) for run in runs))
            for operation in store.operations
            if operation.kind != UNAVAILABLE
            and callable(getattr(store.ours, operation.method, None))
        ]
        rows += [
            (feature, *(_cell_of_feature(methods, run) for run in runs))
            for feature, methods in unavailable_features(store.operations).items()
        ]
        tables.append(table(heads, rows))
    notes = [
        f"- MLflow {run.mlflow}, Python {run.python}: "
        f"{run.passed} tests passed, {run.failed} failed."
        for run in runs
    ]
    return "\n\n".join([*tables, "\n".join(notes)])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tools.compatibility <file of --junitxml> ...")
    runs = [read(path) for path in sys.argv[1:]]
    PAGE.write_text(
        replaced(PAGE.read_text(encoding="utf-8"), "compatibility", compatibility(runs)),
        encoding="utf-8",
    )
    sys.exit(1 if any(run.failed for run in runs) else 0)
