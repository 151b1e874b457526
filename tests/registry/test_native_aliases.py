"""If the platform has calls for aliases one day: a server on loopback stands in for it."""

from __future__ import annotations

import json

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import routes
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.support.loopback import serve

NAME = "main.default.iris"
ALIAS = "/mlops/api/2.0/mlflow/registered-models/alias"
VERSION = {"model_version": {"name": NAME, "version": "2"}}


@pytest.fixture
def calls():
    return []


@pytest.fixture
def store(aidp, calls):
    """The store, with nothing missing in its table."""
    base = f"/20260430/aiDataPlatforms/{aidp.ai_data_platform_id}"

    def note(answer):
        def answered(request):
            path, _, query = request.path.removeprefix(base).partition("?")
            calls.append((request.verb, path, query or json.loads(request.body)))
            return json.dumps(answer)

        return answered

    missing = {call: routes.REGISTRY[call] for call in routes.MISSING & routes.REGISTRY.keys()}
    table = {
        ("POST", f"{base}{ALIAS}"): note({}),
        ("DELETE", f"{base}{ALIAS}"): note({}),
        ("GET", f"{base}{ALIAS}?name={NAME}&alias=champion"): note(VERSION),
        ("POST", f"{base}/mlops/api/2.0/mlflow/model-versions/delete"): note({}),
    }
    with serve(table) as server:
        yield AidpRegistryStore(
            f"aidp://{aidp.ai_data_platform_id}?endpoint={server}&config_file={aidp.config_file}",
            routes={**routes.ROUTES, **missing},
        )


def test_an_alias_is_set_by_the_platform(store, calls):
    store.set_registered_model_alias(NAME, "champion", 2)
    assert calls == [("POST", ALIAS, {"name": NAME, "alias": "champion", "version": "2"})]


def test_an_alias_is_deleted_by_the_platform(store, calls):
    store.delete_registered_model_alias(NAME, "champion")
    assert calls == [("DELETE", ALIAS, {"name": NAME, "alias": "champion"})]


def test_an_alias_is_read_by_the_platform(store, calls):
    assert store.get_model_version_by_alias(NAME, "champion").version == "2"
    assert len(calls) == 1


def test_a_deleted_version_takes_no_alias_with_it(store, calls):
    store.delete_model_version(NAME, 2)
    assert [path for _, path, _ in calls] == ["/mlops/api/2.0/mlflow/model-versions/delete"]


def test_a_reserved_alias_is_refused_without_a_request(store, calls):
    with pytest.raises(MlflowException, match="reserved"):
        store.set_registered_model_alias(NAME, "latest", 2)
    assert calls == []
