"""The registry through MLflow's own client.

The emulator answers over a socket and verifies real signatures.
"""

from __future__ import annotations

import pickle

import pytest
from mlflow.entities.model_registry import RegisteredModelTag
from mlflow.exceptions import MlflowException, RestException

from mlflow_oci_aidp import __version__
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES, UNAVAILABLE
from mlflow_oci_aidp.registry.store import AidpRegistryStore

NAME = "main.default.iris"


@pytest.fixture
def model(client):
    client.create_registered_model(NAME)
    return NAME


@pytest.fixture
def version(client, model):
    return client.create_model_version(model, "s3://bucket/model")


def test_a_registered_model_is_made_read_changed_and_deleted(client):
    made = client.create_registered_model(NAME, tags={"team": "ml"}, description="flowers")
    assert (made.name, made.tags, made.description) == (NAME, {"team": "ml"}, "flowers")
    assert (
        client.update_registered_model(NAME, description="more flowers").description
        == "more flowers"
    )
    client.rename_registered_model(NAME, "main.default.flowers")
    assert client.get_registered_model("main.default.flowers").description == "more flowers"
    client.delete_registered_model("main.default.flowers")
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model("main.default.flowers")


def test_tags_of_a_registered_model(client, model):
    client.set_registered_model_tag(model, "team", "ml")
    assert client.get_registered_model(model).tags == {"team": "ml"}
    client.delete_registered_model_tag(model, "team")
    assert client.get_registered_model(model).tags == {}


def test_a_model_version_is_made_read_changed_and_deleted(client, model):
    made = client.create_model_version(
        model, "runs:/0/model", tags={"a": "b"}, description="first", run_link="https://r"
    )
    assert (made.version, made.source, made.tags, made.run_link) == (
        "1",
        "runs:/0/model",
        {"a": "b"},
        "https://r",
    )
    assert client.update_model_version(model, "1", "better").description == "better"
    client.set_model_version_tag(model, "1", "c", "d")
    client.delete_model_version_tag(model, "1", "a")
    assert client.get_model_version(model, "1").tags == {"c": "d"}
    client.delete_model_version(model, "1")
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(model, "1")


def test_stages_and_latest_versions(store):
    store.create_registered_model(NAME)
    for _ in range(3):
        store.create_model_version(NAME, "s3://bucket/model")
    assert (
        store.transition_model_version_stage(NAME, 1, "Production", False).current_stage
        == "Production"
    )
    assert [version.version for version in store.get_latest_versions(NAME, ["production"])] == ["1"]
    assert sorted(version.version for version in store.get_latest_versions(NAME)) == ["1", "3"]


def test_the_deployment_job_reaches_the_platform_and_comes_back(store):
    store.create_registered_model(NAME, deployment_job_id="job-1")
    assert store.get_registered_model(NAME).deployment_job_id == "job-1"
    assert (
        store.update_registered_model(NAME, None, deployment_job_id="job-2").deployment_job_id
        == "job-2"
    )
    assert store.get_registered_model(NAME).deployment_job_state == "CONNECTED"


def test_metrics_params_and_job_state_of_a_version_come_back(aidp, store):
    store.create_registered_model(NAME)
    store.create_model_version(NAME, "models:/m-1", model_id="m-1")
    aidp.state.seed_model_version(
        NAME,
        "1",
        model_metrics=[{"key": "accuracy", "value": 0.5, "timestamp": 1, "step": 2}],
        model_params=[{"name": "depth", "value": "7"}],
        deployment_job_state={"job_id": "j", "job_state": "CONNECTED", "run_state": "RUNNING"},
    )
    version = store.get_model_version(NAME, 1)
    assert (version.model_id, version.metrics[0].value, version.params[0].value) == (
        "m-1",
        0.5,
        "7",
    )
    assert version.deployment_job_state.run_state == "RUNNING"


def test_searches_go_over_several_pages(client):
    names = [f"main.default.m{number:02}" for number in range(25)]
    for name in names:
        client.create_registered_model(name)
        client.create_model_version(name, "s3://bucket/model")
    for search in (client.search_registered_models, client.search_model_versions):
        listed, token = [], None
        while True:
            page = search(max_results=10, page_token=token)
            listed += [item.name for item in page]
            token = page.token
            if not token:
                break
        assert sorted(listed) == names


def test_a_users_filter_goes_out_as_written_and_an_empty_one_not_at_all(aidp, client):
    client.search_registered_models("name LIKE  'main%'")
    assert aidp.exchanges[-1].query == {"filter": "name LIKE  'main%'", "max_results": "100"}
    client.search_registered_models()
    assert "filter" not in aidp.exchanges[-1].query


def test_prompts_are_left_out_of_models_and_found_as_prompts(aidp, client):
    client.create_registered_model(NAME)
    for number in range(3):
        client.register_prompt(f"prompt{number}", template="Say {{what}}")
    assert [model.name for model in client.search_registered_models()] == [NAME]
    assert sorted(prompt.name for prompt in client.search_prompts()) == [
        "prompt0",
        "prompt1",
        "prompt2",
    ]
    assert [prompt.name for prompt in client.search_prompts("name LIKE 'prompt1'")] == ["prompt1"]


def test_a_page_is_never_empty_while_there_are_more(client):
    for number in range(3):
        client.register_prompt(f"a_prompt{number}", template="Say {{what}}")
    client.create_registered_model("z_model")
    page = client.search_registered_models(max_results=1)
    assert [model.name for model in page] == ["z_model"]


def test_prompts_of_every_kind(client):
    client.register_prompt("greeting", template="Hello {{name}}", tags={"lang": "en"})
    client.register_prompt("greeting", template="Hi {{name}}")
    client.set_prompt_alias("greeting", "best", 2)
    assert client.load_prompt("prompts:/greeting@best").template == "Hi {{name}}"
    assert client.load_prompt("prompts:/greeting/1").format(name="Ana") == "Hello Ana"
    assert client.load_prompt("prompts:/nothing/1", allow_missing=True) is None
    client.delete_prompt_alias("greeting", "best")
    with pytest.raises(MlflowException):
        client.load_prompt("prompts:/greeting@best")


# Aliases


def test_an_alias_is_set_read_moved_and_deleted(client, version):
    client.create_model_version(NAME, "s3://bucket/model")
    client.set_registered_model_alias(NAME, "champion", "1")
    assert client.get_model_version_by_alias(NAME, "champion").version == "1"
    client.set_registered_model_alias(NAME, "champion", "2")
    assert client.get_registered_model(NAME).aliases == {"champion": "2"}
    client.delete_registered_model_alias(NAME, "champion")
    with pytest.raises(MlflowException, match="alias champion not found") as caught:
        client.get_model_version_by_alias(NAME, "champion")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_aliases_are_hidden_from_tags_and_shown_everywhere(client, version):
    client.set_registered_model_tag(NAME, "team", "ml")
    client.set_registered_model_alias(NAME, "champion", "1")
    model = client.get_registered_model(NAME)
    assert (model.tags, model.aliases) == ({"team": "ml"}, {"champion": "1"})
    assert client.search_registered_models()[0].aliases == {"champion": "1"}
    assert client.search_model_versions()[0].aliases == ["champion"]
    assert client.get_model_version(NAME, "1").aliases == ["champion"]


def test_reading_a_version_is_one_round_trip(aidp, store):
    store.create_registered_model(NAME)
    store.create_model_version(NAME, "s3://bucket/model")
    aidp.exchanges.clear()
    version = store.get_model_version(NAME, 1)
    assert len(aidp.exchanges) == 1
    assert version.aliases == []
    assert len(aidp.exchanges) == 2


def test_a_page_of_versions_looks_their_aliases_up_once(aidp, store):
    store.create_registered_model(NAME)
    for _ in range(5):
        store.create_model_version(NAME, "s3://bucket/model")
    store.set_registered_model_alias(NAME, "champion", 2)
    aidp.exchanges.clear()
    assert sorted(
        version.version for version in store.search_model_versions() if version.aliases
    ) == ["2"]
    assert len(aidp.exchanges) == 2


def test_an_alias_of_a_version_that_is_not_there_fails(client, model):
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.set_registered_model_alias(NAME, "champion", "9")
    assert client.get_registered_model(NAME).aliases == {}


def test_deleting_a_version_deletes_its_aliases_alone(client, version):
    client.create_model_version(NAME, "s3://bucket/model")
    for alias, target in {"champion": "1", "stable": "1", "next": "2"}.items():
        client.set_registered_model_alias(NAME, alias, target)
    client.delete_model_version(NAME, "1")
    assert client.get_registered_model(NAME).aliases == {"next": "2"}


def test_renaming_keeps_aliases(client, version):
    client.set_registered_model_alias(NAME, "champion", "1")
    client.rename_registered_model(NAME, "main.default.flowers")
    assert client.get_model_version_by_alias("main.default.flowers", "champion").version == "1"


def test_aliases_that_the_platform_reports_are_shown_and_a_users_own_come_first(
    aidp, client, version
):
    client.create_model_version(NAME, "s3://bucket/model")
    aidp.state.set_platform_alias(NAME, "reported", "1")
    aidp.state.set_platform_alias(NAME, "champion", "1")
    client.set_registered_model_alias(NAME, "champion", "2")
    assert client.get_registered_model(NAME).aliases == {"reported": "1", "champion": "2"}


def test_an_alias_that_the_platform_keeps_is_not_said_to_be_deleted(aidp, client, version):
    aidp.state.set_platform_alias(NAME, "reported", "1")
    with pytest.raises(MlflowException) as caught:
        client.delete_registered_model_alias(NAME, "reported")
    assert caught.value.error_code == "NOT_IMPLEMENTED"


def test_deleting_an_alias_that_is_not_there_is_no_error(client, version):
    client.delete_registered_model_alias(NAME, "nothing")
    assert client.get_registered_model(NAME).aliases == {}


def test_latest_is_the_newest_version(store):
    store.create_registered_model(NAME)
    for _ in range(2):
        store.create_model_version(NAME, "s3://bucket/model")
    assert store.get_model_version_by_alias(NAME, "latest").version == "2"


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "a b", ""])
def test_names_that_mlflow_reserves_or_refuses_are_no_aliases(aidp, store, alias):
    with pytest.raises(MlflowException) as caught:
        store.set_registered_model_alias(NAME, alias, 1)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert list(aidp.exchanges) == []


def test_an_alias_that_does_not_fit_is_refused(store):
    with pytest.raises(MlflowException, match="228"):
        store.set_registered_model_alias(NAME, "a" * 229, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda store, tag: store.set_registered_model_tag(NAME, tag),
        lambda store, tag: store.delete_registered_model_tag(NAME, tag.key),
        lambda store, tag: store.create_registered_model(NAME, [tag]),
    ],
)
def test_tags_under_the_reserved_prefix_are_refused_without_a_request(aidp, store, call):
    with pytest.raises(MlflowException, match="reserved"):
        call(store, RegisteredModelTag("mlflow_oci_aidp.alias.champion", "1"))
    assert list(aidp.exchanges) == []


# Copies


def test_a_copys_download_uri_is_that_of_the_first_version(client, version):
    copied = client.copy_model_version(f"models:/{NAME}/1", "main.prod.iris")
    again = client.copy_model_version("models:/main.prod.iris/1", "main.prod.again")
    assert copied.source == f"models:/{NAME}/1"
    assert client.get_model_version_download_uri(again.name, again.version) == "s3://bucket/model"


def test_a_logged_models_source_is_not_followed(client, model):
    client.create_model_version(model, "models:/m-0123456789")
    assert client.get_model_version_download_uri(model, "1") == "models:/m-0123456789"


def test_a_copy_whose_origin_was_renamed_says_so(client, version):
    client.copy_model_version(f"models:/{NAME}/1", "main.prod.iris")
    client.rename_registered_model(NAME, "main.default.flowers")
    with pytest.raises(
        MlflowException, match=f"Version 1 of 'main.prod.iris' is a copy of version 1 of '{NAME}'"
    ) as caught:
        client.get_model_version_download_uri("main.prod.iris", "1")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_copies_in_a_circle_end(store, sdk, aidp):
    models = pytest.importorskip("aidp_python_client.aidataplatform_dp.models")
    store.create_registered_model(NAME)
    for number in (2, 1):  # The store itself makes no copy of what is not there.
        sdk.create_model_version(
            aidp.ai_data_platform_id,
            models.CreateModelVersionDetails(name=NAME, source=f"models:/{NAME}/{number}"),
        )
    with pytest.raises(MlflowException, match="circle"):
        store.get_model_version_download_uri(NAME, 1)


# Answers and errors


def test_a_success_without_a_body_is_answered_by_reading():
    with Emulator(success="bare") as aidp:
        store = AidpRegistryStore(aidp.uri)
        store.create_registered_model(NAME)
        store.create_model_version(NAME, "s3://bucket/model")
        assert store.update_registered_model(NAME, "flowers").description == "flowers"
        assert store.update_model_version(NAME, 1, "first").description == "first"
        assert (
            store.transition_model_version_stage(NAME, 1, "Staging", False).current_stage
            == "Staging"
        )
        assert (
            store.rename_registered_model(NAME, "main.default.flowers").name
            == "main.default.flowers"
        )
        store.delete_registered_model("main.default.flowers")


def test_a_name_that_is_taken(client, model):
    with pytest.raises(RestException, match=r"\ARESOURCE_ALREADY_EXISTS") as caught:
        client.create_registered_model(model)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.create_registered_model("main.default.other")
    with pytest.raises(RestException, match=r"\ARESOURCE_ALREADY_EXISTS"):
        client.rename_registered_model("main.default.other", model)


def test_an_error_names_status_and_request_id(aidp, client):
    with pytest.raises(RestException) as caught:
        client.get_registered_model("nothing")
    assert f"(HTTP 404, opc-request-id {aidp.exchanges[-1].request_id})" in caught.value.message


@pytest.mark.parametrize(
    "operation",
    [line for line in CAPABILITIES if line.kind == UNAVAILABLE],
    ids=lambda line: line.method,
)
def test_what_the_platform_lacks_is_said_at_once(aidp, store, operation):
    with pytest.raises(MlflowException) as caught:
        getattr(store, operation.method)("argument")
    assert caught.value.error_code == "NOT_IMPLEMENTED"
    assert list(aidp.exchanges) == []


def test_there_are_no_webhooks_to_call(store):
    assert store.list_webhooks_by_event("any") == []


def test_a_store_can_be_pickled_without_its_secrets(aidp, store, monkeypatch):
    monkeypatch.setenv("DH_USER_PRINCIPAL", "cHJpbmNpcGFs")
    pickled = pickle.dumps(AidpRegistryStore(aidp.uri))
    assert b"cHJpbmNpcGFs" not in pickled
    pickle.loads(pickled).create_registered_model(NAME)
    assert aidp.exchanges[-1].headers["dh-user-principal"] == "cHJpbmNpcGFs"


# Headers


def test_a_change_carries_a_retry_token_of_its_own_and_a_read_none(aidp, store):
    store.create_registered_model(NAME)
    store.update_registered_model(NAME, "flowers")
    store.get_registered_model(NAME)
    first, second, read = (exchange.headers for exchange in aidp.exchanges)
    assert 1 <= len(first["opc-retry-token"]) <= 64
    assert first["opc-retry-token"] != second["opc-retry-token"]
    assert "opc-retry-token" not in read


def test_every_request_says_who_it_is(aidp, store):
    store.search_registered_models()
    headers = aidp.exchanges[-1].headers
    assert headers["accept"] == "application/json"
    assert headers["user-agent"].startswith(f"mlflow-oci-aidp/{__version__} ")
    assert headers["opc-request-id"].replace("-", "").isalnum()
