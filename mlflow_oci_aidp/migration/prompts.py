"""Copies prompts, which MLflow keeps in the registry."""

from __future__ import annotations

from mlflow.entities.model_registry import ModelVersion, RegisteredModel

from mlflow_oci_aidp.migration.ids import Ids
from mlflow_oci_aidp.migration.names import Names
from mlflow_oci_aidp.migration.options import COMPLETE, COMPLETE_TAG, SOURCE_TAG, Options
from mlflow_oci_aidp.migration.registered_models import original, without_marks
from mlflow_oci_aidp.migration.report import NotCopiedError, Report
from mlflow_oci_aidp.migration.sides import Side

#: The beginnings of the tags that MLflow sets by itself when a prompt is registered.
_OF_MLFLOW = ("mlflow.prompt.", "_mlflow_prompt")


class PromptCopier:
    """Copies prompts with their versions and aliases.

    Args:
        source: Where they are copied from.
        target: Where they go.
        options: What to copy.
        report: What was copied.
        ids: Old and new ids.
        names: The names in the target.
    """

    def __init__(
        self,
        source: Side,
        target: Side,
        options: Options,
        report: Report,
        ids: Ids,
        names: Names,
    ) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._report = report
        self._ids = ids
        self._names = names

    def copy(self, prompt: RegisteredModel) -> None:
        """Copy the versions of a prompt; those that are there are left."""
        name = self._names.of(prompt.name)
        existing = self._target.prompt(name)
        versions = self._target.versions(name, prompts=True) if existing is not None else []
        there = {one.tags[SOURCE_TAG]: one for one in versions if SOURCE_TAG in one.tags}
        for version in self._source.versions(prompt.name, prompts=True):
            with self._report.attempt("prompt versions", f"{version.name}/{version.version}"):
                if existing is not None and not there:
                    raise NotCopiedError(f"The target has another prompt or model named {name!r}.")
                self._copy_version(version, name, there.get(original(version)))
        with self._report.attempt("prompt aliases", prompt.name):
            self._set_aliases(prompt, name)

    def _copy_version(self, version: ModelVersion, name: str, there: ModelVersion | None) -> None:
        pair = f"{version.name}/{version.version}"
        self._ids.remember("prompt_version", pair, pair)
        if there is not None:
            self._report.there["prompt versions"] += 1
            self._ids.add("prompt_version", pair, f"{name}/{there.version}")
            return
        self._report.copied["prompt versions"] += 1
        if self._options.dry_run:
            return
        try:
            prompt = self._source.client.get_prompt_version(version.name, version.version)
            if prompt is None:
                raise NotCopiedError("The source does not have it any more.")
            tags = without_marks(version.tags)
            tags = {key: value for key, value in tags.items() if not key.startswith(_OF_MLFLOW)}
            new = self._target.client.register_prompt(
                name,
                prompt.template,
                commit_message=prompt.commit_message,
                tags={**tags, SOURCE_TAG: original(version), COMPLETE_TAG: COMPLETE},
            )
        except BaseException:
            self._report.copied["prompt versions"] -= 1
            raise
        self._ids.add("prompt_version", pair, f"{name}/{new.version}")

    def _set_aliases(self, prompt: RegisteredModel, name: str) -> None:
        if self._options.dry_run:
            return
        target = self._target.prompt(name)
        there = target.aliases if target is not None else {}
        for alias, version in prompt.aliases.items():
            pair = self._ids.get("prompt_version", f"{prompt.name}/{version}")
            if pair is not None and alias not in there:
                number = int(pair.rpartition("/")[2])
                self._target.client.set_prompt_alias(name, alias, number)
