"""How cost grows: each kind of list at 100, 1,000, 10,000 and 100,000 things.

Prints requests, CPU seconds and the peak of memory, from a server on loopback that makes each page
when it is asked for.

python benchmarks/growth.py [--most 100000] [--seconds 60] [--only NAME]

Each measurement is a fresh process, which reads the list once, in pages as long as the platform
documents; the server is another process. CPU seconds are those of the reading alone, after one call
that imports and loads what each process needs. The peak is that of the whole process, and the first
row says what it is after that call. What took longer than ``--seconds`` at a size is not tried at
ten times that size. The copy command needs servers that keep what they get, a database and the
emulator: it is measured in runs, each with a metric and a registered version.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # for the server and the lists, which the tests use, too

OCID = "ocid1.datalake.oc1.iad.benchmark"
WORKSPACE = "00000000-0000-0000-0000-000000000001"
SIZES = (100, 1_000, 10_000, 100_000)
#: The copy command makes some requests for each thing, and the emulator answers them in a database.
SIZES_OF_COPIES = (10, 100)
NOTHING = "one run, before everything else"
IDENTITY = ("OCI_CLI_USER", "OCI_CLI_TENANCY", "OCI_CLI_FINGERPRINT", "OCI_CLI_KEY_CONTENT")
COPY = "copy: runs with a version each"


@dataclass(frozen=True)
class Cost:
    """The cost of reading a list.

    Attributes:
        requests: How many requests were sent.
        cpu: The CPU seconds of the process.
        peak: The most memory of the process, in MiB.
        seconds: How long it took, with the start of the process.
    """

    requests: int
    cpu: float
    peak: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests:,} / {self.cpu:.2f} s / {self.peak:.0f} MiB"


# In the process that is measured


def measure(name: str, count: int, uri: str) -> None:
    """Read a list, and print what that cost as JSON."""
    import mlflow.deployments  # noqa: F401 - so that imports are no part of what is measured

    import mlflow_oci_aidp.deployments.client
    import mlflow_oci_aidp.registry.store
    import mlflow_oci_aidp.tracking.store
    from tests.support.walks import WALKS

    def read() -> None:
        if name == COPY:
            copy(uri)
        elif name != NOTHING:
            WALKS[name].read(uri, count)

    if name != COPY:
        # The first call of a process imports oci and loads the key.
        mlflow_oci_aidp.tracking.store.AidpTrackingStore(uri).get_run(f"{0:032x}")
    # Python looks through all objects now and then. Those of the imports are no part of the list.
    gc.collect()
    gc.freeze()
    begin = time.process_time()
    seen = read()
    cpu = time.process_time() - begin
    if name in WALKS and seen != WALKS[name].sees(count):
        raise SystemExit(f"{name}: {seen} of {WALKS[name].sees(count)} things were seen.")
    # Not getrusage: what it tells includes the memory of the process that started this one.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({"cpu": cpu, "peak": int(peak[1]) / 1024}))


def copy(uri: str) -> None:
    from mlflow_oci_aidp.migration.copying import copy
    from mlflow_oci_aidp.migration.options import Options

    report = copy(os.environ["SOURCE"], uri, Options(name_prefix="main.default"))
    if report.outcome != "all":
        raise SystemExit(json.dumps(report.as_json()))


# In the process that measures


def one(name: str, count: int, uri: str, requests: Callable[[], int], seconds: float) -> Cost:
    """Measure in a fresh process.

    Raises:
        subprocess.TimeoutExpired: It took too long.
    """
    command = [sys.executable, __file__, "--one", name, str(count), uri]
    before, begin = requests(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    measured = json.loads(done.stdout.splitlines()[-1])
    took = time.perf_counter() - begin
    return Cost(requests() - before - (name != COPY), measured["cpu"], measured["peak"], took)


@contextlib.contextmanager
def served(count: int) -> Iterator[tuple[str, Callable[[], int]]]:
    """The URI of a server in a process of its own, and how many requests it answered."""
    from tests.support.many_things import ManyThings, serve

    context = multiprocessing.get_context("fork")
    answered = context.Value("q", 0)
    mine, theirs = context.Pipe()

    def run() -> None:
        things = ManyThings(count)

        def note(path: str) -> None:
            with answered.get_lock():
                answered.value += 1

        things.before = note
        with serve(things) as endpoint:
            theirs.send(endpoint)
            theirs.recv()

    process = context.Process(target=run, daemon=True)
    process.start()
    endpoint = mine.recv()
    places = f"endpoint={endpoint}&object_storage_endpoint={endpoint}"
    try:
        yield f"aidp://{OCID}/{WORKSPACE}?{places}", lambda: answered.value
    finally:
        process.terminate()
        process.join()


def measure_lists(names: list[str], sizes: list[int], seconds: float) -> dict[str, list[str]]:
    """Measure every list at every size, the small ones first."""
    rows: dict[str, list[str]] = {name: [] for name in names}
    too_slow: set[str] = set()
    for count in sizes:
        with served(count) as (uri, requests):
            for name in names:
                if name in too_slow:
                    rows[name].append("not run")
                    continue
                try:
                    cost = one(name, count, uri, requests, seconds)
                except subprocess.TimeoutExpired:
                    too_slow.add(name)
                    rows[name].append(f"more than {seconds:.0f} s")
                    continue
                rows[name].append(str(cost))
                print(f"{name}, {count:,}: {cost}, {cost.seconds:.1f} s", file=sys.stderr)
    return rows


def measure_copies(seconds: float) -> dict[int, str]:
    """Measure the copy command from a database to the emulator."""
    from mlflow_oci_aidp.emulator import Emulator

    for name in IDENTITY:  # The emulator has one of its own.
        os.environ.pop(name, None)
    costs = {}
    for count in SIZES_OF_COPIES:
        with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
            os.environ.update(emulator.environ, SOURCE=f"sqlite:///{folder}/source.db")
            fill(os.environ["SOURCE"], count, folder)
            requests = lambda: len(emulator.exchanges)  # noqa: E731 - called in this round
            try:
                cost = one(COPY, count, emulator.tracking_uri, requests, seconds)
            except subprocess.TimeoutExpired:
                costs[count] = f"more than {seconds:.0f} s"
                break
            costs[count] = str(cost)
            print(f"{COPY}, {count}: {cost}, {cost.seconds:.1f} s", file=sys.stderr)
    return costs


def fill(uri: str, count: int, folder: str) -> None:
    """Put runs into a database, each with a metric and a version of one registered model."""
    from mlflow import MlflowClient

    client: Any = MlflowClient(uri, uri)
    experiment_id = client.create_experiment("flowers", f"file://{folder}/artifacts")
    client.create_registered_model("iris")
    for number in range(count):
        run_id = client.create_run(experiment_id).info.run_id
        client.log_metric(run_id, "loss", number)
        client.set_terminated(run_id)
        client.create_model_version("iris", f"runs:/{run_id}/model", run_id)


def print_table(sizes: list[int], rows: dict[str, list[str]]) -> None:
    print("| " + " | ".join(["list", *(f"{count:,}" for count in sizes)]) + " |")
    print("|---" * (1 + len(sizes)) + "|")
    for name, cells in rows.items():
        print("| " + " | ".join([name, *cells]) + " |")


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        return measure(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    from compare import identity, versions

    from tests.support.walks import WALKS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=SIZES[-1], help="the most things of a kind")
    parser.add_argument("--seconds", type=float, default=60, help="the longest measurement")
    parser.add_argument("--only", help="a part of the names of the lists to measure")
    arguments = parser.parse_args()
    names = [name for name in (NOTHING, *WALKS) if (arguments.only or "") in name]
    sizes = [count for count in SIZES if count <= arguments.most]
    with identity():
        rows = measure_lists(names, sizes, arguments.seconds)
    print(f"{versions()}\n\nrequests / CPU / peak of memory\n")
    print_table(sizes, rows)
    if (arguments.only or "") in COPY:
        copies = measure_copies(arguments.seconds)
        print()
        print_table(list(copies), {COPY: list(copies.values())})


if __name__ == "__main__":
    main()
