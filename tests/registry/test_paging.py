"""Lists of several pages, some of them empty, as the platform may answer them."""

from __future__ import annotations

import json

import pytest
from mlflow.exceptions import MlflowException

NAME = "main.default.iris"

#: An empty page, but not the last one, and a full one.
EMPTY = {"next_page_token": "t"}
FULL = {"registered_models": [{"name": NAME}], "model_versions": [{"name": NAME, "version": "1"}]}

#: More answers than any list here has pages: a client that goes round in circles meets their end.
MANY = 30

SEARCHES = [
    pytest.param(
        "list_registered_models",
        lambda store, **query: store.search_registered_models(**query),
        id="models",
    ),
    pytest.param(
        "list_model_versions",
        lambda store, **query: store.search_model_versions(**query),
        id="versions",
    ),
]


@pytest.fixture
def answers(aidp):
    """Have the emulator answer the next calls of an operation with these bodies."""

    def plan(operation, *bodies):
        for body in bodies:
            aidp.faults.add("body", operation=operation, body=json.dumps(body).encode())

    return plan


@pytest.mark.parametrize(("operation", "search"), SEARCHES)
def test_a_search_goes_on_after_an_empty_page(store, answers, operation, search):
    answers(operation, EMPTY, FULL)
    page = search(store)
    assert ([model.name for model in page], page.token) == ([NAME], None)


def test_a_search_goes_on_after_a_page_of_prompts(store, answers):
    prompt = {"name": "greeting", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    answers("list_registered_models", {**EMPTY, "registered_models": [prompt]}, FULL)
    assert [model.name for model in store.search_registered_models()] == [NAME]


def test_a_page_with_something_on_it_hands_out_its_token(store, answers):
    answers(
        "list_registered_models", {"registered_models": [{"name": NAME}], "next_page_token": "t"}
    )
    page = store.search_registered_models()
    assert ([model.name for model in page], page.token) == ([NAME], "t")


@pytest.mark.parametrize("tokens", ["a", "ab", "abc"])
@pytest.mark.parametrize(("operation", "search"), SEARCHES)
def test_tokens_in_a_circle_are_an_error(store, answers, operation, search, tokens):
    answers(operation, *[{"next_page_token": token} for token in tokens * MANY])
    with pytest.raises(MlflowException, match="page token that it had given before") as caught:
        search(store)
    assert caught.value.error_code == "INTERNAL_ERROR"


@pytest.mark.parametrize(("operation", "search"), SEARCHES)
def test_the_token_that_was_asked_for_is_part_of_the_circle(store, answers, operation, search):
    answers(operation, *[{"next_page_token": token} for token in "ba" * MANY])
    with pytest.raises(MlflowException, match="page token that it had given before"):
        search(store, page_token="a")
