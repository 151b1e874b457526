"""What each method of MLflow's tracking store becomes: one table for code, tests and documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlflow.store.tracking.abstract_store import AbstractStore

from mlflow_oci_aidp.operations import DERIVED, NATIVE, UNAVAILABLE, Operation

__all__ = ["DERIVED", "LACKING", "NATIVE", "OF_MLFLOW", "OPERATIONS", "UNAVAILABLE", "Operation", "lacking_in"]

OPERATIONS: tuple[Operation, ...] = (
    Operation("create_experiment", NATIVE, "CreateExperiment"),
    Operation("get_experiment", NATIVE, "GetExperiment"),
    Operation("get_experiment_by_name", NATIVE, "GetExperimentByName"),
    Operation("search_experiments", NATIVE, "SearchExperiments"),
    Operation("rename_experiment", NATIVE, "UpdateExperiment"),
    Operation("delete_experiment", NATIVE, "DeleteExperiment"),
    Operation("restore_experiment", NATIVE, "RestoreExperiment"),
    Operation("set_experiment_tag", NATIVE, "SetExperimentTag"),
    Operation("delete_experiment_tag", NATIVE, "DeleteExperimentTag"),
    Operation("create_run", NATIVE, "CreateRun"),
    Operation("get_run", NATIVE, "GetRun"),
    Operation("search_runs", NATIVE, "SearchRuns"),
    Operation("update_run_info", NATIVE, "UpdateRun"),
    Operation("delete_run", NATIVE, "DeleteRun"),
    Operation("restore_run", NATIVE, "RestoreRun"),
    Operation("set_tag", NATIVE, "SetTag"),
    Operation("delete_tag", NATIVE, "DeleteTag"),
    Operation("log_param", NATIVE, "LogParam"),
    Operation("log_metric", NATIVE, "LogMetric"),
    Operation("log_batch", NATIVE, "LogBatch"),
    Operation("log_inputs", NATIVE, "LogInputs"),
    Operation("record_logged_model", NATIVE, "LogModel"),
    Operation("get_metric_history", NATIVE, "GetMetricHistory"),
    Operation("list_artifacts", NATIVE, "ListArtifacts"),
    Operation("log_metric_async", DERIVED, "LogBatch, in the background"),
    Operation("log_param_async", DERIVED, "LogBatch, in the background"),
    Operation("set_tag_async", DERIVED, "LogBatch, in the background"),
    Operation("log_batch_async", DERIVED, "LogBatch, in the background"),
    Operation("end_async_logging", DERIVED, "MLflow's own queue"),
    Operation("flush_async_logging", DERIVED, "MLflow's own queue"),
    Operation("shut_down_async_logging", DERIVED, "MLflow's own queue"),
    Operation("get_metric_history_bulk_interval", DERIVED, "GetMetricHistory of each run"),
    Operation("get_metric_history_bulk_interval_from_steps", DERIVED, "GetMetricHistory, by steps"),
    Operation("filter_active_experiment_ids", DERIVED, "GetExperiment of each"),
    Operation("log_outputs", DERIVED, "reserved tags of the run, one for each logged model"),
    Operation("create_logged_model", DERIVED, "reserved tags of the run that makes it, or of a run made for it"),
    Operation("get_logged_model", DERIVED, "GetRun of the run that its id names, and its tags"),
    Operation("search_logged_models", DERIVED, "SearchRuns for runs that keep some, and SearchLoggedModels"),
    Operation("finalize_logged_model", DERIVED, "LogModel with what `MLmodel` says, and a reserved tag of the run"),
    Operation("set_logged_model_tags", DERIVED, "reserved tags of the run"),
    Operation("delete_logged_model_tag", DERIVED, "that reserved tag is deleted"),
    Operation("log_logged_model_params", DERIVED, "reserved tags of the run"),
    Operation("set_model_versions_tags", DERIVED, "a tag of the logged model"),
    Operation("delete_logged_model", DERIVED, "its reserved tags are deleted, and a run that was made for it"),
    Operation("supports_workspaces", DERIVED, "always false: MLflow's workspaces are not the platform's"),
    Operation("supports_trace_archival", DERIVED, "always false"),
)

#: What the platform lacks, in the plural, by what stands in the name of a method: a regular expression.
LACKING: Mapping[str, str] = {
    r"trace|span|session|assessment|correlation": "Traces",
    r"dataset": "Evaluation datasets",
    r"scor": "Scorers",
    r"issue": "Issues",
    r"label": "Label schemas",
    r"review|queue": "Review queues",
    r"mcp": "MCP servers",
    r"gateway|endpoint|guardrail|secret|budget": "Resources of MLflow's AI gateway",
}

_OFFERED = frozenset(operation.method for operation in OPERATIONS)

#: The public methods of MLflow's tracking stores.
OF_MLFLOW = frozenset(
    name for name in dir(AbstractStore) if not name.startswith("_") and callable(getattr(AbstractStore, name))
)


def lacking_in(method: str) -> str | None:
    """What a method of MLflow's stores belongs to, in the plural, if the platform lacks it; None if it does not.

    Args:
        method: The name of the method; those that only another version of MLflow has are found by their names, too.
    """
    if method in _OFFERED:
        return None
    return next((what for words, what in LACKING.items() if re.search(words, method)), f"Calls of {method}")
