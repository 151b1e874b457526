"""The table of capabilities covers MLflow's tracking store, whatever its version."""

from __future__ import annotations

import inspect

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.abstract_store import AbstractStore

from mlflow_oci_aidp.capabilities import UNAVAILABLE, unavailable_features
from mlflow_oci_aidp.tracking import always_empty
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.interface import abstract_methods, public_names, refusal

MISSING = unavailable_features(CAPABILITIES)
OFFERED = sorted(
    line.method
    for line in CAPABILITIES
    if line.kind != UNAVAILABLE and line.method in public_names(AbstractStore)
)


def test_every_public_name_of_mlflows_store_is_in_the_table():
    """Red with a newer MLflow: give what is new a line in tracking/capabilities.py."""
    assert public_names(AbstractStore) - {line.method for line in CAPABILITIES} == set()


def test_no_abstract_method_is_left():
    assert abstract_methods(AidpTrackingStore) == set()


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_is_not_mlflows_own_refusal(name):
    offered = getattr(AidpTrackingStore, name)
    names = getattr(getattr(offered, "__code__", None), "co_names", ())
    assert "NotImplementedError" not in names


@pytest.mark.parametrize("feature", MISSING)
def test_a_missing_feature_is_refused_without_a_request(aidp, store, feature):
    refusals = {method: refusal(getattr(store, method)) for method in MISSING[feature]}
    assert set(refusals.values()) == {
        f"NOT_IMPLEMENTED: {feature} are not part of AI Data Platform."
    }
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize("method", ["create_issue", "get_issue", "update_issue"])
def test_issues_are_refused_with_whatever_arguments_this_mlflow_has(store, method):
    if not hasattr(AbstractStore, method):
        pytest.skip("this MLflow has no issues")
    names = list(inspect.signature(getattr(AbstractStore, method)).parameters)[1:]
    with pytest.raises(MlflowException, match="Issues are not part of AI Data Platform") as caught:
        getattr(store, method)(**dict.fromkeys(names))
    assert caught.value.error_code == "NOT_IMPLEMENTED"


def test_skills_are_refused_as_skills(store):
    with pytest.raises(MlflowException, match="Skills are not part of AI Data Platform"):
        store.create_skill(name="summarize")


def test_lists_of_what_the_platform_lacks_are_empty_at_once(aidp, store):
    aidp.exchanges.clear()
    assert store.search_traces(["0"], max_results=5) == ([], None)
    for line in always_empty.CAPABILITIES:
        if line.method != "search_traces" and hasattr(AbstractStore, line.method):
            assert list(getattr(store, line.method)()) == []
            assert getattr(getattr(store, line.method)(), "token", None) is None
    assert len(aidp.exchanges) == 0


def test_what_would_keep_a_trace_is_refused(store):
    for method in ("start_trace", "set_trace_tag", "delete_traces"):
        with pytest.raises(MlflowException, match="Traces are not part of") as caught:
            getattr(store, method)("x")
        assert caught.value.error_code == "NOT_IMPLEMENTED"
