"""Each operation of deployments meets each fault: one effect, or none and an error.

Most changes take no retry token, so that a look decides what a lost answer means.
"""

from __future__ import annotations

import itertools

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.deployment_routes import DEPLOYMENTS
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.session import Session, session_for
from tests.support.frames import found_in, secrets_of

from .conftest import TIMEOUT
from .deployments_plan import PLAN, Deployments, prepare
from .plan import ANSWERED, CASES

#: Without a retry token, a conflict is the platform's word: it is not asked again.
CONFLICTS = {"409 IncorrectState", "409 LockConflict"}
WITH_A_TOKEN = {"create_model_deployment", "update_model_deployment_tags"}
CHANGES = [name for name, operation in PLAN.items() if operation.effects]


@pytest.fixture
def made(shared, clock, name):
    """The operations, which wait for nothing, on a deployment of the test's own."""
    shared.faults.clear()
    shared_session = session_for(shared.uri)
    prepare(shared, Deployments(shared_session), name)
    session = Session(
        shared_session.settings,
        RetryPolicy(max_retries=3, backoff_factor=1, backoff_jitter=0, timeout=TIMEOUT),
        clock,
        shared_session.identity,
    )
    shared.exchanges.clear()
    return Deployments(session)


def requests_of(aidp, name):
    return [exchange for exchange in aidp.exchanges if exchange.operation == name]


@pytest.mark.parametrize(("name", "case"), itertools.product(PLAN, CASES))
def test_a_fault_that_happens_once(shared, made, name, case):
    operation, fault = PLAN[name], CASES[case]
    elsewhere = {"location": f"{shared.endpoint}/elsewhere"} if fault.kind == "redirect" else {}
    shared.faults.add(fault.kind, operation=name, **fault.fields, **elsewhere)
    error = None
    try:
        operation.call(made)
    except MlflowException as raised:
        error = raised
    shared.faults.clear()
    is_answered = fault.ends == ANSWERED
    if case in CONFLICTS and name in CHANGES and name not in WITH_A_TOKEN:
        is_answered = False
    if case == "404" and name == "delete_model_deployment":
        assert error is None  # What is not there need not be deleted.
        return
    assert (error is None) == is_answered, error
    if operation.effects:
        assert operation.effects(shared) == (1 if error is None else 0)
    if error is not None:
        assert len(requests_of(shared, name)) == 1
        assert found_in(error, secrets_of(shared)) == []
    assert "/elsewhere" not in {exchange.path for exchange in shared.exchanges}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_sent_at_most_twice_without_a_retry_token(shared, made, name):
    shared.faults.add("reset_before", times=None, operation=name)
    with pytest.raises(MlflowException):
        PLAN[name].call(made)
    sent = requests_of(shared, name)
    tokens = {exchange.headers.get("opc-retry-token") for exchange in sent}
    if name in WITH_A_TOKEN:
        assert (len(sent), len(tokens)) == (4, 1)
    else:
        assert (len(sent), tokens) == (2, {None})
    assert PLAN[name].effects(shared) == 0


@pytest.mark.parametrize("name", ["export"])
def test_an_export_is_sent_once(shared, made, name):
    shared.faults.add("reset_after", operation="export_model_deployment_inferences")
    key = shared.deployments._store.rows("deployments")[0]["deployment_id"]
    with pytest.raises(MlflowException):
        made.calls.export_inferences(key, volume_location="/Volumes/main/default/artifacts/a")
    assert len(requests_of(shared, "export_model_deployment_inferences")) == 1


def test_every_change_is_planned():
    changes = {route.path for route in DEPLOYMENTS.values() if not route.is_read_only}
    assert len(changes) == len(CHANGES) + 1  # An export has a test of its own.
