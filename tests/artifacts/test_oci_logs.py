"""What other libraries log once a program has configured its logging, as hydra does for many."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.environments import environ

_SCRIPT = """
import json, logging, logging.config, sys

records = []


class Collector(logging.Handler):
    def emit(self, record):
        records.append((record.name, record.levelname, record.getMessage()))


level, before = json.loads(sys.argv[1])
config = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"collector": {"()": Collector}},
    "root": {"level": level, "handlers": ["collector"]},
}
for name, value in before.items():
    logging.getLogger(name).setLevel(value)

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

repository = OciArtifactRepository("oci://aidp-emulator@emulator/x")
repository.list_artifacts()
logging.config.dictConfig(config)
for number in range(3):
    repository.log_artifact(sys.argv[2])
repository.list_artifacts()
AidpTrackingStore("aidp://").search_experiments()
sys.stdout.write(json.dumps(records))
"""


@pytest.fixture
def logged(storage, tmp_path):
    """Runs a program that configures its logging; returns the records of others than this package.

    They are triples of logger, level and message.
    """
    (tmp_path / "file.txt").write_text("about flowers")

    def run(level, before=None):
        arguments = json.dumps([level, before or {}])
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, arguments, str(tmp_path / "file.txt")],
            capture_output=True,
            text=True,
            timeout=120,
            env={**environ(), "AIDP_WORKSPACE_KEY": storage.workspace_key},
        )
        assert done.returncode == 0, done.stderr
        return [tuple(record) for record in json.loads(done.stdout)]

    return run


def of_oci(records):
    return [record for record in records if record[0].partition(".")[0] == "oci"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_an_object_has_no_line_of_ocis_in_the_log_of_a_program(logged, level):
    records = logged(level)
    assert of_oci(records) == []
    # At INFO there is nothing at all; at DEBUG, the lines of urllib3 and ours.
    assert bool(records) == (level == "DEBUG")


@pytest.mark.parametrize("logger", ["oci", "oci.base_client"])
def test_a_level_that_the_program_set_for_oci_before_holds(logged, logger):
    assert of_oci(logged("DEBUG", before={logger: "DEBUG"}))
