"""Experiments, runs, charts and artifacts of a workspace on MLflow's own web page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import mlflow
import pytest
from mlflow.entities.model_registry import RegisteredModelTag

from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.support.versions import is_older_than

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


def test_a_run_whose_loss_diverged_is_shown(open_page, expect, client, experiment):
    diverged = client.create_run(experiment, run_name="diverged").info.run_id
    client.log_metric(diverged, "loss", math.inf)
    page = open_page(f"experiments/{experiment}/runs/{diverged}")
    expect(page.get_by_text("1.7976931348623157e+308").first).to_be_visible()


def test_a_run_that_is_not_there_has_mlflows_page_for_it(open_page, expect, experiment):
    page = open_page(f"experiments/{experiment}/runs/{'0' * 32}")
    expect(page.get_by_text(re.compile("Page Not Found|does not exist")).first).to_be_visible()


@pytest.mark.parametrize(
    ("tab", "asks"),
    [
        ("", "traces/metrics"),
        ("/traces", "traces"),
        ("/judges", "scorers/list"),
        ("/datasets", "datasets/search"),
    ],
)
def test_what_the_platform_lacks_is_none_yet(page, server, experiment, tab, asks):
    if is_older_than("3.10"):
        pytest.skip("this MLflow's page has no such places, or asks for nothing there")
    with page.expect_response(lambda answer: f"/mlflow/{asks}" in answer.url) as answered:
        page.goto(f"{server.url}/#/experiments/{experiment}{tab}")
    assert answered.value.status == 200
    page.wait_for_timeout(500)
    shown = page.inner_text("body")
    assert "flowers" in shown
    assert not re.search("Failed to load|Couldn't load|Unable to load|not part of", shown)


def test_a_version_of_a_logged_model_names_its_run(open_page, expect, client, experiment, run):
    run_id = run.info.run_id
    model = client.create_logged_model(experiment, name="to-register", source_run_id=run_id)
    client.create_registered_model("main.default.of_a_run")
    source = f"models:/{model.model_id}"
    client.create_model_version("main.default.of_a_run", source, model_id=model.model_id)
    page = open_page("models/main.default.of_a_run/versions/1")
    expect(page.locator(f"a[href*='runs/{run_id}']").first).to_be_visible()


def test_prompts_of_an_experiment_are_searched(open_page, expect, platform, client, experiment):
    prompt = RegisteredModelTag("mlflow.prompt.is_prompt", "true")
    of_experiment = RegisteredModelTag("_mlflow_experiment_ids", f",{experiment},")
    AidpRegistryStore(platform.uri).create_registered_model(
        "main.default.greet", [prompt, of_experiment]
    )
    if is_older_than("3.10"):
        pytest.skip("this MLflow's page has no prompts in an experiment")
    page = open_page(f"experiments/{experiment}/prompts")
    expect(page.get_by_text("main.default.greet").first).to_be_visible()
    with page.expect_response(lambda answer: "%25re%25" in answer.url) as answered:
        page.get_by_placeholder(re.compile("Search prompts|Filter", re.IGNORECASE)).first.fill("re")
    assert answered.value.status == 200
    expect(page.get_by_text("main.default.greet").first).to_be_visible()
