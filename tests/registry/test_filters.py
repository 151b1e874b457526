"""Filters as the platform documents them."""

from __future__ import annotations

import pytest

from mlflow_oci_aidp.registry.filters import NamePattern, with_single_quotes


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (None, None),
        ("name = 'iris'", "name = 'iris'"),
        ('name = "iris"', "name = 'iris'"),
        ('name ILIKE "%iris%" ', "name ILIKE '%iris%' "),
        ('tags."my key" = "value"', "tags.`my key` = 'value'"),
        ("tags.\"my key\" = 'value'", "tags.`my key` = 'value'"),
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


@pytest.mark.parametrize(
    ("filter_string", "names"),
    [
        ("name LIKE 'iris'", []),
        ("name LIKE '%iris'", ["main.default.iris"]),
        ("name LIKE 'default%'", []),
        ("name LIKE 'main%'", ["main.default.iris", "main.default.iris 2"]),
        ("name ILIKE 'MAIN%'", ["main.default.iris", "main.default.iris 2"]),
        ("name = 'main.default.iris'", ["main.default.iris"]),
    ],
)
def test_a_name_has_the_pattern_although_the_platform_finds_more(client, filter_string, names):
    for name in ("main.default.iris", "main.default.iris 2"):
        client.create_registered_model(name)
    assert [model.name for model in client.search_registered_models(filter_string)] == names


@pytest.mark.parametrize(
    ("filter_string", "name", "fits"),
    [
        (None, "iris", True),
        ("name LIKE 'i%s'", "iris", True),
        ("name LIKE 'r%'", "iris", False),
        ("name like 'r%'", "iris", False),
        ("attribute.name LIKE 'r%'", "iris", False),
        ("tags.name LIKE 'r%'", "iris", True),
        ("name IS NULL", "iris", True),
        ("nonsense", "iris", True),
    ],
)
def test_the_pattern_of_a_name(filter_string, name, fits):
    assert NamePattern(filter_string).fits(name) is fits
