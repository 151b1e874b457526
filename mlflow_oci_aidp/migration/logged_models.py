"""Copies logged models, with their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

from mlflow_oci_aidp.migration.files import FileCopier
from mlflow_oci_aidp.migration.ids import Ids
from mlflow_oci_aidp.migration.options import COMPLETE, COMPLETE_TAG, SOURCE_TAG, Options
from mlflow_oci_aidp.migration.places import Place, Places
from mlflow_oci_aidp.migration.report import NotCopiedError, Report
from mlflow_oci_aidp.migration.sides import Side

#: Tags that are not copied: the target sets MLflow's own when a version is created.
_LEFT_OUT = frozenset({MLFLOW_MODEL_VERSIONS, SOURCE_TAG, COMPLETE_TAG})
_ENDED = (LoggedModelStatus.READY, LoggedModelStatus.FAILED)


@dataclass
class _OfExperiment:
    """Ids and locations of the logged models of an experiment of the source, by their runs."""

    of_runs: dict[str, dict[str, str]] = field(default_factory=dict)
    without_run: list[str] = field(default_factory=list)


class LoggedModelCopier:
    """Copies logged models.

    Args:
        source: Where they are copied from.
        target: Where they go.
        options: What to copy.
        report: What was copied.
        ids: Old and new ids.
        places: The experiments of the target.
        files: Copies the files.
        ensure_run: Copies a run, with its logged models; returns its new id, or None.
    """

    def __init__(
        self,
        source: Side,
        target: Side,
        options: Options,
        report: Report,
        ids: Ids,
        places: Places,
        files: FileCopier,
        ensure_run: Callable[[str], str | None],
    ) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._report = report
        self._ids = ids
        self._places = places
        self._files = files
        self._ensure_run = ensure_run
        self._experiments: dict[str, _OfExperiment] = {}

    def of_run(self, experiment_id: str, run_id: str) -> dict[str, str]:
        """Return the locations of the logged models of a run of the source, by their ids."""
        return self._of_experiment(experiment_id).of_runs.get(run_id, {})

    def without_run(self, experiment_id: str) -> list[str]:
        """Return the ids of the logged models that no run made."""
        return self._of_experiment(experiment_id).without_run

    def _of_experiment(self, experiment_id: str) -> _OfExperiment:
        known = self._experiments.get(experiment_id)
        if known is None:
            known = self._experiments[experiment_id] = _OfExperiment()
            for model in self._source.logged_models(experiment_id):
                if model.source_run_id:
                    of_run = known.of_runs.setdefault(model.source_run_id, {})
                    of_run[model.model_id] = model.artifact_location
                else:
                    known.without_run.append(model.model_id)
        return known

    def ensure(self, model_id: str) -> str | None:
        """Copy a logged model, with the run that made it, unless that was done.

        Returns:
            The new id; None if it could not be copied, which the report says.
        """
        known = self._ids.get("logged_model", model_id)
        if known is not None:
            return known
        new = None
        with self._report.attempt("logged models", model_id):
            model = self._source.logged_model(model_id)
            if model is None:
                raise NotCopiedError("The source does not have it any more.")
            if model.source_run_id:
                if self._ensure_run(model.source_run_id) is None:
                    raise NotCopiedError("Its run was not copied.")
                new = self._ids.get("logged_model", model_id)
            else:
                new = self.copy(model, self._places.of(model.experiment_id), None)
        return new

    def copy(self, model: LoggedModel, place: Place, run_id: str | None) -> str:
        """Copy a logged model whose run is in the target; finish one that was copied half.

        Args:
            model: The logged model of the source.
            place: The experiment of the target.
            run_id: The new id of its run; None if no run made it.

        Returns:
            The new id.
        """
        there = place.models.get(model.model_id)
        if there is not None and there.is_complete:
            self._report.there["logged models"] += 1
            self._ids.add("logged_model", model.model_id, there.id)
            return there.id
        self._report.copied["logged models"] += 1
        if self._options.dry_run:
            self._ids.remember("logged_model", model.model_id, model.model_id)
            return model.model_id
        try:
            return self._copy(model, place, run_id, there.id if there else "")
        except BaseException:
            self._report.copied["logged models"] -= 1
            raise

    def _copy(self, model: LoggedModel, place: Place, run_id: str | None, begun: str) -> str:
        client = self._target.client
        new = client.get_logged_model(begun) if begun else self._create(model, place, run_id)
        self._ids.remember("logged_model", model.model_id, new.model_id)
        self._files.copy(
            model.artifact_location,
            new.artifact_location,
            moved={model.artifact_location: new.artifact_location},
        )
        if model.status in _ENDED:
            client.finalize_logged_model(new.model_id, model.status)
        client.set_logged_model_tags(new.model_id, {COMPLETE_TAG: COMPLETE})
        self._ids.add("logged_model", model.model_id, new.model_id)
        return new.model_id

    def _create(self, model: LoggedModel, place: Place, run_id: str | None) -> LoggedModel:
        tags = {
            key: self._ids.rewrite(value)
            for key, value in model.tags.items()
            if key not in _LEFT_OUT
        }
        return self._target.client.create_logged_model(
            place.id,
            name=model.name,
            source_run_id=run_id,
            tags={**tags, SOURCE_TAG: model.model_id},
            params=dict(model.params or {}),
            model_type=model.model_type,
        )
