"""MLflow's calls as AI Data Platform's requests: one table, derived from MLflow's own service description.

A route is what MLflow's protos say about a call, changed by the differences that are listed here:

* Reads are GET, everything else is POST. [Oracle's REST reference]
* Paths begin with ``/20260430/aiDataPlatforms/{aiDataPlatformId}/mlops``. [Oracle's REST reference]
* Some calls are missing (:py:data:`MISSING`), and some are there beside MLflow's (:py:data:`MORE_CALLS`).
  [aidp-python-client 5.1.1]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlflow.protos import databricks_pb2
from mlflow.protos.model_registry_pb2 import ModelRegistryService

BASE_PATH = "/20260430/aiDataPlatforms"
_REST_API = "/mlops/api/2.0"

#: Calls of MLflow that AI Data Platform does not answer; :py:mod:`mlflow_oci_aidp.registry` builds them from
#: others. If the platform answers one of them one day, take its line out.
MISSING: frozenset[str] = frozenset(
    {
        "GetLatestVersions",
        "GetModelVersionDownloadUri",
        "SetRegisteredModelAlias",
        "DeleteRegisteredModelAlias",
        "GetModelVersionByAlias",
    }
)

#: Calls that give a name: a conflict means that it is taken.
_CLAIM_NAMES = frozenset({"CreateRegisteredModel", "RenameRegisteredModel"})


@dataclass(frozen=True)
class Route:
    """How one call travels.

    Attributes:
        call: The name of MLflow's RPC, as ``"UpdateRegisteredModel"``.
        verb: ``"GET"`` or ``"POST"``.
        path: What comes after the AI Data Platform's id.
        fields: The names of the fields it takes.
        claims_name: Whether it gives a name to something.
    """

    call: str
    verb: str
    path: str
    fields: frozenset[str]
    claims_name: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.verb == "GET"


def _derive(service: Any) -> dict[str, Route]:
    """The routes of one of MLflow's services; where MLflow describes several for one call, the first."""
    routes = {}
    for method in service.DESCRIPTOR.methods:
        call = method.input_type.name
        endpoint = method.GetOptions().Extensions[databricks_pb2.rpc].endpoints[0]
        routes[call] = Route(
            call=call,
            verb="GET" if endpoint.method == "GET" else "POST",
            path=f"{_REST_API}{endpoint.path}",
            fields=frozenset(field.name for field in method.input_type.fields),
            claims_name=call in _CLAIM_NAMES,
        )
    return routes


REGISTRY: Mapping[str, Route] = _derive(ModelRegistryService)

#: Calls that AI Data Platform has beside MLflow's.
MORE_CALLS: Mapping[str, Route] = {
    "UpdateRegisteredModelTags": replace(
        REGISTRY["SetRegisteredModelTag"],
        call="UpdateRegisteredModelTags",
        path=f"{_REST_API}/mlflow/internal/registered-models/update-tags",
        fields=frozenset({"name", "set_tags", "delete_tags"}),
    ),
}

ROUTES: Mapping[str, Route] = {
    **{call: route for call, route in REGISTRY.items() if call not in MISSING},
    **MORE_CALLS,
}
