"""The table of operations covers MLflow's store, whatever its version."""

from __future__ import annotations

from mlflow.store.model_registry.abstract_store import AbstractStore

from mlflow_oci_aidp.registry.capabilities import CAPABILITIES
from mlflow_oci_aidp.registry.store import AidpRegistryStore


def methods_of(store):
    return {name for name in dir(store) if not name.startswith("_") and callable(getattr(store, name))}


def test_every_method_of_mlflows_store_is_in_the_table():
    assert methods_of(AbstractStore) <= {operation.method for operation in CAPABILITIES}


def test_no_abstract_method_is_left():
    left = {
        name
        for name in methods_of(AidpRegistryStore)
        if getattr(getattr(AidpRegistryStore, name), "__isabstractmethod__", False)
    }
    assert left == set()
