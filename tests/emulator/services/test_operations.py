"""Oracle's own SDK does every operation, and those of the registry in every way."""

from __future__ import annotations

import oci
import pytest
from aidp_python_client.aidataplatform_dp import models as m

from mlflow_oci_aidp.emulator import Emulator, Refusal
from mlflow_oci_aidp.emulator.contract import OPERATIONS
from mlflow_oci_aidp.emulator.server.validation import check_model

from ..conftest import asynchronous_client, call, sdk_client
from ..everything import (
    NAME,
    do_everything_in_the_registry,
    do_everything_in_the_workspace,
    do_everything_with_deployments,
)


def create_model(sdk, aidp, name=NAME, **fields):
    details = m.CreateRegisteredModelDetails(name=name, **fields)
    return sdk.create_registered_model(aidp.ai_data_platform_id, details).data.registered_model


def get_model(sdk, aidp, name=NAME):
    return sdk.get_registered_model(aidp.ai_data_platform_id, name).data.registered_model


def create_version(sdk, aidp, name=NAME, source="runs:/abc/model", **fields):
    details = m.CreateModelVersionDetails(name=name, source=source, **fields)
    return sdk.create_model_version(aidp.ai_data_platform_id, details).data.model_version


def get_version(sdk, aidp, version="1", name=NAME):
    return sdk.get_model_version(aidp.ai_data_platform_id, name, version).data.model_version


def tags_of(entity):
    return {tag.key: tag.value for tag in entity.tags or []}


@pytest.fixture(params=["full", "bare"])
def exchanges_of_everything(request):
    with Emulator(success=request.param) as aidp:
        sdk = sdk_client(aidp)
        do_everything_in_the_registry(sdk, aidp.ai_data_platform_id)
        do_everything_in_the_workspace(sdk, aidp.ai_data_platform_id, aidp.workspace_key)
        do_everything_with_deployments(aidp, sdk, asynchronous_client(aidp))
        yield request.param, aidp.exchanges.snapshot()


def test_every_operation_succeeds(exchanges_of_everything):
    _, exchanges = exchanges_of_everything
    assert {exchange.operation for exchange in exchanges} == {row.name for row in OPERATIONS}


def test_every_answer_keeps_to_the_contract(exchanges_of_everything):
    responses = {row.name: row.response for row in OPERATIONS}
    _, exchanges = exchanges_of_everything
    for exchange in exchanges:
        if responses[exchange.operation] is None:
            assert exchange.answer is None
        elif exchange.answer is not None:
            check_model(exchange.answer, responses[exchange.operation])


def test_success_looks_as_it_was_asked_for(exchanges_of_everything):
    success, exchanges = exchanges_of_everything
    effects = {row.name: row.effect for row in OPERATIONS if row.response}
    seen = {
        (effects[exchange.operation], exchange.status, exchange.answer is not None)
        for exchange in exchanges
        if exchange.operation in effects
    }
    assert (
        seen
        == {
            "full": {(effect, 200, True) for effect in ("read", "create", "change", "delete")},
            "bare": {
                ("read", 200, True),
                ("create", 201, True),
                ("change", 202, False),
                ("delete", 204, False),
            },
        }[success]
    )


def test_registered_model_has_every_field_that_has_a_value(aidp, sdk):
    tags = [m.RegisteredModelTag(key="k", value="v")]
    create_model(sdk, aidp, description="d", deployment_job_id="job", tags=tags)
    create_version(sdk, aidp)
    aidp.state.set_platform_alias(NAME, "champion", 1)
    model = get_model(sdk, aidp)
    filled = {name for name in model.attribute_map if getattr(model, name) is not None}
    assert filled == set(model.attribute_map) - {"deployment_summary"}


def test_model_version_has_every_field_that_has_a_value(aidp, sdk):
    create_model(sdk, aidp)
    tags = [m.ModelVersionTag(key="k", value="v")]
    create_version(
        sdk, aidp, description="d", run_id="r", run_link="http://l", model_id="m-1", tags=tags
    )
    aidp.state.set_platform_alias(NAME, "champion", 1)
    aidp.state.seed_model_version(
        NAME,
        1,
        status_message="fine",
        model_metrics=[{"key": "f1", "value": 0.5, "timestamp": 1, "step": 0}],
        model_params=[{"name": "depth", "value": "3"}],
        deployment_job_state={"job_id": "j", "job_state": "CONNECTED"},
    )
    version = get_version(sdk, aidp)
    assert [name for name in version.attribute_map if getattr(version, name) is None] == []


def test_the_user_of_a_version_is_the_one_who_signed(aidp, sdk):
    create_model(sdk, aidp)
    assert create_version(sdk, aidp).user_id == oci.config.from_file(aidp.config_file)["user"]


@pytest.mark.parametrize(
    "source", ["models:/m-0123", "models:/main.default.other/7", "s3://b/c", "runs:/x/y"]
)
def test_a_source_comes_back_as_it_was_given(aidp, sdk, source):
    create_model(sdk, aidp)
    assert create_version(sdk, aidp, source=source).source == source


@pytest.mark.parametrize("field", ["description", "deployment_job_id"])
def test_update_leaves_alone_what_is_not_given(aidp, sdk, field):
    create_model(sdk, aidp, description="before", deployment_job_id="before")
    details = m.UpdateRegisteredModelDetails(name=NAME, **{field: "after"})
    sdk.update_registered_model(aidp.ai_data_platform_id, details)
    model = get_model(sdk, aidp)
    assert {model.description, model.deployment_job_id} == {"before", "after"}


def test_rename_keeps_everything_else(aidp, sdk):
    create_model(
        sdk, aidp, deployment_job_id="job", tags=[m.RegisteredModelTag(key="k", value="v")]
    )
    create_version(sdk, aidp, model_id="m-1")
    details = m.RenameRegisteredModelDetails(name=NAME, new_name="main.default.other")
    sdk.rename_registered_model(aidp.ai_data_platform_id, details)
    model = get_model(sdk, aidp, "main.default.other")
    assert (model.deployment_job_id, tags_of(model), model.latest_versions[0].model_id) == (
        "job",
        {"k": "v"},
        "m-1",
    )


def test_many_tags_in_one_call(aidp, sdk):
    create_model(sdk, aidp, tags=[m.RegisteredModelTag(key="old", value="1")])
    details = m.UpdateRegisteredModelTagsDetails(
        name=NAME,
        set_tags=[m.RegisteredModelTag(key=key, value=key) for key in "ab"],
        delete_tags=[m.RegisteredModelTagKey(key="old")],
    )
    sdk.update_registered_model_tags(aidp.ai_data_platform_id, details)
    assert tags_of(get_model(sdk, aidp)) == {"a": "a", "b": "b"}


def test_many_tags_of_a_version_in_one_call(aidp, sdk):
    create_model(sdk, aidp)
    create_version(sdk, aidp, tags=[m.ModelVersionTag(key="old", value="1")])
    details = m.UpdateModelVersionTagsDetails(
        name=NAME,
        version="1",
        set_tags=[m.ModelVersionTag(key="new", value="2")],
        delete_tags=[m.ModelVersionTagKey(key="old")],
    )
    sdk.update_model_version_tags(aidp.ai_data_platform_id, details)
    assert tags_of(get_version(sdk, aidp)) == {"new": "2"}


def test_transition_archives_when_asked(aidp, sdk):
    create_model(sdk, aidp)
    for version in ("1", "2"):
        create_version(sdk, aidp)
        details = m.TransitionModelVersionStageDetails(
            name=NAME, version=version, stage="Staging", archive_existing_versions=True
        )
        sdk.transition_model_version_stage(aidp.ai_data_platform_id, details)
    assert [get_version(sdk, aidp, version).current_stage for version in "12"] == [
        "Archived",
        "Staging",
    ]


def test_latest_versions_are_ready_ones(aidp, sdk):
    create_model(sdk, aidp)
    create_version(sdk, aidp)
    aidp.state.seed_model_version(NAME, 1, status="PENDING_REGISTRATION")
    assert not get_model(sdk, aidp).latest_versions


def test_a_deleted_version_takes_its_alias_along(aidp, sdk):
    create_model(sdk, aidp)
    create_version(sdk, aidp)
    aidp.state.set_platform_alias(NAME, "champion", 1)
    sdk.delete_model_version(
        aidp.ai_data_platform_id, m.DeleteModelVersionDetails(name=NAME, version="1")
    )
    assert not get_model(sdk, aidp).aliases


def test_summary_counts_a_schema(aidp, sdk):
    for name in ("main.default.a", "main.default.b", "main.defaultx.c"):
        create_model(sdk, aidp, name)
        create_version(sdk, aidp, name)
    summary = sdk.get_registered_model_summary(aidp.ai_data_platform_id, "main", "default").data
    assert (summary.registered_models_count, summary.model_versions_count) == (2, 2)


def names(sdk, aidp, **query):
    page = sdk.list_registered_models(aidp.ai_data_platform_id, **query).data
    return [model.name for model in page.registered_models]


def test_like_means_contains(aidp, sdk):
    for name in ("main.default.iris", "main.default.wine"):
        create_model(sdk, aidp, name)
    assert names(sdk, aidp, filter="name LIKE 'iri'") == ["main.default.iris"]


def test_a_prompt_is_a_registered_model_like_others(aidp, sdk):
    create_model(
        sdk, aidp, tags=[m.RegisteredModelTag(key="mlflow.prompt.is_prompt", value="true")]
    )
    assert names(sdk, aidp) == [NAME]


def test_filter_by_tag(aidp, sdk):
    create_model(sdk, aidp, "main.default.a", tags=[m.RegisteredModelTag(key="team", value="x")])
    create_model(sdk, aidp, "main.default.b")
    assert names(sdk, aidp, filter="tags.team = 'x'") == ["main.default.a"]


def test_pages_hold_everything_once_and_in_order(aidp, sdk):
    expected = [f"main.default.m{number}" for number in range(5)]
    for name in expected:
        create_model(sdk, aidp, name)
    listed, token = [], None
    while True:
        query = {
            "max_results": 2,
            "order_by": "name DESC",
            **({"page_token": token} if token else {}),
        }
        page = sdk.list_registered_models(aidp.ai_data_platform_id, **query).data
        listed += [model.name for model in page.registered_models]
        token = page.next_page_token
        if not token:
            break
    assert listed == expected[::-1]


def test_a_hundred_is_the_default_page(aidp, sdk):
    for number in range(101):
        aidp.state.create_registered_model({"name": f"m{number}"}, "user")
    assert len(names(sdk, aidp)) == 100


def test_versions_are_ordered_by_stage_and_version(aidp, sdk):
    create_model(sdk, aidp)
    for _ in range(3):
        create_version(sdk, aidp)
    aidp.state.transition_model_version_stage(
        {"name": NAME, "version": "2", "stage": "Staging", "archive_existing_versions": False},
        "user",
    )
    page = sdk.list_model_versions(
        aidp.ai_data_platform_id, order_by="stage DESC, version ASC"
    ).data
    assert [version.version for version in page.model_versions] == ["2", "1", "3"]


def test_versions_report_their_aliases_in_a_search(aidp, sdk):
    create_model(sdk, aidp)
    create_version(sdk, aidp)
    aidp.state.set_platform_alias(NAME, "champion", 1)
    page = sdk.list_model_versions(aidp.ai_data_platform_id, filter=f"name = '{NAME}'").data
    assert page.model_versions[0].aliases == ["champion"]


@pytest.mark.parametrize(
    "query",
    [
        {"filter": ""},
        {"filter": 'name = "double"'},
        {"filter": "name = 'a' AND name = 'b'"},
        {"filter": "name LIKE 'a' OR name LIKE 'b'"},
        {"filter": "name = 'a' AND tag.`mlflow.prompt.is_prompt` != 'true'"},
        {"filter": "name"},
        {"filter": "colour = 'red'"},
        {"max_results": 0},
        {"max_results": 1001},
        {"order_by": "colour"},
        {"order_by": "name, name"},
        {"order_by": ""},
        {"page_token": "nonsense"},
        {"page_token": ""},
    ],
    ids=str,
)
def test_a_search_that_is_not_documented_is_refused(aidp, query):
    answer = call(aidp, "GET", "registered-models/search", query=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("registered-models/create", {"name": NAME}, (409, "NotAuthorizedOrResourceAlreadyExists")),
        (
            "registered-models/rename",
            {"name": "b", "new_name": NAME},
            (409, "NotAuthorizedOrResourceAlreadyExists"),
        ),
        ("registered-models/rename", {"name": NAME}, (400, "InvalidParameter")),
        ("registered-models/update", {"name": "absent"}, (404, "NotAuthorizedOrNotFound")),
        ("registered-models/delete", {"name": "absent"}, (404, "NotAuthorizedOrNotFound")),
        (
            "registered-models/set-tag",
            {"name": "absent", "key": "k", "value": "v"},
            (404, "NotAuthorizedOrNotFound"),
        ),
        (
            "registered-models/set-tag",
            {"name": NAME, "key": "", "value": "v"},
            (400, "InvalidParameter"),
        ),
        (
            "model-versions/create",
            {"name": "absent", "source": "s"},
            (404, "NotAuthorizedOrNotFound"),
        ),
        ("model-versions/delete", {"name": NAME, "version": "9"}, (404, "NotAuthorizedOrNotFound")),
        ("model-versions/delete", {"name": NAME, "version": "nine"}, (400, "InvalidParameter")),
        (
            "model-versions/transition-stage",
            {"name": NAME, "version": "1", "stage": "Nowhere", "archive_existing_versions": False},
            (400, "InvalidParameter"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_refused(aidp, operation, body, expected):
    for name in (NAME, "b"):
        aidp.state.create_registered_model({"name": name}, "user")
    aidp.state.create_model_version({"name": NAME, "source": "s"}, "user")
    answer = call(aidp, "POST", operation, body=body)
    assert (answer.status_code, answer.json()["code"]) == expected


@pytest.mark.parametrize(
    "fields", [{"name": "x"}, {"colour": "red"}, {"status": "GREAT"}, {"model_metrics": 1}]
)
def test_only_what_the_contract_has_can_be_seeded(aidp, fields):
    aidp.state.create_registered_model({"name": NAME}, "user")
    aidp.state.create_model_version({"name": NAME, "source": "s"}, "user")
    with pytest.raises(Refusal) as caught:
        aidp.state.seed_model_version(NAME, "1", **fields)
    assert caught.value.status == 400


def test_seeded_state_of_a_registered_model_is_reported(aidp, sdk):
    create_model(sdk, aidp)
    aidp.state.seed_registered_model(NAME, deployment_job_state="NOT_FOUND")
    assert get_model(sdk, aidp).deployment_job_state == "NOT_FOUND"
