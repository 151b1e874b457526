"""The table of capabilities covers MLflow's registry store, whatever its version."""

from __future__ import annotations

import pytest
from mlflow.store.model_registry.abstract_store import AbstractStore

from mlflow_oci_aidp.capabilities import unavailable_features
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.support.interface import abstract_methods, public_names, refusal

MISSING = unavailable_features(CAPABILITIES)


def test_every_public_name_of_mlflows_store_is_in_the_table():
    """Red with a newer MLflow: give what is new a line in registry/capabilities.py."""
    assert public_names(AbstractStore) - {line.method for line in CAPABILITIES} == set()


def test_no_abstract_method_is_left():
    assert abstract_methods(AidpRegistryStore) == set()


@pytest.mark.parametrize("feature", MISSING)
def test_a_missing_feature_is_refused_without_a_request(aidp, store, feature):
    refusals = {method: refusal(getattr(store, method)) for method in MISSING[feature]}
    assert set(refusals.values()) == {
        f"NOT_IMPLEMENTED: {feature} are not part of AI Data Platform."
    }
    assert len(aidp.exchanges) == 0
