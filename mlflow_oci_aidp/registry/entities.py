"""Translation from the platform's JSON to MLflow's entities of the registry.

MLflow's own ``from_proto`` loses ``model_id``, metrics and parameters, and takes twice as long as
reading the JSON. A text that is missing is ``""``, as MLflow's REST client gives it. Unknown fields
are ignored: the API is a preview, and the platform will add fields to it. A field of another type
than the documented one raises one of Python's errors, which the client turns into an exception
(:py:mod:`mlflow_oci_aidp.client.json_fields`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mlflow.entities.logged_model_parameter import LoggedModelParameter
from mlflow.entities.metric import Metric
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.entities.model_registry.model_version_deployment_job_state import (
    ModelVersionDeploymentJobState,
)
from mlflow.protos.databricks_uc_registry_messages_pb2 import DeploymentJobConnection
from mlflow.protos.databricks_uc_registry_messages_pb2 import (
    ModelVersionDeploymentJobState as _ProtoJobState,
)
from mlflow.protos.model_registry_pb2 import ModelVersionStatus

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.registry import alias_tags

_resolve_workspace: Callable[[str | None], str] | None = None
# The older of the supported versions of MLflow have no workspaces.
with suppress(ImportError):
    from mlflow.utils.workspace_utils import resolve_entity_workspace_name

    _resolve_workspace = resolve_entity_workspace_name

Json = dict[str, Any]

_MODEL_TEXTS = ("description", "deployment_job_id")
_VERSION_TEXTS = (
    "description",
    "user_id",
    "current_stage",
    "source",
    "run_id",
    "run_link",
    "model_id",
)

# The states that MLflow can turn into its protos, which its own web server has to do. The first one
# is "unspecified".
_JOB_STATES = tuple(DeploymentJobConnection.State.keys())
_RUN_STATES = tuple(_ProtoJobState.DeploymentJobRunState.keys())
_STATUSES = tuple(ModelVersionStatus.keys())

#: Finds the aliases of a registered model: called with its name, returns alias to version.
AliasLookup = Callable[[str], dict[str, str]]


class _LazyModelVersion(ModelVersion):
    """A model version whose aliases are looked up when they are read for the first time.

    It prints and compares as MLflow's own class does. Copies and pickles of it are of MLflow's own
    class.
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
            looked_up = alias_tags.pointing_to(lookup(self.name), self.version)
            self._aliases = sorted({*self._aliases, *looked_up})
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


def shared() -> Json:
    """Return what all entities of an answer share: MLflow's active workspace.

    Without it, MLflow would find out the active workspace for each entity.
    """
    return {"workspace": _resolve_workspace(None)} if _resolve_workspace else {}


def registered_model(json: Json, common: Json | None = None) -> RegisteredModel:
    """Make a registered model from the reference's ``RegisteredModel``.

    Aliases that are stored as tags are taken out of the tags and shown as aliases.

    Args:
        json: The platform's object.
        common: What :py:func:`shared` returned for all entities of the answer; called if None.
    """
    common = shared() if common is None else common
    description, job_id = json_fields.optional_texts(json, _MODEL_TEXTS)
    reported, all_tags = reported_aliases_and_tags(json)
    aliases, user_tags = reported, all_tags
    if all_tags:
        aliases = alias_tags.merge_aliases(reported, all_tags)
        user_tags = alias_tags.user_tags(all_tags)
    model = RegisteredModel(
        name=json_fields.text(json, "name"),
        creation_timestamp=json_fields.optional_integer(json, "creation_timestamp"),
        last_updated_timestamp=json_fields.optional_integer(json, "last_updated_timestamp"),
        description=description or "",
        latest_versions=[
            model_version(version, lambda _: aliases, common)
            for version in json_fields.entries(json, "latest_versions")
        ],
        deployment_job_id=job_id or "",
        deployment_job_state=_known(json, "deployment_job_state", _JOB_STATES) or _JOB_STATES[0],
        **common,
    )
    # The constructor would take an object for each of these, and make the same dictionaries.
    model._tags = user_tags
    model._aliases = aliases
    return model


def registered_model_of(body: Json) -> RegisteredModel:
    """Make the registered model of an answer that holds one."""
    return registered_model(body["registered_model"])


def model_version(json: Json, lookup: AliasLookup, common: Json | None = None) -> ModelVersion:
    """Make a model version from the reference's ``ModelVersion``.

    Args:
        json: The platform's object.
        lookup: Finds the aliases of its registered model, once they are read.
        common: What :py:func:`shared` returned for all entities of the answer; called if None.
    """
    common = shared() if common is None else common
    description, user_id, stage, source, run_id, run_link, model_id = json_fields.optional_texts(
        json, _VERSION_TEXTS
    )
    state = json.get("deployment_job_state")
    status, status_message = _status(json)
    version = _LazyModelVersion(
        name=json_fields.text(json, "name"),
        version=json_fields.version(json),
        # MLflow's proto of a version has to have it.
        creation_timestamp=json_fields.optional_integer(json, "creation_timestamp") or 0,
        last_updated_timestamp=json_fields.optional_integer(json, "last_updated_timestamp"),
        description=description or "",
        user_id=user_id or "",
        current_stage=stage or "",
        source=source or "",
        run_id=run_id or "",
        status=status,
        status_message=status_message,
        run_link=run_link or "",
        aliases=[alias for alias in json_fields.entries(json, "aliases") if isinstance(alias, str)],
        model_id=model_id,
        params=_list(json, "model_params", _param),
        metrics=_list(json, "model_metrics", _metric),
        deployment_job_state=None if state is None else _deployment_job_state(state),
        **common,
    )
    version._tags = tags(json)
    version._lookup = lookup
    return version


def _param(json: Json) -> LoggedModelParameter:
    value = json_fields.optional_text(json, "value") or ""
    return LoggedModelParameter(json_fields.text(json, "name"), value)


def _metric(json: Json) -> Metric:
    return Metric(
        json_fields.text(json, "key"),
        json_fields.number_of(json["value"]),
        json_fields.optional_integer(json, "timestamp") or 0,
        json_fields.optional_integer(json, "step") or 0,
    )


def _deployment_job_state(json: Json) -> ModelVersionDeploymentJobState:
    job_id, run_id, task = json_fields.optional_texts(
        json, ("job_id", "run_id", "current_task_name")
    )
    return ModelVersionDeploymentJobState(
        job_id=job_id,
        run_id=run_id,
        job_state=_known(json, "job_state", _JOB_STATES),
        run_state=_known(json, "run_state", _RUN_STATES),
        current_task_name=task,
    )


def reported_aliases_and_tags(json: Json) -> tuple[dict[str, str], dict[str, str]]:
    """Return where aliases can be: those that the platform reports, and all tags.

    Args:
        json: The reference's ``RegisteredModel``.
    """
    reported = {
        json_fields.text(item, "alias"): json_fields.version(item)
        for item in json_fields.entries(json, "aliases")
    }
    return reported, tags(json)


def _status(json: Json) -> tuple[str, str | None]:
    """Return the status and its message; a status that MLflow does not know counts as not ready."""
    reported, message = json_fields.optional_texts(json, ("status", "status_message"))
    status = reported or "READY"
    if status in _STATUSES:
        return status, message
    unknown = f"The platform reports the status {status!r}, unknown to MLflow."
    return "PENDING_REGISTRATION", message or unknown


def _known(json: Json, name: str, states: tuple[str, ...]) -> str | None:
    """Return a state, or the first of ``states``, "unspecified", if MLflow does not know it."""
    state = json_fields.optional_text(json, name)
    return state if state is None or state in states else states[0]


def tags(json: Json) -> dict[str, str]:
    """Return all tags of a registered model or a model version, those that store aliases too."""
    return json_fields.pairs(json, "tags")


def _list(json: Json, name: str, make: Callable[[Json], Any]) -> list[Any] | None:
    if json.get(name) is None:
        return None
    return [make(item) for item in json_fields.entries(json, name)]
