"""Experiments, runs, charts and artifacts of a workspace on MLflow's own web page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import mlflow
import pytest

from .conftest import Server, serving


@pytest.fixture(scope="module")
def running_server(platform, tmp_path_factory) -> Iterator[Server]:
    """``mlflow server`` without a store of its own: the platform has workspace and registry."""
    folder = tmp_path_factory.mktemp("mlflow-server-of-a-workspace")
    stores = ["--backend-store-uri", platform.tracking_uri, "--registry-store-uri", platform.uri]
    with serving(folder, stores) as server:
        yield server


@pytest.fixture(scope="module")
def client(platform):
    """MLflow's own client, which goes past the server to the platform."""
    return mlflow.MlflowClient(tracking_uri=platform.tracking_uri, registry_uri=platform.uri)


@pytest.fixture(scope="module")
def experiment(client):
    return client.create_experiment("flowers", tags={"team": "ml"})


@pytest.fixture(scope="module")
def run(client, experiment, tmp_path_factory):
    """A run with everything that the page shows."""
    made = client.create_run(experiment, run_name="first run")
    run_id = made.info.run_id
    client.log_param(run_id, "depth", 3)
    for step in range(5):
        client.log_metric(run_id, "loss", 1 / (step + 1), step=step)
    notes = tmp_path_factory.mktemp("artifacts") / "notes.txt"
    notes.write_text("roses are red")
    client.log_artifact(run_id, str(notes))
    model = client.create_logged_model(
        experiment, name="my-model", source_run_id=run_id, params={"depth": "3"}
    )
    client.finalize_logged_model(model.model_id, "FAILED")
    client.set_terminated(run_id)
    return made


@pytest.fixture
def open_page(page, server):
    def open_page(path):
        page.goto(f"{server.url}/#/{path}")
        return page

    return open_page


def test_experiments_are_listed(open_page, expect, experiment):
    page = open_page("")
    expect(page.get_by_text("flowers", exact=True).first).to_be_visible()


def test_runs_are_listed_with_their_models(open_page, expect, experiment, run):
    page = open_page(f"experiments/{experiment}/runs")
    expect(page.get_by_text("first run").first).to_be_visible()


def test_a_run_shows_parameters_and_metrics(open_page, expect, experiment, run):
    page = open_page(f"experiments/{experiment}/runs/{run.info.run_id}")
    expect(page.get_by_text("depth", exact=True).first).to_be_visible()
    expect(page.get_by_text("loss", exact=True).first).to_be_visible()
    expect(page.get_by_text("0.2", exact=True).first).to_be_visible()
    expect(page.get_by_text("Finished").first).to_be_visible()


def test_a_run_shows_charts_of_its_metrics(open_page, expect, aidp, experiment, run, take):
    page = open_page(f"experiments/{experiment}/runs/{run.info.run_id}/model-metrics")
    line = page.locator(".js-plotly-plot .scatterlayer .trace").first
    expect(line).to_be_visible()
    take("run.png", 600, line)
    assert "get_experiment_run_metric_history" in [
        exchange.operation for exchange in aidp.exchanges
    ]


def test_a_run_shows_its_artifacts(open_page, expect, aidp, experiment, run):
    page = open_page(f"experiments/{experiment}/runs/{run.info.run_id}/artifacts")
    page.get_by_text("notes.txt").first.click()
    expect(page.get_by_text("roses are red")).to_be_visible()
    assert "get_object" in [exchange.operation for exchange in aidp.exchanges]


def test_a_logged_model_is_shown(open_page, expect, experiment, run):
    page = open_page(f"experiments/{experiment}/models")
    page.get_by_text("my-model").first.click()
    expect(page.get_by_text(re.compile("first run")).first).to_be_visible()
