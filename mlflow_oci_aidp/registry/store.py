"""The registry store: MLflow calls it, and gets MLflow's entities back.

Every request goes through :py:class:`~mlflow_oci_aidp.stores.Platform`. Features that the platform
lacks are built from those that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from mlflow.entities import RunInfo
from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)
from mlflow.entities.model_registry.model_version_stages import get_canonical_stage
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore

from mlflow_oci_aidp.capabilities import refuse_the_rest
from mlflow_oci_aidp.client.routes import ROUTES, Route
from mlflow_oci_aidp.conditions import split_single
from mlflow_oci_aidp.model_sources import ModelSources, RunArtifacts
from mlflow_oci_aidp.names import check_alias
from mlflow_oci_aidp.registry import alias_tags, entities, prompts
from mlflow_oci_aidp.registry.aliases import choose_aliases
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES
from mlflow_oci_aidp.registry.deployed import naming_deployments
from mlflow_oci_aidp.registry.entities import Json
from mlflow_oci_aidp.registry.filters import (
    NamePattern,
    fulfilling,
    with_full_names,
    with_single_quotes,
)
from mlflow_oci_aidp.registry.local_models import LocalModels
from mlflow_oci_aidp.registry.origins import Origins
from mlflow_oci_aidp.registry.version_sources import VersionSources
from mlflow_oci_aidp.remembered import RememberedRuns
from mlflow_oci_aidp.session import Session, remember_location
from mlflow_oci_aidp.stores import PlatformStore
from mlflow_oci_aidp.tracking.logged_models import LoggedModels, choose_logged_models
from mlflow_oci_aidp.tracking.logged_models.on_runs import read_run_artifacts
from mlflow_oci_aidp.workspaces import active_workspace


class AidpRegistryStore(PlatformStore, AbstractStore):
    """MLflow's model registry on Oracle AI Data Platform.

    MLflow makes it for registry URIs that begin with ``aidp://``. Many threads may use it at the
    same time, and a forked child may go on using it.

    Args:
        store_uri: The registry URI,
            ``aidp://<aiDataPlatformId>[/<workspaceKey>][?setting=value&...]``.
        tracking_uri: The tracking URI in use, where logged models are looked up.
        routes: The calls that the platform has, by the names of MLflow's RPCs. A store that is
            unpickled has the usual ones.

    Every name of a registered model may be one without dots, which
    :py:class:`~mlflow_oci_aidp.full_names.FullNames` completes.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong. Every
            method raises ``MlflowException`` for bad input and if the platform cannot be reached,
            and :py:class:`mlflow.exceptions.RestException` if the platform refused the call.
    """

    def __init__(
        self,
        store_uri: str,
        tracking_uri: str | None = None,
        *,
        session: Session | None = None,
        routes: Mapping[str, Route] = ROUTES,
    ) -> None:
        super().__init__(store_uri, tracking_uri)
        self._open(store_uri, tracking_uri, session, routes)
        self._aliases = choose_aliases(self._platform, routes, self, self._model_version)
        self._remembered = RememberedRuns.of(self._session, self._settings.workspace)
        models = choose_logged_models(self._platform, routes, self._remembered, self._note_run)
        runs = ModelSources(self._read_run_artifacts, self._remembered)
        self._in_workspace = self._version_sources(models, runs)
        self._in_no_workspace = self._version_sources(None, None)
        has_own = self._settings.workspace
        self._in_own = self._in_workspace if has_own else self._in_no_workspace

    def _version_sources(
        self, models: LoggedModels | None, runs: ModelSources | None
    ) -> VersionSources:
        store_uri, tracking_uri = self._uris
        return VersionSources(
            self.get_model_version,
            runs,
            origins=Origins(models, tracking_uri),
            local_models=LocalModels(models, store_uri, tracking_uri),
            tracking_uri=tracking_uri,
        )

    @property
    def _sources(self) -> VersionSources:
        """The sources of model versions, as the workspace in use finds them, if there is one."""
        if active_workspace() is None:
            return self._in_own
        return self._in_workspace if self._platform.workspace else self._in_no_workspace

    # Registered models

    def create_registered_model(
        self,
        name: str,
        tags: list[RegisteredModelTag] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """Create a registered model.

        Raises:
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the name is taken.
        """
        return self._platform.call(
            "CreateRegisteredModel",
            entities.registered_model_of,
            name=name,
            tags=_tags(tags),
            description=description,
            deployment_job_id=deployment_job_id,
        ) or self.get_registered_model(name)

    def update_registered_model(
        self, name: str, description: str | None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Change the description of a registered model, and its deployment job if not None."""
        return self._platform.call(
            "UpdateRegisteredModel",
            entities.registered_model_of,
            name=name,
            description=description,
            deployment_job_id=deployment_job_id,
        ) or self.get_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Rename a registered model, which keeps its versions, tags and aliases.

        Raises:
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the new name is taken.
        """
        name, new_name = self._names.complete(name), self._names.complete(new_name)
        with naming_deployments(self._session.client, name):
            return self._platform.call(
                "RenameRegisteredModel", entities.registered_model_of, name=name, new_name=new_name
            ) or self.get_registered_model(new_name)

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model."""
        name = self._names.complete(name)
        with naming_deployments(self._session.client, name):
            self._platform.call("DeleteRegisteredModel", name=name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Read a registered model.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not
                see it.
        """
        return self._platform.require(
            self._platform.call("GetRegisteredModel", entities.registered_model_of, name=name),
            f"The registered model {name!r}",
        )

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """Search for registered models.

        Args:
            filter_string: A single condition, as the platform documents it, sent as it is. MLflow's
                condition on prompts is applied to the result instead, and ``name LIKE`` to the
                result as well, since the platform finds more. A page may therefore hold fewer than
                ``max_results``; it is never empty while there are more.
            max_results: The size of a page, at most 1000; 100 if None. [aidp-python-client 5.1.1]
            order_by: Columns, each with an optional ``ASC`` or ``DESC``.
            page_token: The token of the page before.
        """
        return self._search(
            "SearchRegisteredModels",
            "registered_models",
            entities.registered_model,
            filter_string,
            max_results,
            order_by,
            page_token,
        )

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """Return the latest version of each stage, as the registered model reports them.

        Args:
            name: The registered model's name.
            stages: The stages to return, in upper or lower case; all if None or empty.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a stage that MLflow does not know.
        """
        wanted = {get_canonical_stage(stage) for stage in stages or ()}
        latest = self.get_registered_model(name).latest_versions
        return [version for version in latest if not wanted or version.current_stage in wanted]

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag) -> None:
        """Set a tag of a registered model."""
        alias_tags.check_tag(tag.key)
        self._platform.call("SetRegisteredModelTag", name=name, key=tag.key, value=tag.value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Delete a tag of a registered model."""
        alias_tags.check_tag(key)
        self._platform.call("DeleteRegisteredModelTag", name=name, key=key)

    # Model versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: list[ModelVersionTag] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Create a version of a registered model.

        Args:
            name: The registered model's name.
            source: Where the artifacts of the model are.
            run_id: The run that made the model.
            tags: The tags of the version.
            run_link: A link to the run.
            description: The description.
            local_model_path: Not used.
            model_id: The logged model that the version comes from.

        If the source is in a run of the workspace, ``runs:/<run id>/<path>`` is sent as the source,
        and to the workspace, as the platform's own clients do. [aidp-python-client 5.1.1] As on
        MLflow's server, a version without a run gets that of its logged model, and the logged model
        names the version in a tag.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a logged model that the tracking store
                in use, if it is this package's, does not have. ``INVALID_PARAMETER_VALUE`` for a
                source that is a path of this machine: ``mlflow.register_model`` uploads that, if
                the registry URI names a workspace.
        """
        if self._names.is_active:
            source = self._names.complete_uri(source)
        sent = self._sources.for_new_version(
            name, source, run_id, model_id, is_prompt=prompts.is_prompt(tags)
        )
        version = self._platform.call(
            sent.rpc,
            self._model_version,
            name=name,
            source=sent.source,
            run_id=sent.run_id or None,
            tags=_tags(tags),
            run_link=run_link or None,
            description=description or None,
            model_id=sent.model_id,
        ) or self._latest_version(name, sent.source)
        if sent.origin is not None:
            sent.origin.note(version.name, version.version)
        return version

    def update_model_version(
        self, name: str, version: str, description: str | None
    ) -> ModelVersion:
        """Change the description of a model version."""
        return self._platform.call(
            "UpdateModelVersion",
            self._model_version,
            name=name,
            version=str(version),
            description=description,
        ) or self.get_model_version(name, version)

    def transition_model_version_stage(
        self, name: str, version: str, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """Move a model version to a stage."""
        return self._platform.call(
            "TransitionModelVersionStage",
            self._model_version,
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=bool(archive_existing_versions),
        ) or self.get_model_version(name, version)

    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a model version, and the aliases that point to it."""
        self._platform.call("DeleteModelVersion", name=name, version=str(version))
        self._aliases.forget(name, str(version))

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """Read a model version, in one round trip: its aliases are looked up when they are read.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not
                see it.
        """
        return self._platform.require(
            self._platform.call(
                "GetModelVersion", self._model_version, name=name, version=str(version)
            ),
            f"Version {version} of {name!r}",
        )

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Return where the files of a model version are; those of a copy are the first version's.

        As in MLflow, a source ``runs:/<run id>/<path>`` is returned as it is, whoever has the run;
        :py:mod:`mlflow_oci_aidp.registry.run_files` opens it. For a logged model,
        ``models:/<model id>``, it is the location that the tracking server names.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a copy whose origin was renamed or
                deleted.
        """
        location = self._sources.download_uri(name, version)
        remember_location(location, self._session, self._uris[0])
        return location

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """Search for model versions; the arguments are those of ``search_registered_models``."""
        lookup = cache(self._aliases_of)  # One look-up for each registered model on the page.
        return self._search(
            "SearchModelVersions",
            "model_versions",
            lambda json, common: entities.model_version(json, lookup, common),
            filter_string,
            max_results,
            order_by,
            page_token,
        )

    def set_model_version_tag(self, name: str, version: str, tag: ModelVersionTag) -> None:
        """Set a tag of a model version."""
        self._platform.call(
            "SetModelVersionTag", name=name, version=str(version), key=tag.key, value=tag.value
        )

    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:
        """Delete a tag of a model version."""
        self._platform.call("DeleteModelVersionTag", name=name, version=str(version), key=key)

    # Aliases

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that MLflow reserves, such as
                ``latest`` and ``v1``.
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is no such version.
        """
        check_alias(alias)
        self._aliases.set(name, alias, str(version))

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Delete an alias; it is no error if there is none.

        Raises:
            MlflowException: ``NOT_IMPLEMENTED`` for an alias that the platform itself keeps.
        """
        self._aliases.delete(name, alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Read the version that an alias points to.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if there is no such alias, as MLflow's own
                servers answer.
        """
        return self._aliases.get_version(name, alias)

    def _aliases_of(self, name: str) -> dict[str, str]:
        return alias_tags.AliasMap(self.get_registered_model(name).aliases)

    # Webhooks, which the platform does not have

    def list_webhooks_by_event(self, *args: Any, **kwargs: Any) -> PagedList[Any]:
        """Return no webhooks. MLflow's own server asks for them after each change."""
        return PagedList([], None)

    # Helpers

    def _model_version(self, json: Json) -> ModelVersion:
        return entities.model_version(json["model_version"], self._aliases_of)

    def _note_run(self, info: RunInfo) -> None:
        self._remembered.note_run(info)
        remember_location(info.artifact_uri, self._session, self._uris[0])

    def _read_run_artifacts(self, run_id: str) -> RunArtifacts | None:
        return read_run_artifacts(self._platform, run_id)

    def _latest_version(self, name: str, source: str) -> ModelVersion:
        """Find the version that a call created whose answer had no body."""
        versions = self.get_registered_model(name).latest_versions
        same = [version for version in versions if version.source == source]
        latest = max(same, key=lambda version: int(version.version), default=None)
        return self._platform.require(latest, f"The new version of {name!r}")

    def _search(
        self,
        rpc: str,
        items_name: str,
        make: Callable[[Json, Json], Any],
        filter_string: str | None,
        max_results: int | None,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> PagedList[Any]:
        if self._names.is_active:
            filter_string = with_full_names(rpc, filter_string, self._names.complete)
        search = prompts.split(filter_string)
        split = split_single(rpc, search.filter)
        pattern = NamePattern(split.sent if rpc == "SearchRegisteredModels" else None)
        common = entities.shared()
        pages = self._platform.pages(
            rpc,
            items_name,
            lambda json: make(json, common),
            filter=with_single_quotes(split.sent),
            max_results=max_results,
            order_by=", ".join(order_by or ()) or None,
            page_token=page_token or None,
        )
        for page in pages:
            wanted = [
                entity
                for entity in page
                if search.wants(entity._tags) and pattern.fits(entity.name)
            ]
            wanted = fulfilling(rpc, wanted, split.here)
            if wanted:
                return PagedList(wanted, page.token)
        return PagedList([], None)


refuse_the_rest(AidpRegistryStore, AbstractStore, CAPABILITIES)


def _tags(tags: list[Any] | None) -> list[dict[str, str]] | None:
    for tag in tags or ():
        alias_tags.check_tag(tag.key)
    return [{"key": tag.key, "value": tag.value} for tag in tags] if tags else None
