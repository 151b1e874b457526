"""The methods of the tracking store that are about logged models."""

from __future__ import annotations

from typing import Any

from mlflow.entities import (
    LoggedModel,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from mlflow.store.entities.paged_list import PagedList

from mlflow_oci_aidp.names import check_logged_model_name, random_name
from mlflow_oci_aidp.stores import PlatformStore
from mlflow_oci_aidp.tracking.logged_models import search
from mlflow_oci_aidp.tracking.logged_models.interface import LoggedModels
from mlflow_oci_aidp.tracking.logged_models.metrics import ModelMetrics
from mlflow_oci_aidp.tracking.logged_models.remembered_searches import RememberedSearches
from mlflow_oci_aidp.tracking.logged_models.versions import (
    VERSIONS_TAG,
    with_version,
    without_repeats,
)


class LoggedModelStore(PlatformStore):
    """MLflow's logged models in a workspace of Oracle AI Data Platform."""

    #: The store that inherits this class sets them.
    _logged_models: LoggedModels
    _model_metrics: ModelMetrics
    _searches: RememberedSearches

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Create a logged model on the run that makes it.

        If no run is named, and the platform cannot store the model by itself, a run is made for it.

        Args:
            experiment_id: Its experiment.
            name: Its name; a random one if None.
            source_run_id: The run that makes it.
            tags: Its tags.
            params: Its parameters.
            model_type: Its type.
        """
        check_logged_model_name(name)
        model = self._logged_models.create(
            experiment_id,
            name or random_name(),
            source_run_id,
            tags or (),
            params or (),
            model_type,
        )
        self._model_metrics.note_new(model.model_id)
        return model

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """Read a logged model.

        Args:
            model_id: Its id.
            allow_deleted: Not used: a logged model that was deleted is gone.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not
                see it.
        """
        return self._logged_models.get(model_id)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Set the status of a logged model, after its artifacts were uploaded or failed to be.

        A model that is ready is recorded with its run, with the contents of its file ``MLmodel``.

        Args:
            model_id: Its id.
            status: Its new status.
        """
        return self._logged_models.finalize(model_id, status)

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        """Set tags of a logged model.

        MLflow itself sets one after it has registered the model. If that tag cannot be stored, as
        on a deleted run, this only warns: the version is there.
        """
        self._logged_models.set_tags(model_id, without_repeats(tags))

    def set_model_versions_tags(self, name: str, version: str, model_id: str) -> None:
        """Have a logged model name a version that was made of it; MLflow's server calls it.

        MLflow's own method forgets the other versions if this one is named already.
        [MLflow 3.1 to 3.18: ``AbstractStore.set_model_versions_tags``]
        """
        named = self._logged_models.get(model_id).tags.get(VERSIONS_TAG)
        value = with_version(named, name, version)
        if value != named:
            self._logged_models.set_tags(model_id, [LoggedModelTag(VERSIONS_TAG, value)])

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if it has no such tag.
        """
        self._logged_models.delete_tag(model_id, key)

    def log_logged_model_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        """Add parameters to a logged model.

        Raises:
            MlflowException: ``BAD_REQUEST`` for a parameter that the model has already.
        """
        self._logged_models.log_params(model_id, params)

    def delete_logged_model(self, model_id: str) -> None:
        """Delete a logged model.

        Its artifacts stay, and so does its run, unless that was made for this model alone.
        """
        self._logged_models.delete(model_id)
        self._searches.forget()
        self._model_metrics.forget(model_id)

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """Search for logged models: those that runs store, and those that the platform lists.

        This reads all logged models of the experiments and looks through them in this process: the
        platform documents no search in what runs store. Pages after the first come from what that
        read, if one is asked for each minute, for ten minutes. If a run stores a model, and the
        platform lists one of the same run and name, the latter is left out.

        Args:
            experiment_ids: The experiments to search.
            filter_string: MLflow's conditions, joined by ``AND``.
            datasets: The datasets that conditions on metrics are about.
            max_results: The size of a page; 100 if None.
            order_by: MLflow's clauses: ``field_name``, and ``ascending``, ``dataset_name`` and
                ``dataset_digest``.
            page_token: The token of the page before.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for arguments that cannot be read.
        """
        ids = [str(experiment_id) for experiment_id in experiment_ids]
        return search.search(
            # What is not wanted is dropped as it is read, and never in memory together.
            lambda: self._logged_models.list_all(ids, search.condition(filter_string, datasets)),
            ids,
            filter_string,
            datasets,
            max_results,
            order_by,
            page_token,
            self._searches,
        )

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        """Log the logged models that a run made."""
        self._logged_models.log_outputs(run_id, models)
