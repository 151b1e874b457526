"""MLflow's own exporter sends traces to a collector, beside a tracking store that has none."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.versions import is_older_than

PROGRAM = """
import mlflow

@mlflow.trace
def answer_the_question():
    return 42

answer_the_question()
mlflow.flush_trace_async_logging(terminate=True)
"""


@pytest.fixture
def collector():
    """A server on loopback that takes what is posted to it."""
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(is_older_than("3.17"), reason="tried with MLflow 3.17 and newer")
def test_traces_go_to_a_collector_and_not_to_the_platform(aidp, collector):
    pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http",
        reason="needs opentelemetry-exporter-otlp-proto-http",
    )
    endpoint, received = collector
    aidp.exchanges.clear()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": aidp.tracking_uri,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {path for path, _ in received} == {"/v1/traces"}
    assert b"answer_the_question" in b"".join(body for _, body in received)
    assert "traces" not in "".join(exchange.path for exchange in aidp.exchanges)
