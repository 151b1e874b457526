"""Programs with traces on a platform that has none."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from tests.support.versions import is_older_than

EVALUATE = """
    import mlflow
    from mlflow.genai.scorers import scorer

    mlflow.set_experiment("evaluations")

    @scorer
    def exact(outputs, expectations):
        return outputs == expectations["answer"]

    rows = [
        {"inputs": {"question": text}, "expectations": {"answer": "A"}} for text in ("a", "b")
    ]
    result = mlflow.genai.evaluate(data=rows, predict_fn=lambda question: question.upper(),
                                   scorers=[exact])
    (run,) = mlflow.search_runs(output_format="list")
    print(run.info.status, run.data.metrics, dict(result.metrics), result.result_df)
"""
TRACE = """
    import mlflow

    @mlflow.trace
    def double(value):
        return 2 * value

    for number in range(20):
        double(number)
    mlflow.flush_trace_async_logging()
    print(list(mlflow.search_traces(return_type="list")))
"""


def program(aidp, text, **environment):
    """Run a program as a user does, and return its output and its warnings."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": aidp.tracking_uri,
            "MLFLOW_REGISTRY_URI": aidp.tracking_uri,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    about_traces = [line for line in done.stderr.splitlines() if "race" in line]
    return done.stdout, [line for line in about_traces if "INFO" not in line]


def test_a_program_with_traces_is_told_once_what_to_do(aidp):
    output, warnings = program(aidp, TRACE)
    assert output.strip() == "[]"
    if is_older_than("3.5"):
        pytest.skip("MLflow 3.1 logs nothing about a trace that is refused")
    (warning,) = warnings
    assert "Traces are not part of AI Data Platform." in warning
    assert "mlflow.tracing.disable()" in warning
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" in warning


@pytest.mark.skipif(is_older_than("3.5"), reason="this MLflow evaluates on Databricks alone")
def test_an_evaluation_finishes_and_says_what_is_kept(aidp):
    output, warnings = program(aidp, EVALUATE)
    assert "FINISHED {'exact/mean': 0.5} {'exact/mean': " in output
    assert output.strip().endswith("None")
    kept, refused = (line for line in warnings if "AI Data Platform" in line)
    assert not [line for line in warnings if "NoneType" in line]
    assert "The traces, and the scores of single rows, will not" in kept
    assert "mlflow.tracing.disable()" in refused
