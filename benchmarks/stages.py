"""Measure where the time of one signed `update_registered_model` goes.

Prints microseconds per stage, beside the floor.

python benchmarks/stages.py

Against a canned server on loopback. The naive way: MLflow's own request machinery with an OCI
signer, JSON to protobuf to entity.
"""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import compare
from canned import canned_server


def microseconds(action: Callable[[], object], times: int = 400) -> float:
    action()
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds) * 1e6


def main() -> None:
    with compare.identity(), canned_server(compare.ONE) as endpoint:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        from mlflow.entities.model_registry import RegisteredModel
        from mlflow.protos.model_registry_pb2 import UpdateRegisteredModel
        from mlflow.tracking.request_header.registry import resolve_request_headers
        from mlflow.utils.proto_json_utils import message_to_json, parse_dict
        from mlflow.utils.request_utils import _get_http_response_with_retries

        from mlflow_oci_aidp.client.routes import ROUTES
        from mlflow_oci_aidp.registry import entities

        ours = compare.Peers(endpoint).ours
        ours.update_registered_model(compare.NAME, "flowers")
        session, route = ours._session, ROUTES["UpdateRegisteredModel"]
        client, sender = session.client, session.client._sender
        signer = session.identity._current_signer()
        fields = {"name": compare.NAME, "description": "flowers", "deployment_job_id": None}
        request = client._encode(route, fields)
        signed = sender._sign(request, "id-1", request.body)
        pool, timeout = sender.pool.get(), session.policy.timeout
        response = pool.send(signed, timeout)

        host = urlsplit(endpoint)
        connection = socket.create_connection((host.hostname, host.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}"

        def bare() -> None:
            connection.sendall(raw)
            connection.recv(65536)

        def rsa() -> bytes:
            return signer.private_key.sign(b"x" * 300, padding.PKCS1v15(), hashes.SHA256())

        def naive() -> RegisteredModel:
            message = UpdateRegisteredModel(name=compare.NAME, description="flowers")
            response = _get_http_response_with_retries(
                "POST",
                request.url,
                7,
                2,
                1.0,
                (429, 500),
                json=json.loads(message_to_json(message)),
                headers=dict(resolve_request_headers()),
                timeout=120,
                auth=signer,
            )
            updated = UpdateRegisteredModel.Response()
            parse_dict(json.loads(response.text), updated)
            return RegisteredModel.from_proto(updated.registered_model)

        rows = {
            "floor: a bare round trip on an open connection": microseconds(bare),
            "floor: an RSA-2048 signature": microseconds(rsa),
            "fields to JSON and address": microseconds(lambda: client._encode(route, fields)),
            "request, headers and signature (the RSA one included)": microseconds(
                lambda: sender._sign(request, "id-1", request.body)
            ),
            "sent, answered and read": microseconds(lambda: pool.send(signed, timeout)),
            "JSON to entity": microseconds(
                lambda: client._parse(route, response, entities.registered_model_of)
            ),
            "the whole call": microseconds(
                lambda: ours.update_registered_model(compare.NAME, "flowers")
            ),
            "the naive way": microseconds(naive),
        }
    print("| stage | microseconds |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value:.0f} |")


if __name__ == "__main__":
    main()
