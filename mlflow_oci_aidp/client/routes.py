"""MLflow's calls as AI Data Platform's requests: one table, derived from MLflow's own service description.

A route is what MLflow's protos say about a call, changed by the differences that are listed here:

* Where MLflow reads by GET, so does the platform; everything else is POST. [Oracle's REST reference]
* Paths begin with ``/20260430/aiDataPlatforms/{aiDataPlatformId}``, in a workspace with
  ``/workspaces/{workspaceKey}`` after it, and then ``/mlops``. [Oracle's REST reference]
* Some calls are missing (:py:data:`MISSING`), and some are there beside MLflow's (:py:data:`MORE_CALLS`).
  [aidp-python-client 5.1.1]
* Some fields are not documented, and some have another name (:py:data:`_OTHER_FIELDS`). [aidp-python-client 5.1.1]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlflow.protos import databricks_pb2
from mlflow.protos.model_registry_pb2 import ModelRegistryService
from mlflow.protos.service_pb2 import MlflowService

BASE_PATH = "/20260430/aiDataPlatforms"
_REST_API = "/mlops/api/2.0"

#: Where a call belongs: registered models and their versions to the instance, all else to a workspace.
INSTANCE, WORKSPACE = "instance", "workspace"

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

#: Calls of MLflow that AI Data Platform does not answer; :py:mod:`mlflow_oci_aidp.registry` and
#: :py:mod:`mlflow_oci_aidp.tracking` build them from others. If the platform answers one of them one day, take its
#: line out.
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

#: Calls that read by POST, since what they search for may be long.
_SEARCHES = frozenset({"SearchExperiments", "SearchRuns", "SearchLoggedModels"})

#: Calls that give a name: a conflict means that it is taken.
_CLAIM_NAMES = frozenset({"CreateRegisteredModel", "RenameRegisteredModel", "CreateExperiment", "UpdateExperiment"})

#: MLflow's fields that the platform does not document, by call: its name for them, or None for those that are not sent.
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


@dataclass(frozen=True)
class Route:
    """How one call travels.

    Attributes:
        call: The name of MLflow's RPC, as ``"UpdateRegisteredModel"``.
        verb: ``"GET"``, ``"POST"`` or ``"DELETE"``.
        path: What comes after the AI Data Platform's id, or the workspace's key.
        fields: The names of the fields it takes.
        scope: :py:data:`INSTANCE` or :py:data:`WORKSPACE`.
        reads: Whether it changes nothing.
        claims_name: Whether it gives a name to something.
        headers: The names of those fields that travel as headers.
        has_retry_token: Whether a change takes an ``opc-retry-token``.
    """

    call: str
    verb: str
    path: str
    fields: frozenset[str]
    scope: str = INSTANCE
    reads: bool = False
    claims_name: bool = False
    headers: frozenset[str] = frozenset()
    has_retry_token: bool = True


def _derive(service: Any, scope: str, calls: frozenset[str] | None = None) -> dict[str, Route]:
    """The routes of one of MLflow's services; where MLflow describes several for one call, the first."""
    routes = {}
    for method in service.DESCRIPTOR.methods:
        call = method.input_type.name
        if calls is not None and call not in calls:
            continue
        endpoint = method.GetOptions().Extensions[databricks_pb2.rpc].endpoints[0]
        verb = "GET" if endpoint.method == "GET" else "POST"
        others = _OTHER_FIELDS.get(call, {})
        names = [others.get(field.name, field.name) for field in method.input_type.fields]
        routes[call] = Route(
            call=call,
            # How the platform would spell what it lacks is not known: MLflow's own way then.
            verb=endpoint.method if call in _LOGGED_MODEL_CALLS else verb,
            path=f"{_REST_API}{endpoint.path}",
            fields=frozenset(name for name in names if name is not None) | _MORE_FIELDS.get(call, frozenset()),
            scope=scope,
            reads=verb == "GET" or call in _SEARCHES,
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
        path=f"{_REST_API}/mlflow/internal/registered-models/update-tags",
        fields=frozenset({"name", "set_tags", "delete_tags"}),
    ),
    "CreateWorkspaceModelVersion": replace(
        REGISTRY["CreateModelVersion"], call="CreateWorkspaceModelVersion", scope=WORKSPACE
    ),
    "UpdateRunTags": replace(
        TRACKING["SetTag"],
        call="UpdateRunTags",
        path=f"{_REST_API}/mlflow/internal/runs/update-tags",
        fields=frozenset({"run_id", "set_tags", "delete_tags"}),
    ),
    "DeleteExperimentTag": replace(
        TRACKING["SetExperimentTag"],
        call="DeleteExperimentTag",
        path=f"{_REST_API}/mlflow/experiments/delete-experiment-tag",
        fields=frozenset({"experiment_id", "key"}),
    ),
}

ROUTES: Mapping[str, Route] = {
    **{call: route for call, route in {**REGISTRY, **TRACKING}.items() if call not in MISSING},
    **MORE_CALLS,
}

_IN_VOLUME = "/volumes/{volumeKey}"


def _on_path(call: str, verb: str, path: str, *query: str, reads: bool = False, has_retry_token: bool = True) -> Route:
    """A call on one file or folder of a volume, whose path travels as a header."""
    fields = frozenset({"volumeKey", "path", *query})
    return Route(
        call,
        verb,
        f"{_IN_VOLUME}/actions/{path}",
        fields,
        reads=reads,
        headers=frozenset({"path"}),
        has_retry_token=has_retry_token,
    )


#: Volumes and the files in them. A field that the path names stands there. [aidp-python-client 5.1.1, VolumeClient]
VOLUMES: Mapping[str, Route] = {
    route.call: route
    for route in (
        Route(
            "ListVolumes",
            "GET",
            "/volumes",
            frozenset({"catalogKey", "schemaKey", "displayName", "limit", "page"}),
            reads=True,
        ),
        Route(
            "ListFiles",
            "GET",
            f"{_IN_VOLUME}/files",
            frozenset({"volumeKey", "path", "displayName", "limit", "page"}),
            reads=True,
        ),
        _on_path("MakeDir", "POST", "mkdir"),
        _on_path("UploadFile", "POST", "uploadFile", "isOverwrite"),
        _on_path("DownloadFile", "POST", "downloadFile", reads=True),
        _on_path("DeleteFile", "DELETE", "deleteFile", has_retry_token=False),
        _on_path("DeleteDir", "DELETE", "deleteDir"),
    )
}
