"""Time predictions of a deployment, beside ``requests`` with an OCI signer on the same address.

The server behind the address answers at once with the same bytes, so that the clients are measured:

    python benchmarks/predict.py [--rounds 12]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import oci
import requests
from canned import canned_server
from compare import identity, milliseconds, paired, ratio, threads, versions
from cryptography.hazmat.primitives import serialization

from mlflow_oci_aidp.emulator import Emulator

ROWS = [[5.1, 3.5, 1.4, 0.2]]
ANSWER = json.dumps({"predictions": [1]}).encode()
NAME = "main.default.iris"


@contextmanager
def served(endpoint: str) -> Iterator[str]:
    """The target of a platform with one active deployment that serves at an address."""
    key = serialization.load_pem_private_key(os.environ["OCI_CLI_KEY_CONTENT"].encode(), None)
    signer = [os.environ[f"OCI_CLI_{name}"] for name in ("TENANCY", "USER", "FINGERPRINT")]
    with Emulator() as aidp:
        aidp.trust("/".join(signer), key.public_key())
        aidp.state.create_registered_model({"name": NAME}, "")
        aidp.state.create_model_version({"name": NAME, "source": "s3://elsewhere"}, "")
        row = aidp.deployments.create_model_deployment(
            {
                "name": "iris",
                "model_name": NAME,
                "deployment_targets": [{"model_version": "1", "traffic_percentage": 100}],
                "workspaceKey": "w",
                "computeKey": "c",
                "authType": "AIDP",
            },
            "",
        )
        aidp.deployments.seed_deployment(
            row["deployment_id"], status="ACTIVE", serving_uri=f"{endpoint}/iris"
        )
        yield f"aidp://{aidp.ai_data_platform_id}?{aidp.uri.partition('?')[2]}"
        aidp.deployments.seed_deployment(row["deployment_id"], status="INACTIVE")


def calls_to(endpoint: str, target: str) -> dict[str, Callable[[], object]]:
    """A prediction by each client."""
    from mlflow.deployments import get_deploy_client

    client = get_deploy_client(target)
    signer = oci.signer.Signer(
        os.environ["OCI_CLI_TENANCY"],
        os.environ["OCI_CLI_USER"],
        os.environ["OCI_CLI_FINGERPRINT"],
        None,
        private_key_content=os.environ["OCI_CLI_KEY_CONTENT"],
    )
    session = requests.Session()

    def by_hand() -> object:
        answer = session.post(f"{endpoint}/iris", json={"inputs": ROWS}, auth=signer, timeout=60)
        answer.raise_for_status()
        return answer.json()["predictions"]

    return {
        "ours": lambda: client.predict("iris", ROWS)["predictions"],
        "requests": by_hand,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12, help="paired rounds of each row")
    rounds = parser.parse_args().rounds
    with identity(), canned_server(ANSWER) as endpoint, served(endpoint) as target:
        calls = calls_to(endpoint, target)
        one = paired(calls, rounds, 100)
        eight = threads(calls, rounds)
    print(f"{versions()}; {rounds} rounds\n")
    print("| what | to `requests` with an OCI signer (quartiles) | here | `requests` |")
    print("|---|---|---|---|")
    row = [milliseconds(one[name]) for name in ("ours", "requests")]
    print(f"| one prediction | {ratio(one, 'requests')} | {row[0]} | {row[1]} |")
    rate = [f"{1 / statistics.median(eight[name]):.0f} a second" for name in ("ours", "requests")]
    print(f"| 8 threads, time of one | {ratio(eight, 'requests')} | {rate[0]} | {rate[1]} |")


if __name__ == "__main__":
    main()
