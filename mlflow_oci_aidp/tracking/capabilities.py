"""Say how each method of MLflow's tracking store is served.

Code, tests and documentation read this one table.

It has every public method of ``mlflow.store.tracking.abstract_store.AbstractStore``, from MLflow
3.1 to 3.18.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_oci_aidp.capabilities import DERIVED, NATIVE, UNAVAILABLE, Capability, unavailable
from mlflow_oci_aidp.tracking import always_empty

__all__ = ["DERIVED", "NATIVE", "CAPABILITIES", "UNAVAILABLE", "Capability"]

#: The methods of features that the platform does not have, by feature.
_UNAVAILABLE: Mapping[str, str] = {
    "Traces": """
        start_trace end_trace delete_traces get_trace get_trace_info batch_get_traces
        batch_get_trace_infos set_trace_tag delete_trace_tag log_spans log_spans_async
        link_traces_to_run unlink_traces_from_run link_prompts_to_trace
        calculate_trace_filter_correlation get_online_trace_details archive_traces
        resolve_trace_archival_config create_assessment get_assessment update_assessment
        delete_assessment
    """,
    "Evaluation datasets": """
        create_dataset get_dataset delete_dataset upsert_dataset_records delete_dataset_records
        set_dataset_tags delete_dataset_tag get_dataset_experiment_ids
        add_dataset_to_experiments remove_dataset_from_experiments
    """,
    "Scorers": """
        register_scorer get_scorer list_scorer_versions delete_scorer
        upsert_online_scoring_config
    """,
    "Issues": "create_issue get_issue update_issue",
    "Label schemas": """
        create_label_schema get_label_schema get_label_schema_by_name update_label_schema
        delete_label_schema
    """,
    "Review queues": """
        create_review_queue get_or_create_user_queue get_review_queue get_review_queue_by_name
        update_review_queue delete_review_queue add_items_to_review_queue
        remove_items_from_review_queue list_review_queue_items set_review_queue_item_status
    """,
    "MCP servers": """
        create_mcp_server get_mcp_server update_mcp_server delete_mcp_server
        create_mcp_server_version get_mcp_server_version get_mcp_server_version_by_alias
        get_latest_mcp_server_version search_mcp_server_versions update_mcp_server_version
        delete_mcp_server_version create_mcp_access_endpoint get_mcp_access_endpoint
        update_mcp_access_endpoint delete_mcp_access_endpoint set_mcp_server_tag
        delete_mcp_server_tag set_mcp_server_version_tag delete_mcp_server_version_tag
        set_mcp_server_alias delete_mcp_server_alias link_mcp_server_versions_to_trace
        get_mcp_server_versions_for_trace
    """,
    "Skills": """
        create_skill get_skill update_skill delete_skill delete_skill_and_collect_artifacts
        create_skill_version bulk_register_skills get_skill_version get_skill_version_by_alias
        get_latest_skill_version search_skill_versions update_skill_version delete_skill_version
        set_skill_tag delete_skill_tag set_skill_version_tag delete_skill_version_tag
        set_skill_alias delete_skill_alias
    """,
    "Resources of MLflow's AI gateway": """
        create_gateway_secret get_secret_info update_gateway_secret delete_gateway_secret
        create_gateway_model_definition get_gateway_model_definition
        update_gateway_model_definition delete_gateway_model_definition create_gateway_endpoint
        get_gateway_endpoint update_gateway_endpoint delete_gateway_endpoint
        attach_model_to_endpoint detach_model_from_endpoint create_endpoint_binding
        delete_endpoint_binding set_gateway_endpoint_tag delete_gateway_endpoint_tag
        create_budget_policy get_budget_policy update_budget_policy delete_budget_policy
        sum_gateway_trace_cost create_gateway_guardrail get_gateway_guardrail
        delete_gateway_guardrail add_guardrail_to_endpoint update_endpoint_guardrail_config
        remove_guardrail_from_endpoint list_endpoint_guardrail_configs
    """,
}

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
    Capability(
        "get_metric_history_bulk_interval_from_steps", DERIVED, "GetMetricHistory, by steps"
    ),
    Capability("filter_active_experiment_ids", DERIVED, "GetExperiment of each"),
    Capability("log_outputs", DERIVED, "reserved tags of the run, one for each logged model"),
    Capability(
        "create_logged_model",
        DERIVED,
        "reserved tags of the run that makes it, or of a run made for it",
    ),
    Capability("get_logged_model", DERIVED, "GetRun of the run that its id names, and its tags"),
    Capability(
        "search_logged_models",
        DERIVED,
        "SearchRuns for runs that keep some, and SearchLoggedModels",
    ),
    Capability(
        "finalize_logged_model",
        DERIVED,
        "LogModel with what `MLmodel` says, and a reserved tag of the run",
    ),
    Capability("set_logged_model_tags", DERIVED, "reserved tags of the run"),
    Capability("delete_logged_model_tag", DERIVED, "that reserved tag is deleted"),
    Capability("log_logged_model_params", DERIVED, "reserved tags of the run"),
    Capability("set_model_versions_tags", DERIVED, "a tag of the logged model"),
    Capability(
        "delete_logged_model",
        DERIVED,
        "its reserved tags are deleted, and a run that was made for it",
    ),
    Capability(
        "supports_workspaces", DERIVED, "always true: MLflow's workspaces are the platform's"
    ),
    Capability("supports_trace_archival", DERIVED, "always false"),
    *always_empty.CAPABILITIES,
    *unavailable(_UNAVAILABLE),
)
