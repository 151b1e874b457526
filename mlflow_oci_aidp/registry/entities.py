"""The platform's JSON as MLflow's entities.

MLflow's own ``from_proto`` loses ``model_id``, metrics and parameters, and costs twice what reading the JSON costs.
Fields that are not known here are left out: the API is a preview, and fields will be added to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlflow.entities.logged_model_parameter import LoggedModelParameter
from mlflow.entities.metric import Metric
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.entities.model_registry.model_version_deployment_job_state import ModelVersionDeploymentJobState
from mlflow.protos.databricks_uc_registry_messages_pb2 import DeploymentJobConnection
from mlflow.protos.databricks_uc_registry_messages_pb2 import ModelVersionDeploymentJobState as _ProtoJobState
from mlflow.protos.model_registry_pb2 import ModelVersionStatus

from mlflow_oci_aidp.registry import aliases

try:
    from mlflow.utils.workspace_utils import resolve_entity_workspace_name
except ImportError:  # The older of the supported versions have no workspaces.
    resolve_entity_workspace_name = None

Json = dict[str, Any]

_MODEL_TEXTS = ("name", "description", "deployment_job_id")
_VERSION_TEXTS = ("name", "description", "user_id", "current_stage", "source", "run_id", "run_link", "model_id")

# What MLflow can turn into its protos, as its own web server has to; the first is "unspecified".
_JOB_STATES = tuple(DeploymentJobConnection.State.keys())
_RUN_STATES = tuple(_ProtoJobState.DeploymentJobRunState.keys())
_STATUSES = tuple(ModelVersionStatus.keys())

#: Finds the aliases of a version of a registered model: called with its name, returns alias to version.
AliasLookup = Callable[[str], dict[str, str]]


class _LazyModelVersion(ModelVersion):
    """A model version whose aliases are looked up when somebody reads them.

    It prints and compares as MLflow's own does, and copies and pickles to MLflow's own.
    """

    _aliases: list[str]
    _lookup: AliasLookup | None = None

    @property
    def aliases(self) -> list[str]:
        """The aliases (str) of this version.

        Raises:
            MlflowException: If they cannot be looked up.
        """
        lookup = self._lookup
        if lookup is not None:
            found = lookup(self.name)
            self._aliases = sorted({*self._aliases, *_pointing_to(found, self.version)})
            self._lookup = None
        return self._aliases

    @aliases.setter
    def aliases(self, value: list[str]) -> None:
        self._aliases = value
        self._lookup = None

    @classmethod
    def _properties(cls) -> list[str]:
        return ModelVersion._properties()

    def __reduce__(self) -> tuple[Any, ...]:
        known = {**self.__dict__, "_aliases": self.aliases}
        known.pop("_lookup", None)
        return _plain, (known,)


# MLflow prints an entity under the name of its class.
_LazyModelVersion.__name__ = ModelVersion.__name__


def _plain(attributes: dict[str, Any]) -> ModelVersion:
    version = ModelVersion.__new__(ModelVersion)
    version.__dict__.update(attributes)
    return version


def _pointing_to(found: dict[str, str], version: str) -> list[str]:
    return [alias for alias, target in found.items() if target == version]


def shared() -> Json:
    """What all entities of an answer share: MLflow's active workspace, which it would find out for each of them."""
    return {"workspace": resolve_entity_workspace_name(None)} if resolve_entity_workspace_name else {}


def registered_model(json: Json, common: Json | None = None) -> RegisteredModel:
    """A registered model of the reference's ``RegisteredModel``.

    Aliases that are kept as tags are taken out of the tags and shown as aliases.

    Args:
        json: The platform's object.
        common: What :py:func:`shared` found for all entities of the answer; found out here if None.
    """
    common = shared() if common is None else common
    name, description, job_id = _texts(json, _MODEL_TEXTS)
    found = tags(json)
    known = aliases.merged(_reported(json), found)
    model = RegisteredModel(
        name=name,
        creation_timestamp=_number(json, "creation_timestamp"),
        last_updated_timestamp=_number(json, "last_updated_timestamp"),
        description=description,
        latest_versions=[
            model_version(version, lambda _: known, common) for version in json.get("latest_versions") or ()
        ],
        deployment_job_id=job_id,
        deployment_job_state=_known(json, "deployment_job_state", _JOB_STATES),
        **common,
    )
    # As the constructor would: it takes an object for each, to make these dictionaries of them.
    model._tags = aliases.without(found)
    model._aliases = known
    return model


def model_version(json: Json, lookup: AliasLookup, common: Json | None = None) -> ModelVersion:
    """A model version of the reference's ``ModelVersion``.

    Args:
        json: The platform's object.
        lookup: Finds the aliases of its registered model, when somebody reads them.
        common: What :py:func:`shared` found for all entities of the answer; found out here if None.
    """
    common = shared() if common is None else common
    name, description, user_id, stage, source, run_id, run_link, model_id = _texts(json, _VERSION_TEXTS)
    state = json.get("deployment_job_state")
    status, status_message = _status(json)
    version = _LazyModelVersion(
        name=name,
        version=_version(json),
        creation_timestamp=_number(json, "creation_timestamp"),
        last_updated_timestamp=_number(json, "last_updated_timestamp"),
        description=description,
        user_id=user_id,
        current_stage=stage,
        source=source,
        run_id=run_id,
        status=status,
        status_message=status_message,
        run_link=run_link,
        aliases=[alias for alias in json.get("aliases") or () if isinstance(alias, str)],
        model_id=model_id,
        params=_list(json, "model_params", lambda item: LoggedModelParameter(item["name"], item["value"])),
        metrics=_list(
            json,
            "model_metrics",
            lambda item: Metric(
                item["key"], float(item["value"]), int(item.get("timestamp") or 0), int(item.get("step") or 0)
            ),
        ),
        deployment_job_state=None if state is None else _deployment_job_state(state),
        **common,
    )
    version._tags = tags(json)
    version._lookup = lookup
    return version


def _deployment_job_state(json: Json) -> ModelVersionDeploymentJobState:
    job_id, run_id, task = _texts(json, ("job_id", "run_id", "current_task_name"))
    return ModelVersionDeploymentJobState(
        job_id=job_id,
        run_id=run_id,
        job_state=_known(json, "job_state", _JOB_STATES),
        run_state=_known(json, "run_state", _RUN_STATES),
        current_task_name=task,
    )


def alias_places(json: Json) -> tuple[dict[str, str], dict[str, str]]:
    """Where the aliases of a registered model can be: those that the platform reports, and all its tags."""
    model = json["registered_model"]
    return _reported(model), tags(model)


def _status(json: Json) -> tuple[str, str | None]:
    """The status and its message; a status that MLflow does not know is one that is not ready."""
    found, message = _texts(json, ("status", "status_message"))
    status = found or "READY"
    if status in _STATUSES:
        return status, message
    return "PENDING_REGISTRATION", message or f"The platform reports the status {status!r}, unknown to MLflow."


def _known(json: Json, name: str, states: tuple[str, ...]) -> str | None:
    """A state, or MLflow's word for one that it does not know, the first of ``states``."""
    found = json.get(name)
    return found if found is None or found in states else states[0]


def _reported(json: Json) -> dict[str, str]:
    """The aliases that the platform itself reports."""
    return {item["alias"]: str(item["version"]) for item in json.get("aliases") or ()}


def tags(json: Json) -> dict[str, str]:
    """The tags of a registered model or a model version."""
    return {item["key"]: item.get("value") or "" for item in json.get("tags") or ()}


def _list(json: Json, name: str, make: Callable[[Json], Any]) -> list[Any] | None:
    found = json.get(name)
    return None if found is None else [make(item) for item in found]


def _texts(json: Json, names: tuple[str, ...]) -> list[str | None]:
    """Several fields at once, each a text or None: an answer has thousands of them."""
    found = [json.get(name) for name in names]
    for value in found:
        if value is not None and not isinstance(value, str):
            raise TypeError
    return found


def _number(json: Json, name: str) -> int | None:
    found = json.get(name)
    return None if found is None else int(found)


def _version(json: Json) -> str:
    found = json["version"]
    if isinstance(found, (str, int)) and not isinstance(found, bool):
        return str(found)
    raise TypeError("version")
