"""Filters as the platform documents them."""

from __future__ import annotations

import pytest

from mlflow_oci_aidp.registry.filters import with_single_quotes


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (None, None),
        ("name = 'iris'", "name = 'iris'"),
        ('name = "iris"', "name = 'iris'"),
        ('name ILIKE "%iris%" ', "name ILIKE '%iris%' "),
        ('tags."my key" = "value"', "tags.\"my key\" = 'value'"),
        ("tags.\"my key\" = 'value'", "tags.\"my key\" = 'value'"),
        ('name = "it\'s"', 'name = "it\'s"'),
        ("tags.x = 'a = \"b\"'", "tags.x = 'a = \"b\"'"),
    ],
)
def test_values_are_in_single_quotes(text, sent):
    assert with_single_quotes(text) == sent


def test_the_search_of_mlflows_page_is_understood(aidp, client):
    client.create_registered_model("main.default.iris", tags={"team": "ml"})
    models = client.search_registered_models('tags.team = "ml"')
    assert [model.name for model in models] == ["main.default.iris"]
    assert aidp.exchanges[-1].query["filter"] == "tags.team = 'ml'"
