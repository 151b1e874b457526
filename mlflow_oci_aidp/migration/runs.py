"""Copies runs: all that belongs to one, and last the tag that says that it is whole."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import TypeVar

from mlflow.entities import (
    LifecycleStage,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunStatus,
    RunTag,
)
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME, MLFLOW_USER

from mlflow_oci_aidp.migration import metrics
from mlflow_oci_aidp.migration.files import FileCopier
from mlflow_oci_aidp.migration.ids import Ids
from mlflow_oci_aidp.migration.logged_models import LoggedModelCopier
from mlflow_oci_aidp.migration.options import COMPLETE, COMPLETE_TAG, SOURCE_TAG, Options
from mlflow_oci_aidp.migration.places import Existing, Place, Places
from mlflow_oci_aidp.migration.report import NotCopiedError, Report
from mlflow_oci_aidp.migration.sides import Side

T = TypeVar("T", Metric, Param, RunTag)

#: The most of one batch. [mlflow.utils.validation, 3.1 to 3.18]
_METRICS = 800  # beside the others, of 1,000 in all
_OTHERS = 100
#: Tags of this package's stores, which set them by themselves, and the tags of a copy.
_RESERVED = "mlflow_oci_aidp."
_OWN_TAGS = frozenset({SOURCE_TAG, COMPLETE_TAG})


class RunCopier:
    """Copies runs, each after its parent and after the runs of the logged models it took in.

    Args:
        source: Where runs are copied from.
        target: Where they go.
        options: What to copy.
        report: What was copied.
        ids: Old and new ids.
    """

    def __init__(
        self, source: Side, target: Side, options: Options, report: Report, ids: Ids
    ) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._report = report
        self._ids = ids
        self.places = Places(source, target, options, report, ids)
        self._files = FileCopier(source, target, ids.rewrite)
        self.models = LoggedModelCopier(
            source, target, options, report, ids, self.places, self._files, self.ensure_id
        )
        #: New ids of the runs that had their turn; None if one was not copied.
        self._settled: dict[str, str | None] = {}
        #: Runs whose parents are being copied.
        self._waiting: set[str] = set()

    def ensure_id(self, run_id: str) -> str | None:
        """Copy the run of an id; see :py:meth:`ensure`."""
        if run_id in self._settled:
            return self._settled[run_id]
        run = self._source.run(run_id)
        return self.ensure(run) if run is not None else None

    def ensure(self, run: Run) -> str | None:
        """Copy a run unless that was done, and finish one that was copied half.

        Returns:
            The new id; None if it could not be copied, which the report says.
        """
        run_id = run.info.run_id
        if run_id in self._settled:
            return self._settled[run_id]
        with self._report.attempt("runs", f"{run.info.run_name or 'run'} ({run_id})"):
            if _is_deleted(run) and not self._options.deleted_runs:
                self._settled[run_id] = None
                raise NotCopiedError("It was deleted: --deleted-runs copies it.")
            parent = self._copy_parent(run)
            # A parent that took in a logged model of this run has copied it meanwhile.
            if run_id not in self._settled:
                self._settled[run_id] = None
                self._settled[run_id] = self._ensure(run, parent)
        return self._settled.setdefault(run_id, None)

    def _ensure(self, run: Run, parent: str | None) -> str:
        run_id = run.info.run_id
        place = self.places.of(run.info.experiment_id)
        there = place.runs.get(run_id) or self._original(run)
        if there is not None and there.is_complete:
            self._leave(run, place, there, parent)
            return there.id
        if self._options.dry_run:
            self._ids.remember("run", run_id, run_id)
            self._copy_models(run, place, run_id)
            self._report.copied["runs"] += 1
            return run_id
        client = self._target.client
        copy = client.get_run(there.id) if there is not None else self._create(run, place)
        new_id = copy.info.run_id
        self._ids.remember("run", run_id, new_id)
        self._fill(run, place, copy, is_new=there is None)
        self._report.copied["runs"] += 1
        self._ids.add("run", run_id, new_id)
        return new_id

    def _copy_parent(self, run: Run) -> str | None:
        """Copy the parent of a run, and return its new id; None without one to copy.

        The parent need not be whole: it may be waiting for a logged model of this run.

        Raises:
            NotCopiedError: The parent should have been copied, and was not.
        """
        parent_id = run.data.tags.get(MLFLOW_PARENT_RUN_ID)
        if not parent_id or parent_id == run.info.run_id:
            return None
        if self._ids.get("run", parent_id) is None and parent_id not in self._waiting:
            parent = self._source.run(parent_id)
            if parent is None or (_is_deleted(parent) and not self._options.deleted_runs):
                self._report.note(
                    f"The run {run.info.run_id} names a parent that is not copied, {parent_id}."
                )
                return None
            self._waiting.add(run.info.run_id)
            self.ensure(parent)
        new_id = self._ids.get("run", parent_id)
        if new_id is None:
            raise NotCopiedError(f"Its parent, {parent_id}, was not copied.")
        return new_id

    def _original(self, run: Run) -> Existing | None:
        """Return the run that this one is a copy of, if that is in the target."""
        source_id = run.data.tags.get(SOURCE_TAG)
        original = self._target.run(source_id) if source_id else None
        return Existing(original.info.run_id, True) if original is not None else None

    def _leave(self, run: Run, place: Place, there: Existing, parent: str | None) -> None:
        """Leave a copy that is whole, but for what could not be done before."""
        run_id = run.info.run_id
        self._report.there["runs"] += 1
        self._ids.add("run", run_id, there.id)
        for model_id in self.models.of_run(run.info.experiment_id, run_id):
            model = place.models.get(model_id)
            if model is not None:
                self._report.there["logged models"] += 1
                self._ids.add("logged_model", model_id, model.id)
        if self._options.dry_run or there.is_deleted or run_id not in place.runs:
            return
        if parent and there.parent and there.parent != parent:
            self._target.client.set_tag(there.id, MLFLOW_PARENT_RUN_ID, parent)
        if _is_deleted(run):
            self._target.client.delete_run(there.id)

    def _create(self, run: Run, place: Place) -> Run:
        tags = {SOURCE_TAG: run.info.run_id}
        if MLFLOW_USER in run.data.tags:
            tags[MLFLOW_USER] = run.data.tags[MLFLOW_USER]
        return self._target.client.create_run(
            place.id,
            start_time=run.info.start_time,
            tags=tags,
            run_name=run.info.run_name or None,
        )

    def _fill(self, run: Run, place: Place, copy: Run, *, is_new: bool) -> None:
        client, new_id = self._target.client, copy.info.run_id
        models = self._copy_models(run, place, new_id)
        # A search does not say which logged models a run took in.
        run = self._source.client.get_run(run.info.run_id)
        taken_in = self._log_inputs(run, copy)
        of_models = metrics.links([*models, *taken_in], run.info.run_id)
        begun = None if is_new else copy
        points = metrics.missing(self._source.client, run, client, begun, of_models, self._ids)
        params = _batches((Param(*item) for item in run.data.params.items()), _OTHERS)
        tags = _batches(self._tags(run), _OTHERS)
        for batch in zip_longest(_batches(points, _METRICS), params, tags, fillvalue=()):
            client.log_batch(new_id, *batch)
        self._copy_files(run, copy)
        self._end(run, new_id)
        client.set_tag(new_id, COMPLETE_TAG, COMPLETE)
        if _is_deleted(run):
            client.delete_run(new_id)

    def _copy_models(self, run: Run, place: Place, new_id: str) -> list[LoggedModel]:
        models = []
        for model_id in self.models.of_run(run.info.experiment_id, run.info.run_id):
            model = self._source.logged_model(model_id)
            if model is not None:
                self.models.copy(model, place, new_id)
                models.append(model)
        return models

    def _log_inputs(self, run: Run, copy: Run) -> list[LoggedModel]:
        """Log datasets, and the logged models that a run took in or made.

        Returns:
            The logged models of other runs that the run took in.
        """
        client, new_id = self._target.client, copy.info.run_id
        there = copy.inputs.dataset_inputs if copy.inputs else []
        known = {(one.dataset.name, one.dataset.digest) for one in there}
        datasets = [
            one
            for one in (run.inputs.dataset_inputs if run.inputs else [])
            if (one.dataset.name, one.dataset.digest) not in known
        ]
        taken_in = [one.model_id for one in getattr(run.inputs, "model_inputs", None) or ()]
        inputs = [new for new in map(self._new_model, taken_in) if new]
        known_inputs = {one.model_id for one in getattr(copy.inputs, "model_inputs", None) or ()}
        models = [LoggedModelInput(new) for new in inputs if new not in known_inputs]
        if datasets or models:
            client.log_inputs(new_id, datasets=datasets, models=models or None)
        made = getattr(run.outputs, "model_outputs", None) or ()
        known_made = {one.model_id for one in getattr(copy.outputs, "model_outputs", None) or ()}
        outputs = [
            LoggedModelOutput(new, one.step)
            for one in made
            if (new := self._new_model(one.model_id)) and new not in known_made
        ]
        if outputs:
            client.log_outputs(new_id, outputs)
        own = self.models.of_run(run.info.experiment_id, run.info.run_id)
        others = (self._source.logged_model(one) for one in taken_in if one not in own)
        return [model for model in others if model is not None]

    def _new_model(self, model_id: str) -> str | None:
        known = self._ids.get("logged_model", model_id)
        return known or self.models.ensure(model_id)

    def _copy_files(self, run: Run, copy: Run) -> None:
        # The platform has the files of logged models among those of their run.
        root = run.info.artifact_uri.rstrip("/") + "/"
        locations = self.models.of_run(run.info.experiment_id, run.info.run_id).values()
        folders = {place[len(root) :] for place in locations if place.startswith(root)}
        self._report.copied["files"] += self._files.copy(
            run.info.artifact_uri,
            copy.info.artifact_uri,
            without=folders,
            moved={root.rstrip("/"): copy.info.artifact_uri},
        )

    def _tags(self, run: Run) -> Iterator[RunTag]:
        for key, value in run.data.tags.items():
            if key not in _OWN_TAGS and key != MLFLOW_RUN_NAME and not key.startswith(_RESERVED):
                yield RunTag(key, self._ids.rewrite(value))

    def _end(self, run: Run, new_id: str) -> None:
        status = run.info.status
        if status == RunStatus.to_string(RunStatus.SCHEDULED):
            self._target.client.update_run(new_id, status=status)
        elif status != RunStatus.to_string(RunStatus.RUNNING):
            # MLflow prints a link for each run.
            with contextlib.redirect_stdout(io.StringIO()):
                self._target.client.set_terminated(new_id, status, run.info.end_time)


def _is_deleted(run: Run) -> bool:
    return bool(run.info.lifecycle_stage != LifecycleStage.ACTIVE)


def _batches(items: Iterator[T], longest: int) -> Iterator[list[T]]:
    items = iter(items)
    while batch := list(islice(items, longest)):
        yield batch
