"""The table of routes beside the emulator's contract, which is compared with Oracle's SDK."""

from __future__ import annotations

import re

import pytest

from mlflow_oci_aidp.capabilities import NATIVE
from mlflow_oci_aidp.client.routes import PERMISSIONS, ROUTES, WORKSPACES
from mlflow_oci_aidp.emulator.contract import MODELS, OPERATIONS, workspaces
from mlflow_oci_aidp.registry import capabilities as registry
from mlflow_oci_aidp.tracking import capabilities as tracking
from tests.faults import registry_plan, tracking_plan

CONTRACT = {
    (operation.verb, operation.scope, operation.path): operation
    for operation in (*OPERATIONS, *workspaces.OPERATIONS)
}

ALL = {**ROUTES, **PERMISSIONS, **WORKSPACES}

#: The platform's name for a field that stands for another one in MLflow's requests, or that the
#: path names.
NOT_IN_THE_CONTRACT = {"SearchLoggedModels": {"datasets"}}


def operation_of(route):
    return CONTRACT[route.verb, route.scope, route.path]


@pytest.mark.parametrize("route", ALL.values(), ids=ALL)
def test_a_route_reads_where_the_contract_does(route):
    assert route.is_read_only == (operation_of(route).effect == "read")


@pytest.mark.parametrize("route", ALL.values(), ids=ALL)
def test_the_fields_of_a_route_are_documented(route):
    operation = operation_of(route)
    documented = operation.query.keys() | MODELS.get(operation.body or "", {}).keys()
    in_path = set(re.findall(r"\{(\w+)\}", route.path))
    assert route.fields - documented - in_path == set()


def test_every_change_has_a_retry_token_or_is_not_repeated_blindly():
    assert {route.call for route in ALL.values() if not route.has_retry_token} == {
        route.call for route in ALL.values() if not route.is_repeatable
    }


@pytest.mark.parametrize(
    ("capabilities", "plan"),
    [(registry.CAPABILITIES, registry_plan.PLAN), (tracking.CAPABILITIES, tracking_plan.PLAN)],
    ids=["registry", "tracking"],
)
def test_the_fault_suite_plans_every_native_operation(capabilities, plan):
    native = {line.method for line in capabilities if line.kind == NATIVE}
    assert native - plan.keys() == set()
