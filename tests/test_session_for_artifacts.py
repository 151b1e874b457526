"""The session that artifacts at a location belong to, that is, their AI Data Platform."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import mlflow
import pytest

from mlflow_oci_aidp.session import (
    SERVER_VARIABLES,
    forget_sessions,
    remember_tracking,
    session_for,
    session_for_artifacts,
)

ONE, TWO = (
    "aidp://ocid1.datalake.oc1.iad.one/w?endpoint=https://one.example",
    "aidp://ocid1.datalake.oc1.iad.two?endpoint=https://two.example",
)
LOCATION = "oci://bucket@namespace/x"
LOCAL = "sqlite:////nowhere/x.db"


def platform_in_use(*passed: str | None, environ: dict[str, str]) -> str | None:
    """Return the end of the OCID of the AI Data Platform that artifacts belong to."""
    session = session_for_artifacts(LOCATION, *passed, environ=environ)
    return session and session.settings.instance_id.rpartition(".")[2]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mlflow.set_tracking_uri(LOCAL)
    mlflow.set_registry_uri(LOCAL)
    yield
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.mark.parametrize(
    ("passed", "environ", "wanted"),
    [
        ((None, None), {}, None),
        ((ONE, TWO), {}, "one"),
        ((LOCAL, TWO), {}, "two"),
        ((None, None), {SERVER_VARIABLES[0]: ONE, SERVER_VARIABLES[1]: TWO}, "one"),
        ((None, LOCAL), {SERVER_VARIABLES[0]: LOCAL, SERVER_VARIABLES[1]: TWO}, "two"),
        ((TWO, None), {SERVER_VARIABLES[0]: ONE}, "two"),
    ],
)
def test_what_is_passed_comes_before_the_server(
    passed: tuple[str | None, str | None], environ: dict[str, str], wanted: str | None
) -> None:
    assert platform_in_use(*passed, environ=environ) == wanted


def test_what_mlflow_is_set_to_counts() -> None:
    mlflow.set_registry_uri(TWO)
    assert platform_in_use(environ={}) == "two"
    mlflow.set_tracking_uri(ONE)
    assert platform_in_use(environ={}) == "one"


def test_the_names_of_the_variables_are_those_of_mlflow() -> None:
    from mlflow import server

    assert (server.BACKEND_STORE_URI_ENV_VAR, server.REGISTRY_STORE_URI_ENV_VAR) == SERVER_VARIABLES


def test_the_store_that_was_made_last_counts_where_nothing_else_is_said() -> None:
    for uri in (ONE, TWO):
        remember_tracking(session_for(uri), uri)
    assert platform_in_use(environ={}) == "two"
    remember_tracking(session_for(ONE), ONE)
    assert platform_in_use(environ={}) == "one"
    assert platform_in_use(TWO, environ={}) == "two"
    forget_sessions()
    assert platform_in_use(environ={}) is None


def test_a_store_is_found_while_threads_note_stores() -> None:
    """A thread that opens artifacts finds a store at any time, even while it is noted again."""
    session = session_for(ONE)
    remember_tracking(session, ONE)
    end = threading.Event()

    def note() -> None:
        while not end.is_set():
            remember_tracking(session, ONE)

    noting = threading.Thread(target=note)
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    noting.start()
    try:
        platforms = {platform_in_use(environ={}) for _ in range(3000)}
    finally:
        end.set()
        noting.join()
        sys.setswitchinterval(switch_interval)
    assert platforms == {"one"}
