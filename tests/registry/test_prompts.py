"""MLflow's condition on prompts, taken out of filters."""

from __future__ import annotations

import pytest
from mlflow.prompt.registry_utils import add_prompt_filter_string

from mlflow_oci_aidp.registry.prompts import IS_PROMPT, Search, split

OWN = [
    "name = 'main.default.iris'",
    "name LIKE 'a%'",
    "name = 'with  two blanks'",
    "tags.`team` = 'ml AND more'",
    "tag.team = 'x'",
]


@pytest.mark.parametrize("own", [*OWN, None])
@pytest.mark.parametrize("is_prompt", [True, False])
def test_what_mlflow_adds_is_taken_out_again(own, is_prompt):
    assert split(add_prompt_filter_string(own, is_prompt)) == Search(own, is_prompt)


@pytest.mark.parametrize("own", OWN)
def test_a_condition_before_the_users_own_is_taken_out(own):
    assert split(f"tags.`{IS_PROMPT}` = 'true' AND {own}") == Search(own, True)


@pytest.mark.parametrize("own", OWN)
def test_a_users_own_filter_is_left_as_written(own):
    assert split(own) == Search(own, False)


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_filter_is_none(empty):
    assert split(empty) == Search(None, False)


def test_the_condition_within_a_value_is_left_alone():
    own = f"name = 'x AND tag.`{IS_PROMPT}` != ''true'' '"
    assert split(own) == Search(own, False)


@pytest.mark.parametrize(
    ("prompts", "tags", "wanted"),
    [
        (True, {}, False),
        (True, {IS_PROMPT: "True"}, True),
        (False, {IS_PROMPT: "true"}, False),
        (False, {"a": "b"}, True),
    ],
)
def test_the_condition_is_applied_to_tags(prompts, tags, wanted):
    assert Search(None, prompts).wants(tags) is wanted
