"""The tables of operations: what they say of a method is so."""

from __future__ import annotations

import pytest

from mlflow_oci_aidp.capabilities import NATIVE
from mlflow_oci_aidp.client.routes import ROUTES
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES as REGISTRY
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES as TRACKING
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

TABLES = {AidpRegistryStore: REGISTRY, AidpTrackingStore: TRACKING}
#: Methods that are MLflow's own, and call another.
HOOKS = {"search_runs": "_search_runs"}
NATIVE_ONES = [
    pytest.param(store, operation, id=operation.method)
    for store, table in TABLES.items()
    for operation in table
    if operation.kind == NATIVE
]


@pytest.mark.parametrize("store", TABLES)
def test_a_table_has_each_method_once(store):
    names = [operation.method for operation in TABLES[store]]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(("store", "operation"), NATIVE_ONES)
def test_a_native_operation_has_its_route_and_its_method(store, operation):
    assert operation.how in ROUTES
    assert callable(getattr(store, operation.method))
    ours = [base for base in store.__mro__ if base.__module__.startswith("mlflow_oci_aidp.")]
    assert any(HOOKS.get(operation.method, operation.method) in vars(base) for base in ours)
