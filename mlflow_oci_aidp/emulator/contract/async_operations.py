"""The contract of asynchronous operations, of which the emulator has those of deployments.

Source: ``aidp-python-client`` 5.1.1, ``AsyncOperationsClient``.
"""

from __future__ import annotations

from .terms import Field, Operation, fields, read

_RESOURCES = (
    "UNKNOWN",
    "CATALOG",
    "SCHEMA",
    "TABLE",
    "VIEW",
    "VOLUME",
    "VOLUME_FILE",
    "WORKSPACE",
    "WORKSPACE_OBJECT",
    "CLUSTER",
    "AI_COMPUTE",
    "KNOWLEDGE_BASE",
    "KNOWLEDGE_BASE_JOB",
    "KNOWLEDGE_BASE_JOB_RUN",
    "AGENT",
    "GIT_OPERATION",
    "BUNDLE_OPERATION",
    "MODEL_DEPLOYMENT",
    "PRIVATE_NETWORK_PROFILE",
    "LINEAGE_IMPORT",
)

_ACTIONS = (
    "UNKNOWN",
    "CREATE_CATALOG",
    "UPDATE_CATALOG",
    "DELETE_CATALOG",
    "TEST_CONNECTION_CATALOG",
    "TEST_AGENT_MEMORY_CONNECTION",
    "CREATE_USER_SCHEMA_IN_CATALOG",
    "CREATE_SCHEMA",
    "DELETE_SCHEMA",
    "CREATE_TABLE",
    "UPDATE_TABLE",
    "DELETE_TABLE",
    "CREATE_VOLUME",
    "DELETE_VOLUME",
    "COPY_VOLUME_FILE",
    "UPLOAD_AND_EXTRACT_ZIP",
    "ZIP_AND_DOWNLOAD_FOLDER",
    "MOVE_VOLUME_FILE",
    "DELETE_VOLUME_FILE",
    "DELETE_VOLUME_FOLDER",
    "LOAD_MODELS_IN_CATALOG",
    "IMPORT_LINEAGE",
    "DELETE_LINEAGE_IMPORT",
    "CREATE_WORKSPACE",
    "UPDATE_WORKSPACE",
    "DELETE_WORKSPACE",
    "CREATE_CLUSTER",
    "UPDATE_CLUSTER",
    "START_CLUSTER",
    "STOP_CLUSTER",
    "RESTART_CLUSTER",
    "PATCH_CLUSTER_LIBRARIES",
    "DELETE_CLUSTER",
    "MANAGE_EXTRACTED_ENTITIES",
    "REFRESH_ENTITY",
    "DOWNLOAD_CLUSTER_LOG",
    "MIGRATE_EXTERNAL_CATALOG",
    "UPDATE_KNOWLEDGE_BASE",
    "DELETE_KNOWLEDGE_BASE",
    "CREATE_KNOWLEDGE_BASE",
    "DELETE_KNOWLEDGE_BASE_JOB",
    "CREATE_KNOWLEDGE_BASE_JOB",
    "CREATE_KNOWLEDGE_BASE_JOB_RUN",
    "DEPLOY_AGENT",
    "CREATE_GIT_FOLDER",
    "UPDATE_GIT_REPOSITORY",
    "CREATE_BUNDLE",
    "BUNDLE_DEPLOY",
    "BUNDLE_PUBLISH",
    "BUNDLE_PURGE",
    "BUNDLE_SYNC",
    "MARK_AS_BUNDLE",
    "GIT_COMMIT_PUSH",
    "GIT_CREATE_BRANCH",
    "GIT_CHECKOUT_BRANCH",
    "GIT_OPERATION_PULL",
    "GIT_OPERATION_MERGE",
    "GIT_OPERATION_REBASE",
    "GIT_OPERATION_RESET",
    "GIT_OPERATION_RESET_STATE",
    "ACTIVATE_MODEL_DEPLOYMENT",
    "DEACTIVATE_MODEL_DEPLOYMENT",
    "ROLL_FORWARD_MODEL_DEPLOYMENT",
    "ROLL_BACK_MODEL_DEPLOYMENT",
    "EXPORT_MODEL_DEPLOYMENT_INFERENCES",
    "CREATE_PRIVATE_NETWORK_PROFILE",
    "DELETE_PRIVATE_NETWORK_PROFILE",
)

MODELS: dict[str, dict[str, Field]] = {
    "AsyncOperation": fields(
        key="str!",
        resourceName="str!",
        resourceDisplayName="str",
        createdBy="str",
        createdByName="str",
        timeStarted="datetime!",
        timeFinished="datetime",
        statusDetails="str",
        errorCode="str",
        errorMessage="str",
    )
    | {
        "resourceType": Field("str", required=True, allowed=_RESOURCES),
        "actionType": Field("str", required=True, allowed=_ACTIONS),
        "status": Field(
            "str", required=True, allowed=("IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELED")
        ),
    }
}

GET_ASYNC_OPERATION: Operation = read(
    "get_async_operation", "/asyncOperations/{asyncOperationKey}", "AsyncOperation", {}
)
"""The operation that tells how an activation went."""
