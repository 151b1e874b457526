"""Each request of the store is the one that Oracle's SDK makes for the same operation."""

from __future__ import annotations

import contextlib

import pytest
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.registry.capabilities import CAPABILITIES, NATIVE
from tests.support.wire import of_sdk, sent

models = pytest.importorskip("aidp_python_client.aidataplatform_dp.models")

NAME = "main.default.iris"
TAGS = [{"key": "team", "value": "ml"}]

# The store's method and its arguments beside the SDK's, for the same operation.
PAIRS = {
    "create_registered_model": (
        ("new", [RegisteredModelTag("team", "ml")], "flowers", "job-1"),
        "create_registered_model",
        lambda: models.CreateRegisteredModelDetails(
            name="new",
            tags=[models.RegisteredModelTag(key="team", value="ml")],
            description="flowers",
            deployment_job_id="job-1",
        ),
    ),
    "get_registered_model": ((NAME,), "get_registered_model", lambda: NAME),
    "search_registered_models": (
        ("name LIKE 'main%'", 7, ["name ASC", "last_updated_timestamp DESC"], None),
        "list_registered_models",
        lambda: (
            (),
            {
                "filter": "name LIKE 'main%'",
                "max_results": 7,
                "order_by": "name ASC, last_updated_timestamp DESC",
            },
        ),
    ),
    "update_registered_model": (
        (NAME, "flowers", "job-2"),
        "update_registered_model",
        lambda: models.UpdateRegisteredModelDetails(
            name=NAME, description="flowers", deployment_job_id="job-2"
        ),
    ),
    "rename_registered_model": (
        (NAME, "main.default.flowers"),
        "rename_registered_model",
        lambda: models.RenameRegisteredModelDetails(name=NAME, new_name="main.default.flowers"),
    ),
    "delete_registered_model": (
        (NAME,),
        "delete_registered_model",
        lambda: models.DeleteRegisteredModelDetails(name=NAME),
    ),
    "set_registered_model_tag": (
        (NAME, RegisteredModelTag("team", "ml")),
        "set_registered_model_tag",
        lambda: models.SetRegisteredModelTagDetails(name=NAME, key="team", value="ml"),
    ),
    "delete_registered_model_tag": (
        (NAME, "team"),
        "delete_registered_model_tag",
        lambda: models.DeleteRegisteredModelTagDetails(name=NAME, key="team"),
    ),
    "create_model_version": (
        (
            NAME,
            "runs:/0123/model",
            "0123",
            [ModelVersionTag("team", "ml")],
            "https://run",
            "first",
            None,
            "m-1",
        ),
        "create_model_version",
        lambda: models.CreateModelVersionDetails(
            name=NAME,
            source="runs:/0123/model",
            run_id="0123",
            tags=[models.ModelVersionTag(key="team", value="ml")],
            run_link="https://run",
            description="first",
            model_id="m-1",
        ),
    ),
    "get_model_version": ((NAME, 1), "get_model_version", lambda: ((NAME, "1"), {})),
    "search_model_versions": (
        (f"name = '{NAME}'", 5, ["version_number DESC"], None),
        "list_model_versions",
        lambda: (
            (),
            {"filter": f"name = '{NAME}'", "max_results": 5, "order_by": "version_number DESC"},
        ),
    ),
    "update_model_version": (
        (NAME, 1, "better"),
        "update_model_version",
        lambda: models.UpdateModelVersionDetails(name=NAME, version="1", description="better"),
    ),
    "transition_model_version_stage": (
        (NAME, 1, "Staging", True),
        "transition_model_version_stage",
        lambda: models.TransitionModelVersionStageDetails(
            name=NAME, version="1", stage="Staging", archive_existing_versions=True
        ),
    ),
    "delete_model_version": (
        (NAME, 1),
        "delete_model_version",
        lambda: models.DeleteModelVersionDetails(name=NAME, version="1"),
    ),
    "set_model_version_tag": (
        (NAME, 1, ModelVersionTag("team", "ml")),
        "set_model_version_tag",
        lambda: models.SetModelVersionTagDetails(name=NAME, version="1", key="team", value="ml"),
    ),
    "delete_model_version_tag": (
        (NAME, 1, "team"),
        "delete_model_version_tag",
        lambda: models.DeleteModelVersionTagDetails(name=NAME, version="1", key="team"),
    ),
}


def test_every_native_operation_is_compared():
    assert set(PAIRS) == {
        operation.method for operation in CAPABILITIES if operation.kind == NATIVE
    }


@pytest.mark.parametrize("method", PAIRS)
def test_the_request_is_the_sdks(aidp, store, sdk, method):
    arguments, sdk_method, sdk_argument = PAIRS[method]

    def fresh():
        for name in (NAME, "new", "main.default.flowers"):
            with contextlib.suppress(MlflowException):  # there may be none
                store.delete_registered_model(name)
        store.create_registered_model(NAME)
        store.create_model_version(NAME, "runs:/0123/model")

    fresh()
    ours = sent(aidp, lambda: getattr(store, method)(*arguments))
    fresh()
    theirs = sent(
        aidp, lambda: of_sdk(sdk, sdk_method, (aidp.ai_data_platform_id,), sdk_argument())
    )
    assert ours == theirs
