"""No exception of a failed sign-in holds a secret: every mode, every kind of call."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click
import pytest
from mlflow.exceptions import MlflowException

import mlflow_oci_aidp
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.checks import STEPS
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped, StepWarned
from mlflow_oci_aidp.cli import main
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.frames import found_below, found_in, secrets_of
from tests.support.machine import Machine

from .test_no_identity import MISFORTUNES, PASS_PHRASE

PRINCIPAL = "b3BlbiBzZXNhbWU="
PROXY_PASSWORD = "swordfish-of-the-proxy"
VOLUME, BUCKET = "aidp:/Volumes/main/default/artifacts/x", "oci://aidp-emulator@emulator/x"
PARTS = TransferOptions(part_size=100_000, parallel=2)


@pytest.fixture(autouse=True)
def secrets_of_the_environment(here, monkeypatch):
    """A user principal, and a proxy with a password that nothing goes through."""
    here.secrets += [PRINCIPAL, PROXY_PASSWORD]
    here.setenv(
        {
            "DH_USER_PRINCIPAL": PRINCIPAL,
            "HTTPS_PROXY": f"http://user:{PROXY_PASSWORD}@127.0.0.1:9",
            "NO_PROXY": "127.0.0.1,localhost",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three parts."""
    path = tmp_path / "weights"
    path.write_bytes(os.urandom(250_000))
    return path


#: Kinds of calls. Each gets a URI, a file to send, and an empty folder.
CALLS: dict[str, Callable[[str, Path, Path], object]] = {
    "registry": lambda uri, *_: AidpRegistryStore(uri).create_registered_model("main.default.a"),
    "tracking": lambda uri, *_: AidpTrackingStore(uri).create_experiment("a", None, []),
    "volume, up": lambda uri, file, _: VolumeArtifactRepository(VOLUME, uri).log_artifact(
        str(file)
    ),
    "volume, down": lambda uri, _, folder: VolumeArtifactRepository(VOLUME, uri).download_artifacts(
        "there", str(folder)
    ),
    "bucket, up": lambda uri, file, _: OciArtifactRepository(BUCKET, uri).log_artifact(str(file)),
    "bucket, up in parts": lambda uri, file, _: OciArtifactRepository(
        BUCKET, uri, options=PARTS
    ).log_artifact(str(file)),
    "bucket, down": lambda uri, _, folder: OciArtifactRepository(
        BUCKET, uri, options=PARTS
    ).download_artifacts("there", str(folder)),
    "command line": lambda uri, *_: main.main(["models", "list", uri], standalone_mode=False),
}


def uri_of(here: Machine, settings: dict[str, str]) -> str:
    return here.uri(**settings, object_storage_endpoint=here.aidp.endpoint)


def held(here: Machine, call: Callable[[], object]) -> list[str]:
    """Return where the exception of a call holds secrets."""
    with pytest.raises((MlflowException, OSError, click.ClickException)) as caught:
        call()
    return found_in(caught.value, [*here.secrets, *secrets_of(here.aidp)])


def places_by_kind(
    here: Machine, file: Path, folder: Path, settings: dict[str, str]
) -> dict[str, list[str]]:
    """Make a call of each kind, and return where its exception holds secrets, if it does."""
    uri = uri_of(here, settings)
    places = {kind: held(here, partial(call, uri, file, folder)) for kind, call in CALLS.items()}
    return {kind: found for kind, found in places.items() if found}


@pytest.mark.parametrize("misfortune", MISFORTUNES, ids=lambda function: function.__name__)
def test_an_identity_that_cannot_be_had_leaves_no_secret(here, file, tmp_path, misfortune):
    assert places_by_kind(here, file, tmp_path, misfortune(here)[0]) == {}


@pytest.mark.parametrize("auth", ["instance_principal", "oke_workload_identity"])
def test_a_cloud_that_gives_no_token_leaves_no_secret(here, instance, pod, file, tmp_path, auth):
    with instance() as found:
        found.out_of_order = True
        pod.token_file.write_text("no.token.anywhere")
        here.secrets += ["no.token.anywhere", found.environ["https_proxy"]]
        assert places_by_kind(here, file, tmp_path, {"auth": auth}) == {}


# Sign-ins that break later


@pytest.fixture
def there(here) -> None:
    """Something to download."""
    (here.folder / "there").write_bytes(os.urandom(250_000))
    uri = uri_of(here, {"config_file": here.config(DEFAULT=here.api_key())})
    VolumeArtifactRepository(VOLUME, uri).log_artifact(str(here.folder / "there"))
    OciArtifactRepository(BUCKET, uri, options=PARTS).log_artifact(str(here.folder / "there"))
    here.aidp.exchanges.clear()


#: The last operation of each kind. Those before it find their way.
LAST = {
    "create_registered_model",
    "create_experiment",
    "upload_file",
    "download_file",
    "put_object",
    "upload_part",
    "get_object",
    "list_registered_models",
}


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("kind", CALLS)
def test_a_session_that_ends_in_the_middle_of_a_call_leaves_no_secret(here, file, tmp_path, kind):
    session = here.session()
    uri = uri_of(here, {"config_file": here.config(DEFAULT=session)})
    AidpRegistryStore(uri).search_model_versions()  # The session is in use.
    os.unlink(session["security_token_file"])
    here.aidp.faults.add("status", status=401, operation=LAST.__contains__, times=None)
    assert held(here, lambda: CALLS[kind](uri, file, tmp_path)) == []
    assert 401 in [exchange.status for exchange in here.aidp.exchanges]


class HoardingError(Exception):
    """Holds whatever it gets."""


class BrokenSigner:
    """A signer of a program's own, which fails when the request is complete."""

    def __init__(self) -> None:
        self.signed = 0

    def __call__(self, request, enforce_content_headers=True):
        request.headers["authorization"] = f"Bearer {PASS_PHRASE}"
        raise HoardingError(request, PASS_PHRASE)


@pytest.mark.parametrize("kind", CALLS)
def test_a_signer_of_the_programs_own_that_fails_leaves_no_secret(here, file, tmp_path, kind):
    here.secrets.append(PASS_PHRASE)
    mlflow_oci_aidp.use_signer(BrokenSigner())
    uri = uri_of(here, {"config_file": here.config(DEFAULT=here.api_key())})
    assert held(here, lambda: CALLS[kind](uri, file, tmp_path)) == []


class UnrenewableSigner:
    """A signer of a program's own with a token that is refused and cannot be renewed."""

    def __init__(self) -> None:
        self.api_key = PASS_PHRASE

    def __call__(self, request, enforce_content_headers=True):
        request.headers["authorization"] = f"Bearer {self.api_key}"

    def refresh_security_token(self):
        raise HoardingError(self.api_key)


@pytest.mark.parametrize("kind", CALLS)
def test_a_token_that_cannot_be_renewed_leaves_no_secret(here, file, tmp_path, kind):
    here.secrets.append(PASS_PHRASE)
    mlflow_oci_aidp.use_signer(UnrenewableSigner())
    uri = uri_of(here, {"config_file": here.config(DEFAULT=here.api_key())})
    assert held(here, lambda: CALLS[kind](uri, file, tmp_path)) == []
    assert {exchange.status for exchange in here.aidp.exchanges} == {401}


# Objects


MODES: dict[str, Callable[[Machine], dict[str, str]]] = {
    "api_key": lambda here: {"config_file": here.config(DEFAULT=here.api_key())},
    "api_key, encrypted": lambda here: {
        "config_file": here.config(DEFAULT=here.api_key(PASS_PHRASE) | {"pass_phrase": PASS_PHRASE})
    },
    "session": lambda here: {"config_file": here.config(DEFAULT=here.session())},
}


@pytest.mark.parametrize("mode", MODES)
def test_no_object_leads_to_a_secret(here, file, mode):
    uri = uri_of(here, MODES[mode](here))
    store = AidpRegistryStore(uri)
    bucket = OciArtifactRepository(BUCKET, uri, options=PARTS)
    store.create_registered_model(f"main.default.{uuid.uuid4().hex}")
    bucket.log_artifact(str(file))
    secrets = [*here.secrets, *secrets_of(here.aidp)]
    assert found_below([store, store._session, bucket], secrets) == []


# The steps of ``check``


def failures_of(case: Case) -> Iterator[Exception]:
    """Take the steps as ``check`` does, and yield what they raise."""
    unmet: set[str] = set()
    for step in STEPS:
        if not unmet.isdisjoint(step.needs):
            unmet.add(step.name)
            continue
        try:
            step.check(case)
        except (StepWarned, StepSkipped) as note:
            yield note
        except (StepFailed, MlflowException) as problem:
            unmet.add(step.name)
            yield problem


@pytest.mark.parametrize("misfortune", MISFORTUNES, ids=lambda function: function.__name__)
def test_no_step_of_check_leaves_a_secret(here, misfortune):
    case = Case(here.uri(**misfortune(here)[0]), timeout=5)
    problems = list(failures_of(case))
    assert any(isinstance(problem, StepFailed | MlflowException) for problem in problems)
    assert [found for problem in problems for found in found_in(problem, here.secrets)] == []
    assert found_below(case, here.secrets) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_check_without_failures_leaves_no_secret(here, mode):
    # Without a workspace, which is not there.
    uri = re.sub("/[^/]*[?]", "?", here.uri(**MODES[mode](here)), count=1)
    case = Case(uri, timeout=5)
    notes = list(failures_of(case))
    secrets = [*here.secrets, *secrets_of(here.aidp)]
    assert [found for note in notes for found in found_in(note, secrets)] == []
    assert not [note for note in notes if isinstance(note, StepFailed | MlflowException)]
    assert found_below(case, secrets) == []


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://user:{PROXY_PASSWORD}@",
        f"http://user:{PROXY_PASSWORD}@127.0.0.1:9",
        f"http://user:{PROXY_PASSWORD}@127.0.0.1:port",
        f"socks5://user:{PROXY_PASSWORD}@127.0.0.1:9",
        f"nothing://user:{PROXY_PASSWORD}@127.0.0.1:9",
    ],
)
def test_no_step_shows_the_password_of_a_proxy(here, proxy):
    here.setenv({"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""})
    case = Case(here.uri(config_file=here.config(DEFAULT=here.api_key())), timeout=5)
    problems = list(failures_of(case))
    assert any(isinstance(problem, StepFailed) for problem in problems)
    assert [found for problem in problems for found in found_in(problem, here.secrets)] == []


@pytest.mark.parametrize("kind", CALLS)
def test_a_proxy_that_refuses_leaves_no_secret(here, file, tmp_path, kind):
    proxy = f"http://user:{PROXY_PASSWORD}@127.0.0.1:9"
    here.setenv({"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""})
    uri = uri_of(here, {"config_file": here.config(DEFAULT=here.api_key())})
    assert held(here, lambda: CALLS[kind](uri, file, tmp_path)) == []
