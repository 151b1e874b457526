"""What commands write: whole, in any encoding, without obeying anybody else, or an error."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

import mlflow_oci_aidp.cli
from mlflow_oci_aidp.emulator import Emulator
from tests.cli.conftest import read, run
from tests.cli.test_models import lines, on_a_terminal

COMMAND = (sys.executable, "-m", "mlflow_oci_aidp.cli")
NAME = "main.default.日本"
CLEAR = "\x1b[2J\x1b]0;title\x07"
CLEAR_SHOWN = r"\x1b[2J\x1b]0;title\x07"
FULL = "Error: Standard output cannot be written: No space left on device.\n"

needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


@pytest.fixture(scope="module")
def filled(tracking_file):
    with Emulator() as aidp:
        client = MlflowClient(tracking_file.uri, aidp.uri)
        client.create_registered_model(NAME, tags={"team": "ml"})
        client.create_model_version(NAME, "s3://bucket/first")
        yield aidp


def command(*arguments: str, encoding: str = "utf-8", redirect: str = ""):
    """A command in a shell, which redirects its streams; both are bytes."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirect}', "sh", *COMMAND, *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=120,
    )


# --- encodings


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_what_an_encoding_lacks_is_spelled_out(filled, encoding):
    ended = command("models", filled.uri, encoding=encoding)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(rb"main.default.\u65e5\u672c" + b"\t1\t")


def test_what_an_encoding_has_is_as_it_is(filled):
    ended = command("models", filled.uri)
    assert (ended.returncode, ended.stdout.decode().partition("\t")[0]) == (0, NAME)


def test_json_is_the_same_in_any_encoding(filled):
    ended = command("models", filled.uri, "--json", encoding="ascii")
    assert (ended.returncode, json.loads(ended.stdout)[0]["name"]) == (0, NAME)


def test_the_table_of_a_terminal_in_another_encoding(filled, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    assert r"main.default.\u65e5\u672c" in on_a_terminal("models", filled.uri)


def test_an_error_in_another_encoding(filled):
    ended = command("models", "show", "missing.日本", filled.uri, encoding="ascii")
    assert (ended.returncode, ended.stdout, ended.stderr.count(b"\n")) == (1, b"", 1)
    assert b"RESOURCE_DOES_NOT_EXIST" in ended.stderr


# --- streams that cannot be written

COMMANDS = {
    "models": ["models"],
    "models as JSON": ["models", "--json"],
    "versions": ["models", "show", NAME],
    "check": ["check"],
    "check as JSON": ["check", "--json"],
}


@needs_full_device
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line(filled, name):
    ended = command(*COMMANDS[name], filled.uri, redirect="> /dev/full")
    assert (ended.returncode, ended.stderr.decode()) == (1, FULL)


@needs_full_device
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["models", "--help"]])
def test_a_full_disk_below_clicks_own_output_is_one_line(arguments):
    ended = command(*arguments, redirect="> /dev/full")
    assert (ended.returncode, ended.stderr.decode()) == (1, FULL)


@needs_full_device
def test_a_full_disk_ends_the_emulator(tmp_path):
    ended = command("emulator", "--data-dir", str(tmp_path / "data"), redirect="> /dev/full")
    assert (ended.returncode, ended.stderr.decode()) == (1, FULL)


@needs_full_device
def test_a_full_disk_ends_the_quickstart():
    """The run is ended, and nothing is tried for ever."""
    ended = command("quickstart", redirect="> /dev/full")
    assert (ended.returncode, ended.stderr.decode()) == (1, FULL)


def test_a_reader_that_is_gone_ends_the_quickstart_in_silence():
    """In the middle of a run, after the first lines."""
    ended = command("quickstart", redirect="| head -n 8")
    assert ended.stdout.count(b"\n") == 8
    assert ended.stderr == b""


@pytest.mark.parametrize("name", ["models as JSON", "check"])
def test_a_reader_that_is_gone_is_told_nothing(filled, name):
    assert command(*COMMANDS[name], filled.uri, redirect="| true").stderr == b""


def test_a_reader_that_is_gone_ends_a_command():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [*COMMAND, "--help"],
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


@pytest.mark.parametrize("name", ["models", "check as JSON"])
def test_output_that_is_closed_is_one_line(filled, name):
    ended = command(*COMMANDS[name], filled.uri, redirect=">&-")
    assert ended.returncode == 1
    assert ended.stderr.decode() == (
        "Error: Standard output cannot be written: Bad file descriptor.\n"
    )


@pytest.mark.parametrize("redirect", ["2>&-", "2> /dev/full"])
def test_standard_error_that_cannot_be_written_changes_nothing(filled, redirect):
    ended = command("models", filled.uri, redirect=redirect)
    assert (ended.returncode, ended.stdout.decode().partition("\t")[0]) == (0, NAME)
    assert command("models", "show", "missing", filled.uri, redirect=redirect).returncode == 1


def test_commands_print_in_one_way():
    """Through the functions of ``terminal``, in whose stead click would choose the encoding."""
    folder = Path(mlflow_oci_aidp.cli.__file__).parent
    calls = {
        (path.name, ast.unparse(node.func))
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    printing = {"click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write"}
    # The quickstart prints to the output of its start, while MLflow's goes nowhere.
    assert {call for call in calls if call[1] in printing} == {
        ("terminal.py", "click.echo"),
        ("quickstart.py", "click.echo"),
    }


# --- texts of others


@pytest.fixture
def hostile(aidp, client):
    """A registry with control characters wherever its users may write."""
    client.create_registered_model(f"evil{CLEAR}", {"key": f"v{CLEAR}\n2\t3\r4"}, f"about{CLEAR}")
    tags = {"key": "\u202e\x9b1m"}
    client.create_model_version(f"evil{CLEAR}", f"s3://bucket/{CLEAR}", tags=tags)
    return aidp


def test_a_line_shows_control_characters(hostile):
    (line,) = lines(hostile.uri)
    assert line[0] == f"evil{CLEAR_SHOWN}"
    assert line[4] == rf"key=v{CLEAR_SHOWN}\n2\t3\r4"


def test_a_line_of_a_version_shows_control_characters(hostile):
    (line,) = lines("show", f"evil{CLEAR}", hostile.uri)
    assert (line[4], line[5]) == (r"key=\u202e\x9b1m", f"s3://bucket/{CLEAR_SHOWN}")


def test_json_has_them_as_they_are(hostile):
    result = run("models", hostile.uri, "--json")
    assert result.stdout.isascii()
    assert CLEAR not in result.stdout
    (model,) = read("models", hostile.uri)
    assert (model["name"], model["description"]) == (f"evil{CLEAR}", f"about{CLEAR}")


@pytest.mark.parametrize("program", ["", "import sys; sys.modules['rich'] = None\n"])
def test_a_table_shows_control_characters(hostile, program):
    program = program and f"{program}from mlflow_oci_aidp.cli import main; main()"
    shown = on_a_terminal("models", hostile.uri, program=program)
    assert f"evil{CLEAR_SHOWN}" in shown
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown


def test_letters_of_all_scripts_are_letters(client, aidp):
    names = ["main.default.日本", "main.default.\u0645\u06cc\u200c\u062e", "main.default.é ü"]
    for name in names:
        client.create_registered_model(name)
    assert sorted(line[0] for line in lines(aidp.uri)) == sorted(names)


MESSAGES = {
    "an error of OCI": {"kind": "status", "status": 400, "message": f"no{CLEAR}\nand\u2028more\r"},
    "an error of MLflow": {
        "kind": "body",
        "status": 400,
        "body": json.dumps(
            {"error_code": "INVALID_STATE", "message": f"no{CLEAR}\nand\u2028more\r"}
        ).encode(),
    },
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_servers_message_does_not_reach_the_terminal_as_it_is(aidp, kind):
    fields = dict(MESSAGES[kind])
    aidp.faults.add(fields.pop("kind"), **fields, times=None)
    result = run("models", "list", aidp.uri)
    assert (result.exit_code, result.stdout) == (1, "")
    assert rf"no{CLEAR_SHOWN} and\u2028more" in result.stderr
    assert result.stderr.removesuffix("\n").isprintable()


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_servers_message_in_check(aidp, option):
    aidp.faults.add("status", status=400, code=f"Bad{CLEAR}", message=f"no{CLEAR}", times=None)
    result = run("check", aidp.uri, *option)
    assert result.exit_code == 1
    assert "[2J" in result.stdout
    assert result.stdout.replace("\n", "").isprintable()


# --- values that others send


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (1000, "1970-01-01T00:00:01Z"),
        (-1000, "1969-12-31T23:59:59Z"),
        (10**18, "1000000000000000000"),  # the year 31,690,000
        (-(10**18), "-1000000000000000000"),
        (None, ""),
        (0, ""),
    ],
)
def test_any_time_can_be_shown(aidp, milliseconds, shown):
    model = {"name": NAME, "last_updated_timestamp": milliseconds}
    aidp.faults.add("body", body=json.dumps({"registered_models": [model]}).encode(), times=None)
    assert [line[5] for line in lines(aidp.uri)] == [shown]


def test_a_time_that_no_calendar_has_is_whole_in_a_table(aidp):
    model = {"name": NAME, "last_updated_timestamp": 10**18}
    aidp.faults.add("body", body=json.dumps({"registered_models": [model]}).encode(), times=None)
    assert str(10**18) in on_a_terminal("models", aidp.uri)


@pytest.mark.parametrize("version", ["abc", "", "1.5", "-1", "²", "9" * 5000, None, True, [1]])
@pytest.mark.parametrize("arguments", [["list"], ["show", NAME]], ids=" ".join)
def test_a_version_that_is_no_number_is_one_line(aidp, version, arguments):
    versions = [{"name": NAME, "version": version}, {"name": NAME, "version": "2"}]
    model = {"name": NAME, "latest_versions": versions}
    body = {"registered_models": [model], "registered_model": {"name": NAME}}
    body["model_versions"] = versions
    aidp.faults.add("body", body=json.dumps(body).encode(), times=None)
    result = run("models", *arguments, aidp.uri)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "is not of the documented shape" in result.stderr


@pytest.mark.parametrize("version", ["7", 7, "007"])
def test_a_version_that_is_a_number_is_shown(aidp, version):
    versions = [{"name": NAME, "version": version}, {"name": NAME, "version": "2"}]
    model = {"name": NAME, "latest_versions": versions}
    aidp.faults.add("body", body=json.dumps({"registered_models": [model]}).encode(), times=None)
    assert lines(aidp.uri)[0][1] == str(version)
