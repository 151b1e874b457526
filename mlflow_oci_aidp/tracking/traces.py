"""The refusal of traces, of which a program is told once, and with what to do.

The platform has no traces. MLflow's exporter logs a warning for each trace that a store refuses,
thousands for a service, and ``mlflow.genai.evaluate`` one more for each row. So the refusal says
what to do, and MLflow's repetitions of it are kept out of its log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from mlflow_oci_aidp.errors import not_implemented

_logger = logging.getLogger(__name__)

_REMEDY = (
    "Switch them off with mlflow.tracing.disable(), or send them elsewhere with MLflow's OTLP "
    "exporter (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)."
)
_CAUSE = not_implemented("Traces").cause

#: The loggers that repeat the refusal. [MLflow 3.1 to 3.18]
_REPEATING = (
    "mlflow.tracing.export.mlflow_v3",
    "mlflow.tracing.export.utils",
    "mlflow.genai.evaluation.harness",
)

#: The beginning of a warning about a row of an evaluation, and its words for a row whose trace is
#: nowhere. [MLflow 3.5 to 3.18]
_ROW = "Failed to log trace and assessments to MLflow"
_NO_TRACE = ("'NoneType' object has no attribute", "no trace tagged with")

#: The tag that MLflow gives the run of ``mlflow.genai.evaluate``, before the first prediction.
_RUN_TYPE, _EVALUATION = "mlflow.runType", "genai_evaluate"


class _OnceFilter(logging.Filter):
    """Lets the refusal of traces pass once, and no row of an evaluation without a trace."""

    is_said = False

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _CAUSE in text:
            is_first, self.is_said = not self.is_said, True
            return is_first
        return not (text.startswith(_ROW) and any(reason in text for reason in _NO_TRACE))


_once = _OnceFilter()


def refuse_traces(store: type) -> None:
    """Give a store the methods with which MLflow sends traces: each raises ``NOT_IMPLEMENTED``."""
    for method in ("start_trace", "end_trace", "log_spans", "log_spans_async"):
        setattr(store, method, _refusal(method))


def _refusal(method: str) -> Callable[..., NoReturn]:
    def refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ``NOT_IMPLEMENTED`` immediately; no request is sent."""
        for name in _REPEATING:
            # Not before a trace is refused: with another tracking server nothing is filtered.
            logging.getLogger(name).addFilter(_once)
        raise not_implemented("Traces", _REMEDY)

    refuse.__name__ = method
    return refuse


def note_evaluation(key: str, value: Any) -> None:
    """Warn when a run becomes one of ``mlflow.genai.evaluate``, before anything is predicted.

    Args:
        key: The key of a tag that a run gets.
        value: Its value.
    """
    if (key, value) == (_RUN_TYPE, _EVALUATION):
        _logger.warning(
            "mlflow.genai.evaluate: the metrics will be kept with the run. The traces, and the "
            "scores of single rows, will not: %s The result's result_df is None.",
            _CAUSE,
        )
