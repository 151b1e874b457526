"""What each method of MLflow's registry store becomes: one table for code, tests and documentation."""

from __future__ import annotations

from dataclasses import dataclass

NATIVE, DERIVED, UNAVAILABLE = "native", "derived", "not available"


@dataclass(frozen=True)
class Operation:
    """One line of the table.

    Attributes:
        method: The method of MLflow's store.
        kind: :py:data:`NATIVE`, :py:data:`DERIVED` or :py:data:`UNAVAILABLE`.
        how: The calls it becomes, by the names of MLflow's RPCs, or how it is built from others.
    """

    method: str
    kind: str
    how: str


OPERATIONS: tuple[Operation, ...] = (
    Operation("create_registered_model", NATIVE, "CreateRegisteredModel"),
    Operation("get_registered_model", NATIVE, "GetRegisteredModel"),
    Operation("search_registered_models", NATIVE, "SearchRegisteredModels"),
    Operation("update_registered_model", NATIVE, "UpdateRegisteredModel"),
    Operation("rename_registered_model", NATIVE, "RenameRegisteredModel"),
    Operation("delete_registered_model", NATIVE, "DeleteRegisteredModel"),
    Operation("set_registered_model_tag", NATIVE, "SetRegisteredModelTag"),
    Operation("delete_registered_model_tag", NATIVE, "DeleteRegisteredModelTag"),
    Operation("create_model_version", NATIVE, "CreateModelVersion"),
    Operation("get_model_version", NATIVE, "GetModelVersion"),
    Operation("search_model_versions", NATIVE, "SearchModelVersions"),
    Operation("update_model_version", NATIVE, "UpdateModelVersion"),
    Operation("transition_model_version_stage", NATIVE, "TransitionModelVersionStage"),
    Operation("delete_model_version", NATIVE, "DeleteModelVersion"),
    Operation("set_model_version_tag", NATIVE, "SetModelVersionTag"),
    Operation("delete_model_version_tag", NATIVE, "DeleteModelVersionTag"),
    Operation("get_latest_versions", DERIVED, "from the registered model's latest versions"),
    Operation("get_model_version_download_uri", DERIVED, "from the version's source, through copies to the first"),
    Operation("copy_model_version", DERIVED, "CreateModelVersion with the source `models:/<name>/<version>`"),
    Operation("set_registered_model_alias", DERIVED, "a tag of the registered model, under a reserved prefix"),
    Operation("delete_registered_model_alias", DERIVED, "that tag is deleted"),
    Operation("get_model_version_by_alias", DERIVED, "from the registered model's tags and aliases"),
    Operation("create_prompt", DERIVED, "a registered model with MLflow's tag for prompts"),
    Operation("get_prompt", DERIVED, "as above"),
    Operation("search_prompts", DERIVED, "as above; the tag is looked at on this side"),
    Operation("delete_prompt", DERIVED, "as above"),
    Operation("set_prompt_tag", DERIVED, "a tag of that registered model"),
    Operation("delete_prompt_tag", DERIVED, "as above"),
    Operation("create_prompt_version", DERIVED, "a model version with the text in a tag"),
    Operation("get_prompt_version", DERIVED, "as above"),
    Operation("get_prompt_version_by_alias", DERIVED, "as above"),
    Operation("search_prompt_versions", DERIVED, "as above"),
    Operation("delete_prompt_version", DERIVED, "as above"),
    Operation("set_prompt_version_tag", DERIVED, "a tag of that model version"),
    Operation("delete_prompt_version_tag", DERIVED, "as above"),
    Operation("set_prompt_alias", DERIVED, "an alias of that model version"),
    Operation("delete_prompt_alias", DERIVED, "as above"),
    Operation("link_prompt_version_to_model", DERIVED, "MLflow's own, through the tracking store in use"),
    Operation("link_prompt_version_to_run", DERIVED, "as above"),
    Operation("link_prompts_to_trace", DERIVED, "as above"),
    Operation("create_webhook", UNAVAILABLE, "Webhooks"),
    Operation("get_webhook", UNAVAILABLE, "Webhooks"),
    Operation("list_webhooks", UNAVAILABLE, "Webhooks"),
    Operation("list_webhooks_by_event", DERIVED, "always empty, since there are no webhooks"),
    Operation("update_webhook", UNAVAILABLE, "Webhooks"),
    Operation("delete_webhook", UNAVAILABLE, "Webhooks"),
    Operation("test_webhook", UNAVAILABLE, "Webhooks"),
)
