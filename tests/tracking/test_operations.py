"""The table of operations covers MLflow's tracking store, whatever its version."""

from __future__ import annotations

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.tracking.capabilities import OF_MLFLOW, lacking_in
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

LACKING = sorted(name for name in OF_MLFLOW if lacking_in(name))


@pytest.mark.parametrize("name", sorted(OF_MLFLOW - set(LACKING)))
def test_what_is_offered_is_not_mlflows_own_refusal(name):
    offered = getattr(AidpTrackingStore, name)
    names = getattr(getattr(offered, "__code__", None), "co_names", ())
    assert "NotImplementedError" not in names


@pytest.mark.parametrize("name", LACKING)
def test_what_the_platform_lacks_is_refused_without_a_request(aidp, store, name):
    with pytest.raises(MlflowException) as caught:
        getattr(store, name)()
    assert caught.value.error_code == "NOT_IMPLEMENTED"
    assert "not part of AI Data Platform" in str(caught.value)
    assert len(aidp.exchanges) == 0


def test_no_call_is_lacking_for_want_of_a_word():
    assert [name for name in LACKING if str(lacking_in(name)).startswith("Calls of")] == []
