"""The registry store: MLflow's calls in, MLflow's entities out.

Every call goes through :py:meth:`~mlflow_oci_aidp.stores.PlatformStore._call`. What the platform lacks is built here
from what it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore

from mlflow_oci_aidp.artifacts.locations import to_mlflow, to_platform
from mlflow_oci_aidp.artifacts.platform import remember_location
from mlflow_oci_aidp.capabilities import refuse_the_rest
from mlflow_oci_aidp.client.routes import ROUTES
from mlflow_oci_aidp.errors import error, invalid_parameter, require_body
from mlflow_oci_aidp.model_sources import ModelSources
from mlflow_oci_aidp.names import check_alias
from mlflow_oci_aidp.registry import aliases, entities, prompts
from mlflow_oci_aidp.registry.capabilities import CAPABILITIES
from mlflow_oci_aidp.registry.entities import Json
from mlflow_oci_aidp.registry.filters import with_single_quotes
from mlflow_oci_aidp.stores import PlatformStore
from mlflow_oci_aidp.uri import SCHEME

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: ``models:/<name>/<version>``, which MLflow stores as the source of a copy. A logged model's
#: ``models:/<model id>`` is another thing, and has no version.
_COPY_SOURCE = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>\d+)")
_RUN = re.compile(r"runs:/(?P<id>[^/]+)")
_LOGGED_MODEL = re.compile(r"models:/(?P<id>m-[^/@]+)")
#: More copies of copies than anybody makes; it ends a circle.
_LONGEST_CHAIN = 50
_LATEST = "latest"


class AidpRegistryStore(PlatformStore, AbstractStore):
    """MLflow's model registry on Oracle AI Data Platform.

    MLflow makes it for registry URIs that begin with ``aidp://``. It is safe for many threads, and a forked child
    can go on using it.

    Args:
        store_uri: The registry URI, as ``aidp://<aiDataPlatformId>[/<workspaceKey>][?setting=value&...]``.
        tracking_uri: The tracking URI in use, where logged models are looked up.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong. Every method raises
            ``MlflowException`` for bad input and where the platform cannot be reached, and
            :py:class:`mlflow.exceptions.RestException` for what the platform refused.
    """

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:
        super().__init__(store_uri, tracking_uri)
        self._open(store_uri, tracking_uri)
        self._places = ModelSources(self._call) if self._settings.workspace else None

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
        return self._call(
            "CreateRegisteredModel",
            _registered_model,
            name=name,
            tags=_tags(tags),
            description=description,
            deployment_job_id=deployment_job_id,
        ) or self.get_registered_model(name)

    def update_registered_model(
        self, name: str, description: str | None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Change the description of a registered model, and its deployment job if one is given."""
        return self._call(
            "UpdateRegisteredModel",
            _registered_model,
            name=name,
            description=description,
            deployment_job_id=deployment_job_id,
        ) or self.get_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Rename a registered model, which keeps its versions, tags and aliases.

        Raises:
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the new name is taken.
        """
        return self._call(
            "RenameRegisteredModel", _registered_model, name=name, new_name=new_name
        ) or self.get_registered_model(new_name)

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model."""
        self._do("DeleteRegisteredModel", name=name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Read a registered model.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not see it.
        """
        return require_body(
            self._call("GetRegisteredModel", _registered_model, name=name), f"The registered model {name!r}"
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
            filter_string: A single condition, as the platform documents it, sent as it is. MLflow's condition on
                prompts is applied to the result instead, so that a page may hold fewer than ``max_results``; it
                is never empty while there are more.
            max_results: The most of one page, at most 1000; 100 if None. [aidp-python-client 5.1.1]
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
        """The latest version of each stage, as the registered model reports them.

        Args:
            name: The registered model's name.
            stages: The stages wanted, in any case of letters; all if None or empty.
        """
        wanted = {stage.lower() for stage in stages or ()}
        latest = self.get_registered_model(name).latest_versions
        return [version for version in latest if not wanted or (version.current_stage or "").lower() in wanted]

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag) -> None:
        """Set a tag of a registered model."""
        aliases.check_tag(tag.key)
        self._do("SetRegisteredModelTag", name=name, key=tag.key, value=tag.value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Delete a tag of a registered model."""
        aliases.check_tag(key)
        self._do("DeleteRegisteredModelTag", name=name, key=key)

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

        Of a run in the workspace, ``runs:/<run id>/<path>`` is sent as the source, and to the workspace, as the
        platform's own clients do. [aidp-python-client 5.1.1]

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a logged model that the tracking store in use, if it is
                this package's, does not have.
        """
        call = "CreateModelVersion"
        source = to_platform(source)
        found = self._places.find(source, run_id) if self._places else None
        if found is not None:
            call, source, run_id = "CreateWorkspaceModelVersion", found.source, run_id or found.run_id
        else:
            self._check_logged_model(source)
        return self._call(
            call,
            self._model_version,
            name=name,
            source=source,
            run_id=run_id,
            tags=_tags(tags),
            run_link=run_link,
            description=description,
            model_id=model_id,
        ) or self._newest(name, source)

    def update_model_version(self, name: str, version: str, description: str | None) -> ModelVersion:
        """Change the description of a model version."""
        return self._call(
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
        return self._call(
            "TransitionModelVersionStage",
            self._model_version,
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=bool(archive_existing_versions),
        ) or self.get_model_version(name, version)

    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a model version, and the aliases that point to it."""
        self._do("DeleteModelVersion", name=name, version=str(version))
        self._forget_aliases(name, str(version))

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """Read a model version, in one round trip: its aliases are looked up when they are read.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not see it.
        """
        return require_body(
            self._call("GetModelVersion", self._model_version, name=name, version=str(version)),
            f"Version {version} of {name!r}",
        )

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the artifacts of a model version are; for a copy, where those of the first version are.

        Of a logged model, ``models:/<model id>``, it is the place that the tracking server names: MLflow's server
        can serve its own artifacts only by that.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a copy whose origin was renamed or deleted, and for a
                run that is in another workspace.
        """
        source = str(self.get_model_version(name, version).source or "")
        for _ in range(_LONGEST_CHAIN):
            copied = _COPY_SOURCE.fullmatch(source)
            if copied is None:
                place = to_mlflow(self._place(source))
                self._check_run(name, version, place)
                remember_location(place, self._uris[0])
                return place
            source = self._source_of_origin(name, version, copied["name"], copied["version"])
        raise error(
            "INVALID_STATE",
            f"The copies that version {version} of {name!r} comes from make a circle.",
            "Register the model again from where its artifacts are.",
        )

    def _place(self, source: str) -> str:
        """Where the artifacts of a source lie: among those of a run of the workspace, or of a logged model."""
        place = self._places.resolve(source) if self._places else source
        return self._place_of_logged_model(source) if place == source else place

    def _place_of_logged_model(self, source: str) -> str:
        logged = _LOGGED_MODEL.fullmatch(source)
        if logged is None:
            return source
        try:
            return str(self._tracking().get_logged_model(logged["id"]).artifact_location)
        except MlflowException:
            return source  # of another tracking server: whoever downloads may know it

    def _tracking(self) -> MlflowClient:
        """MLflow's client of the tracking store in use."""
        from mlflow import MlflowClient

        return MlflowClient(self._uris[1])

    def _check_logged_model(self, source: str) -> None:
        """Refuse a logged model that is not there: a version of it could never be loaded."""
        logged = _LOGGED_MODEL.fullmatch(source)
        if logged is not None and (self._uris[1] or "").startswith(f"{SCHEME}://"):
            self._tracking().get_logged_model(logged["id"])

    def _check_run(self, name: str, version: str, source: str) -> None:
        """Refuse a version of a run that neither this workspace nor the tracking store in use has.

        Whoever downloads would ask the latter, and learn no more than that there is no such run.
        """
        run = _RUN.match(source)
        if run is None:
            return
        try:
            if not self._places or self._uris[1] not in (None, self._uris[0]):
                self._tracking().get_run(run["id"])
                return
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                return  # Whoever downloads may fare better.
        where = f"the workspace {self._settings.workspace!r}" if self._places else "the tracking store in use"
        raise error(
            "RESOURCE_DOES_NOT_EXIST",
            f"The files of version {version} of {name!r} are among those of the run {run['id']!r}, which is not in "
            f"{where}.",
            "Put the key of the workspace in which the model was logged into the registry URI: "
            "aidp://<aiDataPlatformId>/<workspaceKey>.",
        )

    def _source_of_origin(self, name: str, version: str, origin: str, of_version: str) -> str:
        problem = None
        try:
            return str(self.get_model_version(origin, of_version).source or "")
        except MlflowException as found:
            problem = found
        raise error(
            problem.error_code,
            f"Version {version} of {name!r} is a copy of version {of_version} of {origin!r}, which cannot be read, "
            f"and may have been renamed or deleted: {problem.message}",
            "Register the copy again from where its artifacts are.",
        )

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """Search for model versions; the arguments are those of :py:meth:`search_registered_models`."""
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
        self._do("SetModelVersionTag", name=name, version=str(version), key=tag.key, value=tag.value)

    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:
        """Delete a tag of a model version."""
        self._do("DeleteModelVersionTag", name=name, version=str(version), key=key)

    # Aliases, kept as tags where the platform has no calls for them

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that MLflow reserves, as ``latest`` and ``v1``.
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is no such version.
        """
        check_alias(alias)
        if "SetRegisteredModelAlias" in ROUTES:
            self._do("SetRegisteredModelAlias", name=name, alias=alias, version=str(version))
            return
        key = aliases.key_of(alias)
        existing = self.get_model_version(name, version)
        self._do("SetRegisteredModelTag", name=name, key=key, value=existing.version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Delete an alias; it is no error if there is none.

        Raises:
            MlflowException: ``NOT_IMPLEMENTED`` for an alias that the platform itself keeps.
        """
        if "DeleteRegisteredModelAlias" in ROUTES:
            self._do("DeleteRegisteredModelAlias", name=name, alias=alias)
            return
        key = aliases.key_of(alias)
        reported, tags = self._alias_places(name)
        if key in tags:
            self._do("DeleteRegisteredModelTag", name=name, key=key)
        if alias in reported:
            raise error(
                "NOT_IMPLEMENTED",
                f"The alias {alias!r} of {name!r} is kept by the platform itself, which has no call to delete it.",
                "Delete it where it was made.",
            )

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Read the version that an alias points to.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if there is no such alias, as MLflow's own servers say it.
        """
        if "GetModelVersionByAlias" in ROUTES:
            return require_body(
                self._call("GetModelVersionByAlias", self._model_version, name=name, alias=alias),
                f"The alias {alias!r} of {name!r}",
            )
        model = self.get_registered_model(name)
        if alias.lower() == _LATEST and model.latest_versions:
            return max(model.latest_versions, key=lambda version: int(version.version))
        if alias not in model.aliases:
            raise invalid_parameter(f"Registered model alias {alias} not found.", f"Set it on a version of {name!r}.")
        return self.get_model_version(name, model.aliases[alias])

    def _aliases_of(self, name: str) -> dict[str, str]:
        return dict(self.get_registered_model(name).aliases)

    def _alias_places(self, name: str) -> tuple[dict[str, str], dict[str, str]]:
        """The aliases that the platform reports, and the tags of a registered model."""
        found = self._call("GetRegisteredModel", entities.alias_places, name=name)
        return require_body(found, f"The registered model {name!r}")

    def _forget_aliases(self, name: str, version: str) -> None:
        """Delete the aliases of a version that is gone."""
        if "DeleteRegisteredModelAlias" in ROUTES:
            return
        problem = None
        gone: list[str] = []
        try:
            gone = [alias for alias, target in aliases.kept(self._alias_places(name)[1]).items() if target == version]
            if gone:
                self._do(
                    "UpdateRegisteredModelTags",
                    name=name,
                    delete_tags=[{"key": aliases.key_of(alias)} for alias in gone],
                )
        except MlflowException as found:
            problem = found
        if problem is not None:
            raise error(
                problem.error_code,
                f"Version {version} of {name!r} is deleted, but not the aliases that may point to it "
                f"({', '.join(gone) or 'they could not be read'}): {problem.message}",
                "Delete them with delete_registered_model_alias.",
            )

    # What the platform lacks for good

    def list_webhooks_by_event(self, *args: Any, **kwargs: Any) -> PagedList[Any]:
        """The webhooks to call: none. MLflow's own server asks after each change."""
        return PagedList([], None)

    # Helpers

    def _model_version(self, json: Json) -> ModelVersion:
        return entities.model_version(json["model_version"], self._aliases_of)

    def _newest(self, name: str, source: str) -> ModelVersion:
        """The version that was made by a call whose answer had no body."""
        latest = self.get_registered_model(name).latest_versions
        same = [version for version in latest if version.source == source]
        newest = max(same, key=lambda version: int(version.version), default=None)
        return require_body(newest, f"The new version of {name!r}")

    def _search(
        self,
        call: str,
        items: str,
        make: Callable[[Json, Json], Any],
        filter_string: str | None,
        max_results: int | None,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> PagedList[Any]:
        search = prompts.split(filter_string)

        def page(json: Json) -> PagedList[Any]:
            common = entities.shared()
            made = [make(item, common) for item in json.get(items) or ()]
            found = [entity for entity in made if search.wants(entity._tags)]
            return PagedList(found, json.get("next_page_token") or None)

        while True:
            found = self._call(
                call,
                page,
                filter=with_single_quotes(search.filter),
                max_results=max_results,
                order_by=", ".join(order_by or ()) or None,
                page_token=page_token or None,
            )
            if found is None:
                return PagedList([], None)
            if found or not found.token:
                return found
            page_token = found.token


refuse_the_rest(AidpRegistryStore, AbstractStore, CAPABILITIES)


def _registered_model(json: Json) -> RegisteredModel:
    return entities.registered_model(json["registered_model"])


def _tags(tags: list[Any] | None) -> list[dict[str, str]] | None:
    for tag in tags or ():
        aliases.check_tag(tag.key)
    return [{"key": tag.key, "value": tag.value} for tag in tags] if tags else None
