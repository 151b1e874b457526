"""Copy the runs of an experiment, with what was logged to them.

A run that was copied in part is finished, not doubled: its copy names the original from the first
moment, what is there already is left out, and the tag of a whole copy comes last.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from typing import Any

from mlflow.entities import (
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Run,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from mlflow_oci_aidp.migration.files import copy_model_files, copy_run_files
from mlflow_oci_aidp.migration.ids import COPIED_FROM, COPY_IS_WHOLE, IdMap, without_own
from mlflow_oci_aidp.migration.report import Report

#: MLflow's limits of one batch. [mlflow.utils.validation]
_METRICS, _PARAMS, _TAGS = 1000, 100, 100
_PAGE = 1000


class RunCopier:
    """Copies runs.

    Args:
        source: The client of the source.
        target: The client of the target.
        source_uri: The tracking URI of the source.
        ids: Old and new ids.
        report: The books.
        is_dry_run: Whether nothing is written.
    """

    def __init__(
        self,
        source: MlflowClient,
        target: MlflowClient,
        source_uri: str,
        ids: IdMap,
        report: Report,
        *,
        is_dry_run: bool = False,
    ) -> None:
        self._source = source
        self._target = target
        self._source_uri = source_uri
        self._ids = ids
        self._report = report
        self._is_dry_run = is_dry_run
        self._orphans: list[tuple[str, str, str]] = []

    def run_ids(self, experiment_id: str, *, with_deleted: bool) -> list[str]:
        """Return the ids of an experiment's runs in the source, the oldest first."""
        view = ViewType.ALL if with_deleted else ViewType.ACTIVE_ONLY
        runs = _runs(self._source, experiment_id, view)
        # Parents begin before their children.
        return [
            run_id
            for _, run_id in sorted((run.info.start_time or 0, run.info.run_id) for run in runs)
        ]

    def known(self, experiment_id: str) -> dict[str, tuple[str, bool]]:
        """Return the copies that an experiment of the target has.

        Returns:
            By the id in the source: the id of the copy, and whether it is whole.
        """
        return {
            origin: (run.info.run_id, COPY_IS_WHOLE in run.data.tags)
            for run in _runs(self._target, experiment_id, ViewType.ALL)
            if (origin := run.data.tags.get(COPIED_FROM))
        }

    def copy(self, run_id: str, experiment_id: str, known: tuple[str, bool] | None) -> None:
        """Copy one run.

        Args:
            run_id: The run of the source.
            experiment_id: The experiment of the target.
            known: The copy that is there, and whether it is whole; None if there is none.
        """
        if known is not None:
            self._ids.note("run", run_id, known[0])
            if known[1]:
                self._report.present["runs"] += 1
                self._note_models(known[0])
                return
        self._report.copied["runs"] += 1
        if self._is_dry_run:
            return
        run = self._source.get_run(run_id)
        copy = known[0] if known else self._create(run, experiment_id)
        self._ids.note("run", run_id, copy)
        present = self._target.get_run(copy)
        if present.info.lifecycle_stage == "deleted":
            self._target.restore_run(copy)
        models = self._copy_models(run, copy)
        self._log_params(run, present)
        self._log_metrics(run, copy)
        self._log_inputs(run, present, copy)
        self._log_outputs(run, copy, models)
        self._report.copied["files"] += copy_run_files(
            self._source, self._target, run_id, copy, self._ids
        )
        self._set_tags(run, copy)
        self._target.set_terminated(
            copy, RunStatus.to_string(RunStatus.from_string(run.info.status)), run.info.end_time
        )
        self._target.set_tag(copy, COPY_IS_WHOLE, "true")
        if run.info.lifecycle_stage == "deleted":
            self._target.delete_run(copy)

    def adopt_orphans(self) -> None:
        """Name the parents of runs that were copied before their parents."""
        for run_id, copy, parent in self._orphans:
            new = self._ids.find("run", parent)
            if new is None:
                self._report.fail(f"run {run_id}", f"its parent {parent} was not copied")
            else:
                self._target.set_tag(copy, MLFLOW_PARENT_RUN_ID, new)
        self._orphans.clear()

    def _create(self, run: Run, experiment_id: str) -> str:
        tags = {COPIED_FROM: run.info.run_id}
        made = self._target.create_run(experiment_id, run.info.start_time, tags, run.info.run_name)
        return str(made.info.run_id)

    def _log_params(self, run: Run, present: Run) -> None:
        missing = [
            Param(key, value)
            for key, value in run.data.params.items()
            if key not in present.data.params
        ]
        for batch in _batches(missing, _PARAMS):
            self._target.log_batch(present.info.run_id, params=batch)

    def _log_metrics(self, run: Run, copy: str) -> None:
        for key in run.data.metrics:
            metrics = self._source.get_metric_history(run.info.run_id, key)
            there = collections.Counter(map(_point, self._target.get_metric_history(copy, key)))
            missing = []
            for metric in metrics:
                point = _point(metric)
                if there[point]:
                    there[point] -= 1
                else:
                    missing.append(self._with_new_model(metric))
            for batch in _batches(missing, _METRICS):
                self._target.log_batch(copy, metrics=batch)

    def _with_new_model(self, metric: Metric) -> Metric:
        model_id = self._ids.find("logged model", getattr(metric, "model_id", None))
        if model_id is None:
            return Metric(metric.key, metric.value, metric.timestamp, metric.step)
        return Metric(metric.key, metric.value, metric.timestamp, metric.step, model_id=model_id)

    def _log_inputs(self, run: Run, present: Run, copy: str) -> None:
        there = {item.dataset.digest for item in _inputs_of(present).dataset_inputs}
        datasets = [
            item for item in _inputs_of(run).dataset_inputs if item.dataset.digest not in there
        ]
        models = [
            LoggedModelInput(new)
            for item in getattr(_inputs_of(run), "model_inputs", None) or ()
            if (new := self._ids.find("logged model", item.model_id))
        ]
        if datasets or models:
            self._target.log_inputs(copy, datasets or None, models or None)

    def _log_outputs(self, run: Run, copy: str, models: dict[str, str]) -> None:
        outputs = getattr(run.outputs, "model_outputs", None) if run.outputs else None
        new = [
            LoggedModelOutput(models[item.model_id], item.step)
            for item in outputs or ()
            if item.model_id in models
        ]
        if new:
            self._target.log_outputs(copy, new)

    def _set_tags(self, run: Run, copy: str) -> None:
        tags = {}
        for key, value in without_own(run.data.tags).items():
            if key == MLFLOW_PARENT_RUN_ID and self._ids.find("run", value) is None:
                self._orphans.append((run.info.run_id, copy, value))
                continue
            tags[key] = self._ids.rewritten(value)
        for batch in _batches([RunTag(*pair) for pair in tags.items()], _TAGS):
            self._target.log_batch(copy, tags=batch)

    # Logged models

    def _note_models(self, copy: str) -> None:
        for model in _models_of(self._target, self._target.get_run(copy)):
            origin = model.tags.get(COPIED_FROM)
            if origin:
                self._ids.note("logged model", origin, model.model_id)

    def _copy_models(self, run: Run, copy: str) -> dict[str, str]:
        """Copy the logged models that a run made; return old and new ids."""
        there = {
            model.tags.get(COPIED_FROM): model
            for model in _models_of(self._target, self._target.get_run(copy))
        }
        copied = {}
        for model in _models_of(self._source, run):
            present = there.get(model.model_id)
            if present is None:
                tags = without_own(model.tags)
                present = self._target.create_logged_model(
                    self._target.get_run(copy).info.experiment_id,
                    model.name,
                    source_run_id=copy,
                    tags={**tags, COPIED_FROM: model.model_id},
                    params=dict(model.params),
                    model_type=model.model_type,
                )
            new = str(present.model_id)
            self._ids.note("logged model", model.model_id, new)
            copied[model.model_id] = new
            if str(present.status) != str(model.status):
                self._report.copied["files"] += copy_model_files(
                    self._source_uri, model.artifact_location, self._target, new, self._ids
                )
                self._target.finalize_logged_model(new, LoggedModelStatus(str(model.status)))
                self._report.copied["logged models"] += 1
        return copied


def _runs(client: MlflowClient, experiment_id: str, view: int) -> Iterator[Run]:
    token = None
    while True:
        page = client.search_runs([experiment_id], "", view, _PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _models_of(client: MlflowClient, run: Run) -> Iterator[Any]:
    """Yield the logged models that a run made; none on a server that is too old to have any."""
    condition = f"source_run_id = '{run.info.run_id}'"
    token = None
    while True:
        try:
            page = client.search_logged_models(
                [run.info.experiment_id],
                filter_string=condition,
                max_results=50,
                page_token=token,
            )
        except MlflowException as problem:
            if problem.error_code in {"NOT_IMPLEMENTED", "ENDPOINT_NOT_FOUND"}:
                return
            raise
        yield from page
        token = page.token
        if not token:
            return


def _point(metric: Metric) -> tuple[str, int, int]:
    # As text: NaN is equal to nothing.
    return repr(float(metric.value)), metric.timestamp, metric.step


def _inputs_of(run: Run) -> Any:
    return run.inputs


def _batches(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for begin in range(0, len(items), size):
        yield list(items[begin : begin + size])
