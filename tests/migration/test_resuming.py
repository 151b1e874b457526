"""``copy`` goes on where it stopped: what was begun is finished, and nothing is there twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.migration import runs
from tests.cli.conftest import run
from tests.migration.conftest import fill
from tests.migration.test_copy import check, runs_by_name


def test_interrupted_after_each_change(aidp, platform, database, copy, tmp_path, monkeypatch):
    """The first command ends before its first change, the second one before its second, ..."""
    old = fill(database, tmp_path)
    monkeypatch.setattr(runs, "_METRICS", 2)  # a kill between two batches of one history
    call = PlatformClient.call
    left = 0

    def interrupted(self, route, *arguments, **named):
        nonlocal left
        if not route.is_read_only:
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return call(self, route, *arguments, **named)

    monkeypatch.setattr(PlatformClient, "call", interrupted)
    commands = 0
    status = None
    while status != 0:
        assert commands < 60
        left = commands = commands + 1
        status, report = copy(
            database.uri, aidp.tracking_uri, "--name-prefix", "main.default", "--deleted-runs"
        )
        assert status in (0, 130)
        assert status == 0 or "The same command goes on from here" in report
    assert commands > 5
    # The emulator would drop a point that came twice: no point was even sent again.
    points = [
        (metric["key"], metric["step"])
        for exchange in aidp.exchanges
        if exchange.path.endswith("/log-batch")
        for metric in exchange.body.get("metrics") or ()
    ]
    assert sorted(points) == [("acc", 0), *(("loss", step) for step in range(1, 6))]
    check(platform, old, tmp_path, "main.default.iris")
    assert sorted(runs_by_name(platform)) == ["child", "deleted", "parent"]
    experiment = platform.get_experiment_by_name("flowers").experiment_id
    assert len(platform.search_runs([experiment], run_view_type=3)) == 3
    assert len(platform.search_logged_models([experiment])) == 1
    assert len(platform.search_model_versions("name = 'main.default.iris'")) == 2


def test_killed_amid_an_upload(aidp, platform, database, tmp_path):
    """SIGKILL, which no program can answer."""
    old = fill(database, tmp_path)
    words = ["copy", database.uri, aidp.tracking_uri, "--name-prefix", "main.default"]
    words += ["--map", str(tmp_path / "ids.jsonl")]
    aidp.faults.add("hang_after", operation="put_object", times=1)
    with subprocess.Popen(
        [sys.executable, "-m", "mlflow_oci_aidp.cli", *words], env={**os.environ}
    ) as process:
        for _ in range(600):
            if aidp.faults.fired["hang_after"] or process.poll() is not None:
                break
            time.sleep(0.1)
        process.kill()
    assert aidp.faults.fired["hang_after"] == 1
    aidp.faults.clear()
    assert run(*words).exit_code == 0
    check(platform, old, tmp_path, "main.default.iris")
    experiment = platform.get_experiment_by_name("flowers").experiment_id
    assert len(platform.search_runs([experiment])) == 2
    assert len(platform.search_logged_models([experiment])) == 1
