"""MLflow's calls as AI Data Platform's requests: one table, derived from MLflow's own protos.

A route is what MLflow's protos say about a call, changed by the differences that are listed here:

* The platform reads by GET where MLflow does, and by POST otherwise. [Oracle's REST reference]
* Paths begin with ``/20260430/aiDataPlatforms/{aiDataPlatformId}``, or as ``API_VERSIONS`` has
  it for another version of the API, in a workspace with
  ``/workspaces/{workspaceKey}`` after it, and then ``/mlops``. [Oracle's REST reference]
* Some calls are missing (:py:data:`MISSING`), and the platform has others that MLflow has not
  (:py:data:`MORE_CALLS`). [aidp-python-client 5.1.1]
* Some fields are not documented, and some have another name (:py:data:`_OTHER_FIELDS`).
  [aidp-python-client 5.1.1]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlflow.protos import databricks_pb2
from mlflow.protos.model_registry_pb2 import ModelRegistryService
from mlflow.protos.service_pb2 import MlflowService

REST_API = "/mlops/api/2.0"

#: The scopes of calls: the instance (registered models and their versions), a workspace
#: (experiments and runs), or a volume of the instance (files).
INSTANCE, WORKSPACE, VOLUME = "instance", "workspace", "volume"

_LOGGED_MODEL_CALLS = frozenset(
    {
        "CreateLoggedModel",
        "FinalizeLoggedModel",
        "GetLoggedModel",
        "DeleteLoggedModel",
        "SetLoggedModelTags",
        "DeleteLoggedModelTag",
        "LogLoggedModelParamsRequest",
        "LogOutputs",
    }
)

#: Calls of MLflow that AI Data Platform does not answer. :py:mod:`mlflow_oci_aidp.registry` and
#: :py:mod:`mlflow_oci_aidp.tracking` build them from other calls. Remove a line when the platform
#: answers the call.
MISSING: frozenset[str] = frozenset(
    {
        "GetLatestVersions",
        "GetModelVersionDownloadUri",
        "SetRegisteredModelAlias",
        "DeleteRegisteredModelAlias",
        "GetModelVersionByAlias",
        *_LOGGED_MODEL_CALLS,
    }
)

#: The calls of MLflow's tracking service that AI Data Platform has, or may have one day.
_TRACKING_CALLS = _LOGGED_MODEL_CALLS | {
    "CreateExperiment",
    "GetExperiment",
    "GetExperimentByName",
    "SearchExperiments",
    "UpdateExperiment",
    "DeleteExperiment",
    "RestoreExperiment",
    "SetExperimentTag",
    "DeleteExperimentTag",
    "CreateRun",
    "GetRun",
    "SearchRuns",
    "UpdateRun",
    "DeleteRun",
    "RestoreRun",
    "SetTag",
    "DeleteTag",
    "LogParam",
    "LogMetric",
    "LogBatch",
    "LogInputs",
    "LogModel",
    "GetMetricHistory",
    "ListArtifacts",
    "SearchLoggedModels",
}

#: Calls that read by POST.
_SEARCHES = frozenset({"SearchExperiments", "SearchRuns", "SearchLoggedModels"})

#: Calls that give a name to something. A conflict means that the name is taken.
_CLAIM_NAMES = frozenset(
    {"CreateRegisteredModel", "RenameRegisteredModel", "CreateExperiment", "UpdateExperiment"}
)

#: MLflow's fields that the platform does not document, by call. The value is the platform's name
#: for the field, or None for a field that is not sent.
_OTHER_FIELDS: Mapping[str, Mapping[str, str | None]] = {
    "CreateRun": {"user_id": None},
    "GetRun": {"run_uuid": None},
    "UpdateRun": {"run_uuid": None},
    "SetTag": {"run_uuid": None},
    "LogParam": {"run_uuid": None},
    "LogMetric": {"run_uuid": None, "model_id": None, "dataset_name": None, "dataset_digest": None},
    "LogInputs": {"datasets": "dataset_inputs", "models": None},
    "GetMetricHistory": {"run_uuid": None},
    "ListArtifacts": {"run_uuid": None},
    "SearchLoggedModels": {"datasets": None},
}


#: Fields that the platform documents beside MLflow's.
_MORE_FIELDS: Mapping[str, frozenset[str]] = {
    "DeleteExperiment": frozenset({"is_permanent"}),
    "DeleteRun": frozenset({"is_permanent"}),
}

#: In the paths of calls on registered models and their versions.
_REGISTERED = ("/registered-models/", "/model-versions/")


@dataclass(frozen=True)
class Route:
    """How one call travels.

    Attributes:
        call: The name of MLflow's RPC, such as ``"UpdateRegisteredModel"``, or of the platform's
            own operation.
        verb: ``"GET"``, ``"POST"`` or ``"DELETE"``.
        path: The path after the instance's OCID, or after the workspace's key. A name in braces
            stands for a field.
        fields: The names of the fields that the platform documents.
        scope: :py:data:`INSTANCE`, :py:data:`WORKSPACE` or :py:data:`VOLUME`.
        is_read_only: Whether the call changes nothing.
        claims_name: Whether the call gives a name to something.
        headers: The names of the fields that travel as headers.
        has_retry_token: Whether a change takes an ``opc-retry-token``.
        page_field: The field that asks for a page of a list.
        next_field: The field of the answer that has the token of the next page; ``""`` where the
            ``opc-next-page`` header has it.
        page_in: The field of the answer that holds list and token; ``""`` for the answer itself.
        is_mlflows: Whether the call is one of MLflow's, rather than one of the platform's own.
        has_body: Whether the fields of a call of the platform's own travel as a JSON body.
        is_repeatable: Whether the request may be sent again without a look at what the first one
            did. It may not be for a change that takes no retry token.
        named_by: What names the thing that a 404 did not find, in words.
        has_query: Whether the fields travel in the address, not in a body.
        names_model: Whether the field ``name`` is that of a registered model.
    """

    call: str
    verb: str
    path: str
    fields: frozenset[str]
    scope: str = INSTANCE
    is_read_only: bool = False
    claims_name: bool = False
    headers: frozenset[str] = frozenset()
    has_retry_token: bool = True
    page_field: str = "page_token"
    next_field: str = "next_page_token"
    page_in: str = ""
    is_mlflows: bool = True
    has_body: bool = False
    is_repeatable: bool = True
    named_by: str = "the name, the version"
    has_query: bool = field(init=False)
    names_model: bool = field(init=False)

    def __post_init__(self) -> None:
        # Once for each route, not for each call.
        has_query = self.verb == "GET" or not (self.is_mlflows or self.has_body)
        object.__setattr__(self, "has_query", has_query)
        of_registry = any(name in self.path for name in _REGISTERED)
        object.__setattr__(self, "names_model", of_registry)


def _derive(service: Any, scope: str, calls: frozenset[str] | None = None) -> dict[str, Route]:
    """Return the routes of one of MLflow's services.

    Where MLflow describes several endpoints for a call, the first one counts.
    """
    routes = {}
    for method in service.DESCRIPTOR.methods:
        call = method.input_type.name
        if calls is not None and call not in calls:
            continue
        endpoint = method.GetOptions().Extensions[databricks_pb2.rpc].endpoints[0]
        verb = "GET" if endpoint.method == "GET" else "POST"
        others = _OTHER_FIELDS.get(call, {})
        names = [others.get(row.name, row.name) for row in method.input_type.fields]
        sent = frozenset(name for name in names if name is not None)
        routes[call] = Route(
            call=call,
            # How the platform would spell the calls that it lacks is not known: MLflow's own way.
            verb=endpoint.method if call in MISSING else verb,
            path=f"{REST_API}{endpoint.path}",
            fields=sent | _MORE_FIELDS.get(call, frozenset()),
            scope=scope,
            is_read_only=verb == "GET" or call in _SEARCHES,
            claims_name=call in _CLAIM_NAMES,
        )
    return routes


REGISTRY: Mapping[str, Route] = _derive(ModelRegistryService, INSTANCE)
TRACKING: Mapping[str, Route] = _derive(MlflowService, WORKSPACE, _TRACKING_CALLS)

#: Calls that AI Data Platform has beside MLflow's.
MORE_CALLS: Mapping[str, Route] = {
    "UpdateRegisteredModelTags": replace(
        REGISTRY["SetRegisteredModelTag"],
        call="UpdateRegisteredModelTags",
        path=f"{REST_API}/mlflow/internal/registered-models/update-tags",
        fields=frozenset({"name", "set_tags", "delete_tags"}),
    ),
    "CreateWorkspaceModelVersion": replace(
        REGISTRY["CreateModelVersion"], call="CreateWorkspaceModelVersion", scope=WORKSPACE
    ),
    "UpdateRunTags": replace(
        TRACKING["SetTag"],
        call="UpdateRunTags",
        path=f"{REST_API}/mlflow/internal/runs/update-tags",
        fields=frozenset({"run_id", "set_tags", "delete_tags"}),
    ),
    "DeleteExperimentTag": replace(
        TRACKING["SetExperimentTag"],
        call="DeleteExperimentTag",
        path=f"{REST_API}/mlflow/experiments/delete-experiment-tag",
        fields=frozenset({"experiment_id", "key"}),
    ),
}

ROUTES: Mapping[str, Route] = {
    **{call: route for call, route in {**REGISTRY, **TRACKING}.items() if call not in MISSING},
    **MORE_CALLS,
}

_OF_MODEL = f"{REST_API}/mlflow/registered-models/{{registeredModelKey}}"

#: Permissions of registered models. [aidp-python-client 5.1.1, MLOpsClient]
PERMISSIONS: Mapping[str, Route] = {
    "ListRegisteredModelPermissions": Route(
        "ListRegisteredModelPermissions",
        "GET",
        f"{_OF_MODEL}/permissions",
        frozenset({"registeredModelKey", "limit", "page", "sortOrder", "sortBy"}),
        is_read_only=True,
        page_field="page",
        next_field="",
        is_mlflows=False,
    ),
    "ManageRegisteredModelPermission": Route(
        "ManageRegisteredModelPermission",
        "POST",
        f"{_OF_MODEL}/actions/managePermission",
        frozenset(
            {
                "registeredModelKey",
                "assignRegisteredModelPermissionDetails",
                "revokeRegisteredModelPermissionDetails",
            }
        ),
        has_retry_token=False,
        is_mlflows=False,
        has_body=True,
        is_repeatable=False,
    ),
}

#: The list of workspaces. [aidp-python-client 5.1.1, WorkspaceClient]
WORKSPACES: Mapping[str, Route] = {
    "ListWorkspaces": Route(
        "ListWorkspaces",
        "GET",
        "/workspaces",
        frozenset({"limit", "page"}),
        is_read_only=True,
        page_field="page",
        next_field="",
        is_mlflows=False,
    ),
    "GetWorkspace": Route(
        "GetWorkspace",
        "GET",
        "/workspaces/{workspaceKey}",
        frozenset({"workspaceKey"}),
        is_read_only=True,
        is_mlflows=False,
    ),
}

_IN_VOLUME = "/volumes/{volumeKey}"


def _volume_list(call: str, path: str, *fields: str) -> Route:
    """Return the route of a list of the platform's own."""
    return Route(
        call,
        "GET",
        path,
        frozenset({*fields, "displayName", "limit", "page"}),
        scope=VOLUME,
        is_read_only=True,
        page_field="page",
        next_field="",
        is_mlflows=False,
    )


def _volume_action(
    call: str,
    verb: str,
    action: str,
    *query: str,
    is_read_only: bool = False,
    has_retry_token: bool = True,
) -> Route:
    """Return the route of a call on one file or folder, whose path travels as a header."""
    return Route(
        call,
        verb,
        f"{_IN_VOLUME}/actions/{action}",
        frozenset({"volumeKey", "path", *query}),
        scope=VOLUME,
        is_read_only=is_read_only,
        headers=frozenset({"path"}),
        has_retry_token=has_retry_token,
        is_mlflows=False,
    )


#: Volumes and the files in them. [aidp-python-client 5.1.1, VolumeClient]
VOLUMES: Mapping[str, Route] = {
    route.call: route
    for route in (
        _volume_list("ListVolumes", "/volumes", "catalogKey", "schemaKey"),
        _volume_list("ListFiles", f"{_IN_VOLUME}/files", "volumeKey", "path"),
        _volume_action("MakeDir", "POST", "mkdir"),
        _volume_action("UploadFile", "POST", "uploadFile", "isOverwrite"),
        _volume_action("DownloadFile", "POST", "downloadFile", is_read_only=True),
        _volume_action("DeleteFile", "DELETE", "deleteFile", has_retry_token=False),
        _volume_action("DeleteDir", "DELETE", "deleteDir"),
    )
}
