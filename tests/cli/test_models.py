"""``models``: a table on a terminal, lines in a pipe, JSON for scripts."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from mlflow import MlflowClient

from mlflow_oci_aidp.client.retry import RetryPolicy, somebody_is_waiting
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.cli.conftest import read, run

IRIS, WINE = "main.default.iris", "main.default.wine"


@pytest.fixture(scope="module")
def filled(tracking_file):
    """Two models; the first has two versions, an alias, a stage and a tag. Tests only read."""
    with Emulator() as aidp:
        # Not the default of MLflow, which is a database in the working folder.
        fill(MlflowClient(tracking_file.uri, aidp.uri))
        yield aidp


@pytest.fixture
def registry(filled):
    filled.exchanges.clear()
    return filled


def fill(client):
    client.create_registered_model(IRIS, tags={"task": "classification"}, description="Irises")
    client.create_registered_model(WINE)
    for run_id in ("1" * 32, "2" * 32):
        client.create_model_version(IRIS, f"runs:/{run_id}/model", run_id=run_id)
    client.set_registered_model_alias(IRIS, "champion", "2")
    client._get_registry_client().transition_model_version_stage(IRIS, "1", "Production")


def lines(*arguments: str) -> list[list[str]]:
    result = run("models", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return [line.split("\t") for line in result.stdout.splitlines()]


def on_a_terminal(*arguments: str, columns: int = 200, program: str = "") -> str:
    """What a command shows on a terminal of its own."""
    program = program or "from mlflow_oci_aidp.cli import main; main()"
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
    ) as process:
        os.close(its)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux's way to say that nobody has the terminal any more.
                break
            if not piece:
                break
            shown += piece
        assert process.wait(60) == 0, shown
    os.close(ours)
    return shown.decode()


def test_in_a_pipe_each_model_is_a_line(registry):
    (iris, wine) = lines(registry.uri)
    assert iris[:5] == [IRIS, "2", "champion=2", "Production=1", "task=classification"]
    assert wine[:5] == [WINE, "", "", "", ""]


def test_the_last_column_is_the_last_update(registry):
    assert {line[5][10] + line[5][-1] for line in lines(registry.uri)} == {"TZ"}


def test_json_has_every_field(registry):
    iris = read("models", registry.uri)[0]
    assert {
        name: iris[name]
        for name in ("name", "latest_version", "aliases", "stages", "tags", "description")
    } == {
        "name": IRIS,
        "latest_version": "2",
        "aliases": {"champion": "2"},
        "stages": {"Production": "1"},
        "tags": {"task": "classification"},
        "description": "Irises",
    }


def test_without_an_argument_mlflows_registry_is_listed(registry, monkeypatch):
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", registry.uri)
    assert [line[0] for line in lines()] == [IRIS, WINE]


def test_list_can_be_said(registry):
    assert lines("list", registry.uri) == lines(registry.uri)


def test_a_filter_goes_to_the_platform_as_it_is(registry):
    assert [line[0] for line in lines("--filter", "name LIKE '%wine'", registry.uri)] == [WINE]
    assert registry.exchanges[-1].query["filter"] == "name LIKE '%wine'"


def test_prompts_are_no_models(aidp, client):
    client.create_registered_model(IRIS)
    # Past the client, which would tag the prompt in a thread that outlives the test.
    AidpRegistryStore(aidp.uri).create_prompt("greeting")
    assert [line[0] for line in lines(aidp.uri)] == [IRIS]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [("list_registered_models", ["list"]), ("list_model_versions", ["show", IRIS])],
)
def test_a_page_token_that_comes_again_ends_a_list(aidp, operation, arguments):
    aidp.faults.clear()
    MlflowClient(registry_uri=aidp.uri).create_registered_model(IRIS)
    page = {
        "registered_models": [{"name": IRIS}],
        "model_versions": [{"name": IRIS, "version": "1"}],
        "next_page_token": "t",
    }
    aidp.faults.add("body", operation=operation, body=json.dumps(page).encode(), times=None)
    result = run("models", *arguments, aidp.uri)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "page token that it had given before" in result.stderr
    assert aidp.faults.fired["body"] == 2


def test_all_pages_are_read(aidp):
    for page in (
        {"registered_models": [{"name": IRIS}], "next_page_token": "t"},
        {"registered_models": [{"name": WINE}]},
    ):
        aidp.faults.add("body", operation="list_registered_models", body=json.dumps(page).encode())
    assert [line[0] for line in lines(aidp.uri)] == [IRIS, WINE]
    assert [exchange.query.get("page_token") for exchange in aidp.exchanges] == [None, "t"]


def test_a_registry_without_models_is_no_line(aidp):
    assert lines(aidp.uri) == []


def test_the_versions_of_a_model_newest_first(registry):
    two, one = lines("show", IRIS, registry.uri)
    assert two[:6] == ["2", "champion", "", "READY", "", f"runs:/{'2' * 32}/model"]
    assert one[:4] == ["1", "", "Production", "READY"]


def test_versions_take_one_request_beside_the_models(registry):
    lines("show", IRIS, registry.uri)
    assert len(registry.exchanges) == 2


def test_json_of_a_model_has_its_versions(registry):
    model = read("models", "show", IRIS, registry.uri)
    assert (model["name"], [version["run_id"] for version in model["versions"]]) == (
        IRIS,
        ["2" * 32, "1" * 32],
    )


def test_a_model_that_is_not_there_is_one_line(aidp):
    result = run("models", "show", "main.default.none", aidp.uri)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert "RESOURCE_DOES_NOT_EXIST" in result.stderr


def test_control_characters_of_others_do_not_reach_the_terminal(client, aidp):
    client.create_registered_model(IRIS, tags={"evil": "\x1b[2Jgone\nand\tmore"})
    assert lines(aidp.uri)[0][4] == r"evil=\x1b[2Jgone\nand\tmore"


@pytest.fixture(scope="module")
def shown(filled):
    return on_a_terminal("models", filled.uri, columns=80)


def test_on_a_terminal_there_is_a_table_with_headings(shown):
    assert "Aliases" in shown
    assert "champion=2" in shown


def test_on_a_terminal_progress_is_shown(shown):
    assert "2 models ..." in shown


def test_a_narrow_terminal_shows_whole_names(shown):
    assert IRIS in shown


def test_what_looks_like_markup_in_a_tag_is_text(client, aidp):
    client.create_registered_model(IRIS, tags={"note": "[red]careful[/red]"})
    assert "[red]careful[/red]" in on_a_terminal("models", aidp.uri)


def test_without_rich_there_is_a_table_too(registry):
    program = "import sys; sys.modules['rich'] = None\nfrom mlflow_oci_aidp.cli import main; main()"
    shown = on_a_terminal("models", registry.uri, program=program)
    assert f"{IRIS}  2       champion=2  Production=1  task=classification" in shown


@pytest.mark.parametrize(
    "words", [[], ["grants", IRIS], ["grant", IRIS, "READ", "--role", "r"]], ids=" ".join
)
def test_a_command_gives_up_where_nobody_answers(aidp, monkeypatch, words):
    for name in ("MAX_RETRIES", "TIMEOUT"):
        monkeypatch.delenv(f"MLFLOW_HTTP_REQUEST_{name}", raising=False)
    # Seconds until the second attempt, which would be too late for a command.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "16")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    uri = re.sub("endpoint=[^&]*", f"endpoint={quote(endpoint, safe='')}", aidp.uri)
    assert uri != aidp.uri
    began = time.monotonic()
    result = run("models", *words, uri)
    assert result.exit_code == 1
    assert time.monotonic() - began < 15  # MLflow's own settings take minutes.
    assert "the connection was refused" in result.output


@pytest.mark.parametrize(
    ("variable", "kept"),
    [
        (None, (9.0, 9.0)),
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", (9.0, 600.0)),
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", (3.0, 9.0)),
    ],
)
def test_what_is_set_for_mlflow_holds_for_commands(monkeypatch, variable, kept):
    for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, "3")
    with somebody_is_waiting():
        policy = RetryPolicy.from_mlflow()
    assert (policy.timeout, policy.longest_call) == kept
    assert RetryPolicy.from_mlflow().longest_call == 600.0
