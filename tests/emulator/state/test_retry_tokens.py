"""The same retry token does the work once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlflow_oci_aidp.emulator import Emulator, Refusal
from mlflow_oci_aidp.emulator.state.retry_tokens import LIFETIME, RetryTokens
from tests.support.clocks import ManualClock

from ..conftest import call, create

VERSION = {"name": "main.default.m", "source": "runs:/a/b"}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def tokens(tmp_path, clock):
    tokens = RetryTokens(tmp_path / "tokens.db", clock)
    yield tokens
    tokens.close()


def create_version(aidp, token, **fields):
    headers = {"opc-retry-token": token}
    return call(aidp, "POST", "model-versions/create", body={**VERSION, **fields}, headers=headers)


def versions(aidp):
    return len(aidp.state.list_model_versions({}, "user")["model_versions"])


def test_a_repetition_gets_the_same_answer(aidp):
    create(aidp)
    assert create_version(aidp, "t").json() == create_version(aidp, "t").json()


def test_a_repetition_does_no_work(aidp):
    create(aidp)
    for _ in range(3):
        create_version(aidp, "t")
    assert versions(aidp) == 1


def test_without_a_token_each_request_does_its_work(aidp):
    create(aidp)
    for _ in range(2):
        call(aidp, "POST", "model-versions/create", body=VERSION)
    assert versions(aidp) == 2


def test_a_token_used_with_another_body_is_refused(aidp):
    create(aidp)
    create_version(aidp, "t")
    answer = create_version(aidp, "t", description="another")
    assert (answer.status_code, answer.json()["code"]) == (409, "InvalidatedRetryToken")


def test_a_token_used_with_another_operation_is_refused(aidp):
    create(aidp, headers={"opc-retry-token": "t"})
    body = {"name": "main.default.m"}
    answer = call(
        aidp, "POST", "registered-models/delete", body=body, headers={"opc-retry-token": "t"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "InvalidatedRetryToken")


def test_what_was_refused_may_be_tried_again(aidp):
    refused = create_version(aidp, "t")
    create(aidp)
    assert (refused.status_code, create_version(aidp, "t").status_code) == (404, 200)


@pytest.mark.parametrize(("length", "status"), [(1, 200), (64, 200), (65, 400)])
def test_length(aidp, length, status):
    assert create(aidp, headers={"opc-retry-token": "x" * length}).status_code == status


def test_an_empty_token_is_refused(tokens):
    with pytest.raises(Refusal) as caught:
        tokens.once("", "request", dict)
    assert caught.value.status == 400


def test_a_restart_keeps_tokens(tmp_path):
    with Emulator(tmp_path) as aidp:
        create(aidp)
        first = create_version(aidp, "t").json()
    with Emulator(tmp_path) as aidp:
        assert create_version(aidp, "t").json() == first


def test_an_answer_that_was_lost_is_given_again(aidp):
    create(aidp)
    aidp.faults.add("reset_after", operation="create_model_version")
    with pytest.raises(OSError, match=r"(?i)connection"):
        create_version(aidp, "t")
    assert create_version(aidp, "t").json()["model_version"]["version"] == "1"


def test_many_at_once_do_the_work_once(aidp):
    create(aidp)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: create_version(aidp, "t").json(), range(16)))
    assert versions(aidp) == 1
    assert all(answer == answers[0] for answer in answers)


def test_a_repetition_waits_for_the_first(tokens):
    begun, may_end = threading.Event(), threading.Event()

    def slow_work():
        begun.set()
        assert may_end.wait(10)
        return {"done": 1}

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(tokens.once, "t", "request", slow_work)
        assert begun.wait(10)
        second = pool.submit(tokens.once, "t", "request", lambda: {"done": 2})
        assert not second.done()
        may_end.set()
        assert (first.result(10), second.result(10)) == ({"done": 1}, {"done": 1})


def test_other_tokens_do_not_wait(tokens):
    def work_within_work():
        return tokens.once("other", "request", lambda: {"inner": 1})

    assert tokens.once("t", "request", work_within_work) == {"inner": 1}


def test_work_that_fails_gives_its_turn_back(tokens):
    def fail():
        raise Refusal(404, "NotAuthorizedOrNotFound", "")

    with pytest.raises(Refusal):
        tokens.once("t", "request", fail)
    assert tokens.once("t", "request", lambda: {"done": 2}) == {"done": 2}


@pytest.mark.parametrize(("later", "work_done"), [(LIFETIME - 1, 1), (LIFETIME + 1, 2)])
def test_a_token_is_valid_for_a_day(tokens, clock, later, work_done):
    done = []
    for _ in range(2):
        tokens.once("t", "request", lambda: done.append(1) or {})
        clock.now += later
    assert len(done) == work_done
