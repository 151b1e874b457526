"""Help that fits a screen, and completion, which is click's own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.conftest import run

COMMAND = (sys.executable, "-m", "mlflow_oci_aidp.cli")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["check"],
        ["models"],
        ["models", "list"],
        ["models", "show"],
        ["deployments"],
        ["deployments", "logs"],
        ["copy"],
        ["uri"],
    ],
    ids=" ".join,
)
def test_help_fits_a_screen(arguments):
    lines = run(*arguments, "--help").stdout.splitlines()
    assert 5 < len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_the_help_of_every_command_imports_nothing_heavy():
    program = (
        "import sys; from mlflow_oci_aidp.cli import main\n"
        "for command in ('check', 'models', 'copy', 'uri'):\n"
        "    main([command, '--help'], standalone_mode=False)\n"
        "sys.exit(sorted({'mlflow', 'oci', 'requests', 'rich'} & set(sys.modules)) or 0)"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL).returncode == 0
    )


def completed(shell: str, **variables: str) -> str:
    environ = {**os.environ, "_MLFLOW_OCI_AIDP_COMPLETE": shell, **variables}
    return subprocess.run(COMMAND, env=environ, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("shell", ["bash_source", "zsh_source", "fish_source"])
def test_the_shell_gets_a_script(shell):
    assert "_MLFLOW_OCI_AIDP_COMPLETE=" in completed(shell)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "mlflow-oci-aidp ",
            {"check", "models", "deployments", "copy", "uri", "emulator", "quickstart"},
        ),
        ("mlflow-oci-aidp models ", {"list", "show", "grants", "grant", "revoke"}),
        ("mlflow-oci-aidp check --j", {"--json"}),
    ],
)
def test_commands_and_options_are_completed(words, expected):
    lines = completed("bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))).split()
    assert {line.partition(",")[2] for line in lines} == expected
