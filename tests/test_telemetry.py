"""Spans and durations of calls, by OpenTelemetry's own SDK, and their absence."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

#: Prints what the program's own providers got, as JSON.
PROGRAM = """
import json
import mlflow
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Asking(InMemorySpanExporter):
    # It calls the platform itself.
    def export(self, spans):
        if spans[0].name == "theirs":
            client.get_registered_model("main.default.secret_name")
        return super().export(spans)


# Before the providers: where MLflow shares them, it drops them as the tracking URI changes.
mlflow.set_tracking_uri("sqlite:///traces.db")
mlflow.set_experiment("traces")
exporter, reader = Asking(), InMemoryMetricReader()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader]))

from mlflow_oci_aidp.emulator import Emulator

with Emulator() as aidp:
    client = mlflow.MlflowClient(aidp.tracking_uri, aidp.uri)
    client.create_registered_model("main.default.secret_name")
    aidp.faults.add("status", status=503, times=2)
    client.get_registered_model("main.default.secret_name")
    client.search_experiments()
    try:
        client.get_registered_model("main.default.no_such")
    except Exception:
        pass

    @mlflow.trace
    def work():
        client.get_registered_model("main.default.secret_name")

    work()
    mlflow.flush_trace_async_logging()
    traces = mlflow.search_traces(return_type="list")
    before = len(aidp.exchanges)
    with trace.get_tracer("theirs").start_as_current_span("theirs"):
        pass
    exported = [row.operation for row in aidp.exchanges[before:]]
    mine = [span for span in exporter.get_finished_spans()
            if span.instrumentation_scope.name == "mlflow_oci_aidp"]
    data = reader.get_metrics_data()
    points = [point for resource in (data.resource_metrics if data else [])
              for scope in resource.scope_metrics if scope.scope.name == "mlflow_oci_aidp"
              for metric in scope.metrics for point in metric.data.data_points]
    print(json.dumps({
        "spans": [{"name": s.name, "kind": s.kind.name, "status": s.status.status_code.name,
                   **dict(s.attributes)} for s in mine],
        "durations": sum(point.count for point in points),
        "mlflow": [span.name for found in traces for span in found.data.spans],
        "text": str([s.to_json() for s in mine]),
        "exported": exported,
        "id": aidp.ai_data_platform_id,
    }))
"""


def run(folder, **environ):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0", **environ},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("observed"), AIDP_TELEMETRY="true")


def test_each_call_is_a_span(observed):
    path = "/20260430/aiDataPlatforms/{aiDataPlatformId}"
    names = [span["name"] for span in observed["spans"]]
    models = f"{path}/mlops/api/2.0/mlflow/registered-models"
    assert names[:2] == [f"POST {models}/create", f"GET {models}/get"]
    assert (
        f"POST {path}/workspaces/{{workspaceKey}}/mlops/api/2.0/mlflow/experiments/search" in names
    )
    assert {span["kind"] for span in observed["spans"]} == {"CLIENT"}


def test_a_span_tells_status_repetitions_and_request_id(observed):
    created, read, _, missing, *_ = observed["spans"]
    assert created["http.response.status_code"] == 200
    assert created["oci.opc_request_id"]
    assert "http.request.resend_count" not in created
    assert read["http.request.resend_count"] == 2
    assert (missing["status"], missing["error.type"]) == ("ERROR", "404")


def test_a_span_names_neither_user_nor_model_nor_instance(observed):
    for text in ("secret_name", "no_such", observed["id"], "ocid1.user", "Signature"):
        assert text not in observed["text"]


def test_spans_are_no_part_of_mlflows_traces(observed):
    assert observed["mlflow"] == ["work"]


def test_a_call_of_an_exporter_is_no_span(observed):
    assert observed["exported"] == ["get_registered_model"]
    # It has a duration alone.
    assert (len(observed["spans"]), observed["durations"]) == (5, 6)


def test_spans_are_not_made_where_mlflow_would_take_them(tmp_path):
    shared = run(tmp_path, AIDP_TELEMETRY="true", MLFLOW_USE_DEFAULT_TRACER_PROVIDER="false")
    assert shared["spans"] == []
    assert shared["durations"] == 6
    assert shared["mlflow"] == ["work"]


def test_without_the_setting_there_is_nothing(tmp_path):
    silent = run(tmp_path)
    assert (silent["spans"], silent["durations"]) == ([], 0)
