"""Two gigabytes go up and come down, in a process that stays small."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import mlflow
import pytest
from packaging.version import Version

from .object_storage import LOCATION

GIGABYTE = 1024**3
SIZE = 2 * GIGABYTE
MOST_MEMORY = 300 * 1024**2

CLIENT = f"""
import filecmp, json, re, sys
from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository

folder = sys.argv[1]
with open(f"{{folder}}/large", "wb") as file:
    # Each mebibyte is another one, and most of it a hole of the file.
    for number in range(0, {SIZE}, 1024**2):
        file.seek(number)
        file.write(number.to_bytes(8, "big"))
    file.truncate({SIZE})
repository = OciArtifactRepository("{LOCATION}")
repository.log_artifact(f"{{folder}}/large", "m")
repository.download_artifacts("m/large", folder)
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) * 1024
same = filecmp.cmp(f"{{folder}}/large", f"{{folder}}/m/large", shallow=False)
print(json.dumps({{"peak": peak, "same": same}}))
"""


# Not getrusage: what it tells includes the memory of the process that started this one.
@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="the peak of memory is read from Linux"
)
@pytest.mark.skipif(
    Version(mlflow.__version__) < Version("3.2"), reason="takes a minute; not of MLflow's making"
)
@pytest.mark.timeout(600)
def test_two_gigabytes_in_constant_memory(storage, tmp_path):
    try:
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, str(tmp_path)],
            check=True,
            capture_output=True,
            text=True,
            timeout=590,
        )
    finally:
        for path in (tmp_path / "large", tmp_path / "m" / "large"):
            path.unlink(missing_ok=True)
    report = json.loads(done.stdout)
    assert report["same"]
    assert report["peak"] < MOST_MEMORY, f"{report['peak'] / 1024**2:.0f} MiB"
