"""Calls as spans and as a histogram, through OpenTelemetry and the program's own providers.

It is off unless ``AIDP_TELEMETRY`` is true; then nothing of OpenTelemetry is imported. Names are
those of OpenTelemetry's semantic conventions for HTTP clients. No span has an identifier of a user,
a name of a model or a value of a query: the path is the template of the route.
[https://opentelemetry.io/docs/specs/semconv/http/]
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mlflow_oci_aidp import __version__
from mlflow_oci_aidp.client.connection import Response
from mlflow_oci_aidp.client.routes import WORKSPACE, Route

#: The name of the tracer and the meter.
SCOPE = "mlflow_oci_aidp"
#: The attribute with the ``opc-request-id``, for which OpenTelemetry has no name.
REQUEST_ID = "oci.opc_request_id"
_DURATION = "http.client.request.duration"
#: Names of the keys by which OpenTelemetry's SDK says that no span is wanted, such as inside an
#: exporter. Their values are made anew in each process. [opentelemetry.context]
_SUPPRESSING = ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY")
#: The key of older instrumentation, which is its own value.
_OLDER = "suppress_instrumentation"
#: MLflow's variable. If it is false, MLflow takes every span of the program's provider for its own.
_SHARED_WITH_MLFLOW = "MLFLOW_USE_DEFAULT_TRACER_PROVIDER"


class Observer:
    """Records calls to one endpoint. Safe for many threads.

    Args:
        base: Scheme, host, port and the beginning of each path.
    """

    def __init__(self, base: str) -> None:
        from opentelemetry import metrics, trace

        parts = urlsplit(base)
        self._path = f"{parts.path}/{{aiDataPlatformId}}"
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._server = {"server.address": parts.hostname or "", "server.port": port}
        self._kind = trace.SpanKind.CLIENT
        self._tracer = trace.get_tracer(SCOPE, __version__)
        self._histogram = metrics.get_meter(SCOPE, __version__).create_histogram(
            _DURATION, unit="s", description="Duration of calls to AI Data Platform."
        )

    def call_of(self, route: Route, execute: Callable[[], Response]) -> Response:
        """Make a call of a route and record it: see :py:meth:`call`."""
        in_workspace = "/workspaces/{workspaceKey}" if route.scope == WORKSPACE else ""
        return self.call(route.verb, f"{self._path}{in_workspace}{route.path}", execute)

    def call(self, verb: str, template: str, execute: Callable[[], Response]) -> Response:
        """Make a call and record it.

        Args:
            verb: The HTTP method.
            template: The path, with names in the place of values.
            execute: Makes the call, with all its attempts.

        Returns:
            What ``execute`` returned.
        """
        attributes: dict[str, Any] = {
            "http.request.method": verb,
            "url.template": template,
            **self._server,
        }
        # It is not made the current one: spans of MLflow or of the program are no children of it.
        span = None
        if _is_wanted():
            span = self._tracer.start_span(
                f"{verb} {template}", kind=self._kind, attributes=attributes
            )
        begin = time.perf_counter()
        outcome: dict[str, Any] = {"error.type": "exception"}
        try:
            response = execute()
            outcome = _outcome(response)
            if span is not None and response.attempt > 1:
                span.set_attribute("http.request.resend_count", response.attempt - 1)
            if span is not None:
                span.set_attribute(REQUEST_ID, response.request_id)
            return response
        finally:
            self._histogram.record(time.perf_counter() - begin, {**attributes, **outcome})
            if span is not None:
                _end(span, outcome)


def _outcome(response: Response) -> dict[str, Any]:
    if response.failure is not None:
        return {"error.type": response.failure.kind or "failure"}
    outcome: dict[str, Any] = {"http.response.status_code": response.status}
    if response.status >= 400:
        outcome["error.type"] = str(response.status)
    return outcome


def _end(span: Any, outcome: dict[str, Any]) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attributes(outcome)
    if "error.type" in outcome:
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def _is_wanted() -> bool:
    """Tell whether a span may be made: not in an exporter, and not where MLflow would take it."""
    from opentelemetry import context

    is_shared = os.environ.get(_SHARED_WITH_MLFLOW, "").strip().lower() in {"false", "0"}
    keys = [_OLDER, *(getattr(context, name, _OLDER) for name in _SUPPRESSING)]
    return not is_shared and not any(context.get_value(key) for key in keys)
