"""The tracking store: MLflow calls it, and gets MLflow's entities back.

Every request goes through :py:class:`~mlflow_oci_aidp.stores.Platform`. Features that the platform
lacks are built from those that it has. The methods for experiments and for logged models are in
:py:mod:`~mlflow_oci_aidp.tracking.experiments` and
:py:mod:`mlflow_oci_aidp.tracking.logged_models.store`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import TYPE_CHECKING

from mlflow.entities import (
    DatasetInput,
    FileInfo,
    LoggedModelInput,
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
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from mlflow_oci_aidp.capabilities import refuse_the_rest
from mlflow_oci_aidp.client.routes import ROUTES, Route
from mlflow_oci_aidp.errors import PlatformError, end_with, error, invalid_parameter
from mlflow_oci_aidp.identity import is_caller_chosen
from mlflow_oci_aidp.mlflow_compat import dataset_summary, is_mlflow_server
from mlflow_oci_aidp.remembered import RememberedRuns
from mlflow_oci_aidp.session import Session, remember_location, remember_tracking
from mlflow_oci_aidp.stores import LONGEST_PAGE
from mlflow_oci_aidp.tracking import entities, run_search, runs
from mlflow_oci_aidp.tracking import tags as run_tags
from mlflow_oci_aidp.tracking.always_empty import answer_empty
from mlflow_oci_aidp.tracking.batches import split_batch, split_dataset_inputs, tags_as_json
from mlflow_oci_aidp.tracking.capabilities import CAPABILITIES
from mlflow_oci_aidp.tracking.entities import Json
from mlflow_oci_aidp.tracking.experiments import ExperimentStore
from mlflow_oci_aidp.tracking.logged_models import choose_logged_models
from mlflow_oci_aidp.tracking.logged_models.metrics import ModelMetrics, is_recorded
from mlflow_oci_aidp.tracking.logged_models.remembered_searches import RememberedSearches
from mlflow_oci_aidp.tracking.logged_models.store import LoggedModelStore
from mlflow_oci_aidp.tracking.logged_models.tags import run_with_models
from mlflow_oci_aidp.tracking.traces import note_evaluation, refuse_traces
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES, no_workspace

if TYPE_CHECKING:
    from mlflow.models import Model

    from mlflow_oci_aidp.mlflow_compat import DatasetSummary

_logger = logging.getLogger(__name__)

#: Datasets that MLflow's page gets for its experiments.
#: [MLflow: ``SqlAlchemyStore._search_datasets``]
_MOST_DATASETS = 1000

#: The most experiments that one request names.
_MOST_EXPERIMENTS = 1000


class AidpTrackingStore(ExperimentStore, LoggedModelStore, AbstractStore):
    """MLflow's experiments, runs and logged models in a workspace of Oracle AI Data Platform.

    MLflow makes it for tracking URIs that begin with ``aidp://``. Many threads may use it at the
    same time, and a forked child may go on using it.

    Args:
        store_uri: The tracking URI,
            ``aidp://<aiDataPlatformId>/<workspaceKey>[?setting=value&...]``. Without a workspace,
            MLflow's active one is used (MLflow 3.10 and newer).
        artifact_uri: Not used: the platform says where artifacts lie.
        routes: The calls that the platform has, by the names of MLflow's RPCs. A store that is
            unpickled has the usual ones.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong, and, if
            MLflow is older than 3.10, without a workspace. Every method raises ``MlflowException``
            for bad input, without a workspace, and if the platform cannot be reached, and
            :py:class:`mlflow.exceptions.RestException` if the platform refused the call.
    """

    def __init__(
        self,
        store_uri: str,
        artifact_uri: str | None = None,
        *,
        session: Session | None = None,
        routes: Mapping[str, Route] = ROUTES,
    ) -> None:
        super().__init__()
        self._open(store_uri, artifact_uri, session, routes)
        if not (HAS_WORKSPACES or self._settings.workspace):
            raise no_workspace(self._settings)
        self._remembered = RememberedRuns.of(self._session, self._settings.workspace)
        self._logged_models = choose_logged_models(
            self._platform, routes, self._remembered, self._note_run
        )
        self._model_metrics = ModelMetrics(self._metrics_of_model)
        self._searches = RememberedSearches()
        remember_tracking(self._session, store_uri)

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
        run = runs.create(
            self._platform, experiment_id, start_time, entities.json_of_tags(tags), run_name
        )
        self._note_run(run.info)
        return run

    def get_run(self, run_id: str) -> Run:
        """Read a run.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not
                see it.
        """
        try:
            run = runs.read(self._platform, run_id)
        except PlatformError as problem:
            if problem.error_code == "RESOURCE_DOES_NOT_EXIST" and is_mlflow_server():
                end_with(problem, f"Run with id={run_id} not found")
            raise
        self._note_run(run.info)
        return run

    def _note_run(self, info: RunInfo) -> None:
        """Remember what never changes of a run, and that its artifacts are this platform's."""
        self._remembered.note_run(info)
        remember_location(info.artifact_uri, self._session, self._uris[0])

    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        """Change a run's status, end time and name.

        Args:
            run_id: The run.
            run_status: One of MLflow's ``RunStatus``; unchanged if None.
            end_time: Milliseconds since 1970; unchanged if None.
            run_name: The name; unchanged if None or empty.
        """
        info = self._platform.call(
            "UpdateRun",
            lambda json: entities.run_info(json["run_info"]),
            run_id=run_id,
            status=None if run_status is None else RunStatus.to_string(run_status),
            end_time=end_time,
            run_name=run_name or None,
        )
        return info or self.get_run(run_id).info

    def delete_run(self, run_id: str) -> None:
        """Delete a run; it can be restored."""
        self._platform.call("DeleteRun", run_id=run_id)
        self._remembered.forget_run(run_id)

    def restore_run(self, run_id: str) -> None:
        """Restore a deleted run."""
        self._platform.call("RestoreRun", run_id=run_id)

    def _search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        page = run_search.search(
            self._platform,
            experiment_ids,
            filter_string,
            run_view_type,
            max_results,
            order_by,
            page_token,
        )
        return list(page), page.token

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Set a tag of a run."""
        run_tags.check([tag.key])
        note_evaluation(tag.key, tag.value)
        self._platform.call("SetTag", run_id=run_id, key=tag.key, value=str(tag.value))

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag of a run."""
        run_tags.check([key])
        self._platform.call("DeleteTag", run_id=run_id, key=key)

    def log_param(self, run_id: str, param: Param) -> None:
        """Log a parameter."""
        self._platform.call("LogParam", run_id=run_id, key=param.key, value=str(param.value))

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Log a metric; a metric that names a logged model is stored with that model, too."""
        if metric.model_id:
            self.log_batch(run_id, [metric], [], [])
        else:
            self._platform.call("LogMetric", run_id=run_id, **entities.json_of_metric(metric))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric],
        params: Sequence[Param],
        tags: Sequence[RunTag],
    ) -> None:
        """Log metrics, parameters and tags, in as few requests as MLflow's limits allow.

        Args:
            run_id: The run.
            metrics: The metrics; those that name a logged model are stored with that model, too.
            params: The parameters.
            tags: The tags.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is no such run, and
                ``INVALID_PARAMETER_VALUE`` if it is deleted; also if there is nothing to log.
            MlflowException: ``BAD_REQUEST`` for a metric that names a logged model that is not
                there; everything is logged with the run all the same, as in MLflow.
        """
        if not (metrics or params or tags):
            self._platform.call("LogBatch", run_id=run_id)  # The platform checks the run.
        run_tags.check(tag.key for tag in tags)
        new = [metric for metric in metrics if not is_recorded(metric, run_id)]
        with self._model_metrics.adding(run_id, metrics) as tags_of_models:
            own_tags = tags_of_models.pop(run_id, {})
            for batch in split_batch(
                [entities.json_of_metric(metric) for metric in new],
                [{"key": param.key, "value": str(param.value)} for param in params],
                [*(entities.json_of_tags(tags) or ()), *tags_as_json(own_tags)],
            ):
                self._platform.call("LogBatch", run_id=run_id, **batch)
            for other_run, other_tags in tags_of_models.items():
                self._store_with_models(other_run, other_tags)

    def _metrics_of_model(self, model_id: str) -> list[Metric] | None:
        """Read the metrics that are stored with a logged model, or None if there is no such."""
        try:
            return self._logged_models.get(model_id).metrics or []
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None

    def _store_with_models(self, run_id: str, tags: dict[str, str]) -> None:
        """Store metrics with logged models of another run.

        If that run was deleted this only warns: the metrics themselves are logged.
        """
        try:
            runs.set_tags(self._platform, run_id, tags)
        except MlflowException as problem:
            if problem.error_code not in runs.UNCHANGEABLE:
                raise
            _logger.warning(
                "Metrics are not kept with a logged model: its run %s cannot be changed any more.",
                run_id,
            )

    def log_batch_async(
        self,
        run_id: str,
        metrics: Sequence[Metric],
        params: Sequence[Param],
        tags: Sequence[RunTag],
    ) -> RunOperations:
        """Log a batch in the background, or at once within ``user_principal`` or ``signed_by``.

        MLflow's queue is worked off by a thread of its own, to which the chosen caller does not
        apply.
        """
        if not is_caller_chosen():
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
        """Log the datasets and the logged models that a run took in.

        Args:
            run_id: The run.
            datasets: The datasets, sent in several requests if they are long.
            models: The logged models.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a dataset that is longer than MLflow
                allows.
            RestException: As ``log_batch``, also if there is nothing to log.
        """
        tags = run_tags.for_inputs(models or ())
        dataset_inputs = [entities.json_of_dataset_input(dataset) for dataset in datasets or ()]
        for part in split_dataset_inputs(dataset_inputs):
            runs.log_datasets(self._platform, run_id, part)
        if tags:
            runs.set_tags(self._platform, run_id, tags)
        elif not dataset_inputs:
            self._platform.call("LogInputs", run_id=run_id)  # The platform checks the run.

    def record_logged_model(self, run_id: str, mlflow_model: Model) -> None:
        """Record the metadata of a model with the run that made it."""
        runs.record_model(self._platform, run_id, mlflow_model)

    def get_metric_history(
        self,
        run_id: str,
        metric_key: str,
        max_results: int | None = None,
        page_token: str | None = None,
    ) -> PagedList[Metric]:
        """Read the values of a metric.

        Args:
            run_id: The run.
            metric_key: The metric's name.
            max_results: The size of a page; None for all values, read page by page.
            page_token: The token of the page before.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a page without a size, as from MLflow's
                server: it would name itself as the next one.
        """
        if max_results is not None and max_results <= 0:
            raise invalid_parameter(
                f"A page of {max_results} values cannot be read.",
                "Pass a number above 0 as max_results, or None for all values.",
            )
        fields = {
            "run_id": run_id,
            "metric_key": metric_key,
            "max_results": max_results,
            "page_token": page_token or None,
        }

        def make(json: Json) -> Metric:
            return entities.metric(json, run_id)

        if max_results is not None:
            return self._platform.page("GetMetricHistory", "metrics", make, **fields)
        metrics = self._platform.items("GetMetricHistory", "metrics", make, **fields)
        return PagedList(list(metrics), None)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """List artifacts of a run as the platform does; MLflow's stores have no such method.

        MLflow's own clients ask the artifact repository instead. This call needs no access to it.

        Args:
            run_id: The run.
            path: A folder of its artifacts; the topmost if None.
        """
        files = self._platform.items(
            "ListArtifacts", "files", entities.file_info, run_id=run_id, path=path or None
        )
        return list(files)

    def _search_datasets(self, experiment_ids: list[str]) -> list[DatasetSummary]:
        """List the datasets that the runs of experiments took in, 1,000 at most, as MLflow does.

        MLflow's server asks for them, for its page. Runs are read until so many are found.
        """
        fields = runs.search_fields(experiment_ids, run_view_type=ViewType.ALL)
        summaries: set[tuple[str, str, str, str | None]] = set()
        for run in self._platform.items("SearchRuns", "runs", entities.run, **fields):
            for entry in run.inputs.dataset_inputs if run.inputs else ():
                dataset = entry.dataset
                summary = (run.info.experiment_id, dataset.name, dataset.digest, _context(entry))
                if len(summaries) < _MOST_DATASETS:
                    summaries.add(summary)
            if len(summaries) == _MOST_DATASETS:
                break
        return [dataset_summary(*summary) for summary in sorted(summaries, key=str)]

    # What `mlflow gc` asks for

    def _get_deleted_runs(self, older_than: int = 0) -> list[str]:
        """Return the ids of the deleted runs whose files nobody needs.

        ``mlflow gc`` deletes the files of a run with it. Runs that store logged models are left
        out, since registered versions load their files from there. On MLflow's own stores those
        files lie elsewhere, and stay. MLflow itself adds the runs of deleted experiments, and the
        runs that the user names.

        Args:
            older_than: Milliseconds since they were deleted.

        Raises:
            MlflowException: ``NOT_IMPLEMENTED`` for an age: the platform does not say when a run
                was deleted.
        """
        if older_than:
            raise error(
                "NOT_IMPLEMENTED",
                "AI Data Platform does not say when a run was deleted.",
                "Leave out the age, or name the runs.",
            )
        experiments = self._platform.items(
            "SearchExperiments",
            "experiments",
            entities.experiment,
            view_type=entities.json_of_view_type(ViewType.ALL),
            max_results=LONGEST_PAGE,
        )
        unneeded: list[str] = []
        needed = 0
        ids = (experiment.experiment_id for experiment in experiments)
        # Each page of runs names the experiments again.
        while some := list(islice(ids, _MOST_EXPERIMENTS)):
            fields = runs.search_fields(some, run_view_type=ViewType.DELETED_ONLY)
            for info, models in self._platform.items(
                "SearchRuns", "runs", run_with_models, **fields
            ):
                if models:
                    needed += 1
                else:
                    unneeded.append(info.run_id)
        if needed:
            _logger.warning(
                "Deleted runs that keep logged models, whose files may be those of registered "
                "versions: %s. They are left, unless --run-ids names them or their experiment is "
                "deleted, too.",
                needed,
            )
        return unneeded

    def _hard_delete_run(self, run_id: str) -> None:
        """Delete a run for good."""
        self._platform.call("DeleteRun", run_id=run_id, is_permanent=True)
        self._remembered.forget_run(run_id)


answer_empty(AidpTrackingStore)
refuse_the_rest(AidpTrackingStore, AbstractStore, CAPABILITIES)
refuse_traces(AidpTrackingStore)


def _context(entry: DatasetInput) -> str | None:
    tags = entry.tags or ()
    return next((tag.value for tag in tags if tag.key == MLFLOW_DATASET_CONTEXT), None)
