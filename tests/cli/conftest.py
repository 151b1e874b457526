"""The command line in this process, on a machine that knows nobody."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from mlflow_oci_aidp.cli import main
from tests.support.machine import Machine


@pytest.fixture(autouse=True)
def no_certificates_of_this_machine(monkeypatch):
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def here(aidp, tmp_path, monkeypatch) -> Machine:
    """A machine with the emulator in reach."""
    return Machine(aidp, tmp_path, monkeypatch)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def read(*arguments: str):
    """What a command that succeeds prints as JSON."""
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)
