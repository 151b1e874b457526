"""What the page shows is what MLflow's client made."""

from __future__ import annotations

import re

import pytest


def test_the_list_shows_a_model_with_its_versions_aliases_and_tags(show, expect, model):
    row = show().get_by_role("row").filter(has=show().get_by_role("link", name=model, exact=True))
    expect(row).to_contain_text(re.compile(r"Version 2.*champion.*Version 1.*team.*ml"))


def test_a_models_page_shows_its_description_and_tags(show, expect, model):
    page = show(model)
    expect(page.get_by_role("heading", name=model, exact=True)).to_be_visible()
    expect(page.get_by_text("Tells iris species apart")).to_be_visible()
    expect(page.get_by_role("row", name="team ml")).to_be_visible()


def test_a_models_page_shows_its_versions_with_tags_and_aliases(show, expect, model):
    page = show(model)
    expect(page.get_by_role("row").filter(has_text="Version 2")).to_contain_text("With more data")
    first = page.get_by_role("row").filter(has_text="Version 1")
    expect(first).to_contain_text(re.compile("validated.*yes.*champion"))


def test_a_versions_page_shows_its_aliases_and_tags(show, expect, model):
    page = show(model, "1")
    expect(page.get_by_role("heading", name="Version 1", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="champion")).to_be_visible()
    expect(page.get_by_role("row", name="validated yes")).to_be_visible()


def test_the_list_is_searched_by_name(show, expect, model):
    page = show()
    expect(page.get_by_role("link", name=model, exact=True)).to_be_visible()
    box = page.get_by_role("textbox", name=re.compile("registered models"))
    box.fill(model)
    box.press("Enter")
    expect(page.get_by_role("link", name=model, exact=True)).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)


def test_prompts_are_not_in_the_list_of_models(show, expect, model, prompt):
    page = show()
    expect(page.get_by_role("link", name=model, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=prompt, exact=True)).to_have_count(0)


@pytest.fixture
def prompt(client):
    client.register_prompt("greeting", "Hello {{name}}")
    return "greeting"


@pytest.mark.parametrize("text", ["o'neil", "tag.team='x'"], ids=["a name", "a tag"])
def test_a_search_with_quotes_finds_nothing_and_fails_nowhere(show, expect, model, text):
    page = show()
    expect(page.get_by_role("link", name=model, exact=True)).to_be_visible()
    box = page.get_by_role("textbox", name=re.compile("registered models"))
    box.fill(text)
    with page.expect_response(lambda answer: "registered-models/search" in answer.url) as answered:
        box.press("Enter")
    assert answered.value.status == 200
    expect(page.get_by_text(re.compile("No results|No models")).first).to_be_visible()
