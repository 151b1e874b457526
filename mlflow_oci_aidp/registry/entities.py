"""The platform's JSON as MLflow's entities.

MLflow's own ``from_proto`` loses ``model_id``, metrics and parameters, and costs twice what reading the JSON costs.
Fields that are not known here are left out: the API is a preview, and fields will be added to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlflow.entities.logged_model_parameter import LoggedModelParameter
from mlflow.entities.metric import Metric
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from mlflow.entities.model_registry.model_version_deployment_job_state import ModelVersionDeploymentJobState
from mlflow.entities.model_registry.registered_model_alias import RegisteredModelAlias
from mlflow.protos.databricks_uc_registry_messages_pb2 import DeploymentJobConnection
from mlflow.protos.databricks_uc_registry_messages_pb2 import ModelVersionDeploymentJobState as _ProtoJobState
from mlflow.protos.model_registry_pb2 import ModelVersionStatus

from mlflow_oci_aidp.registry import aliases

Json = dict[str, Any]

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


def registered_model(json: Json) -> RegisteredModel:
    """A registered model of the reference's ``RegisteredModel``.

    Aliases that are kept as tags are taken out of the tags and shown as aliases.
    """
    found = tags(json)
    known = aliases.merged(_reported(json), found)
    return RegisteredModel(
        name=_text(json, "name"),
        creation_timestamp=_number(json, "creation_timestamp"),
        last_updated_timestamp=_number(json, "last_updated_timestamp"),
        description=_text(json, "description"),
        latest_versions=[model_version(version, lambda _: known) for version in _objects(json, "latest_versions")],
        tags=[RegisteredModelTag(key, value) for key, value in aliases.without(found).items()],
        aliases=[RegisteredModelAlias(alias, version) for alias, version in known.items()],
        deployment_job_id=_text(json, "deployment_job_id"),
        deployment_job_state=_known(json, "deployment_job_state", _JOB_STATES),
    )


def model_version(json: Json, lookup: AliasLookup) -> ModelVersion:
    """A model version of the reference's ``ModelVersion``.

    Args:
        json: The platform's object.
        lookup: Finds the aliases of its registered model, when somebody reads them.
    """
    state = json.get("deployment_job_state")
    status, status_message = _status(json)
    version = _LazyModelVersion(
        name=_text(json, "name"),
        version=_version(json),
        creation_timestamp=_number(json, "creation_timestamp"),
        last_updated_timestamp=_number(json, "last_updated_timestamp"),
        description=_text(json, "description"),
        user_id=_text(json, "user_id"),
        current_stage=_text(json, "current_stage"),
        source=_text(json, "source"),
        run_id=_text(json, "run_id"),
        status=status,
        status_message=status_message,
        tags=[ModelVersionTag(key, value) for key, value in tags(json).items()],
        run_link=_text(json, "run_link"),
        aliases=[alias for alias in json.get("aliases") or [] if isinstance(alias, str)],
        model_id=_text(json, "model_id"),
        params=_list(json, "model_params", lambda item: LoggedModelParameter(item["name"], item["value"])),
        metrics=_list(
            json,
            "model_metrics",
            lambda item: Metric(
                item["key"], float(item["value"]), int(item.get("timestamp") or 0), int(item.get("step") or 0)
            ),
        ),
        deployment_job_state=None if state is None else _deployment_job_state(state),
    )
    version._lookup = lookup
    return version


def _deployment_job_state(json: Json) -> ModelVersionDeploymentJobState:
    return ModelVersionDeploymentJobState(
        job_id=_text(json, "job_id"),
        run_id=_text(json, "run_id"),
        job_state=_known(json, "job_state", _JOB_STATES),
        run_state=_known(json, "run_state", _RUN_STATES),
        current_task_name=_text(json, "current_task_name"),
    )


def alias_places(json: Json) -> tuple[dict[str, str], dict[str, str]]:
    """Where the aliases of a registered model can be: those that the platform reports, and all its tags."""
    model = json["registered_model"]
    return _reported(model), tags(model)


def _status(json: Json) -> tuple[str, str | None]:
    """The status and its message; a status that MLflow does not know is one that is not ready."""
    status, message = _text(json, "status") or "READY", _text(json, "status_message")
    if status in _STATUSES:
        return status, message
    return "PENDING_REGISTRATION", message or f"The platform reports the status {status!r}, unknown to MLflow."


def _known(json: Json, name: str, states: tuple[str, ...]) -> str | None:
    """A state, or MLflow's word for one that it does not know, the first of ``states``."""
    found = _text(json, name)
    return found if found is None or found in states else states[0]


def _reported(json: Json) -> dict[str, str]:
    """The aliases that the platform itself reports."""
    return {item["alias"]: str(item["version"]) for item in _objects(json, "aliases")}


def tags(json: Json) -> dict[str, str]:
    """The tags of a registered model or a model version."""
    return {item["key"]: item.get("value") or "" for item in _objects(json, "tags")}


def _list(json: Json, name: str, make: Callable[[Json], Any]) -> list[Any] | None:
    return None if json.get(name) is None else [make(item) for item in _objects(json, name)]


def _objects(json: Json, name: str) -> list[Json]:
    found = json.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise TypeError(name)
    return found


def _text(json: Json, name: str) -> str | None:
    found = json.get(name)
    if found is None or isinstance(found, str):
        return found
    raise TypeError(name)


def _number(json: Json, name: str) -> int | None:
    found = json.get(name)
    return None if found is None else int(found)


def _version(json: Json) -> str:
    found = json["version"]
    if isinstance(found, (str, int)) and not isinstance(found, bool):
        return str(found)
    raise TypeError("version")
