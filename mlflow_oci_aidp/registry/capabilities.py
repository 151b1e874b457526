"""Say how each method of MLflow's registry store is served.

Code, tests and documentation read this one table.

It has every public method of ``mlflow.store.model_registry.abstract_store.AbstractStore``, from
MLflow 3.1 to 3.18.
"""

from __future__ import annotations

from mlflow_oci_aidp.capabilities import DERIVED, NATIVE, UNAVAILABLE, Capability, unavailable

__all__ = ["DERIVED", "NATIVE", "CAPABILITIES", "UNAVAILABLE", "Capability"]

CAPABILITIES: tuple[Capability, ...] = (
    Capability("create_registered_model", NATIVE, "CreateRegisteredModel"),
    Capability("get_registered_model", NATIVE, "GetRegisteredModel"),
    Capability("search_registered_models", NATIVE, "SearchRegisteredModels"),
    Capability("update_registered_model", NATIVE, "UpdateRegisteredModel"),
    Capability("rename_registered_model", NATIVE, "RenameRegisteredModel"),
    Capability("delete_registered_model", NATIVE, "DeleteRegisteredModel"),
    Capability("set_registered_model_tag", NATIVE, "SetRegisteredModelTag"),
    Capability("delete_registered_model_tag", NATIVE, "DeleteRegisteredModelTag"),
    Capability("create_model_version", NATIVE, "CreateModelVersion"),
    Capability("get_model_version", NATIVE, "GetModelVersion"),
    Capability("search_model_versions", NATIVE, "SearchModelVersions"),
    Capability("update_model_version", NATIVE, "UpdateModelVersion"),
    Capability("transition_model_version_stage", NATIVE, "TransitionModelVersionStage"),
    Capability("delete_model_version", NATIVE, "DeleteModelVersion"),
    Capability("set_model_version_tag", NATIVE, "SetModelVersionTag"),
    Capability("delete_model_version_tag", NATIVE, "DeleteModelVersionTag"),
    Capability("get_latest_versions", DERIVED, "from the registered model's latest versions"),
    Capability(
        "get_model_version_download_uri",
        DERIVED,
        "from the version's source, through copies to the first",
    ),
    Capability(
        "copy_model_version",
        DERIVED,
        "CreateModelVersion with the source `models:/<name>/<version>`",
    ),
    Capability(
        "set_registered_model_alias",
        DERIVED,
        "a tag of the registered model, under a reserved prefix",
    ),
    Capability("delete_registered_model_alias", DERIVED, "that tag is deleted"),
    Capability(
        "get_model_version_by_alias", DERIVED, "from the registered model's tags and aliases"
    ),
    Capability("create_prompt", DERIVED, "a registered model with MLflow's tag for prompts"),
    Capability("get_prompt", DERIVED, "as above"),
    Capability("search_prompts", DERIVED, "as above; this package looks at the tag"),
    Capability("delete_prompt", DERIVED, "as above"),
    Capability("set_prompt_tag", DERIVED, "a tag of that registered model"),
    Capability("delete_prompt_tag", DERIVED, "as above"),
    Capability("create_prompt_version", DERIVED, "a model version with the text in a tag"),
    Capability("get_prompt_version", DERIVED, "as above"),
    Capability("get_prompt_version_by_alias", DERIVED, "as above"),
    Capability("search_prompt_versions", DERIVED, "as above"),
    Capability("delete_prompt_version", DERIVED, "as above"),
    Capability("set_prompt_version_tag", DERIVED, "a tag of that model version"),
    Capability("delete_prompt_version_tag", DERIVED, "as above"),
    Capability("set_prompt_alias", DERIVED, "an alias of that model version"),
    Capability("delete_prompt_alias", DERIVED, "as above"),
    Capability(
        "link_prompt_version_to_model", DERIVED, "MLflow's own, through the tracking store in use"
    ),
    Capability("link_prompt_version_to_run", DERIVED, "as above"),
    Capability("link_prompts_to_trace", DERIVED, "as above"),
    Capability("list_webhooks_by_event", DERIVED, "always empty, since there are no webhooks"),
    Capability(
        "supports_workspaces", DERIVED, "always true: MLflow's workspaces are the platform's"
    ),
    *unavailable(
        {
            "Webhooks": """
                create_webhook get_webhook list_webhooks update_webhook delete_webhook test_webhook
            """
        }
    ),
)
