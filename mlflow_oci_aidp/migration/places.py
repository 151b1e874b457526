"""The experiments of the target, and what was copied into them before."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlflow.entities import Experiment, LifecycleStage
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from mlflow_oci_aidp.migration.ids import Ids
from mlflow_oci_aidp.migration.options import COMPLETE, COMPLETE_TAG, SOURCE_TAG, Options
from mlflow_oci_aidp.migration.report import NotCopiedError, Report
from mlflow_oci_aidp.migration.sides import Side


@dataclass(frozen=True)
class Existing:
    """A copy that an earlier command made.

    Attributes:
        id: The id of the copy.
        is_complete: Whether it is whole.
        parent: The parent that its tag names, ``""`` for none.
        is_deleted: Whether it was deleted.
    """

    id: str
    is_complete: bool
    parent: str = ""
    is_deleted: bool = False


@dataclass
class Place:
    """An experiment of the target.

    Attributes:
        id: Its id; ``""`` if it would have to be created, and nothing may be changed.
        runs: The copies of runs, by the ids of their originals.
        models: The copies of logged models, by the ids of their originals.
    """

    id: str
    runs: dict[str, Existing] = field(default_factory=dict)
    models: dict[str, Existing] = field(default_factory=dict)


class Places:
    """Finds or creates the experiment of the target for one of the source: it has the same name.

    Args:
        source: Where experiments are copied from.
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
        self._places: dict[str, Place] = {}

    def of(self, experiment_id: str) -> Place:
        """Return the place of what is in an experiment of the source."""
        place = self._places.get(experiment_id)
        return place or self.of_experiment(self._source.client.get_experiment(experiment_id))

    def of_experiment(self, experiment: Experiment) -> Place:
        """Return the place of an experiment of the source.

        Raises:
            NotCopiedError: The target has an experiment of that name that was deleted.
        """
        place = self._places.get(experiment.experiment_id)
        if place is None:
            place = self._find(experiment)
            self._places[experiment.experiment_id] = place
        return place

    def _find(self, experiment: Experiment) -> Place:
        found = self._target.experiment(experiment.name)
        if found is None:
            self._report.copied["experiments"] += 1
            return Place(self._create(experiment))
        if found.lifecycle_stage != LifecycleStage.ACTIVE:
            raise NotCopiedError(
                f"An experiment named {experiment.name!r} was deleted in the target. Restore it, "
                "or rename one of the two."
            )
        self._report.there["experiments"] += 1
        self._ids.add("experiment", experiment.experiment_id, found.experiment_id)
        return self._read(found.experiment_id)

    def _create(self, experiment: Experiment) -> str:
        if self._options.dry_run:
            return ""
        original = f"{experiment.experiment_id}@{experiment.creation_time or 0}"
        tags = {key: value for key, value in experiment.tags.items() if key != SOURCE_TAG}
        created = self._target.client.create_experiment(
            experiment.name, tags={**tags, SOURCE_TAG: original}
        )
        self._ids.add("experiment", experiment.experiment_id, created)
        return created

    def _read(self, experiment_id: str) -> Place:
        place = Place(experiment_id)
        for run in self._target.runs(experiment_id, deleted=True):
            tags = run.data.tags
            if SOURCE_TAG in tags:
                place.runs[tags[SOURCE_TAG]] = Existing(
                    run.info.run_id,
                    tags.get(COMPLETE_TAG) == COMPLETE,
                    tags.get(MLFLOW_PARENT_RUN_ID, ""),
                    run.info.lifecycle_stage != LifecycleStage.ACTIVE,
                )
        for model in self._target.logged_models(experiment_id):
            if SOURCE_TAG in model.tags:
                place.models[model.tags[SOURCE_TAG]] = Existing(
                    model.model_id, model.tags.get(COMPLETE_TAG) == COMPLETE
                )
        return place
