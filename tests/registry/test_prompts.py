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
    search = split(add_prompt_filter_string(own, is_prompt))
    assert (search.filter, search.prompts) == (own, is_prompt)


#: Every spelling that MLflow's parser knows, and what MLflow's SQL store makes of it.
SPELLINGS = [
    (f"tags.`{IS_PROMPT}` = 'true'", True),
    (f"tag.`{IS_PROMPT}` = 'true'", True),
    (f"tag.{IS_PROMPT} = 'true'", True),
    (f"tags.{IS_PROMPT} = 'true'", True),
    (f"tags.\"{IS_PROMPT}\" = 'true'", True),
    (f'tags.`{IS_PROMPT}` = "true"', True),
    (f"tags.`{IS_PROMPT}`='true'", True),
    (f"tags.`{IS_PROMPT}` = 'True'", True),
    (f"tags.`{IS_PROMPT}` != 'false'", True),
    (f"tags.`{IS_PROMPT}` != 'FALSE'", True),
    (f"tags.`{IS_PROMPT}` != 'true'", False),
    (f"tags.`{IS_PROMPT}` = 'false'", False),
    (f"tags.`{IS_PROMPT}` = 'anything'", False),
    (f"tags.`{IS_PROMPT}` LIKE 'tr%'", False),
    (f"tags.`{IS_PROMPT}` like 'tr%'", False),
    (f"tags.`{IS_PROMPT}` ILIKE 'TRUE'", False),
]


@pytest.mark.parametrize(("condition", "prompts"), SPELLINGS)
@pytest.mark.parametrize("own", [*OWN, None])
@pytest.mark.parametrize(
    "form", ["{condition} AND {own}", "{own} AND {condition}", "{own}  and  {condition} "]
)
def test_every_spelling_of_the_condition_is_taken_out(condition, prompts, own, form):
    text = form.format(condition=condition, own=own) if own else condition
    search = split(text)
    assert (search.filter, search.prompts) == (own, prompts)


def test_the_condition_is_taken_out_from_between_others():
    search = split(f"name = 'a' AND tag.`{IS_PROMPT}` = 'true' AND tags.team = 'ml'")
    assert (search.filter, search.prompts) == ("name = 'a' AND tags.team = 'ml'", True)


@pytest.mark.parametrize("own", OWN)
def test_a_users_own_filter_is_left_as_written(own):
    assert split(own) == Search(own, False)


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_filter_is_none(empty):
    assert split(empty) == Search(None, False)


@pytest.mark.parametrize(
    "own",
    [
        f"name = 'x AND tag.`{IS_PROMPT}` != ''true'' '",
        "name = 'a'; name = 'b'",
        "tags.team IS NULL",
        "nonsense",
        "((((",
        "name = 'a' OR name = 'b'",
    ],
)
def test_what_holds_no_condition_on_prompts_is_left_alone(own):
    assert split(own) == Search(own, False)


@pytest.mark.parametrize(
    ("condition", "tag", "wanted"),
    [
        ("= 'true'", None, False),
        ("= 'true'", "true", True),
        ("= 'true'", "True", False),
        ("= 'True'", "true", False),
        ("= 'True'", "True", True),
        ("!= 'false'", None, False),
        ("!= 'false'", "true", True),
        ("!= 'false'", "false", False),
        ("!= 'true'", None, True),
        ("!= 'true'", "true", False),
        ("!= 'true'", "True", True),
        ("= 'false'", None, True),
        ("= 'false'", "true", False),
        ("= 'anything'", "anything else", True),
    ],
)
def test_the_condition_is_applied_to_the_tag(condition, tag, wanted):
    tags = {} if tag is None else {IS_PROMPT: tag}
    assert split(f"tags.`{IS_PROMPT}` {condition}").wants(tags) is wanted


def test_all_conditions_on_the_tag_are_applied():
    search = split(f"tags.`{IS_PROMPT}` = 'true' AND tags.`{IS_PROMPT}` LIKE 'no%'")
    assert search.wants({IS_PROMPT: "true"}) is False


@pytest.mark.parametrize(("condition", "prompts"), SPELLINGS)
def test_a_search_with_any_spelling(client, condition, prompts):
    client.create_registered_model("main.default.iris")
    client.register_prompt("main.default.greet", "Hello")
    found = [model.name for model in client.search_registered_models(condition)]
    expected = ["main.default.greet"] if prompts else ["main.default.iris"]
    assert found == ([] if "'True'" in condition else expected)
