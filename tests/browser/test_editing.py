"""What is edited in the page arrives at the platform, signed, and Oracle's SDK reads it there."""

from __future__ import annotations

import pytest


@pytest.fixture
def registered_model(aidp, sdk, model):
    """Reads the model by the SDK."""
    return lambda: sdk.get_registered_model(aidp.ai_data_platform_id, model).data.registered_model


@pytest.fixture
def model_version(aidp, sdk, model):
    """Reads a version of the model by the SDK."""
    return lambda version: (
        sdk.get_model_version(aidp.ai_data_platform_id, model, version).data.model_version
    )


def test_a_models_description(show, expect, model, changes, registered_model):
    page = show(model)
    page.get_by_role("button", name="Edit", exact=True).click()
    save(page, "Now with a page")
    expect(page.get_by_role("paragraph").filter(has_text="Now with a page")).to_be_visible()
    assert changes() == [
        ("update_registered_model", {"name": model, "description": "Now with a page"})
    ]
    assert registered_model().description == "Now with a page"


def test_a_versions_description(show, expect, model, changes, model_version):
    page = show(model, "2")
    page.get_by_role("button", name="Edit", exact=True).click()
    save(page, "With all the data")
    expect(page.get_by_role("paragraph").filter(has_text="With all the data")).to_be_visible()
    assert changes() == [
        (
            "update_model_version",
            {"name": model, "version": "2", "description": "With all the data"},
        )
    ]
    assert model_version("2").description == "With all the data"


def save(page, description):
    """Fills the editor that is open. Its text area has no name: it is the one before the button."""
    button = page.get_by_role("button", name="Save", exact=True)
    button.locator("xpath=preceding::textarea[1]").fill(description)
    button.click()


def test_a_models_tag(show, expect, model, changes, registered_model):
    page = show(model)
    add_tag(page, "task", "classification")
    expect(page.get_by_role("row", name="task classification")).to_be_visible()
    assert changes() == [
        ("set_registered_model_tag", {"name": model, "key": "task", "value": "classification"})
    ]
    assert ("task", "classification") in [(tag.key, tag.value) for tag in registered_model().tags]


def test_a_versions_tag(show, expect, model, changes, model_version):
    page = show(model, "1")
    add_tag(page, "reviewed", "yes")
    expect(page.get_by_role("row", name="reviewed yes")).to_be_visible()
    assert changes() == [
        (
            "set_model_version_tag",
            {"name": model, "version": "1", "key": "reviewed", "value": "yes"},
        )
    ]
    assert ("reviewed", "yes") in [(tag.key, tag.value) for tag in model_version("1").tags]


def add_tag(page, key, value):
    page.get_by_label("tag name").fill(key)
    page.get_by_label("tag value").fill(value)
    page.get_by_label("tag value").press("Enter")


def test_an_alias(show, expect, model, changes, registered_model, client):
    page = show(model)
    row = page.get_by_role("row").filter(has_text="Version 2")
    row.get_by_role("button", name="Add").last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").press_sequentially("challenger")
    dialog.get_by_role("combobox").press("Enter")
    with page.expect_response("**/registered-models/alias"):
        dialog.get_by_role("button", name="Save aliases").click()
    page.reload()  # MLflow 3.17.2 shows the new alias only then
    expect(row).to_contain_text("challenger")
    alias = ("mlflow_oci_aidp.alias.challenger", "2")
    assert changes() == [
        ("set_registered_model_tag", {"name": model, "key": alias[0], "value": alias[1]})
    ]
    assert alias in [(tag.key, tag.value) for tag in registered_model().tags]
    assert client.get_model_version_by_alias(model, "challenger").version == "2"


def test_a_stage_once_the_page_is_switched_back_to_stages(
    show, expect, model, changes, model_version
):
    page = show(model, "2")
    page.get_by_role("switch", name="New model registry UI").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    page.get_by_role("status").filter(has_text="None").click()
    page.get_by_role("menuitem").filter(has_text="Staging").click()
    with page.expect_response("**/model-versions/transition-stage"):
        page.get_by_role("dialog", name="Stage transition").get_by_role("button", name="OK").click()
    expect(page.get_by_role("status").filter(has_text="Staging")).to_be_visible()
    assert [operation for operation, body in changes()] == ["transition_model_version_stage"]
    assert model_version("2").current_stage == "Staging"
