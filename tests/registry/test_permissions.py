"""Permissions of registered models: through this package, Oracle's SDK and the command line."""

from __future__ import annotations

import json

import mlflow
import pytest
from click.testing import CliRunner
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import permissions
from mlflow_oci_aidp.cli import main
from mlflow_oci_aidp.permissions import Grant

NAME = "main.default.churn"
USER, GROUP = "ocid1.user.oc1..ada", "ocid1.group.oc1..team"
CHANGE = "manage_registered_model_permission"


@pytest.fixture
def aidp(aidp):
    aidp.state.create_registered_model({"name": NAME}, "")
    mlflow.set_registry_uri(aidp.uri)
    return aidp


def changes(aidp):
    return [exchange for exchange in aidp.exchanges if exchange.operation == CHANGE]


def held(kind="USER", grantee=USER):
    return [
        row.permissions
        for row in permissions.list_grants(NAME)
        if (row.grantee_type, row.grantee) == (kind, grantee)
    ]


def test_what_is_granted_is_what_the_sdk_sees_and_back(aidp, sdk):
    permissions.grant(NAME, "READ", user=USER)
    permissions.grant(NAME, "MANAGE", user=USER)
    permissions.grant(NAME, "ADMIN", role="ml admins")
    listed = sdk.list_registered_model_permissions(aidp.ai_data_platform_id, NAME).data.items
    assert {(row.grantee_type, row.grantee, *row.grantee_permissions) for row in listed} == {
        ("USER", USER, "READ", "MANAGE"),
        ("ROLE", "ml admins", "ADMIN"),
    }
    permissions.revoke(NAME, "READ", user=USER)
    assert held() == [("MANAGE",)]
    assert Grant("ml admins", "ml admins", "ROLE", ("ADMIN",), False, NAME) in (
        permissions.list_grants(NAME, aidp.uri)
    )


def test_granting_twice_is_no_error_and_one_request(aidp):
    permissions.grant(NAME, "READ", group=GROUP)
    permissions.grant(NAME, "READ", group=GROUP)
    assert held("GROUP", GROUP) == [("READ",)]
    assert len(changes(aidp)) == 1


def test_an_inherited_permission_is_revoked_where_it_comes_from(aidp):
    aidp.state.grant_above("main.default", "USER", USER, ["READ"])
    with pytest.raises(MlflowException, match=r"from 'main\.default'") as caught:
        permissions.revoke(NAME, "READ", user=USER)
    assert caught.value.error_code == "INVALID_STATE"
    permissions.grant(NAME, "READ", user=USER)  # now it has one of its own, too
    permissions.revoke(NAME, "READ", user=USER)
    assert [row.is_inherited for row in permissions.list_grants(NAME)] == [True]


def test_what_nobody_granted_cannot_be_revoked(aidp):
    with pytest.raises(MlflowException, match="has no permission READ") as caught:
        permissions.revoke(NAME, "READ", role="analysts")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert changes(aidp) == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"user": GROUP},
        {"user": "ada"},
        {"group": USER},
        {"role": USER},
        {"role": " "},
        {},
        {"user": USER, "role": "analysts"},
        {"user": USER, "permission": "read"},
        {"user": USER, "name": ""},
        {"user": USER, "name": ".."},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_before_a_request(aidp, arguments):
    passed = {"name": NAME, "permission": "READ", **arguments}
    for change in (permissions.grant, permissions.revoke):
        with pytest.raises(MlflowException) as caught:
            change(**passed)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(aidp.exchanges) == 0


@pytest.mark.parametrize(
    ("kind", "requests", "fields"),
    [
        ("status", 2, {"status": 503}),
        ("status", 2, {"status": 429}),
        ("reset_before", 2, {}),
        ("reset_after", 1, {}),
        ("truncated", 1, {}),
    ],
)
def test_a_lost_answer_is_followed_by_a_look(aidp, kind, requests, fields):
    aidp.faults.add(kind, operation=CHANGE, **fields)
    permissions.grant(NAME, "READ", user=USER)
    assert held() == [("READ",)]
    aidp.faults.add(kind, operation=CHANGE, **fields)
    permissions.revoke(NAME, "READ", user=USER)
    assert held() == []
    assert len(changes(aidp)) == 2 * requests
    assert all("opc-retry-token" not in change.headers for change in changes(aidp))


def test_a_fault_that_stays_is_an_error_after_the_second_request(aidp):
    aidp.faults.add("status", status=503, times=None, operation=CHANGE)
    with pytest.raises(MlflowException) as caught:
        permissions.grant(NAME, "READ", user=USER)
    assert (caught.value.error_code, len(changes(aidp))) == ("TEMPORARILY_UNAVAILABLE", 2)


def test_a_refusal_is_not_repeated(aidp):
    aidp.faults.add("status", status=403, operation=CHANGE)
    with pytest.raises(MlflowException) as caught:
        permissions.grant(NAME, "READ", user=USER)
    assert (caught.value.error_code, len(changes(aidp))) == ("PERMISSION_DENIED", 1)


def test_every_page_is_read(aidp, monkeypatch):
    monkeypatch.setattr(permissions, "_PAGE", 2)
    for number in range(5):
        aidp.state.grant_above("main", "ROLE", f"r{number}", ["READ"])
    names = [row.grantee for row in permissions.list_grants(NAME)]
    assert names == [f"r{number}" for number in range(5)]
    assert len(aidp.exchanges) == 3


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        ({"items": []}, {"opc-next-page": "2"}, "page token that it had given before"),
        ({"items": [{"grantee": 1}]}, {}, "not of the documented shape"),
        ({}, {}, "not of the documented shape"),
    ],
)
def test_an_answer_without_end_or_shape_is_an_error(aidp, body, headers, message):
    aidp.faults.add(
        "body",
        operation="list_registered_model_permissions",
        body=json.dumps(body).encode(),
        headers=headers,
        times=None,
    )
    with pytest.raises(MlflowException, match=message) as caught:
        permissions.list_grants(NAME)
    assert caught.value.error_code == "INTERNAL_ERROR"
    assert len(aidp.exchanges) <= 2


def test_grants_follow_a_rename_and_end_with_the_model(aidp, client):
    permissions.grant(NAME, "READ", user=USER)
    client.rename_registered_model(NAME, "main.default.new")
    assert len(permissions.list_grants("main.default.new")) == 1
    client.delete_registered_model("main.default.new")
    client.create_registered_model("main.default.new")
    assert permissions.list_grants("main.default.new") == []
    with pytest.raises(MlflowException) as caught:
        permissions.list_grants(NAME)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_the_command_line_grants_lists_and_revokes(aidp):
    def run(*arguments):
        result = CliRunner().invoke(main, ["models", *arguments, aidp.uri])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    run("grant", NAME, "READ", "--user", USER)
    assert run("grants", NAME).splitlines() == [f"{USER}\t\tUSER\tREAD\tno\t{NAME}"]
    assert json.loads(run("grants", "--json", NAME)) == [
        {
            "grantee": USER,
            "grantee_name": None,
            "grantee_type": "USER",
            "permissions": ["READ"],
            "is_inherited": False,
            "resource_name": NAME,
        }
    ]
    run("revoke", NAME, "READ", "--user", USER)
    assert run("grants", NAME) == ""
    refused = CliRunner().invoke(main, ["models", "grant", NAME, "READ", "--user", GROUP, aidp.uri])
    assert (refused.exit_code, "is not the OCID of a user" in refused.stderr) == (1, True)
