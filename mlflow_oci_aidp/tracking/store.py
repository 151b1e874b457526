"""The tracking store: MLflow's calls in, MLflow's entities out.

Every call goes through :py:meth:`~mlflow_oci_aidp.stores.PlatformStore._call`. What the platform lacks is built here
from what it has.
"""

from __future__ import annotations

import errno
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from mlflow.entities import (
    DatasetInput,
    Experiment,
    ExperimentTag,
    FileInfo,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    Run,
    RunInfo,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.async_logging.run_operations import RunOperations
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_MODEL_VERSIONS
from mlflow.utils.search_utils import SearchUtils
from mlflow.utils.validation import (
    MAX_ENTITIES_PER_BATCH,
    MAX_METRICS_PER_BATCH,
    MAX_PARAMS_TAGS_PER_BATCH,
)

from mlflow_oci_aidp.artifacts.locations import check_location, is_of_this_machine, to_platform
from mlflow_oci_aidp.artifacts.platform import remember, remember_location
from mlflow_oci_aidp.capabilities import refuse_the_rest
from mlflow_oci_aidp.client.routes import ROUTES
from mlflow_oci_aidp.errors import error, invalid_parameter, require_body
from mlflow_oci_aidp.identity import is_principal_chosen
from mlflow_oci_aidp.mlflow_compat import dataset_summary
from mlflow_oci_aidp.names import check_experiment_name, check_logged_model_name, random_name
from mlflow_oci_aidp.stores import PlatformStore
from mlflow_oci_aidp.tracking import entities, logged_models, search
from mlflow_oci_aidp.tracking import tags as run_tags
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES
from mlflow_oci_aidp.tracking.entities import Json, RecordedId
from mlflow_oci_aidp.tracking.logged_models import Kept, ModelId

if TYPE_CHECKING:
    from mlflow.models import Model

    from mlflow_oci_aidp.mlflow_compat import DatasetSummary

_logger = logging.getLogger(__name__)

T = TypeVar("T")

#: The most runs of one page that is asked for where all are needed. [aidp-python-client: 50,000 are supported]
_PAGE_OF_RUNS = 1000

#: What the platform answers about a run that was deleted, for a while or for good.
_GONE = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE", "RESOURCE_CONFLICT"})

#: The same, and what is answered here about a logged model that no run keeps.
_UNCHANGEABLE = _GONE | {"NOT_IMPLEMENTED"}

#: The logged models of one page, where a search does not say. [MLflow]
_PAGE_OF_MODELS = 100


class AidpTrackingStore(PlatformStore, AbstractStore):
    """MLflow's experiments, runs and logged models in a workspace of Oracle AI Data Platform.

    MLflow makes it for tracking URIs that begin with ``aidp://``. It is safe for many threads, and a forked child
    can go on using it.

    Args:
        store_uri: The tracking URI, as ``aidp://<aiDataPlatformId>/<workspaceKey>[?setting=value&...]``.
        artifact_uri: Not used: the platform says where artifacts lie.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong, and without a workspace.
            Every method raises ``MlflowException`` for bad input and where the platform cannot be reached, and
            :py:class:`mlflow.exceptions.RestException` for what the platform refused.
    """

    def __init__(self, store_uri: str, artifact_uri: str | None = None) -> None:
        super().__init__()
        self._open(store_uri, artifact_uri)
        if not self._settings.workspace:
            raise invalid_parameter(
                "The tracking URI names no workspace, and experiments and runs belong to one.",
                "Use aidp://<aiDataPlatformId>/<workspaceKey>, or set AIDP_WORKSPACE_KEY.",
            )
        self._newest = logged_models.Newest()
        remember(store_uri)

    # Experiments

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: list[ExperimentTag] | None = None
    ) -> str:
        """Create an experiment.

        Args:
            name: Its name, which no other has.
            artifact_location: Where its artifacts go, as ``oci://...`` or ``/Volumes/...``; the platform chooses if
                None.
            tags: Its tags.

        Returns:
            Its id.

        Raises:
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the name is taken, be it by a deleted experiment.
        """
        if artifact_location:
            check_location(artifact_location)
            if is_of_this_machine(artifact_location):
                _logger.warning(
                    "The artifact location %r is a folder of this machine: what is logged there stays on it. Those of "
                    "the platform are oci://<bucket>@<namespace>/<prefix> and /Volumes/....",
                    artifact_location,
                )
        found = self._call(
            "CreateExperiment",
            lambda json: str(json["experiment_id"]),
            name=name,
            artifact_location=to_platform(artifact_location) if artifact_location else None,
            tags=_json_of_tags(tags),
        )
        return found or str(require_body(self.get_experiment_by_name(name), f"The experiment {name!r}").experiment_id)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Read an experiment.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not see it.
        """
        found = self._call("GetExperiment", _experiment, experiment_id=str(experiment_id))
        return require_body(found, f"The experiment {experiment_id!r}")

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """Read an experiment by its name; None if there is none, or this identity may not see it."""
        try:
            found = self._call("GetExperimentByName", _experiment, experiment_name=experiment_name)
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return require_body(found, f"The experiment {experiment_name!r}")

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """Search for experiments.

        Args:
            view_type: One of MLflow's ``ViewType``.
            max_results: The most of one page; the platform chooses if None.
            filter_string: Conditions on names and tags, joined by ``AND``. [aidp-python-client 5.1.1]
            order_by: Columns, each with an optional ``ASC`` or ``DESC``.
            page_token: The token of the page before.
        """
        return self._page(
            "SearchExperiments",
            "experiments",
            entities.experiment,
            view_type=_view_type(view_type),
            max_results=max_results,
            filter=filter_string or None,
            order_by=list(order_by) if order_by else None,
            page_token=page_token or None,
        )

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Rename an experiment.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for what is no name.
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the new name is taken.
        """
        check_experiment_name(new_name)
        self._do("UpdateExperiment", experiment_id=str(experiment_id), new_name=new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Delete an experiment, which can be restored."""
        self._do("DeleteExperiment", experiment_id=str(experiment_id))

    def restore_experiment(self, experiment_id: str) -> None:
        """Restore a deleted experiment."""
        self._do("RestoreExperiment", experiment_id=str(experiment_id))

    def set_experiment_tag(self, experiment_id: str, tag: ExperimentTag) -> None:
        """Set a tag of an experiment."""
        self._do("SetExperimentTag", experiment_id=str(experiment_id), key=tag.key, value=str(tag.value))

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete a tag of an experiment."""
        self._do("DeleteExperimentTag", experiment_id=str(experiment_id), key=key)

    # Runs

    def create_run(
        self,
        experiment_id: str,
        user_id: str | None,
        start_time: int | None,
        tags: list[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        """Create a run.

        Args:
            experiment_id: Its experiment.
            user_id: Not sent: the platform knows who signs.
            start_time: Milliseconds since 1970.
            tags: Its tags.
            run_name: Its name.
        """
        run_tags.check(tag.key for tag in tags or ())
        return self._create_run(experiment_id, start_time, _json_of_tags(tags), run_name)

    def _create_run(
        self, experiment_id: str, start_time: int | None, tags: list[dict[str, Any]] | None, run_name: str | None
    ) -> Run:
        found = self._call(
            "CreateRun",
            _run,
            experiment_id=str(experiment_id),
            start_time=start_time,
            tags=tags,
            run_name=run_name or None,
        )
        return self._with_place(require_body(found, "The new run"))

    def get_run(self, run_id: str) -> Run:
        """Read a run.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not see it.
        """
        return self._with_place(require_body(self._call("GetRun", _run, run_id=run_id), f"The run {run_id!r}"))

    def _with_place(self, run: Run) -> Run:
        """A run whose artifacts belong to this store."""
        remember_location(run.info.artifact_uri, self._uris[0])
        return run

    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        """Change status, end time (in milliseconds since 1970) and name of a run, those that are not None."""
        found = self._call(
            "UpdateRun",
            lambda json: entities.run_info(json["run_info"]),
            run_id=run_id,
            status=None if run_status is None else RunStatus.to_string(run_status),
            end_time=end_time,
            run_name=run_name or None,
        )
        return found or self.get_run(run_id).info

    def delete_run(self, run_id: str) -> None:
        """Delete a run, which can be restored."""
        self._do("DeleteRun", run_id=run_id)

    def restore_run(self, run_id: str) -> None:
        """Restore a deleted run."""
        self._do("RestoreRun", run_id=run_id)

    def _search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        page = self._page_of_runs(
            entities.run, experiment_ids, filter_string, run_view_type, max_results, order_by, page_token
        )
        return list(page), page.token

    def _page_of_runs(
        self,
        make: Callable[[Json], Any],
        experiment_ids: list[str],
        filter_string: str | None = None,
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = _PAGE_OF_RUNS,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Any]:
        return self._page(
            "SearchRuns",
            "runs",
            make,
            experiment_ids=[str(experiment_id) for experiment_id in experiment_ids],
            filter=filter_string or None,
            run_view_type=_view_type(run_view_type),
            max_results=max_results,
            order_by=list(order_by) if order_by else None,
            page_token=page_token or None,
        )

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Set a tag of a run."""
        run_tags.check([tag.key])
        self._do("SetTag", run_id=run_id, key=tag.key, value=str(tag.value))

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag of a run."""
        run_tags.check([key])
        self._do("DeleteTag", run_id=run_id, key=key)

    def log_param(self, run_id: str, param: Param) -> None:
        """Log a parameter."""
        self._do("LogParam", run_id=run_id, key=param.key, value=str(param.value))

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Log a metric; one that names a logged model is kept with that model, too."""
        if metric.model_id:
            self.log_batch(run_id, [metric], [], [])
        else:
            self._do("LogMetric", run_id=run_id, **entities.json_of_metric(metric))

    def log_batch(
        self, run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
    ) -> None:
        """Log metrics, parameters and tags: in one call, or in as many as MLflow's limits ask for.

        Args:
            run_id: The run.
            metrics: The metrics; those that name a logged model are kept with that model, too.
            params: The parameters.
            tags: The tags.
        """
        run_tags.check(tag.key for tag in tags)
        newest = [metric for metric in metrics if metric.model_id and self._newest.is_newest(metric)]
        of_models = _metrics_of_models(run_id, newest)
        own = of_models.pop(run_id, {})
        new = [metric for metric in metrics if not _is_recorded(metric, run_id)]
        for batch in _batches(
            [entities.json_of_metric(metric) for metric in new],
            [{"key": param.key, "value": str(param.value)} for param in params],
            [*(_json_of_tags(tags) or ()), *run_tags.as_json(own)],
        ):
            self._do("LogBatch", run_id=run_id, **batch)
        for other_run, kept in of_models.items():
            self._keep_with_models(other_run, kept)
        self._newest.note(newest)

    def log_batch_async(
        self, run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
    ) -> RunOperations:
        """Log a batch in the background; for a :py:func:`~mlflow_oci_aidp.user_principal`, at once.

        The queue is one thread's, whoever fills it: it would act for nobody.
        """
        if not is_principal_chosen():
            operations: RunOperations = super().log_batch_async(run_id, metrics, params, tags)
            return operations
        done: Future[None] = Future()
        self.log_batch(run_id, metrics, params, tags)
        done.set_result(None)
        return RunOperations([done])

    def log_inputs(
        self,
        run_id: str,
        datasets: list[DatasetInput] | None = None,
        models: list[LoggedModelInput] | None = None,
    ) -> None:
        """Log the datasets and the logged models that a run took in."""
        kept = run_tags.for_inputs(models or ())
        if datasets:
            found = [entities.json_of_dataset_input(dataset) for dataset in datasets]
            self._do("LogInputs", run_id=run_id, dataset_inputs=found)
        if kept:
            self._set_tags(run_id, kept)

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        """Log the logged models that a run made."""
        if "LogOutputs" in ROUTES:
            found = [{"model_id": model.model_id, "step": model.step} for model in models]
            self._do("LogOutputs", run_id=run_id, models=found)
        elif models:
            self._set_tags(run_id, run_tags.for_outputs(models))

    def record_logged_model(self, run_id: str, mlflow_model: Model) -> None:
        """Record the metadata of a model with the run that made it."""
        self._do("LogModel", run_id=run_id, model_json=json.dumps(mlflow_model.get_tags_dict()))

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Metric]:
        """The values of a metric.

        Args:
            run_id: The run.
            metric_key: The metric's name.
            max_results: The most of one page; all values, page by page, if None.
            page_token: The token of the page before.
        """

        def page(token: str | None) -> PagedList[Metric]:
            return self._page(
                "GetMetricHistory",
                "metrics",
                lambda json: entities.metric(json, run_id),
                run_id=run_id,
                metric_key=metric_key,
                max_results=max_results,
                page_token=token,
            )

        start = page_token or None
        return page(start) if max_results is not None else PagedList(_every(page, start), None)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """The artifacts of a run as the platform lists them, beside MLflow's stores.

        MLflow's own clients ask the artifact repository instead; this call needs no access to it.

        Args:
            run_id: The run.
            path: A folder of its artifacts; the topmost if None.
        """
        return _every(
            lambda token: self._page(
                "ListArtifacts", "files", entities.file_info, run_id=run_id, path=path or None, page_token=token
            )
        )

    def _search_datasets(self, experiment_ids: list[str]) -> list[DatasetSummary]:
        """The datasets that the newest runs of experiments took in: MLflow's server asks for them, for its page."""
        page = self._page_of_runs(entities.run, list(experiment_ids), run_view_type=ViewType.ALL)
        found = {
            (run.info.experiment_id, entry.dataset.name, entry.dataset.digest, _context(entry))
            for run in page
            for entry in run.inputs.dataset_inputs
        }
        return [dataset_summary(*summary) for summary in sorted(found, key=str)]

    # Logged models

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Create a logged model, on the run that makes it; without one, a run is made for it.

        Args:
            experiment_id: Its experiment.
            name: Its name; a random one if None.
            source_run_id: The run that makes it.
            tags: Its tags.
            params: Its parameters.
            model_type: Its type.
        """
        check_logged_model_name(name)
        name = name or random_name()
        if "CreateLoggedModel" in ROUTES:
            found = self._call(
                "CreateLoggedModel",
                _logged_model,
                experiment_id=str(experiment_id),
                name=name,
                source_run_id=source_run_id or None,
                tags=_json_of_tags(tags),
                params=_json_of_tags(params),
                model_type=model_type,
            )
            return require_body(found, f"The new logged model {name!r}")
        number = logged_models.new_number()
        # MLflow's server passes an empty id where there is none.
        info = self.get_run(source_run_id).info if source_run_id else None
        now = _now()
        kept = logged_models.tags_of_new(
            number,
            name=name,
            folder=logged_models.folder_for(name, number),
            model_type=model_type,
            tags=tags or (),
            params=params or (),
            now=now,
            owns_run=info is None,
        )
        if info is None:
            info = self._create_run(experiment_id, now, run_tags.as_json(kept), name).info
        else:
            self._set_tags(info.run_id, kept)
        return _found(logged_models.find(info, kept, number), ModelId(info.run_id, number)).model

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """Read a logged model.

        Args:
            model_id: Its id.
            allow_deleted: Not used: a logged model that was deleted here is gone.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not see it.
        """
        if "GetLoggedModel" in ROUTES:
            found = self._call("GetLoggedModel", _logged_model, model_id=model_id)
            return require_body(found, f"The logged model {model_id!r}")
        parsed = ModelId.parse(model_id)
        if parsed is None:
            return self._get_foreign_model(model_id)
        return self._kept(parsed)[1].model

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Set the status of a logged model whose artifacts have been uploaded, or not.

        A model that is ready is recorded with its run, by what its file ``MLmodel`` says.

        Args:
            model_id: Its id.
            status: Its status from now on.
        """
        if "FinalizeLoggedModel" in ROUTES:
            found = self._call(
                "FinalizeLoggedModel", _logged_model, model_id=model_id, status=f"LOGGED_MODEL_{status.value}"
            )
            return found or self.get_logged_model(model_id)
        info, kept = self._kept(_of_run(model_id))
        # Once: the platform adds to what a run has, and a model may be finalised by log_model and then by its user.
        is_recorded = kept.is_recorded or (status is LoggedModelStatus.READY and self._record(info.run_id, kept))
        now = _now()
        tags = logged_models.tags_of_status(_of_run(model_id).number, status, now, is_recorded=is_recorded)
        self._set_tags(info.run_id, tags)
        if kept.owns_run:
            ended = RunStatus.FINISHED if status is LoggedModelStatus.READY else RunStatus.FAILED
            self.update_run_info(info.run_id, ended, now, None)
        kept.model.status = status
        kept.model.last_updated_timestamp = now
        return kept.model

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        """Set tags of a logged model.

        MLflow sets one itself, after it registered the model: where that cannot be kept, as with a model of a deleted
        run, a warning is all, since the version is there.
        """
        if "SetLoggedModelTags" in ROUTES:
            self._do("SetLoggedModelTags", model_id=model_id, tags=_json_of_tags(tags))
            return
        try:
            info, _ = self._kept(_of_run(model_id))
            self._set_tags(info.run_id, logged_models.tags_of_tags(_of_run(model_id).number, tags))
        except MlflowException as problem:
            if {tag.key for tag in tags} != {MLFLOW_MODEL_VERSIONS} or problem.error_code not in _UNCHANGEABLE:
                raise
            _logger.warning("The logged model %s cannot be changed: it does not say that it is registered.", model_id)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if it has no such tag.
        """
        if "DeleteLoggedModelTag" in ROUTES:
            self._do("DeleteLoggedModelTag", model_id=model_id, tag_key=key)
            return
        info, kept = self._kept(_of_run(model_id))
        if key not in kept.model.tags:
            raise error(
                "RESOURCE_DOES_NOT_EXIST",
                f"The logged model {model_id!r} has no tag {key!r}.",
                "Read its tags with get_logged_model.",
            )
        self._do("DeleteTag", run_id=info.run_id, key=logged_models.tag_key(_of_run(model_id).number, key))

    def log_logged_model_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        """Add parameters to a logged model."""
        if "LogLoggedModelParamsRequest" in ROUTES:
            self._do("LogLoggedModelParamsRequest", model_id=model_id, params=_json_of_tags(params))
            return
        info, kept = self._kept(_of_run(model_id))
        known = kept.model.params
        for param in params:
            if known.get(param.key, str(param.value)) != str(param.value):
                raise invalid_parameter(
                    f"The logged model {model_id!r} has the parameter {param.key!r} with another value.",
                    "Choose another key: what was logged stays.",
                )
        new = [param for param in params if param.key not in known]
        self._set_tags(info.run_id, logged_models.tags_of_params(_of_run(model_id).number, new, _now()))

    def delete_logged_model(self, model_id: str) -> None:
        """Delete a logged model. Its artifacts stay, and so does its run, unless that was made for it alone."""
        if "DeleteLoggedModel" in ROUTES:
            self._do("DeleteLoggedModel", model_id=model_id)
            return
        info, kept, others = self._kept_beside_others(_of_run(model_id))
        # The head first: without it there is no model, should the rest be interrupted.
        for _, _, batch in _chunks([], [], [{"key": key} for key in sorted(kept.keys)]):
            self._do("UpdateRunTags", run_id=info.run_id, delete_tags=batch)
        if kept.owns_run and not others:
            self.delete_run(info.run_id)

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """Search for logged models: those that runs keep, and those that the platform itself lists.

        All of an experiment are read, and looked through on this side: the platform documents no search in what runs
        keep. Of its own, those with the run and the name of one that a run keeps are left out.

        Args:
            experiment_ids: Where to search.
            filter_string: MLflow's conditions, joined by ``AND``.
            datasets: The datasets that conditions on metrics are about.
            max_results: The most of one page; 100 if None.
            order_by: MLflow's clauses: ``field_name``, and ``ascending``, ``dataset_name`` and ``dataset_digest``.
            page_token: The token of the page before.
        """
        if max_results is not None and (not isinstance(max_results, int) or max_results < 1):
            raise invalid_parameter(f"max_results is {max_results!r}.", "It is a number from 1 on.")
        kept = [] if "CreateLoggedModel" in ROUTES else self._kept_in(experiment_ids)
        known = {(model.source_run_id, model.name) for model in kept}
        native = (model for model in self._listed_in(experiment_ids) if (model.source_run_id, model.name) not in known)
        found = search.ordered(search.matching([*kept, *native], filter_string, datasets), order_by)
        page, token = SearchUtils.paginate(found, page_token or None, max_results or _PAGE_OF_MODELS)
        return PagedList(page, token)

    # What `mlflow gc` asks for

    def _get_deleted_runs(self, older_than: int = 0) -> list[str]:
        """The ids of the deleted runs whose files nobody needs.

        Those that keep logged models are left out: a registered version loads the files from among those of the run,
        which ``mlflow gc`` deletes with it. On MLflow's own stores they lie elsewhere, and stay. MLflow itself adds the
        runs of experiments that are deleted, and those that it is told.

        Args:
            older_than: Milliseconds since they were deleted.

        Raises:
            MlflowException: ``NOT_IMPLEMENTED`` for an age: the platform does not say when a run was deleted.
        """
        if older_than:
            raise error(
                "NOT_IMPLEMENTED",
                "AI Data Platform does not say when a run was deleted.",
                "Leave out the age, or name the runs.",
            )
        experiments: list[Experiment] = _every(
            lambda token: self.search_experiments(ViewType.ALL, _PAGE_OF_RUNS, page_token=token)
        )
        ids = [experiment.experiment_id for experiment in experiments]
        if not ids:
            return []
        runs: list[tuple[RunInfo, list[Kept]]] = _every(
            lambda token: self._page_of_runs(
                lambda json: _kept_models({"run": json}), ids, None, ViewType.DELETED_ONLY, page_token=token
            )
        )
        needed = sum(bool(kept) for _, kept in runs)
        if needed:
            _logger.warning(
                "Deleted runs that keep logged models, whose files may be those of registered versions: %s. They are "
                "left, unless --run-ids names them or their experiment is deleted, too.",
                needed,
            )
        return [info.run_id for info, kept in runs if not kept]

    def _hard_delete_run(self, run_id: str) -> None:
        """Delete a run for good."""
        self._do("DeleteRun", run_id=run_id, is_permanent=True)

    def _hard_delete_experiment(self, experiment_id: str) -> None:
        """Delete an experiment for good."""
        self._do("DeleteExperiment", experiment_id=str(experiment_id), is_permanent=True)

    # Helpers

    def _page(self, call: str, items: str, make: Callable[[Json], T], **fields: Any) -> PagedList[T]:
        def page(json: Json) -> PagedList[T]:
            return PagedList([make(item) for item in json.get(items) or ()], json.get("next_page_token") or None)

        return self._call(call, page, **fields) or PagedList([], None)

    def _set_tags(self, run_id: str, tags: dict[str, str]) -> None:
        for _, _, batch in _chunks([], [], run_tags.as_json(tags)):
            self._do("UpdateRunTags", run_id=run_id, set_tags=batch)

    def _kept(self, model_id: ModelId) -> tuple[RunInfo, Kept]:
        """A run, and one of the logged models that it keeps."""
        info, kept, _ = self._kept_beside_others(model_id)
        return info, kept

    def _kept_beside_others(self, model_id: ModelId) -> tuple[RunInfo, Kept, list[Kept]]:
        """A run, one of the logged models that it keeps, and the others."""
        info, found = require_body(
            self._call("GetRun", _kept_models, run_id=model_id.run_id), f"The run {model_id.run_id!r}"
        )
        remember_location(info.artifact_uri, self._uris[0])
        kept = next((kept for kept in found if kept.model.model_id == str(model_id)), None)
        return info, _found(kept, model_id), [other for other in found if other is not kept]

    def _get_foreign_model(self, model_id: str) -> LoggedModel:
        """A logged model that was not made here: as the platform lists it."""
        found: Iterable[LoggedModel] = ()
        if isinstance(model_id, str) and "'" not in model_id:
            found = self._page(
                "SearchLoggedModels", "models", entities.logged_model, filter=f"model_id = '{model_id}'", max_results=1
            )
        return _found(next((model for model in found if model.model_id == model_id), None), model_id)

    def _kept_in(self, experiment_ids: list[str]) -> list[LoggedModel]:
        """All logged models that the runs of experiments keep."""

        def models(json: Json) -> list[LoggedModel]:
            return [kept.model for kept in _kept_models({"run": json})[1]]

        runs: list[list[LoggedModel]] = _every(
            lambda token: self._page_of_runs(models, experiment_ids, logged_models.SEARCH, page_token=token)
        )
        return [model for run in runs for model in run]

    def _listed_in(self, experiment_ids: list[str]) -> list[LoggedModel]:
        """All logged models that the platform lists by itself."""
        ids = [str(experiment_id) for experiment_id in experiment_ids]
        return _every(
            lambda token: self._page(
                "SearchLoggedModels", "models", entities.logged_model, experiment_ids=ids, page_token=token
            )
        )

    def _keep_with_models(self, run_id: str, tags: dict[str, str]) -> None:
        """Keep metrics with logged models of another run, which may be gone: the metrics themselves are logged."""
        try:
            self._set_tags(run_id, tags)
        except MlflowException as problem:
            if problem.error_code not in _GONE:
                raise
            _logger.warning("Metrics are not kept with a logged model: its run %s cannot be changed any more.", run_id)

    def _record(self, run_id: str, kept: Kept) -> bool:
        """Send what the file MLmodel says; as MLflow has it, a model is not lost for the want of that.

        Returns:
            Whether it was sent.
        """
        from mlflow.models import Model
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        try:
            repository = get_artifact_repository(kept.model.artifact_location)
            with tempfile.TemporaryDirectory() as folder:
                model = Model.load(repository.download_artifacts("MLmodel", folder))
            model.artifact_path, model.run_id = kept.folder, run_id
            self.record_logged_model(run_id, model)
            return True
        except Exception as problem:  # noqa: BLE001 - a file MLmodel can be broken in many ways
            # Without files, as of a model that is served elsewhere, there is nothing to record, and nothing to tell.
            code = getattr(problem, "error_code", type(problem).__name__)
            number = getattr(problem, "errno", None)
            of_local_files = type(problem) in (OSError, FileNotFoundError) and number in (None, errno.ENOENT)
            is_missing = code == "RESOURCE_DOES_NOT_EXIST" or of_local_files
            _logger.log(
                logging.DEBUG if is_missing else logging.WARNING,
                "The logged model %s is ready, but its run %s does not list it for other clients of the platform: "
                "its file MLmodel could not be read from here, or sent (%s).",
                kept.model.name,
                run_id,
                code,
            )
            return False


refuse_the_rest(AidpTrackingStore, AbstractStore, CAPABILITIES)


def _experiment(json: Json) -> Experiment:
    return entities.experiment(json["experiment"])


def _run(json: Json) -> Run:
    return entities.run(json["run"])


def _kept_models(json: Json) -> tuple[RunInfo, list[Kept]]:
    """Of an answer with a run: what it says about the run, and the logged models that it keeps."""
    info, tags = entities.info_and_tags(json)
    return info, logged_models.read(info, tags)


def _logged_model(json: Json) -> LoggedModel:
    return entities.logged_model(json["model"])


def _context(entry: DatasetInput) -> str | None:
    return next((tag.value for tag in entry.tags or () if tag.key == MLFLOW_DATASET_CONTEXT), None)


def _json_of_tags(tags: Iterable[Any] | None) -> list[dict[str, Any]] | None:
    return [{"key": tag.key, "value": str(tag.value)} for tag in tags or ()] or None


def _view_type(view_type: int) -> str:
    if view_type not in _VIEW_TYPES:
        raise invalid_parameter(f"{view_type!r} is no view type.", "Pass one of mlflow.entities.ViewType.")
    return str(ViewType.to_string(view_type)).upper()


_VIEW_TYPES = (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)


def _is_recorded(metric: Metric, run_id: str) -> bool:
    """Whether a metric was read from this very run, and is logged to be connected with a logged model."""
    known = metric.run_id
    return bool(metric.model_id) and isinstance(known, RecordedId) and known == run_id and known.names(metric)


def _metrics_of_models(run_id: str, metrics: Iterable[Metric]) -> dict[str, dict[str, str]]:
    """The tags that keep metrics with the logged models that they name, by run."""
    by_model: dict[ModelId, list[Metric]] = {}
    for metric in metrics:
        model_id = ModelId.parse(metric.model_id)
        if model_id is not None:
            by_model.setdefault(model_id, []).append(metric)
    found: dict[str, dict[str, str]] = {}
    for model_id, group in by_model.items():
        found.setdefault(model_id.run_id, {}).update(logged_models.tags_of_metrics(model_id.number, group, run_id))
    return found


def _of_run(model_id: str) -> ModelId:
    parsed = ModelId.parse(model_id)
    if parsed is None:
        raise error(
            "NOT_IMPLEMENTED",
            f"The logged model {model_id!r} is not kept on a run, and AI Data Platform has no call to change it.",
            "Change it where it was made.",
        )
    return parsed


def _found(kept: T | None, model_id: object) -> T:
    if kept is None:
        raise error(
            "RESOURCE_DOES_NOT_EXIST",
            f"There is no logged model {str(model_id)!r} in this workspace.",
            "Look for it with search_logged_models.",
        )
    return kept


def _every(page_of: Callable[[str | None], PagedList[T]], token: str | None = None) -> list[T]:
    """All that is on a page and on those after it."""
    found: list[T] = []
    while True:
        page = page_of(token)
        found += page
        token = page.token
        if not token:
            return found


def _chunks(
    metrics: Sequence[Json], params: Sequence[Json], tags: Sequence[Json]
) -> Iterator[tuple[Sequence[Json], Sequence[Json], Sequence[Json]]]:
    """Parts that MLflow's limits on one batch allow."""
    while metrics or params or tags:
        now_params, params = params[:MAX_PARAMS_TAGS_PER_BATCH], params[MAX_PARAMS_TAGS_PER_BATCH:]
        now_tags, tags = tags[:MAX_PARAMS_TAGS_PER_BATCH], tags[MAX_PARAMS_TAGS_PER_BATCH:]
        room = min(MAX_METRICS_PER_BATCH, MAX_ENTITIES_PER_BATCH - len(now_params) - len(now_tags))
        now_metrics, metrics = metrics[:room], metrics[room:]
        yield now_metrics, now_params, now_tags


def _batches(metrics: Sequence[Json], params: Sequence[Json], tags: Sequence[Json]) -> Iterator[dict[str, Any]]:
    for parts in _chunks(metrics, params, tags):
        yield {name: part for name, part in zip(("metrics", "params", "tags"), parts, strict=True) if part}


def _now() -> int:
    return int(time.time() * 1000)
