"""Compare this store with MLflow's RestStore and Oracle's SDK: ratios measured in one run.

All of them talk to a canned server on loopback.

python benchmarks/compare.py [--rounds 30]

Prints a table of ratios: medians of paired rounds, and the spread between the quartiles. A round
measures each peer in turn, so that whatever else the machine does befalls all of them. The peers
are not signed (RestStore) or sign as we do (SDK). Talks to loopback alone, for some minutes.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ.setdefault("MLFLOW_HTTP_POOL_MAXSIZE", "16")

from canned import canned_server  # after the environment is set

OCID = "ocid1.datalake.oc1.iad.benchmark"
NAME = "main.default.iris"


def version_json(number: int) -> dict[str, object]:
    return {
        "name": f"{NAME}{number}",
        "version": "3",
        "creation_timestamp": 1700000000000 + number,
        "last_updated_timestamp": 1700000000001 + number,
        "current_stage": "None",
        "description": "a version",
        "source": "s3://bucket/path/model",
        "run_id": "0123456789abcdef0123456789abcdef",
        "status": "READY",
        "tags": [{"key": "team", "value": "ml"}],
    }


def model_json(number: int, *, versions: int = 1) -> dict[str, object]:
    return {
        "name": f"{NAME}{number}",
        "creation_timestamp": 1700000000000 + number,
        "last_updated_timestamp": 1700000000001 + number,
        "description": "flowers by their leaves",
        "latest_versions": [version_json(number)] * versions,
        "tags": [{"key": "team", "value": "ml"}, {"key": "stage", "value": "new"}],
    }


ONE = json.dumps({"registered_model": model_json(1, versions=0)}).encode()
PAGE = json.dumps({"registered_models": [model_json(number) for number in range(1000)]}).encode()


def sdk_client(endpoint: str) -> tuple[Any, Any]:
    """Oracle's client of an endpoint and its models; None and None where it is not installed."""
    try:
        from aidp_python_client.aidataplatform_dp import MLOpsClient, models
    except ImportError:
        return None, None
    import oci

    config = {
        "user": os.environ["OCI_CLI_USER"],
        "tenancy": os.environ["OCI_CLI_TENANCY"],
        "fingerprint": os.environ["OCI_CLI_FINGERPRINT"],
        "key_content": os.environ["OCI_CLI_KEY_CONTENT"],
        "region": "us-ashburn-1",
    }
    signer = oci.signer.Signer(
        config["tenancy"],
        config["user"],
        config["fingerprint"],
        None,
        private_key_content=config["key_content"],
    )
    return MLOpsClient(config, service_endpoint=endpoint, signer=signer), models


class Peers:
    """The three clients, of one endpoint."""

    def __init__(self, endpoint: str) -> None:
        from mlflow.store.model_registry.rest_store import RestStore
        from mlflow.utils.rest_utils import MlflowHostCreds

        from mlflow_oci_aidp.plugin import registry_store

        self.ours = registry_store(f"aidp://{OCID}?endpoint={endpoint}")
        self.rest = RestStore(lambda: MlflowHostCreds(endpoint))
        self.sdk, self.models = sdk_client(endpoint)

    def update(self) -> dict[str, Callable[[], object]]:
        calls: dict[str, Callable[[], object]] = {
            "ours": lambda: self.ours.update_registered_model(NAME, "flowers"),
            "RestStore": lambda: self.rest.update_registered_model(NAME, "flowers"),
        }
        if self.sdk:
            details = self.models.UpdateRegisteredModelDetails(name=NAME, description="flowers")
            calls["SDK"] = lambda: self.sdk.update_registered_model(OCID, details)
        return calls

    def search(self) -> dict[str, Callable[[], object]]:
        calls: dict[str, Callable[[], object]] = {
            "ours": lambda: self.ours.search_registered_models(max_results=1000),
            "RestStore": lambda: self.rest.search_registered_models(max_results=1000),
        }
        if self.sdk:
            calls["SDK"] = lambda: self.sdk.list_registered_models(OCID, max_results=1000)
        return calls


def paired(
    calls: dict[str, Callable[[], object]], rounds: int, each: int
) -> dict[str, list[float]]:
    """Seconds of one call, per peer and round."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        names = list(calls)
        names = names[number % len(names) :] + names[: number % len(names)]
        for name in names:
            gc.collect()
            begin = time.perf_counter()
            for _ in range(each):
                calls[name]()
            seconds[name].append((time.perf_counter() - begin) / each)
    return seconds


def threads(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of one call where 8 threads make them at a time."""

    def burst(call: Callable[[], object]) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: [call() for _ in range(40)], range(8)))

    return {
        name: [second / 320 for second in seconds]
        for name, seconds in paired(
            {name: (lambda call=call: burst(call)) for name, call in calls.items()}, rounds, 1
        ).items()
    }


def in_process(code: str, endpoint: str) -> float:
    """What a fresh interpreter prints: milliseconds."""
    environ = {**os.environ, "ENDPOINT": endpoint, "OCID": OCID, "NAME": NAME}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    return float(done.stdout.split()[-1])


IMPORT = """
import time, mlflow
from importlib.metadata import entry_points
groups = ("mlflow.model_registry_store", "mlflow.tracking_store", "mlflow.artifact_repository")
found = [point for group in groups
         for point in entry_points(group=group) if point.value.startswith("mlflow_oci_aidp")]
assert found
begin = time.perf_counter()
for point in found:
    point.load()
print((time.perf_counter() - begin) * 1000)
"""
FIRST = """
import os, time, mlflow
begin = time.perf_counter()
client = mlflow.MlflowClient(tracking_uri="sqlite://", registry_uri={uri})
client._get_registry_client().store.update_registered_model(os.environ["NAME"], "flowers")
print((time.perf_counter() - begin) * 1000)
"""
FIRST_OURS = FIRST.format(uri="f\"aidp://{os.environ['OCID']}?endpoint={os.environ['ENDPOINT']}\"")
FIRST_REST = FIRST.format(uri='os.environ["ENDPOINT"]')


def memory() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(call: Callable[[], object], times: int) -> tuple[float, float]:
    """MiB after warming up, and at the end."""
    for _ in range(max(2, times // 20)):
        call()
    gc.collect()
    before = memory()
    for _ in range(times):
        call()
    gc.collect()
    return before, memory()


def ratio(seconds: dict[str, list[float]], peer: str) -> str:
    pairs = [ours / theirs for ours, theirs in zip(seconds["ours"], seconds[peer], strict=True)]
    low, middle, high = statistics.quantiles(pairs, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def milliseconds(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:.2f} ms"


def versions() -> str:
    """What was measured on, and with what."""
    names = ("mlflow", "oci", "requests", "urllib3", "aidp-python-client", "mlflow-oci-aidp")
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    return f"{machine}; " + ", ".join(f"{name} {version(name)}" for name in names)


@contextmanager
def identity() -> Iterator[None]:
    """An API key that lives as long as this process, in its environment alone."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    os.environ.update(
        OCI_CLI_USER="ocid1.user.oc1..benchmark",
        OCI_CLI_TENANCY="ocid1.tenancy.oc1..benchmark",
        OCI_CLI_FINGERPRINT=":".join(["aa"] * 16),
        OCI_CLI_KEY_CONTENT=key.decode(),
    )
    yield


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=30, help="paired rounds of each row (processes: a third)"
    )
    parser.add_argument("--calls", type=int, default=100_000, help="calls of the memory row")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    rows: list[tuple[str, str, str, str]] = []
    with identity(), canned_server(ONE) as one, canned_server(PAGE) as page:
        update = paired(Peers(one).update(), rounds, 100)
        search = paired(Peers(page).search(), rounds, 1)
        burst = threads(Peers(one).update(), max(5, rounds // 2))
        for name, seconds, peer, bar, aim in (
            ("update_registered_model, to RestStore unsigned", update, "RestStore", "0.80", "0.65"),
            ("update_registered_model, to the SDK", update, "SDK", "0.80", "0.60"),
            (
                "search_registered_models, 1,000 on a page, to RestStore",
                search,
                "RestStore",
                "0.50",
                "0.25",
            ),
            ("search_registered_models, 1,000 on a page, to the SDK", search, "SDK", "1.0", "0.5"),
        ):
            if peer in seconds:
                rows.append((name, ratio(seconds, peer), bar, aim))
        imports = [in_process(IMPORT, one) for _ in range(max(5, rounds // 3))]
        rows.append(
            (
                "loading our entry points after import mlflow",
                f"+ {statistics.median(imports):.1f} ms",
                "+ 10 ms",
                "+ 3 ms",
            )
        )
        firsts = [
            in_process(FIRST_OURS, one) - in_process(FIRST_REST, one)
            for _ in range(max(5, rounds // 3))
        ]
        low, middle, high = statistics.quantiles(firsts, n=4)
        rows.append(
            (
                "first call of a process, beside RestStore's",
                f"+ {middle:.0f} ms ({low:.0f} to {high:.0f})",
                "+ 250 ms",
                "+ 120 ms",
            )
        )
        rates = [
            theirs / ours for ours, theirs in zip(burst["ours"], burst["RestStore"], strict=True)
        ]
        low, middle, high = statistics.quantiles(rates, n=4)
        rows.append(
            (
                "8 threads, calls a second, to RestStore",
                f"{middle:.2f} ({low:.2f} to {high:.2f})",
                "1.0",
                "1.5",
            )
        )
        before, after = growth(Peers(one).update()["ours"], arguments.calls)
        rows.append(
            (
                f"memory, {arguments.calls:,} calls",
                f"{before:.1f} to {after:.1f} MiB",
                "flat",
                "flat",
            )
        )
        before, after = growth(Peers(page).search()["ours"], arguments.calls // 1000)
        rows.append(
            (
                f"memory, {arguments.calls:,} models listed by pages",
                f"{before:.1f} to {after:.1f} MiB",
                "flat",
                "flat",
            )
        )
    print(f"{versions()}; {rounds} rounds\n")
    print("| what | measured (quartiles) | bar | aim |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(
        "\n"
        + "; ".join(
            f"{name} {peer} {milliseconds(values)}"
            for name, seconds in (("update", update), ("page", search))
            for peer, values in seconds.items()
        )
    )


if __name__ == "__main__":
    main()
