"""What to copy, and the tags that recognise what was copied."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow.entities import Experiment

#: The tag of a copy that names its original. It is set when the copy is created, by that request.
SOURCE_TAG = "mlflow-oci-aidp.copied_from"
#: The tag of a copy that is whole. It is set last.
COMPLETE_TAG = "mlflow-oci-aidp.copy_is_whole"
COMPLETE = "true"


@dataclass(frozen=True)
class Options:
    """What to copy.

    Attributes:
        experiments: Names or ids of experiments; none for all.
        models: Names of registered models; none for all, unless experiments are named.
        prompts: Whether prompts are copied, too.
        deleted_runs: Whether deleted runs are copied, and deleted in the target.
        name_prefix: ``<catalog>.<schema>``, put before names without dots.
        dry_run: Whether to change nothing.
    """

    experiments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    prompts: bool = False
    deleted_runs: bool = False
    name_prefix: str = ""
    dry_run: bool = False

    def names(self, experiment: Experiment) -> bool:
        """Return whether an experiment is to be copied, where some are named."""
        return experiment.name in self.experiments or experiment.experiment_id in self.experiments

    @property
    def wants_experiments(self) -> bool:
        """Whether experiments are copied for their own sake."""
        return bool(self.experiments) or not self.models

    @property
    def wants_models(self) -> bool:
        """Whether registered models are copied."""
        return bool(self.models) or not self.experiments
