"""The policy of repetitions, by a clock that takes no time."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.retry import RetryPolicy, repeats, seconds_of
from tests.support.clocks import ManualClock


@dataclass
class Outcome:
    status: int = 200
    code: str = ""
    retry_after: str = ""
    lost: str = ""
    is_final: bool = False


def run(policy, outcomes, seconds_each=0.0):
    """The outcome and the waits of a call whose attempts come to ``outcomes``, the last one again and again."""
    clock, made = ManualClock(), []

    def attempt(number):
        made.append(number)
        clock.now += seconds_each
        return outcomes[min(number, len(outcomes)) - 1]

    outcome = policy.run(attempt, clock, lambda *announced: None)
    assert made == list(range(1, len(made) + 1))
    return outcome, clock.slept


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (Outcome(200), False),
        (Outcome(204), False),
        (Outcome(302), False),
        (Outcome(400), False),
        (Outcome(401), False),
        (Outcome(403), False),
        (Outcome(404), False),
        (Outcome(408), True),
        (Outcome(409), False),
        (Outcome(409, "IncorrectState"), True),
        (Outcome(409, "LockConflict"), True),
        (Outcome(409, "InvalidatedRetryToken"), False),
        (Outcome(412), False),
        (Outcome(429), True),
        (Outcome(500), True),
        (Outcome(501), False),
        (Outcome(502), True),
        (Outcome(503), True),
        (Outcome(504), True),
        (Outcome(0, lost="the connection was reset"), True),
        (Outcome(0, lost="the certificate is not trusted", is_final=True), False),
    ],
)
def test_what_is_repeated(outcome, again):
    assert repeats(outcome) is again


def test_the_waits_double_up_to_the_bound():
    policy = RetryPolicy(max_retries=7, backoff_factor=2, backoff_jitter=0)
    _, slept = run(policy, [Outcome(503)])
    assert slept == [2, 4, 8, 16, 32, 60, 60]


def test_the_jitter_is_added():
    _, slept = run(RetryPolicy(max_retries=5, backoff_factor=0, backoff_jitter=3), [Outcome(503)])
    assert all(0 <= seconds <= 3 for seconds in slept)
    assert len(set(slept)) > 1


def test_a_success_ends_it():
    outcome, slept = run(RetryPolicy(backoff_jitter=0), [Outcome(503), Outcome(429), Outcome(200)])
    assert outcome.status == 200
    assert slept == [2, 4]


def test_no_retries_means_one_attempt():
    assert run(RetryPolicy(max_retries=0), [Outcome(503)]) == (Outcome(503), [])


def test_seconds_of_retry_after_come_before_the_backoff():
    assert run(RetryPolicy(max_retries=1), [Outcome(429, retry_after="17")])[1] == [17]


def test_a_date_of_retry_after_does_too():
    assert run(RetryPolicy(max_retries=1), [Outcome(429, retry_after=formatdate(1_000_009, usegmt=True))])[1] == [9]


def test_retry_after_is_bounded():
    assert run(RetryPolicy(max_retries=1), [Outcome(429, retry_after="86400")])[1] == [60]


def test_retry_after_can_be_left_out_of_account():
    policy = RetryPolicy(max_retries=1, backoff_jitter=0, respect_retry_after=False)
    assert run(policy, [Outcome(429, retry_after="17")])[1] == [2]


def test_the_whole_call_is_bounded():
    outcome, slept = run(RetryPolicy(max_retries=100, longest_call=600), [Outcome(503, retry_after="50")], 5)
    assert outcome.status == 503
    assert sum(slept) + 5 * (len(slept) + 1) <= 600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("12", 12),
        (" 12 ", 12),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("Sat, 99 Nov 2026 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("9" * 400, 999_999_999),
        ("٣", None),
    ],
)
def test_the_forms_of_retry_after(header, seconds):
    assert seconds_of(header, 1_000_000.0) == seconds


def test_mlflows_settings_hold(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "5")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0.5")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    monkeypatch.setenv("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "false")
    assert RetryPolicy.from_mlflow() == RetryPolicy(3, 5, 0.5, False, 7)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "many"),
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "-1"),
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "0"),
        ("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "perhaps"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(MlflowException, match=variable) as caught:
        RetryPolicy.from_mlflow()
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
