"""What to copy, and the tags that recognise what was copied."""

from __future__ import annotations

from dataclasses import dataclass

#: The tag of a copy that names its original. It is set when the copy is created, by that request.
SOURCE_TAG = "aidp.copied_from"
#: The tag of a copy that is whole. It is set last.
COMPLETE_TAG = "aidp.copied"
COMPLETE = "complete"


@dataclass(frozen=True)
class Options:
    """What to copy.

    Attributes:
        experiments: Names of experiments; none for all.
        models: Names of registered models; none for all, unless experiments are named.
        prompts: Whether prompts are copied, too.
        deleted_runs: Whether deleted runs are copied, and deleted in the target.
        model_prefix: ``<catalog>.<schema>``, put before names without dots.
        dry_run: Whether to change nothing.
    """

    experiments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    prompts: bool = False
    deleted_runs: bool = False
    model_prefix: str = ""
    dry_run: bool = False

    @property
    def wants_experiments(self) -> bool:
        """Whether experiments are copied for their own sake."""
        return bool(self.experiments) or not self.models

    @property
    def wants_models(self) -> bool:
        """Whether registered models are copied."""
        return bool(self.models) or not self.experiments
