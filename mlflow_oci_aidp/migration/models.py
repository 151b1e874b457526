"""Copy registered models with their versions, aliases and stages, and prompts on request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mlflow_oci_aidp.migration.ids import COPIED_FROM, IdMap, without_own
from mlflow_oci_aidp.migration.report import Report

_PAGE = 1000
_IS_PROMPT = "mlflow.prompt.is_prompt"
_RUN_SOURCE = re.compile(r"runs:/([^/]+)/(.+)")
_MODEL_SOURCE = re.compile(r"models:/(m-[^/@]+)(?:/(.*))?")
_COPY_SOURCE = re.compile(r"models:/([^/@]+)/(\d+)")
_REMOTE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://")
_NO_STAGE = (None, "", "None")


class ModelCopier:
    """Copies registered models.

    Args:
        source: The client of the source.
        target: The client of the target.
        ids: Old and new ids of runs and logged models.
        report: The books.
        new_name: Makes the name in the target.
        is_dry_run: Whether nothing is written.
    """

    def __init__(
        self,
        source: MlflowClient,
        target: MlflowClient,
        ids: IdMap,
        report: Report,
        new_name: Callable[[str], str],
        *,
        is_dry_run: bool = False,
    ) -> None:
        self._source = source
        self._target = target
        self._ids = ids
        self._report = report
        self._new_name = new_name
        self._is_dry_run = is_dry_run

    def models(self) -> Iterator[Any]:
        """Yield the registered models of the source, without prompts."""
        token = None
        while True:
            page = self._source.search_registered_models(max_results=_PAGE, page_token=token)
            yield from (model for model in page if _IS_PROMPT not in model.tags)
            token = page.token
            if not token:
                return

    def copy(self, name: str) -> None:
        """Copy a registered model and those of its versions that are not there."""
        model = self._source.get_registered_model(name)
        versions = sorted(self._versions(self._source, name), key=lambda row: int(row.version))
        new_name = self._new_name(name)
        there = self._present(new_name)
        is_new = there is None
        books = self._report.copied if is_new else self._report.present
        books["registered models"] += 1
        if is_new and not self._is_dry_run:
            self._target.create_registered_model(
                new_name, without_own(model.tags), model.description
            )
        copies = dict(there or {})
        for version in versions:
            origin = f"{name}/{version.version}"
            if origin in copies:
                self._report.present["model versions"] += 1
                self._ids.note("model version", origin, f"{new_name}/{copies[origin]}")
                continue
            number = self._copy_version(new_name, version, origin)
            if number is not None:
                copies[origin] = number
        if not self._is_dry_run:
            self._set_aliases(name, new_name, model.aliases, copies)

    def copy_prompts(self) -> None:
        """Copy every version of every prompt."""
        token = None
        while True:
            page = self._source.search_prompts(max_results=100, page_token=token)
            for prompt in page:
                self._copy_prompt(prompt.name)
            token = page.token
            if not token:
                return

    def _present(self, new_name: str) -> dict[str, str] | None:
        """Return the versions that are copies, by their originals; None without such a model."""
        try:
            self._target.get_registered_model(new_name)
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return {
            version.tags[COPIED_FROM]: str(version.version)
            for version in self._versions(self._target, new_name)
            if COPIED_FROM in version.tags
        }

    def _versions(self, client: MlflowClient, name: str) -> Iterator[Any]:
        token = None
        while True:
            page = client.search_model_versions(
                f"name='{name}'", max_results=_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _copy_version(self, new_name: str, version: Any, origin: str) -> str | None:
        try:
            source, run_id = self._new_source(version)
        except LookupError as problem:
            self._report.fail(f"model version {origin}", problem.args[0])
            return None
        self._report.copied["model versions"] += 1
        if self._is_dry_run:
            return None
        tags = {key: self._ids.rewritten(value) for key, value in without_own(version.tags).items()}
        made = self._target.create_model_version(
            new_name,
            source,
            run_id,
            {**tags, COPIED_FROM: origin},
            description=version.description,
        )
        self._ids.note("model version", origin, f"{new_name}/{made.version}")
        if version.current_stage not in _NO_STAGE:
            self._target.transition_model_version_stage(
                new_name, str(made.version), version.current_stage
            )
        return str(made.version)

    def _new_source(self, version: Any) -> tuple[str, str | None]:
        """Return where the files of a version are in the target, and its run there.

        Raises:
            LookupError: They are not there; the text says why.
        """
        source = str(version.source or "")
        run_id = self._ids.find("run", version.run_id)
        if match := _COPY_SOURCE.fullmatch(source):
            copy = self._ids.find("model version", f"{match[1]}/{match[2]}")
            if copy is None and not self._is_dry_run:
                raise LookupError(f"it is a copy of {match[1]}/{match[2]}, which was not copied")
            return f"models:/{copy}", run_id
        if match := _MODEL_SOURCE.fullmatch(source):
            model = self._ids.find("logged model", match[1])
            if model is None and not self._is_dry_run:
                raise LookupError(f"its logged model {match[1]} was not copied")
            return f"models:/{model}", run_id
        if match := _RUN_SOURCE.fullmatch(source):
            new = self._ids.find("run", match[1])
            if new is None and not self._is_dry_run:
                raise LookupError(f"its run {match[1]} was not copied")
            return f"runs:/{new}/{match[2]}", new
        if path := self._path_in_run(version, source):
            return self._in_run(version, run_id, path)
        if _REMOTE.match(source):
            return source, run_id
        raise LookupError(f"its source {source!r} is neither in a run nor a place elsewhere")

    def _in_run(self, version: Any, run_id: str | None, path: str) -> tuple[str, str | None]:
        if run_id is None and not self._is_dry_run:
            raise LookupError(f"its run {version.run_id} was not copied")
        return f"runs:/{run_id}/{path}", run_id

    def _path_in_run(self, version: Any, source: str) -> str:
        """Return the path of a source below the artifacts of its run; ``""`` if it is elsewhere."""
        if not version.run_id:
            return ""
        try:
            root = self._source.get_run(version.run_id).info.artifact_uri.rstrip("/") + "/"
        except MlflowException:
            return ""
        return source.removeprefix(root) if source.startswith(root) else ""

    def _set_aliases(
        self, name: str, new_name: str, aliases: dict[str, str], copies: dict[str, str]
    ) -> None:
        there = self._target.get_registered_model(new_name).aliases
        for alias, version in aliases.items():
            new = copies.get(f"{name}/{version}")
            if new is None:
                self._report.fail(
                    f"alias {alias} of {name}", f"its version {version} was not copied"
                )
            elif str(there.get(alias)) != new:
                self._target.set_registered_model_alias(new_name, alias, new)

    def _copy_prompt(self, name: str) -> None:
        new_name = self._new_name(name)
        number = 1
        while True:
            prompt = self._source.load_prompt(name, number, allow_missing=True)
            if prompt is None:
                return
            if self._target.load_prompt(new_name, number, allow_missing=True) is not None:
                self._report.present["prompt versions"] += 1
            else:
                self._report.copied["prompt versions"] += 1
                if not self._is_dry_run:
                    self._target.register_prompt(
                        new_name, prompt.template, prompt.commit_message, dict(prompt.tags)
                    )
            number += 1
