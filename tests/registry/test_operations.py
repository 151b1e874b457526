"""The table of operations covers MLflow's store, whatever its version."""

from __future__ import annotations

import pytest
from mlflow.store.model_registry.abstract_store import AbstractStore

from mlflow_oci_aidp.registry.operations import NATIVE, OPERATIONS
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.routes import ROUTES


def methods_of(store):
    return {name for name in dir(store) if not name.startswith("_") and callable(getattr(store, name))}


def test_every_method_of_mlflows_store_is_in_the_table():
    assert methods_of(AbstractStore) <= {operation.method for operation in OPERATIONS}


def test_the_table_has_each_method_once():
    names = [operation.method for operation in OPERATIONS]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    "operation", [line for line in OPERATIONS if line.kind == NATIVE], ids=lambda line: line.method
)
def test_a_native_operation_has_its_route_and_its_method(operation):
    assert operation.how in ROUTES
    assert operation.method in vars(AidpRegistryStore)


def test_no_abstract_method_is_left():
    left = {
        name
        for name in methods_of(AidpRegistryStore)
        if getattr(getattr(AidpRegistryStore, name), "__isabstractmethod__", False)
    }
    assert left == set()
