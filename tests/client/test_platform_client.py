"""One call: its response, its attempts, and that nothing secret gets out."""

from __future__ import annotations

import concurrent.futures
import http.server
import logging
import threading
import time

import pytest
from mlflow.exceptions import MlflowException, RestException

import mlflow_oci_aidp
from mlflow_oci_aidp import settings
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.client.routes import ROUTES, VOLUMES
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import Session
from tests.support.clocks import ManualClock, SleeplessClock
from tests.support.frames import found_below, found_in, secrets_of

NAME = "main.default.iris"
PRINCIPAL = "b3BlbiBzZXNhbWU="


@pytest.fixture
def store(aidp):
    return AidpRegistryStore(aidp.uri)


def with_policy(uri, clock=None, **policy):
    """A store with a policy and a clock of the test's own."""
    policy = RetryPolicy(**{"max_retries": 0, **policy})
    return AidpRegistryStore(uri, session=Session(settings.resolve(uri), policy, clock))


# Bad answers


@pytest.mark.parametrize(
    "body",
    [
        b'{"registered_model": {"name": "a"',
        b"<html>Sign in to the guest network</html>",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{}",
        b'{"registered_model": null}',
        b'{"registered_model": []}',
        b'{"registered_model": {"name": 7}}',
        b'{"registered_model": {"name": "a", "tags": {"a": "b"}}}',
        b'{"registered_model": {"name": "a", "latest_versions": [{}]}}',
        b'{"registered_model": {"name": "a", "creation_timestamp": "now"}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_bad_answer_is_an_error_that_names_the_request(aidp, store, body):
    aidp.faults.add("body", body=body)
    with pytest.raises(MlflowException) as caught:
        store.get_registered_model(NAME)
    assert caught.value.error_code == "INTERNAL_ERROR"
    assert "(HTTP 200, opc-request-id " in caught.value.message
    assert caught.value.__context__ is None


def test_fields_and_values_that_are_new_are_left_out(aidp, store):
    aidp.faults.add(
        "body",
        body=b'{"registered_model": {"name": "a", "color": "red", '
        b'"deployment_job_state": "LEVITATING"}, "more": 1}',
    )
    assert (
        store.get_registered_model("a").deployment_job_state
        == "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED"
    )


# Tokens and clocks


def test_each_attempt_is_signed_afresh(aidp):
    aidp.faults.add("reset_before")
    # OCI's signer dates a signature by the second, with the machine's own clock: nothing less than
    # a second shows.
    with_policy(
        aidp.uri, max_retries=1, backoff_factor=1.1, backoff_jitter=0
    ).create_registered_model(NAME)
    first, second = (exchange.headers for exchange in aidp.exchanges)
    assert first["date"] != second["date"]
    assert first["authorization"] != second["authorization"]


def test_a_401_of_an_api_key_is_not_repeated(aidp, store):
    aidp.faults.add("status", status=401, times=None)
    with pytest.raises(RestException, match="UNAUTHENTICATED"):
        store.search_registered_models()
    assert len(aidp.exchanges) == 1


def test_a_401_of_a_session_is_repeated_once_and_then_says_how_to_renew(aidp, monkeypatch):
    profile = aidp.session_profile()
    store = AidpRegistryStore(
        f"aidp://{aidp.ai_data_platform_id}?endpoint={aidp.endpoint}&config_file={aidp.config_file}&profile={profile}"
    )
    aidp.faults.add("status", status=401, times=None)
    with pytest.raises(RestException, match="oci session refresh"):
        store.search_registered_models()
    assert len(aidp.exchanges) == 2


def test_a_token_renewed_on_disk_is_picked_up_without_an_error(aidp):
    profile = aidp.session_profile()
    store = AidpRegistryStore(
        f"aidp://{aidp.ai_data_platform_id}?endpoint={aidp.endpoint}&config_file={aidp.config_file}&profile={profile}"
    )
    store.search_registered_models()
    aidp.session_profile(profile)
    store.search_registered_models()
    first, second = (
        exchange.headers["authorization"].partition('keyId="')[2].partition('"')[0]
        for exchange in aidp.exchanges
    )
    assert first != second
    assert [exchange.status for exchange in aidp.exchanges] == [200, 200]


def test_an_expired_token_is_replaced_by_what_is_on_disk_after_one_401(aidp, monkeypatch):
    profile = aidp.session_profile()
    uri = f"aidp://{aidp.ai_data_platform_id}?endpoint={aidp.endpoint}&config_file={aidp.config_file}&profile={profile}"
    store = AidpRegistryStore(uri)
    aidp.faults.add("status", status=401)
    store.create_registered_model(NAME)
    assert [exchange.status for exchange in aidp.exchanges] == [401, 200]


def test_a_token_is_renewed_once_in_a_call_whatever_comes_between(aidp):
    store = AidpRegistryStore(
        f"{aidp.uri.partition('profile=')[0]}profile={aidp.session_profile()}"
    )
    for status in (401, 503, 401):
        aidp.faults.add("status", status=status)
    with pytest.raises(RestException, match="oci session refresh"):
        store.search_registered_models()
    assert [exchange.status for exchange in aidp.exchanges] == [401, 503, 401]


def test_a_clock_that_is_off_is_named(aidp):
    aidp.faults.add("status", status=401)
    with pytest.raises(RestException, match=r"clock is 3[56]\d\d seconds behind the service's"):
        with_policy(aidp.uri, ManualClock(time.time() - 3600)).search_registered_models()


def test_an_invalidated_retry_token_says_that_the_outcome_is_to_be_checked(aidp, store):
    aidp.faults.add("status", status=409, code="InvalidatedRetryToken")
    with pytest.raises(RestException, match="read the entity before the call is made again"):
        store.create_registered_model(NAME)
    assert len(aidp.exchanges) == 1


def test_a_slow_drip_ends_with_the_attempts_time(aidp):
    aidp.faults.add("slow_drip", delay=0.05, times=None)
    with pytest.raises(MlflowException) as caught:
        with_policy(aidp.uri, timeout=0.4).search_registered_models()
    assert caught.value.error_code == "DEADLINE_EXCEEDED"


def test_an_endpoint_where_nobody_listens(own_aidp):
    store = with_policy(own_aidp.uri)
    store.search_registered_models()
    own_aidp.stop()
    with pytest.raises(MlflowException, match="the connection was refused") as caught:
        store.search_registered_models()
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"


def test_https_where_http_is_spoken_is_tried_once(aidp):
    uri = aidp.uri.replace("endpoint=http%3A", "endpoint=https%3A")
    with pytest.raises(MlflowException, match="in 1 attempt: it does not speak TLS"):
        with_policy(uri, max_retries=3).search_registered_models()


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), b"bytes"])
def test_input_that_cannot_be_sent_is_an_error_without_a_request(aidp, store, value):
    with pytest.raises(MlflowException) as caught:
        store.update_registered_model(NAME, value)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert list(aidp.exchanges) == []


@pytest.mark.parametrize(
    ("route", "fields"),
    [
        (ROUTES["GetRun"], {"run_id": "a", "run_uuid": "a"}),
        (ROUTES["UpdateRegisteredModel"], {"name": NAME, "colour": "red"}),
        (VOLUMES["DownloadFile"], {"volumeKey": "k", "path": "/a", "range": "bytes=0-"}),
    ],
    ids=lambda value: getattr(value, "call", ""),
)
def test_a_field_that_is_not_documented_is_an_error_without_a_request(aidp, store, route, fields):
    name = list(fields)[-1]
    with pytest.raises(MlflowException, match=f"no field {name} of {route.call}") as caught:
        store._session.client.call(route, fields, dict, workspace=aidp.workspace_key)
    assert caught.value.error_code == "INTERNAL_ERROR"
    assert list(aidp.exchanges) == []
    # None stands for a field that is not there.
    store._session.client._encode(route, {**fields, name: None})


def test_a_name_that_utf8_lacks_is_an_error_without_a_request(aidp, store):
    with pytest.raises(MlflowException) as caught:
        store.get_registered_model("\ud800")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert list(aidp.exchanges) == []


# Threads


def test_sixteen_threads_use_one_store(aidp, store):
    store.create_registered_model(NAME)

    def work(number):
        with mlflow_oci_aidp.user_principal(f"thread{number}"):
            return [
                int(store.create_model_version(NAME, f"s3://bucket/{number}").version)
                for _ in range(5)
            ]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        versions = [version for made in pool.map(work, range(16)) for version in made]
    assert sorted(versions) == list(range(1, 81))
    assert {
        (
            exchange.body["source"].rpartition("/")[2],
            exchange.headers["dh-user-principal"].removeprefix("thread"),
        )
        for exchange in aidp.exchanges
        if exchange.operation == "create_model_version"
    } == {(str(number), str(number)) for number in range(16)}


# Silence


@pytest.mark.parametrize("kind", ["reset_after", "hang", "truncated", "status", "html", "body"])
def test_nothing_secret_is_in_errors_tracebacks_and_logs(aidp, monkeypatch, caplog, kind):
    caplog.set_level(logging.DEBUG, logger="mlflow_oci_aidp")
    monkeypatch.setenv("DH_USER_PRINCIPAL", PRINCIPAL)
    store = with_policy(aidp.uri, timeout=0.5, max_retries=1, backoff_factor=0, backoff_jitter=0)
    aidp.faults.add(kind, times=None, **({"status": 401} if kind == "status" else {}))
    with pytest.raises(MlflowException) as caught:
        store.create_registered_model(NAME)
    error, secrets = caught.value, [PRINCIPAL, *secrets_of(aidp)]
    assert found_in(error, secrets) == []
    assert found_below([error.serialize_as_json(), caplog.text], secrets) == []
    assert (error.__cause__, error.__context__) == (None, None)


def test_nothing_secret_is_in_what_objects_show(aidp, monkeypatch):
    monkeypatch.setenv("DH_USER_PRINCIPAL", PRINCIPAL)
    store = AidpRegistryStore(aidp.uri)
    store.create_registered_model(NAME)
    client = store._session.client
    parts = [store, client, client._identity, client._sender.pool.get()]
    assert found_below(parts, [PRINCIPAL, *secrets_of(aidp)]) == []


def test_a_user_sees_each_attempt(aidp, caplog):
    caplog.set_level(logging.DEBUG, logger="mlflow_oci_aidp")
    store = with_policy(aidp.uri, max_retries=1, backoff_factor=0, backoff_jitter=0)
    aidp.faults.add("status", status=503)
    store.create_registered_model(NAME)
    first, reason, second = (record.getMessage() for record in caplog.records)
    instance = f"/20260430/aiDataPlatforms/{aidp.ai_data_platform_id}"
    path = f"POST {instance}/mlops/api/2.0/mlflow/registered-models/create"
    assert first.startswith(f"{path} -> 503 in ")
    assert reason == (
        "CreateRegisteredModel: sent again in 0.0 s (attempt 2 of at most 2), "
        "because of this: status 503"
    )
    assert second.startswith(f"{path} -> 200 in ")
    assert aidp.exchanges[-1].request_id in second


def test_where_nobody_answers_is_told_from_the_first_wait_on(aidp, caplog):
    caplog.set_level(logging.DEBUG, logger="mlflow_oci_aidp.client.retry")
    aidp.faults.add("reset_before")
    with_policy(
        aidp.uri, max_retries=1, backoff_factor=0, backoff_jitter=0
    ).search_registered_models()
    assert (
        f"because of this: no whole answer from {aidp.endpoint}, the connection was" in caplog.text
    )


def test_an_error_that_is_not_the_platforms_says_that_the_endpoint_may_be_wrong(aidp):
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    ) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        uri = aidp.uri.replace(aidp.endpoint.rpartition(":")[2], str(other.server_address[1]))
        with pytest.raises(RestException) as caught:
            AidpRegistryStore(uri).search_registered_models()
        other.shutdown()
    assert caught.value.error_code == "ENDPOINT_NOT_FOUND"
    address = f"http://127.0.0.1:{other.server_address[1]}"
    assert caught.value.remedy == (
        f"Check the endpoint {address} (from the URI): another server answers there."
    )


def test_a_long_wait_is_told_to_everybody(aidp, caplog):
    caplog.set_level(logging.WARNING, logger="mlflow_oci_aidp")
    aidp.faults.add("status", status=429, headers={"Retry-After": "30"})
    with_policy(aidp.uri, SleeplessClock(), max_retries=1).search_registered_models()
    assert [record.getMessage() for record in caplog.records] == [
        "SearchRegisteredModels: sent again in 30.0 s (attempt 2 of at most 2), "
        "because of this: status 429"
    ]
