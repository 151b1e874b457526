"""Each operation meets each fault: exactly one effect, or none and an error."""

from __future__ import annotations

import itertools

import pytest
from mlflow.exceptions import MlflowException

from tests.support.frames import found_in, secrets_of

from . import registry_plan, tracking_plan
from .plan import ANSWERED, CASES, OUT_OF_TURN
from .registry_plan import NAME, OTHER

PLANS = {"registry": registry_plan.PLAN, "tracking": tracking_plan.PLAN}
ALL = [(part, name) for part, operations in PLANS.items() for name in operations]
#: Asks for something that no operation touches, and tells whether the answer is about it.
ASKED = {
    "registry": lambda store: store.get_registered_model(OTHER).name == OTHER,
    "tracking": lambda store: store.get_experiment("0").experiment_id == "0",
}
WRITES = [(part, name) for part, name in ALL if PLANS[part][name].effects]


@pytest.mark.parametrize(
    ("part", "name", "case"), [(*each, case) for each, case in itertools.product(ALL, CASES)]
)
def test_a_fault_that_happens_once(shared, store, reader, part, name, case):
    operation, fault = PLANS[part][name], CASES[case]
    elsewhere = {"location": f"{shared.endpoint}/elsewhere"} if fault.kind == "redirect" else {}
    shared.faults.add(fault.kind, **fault.fields, **elsewhere)
    error = None
    try:
        operation.call(store)
    except MlflowException as raised:
        error = raised
    requests = len(shared.exchanges)
    shared.faults.clear()
    assert (error is None) == (fault.ends == ANSWERED), error
    if operation.effects:
        assert operation.effects(reader) == (1 if error is None else 0)
    if error is not None:
        assert requests == 1
        assert found_in(error, secrets_of(shared)) == []
    assert "/elsewhere" not in {exchange.path for exchange in shared.exchanges}


@pytest.mark.parametrize("case", OUT_OF_TURN)
@pytest.mark.parametrize(("part", "name"), ALL)
def test_no_answer_becomes_that_of_another_call(shared, store, reader, part, name, case):
    operation, fault = PLANS[part][name], OUT_OF_TURN[case]
    shared.faults.add(fault.kind, **fault.fields)
    operation.call(store)
    shared.faults.clear()
    attempts = {exchange.headers["opc-request-id"][-4:] for exchange in shared.exchanges}
    if fault.kind == "interim":
        assert attempts == {"0001"}
    if fault.kind == "other_answer":
        assert attempts == {"0001", "0002"}
    # Over the connection that is left, if one is.
    assert ASKED[part](store)
    if operation.effects:
        assert operation.effects(reader) == 1


@pytest.mark.parametrize("kind", ["status", "reset_before", "reset_after", "truncated"])
@pytest.mark.parametrize(("part", "name"), ALL)
def test_a_fault_that_stays_is_an_error_after_the_last_repetition(
    shared, store, reader, part, name, kind
):
    operation = PLANS[part][name]
    shared.faults.add(kind, times=None)
    with pytest.raises(MlflowException) as caught:
        operation.call(store)
    shared.faults.clear()
    assert len(shared.exchanges) == 4
    assert found_in(caught.value, secrets_of(shared)) == []
    if operation.effects:
        # The answers were lost, not the work: the error says that the outcome is to be checked.
        assert operation.effects(reader) <= 1


@pytest.mark.parametrize(("part", "name"), WRITES)
def test_all_attempts_of_a_change_carry_one_retry_token_and_ids_of_their_own(
    shared, store, part, name
):
    shared.faults.add(
        "reset_after",
        times=2,
        operation=lambda operation: not (operation or "").startswith(("get_", "list_")),
    )
    PLANS[part][name].call(store)
    attempts = [exchange for exchange in shared.exchanges if "opc-retry-token" in exchange.headers][
        :3
    ]
    assert len({exchange.headers["opc-retry-token"] for exchange in attempts}) == 1
    assert len({exchange.headers["opc-request-id"] for exchange in attempts}) == 3


def test_a_lost_answer_makes_no_second_version_in_a_thousand_tries(shared, store, reader):
    tries = 1000
    made = []
    for _ in range(tries):
        shared.faults.clear()
        shared.faults.add("reset_after")
        made.append(int(store.create_model_version(NAME, "s3://bucket/again").version))
    shared.faults.clear()
    assert made == list(range(2, tries + 2))
    assert [version.version for version in reader.get_latest_versions(NAME)] == [str(tries + 1)]
