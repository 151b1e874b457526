"""Prompts by the store's own methods, for the table of operations.

MLflow's client does not call some of these methods.
"""

from __future__ import annotations

import json

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.registry.store import AidpRegistryStore

NAME = "greeting"
LINKED = "mlflow.linkedPrompts"


@pytest.fixture
def store(aidp):
    """The store, with a prompt of two versions."""
    made = AidpRegistryStore(aidp.uri)
    made.create_prompt(NAME, description="Says hello", tags={"lang": "en"})
    made.create_prompt_version(NAME, "Hello {{name}}", description="first", tags={"tone": "stiff"})
    made.create_prompt_version(NAME, "Hi {{name}}")
    return made


@pytest.fixture
def tracking(tracking_file):
    """A client of a tracking store beside the registry, which links are kept in."""
    mlflow.set_tracking_uri(tracking_file.uri)
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


def linked(tags):
    return [(entry["name"], entry["version"]) for entry in json.loads(tags[LINKED])]


def test_a_prompt_is_read_as_it_was_made(store):
    prompt = store.get_prompt(NAME)
    assert (prompt.name, prompt.description, prompt.tags["lang"]) == (NAME, "Says hello", "en")


def test_a_prompts_tags_are_set_and_deleted(store):
    store.set_prompt_tag(NAME, "team", "ml")
    store.delete_prompt_tag(NAME, "lang")
    assert {key: store.get_prompt(NAME).tags.get(key) for key in ("team", "lang")} == {
        "team": "ml",
        "lang": None,
    }


def test_a_version_is_read_as_it_was_made(store):
    version = store.get_prompt_version(NAME, 1)
    assert (version.template, version.commit_message, version.tags["tone"]) == (
        "Hello {{name}}",
        "first",
        "stiff",
    )


def test_a_versions_tags_are_set_and_deleted(store):
    store.set_prompt_version_tag(NAME, 1, "reviewed", "yes")
    store.delete_prompt_version_tag(NAME, 1, "tone")
    tags = store.get_prompt_version(NAME, 1).tags
    assert {key: tags.get(key) for key in ("reviewed", "tone")} == {"reviewed": "yes", "tone": None}


def test_an_alias_leads_to_its_version(store):
    store.set_prompt_alias(NAME, "live", 2)
    assert store.get_prompt_version_by_alias(NAME, "live").template == "Hi {{name}}"


def test_a_deleted_version_is_gone(store):
    store.delete_prompt_version(NAME, 2)
    with pytest.raises(MlflowException, match="RESOURCE_DOES_NOT_EXIST"):
        store.get_model_version(NAME, "2")


def test_a_deleted_prompt_is_gone(store):
    store.delete_prompt(NAME)
    assert store.get_prompt(NAME) is None


def test_a_run_knows_the_prompts_that_are_linked_to_it(store, tracking):
    run = tracking.create_run("0")
    store.link_prompt_version_to_run(NAME, "1", run.info.run_id)
    assert linked(tracking.get_run(run.info.run_id).data.tags) == [(NAME, "1")]


def test_a_logged_model_knows_the_prompts_that_are_linked_to_it(store, tracking):
    model = mlflow.initialize_logged_model(name="model")
    store.link_prompt_version_to_model(NAME, "1", model.model_id)
    assert linked(tracking.get_logged_model(model.model_id).tags) == [(NAME, "1")]


def test_a_trace_knows_the_prompts_that_are_linked_to_it(store, tracking):
    with mlflow.start_span(name="hello") as span:
        pass
    store.link_prompts_to_trace([store.get_prompt_version(NAME, 1)], span.trace_id)
    mlflow.flush_trace_async_logging()
    # Not get_trace, which reads spans, and with them artifacts, too.
    assert linked(tracking._tracking_client.store.get_trace_info(span.trace_id).tags) == [
        (NAME, "1")
    ]


def test_versions_are_listed(store):
    try:
        versions = store.search_prompt_versions(NAME)
    except MlflowException as error:
        if "Unity Catalog" not in error.message:
            raise
        pytest.skip("this MLflow lists versions in Unity Catalog alone")
    assert sorted(version.version for version in versions) == [1, 2]
