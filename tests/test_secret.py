"""Secrets are not shown, copies share them, and concealed functions leave no frames."""

from __future__ import annotations

import copy
import logging
import os
import pickle
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import mlflow_oci_aidp
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.checks.step import Case
from mlflow_oci_aidp.cli import quickstart
from mlflow_oci_aidp.client.connection import ConnectionOptions
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.secret import Secret, concealed, hidden
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.frames import found_below, found_in

TEXT = "open-sesame"
OCID = "ocid1.datalake.oc1.iad.amaaexample"


# Secret


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_secret_itself(copied):
    secret = Secret(TEXT)
    assert copied(secret) is secret


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol):
    with pytest.raises(TypeError, match="not pickled") as caught:
        pickle.dumps(Secret(TEXT), protocol)
    assert found_in(caught.value, [TEXT]) == []


def test_secrets_are_equal_if_their_texts_are():
    # The environment of a process holds bytes that are not UTF-8 in this form.
    texts = [TEXT, "", "\udcff", "\udcfe"]
    assert [[Secret(one) == Secret(other) for one in texts] for other in texts] == [
        [one == other for one in texts] for other in texts
    ]
    assert len({Secret(text) for text in [*texts, *texts]}) == 4


@pytest.mark.parametrize("value", [Secret(TEXT), hidden(TEXT), [hidden([TEXT])]])
def test_nothing_leads_to_what_is_hidden(value):
    assert found_below(value, [TEXT]) == []


# Functions


class HoldingError(Exception):
    """Holds what it was raised with."""


def connect(password: str) -> None:
    try:
        raise OSError(password)
    except OSError as problem:
        raise HoldingError from problem


@concealed
def sign_in(secret: Secret) -> None:
    """Sign in."""
    connect(secret.reveal())


def test_a_concealed_function_leaves_no_frame():
    with pytest.raises(HoldingError) as caught:
        sign_in(Secret(TEXT))
    assert found_in(caught.value, [TEXT]) == []
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_another_function_does():
    with pytest.raises(HoldingError) as caught:
        connect(TEXT)
    assert len(found_in(caught.value, [TEXT])) > 1


def test_the_context_of_the_caller_stays():
    def call() -> None:
        try:
            raise KeyError("of the caller")
        except KeyError:
            sign_in(Secret(TEXT))

    with pytest.raises(HoldingError) as caught:
        call()
    assert isinstance(caught.value.__context__, KeyError)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError, MlflowException])
def test_whatever_is_raised_passes_as_it_is(kind):
    raised = kind(TEXT.upper())

    @concealed
    def fail() -> None:
        password = TEXT  # noqa: F841 - a variable of the frame
        raise raised

    with pytest.raises(kind) as caught:
        fail()
    assert caught.value is raised
    assert found_in(caught.value, [TEXT]) == []


def test_a_result_passes_and_the_name_stays():
    assert concealed(lambda *numbers, last: [*numbers, last])(1, 2, last=3) == [1, 2, 3]
    assert (sign_in.__name__, sign_in.__doc__) == ("sign_in", "Sign in.")


def test_where_it_was_raised_is_logged_without_values(caplog):
    caplog.set_level(logging.DEBUG, logger="mlflow_oci_aidp")
    with pytest.raises(HoldingError):
        sign_in(Secret(TEXT))
    (record,) = caplog.records
    assert record.getMessage().startswith(f"sign_in: HoldingError in connect at {__file__}:")
    assert TEXT not in caplog.text


def test_an_exception_that_was_dropped_is_freed_at_once():
    import weakref

    @concealed
    def fail() -> None:
        raise HoldingError

    def call() -> weakref.ref:
        try:
            fail()
        except HoldingError as problem:
            return weakref.ref(problem)

    assert call()() is None


# Settings and stores


@pytest.fixture
def with_secrets(aidp, monkeypatch):
    """An emulator, and an environment with a secret."""
    monkeypatch.setenv("DH_USER_PRINCIPAL", TEXT)
    return aidp


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_settings_are_copied(with_secrets, copied):
    settings = resolve(with_secrets.uri)
    assert copied(settings) == settings
    assert copied(settings).user_principal.reveal() == TEXT


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", [AidpRegistryStore, AidpTrackingStore])
def test_a_copy_of_a_store_shares_its_session(with_secrets, monkeypatch, copied, kind):
    store = kind(with_secrets.tracking_uri)
    monkeypatch.setenv("DH_USER_PRINCIPAL", "somebody-else")
    again = copied(store)
    assert type(again) is kind
    assert again._session is store._session
    again._session.client.call  # noqa: B018 - it has one
    if kind is AidpTrackingStore:
        again.create_experiment("copied", None, [])
    else:
        again.create_registered_model("main.default.copied")
    assert with_secrets.exchanges[-1].headers["dh-user-principal"] == TEXT


def test_a_copy_of_a_client_works(with_secrets):
    client = MlflowClient(with_secrets.tracking_uri, with_secrets.uri)
    assert copy.deepcopy(client).search_registered_models() == []


def test_settings_with_a_secret_are_not_pickled_and_a_store_is(with_secrets):
    store = AidpRegistryStore(with_secrets.uri)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(store._settings)
    pickled = pickle.dumps(store)
    assert TEXT.encode() not in pickled
    assert pickle.loads(pickled)._settings == store._settings


@pytest.mark.parametrize(
    ("kind", "uri"),
    [
        (AidpRegistryStore, "aidp://nothing"),
        (AidpTrackingStore, "aidp://nothing"),
        (AidpTrackingStore, f"aidp://{OCID}"),
        (OciArtifactRepository, "oci://nothing"),
        (OciArtifactRepository, "oci://bucket@namespace/a"),
        (VolumeArtifactRepository, "aidp:/nothing"),
        (VolumeArtifactRepository, "aidp:/Volumes/a/b/c/d"),
        (Case, "aidp://nothing"),
    ],
)
def test_what_could_not_be_made_can_be_printed(kind, uri):
    unfinished = kind.__new__(kind)
    try:
        unfinished.__init__(uri)
    except MlflowException:
        assert kind is not Case
    assert kind.__name__ in repr(unfinished)


# Frames that hold secrets of the environment


def refused(call, *secrets: str) -> MlflowException:
    with pytest.raises(MlflowException) as caught:
        call()
    assert found_in(caught.value, secrets) == []
    return caught.value


PRINCIPAL, PASS_PHRASE, KEY = "principal-of-the-user", "phrase-that-passes", "MIIEvgIBADANBgkqhki"
PEM = f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def environment(monkeypatch, tmp_path) -> Path:
    """An environment that is full of secrets, and a folder for an OCI configuration file."""
    monkeypatch.setenv("DH_USER_PRINCIPAL", PRINCIPAL)
    monkeypatch.setenv("OCI_CLI_PASSPHRASE", PASS_PHRASE)
    monkeypatch.setenv("OCI_CLI_KEY_CONTENT", PEM)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:swordfish@127.0.0.1:9")
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(
        "[DEFAULT]\nuser=u\npass_phrase=phrase-of-default\n[OTHER]\npass_phrase=phrase-of-other\n"
    )
    return tmp_path


SECRETS = [PRINCIPAL, PASS_PHRASE, KEY, "swordfish", "phrase-of-default", "phrase-of-other"]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "tenancy"),
        ({"DH_USER_PRINCIPAL": f"{PRINCIPAL}\x07"}, "DH_USER_PRINCIPAL"),
        ({"DH_USER_PRINCIPAL": f"{PRINCIPAL}é"}, "DH_USER_PRINCIPAL"),
        ({"OCI_CLI_AUTH": "password"}, "'password'"),
        ({"OCI_CLI_PROFILE": "NOBODY"}, "NOBODY"),
        ({"OCI_CLI_CONFIG_FILE": "/nowhere"}, "/nowhere"),
        ({"AIDP_ENDPOINT": "http://example.com"}, "plain http"),
        ({"AIDP_ENDPOINT": "https://example.com:port"}, "not an address"),
        ({"OCI_CLI_KEY_FILE": PEM}, "key_file"),
        ({"OCI_CLI_SECURITY_TOKEN_FILE": PEM}, "security_token_file"),
        ({"MLFLOW_HTTP_POOL_MAXSIZE": "many"}, "MLFLOW_HTTP_POOL_MAXSIZE"),
        ({"MLFLOW_HTTP_REQUEST_TIMEOUT": "-1"}, "MLFLOW_HTTP_REQUEST_TIMEOUT"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_settings_that_are_refused_leave_no_secret(monkeypatch, variables, named):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def call() -> None:
        AidpRegistryStore(f"aidp://{OCID}").search_registered_models()

    assert named in refused(call, *SECRETS).message


@pytest.mark.parametrize("text", ["[DEFAULT\nno=1", "[DEFAULT]\npass_phrase\n=", "[A]\n[A]\n"])
def test_a_configuration_that_is_none_leaves_no_secret(environment, text):
    (environment / "config").write_text(f"[OTHER]\npass_phrase=phrase-of-other\n{text}\n")
    refused(lambda: resolve(f"aidp://{OCID}"), *SECRETS)


@pytest.mark.usefixtures("environment")
def test_a_location_without_a_platform_leaves_no_secret(monkeypatch):
    # MLflow is asked for its URIs, by a function that looks at the environment.
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setattr("mlflow.get_tracking_uri", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        VolumeArtifactRepository("aidp:/Volumes/a/b/c/d")
    assert found_in(caught.value, SECRETS) == []


@pytest.mark.usefixtures("environment")
def test_the_environment_of_the_quickstart_leaves_no_secret():
    with pytest.raises(KeyError) as caught, quickstart._environment({"A": "b"}):
        raise KeyError
    assert found_in(caught.value, SECRETS) == []
    assert os.environ["DH_USER_PRINCIPAL"] == PRINCIPAL


@pytest.mark.parametrize(
    "address",
    [
        "https://user:swordfish@example.com",
        "https://user:swordfish@example.com:port",
        "https://user:swordfish@",
        "https://user:swordfish@[",
        "user:swordfish@example.com",
        "ftp://user:swordfish@example.com",
        "http://user:swordfish@example.com",
    ],
)
@pytest.mark.parametrize("variable", ["AIDP_ENDPOINT", "AIDP_OBJECT_STORAGE_ENDPOINT"])
def test_a_password_in_an_endpoint_is_refused_unseen(monkeypatch, variable, address):
    monkeypatch.setenv(variable, address)
    problem = refused(lambda: AidpRegistryStore(f"aidp://{OCID}"), "swordfish")
    assert "more than scheme, host and port" in problem.message


@pytest.mark.parametrize(
    "uri",
    [
        f"aidp://user:swordfish@{OCID}",
        f"aidp://user:swordfish@{OCID}\u2100",
        "aidp://user:swordfish@[",
        f"aidp://{OCID}?swordfish",
        f"aidp://{OCID}?endpoint=https://user:swordfish@example.com",
        f"aidp://{OCID}?endpoint=https://user:swordfish@example.com:port",
    ],
)
def test_a_password_in_a_uri_is_not_in_the_message(uri):
    with pytest.raises(MlflowException) as caught:
        resolve(uri)
    assert "swordfish" not in caught.value.message


@pytest.mark.parametrize("signer", [{"pass_phrase": PASS_PHRASE, "key_content": PEM}, PEM])
def test_what_is_no_signer_leaves_no_secret(signer):
    refused(lambda: mlflow_oci_aidp.use_signer(signer), PASS_PHRASE, KEY)


@pytest.mark.parametrize("value", [f"{PRINCIPAL}\n", f"{PRINCIPAL}é", [PRINCIPAL]])
def test_a_principal_that_is_refused_leaves_no_secret(value):
    refused(lambda: mlflow_oci_aidp.user_principal(value), PRINCIPAL)


def test_an_error_in_a_block_with_a_principal_leaves_no_secret():
    with pytest.raises(KeyError) as caught, mlflow_oci_aidp.user_principal(PRINCIPAL):
        raise KeyError
    assert found_in(caught.value, [PRINCIPAL]) == []


@pytest.mark.usefixtures("environment")
def test_options_of_connections_hide_proxies():
    options = ConnectionOptions.from_environment("https://example.com")
    assert [scheme for scheme, _ in options.proxies] == ["https"]
    assert found_below(options, ["swordfish"]) == []
