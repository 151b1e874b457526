"""Tracking beside MLflow's RestStore and Oracle's SDK: what a training loop and a search cost.

python benchmarks/tracking.py [--rounds 12]

As compare.py does it: a canned server on loopback, peers in turn, ratios of paired rounds with the
spread between the quartiles. RestStore is not signed, the SDK signs as we do.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from canned import canned_server
from compare import (
    OCID,
    identity,
    milliseconds,
    paired,
    ratio,
    sdk_client,
    versions,
)  # sets the environment first
from mlflow.entities import Metric, ViewType

WORKSPACE, RUN = "workspace", "0123456789abcdef0123456789abcdef"
METRICS = [
    Metric(f"metric {number}", number / 7, 1_700_000_000_000, number) for number in range(1000)
]


def run_json(number: int) -> dict[str, object]:
    return {
        "info": {
            "run_id": f"{number:032x}",
            "run_uuid": f"{number:032x}",
            "run_name": f"run {number}",
            "experiment_id": "7",
            "user_id": "somebody",
            "status": "FINISHED",
            "start_time": 1_700_000_000_000,
            "end_time": 1_700_000_001_000,
            "artifact_uri": f"oci://bucket@namespace/7/{number:032x}/artifacts",
            "lifecycle_stage": "active",
        },
        "data": {
            "metrics": [
                {"key": f"m{n}", "value": n / 7, "timestamp": 1_700_000_000_000, "step": n}
                for n in range(5)
            ],
            "params": [{"key": f"p{n}", "value": str(n)} for n in range(5)],
            "tags": [{"key": f"t{n}", "value": str(n)} for n in range(5)],
        },
    }


NOTHING = b"{}"
PAGE = json.dumps({"runs": [run_json(number) for number in range(1000)]}).encode()

Calls = dict[str, Callable[[], object]]


class Peers:
    """The three clients, of one endpoint."""

    def __init__(self, endpoint: str) -> None:
        from mlflow.store.tracking.rest_store import RestStore
        from mlflow.utils.rest_utils import MlflowHostCreds

        from mlflow_oci_aidp.plugin import tracking_store

        self.ours = tracking_store(f"aidp://{OCID}/{WORKSPACE}?endpoint={endpoint}")
        self.rest = RestStore(lambda: MlflowHostCreds(endpoint))
        self.sdk, self.models = sdk_client(endpoint)

    def log_metric(self) -> Calls:
        metric = METRICS[3]
        calls: Calls = {
            "ours": lambda: self.ours.log_metric(RUN, metric),
            "RestStore": lambda: self.rest.log_metric(RUN, metric),
        }
        if self.sdk:
            details = self.models.LogExperimentRunMetricDetails(
                run_id=RUN,
                key=metric.key,
                value=metric.value,
                timestamp=metric.timestamp,
                step=metric.step,
            )
            calls["SDK"] = lambda: self.sdk.log_experiment_run_metric(OCID, WORKSPACE, details)
        return calls

    def log_batch(self) -> Calls:
        calls: Calls = {
            "ours": lambda: self.ours.log_batch(RUN, METRICS, [], []),
            "RestStore": lambda: self.rest.log_batch(RUN, METRICS, [], []),
        }
        if self.sdk:

            def batch() -> object:
                # Made in the call, as it is from MLflow's entities by the others.
                metrics = [
                    self.models.ExperimentRunMetric(
                        key=metric.key,
                        value=metric.value,
                        timestamp=metric.timestamp,
                        step=metric.step,
                    )
                    for metric in METRICS
                ]
                details = self.models.LogExperimentRunBatchDetails(run_id=RUN, metrics=metrics)
                return self.sdk.log_experiment_run_batch(OCID, WORKSPACE, details)

            calls["SDK"] = batch
        return calls

    def search_runs(self) -> Calls:
        arguments = (["7"], "", ViewType.ACTIVE_ONLY, 1000)
        calls: Calls = {
            "ours": lambda: self.ours.search_runs(*arguments),
            "RestStore": lambda: self.rest.search_runs(*arguments),
        }
        if self.sdk:
            details = self.models.ListExperimentRunsDetails(experiment_ids=["7"], max_results=1000)
            calls["SDK"] = lambda: self.sdk.list_experiment_runs(OCID, WORKSPACE, details)
        return calls


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12, help="paired rounds of each row")
    rounds = parser.parse_args().rounds
    with identity(), canned_server(NOTHING) as nothing, canned_server(PAGE) as page:
        measured = {
            "log_metric": paired(Peers(nothing).log_metric(), rounds, 100),
            "log_batch of 1,000 metrics": paired(Peers(nothing).log_batch(), rounds, 10),
            "search_runs, 1,000 on a page": paired(Peers(page).search_runs(), rounds, 1),
        }
    print(f"{versions()}; {rounds} rounds\n")
    print(
        "| what | to RestStore, unsigned (quartiles) | to the SDK (quartiles) "
        "| here | RestStore | SDK |"
    )
    print("|---|---|---|---|---|---|")
    for name, seconds in measured.items():
        ratios = [ratio(seconds, peer) if peer in seconds else "" for peer in ("RestStore", "SDK")]
        medians = [
            milliseconds(seconds[peer]) if peer in seconds else ""
            for peer in ("ours", "RestStore", "SDK")
        ]
        print("| " + " | ".join([name, *ratios, *medians]) + " |")


if __name__ == "__main__":
    main()
