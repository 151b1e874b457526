"""The pictures of the documentation.

``UPDATE_PICTURES=1 pytest tests/browser/test_pictures.py`` takes them anew.
"""

from __future__ import annotations

import pytest

NAME = "main.default.iris_classifier"


@pytest.fixture
def models(client):
    """A registry with a few models, as teams have them."""
    client.create_registered_model(
        NAME, tags={"task": "classification"}, description="Tells iris species apart"
    )
    client.create_model_version(
        NAME, "runs:/0/model", tags={"validated": "yes"}, description="First model"
    )
    client.create_model_version(
        NAME, "runs:/1/model", tags={"validated": "yes"}, description="With more data"
    )
    client.create_model_version(NAME, "runs:/2/model", description="With petals alone")
    client.set_registered_model_alias(NAME, "champion", "2")
    client.set_registered_model_alias(NAME, "challenger", "3")
    client.create_registered_model("main.default.wine_quality", tags={"task": "regression"})
    client.create_model_version("main.default.wine_quality", "runs:/3/model")
    client.set_registered_model_alias("main.default.wine_quality", "champion", "1")
    yield
    client.delete_registered_model(NAME)
    client.delete_registered_model("main.default.wine_quality")


def test_the_list_of_models(show, expect, models, take):
    page = show()
    expect(page.get_by_role("row").filter(has_text=NAME)).to_contain_text("challenger")
    take("models.png", 360)


def test_a_models_page(show, expect, models, take):
    page = show(NAME)
    expect(page.get_by_role("row").filter(has_text="Version 3")).to_contain_text("challenger")
    take("model.png", 760)
