"""Compare artifacts in Object Storage with the plain client of ``oci``.

Measured are the time up and down, the time of CPU, and the peak memory.

python benchmarks/artifacts.py [--size 2048] [--files 1000] [--rounds 3]

The peers are ``UploadManager.upload_file`` and ``get_object`` streamed to a file, one file at a
time, as the client's own examples show it. Each measurement is a process of its own; the emulator,
on loopback, is another. Who is measured first changes from round to round. Prints a table of
medians, and the spread from the fastest to the slowest round.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

MEBIBYTE = 1024**2
SMALL = 10_000
PLACE = ("emulator", "aidp-emulator")
LOCATION = "oci://aidp-emulator@emulator"
PEERS = ("this package", "oci")


class Ours:
    def __init__(self):
        from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository

        self.repository = OciArtifactRepository(f"{LOCATION}/ours")
        self.repository.list_artifacts()

    def up(self, folder):
        self.repository.log_artifacts(str(folder), folder.name)

    def down(self, folder, target):
        self.repository.download_artifacts(folder.name, str(target))


class Plain:
    def __init__(self):
        import oci

        self.client = oci.object_storage.ObjectStorageClient(
            oci.config.from_file(os.environ["OCI_CLI_CONFIG_FILE"]),
            service_endpoint=os.environ["AIDP_OBJECT_STORAGE_ENDPOINT"],
        )
        self.client.list_objects(*PLACE)
        self.manager = oci.object_storage.UploadManager(self.client)

    def up(self, folder):
        for file in folder.iterdir():
            self.manager.upload_file(*PLACE, f"plain/{folder.name}/{file.name}", str(file))

    def down(self, folder, target):
        for file in folder.iterdir():
            answer = self.client.get_object(*PLACE, f"plain/{folder.name}/{file.name}")
            with open(target / file.name, "wb") as copy:
                for chunk in answer.data.raw.stream(MEBIBYTE, decode_content=False):
                    copy.write(chunk)


def measure(peer, direction, folder):
    """In a process of its own: seconds, seconds of CPU, and the peak of memory in MiB."""
    mover = Ours() if peer == "this package" else Plain()
    with tempfile.TemporaryDirectory(dir=folder.parent) as target:
        begin, cpu = time.perf_counter(), time.process_time()
        mover.up(folder) if direction == "up" else mover.down(folder, Path(target))
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    # Not getrusage: what it tells includes the memory of the process that started this one.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return seconds, cpu, int(peak[1]) / 1024


def one(environ, peer, direction, folder):
    command = [sys.executable, __file__, "--one", peer, direction, str(folder)]
    done = subprocess.run(
        command, env={**os.environ, **environ}, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def make(folder, count, size):
    folder.mkdir()
    block = os.urandom(MEBIBYTE)
    for number in range(count):
        with open(folder / f"{number:05}", "wb") as file:
            for start in range(0, size, MEBIBYTE):
                file.write(start.to_bytes(8, "big") + block[8 : min(MEBIBYTE, size - start)])
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2048, help="of the large file, in MiB")
    parser.add_argument("--files", type=int, default=1000, help="how many small files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        peer, direction, folder = arguments.one
        print(json.dumps(measure(peer, direction, Path(folder))))
        return
    from mlflow_oci_aidp.emulator import Emulator

    scratch = Path(tempfile.mkdtemp(prefix="aidp-benchmark-"))
    try:
        with Emulator(scratch / "emulator") as emulator:
            environ = {**emulator.environ, "AIDP_OBJECT_STORAGE_ENDPOINT": emulator.endpoint}
            folders = {
                f"one file of {arguments.size} MiB": make(
                    scratch / "large", 1, arguments.size * MEBIBYTE
                ),
                f"{arguments.files} files of {SMALL // 1000} kB": make(
                    scratch / "small", arguments.files, SMALL
                ),
            }
            print(
                "| what | | this package | `oci` | ratio | CPU | peak memory, MiB |\n"
                "|---|---|---|---|---|---|---|"
            )
            for case, folder in folders.items():
                for direction in ("up", "down"):
                    print(
                        line(case, direction, rounds(environ, direction, folder, arguments.rounds)),
                        flush=True,
                    )
    finally:
        shutil.rmtree(scratch)


def rounds(environ, direction, folder, count):
    measurements = {peer: [] for peer in PEERS}
    for number in range(count):
        for peer in PEERS if number % 2 == 0 else reversed(PEERS):
            measurements[peer].append(one(environ, peer, direction, folder))
    return measurements


def line(case, direction, measurements):
    seconds = {
        peer: [measured[0] for measured in measures] for peer, measures in measurements.items()
    }
    shown = {
        peer: f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"
        for peer, values in seconds.items()
    }
    ratio, cpu = (
        statistics.median(measured[index] for measured in measurements["this package"])
        / statistics.median(measured[index] for measured in measurements["oci"])
        for index in (0, 1)
    )
    peaks = " / ".join(
        f"{max(measured[2] for measured in measurements[peer]):.0f}" for peer in PEERS
    )
    ours, theirs = shown["this package"], shown["oci"]
    return f"| {case} | {direction} | {ours} | {theirs} | {ratio:.2f} | {cpu:.2f} | {peaks} |"


if __name__ == "__main__":
    main()
