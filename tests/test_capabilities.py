"""The tables of capabilities, and what a store does about calls that it does not serve."""

from __future__ import annotations

import re

import mlflow
import pytest
from mlflow.exceptions import MlflowException

import mlflow_oci_aidp
from mlflow_oci_aidp.capabilities import (
    DERIVED,
    NATIVE,
    Capability,
    refuse_the_rest,
    unavailable,
    unavailable_features,
)
from mlflow_oci_aidp.client.routes import ROUTES
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES as REGISTRY
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES as TRACKING
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

TABLE = (
    Capability("search", DERIVED, "by hand"),
    *unavailable({"Gadgets": "create_gadget delete_gadget"}),
)
TABLES = {AidpRegistryStore: REGISTRY, AidpTrackingStore: TRACKING}
#: Methods that are MLflow's own, and call another.
HOOKS = {"search_runs": "_search_runs"}
NATIVE_CAPABILITIES = [
    pytest.param(store_class, capability, id=capability.method)
    for store_class, table in TABLES.items()
    for capability in table
    if capability.kind == NATIVE
]


class Interface:
    """A newer MLflow's store."""

    @property
    def supports_widgets(self):
        return False

    def search(self):
        return "MLflow's own search"

    def create_gadget(self):
        raise NotImplementedError

    def label_session(self):
        raise NotImplementedError

    def _hook(self):
        return "MLflow's own hook"


@pytest.fixture
def store():
    class Store(Interface):
        pass

    refuse_the_rest(Store, Interface, TABLE)
    return Store()


def test_a_method_of_no_table_is_refused_by_its_name_and_mlflows_version(store):
    """Whatever words are in its name: it is not taken for a trace or a label schema."""
    versions = (re.escape(mlflow.__version__), re.escape(mlflow_oci_aidp.__version__))
    with pytest.raises(
        MlflowException, match="MLflow {} calls 'label_session', .*{}".format(*versions)
    ) as caught:
        store.label_session("a", key="b")
    assert caught.value.error_code == "NOT_IMPLEMENTED"


def test_a_method_of_a_missing_feature_names_the_feature(store):
    with pytest.raises(MlflowException, match="Gadgets are not part of AI Data Platform") as caught:
        store.create_gadget()
    assert caught.value.error_code == "NOT_IMPLEMENTED"


def test_a_missing_feature_that_this_mlflow_does_not_know_is_refused_too(store):
    with pytest.raises(MlflowException, match="Gadgets"):
        store.delete_gadget()


def test_a_method_that_is_offered_stays(store):
    assert store.search() == "MLflow's own search"


def test_properties_and_hooks_stay(store):
    """A method in the place of a property would be true."""
    assert (store.supports_widgets, store._hook()) == (False, "MLflow's own hook")


def test_a_refusal_has_the_name_of_the_method(store):
    assert store.label_session.__name__ == "label_session"


def test_methods_are_listed_by_their_feature():
    assert unavailable_features(TABLE) == {"Gadgets": ("create_gadget", "delete_gadget")}


# The tables of both stores


@pytest.mark.parametrize("store_class", TABLES)
def test_a_table_has_each_method_once(store_class):
    names = [capability.method for capability in TABLES[store_class]]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(("store_class", "capability"), NATIVE_CAPABILITIES)
def test_a_native_operation_has_its_route_and_its_method(store_class, capability):
    assert capability.how in ROUTES
    assert callable(getattr(store_class, capability.method))
    ours = [base for base in store_class.__mro__ if base.__module__.startswith("mlflow_oci_aidp.")]
    assert any(HOOKS.get(capability.method, capability.method) in vars(base) for base in ours)
