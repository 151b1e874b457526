"""The contract's tables against the installed SDK.

A release of the SDK that changes the contract fails here.
"""

from __future__ import annotations

import inspect
import re

import pytest
from aidp_python_client.aidataplatform_dp import models as sdk_models
from aidp_python_client.aidataplatform_dp.async_operations_client import AsyncOperationsClient
from aidp_python_client.aidataplatform_dp.ml_ops_client import MLOpsClient
from aidp_python_client.aidataplatform_dp.workspace_client import WorkspaceClient

from mlflow_oci_aidp.emulator.contract import (
    BASE_PATH,
    DEPLOYMENTS,
    MODELS,
    OPERATIONS,
    workspaces,
)
from mlflow_oci_aidp.emulator.services.deployments import DeploymentService
from mlflow_oci_aidp.emulator.services.registry import RegistryService
from mlflow_oci_aidp.emulator.services.workspace import WorkspaceService

OURS = re.compile(r"/(registered-models|model-versions|model-deployments)/|/workspaces/")
#: Operations of another client of the SDK.
OF_ANOTHER_CLIENT = {"get_async_operation": AsyncOperationsClient}


class SdkOperation:
    """What the source of an SDK method says about its request."""

    def __init__(self, name, client=None):
        client = client or OF_ANOTHER_CLIENT.get(name, MLOpsClient)
        method = getattr(client, name)
        self.source = inspect.getsource(method)
        self.documentation = inspect.getdoc(method) or ""

    @property
    def path(self):
        return re.search(r'resource_path = "([^"]+)"', self.source)[1]

    @property
    def verb(self):
        return re.search(r'method = "([^"]+)"', self.source)[1]

    @property
    def response(self):
        match = re.search(r'response_type="([^"]+)"', self.source)
        return match[1] if match else None

    @property
    def body(self):
        match = re.search(r"body=(\w+)", self.source)
        return (
            re.search(rf":param \S+\.models\.(\w+) {match[1]}:", self.documentation)[1]
            if match
            else None
        )

    @property
    def query(self):
        """By name: type, and whether it is required."""
        block = re.search(r"query_params = \{(.*?)\n        \}", self.source, re.DOTALL)
        names = re.findall(r'"(\w+)":', block[1]) if block else []
        rows = {
            name: re.search(rf":param (\S+) {in_python(name)}: \((\w+)\)", self.documentation)
            for name in names
        }
        return {name: (row[1], row[2] == "required") for name, row in rows.items()}


def in_python(name):
    """The SDK's argument for a field: ``sort_by`` for ``sortBy``."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def sdk_operations():
    names = [
        name
        for name, _ in inspect.getmembers(MLOpsClient, inspect.isfunction)
        if not name.startswith("_")
    ]
    operations = {name: SdkOperation(name) for name in names}
    return {name: row for name, row in operations.items() if "resource_path = " in row.source}


def sdk_fields(model):
    """By name: type, whether it is required, and the values of an enumeration."""
    kind = getattr(sdk_models, model)
    instance = kind()
    return {
        wire_name: (
            instance.swagger_types[attribute],
            "**[Required]**" in (getattr(kind, attribute).__doc__ or ""),
            allowed_values(kind, attribute),
        )
        for attribute, wire_name in instance.attribute_map.items()
    }


def allowed_values(kind, attribute):
    documentation = getattr(kind, attribute).__doc__ or ""
    listed = re.search(
        r"Allowed values for (?:this property|items in this list) are: (.*)",
        documentation,
    )
    return set(re.findall(r'"([^"]+)"', listed[1])) if listed else set()


def test_every_operation_of_registry_and_workspace_is_a_row():
    ours = {name for name, row in sdk_operations().items() if OURS.search(row.path)}
    assert {row.name for row in OPERATIONS} == ours | OF_ANOTHER_CLIENT.keys()


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
class TestOperation:
    def test_path(self, row):
        assert (
            row.template == BASE_PATH.partition("/aiDataPlatforms")[0] + SdkOperation(row.name).path
        )

    def test_verb(self, row):
        assert row.verb == SdkOperation(row.name).verb

    def test_query(self, row):
        ours = {name: (field.type, field.required) for name, field in row.query.items()}
        assert ours == SdkOperation(row.name).query

    def test_body(self, row):
        assert row.body == SdkOperation(row.name).body

    def test_response(self, row):
        assert row.response == SdkOperation(row.name).response

    def test_retry_token(self, row):
        takes = "opc_retry_token" in SdkOperation(row.name).source
        assert row.effect == "read" or row.has_retry_token == takes

    def test_state_can_do_it(self, row):
        state = WorkspaceService if row.scope == "workspace" else RegistryService
        if row in DEPLOYMENTS:
            state = DeploymentService
        assert callable(getattr(state, row.name))


@pytest.mark.parametrize("model", MODELS)
def test_fields_of_model(model):
    ours = {
        name: (field.type, field.required, set(field.allowed))
        for name, field in MODELS[model].items()
    }
    assert ours == sdk_fields(model)


#: Types that are no models. The last one is an enumeration.
PLAIN_TYPES = {
    *("str", "int", "float", "bool", "datetime", "object", "dict(str, str)"),
    "InferenceInvocationStatus",
}


def test_every_model_that_a_row_names_is_there():
    named = {model for row in OPERATIONS for model in (row.body, row.response) if model}
    nested = {
        field.type.removeprefix("list[").removesuffix("]")
        for fields in MODELS.values()
        for field in fields.values()
    }
    assert named | (nested - PLAIN_TYPES) == set(MODELS)


def test_base_path_has_the_version_of_the_sdk():
    assert f'"/{BASE_PATH.split("/")[1]}"' in inspect.getsource(MLOpsClient.__init__).replace(
        "'", '"'
    )


@pytest.mark.parametrize("row", workspaces.OPERATIONS, ids=lambda row: row.name)
def test_the_list_of_workspaces_is_that_of_the_sdk(row):
    known = SdkOperation(row.name, WorkspaceClient)
    assert (row.template.removeprefix("/20260430"), row.verb) == (known.path, known.verb)
    assert row.response == known.response
    ours = {name: (field.type, field.required) for name, field in row.query.items()}
    assert ours == known.query


@pytest.mark.parametrize("model", workspaces.MODELS)
def test_the_fields_of_workspaces_are_those_of_the_sdk(model):
    known = sdk_fields(model)
    assert {
        name: (field.type, field.required) for name, field in workspaces.MODELS[model].items()
    } == {name: known[name][:2] for name in workspaces.MODELS[model]}
