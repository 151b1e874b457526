"""The policy of repetitions, by a clock that takes no time."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.network_failures import NetworkFailure
from mlflow_oci_aidp.client.retry import AttemptResult, RetryPolicy, is_retryable, parse_retry_after
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import session_for
from tests.support.clocks import ManualClock


def run(policy, outcomes, seconds_each=0.0):
    """The outcome and the waits of a call whose attempts come to ``outcomes``.

    The last outcome repeats.
    """
    clock, made = ManualClock(), []

    def attempt(number):
        made.append(number)
        clock.now += seconds_each
        return replace(outcomes[min(number, len(outcomes)) - 1])

    outcome = policy.execute(attempt, call="Call", renew=lambda: False, clock=clock)
    assert made == list(range(1, len(made) + 1))
    return outcome, clock.slept


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (AttemptResult(200), False),
        (AttemptResult(204), False),
        (AttemptResult(302), False),
        (AttemptResult(400), False),
        (AttemptResult(401), False),
        (AttemptResult(403), False),
        (AttemptResult(404), False),
        (AttemptResult(408), True),
        (AttemptResult(409), False),
        (AttemptResult(409, "IncorrectState"), True),
        (AttemptResult(409, "LockConflict"), True),
        (AttemptResult(409, "InvalidatedRetryToken"), False),
        (AttemptResult(412), False),
        (AttemptResult(429), True),
        (AttemptResult(500), True),
        (AttemptResult(501), False),
        (AttemptResult(502), True),
        (AttemptResult(503), True),
        (AttemptResult(504), True),
        (
            AttemptResult(
                0, failure=NetworkFailure("the connection was reset", "INTERNAL_ERROR", False)
            ),
            True,
        ),
        (
            AttemptResult(
                0, failure=NetworkFailure("the certificate is not trusted", "INTERNAL_ERROR", True)
            ),
            False,
        ),
    ],
)
def test_what_is_repeated(outcome, again):
    assert is_retryable(outcome) is again


def test_the_waits_double_up_to_the_bound():
    policy = RetryPolicy(max_retries=7, backoff_factor=2, backoff_jitter=0)
    _, slept = run(policy, [AttemptResult(503)])
    assert slept == [2, 4, 8, 16, 32, 60, 60]


def test_the_jitter_is_added():
    _, slept = run(
        RetryPolicy(max_retries=5, backoff_factor=0, backoff_jitter=3), [AttemptResult(503)]
    )
    assert all(0 <= seconds <= 3 for seconds in slept)
    assert len(set(slept)) > 1


def test_a_success_ends_it():
    outcome, slept = run(
        RetryPolicy(backoff_jitter=0), [AttemptResult(503), AttemptResult(429), AttemptResult(200)]
    )
    assert outcome.status == 200
    assert slept == [2, 4]


def test_no_retries_means_one_attempt():
    assert run(RetryPolicy(max_retries=0), [AttemptResult(503)]) == (AttemptResult(503), [])


def test_seconds_of_retry_after_come_before_the_backoff():
    assert run(RetryPolicy(max_retries=1), [AttemptResult(429, retry_after="17")])[1] == [17]


def test_a_date_of_retry_after_does_too():
    assert run(
        RetryPolicy(max_retries=1),
        [AttemptResult(429, retry_after=formatdate(1_000_009, usegmt=True))],
    )[1] == [9]


def test_retry_after_is_bounded():
    assert run(RetryPolicy(max_retries=1), [AttemptResult(429, retry_after="86400")])[1] == [60]


def test_retry_after_can_be_left_out_of_account():
    policy = RetryPolicy(max_retries=1, backoff_jitter=0, respect_retry_after=False)
    assert run(policy, [AttemptResult(429, retry_after="17")])[1] == [2]


def test_the_whole_call_is_bounded():
    outcome, slept = run(
        RetryPolicy(max_retries=100, longest_call=600), [AttemptResult(503, retry_after="50")], 5
    )
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
    assert parse_retry_after(header, 1_000_000.0) == seconds


def call(statuses):
    """Call the platform, which answers with these statuses, by somebody who can always renew.

    Returns:
        The outcome, the numbers of the requests, how often the token was renewed, and the waits.
    """
    clock, sent, renewed = ManualClock(), [], []

    def send(attempt):
        sent.append(attempt)
        return AttemptResult(statuses[len(sent) - 1])

    def renew():
        renewed.append(len(sent))
        return True

    policy = RetryPolicy(max_retries=7, backoff_factor=2, backoff_jitter=0)
    outcome = policy.execute(send, call="GetRun", renew=renew, clock=clock)
    return outcome.status, sent, len(renewed), clock.slept


def test_a_refused_token_is_renewed_and_the_request_sent_once_more_at_once():
    assert call([401, 200]) == (200, [1, 2], 1, [])


def test_a_token_that_is_refused_again_is_not_renewed_again():
    assert call([401, 401]) == (401, [1, 2], 1, [])


@pytest.mark.parametrize("between", [429, 500, 502, 503, 504])
def test_a_token_is_renewed_once_in_a_call_whatever_comes_between(between):
    assert call([401, between, 401]) == (401, [1, 2, 3], 1, [2])


def test_a_token_that_is_refused_after_a_repetition_is_renewed_then():
    assert call([503, 401, 200]) == (200, [1, 2, 3], 1, [2])


def test_a_repetition_after_a_renewal_is_a_repetition_as_any_other():
    assert call([401, 503, 503, 200]) == (200, [1, 2, 3, 4], 1, [2, 4])


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


def test_numbers_of_any_size_are_taken(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "10000000000")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "10000")
    policy = RetryPolicy.from_mlflow()
    assert policy.timeout == 7 * 86_400
    assert policy.wait(AttemptResult(503), 10_000, 0.0) <= policy.longest_wait


WHOLE = (
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR",
    "MLFLOW_HTTP_REQUEST_TIMEOUT",
    "MLFLOW_HTTP_POOL_CONNECTIONS",
    "MLFLOW_HTTP_POOL_MAXSIZE",
)


@pytest.mark.parametrize("variable", WHOLE)
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("0.1", "is not a whole number"),
        ("1e3", "is not a whole number"),
        ("many", "is not a number"),
        ("", "is not a number"),
        ("-1", "is -1, which is too small"),
    ],
)
def test_a_setting_that_is_no_whole_number_says_so(aidp, monkeypatch, variable, value, problem):
    monkeypatch.setenv(variable, value)
    with pytest.raises(MlflowException) as caught:
        session_for(aidp.uri)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert caught.value.cause == f"{variable} {problem}."
    assert caught.value.remedy == "Set it to a whole number, or unset it."


@pytest.mark.parametrize(
    ("variable", "value", "problem", "remedy"),
    [
        ("BACKOFF_JITTER", "a bit", "is not a number", "a number"),
        ("BACKOFF_JITTER", "nan", "is not a finite number", "a number"),
        ("BACKOFF_JITTER", "inf", "is not a finite number", "a number"),
        ("BACKOFF_JITTER", "-0.5", "is -0.5, which is too small", "a number"),
    ],
)
def test_a_setting_that_is_no_number_says_so(monkeypatch, variable, value, problem, remedy):
    monkeypatch.setenv(f"MLFLOW_HTTP_REQUEST_{variable}", value)
    with pytest.raises(MlflowException) as caught:
        RetryPolicy.from_mlflow()
    assert caught.value.cause == f"MLFLOW_HTTP_REQUEST_{variable} {problem}."
    assert caught.value.remedy == f"Set it to {remedy}, or unset it."


def test_a_setting_that_is_neither_true_nor_false_says_so(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "perhaps")
    with pytest.raises(MlflowException) as caught:
        RetryPolicy.from_mlflow()
    assert caught.value.cause.endswith("is neither true nor false.")
    assert caught.value.remedy == "Set it to true or false, or unset it."


@pytest.mark.parametrize("variable", WHOLE)
def test_a_number_of_any_size_harms_nothing(aidp, monkeypatch, variable):
    monkeypatch.setenv(variable, "9" * 400)
    aidp.faults.add("status", status=503, headers={"Retry-After": "0"})
    monkeypatch.setenv("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "true")
    assert AidpRegistryStore(aidp.uri).search_registered_models() == []
    assert RetryPolicy.from_mlflow().wait(AttemptResult(503), 2, 0.0) <= 60


def test_a_jitter_of_half_a_second_is_one(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0.5")
    assert RetryPolicy.from_mlflow().backoff_jitter == 0.5
