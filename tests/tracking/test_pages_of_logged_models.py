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


def test_what_was_read_is_forgotten_with_the_last_page(aidp, store, models, page):
    first = page(store)
    second = page(store, first.token)
    aidp.exchanges.clear()
    assert page(store, second.token).token is None
    assert len(aidp.exchanges) == 0
    assert names(page(store, first.token)) == ["c", "d"]
    assert len(aidp.exchanges) > 0


@pytest.fixture
def clock(monkeypatch):
    """The seconds of the clock that searches are forgotten by, to be changed."""
    seconds = [1000.0]
    monkeypatch.setattr(remembered_searches, "monotonic", lambda: seconds[0])
    return seconds


def test_each_page_keeps_it_for_another_minute(aidp, store, models, page, clock):
    token = page(store, size=1).token
    aidp.exchanges.clear()
    for wanted in "bcd":
        clock[0] += 50
        found = page(store, token, size=1)
        assert names(found) == [wanted]
        token = found.token
    assert len(aidp.exchanges) == 0
    clock[0] += 61
    assert names(page(store, token, size=1)) == ["e"]
    assert len(aidp.exchanges) > 0


def test_after_ten_minutes_it_is_read_anew(aidp, store, models, page, clock):
    token = page(store).token
    for _ in range(11):
        clock[0] += 50
        page(store, token)
    aidp.exchanges.clear()
    clock[0] += 51
    assert names(page(store, token)) == ["c", "d"]
    assert len(aidp.exchanges) > 0


def test_many_logged_models_are_remembered_of_the_latest_search_alone(
    aidp, store, models, page, monkeypatch
):
    monkeypatch.setattr(remembered_searches, "_MOST_MODELS", 4)
    older = page(store).token
    other = "name != 'x'"
    token = page(store, text=other).token
    aidp.exchanges.clear()
    assert names(page(store, token, other)) == ["c", "d"]
    assert len(aidp.exchanges) == 0
    page(store, older)
    assert len(aidp.exchanges) > 0
