"""Any text that MLflow accepts survives the way to the platform and back, signature included."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore

#: What JSON and UTF-8 can carry. NUL is left out: MLflow's SQL stores do not take it.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80)
#: MLflow refuses `/` and `:` in names, and names that are blank.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0/:"), min_size=1, max_size=60
).filter(lambda name: name.strip() not in ("", ".", ".."))
#: MLflow's own rule for the keys of tags.
KEYS = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_. -]{0,40}\Z").filter(
    lambda key: key == key.strip()
)
AWKWARD = [
    "a b",
    "a+b",
    "100%",
    "%20",
    "a&b=c",
    "'quoted'",
    '"quoted"',
    "tab\there",
    "naïve",
    "日本語",
    "🦉",
    "a#b?c",
    "\\",
    ";,",
]

many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def platform():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def store(platform):
    return AidpRegistryStore(platform.uri)


def fresh(store, name):
    try:
        store.delete_registered_model(name)
    except MlflowException as error:
        assert error.error_code == "RESOURCE_DOES_NOT_EXIST"  # noqa: PT017 - and nothing worse
    return store.create_registered_model(name)


def with_examples(test):
    for text in AWKWARD:
        test = example(text)(test)
    return test


@many
@with_examples
@given(NAMES)
def test_names(store, name):
    assert fresh(store, name).name == name
    assert store.get_registered_model(name).name == name
    assert store.create_model_version(name, "s3://bucket/model").name == name
    assert store.get_model_version(name, 1).name == name


@many
@with_examples
@given(TEXT)
def test_descriptions(store, text):
    fresh(store, "described")
    assert (store.update_registered_model("described", text).description or "") == text
    assert (store.get_registered_model("described").description or "") == text


@many
@given(KEYS, TEXT)
def test_tags(store, key, value):
    fresh(store, "tagged")
    store.create_model_version("tagged", "s3://bucket/model")
    store.set_registered_model_tag("tagged", RegisteredModelTag(key, value))
    store.set_model_version_tag("tagged", 1, ModelVersionTag(key, value))
    assert store.get_registered_model("tagged").tags == {key: value}
    assert store.get_model_version("tagged", 1).tags == {key: value}


@many
@with_examples
@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0/:'\"%_\\"), min_size=1, max_size=40
    ).filter(str.strip)
)
def test_filters(platform, store, text):
    if any(character in text for character in "/:'\"%_\\"):
        text = text.translate(str.maketrans("", "", "/:'\"%_\\")) or "x"
    fresh(store, f"find {text} me")
    wanted = f"name = 'find {text} me'"
    assert [model.name for model in store.search_registered_models(wanted)] == [f"find {text} me"]
    assert platform.exchanges[-1].query["filter"] == wanted


@many
@given(st.text())
def test_any_filter_is_an_answer_or_an_mlflow_exception(platform, store, text):
    try:
        store.search_registered_models(text)
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE"  # noqa: PT017 - and nothing else
    else:
        assert platform.exchanges[-1].query.get("filter", "").strip() == text.strip()
