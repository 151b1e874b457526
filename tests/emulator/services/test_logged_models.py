"""Logged models, which no operation makes, by Oracle's own SDK."""

from __future__ import annotations

import pytest
from aidp_python_client.aidataplatform_dp import models as m

from mlflow_oci_aidp.emulator import Refusal

from ..workspace import INVALID, pairs, refusal


class TestLoggedModels:
    @pytest.fixture(autouse=True)
    def three(self, aidp):
        for number in (1, 2, 3):
            aidp.workspace().seed_logged_model(
                data={"params": [{"key": "depth", "value": str(number)}]},
                model_id=f"m-{number}",
                experiment_id=str(number % 2),
                name=f"model{number}",
                creation_timestamp_ms=number,
                tags=[{"key": "a", "value": "b"}],
            )

    def ids(self, ws, **asked):
        return [model.info.model_id for model in ws.logged_models(**asked).models]

    def test_latest_first(self, ws):
        assert self.ids(ws) == ["m-3", "m-2", "m-1"]

    def test_hold_what_was_seeded(self, ws):
        model = ws.logged_models(filter="name = 'model1'").models[0]
        assert (model.info.experiment_id, pairs(model.info.tags), model.data) == (
            "1",
            {"a": "b"},
            {"params": [{"key": "depth", "value": "1"}]},
        )

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"experiment_ids": ["0"]}, ["m-2"]),
            ({"experiment_ids": []}, []),
            ({"filter": "name != 'model2'"}, ["m-3", "m-1"]),
            ({"filter": "attributes.model_id = 'm-2'"}, ["m-2"]),
            ({"order_by": [m.LoggedModelOrder(field_name="creation_time")]}, ["m-1", "m-2", "m-3"]),
            (
                {"order_by": [m.LoggedModelOrder(field_name="creation_time", ascending=False)]},
                ["m-3", "m-2", "m-1"],
            ),
        ],
        ids=str,
    )
    def test_search(self, ws, asked, expected):
        assert self.ids(ws, **asked) == expected

    def test_in_pages(self, ws):
        first = ws.logged_models(max_results=2)
        assert self.ids(ws, max_results=2, page_token=first.next_page_token) == ["m-1"]

    @pytest.mark.parametrize(
        "asked",
        [
            {"filter": "name = 'a' AND name = 'b'"},
            {"filter": "colour = 'red'"},
            {"filter": "creation_timestamp_ms = '1'"},
            {"order_by": [m.LoggedModelOrder(field_name="name")]},
            {"max_results": 0},
            {"page_token": "nonsense"},
        ],
        ids=str,
    )
    def test_what_cannot_be_asked(self, ws, asked):
        assert refusal(ws.logged_models, **asked) == INVALID

    @pytest.mark.parametrize("info", [{"name": "a"}, {"model_id": "m-9", "colour": "red"}])
    def test_only_what_the_contract_has_can_be_seeded(self, aidp, info):
        with pytest.raises(Refusal):
            aidp.workspace().seed_logged_model(**info)
