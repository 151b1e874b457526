"""The command line in this process, on a machine that knows nobody."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result

from mlflow_oci_aidp.cli import main
from tests.support.machine import Machine


class Shell(Machine):
    """A machine whose URIs name no workspace, which is not there."""

    def uri(self, **settings: str) -> str:
        query = urlencode({"endpoint": self.aidp.endpoint, **settings})
        return f"aidp://{self.aidp.ai_data_platform_id}?{query}"


@pytest.fixture(autouse=True)
def no_certificates_of_this_machine(monkeypatch):
    for variable in (
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def here(aidp, tmp_path, monkeypatch) -> Shell:
    """A machine with the emulator in reach."""
    return Shell(aidp, tmp_path, monkeypatch)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def read(*arguments: str):
    """What a command that succeeds prints as JSON."""
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)
