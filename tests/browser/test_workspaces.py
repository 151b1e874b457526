"""``mlflow server --enable-workspaces``: its page shows the platform's workspaces, and switches."""

from __future__ import annotations

import mlflow
import pytest

from mlflow_oci_aidp.emulator import Emulator
from tests.browser.conftest import serving

pytest.importorskip("mlflow.utils.workspace_context", reason="this MLflow has no workspaces")

RESEARCH = "1f1d2c58-9a3c-4f6e-8f2e-0d5c7a1b2c3d"


@pytest.fixture(scope="module")
def platform(needs_a_browser):
    """A platform of its own, with two workspaces."""
    with Emulator() as emulator:
        emulator.add_workspace(RESEARCH, "research", "of the team")
        yield emulator


@pytest.fixture(scope="module")
def running_server(platform, tmp_path_factory):
    """The server of a team: its URI names no workspace."""
    stores = ["--backend-store-uri", platform.uri, "--registry-store-uri", platform.uri]
    with serving(tmp_path_factory.mktemp("workspaces"), ["--enable-workspaces", *stores]) as server:
        yield server


@pytest.fixture
def experiments(server, platform):
    """An experiment in each workspace, made by MLflow's client of the server."""
    client = mlflow.MlflowClient(server.url, registry_uri=server.url)
    for workspace in ("research", platform.workspace_key):
        mlflow.set_workspace(workspace)
        client.create_experiment(f"in {workspace}")
    client.create_registered_model("main.default.shared")
    mlflow.set_workspace(None)


def test_the_page_shows_the_workspaces_and_switches(page, server, expect, platform, experiments):
    first = platform.workspace_key
    page.goto(server.url)
    expect(page.get_by_text(f"research, key {RESEARCH}, active: of the team")).to_be_visible()
    expect(page.get_by_text(f"Default Workspace, key {first}, active")).to_be_visible()
    page.get_by_role("link", name="research", exact=True).click()
    page.get_by_role("link", name="Experiments").first.click()
    expect(page.get_by_role("link", name="in research")).to_be_visible()
    expect(page.get_by_role("link", name=f"in {first}")).to_have_count(0)
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=first).click()
    page.get_by_role("link", name="Experiments").first.click()
    expect(page.get_by_role("link", name=f"in {first}")).to_be_visible()
    expect(page.get_by_role("link", name="in research")).to_have_count(0)
    for workspace in ("research", first):  # Registered models are the same in each.
        page.goto(f"{server.url}/#/models?workspace={workspace}")
        expect(page.get_by_role("link", name="main.default.shared")).to_be_visible()
    looks = [row for row in platform.exchanges if row.operation == "list_workspaces"]
    assert len(looks) < len(platform.exchanges) / 2  # What was looked up is remembered.
