"""Copies registered models and their versions, with stages and aliases."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

from mlflow.entities import RunInfo
from mlflow.entities.model_registry import ModelVersion, RegisteredModel

from mlflow_oci_aidp.migration.ids import Ids
from mlflow_oci_aidp.migration.names import Names
from mlflow_oci_aidp.migration.options import COMPLETE, COMPLETE_TAG, SOURCE_TAG, Options
from mlflow_oci_aidp.migration.report import NotCopiedError, Report
from mlflow_oci_aidp.migration.runs import RunCopier
from mlflow_oci_aidp.migration.sides import Side

_LOGGED_MODEL = re.compile(r"models:/(?P<id>m-[^/@]+)")
_VERSION = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>[0-9]+)")
_IN_RUN = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")
#: Locations of this machine, which the platform and other machines cannot open.
_LOCAL = re.compile(r"(?:file:|/|\./|[A-Za-z]:[\\/])")


class RegisteredModelCopier:
    """Copies registered models, and the runs that their versions come from.

    Args:
        source: Where they are copied from.
        target: Where they go.
        options: What to copy.
        report: What was copied.
        ids: Old and new ids.
        runs: Copies runs and logged models.
        names: The names in the target.
    """

    def __init__(
        self,
        source: Side,
        target: Side,
        options: Options,
        report: Report,
        ids: Ids,
        runs: RunCopier,
        names: Names,
    ) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._report = report
        self._ids = ids
        self._runs = runs
        self._names = names
        self._last_run: RunInfo | None = None

    def copy(self, model: RegisteredModel) -> None:
        """Copy a registered model and its versions; what is there is left."""
        name = self._names.of(model.name)
        there: dict[str, ModelVersion] = {}
        is_open = False
        with self._report.attempt("registered models", model.name):
            existing = self._target.registered_model(name)
            self._create(model, name, existing)
            if existing is not None:
                versions = self._target.versions(name)
                there = {one.tags[SOURCE_TAG]: one for one in versions if SOURCE_TAG in one.tags}
            is_open = True
        if not is_open:
            return
        for version in self._source.versions(model.name):
            with self._report.attempt("model versions", f"{version.name}/{version.version}"):
                self._copy_version(version, name, there.get(original(version)))
        with self._report.attempt("aliases", model.name):
            self._set_aliases(model.name, name)

    def _create(self, model: RegisteredModel, name: str, existing: RegisteredModel | None) -> None:
        mark = f"{model.name}@{model.creation_timestamp}"
        if existing is not None:
            if existing.tags.get(SOURCE_TAG) != mark:
                raise NotCopiedError(
                    f"The target has another registered model named {name!r}. Rename one of them, "
                    "or copy with another --name-prefix."
                )
            self._report.there["registered models"] += 1
            return
        self._report.copied["registered models"] += 1
        if not self._options.dry_run:
            tags = {**without_marks(model.tags), SOURCE_TAG: mark}
            self._target.client.create_registered_model(name, tags, model.description or None)
            self._ids.add("registered_model", model.name, name)

    def _copy_version(self, version: ModelVersion, name: str, there: ModelVersion | None) -> None:
        pair = f"{version.name}/{version.version}"
        if there is not None and there.tags.get(COMPLETE_TAG) == COMPLETE:
            self._report.there["model versions"] += 1
            self._ids.add("model_version", pair, f"{name}/{there.version}")
            return
        source, run_id, model_id = self._rewritten(version)
        if self._options.dry_run:
            self._report.copied["model versions"] += 1
            return
        client = self._target.client
        new = there or client.create_model_version(
            name,
            source,
            run_id=run_id,
            tags={**without_marks(version.tags), SOURCE_TAG: original(version)},
            run_link=version.run_link or None,
            description=version.description or None,
            model_id=model_id,
        )
        number = str(new.version)
        if version.current_stage not in (None, "None"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated
                client.transition_model_version_stage(name, number, version.current_stage)
        client.set_model_version_tag(name, number, COMPLETE_TAG, COMPLETE)
        self._report.copied["model versions"] += 1
        self._ids.add("model_version", pair, f"{name}/{number}")
        if number != str(version.version):
            self._report.note(f"Version {version.version} of {version.name} became {number}.")

    def _rewritten(self, version: ModelVersion) -> tuple[str, str | None, str | None]:
        """Return source, run and logged model of a version as they are in the target.

        Raises:
            NotCopiedError: What it comes from is not in the target.
        """
        run_id = self._new_run(version.run_id) if version.run_id else None
        model_id = self._logged_model_of(version)
        if model_id:
            new = self._runs.models.ensure(model_id)
            if new is None:
                raise NotCopiedError(f"Its logged model, {model_id}, was not copied.")
            return f"models:/{new}", run_id, new
        in_run = _IN_RUN.fullmatch(version.source or "")
        if in_run is not None:
            new_run = self._new_run(in_run["run"])
            return f"runs:/{new_run}/{in_run['path']}", run_id or new_run, None
        path = self._path_in_run(version)
        if run_id and path:
            return f"runs:/{run_id}/{path}", run_id, None
        other = _VERSION.fullmatch(version.source or "")
        if other is not None:
            pair = self._ids.get("model_version", f"{other['name']}/{other['version']}")
            if pair is None and not self._options.dry_run:
                raise NotCopiedError(f"Its source, {version.source}, was not copied before it.")
            return f"models:/{pair}", run_id, None
        if self._target.is_platform and _LOCAL.match(version.source or ""):
            raise NotCopiedError("Its files are on a disk of the source, and belong to no run.")
        return version.source or "", run_id, None

    def _new_run(self, run_id: str) -> str:
        new = self._runs.ensure_id(run_id)
        if new is None:
            raise NotCopiedError(f"Its run, {run_id}, was not copied.")
        return new

    def _logged_model_of(self, version: ModelVersion) -> str | None:
        """Return the id of the logged model that a version was registered from, or None."""
        match = _LOGGED_MODEL.fullmatch(version.source or "")
        if match is not None:
            return match["id"]
        if not version.run_id:
            return getattr(version, "model_id", None) or None
        info = self._info_of_run(version.run_id)
        location = version.source or ""
        in_run = _IN_RUN.fullmatch(location)
        if in_run is not None and in_run["run"] == version.run_id:
            location = f"{info.artifact_uri.rstrip('/')}/{in_run['path']}"
        of_run = self._runs.models.of_run(info.experiment_id, version.run_id)
        for model_id, place in of_run.items():
            if place.rstrip("/") == location.rstrip("/"):
                return model_id
        return None

    def _path_in_run(self, version: ModelVersion) -> str:
        """Return where in its run a version is, if its source is a location."""
        if not version.run_id:
            return ""
        root = self._info_of_run(version.run_id).artifact_uri.rstrip("/") + "/"
        source = version.source or ""
        return source[len(root) :] if source.startswith(root) else ""

    def _info_of_run(self, run_id: str) -> RunInfo:
        """Return experiment and artifacts of a run of the source; the last one is remembered."""
        info = self._last_run
        if info is None or info.run_id != run_id:
            info = self._last_run = self._source.client.get_run(run_id).info
        return info

    def _set_aliases(self, source_name: str, name: str) -> None:
        wanted: Mapping[str, str] = self._source.client.get_registered_model(source_name).aliases
        target = self._target.registered_model(name)
        there: Mapping[str, str] = target.aliases if target is not None else {}
        for alias, version in wanted.items():
            pair = self._ids.get("model_version", f"{source_name}/{version}")
            if self._options.dry_run:
                self._report.copied["aliases"] += alias not in there
                continue
            if pair is None:
                self._report.not_copied["aliases"] += 1
                self._report.note(f"The alias {alias} of {source_name} has no version there.")
                continue
            number = pair.rpartition("/")[2]
            if alias not in there:
                self._target.client.set_registered_model_alias(name, alias, number)
                self._report.copied["aliases"] += 1
                continue
            self._report.there["aliases"] += 1
            if str(there[alias]) != number:
                self._report.note(f"The alias {alias} of {name} was left at {there[alias]}.")


def original(version: ModelVersion) -> str:
    """Return what the tag of a copied version names."""
    return f"{version.name}/{version.version}@{version.creation_timestamp}"


def without_marks(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags without those of a copy."""
    return {key: value for key, value in tags.items() if key not in (SOURCE_TAG, COMPLETE_TAG)}
