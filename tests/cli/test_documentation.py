"""The documentation of the command line shows what the commands print.

Values that each emulator makes anew may differ.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from mlflow_oci_aidp.cli import main
from mlflow_oci_aidp.emulator import Emulator
from tests.cli.test_models import fill

PAGE = Path(__file__).parent.parent.parent / "docs" / "command-line.md"
CONSOLE = re.compile(r"```console\n\$ (?P<line>.*)\n(?P<output>(?:.*\n)*?)```")
NEW_EACH_TIME = {
    r"emulator[0-9a-f]{32}": "emulator...",
    r"(127\.0\.0\.1(?::|%3A))\d+": r"\1PORT",
    r"(?<![0-9a-f:])(?!11:22)[0-9a-f]{2}(:[0-9a-f]{2}){15}": "FINGERPRINT",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "TIME",
    r"\b\d s from": "0 s from",
    r"(?<=  MLflow       )[\d.]+": "VERSION",
}


def normal(text: str) -> str:
    for pattern, instead in NEW_EACH_TIME.items():
        text = re.sub(pattern, instead, text)
    return text


@pytest.fixture(scope="module")
def environ(tmp_path_factory, tracking_file):
    """A user's environment with a filled registry, and a profile of another name."""
    home = tmp_path_factory.mktemp("home")
    with Emulator(home / "aidp-emulator") as aidp:
        # Not the default of MLflow, which is a database in the working folder.
        fill(MlflowClient(tracking_file.uri, aidp.uri))
        with open(aidp.config_file, "a") as config:
            config.write("[WORK]\n")
        yield {"HOME": str(home), **aidp.environ}


@pytest.mark.parametrize(
    ("line", "output"), CONSOLE.findall(PAGE.read_text()), ids=lambda text: text.split("\n")[0][:60]
)
def test_the_page_shows_what_is_printed(environ, line, output):
    words = shlex.split(line.removesuffix(" | cat"))
    begin = words.index("mlflow-oci-aidp")
    variables = environ | dict(word.split("=", 1) for word in words[:begin])
    printed = CliRunner(env=variables).invoke(main, words[begin + 1 :]).output
    home = environ["HOME"]
    printed = printed.replace(home, "/home/me").replace(home.replace("/", "%2F"), "%2Fhome%2Fme")
    assert normal(printed) == normal(output)
