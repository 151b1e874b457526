"""MLflow's own web page over AI Data Platform.

An emulator, ``mlflow server`` in front of it, and a browser.

All three live as long as the tests of this folder: each test has a registered model of its own
instead.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import mlflow
import pytest
import requests

from mlflow_oci_aidp.emulator import Emulator
from tests.support.needs import needs

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
#: It runs as root in containers, and talks to nobody but the server under test.
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
#: A browser that was here before: MLflow's greetings are behind it. MLflow's own keys, of 3.1.0 and
#: of 3.17.2.
GREETED = {
    "_mlflow_model_registry_promo_modal_dismissed": "true",
    "_mlflow_model_registry_promo_modal_dismissed_v1": "true",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
}
START = 120  # seconds that `mlflow server` may take to start
PATIENCE = 20_000  # milliseconds that the page may take to show something
SIZE = {"width": 1280, "height": 800}
PICTURES = Path(__file__).parents[2] / "docs" / "images"
ASSISTANT_HIDDEN = "[data-assistant-ui] { display: none; }"


@pytest.fixture(scope="package", autouse=True)
def needs_a_browser():
    """Skips where there is none, unless the caller says that there has to be one."""
    needs(
        "REQUIRE_BROWSER",
        {
            "Chromium (Debian: apt-get install chromium)": CHROMIUM is not None,
            "Playwright (pip install playwright)": importlib.util.find_spec("playwright")
            is not None,
        },
    )


@pytest.fixture(scope="package")
def platform(needs_a_browser) -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@dataclass
class Server:
    """A running ``mlflow server``."""

    url: str
    log: Path


@pytest.fixture(scope="package")
def running_server(platform, tmp_path_factory) -> Iterator[Server]:
    """``mlflow server`` with the platform's registry, and runs of its own."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    stores = [
        "--registry-store-uri",
        platform.uri,
        "--backend-store-uri",
        f"sqlite:///{folder}/tracking.db",
    ]
    with serving(folder, [*stores, "--artifacts-destination", f"{folder}/files"]) as server:
        yield server


@contextmanager
def serving(folder: Path, arguments: list[str]) -> Iterator[Server]:
    """``mlflow server`` as a user starts it, with settings from its command line alone."""
    server = Server(f"http://127.0.0.1:{(port := free_port())}", folder / "log")
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    with server.log.open("wb") as log:
        # A session of its own, so that the workers end with it.
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env=environment(folder),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_it_serves(server, process)
        yield server
    finally:
        stop(process)


def environment(folder: Path) -> dict[str, str]:
    """This machine's, without its settings."""
    ours = ("AIDP_", "DATALAKE_", "DH_", "INSTANCE_ID", "MLFLOW_", "OCI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "NO_PROXY": "127.0.0.1",
        # MLflow 3.1.0 serves with gunicorn, whose only worker would wait for connections that a
        # browser opens early.
        "GUNICORN_CMD_ARGS": "--threads=8",
        # The newest MLflow starts eight more processes for jobs that nobody here asks for.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until_it_serves(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{server.url}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"mlflow server did not start:\n{server.log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, request)
            process.wait(timeout=20)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return


@pytest.fixture
def server(running_server) -> Iterator[Server]:
    """The server, whose log has to stay free of tracebacks and errors during the test."""
    before = running_server.log.stat().st_size
    yield running_server
    written = running_server.log.read_bytes()[before:].decode()
    assert [word for word in ("Traceback", "ERROR") if word in written] == [], written


@pytest.fixture(scope="package")
def browser(needs_a_browser):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """An empty page. No answer that it gets may be the server's own failure."""
    storage = [{"name": name, "value": value} for name, value in GREETED.items()]
    context = browser.new_context(
        viewport=SIZE,
        locale="en-US",
        timezone_id="UTC",
        storage_state={"origins": [{"origin": server.url, "localStorage": storage}]},
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    failures: list[str] = []
    page.on(
        "response", lambda answer: failures.append(answer.url) if answer.status >= 500 else None
    )
    yield page
    context.close()
    assert failures == []


@pytest.fixture
def expect(needs_a_browser):
    """Playwright's assertions, which wait until the page is so."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    return expect


@pytest.fixture
def take(page, expect, tmp_path):
    """Takes a picture, into the documentation if that is asked for.

    The pointer and MLflow's assistant stay out of it.

    ``shown``: what the picture is of; the menu is chosen first, and that may lead to another page.
    """

    def take(name: str, height: int, shown=None) -> Path:
        page.set_viewport_size({"width": 1280, "height": height})
        training, here = page.get_by_role("button", name="Model training"), page.url
        if training.count():  # MLflow 3.1.0 has one menu for all
            training.click()
        if shown is not None:
            page.goto(here)
            expect(shown).to_be_visible()
        page.mouse.move(0, 0)
        path = (PICTURES if os.environ.get("UPDATE_PICTURES") else tmp_path) / name
        page.screenshot(path=path, animations="disabled", style=ASSISTANT_HIDDEN)
        return path

    return take


@pytest.fixture
def show(page, server):
    """Shows the list of models, or the page of one or of one of its versions."""

    def show(model: str | None = None, version: str | None = None):
        parts = (
            ["models"]
            + ([quote(model)] if model else [])
            + (["versions", version] if version else [])
        )
        page.goto(f"{server.url}/#/{'/'.join(parts)}")
        return page

    return show


@pytest.fixture
def aidp(platform) -> Emulator:
    """The platform; what was asked of it before the test is forgotten."""
    platform.exchanges.clear()
    return platform


@pytest.fixture
def client(aidp, server) -> mlflow.MlflowClient:
    """MLflow's own client, which goes past the server to the platform."""
    return mlflow.MlflowClient(tracking_uri=server.url, registry_uri=aidp.uri)


@pytest.fixture
def model(client, request) -> Iterator[str]:
    """A registered model of the test's own, with two versions."""
    name = f"main.default.{request.node.name.removeprefix('test_')}"
    client.create_registered_model(
        name, tags={"team": "ml"}, description="Tells iris species apart"
    )
    client.create_model_version(name, "runs:/0/model", tags={"validated": "yes"})
    client.create_model_version(name, "runs:/1/model", description="With more data")
    client.set_registered_model_alias(name, "champion", "1")
    yield name
    client.delete_registered_model(name)


@pytest.fixture
def changes(aidp, model):
    """The changes that the platform was asked for since the model was made.

    Each request has a signature that the platform accepted.
    """
    aidp.exchanges.clear()

    def changes() -> list[tuple[str | None, object]]:
        asked = [exchange for exchange in aidp.exchanges if exchange.verb == "POST"]
        assert all(exchange.headers["authorization"].startswith("Signature ") for exchange in asked)
        assert {exchange.status for exchange in asked} == {200}
        return [(exchange.operation, exchange.body) for exchange in asked]

    return changes
