"""Pages after the first of a search for logged models come from what the first one read."""

from __future__ import annotations

import pytest

import mlflow_oci_aidp
from mlflow_oci_aidp.tracking.logged_models import remembered_searches
from mlflow_oci_aidp.tracking.store import AidpTrackingStore


@pytest.fixture
def models(store, run):
    """The ids of five logged models, by name."""
    info = run.info
    return {
        name: store.create_logged_model(info.experiment_id, name, info.run_id).model_id
        for name in "abcde"
    }


@pytest.fixture
def page(run):
    def page(store, token=None, text=None, size=2):
        order = [{"field_name": "name"}]
        ids = [run.info.experiment_id]
        return store.search_logged_models(ids, text, None, size, order, token)

    return page


def names(found):
    return [model.name for model in found]


def test_they_send_no_request(aidp, store, models, page):
    first = page(store)
    aidp.exchanges.clear()
    second = page(store, first.token)
    third = page(store, second.token)
    assert [names(found) for found in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert third.token is None
    assert len(aidp.exchanges) == 0


def test_a_first_page_is_always_read(aidp, store, models, page):
    page(store)
    aidp.exchanges.clear()
    page(store)
    assert len(aidp.exchanges) > 0


def test_another_process_reads_anew(aidp, store, models, page):
    token = page(store).token
    assert names(page(AidpTrackingStore(aidp.tracking_uri), token)) == ["c", "d"]


def test_after_a_minute_it_is_read_anew(aidp, store, models, page, monkeypatch):
    token = page(store).token
    monkeypatch.setattr(remembered_searches, "_LONGEST", 0.0)
    aidp.exchanges.clear()
    assert names(page(store, token)) == ["c", "d"]
    assert len(aidp.exchanges) > 0


def test_a_deleted_model_is_on_no_page(store, models, page):
    token = page(store).token
    store.delete_logged_model(models["d"])
    assert names(page(store, token)) == ["c", "e"]


def test_few_searches_are_remembered(aidp, store, models, page):
    token = page(store).token
    for number in range(5):
        page(store, text=f"name != 'x{number}'")
    aidp.exchanges.clear()
    assert names(page(store, token)) == ["c", "d"]
    assert len(aidp.exchanges) > 0


def test_each_user_principal_reads_for_itself(aidp, store, models, page):
    token = page(store).token
    aidp.exchanges.clear()
    with mlflow_oci_aidp.user_principal("c29tZWJvZHk="):
        assert names(page(store, token)) == ["c", "d"]
    assert len(aidp.exchanges) > 0
