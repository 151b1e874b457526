"""What each method of MLflow's tracking store becomes: one table for code, tests and documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlflow.store.tracking.abstract_store import AbstractStore

from mlflow_oci_aidp.capabilities import DERIVED, NATIVE, UNAVAILABLE, Capability

__all__ = ["DERIVED", "LACKING", "NATIVE", "OF_MLFLOW", "CAPABILITIES", "UNAVAILABLE", "Capability", "lacking_in"]

CAPABILITIES: tuple[Capability, ...] = (
    Capability("create_experiment", NATIVE, "CreateExperiment"),
    Capability("get_experiment", NATIVE, "GetExperiment"),
    Capability("get_experiment_by_name", NATIVE, "GetExperimentByName"),
    Capability("search_experiments", NATIVE, "SearchExperiments"),
    Capability("rename_experiment", NATIVE, "UpdateExperiment"),
    Capability("delete_experiment", NATIVE, "DeleteExperiment"),
    Capability("restore_experiment", NATIVE, "RestoreExperiment"),
    Capability("set_experiment_tag", NATIVE, "SetExperimentTag"),
    Capability("delete_experiment_tag", NATIVE, "DeleteExperimentTag"),
    Capability("create_run", NATIVE, "CreateRun"),
    Capability("get_run", NATIVE, "GetRun"),
    Capability("search_runs", NATIVE, "SearchRuns"),
    Capability("update_run_info", NATIVE, "UpdateRun"),
    Capability("delete_run", NATIVE, "DeleteRun"),
    Capability("restore_run", NATIVE, "RestoreRun"),
    Capability("set_tag", NATIVE, "SetTag"),
    Capability("delete_tag", NATIVE, "DeleteTag"),
    Capability("log_param", NATIVE, "LogParam"),
    Capability("log_metric", NATIVE, "LogMetric"),
    Capability("log_batch", NATIVE, "LogBatch"),
    Capability("log_inputs", NATIVE, "LogInputs"),
    Capability("record_logged_model", NATIVE, "LogModel"),
    Capability("get_metric_history", NATIVE, "GetMetricHistory"),
    Capability("list_artifacts", NATIVE, "ListArtifacts"),
    Capability("log_metric_async", DERIVED, "LogBatch, in the background"),
    Capability("log_param_async", DERIVED, "LogBatch, in the background"),
    Capability("set_tag_async", DERIVED, "LogBatch, in the background"),
    Capability("log_batch_async", DERIVED, "LogBatch, in the background"),
    Capability("end_async_logging", DERIVED, "MLflow's own queue"),
    Capability("flush_async_logging", DERIVED, "MLflow's own queue"),
    Capability("shut_down_async_logging", DERIVED, "MLflow's own queue"),
    Capability("get_metric_history_bulk_interval", DERIVED, "GetMetricHistory of each run"),
    Capability("get_metric_history_bulk_interval_from_steps", DERIVED, "GetMetricHistory, by steps"),
    Capability("filter_active_experiment_ids", DERIVED, "GetExperiment of each"),
    Capability("log_outputs", DERIVED, "reserved tags of the run, one for each logged model"),
    Capability("create_logged_model", DERIVED, "reserved tags of the run that makes it, or of a run made for it"),
    Capability("get_logged_model", DERIVED, "GetRun of the run that its id names, and its tags"),
    Capability("search_logged_models", DERIVED, "SearchRuns for runs that keep some, and SearchLoggedModels"),
    Capability("finalize_logged_model", DERIVED, "LogModel with what `MLmodel` says, and a reserved tag of the run"),
    Capability("set_logged_model_tags", DERIVED, "reserved tags of the run"),
    Capability("delete_logged_model_tag", DERIVED, "that reserved tag is deleted"),
    Capability("log_logged_model_params", DERIVED, "reserved tags of the run"),
    Capability("set_model_versions_tags", DERIVED, "a tag of the logged model"),
    Capability("delete_logged_model", DERIVED, "its reserved tags are deleted, and a run that was made for it"),
    Capability("supports_workspaces", DERIVED, "always false: MLflow's workspaces are not the platform's"),
    Capability("supports_trace_archival", DERIVED, "always false"),
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

_OFFERED = frozenset(operation.method for operation in CAPABILITIES)

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
