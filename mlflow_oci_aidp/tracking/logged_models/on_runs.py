"""Logged models that are stored in tags of runs.

AI Data Platform can list logged models but not create them. The format of the tags is described in
:py:mod:`mlflow_oci_aidp.tracking.logged_models.tags`.
"""

from __future__ import annotations

import errno
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from mlflow.entities import (
    LifecycleStage,
    LoggedModel,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    RunInfo,
    RunStatus,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

from mlflow_oci_aidp.artifacts.locations import to_platform
from mlflow_oci_aidp.errors import error, invalid_parameter
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.model_sources import RunArtifacts
from mlflow_oci_aidp.names import MODEL_FILE
from mlflow_oci_aidp.remembered import RememberedRuns, RunPlace
from mlflow_oci_aidp.stores import Platform
from mlflow_oci_aidp.tracking import entities, runs
from mlflow_oci_aidp.tracking import tags as run_tags
from mlflow_oci_aidp.tracking.batches import tags_as_json
from mlflow_oci_aidp.tracking.entities import Json
from mlflow_oci_aidp.tracking.logged_models import tags as model_tags
from mlflow_oci_aidp.tracking.logged_models.interface import (
    IsWanted,
    LoggedModels,
    missing_model,
)
from mlflow_oci_aidp.tracking.logged_models.native import listed_models
from mlflow_oci_aidp.tracking.logged_models.side_by_side import side_by_side
from mlflow_oci_aidp.tracking.logged_models.tags import StoredLoggedModel
from mlflow_oci_aidp.visible import visible

_logger = logging.getLogger(__name__)

#: Error codes of a change to a logged model whose run was deleted, or that no run stores.
_UNCHANGEABLE = runs.UNCHANGEABLE - {"RESOURCE_DOES_NOT_EXIST"} | {"NOT_IMPLEMENTED"}


class LoggedModelsOnRuns(LoggedModels):
    """The logged models that are stored in tags of runs.

    Those that the platform lists by itself, because other clients made them, can be read, too.

    Args:
        platform: The platform.
        remembered: What never changes of runs and logged models.
        note_run: Called with each run that was read or made.
    """

    def __init__(
        self,
        platform: Platform,
        remembered: RememberedRuns,
        note_run: Callable[[RunInfo], None],
    ) -> None:
        self._platform = platform
        self._remembered = remembered
        self._note_run = note_run

    def create(
        self,
        experiment_id: str,
        name: str,
        source_run_id: str | None,
        tags: Sequence[LoggedModelTag],
        params: Sequence[LoggedModelParameter],
        model_type: str | None,
    ) -> LoggedModel:
        """Create a logged model on the run that makes it, or on a run that is made for it.

        It belongs to the experiment of that run, even if another experiment is named.
        """
        suffix = model_tags.new_suffix()
        # MLflow's server passes an empty id if no run makes the model.
        run = self._place_of(source_run_id) if source_run_id else None
        if run is not None and run.experiment_id != entities.json_of_id(experiment_id):
            self._check_experiment(experiment_id)
        now = _now()
        stored_tags = model_tags.tags_of_new(
            suffix,
            name=name,
            folder=model_tags.folder_for(name, suffix),
            model_type=model_type,
            tags=tags,
            params=params,
            now=now,
            owns_run=run is None,
        )
        if run is None:
            tags_of_run = tags_as_json(stored_tags)
            run = runs.create(self._platform, experiment_id, now, tags_of_run, name).info
            self._note_run(run)
        else:
            runs.set_tags(self._platform, run.run_id, stored_tags)
        stored = model_tags.find(run, stored_tags, suffix)
        if stored is None:
            raise missing_model(ModelId(run.run_id, suffix))
        self._remembered.note_model(stored.id, stored.folder)
        return stored.model

    def _check_experiment(self, experiment_id: str) -> None:
        """Refuse an experiment that is not there, as MLflow does.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``; ``INVALID_PARAMETER_VALUE`` if it was
                deleted.
        """
        experiment = self._platform.call(
            "GetExperiment",
            lambda json: entities.experiment(json["experiment"]),
            experiment_id=entities.json_of_id(experiment_id),
        )
        if experiment is not None and experiment.lifecycle_stage != LifecycleStage.ACTIVE:
            raise invalid_parameter(
                f"The experiment {experiment_id!r} was deleted.", "Restore it, or use another one."
            )

    def _place_of(self, run_id: str) -> RunPlace | RunInfo:
        """Return where a run belongs, from memory if it was read before."""
        place = self._remembered.run(run_id)
        if place is not None:
            return place
        info = runs.read(self._platform, run_id).info
        self._note_run(info)
        return info

    def get(self, model_id: str) -> LoggedModel:
        """Read a logged model."""
        parsed = ModelId.parse(model_id)
        return self._listed_model(model_id) if parsed is None else self._read(parsed)[1].model

    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Set the status of a logged model, and record a model that is ready with its run."""
        info, stored = self._read_to_change(model_id)
        is_recorded = stored.is_recorded
        if not is_recorded and status is LoggedModelStatus.READY:
            # Only once: the platform adds to what a run has, and log_model and then its user may
            # both finalise a model.
            is_recorded = self._record(info.run_id, stored)
        now = _now()
        tags = model_tags.tags_of_status(stored.id.suffix, status, now, is_recorded=is_recorded)
        runs.set_tags(self._platform, info.run_id, tags)
        if stored.owns_run:
            is_ready = status is LoggedModelStatus.READY
            self._platform.call(
                "UpdateRun",
                run_id=info.run_id,
                status=RunStatus.to_string(RunStatus.FINISHED if is_ready else RunStatus.FAILED),
                end_time=now,
            )
        stored.model.status = status
        stored.model.last_updated_timestamp = now
        return stored.model

    def set_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        """Set tags of a logged model.

        MLflow itself sets one after it has registered the model. If that tag cannot be stored, as
        on a deleted run, this only warns: the version is there.

        Raises:
            MlflowException: As the other changes do.
        """
        try:
            parsed = self._id_to_change(model_id)
            if self._remembered.folder(parsed) is None:
                self._read_to_change(model_id)
            stored_tags = model_tags.tags_of_tags(parsed.suffix, tags)
            try:
                runs.set_tags(self._platform, parsed.run_id, stored_tags)
            except MlflowException as problem:
                if problem.error_code in runs.UNCHANGEABLE:
                    self._read_to_change(model_id)  # It may say why.
                raise
        except MlflowException as problem:
            is_of_mlflow = {tag.key for tag in tags} == {MLFLOW_MODEL_VERSIONS}
            if not is_of_mlflow or problem.error_code not in _UNCHANGEABLE:
                raise
            _logger.warning(
                "The logged model %s cannot be changed: it does not say that it is registered.",
                model_id,
            )

    def delete_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if it has no such tag.
        """
        info, stored = self._read_to_change(model_id)
        if key not in stored.model.tags:
            raise error(
                "RESOURCE_DOES_NOT_EXIST",
                f"The logged model {model_id!r} has no tag {key!r}.",
                "Read its tags with get_logged_model.",
            )
        stored_key = model_tags.tag_key(stored.id.suffix, key)
        self._platform.call("DeleteTag", run_id=info.run_id, key=stored_key)

    def log_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        """Add parameters to a logged model.

        Raises:
            MlflowException: ``BAD_REQUEST`` for a parameter that the model has already.
        """
        info, stored = self._read_to_change(model_id)
        known = stored.model.params
        counts = Counter(param.key for param in params)
        repeated = [key for key, count in counts.items() if count > 1 or key in known]
        if repeated:
            raise error(
                "BAD_REQUEST",  # MLflow's own code for it
                f"The logged model {model_id!r} has the parameter {repeated[0]!r} already.",
                "Choose another key: what was logged stays.",
            )
        stored_tags = model_tags.tags_of_params(stored.id.suffix, params, _now())
        runs.set_tags(self._platform, info.run_id, stored_tags)

    def delete(self, model_id: str) -> None:
        """Delete a logged model, and its run if that was made for this model alone."""
        info, stored = self._read_to_change(model_id)
        # The head's key comes first: without it there is no model, should the rest not be deleted.
        runs.delete_tags(self._platform, info.run_id, sorted(stored.keys))
        self._remembered.forget_model(stored.id)
        if stored.owns_run and stored.is_alone:
            self._platform.call("DeleteRun", run_id=info.run_id)
            self._remembered.forget_run(info.run_id)

    def list_all(self, experiment_ids: Iterable[str], is_wanted: IsWanted) -> list[LoggedModel]:
        """Read all logged models of experiments, and keep those that are wanted.

        Those of deleted runs are among them, as in MLflow, and those that the platform lists. The
        platform also lists models that were recorded with a run. If a run stores a model of the
        same name, the one that the platform lists is left out.
        """
        ids = [str(experiment_id) for experiment_id in experiment_ids]

        def stored() -> tuple[list[LoggedModel], set[tuple[str | None, str]]]:
            pages = self._platform.items(
                "SearchRuns",
                "runs",
                _models_of_run,
                **runs.search_fields(ids, model_tags.SEARCH, ViewType.ALL),
            )
            wanted, known = [], set()
            for model in chain.from_iterable(pages):
                known.add((model.source_run_id, model.name))
                if is_wanted(model):
                    wanted.append(model)
            return wanted, known

        (models, known), listed = side_by_side(
            stored, lambda: filter(is_wanted, listed_models(self._platform, ids))
        )
        return models + [
            model for model in listed if (model.source_run_id, model.name) not in known
        ]

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Note the logged models that a run made."""
        if models:
            runs.set_tags(self._platform, run_id, run_tags.for_outputs(models))
        else:
            self._platform.call("LogBatch", run_id=run_id)  # The platform checks the run.

    def _read(self, model_id: ModelId) -> tuple[RunInfo, StoredLoggedModel]:
        """Read a logged model, and the run that stores it."""
        info, stored = self._platform.require(
            self._platform.call(
                "GetRun",
                partial(model_tags.run_with_model, suffix=model_id.suffix),
                run_id=model_id.run_id,
            ),
            f"The run {model_id.run_id!r}",
        )
        self._note_run(info)
        if stored is None or stored.id != model_id:
            raise missing_model(model_id)
        return info, stored

    def _id_to_change(self, model_id: str) -> ModelId:
        """Parse the id of a logged model that is to be changed.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a model that is not there, and
                ``NOT_IMPLEMENTED`` for one that the platform lists and no run stores.
        """
        parsed = ModelId.parse(model_id)
        if parsed is not None:
            return parsed
        self._listed_model(model_id)
        raise error(
            "NOT_IMPLEMENTED",
            f"The logged model {model_id!r} is not kept on a run, and AI Data Platform has no call "
            "to change it.",
            "Change it where it was made.",
        )

    def _read_to_change(self, model_id: str) -> tuple[RunInfo, StoredLoggedModel]:
        """Read a logged model as ``_read`` does, and refuse one that cannot be changed.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if its run is deleted, as MLflow has it for
                any change to such a run; otherwise as ``_id_to_change``.
        """
        info, stored = self._read(self._id_to_change(model_id))
        if info.lifecycle_stage == LifecycleStage.DELETED:
            raise invalid_parameter(
                f"The logged model {model_id!r} is kept on the run {info.run_id!r}, which is "
                "deleted, and cannot be changed.",
                "Restore the run with MlflowClient().restore_run; it can be deleted again "
                "afterwards.",
            )
        return info, stored

    def _listed_model(self, model_id: str) -> LoggedModel:
        """Read a logged model that another client made, as the platform lists it."""
        model = None
        if isinstance(model_id, str) and "'" not in model_id:
            pages = self._platform.pages(
                "SearchLoggedModels",
                "models",
                entities.logged_model,
                filter=f"model_id = '{model_id}'",
                max_results=1,
            )
            # The first page that is not empty: a server that ignores the filter is not read whole.
            listed: list[LoggedModel] = next((page for page in pages if page), [])
            model = next((model for model in listed if model.model_id == model_id), None)
        if model is None:
            raise missing_model(model_id)
        return model

    def _record(self, run_id: str, stored: StoredLoggedModel) -> bool:
        """Send what the file MLmodel says, so that other clients of the platform list the model.

        A problem is only logged, as in MLflow: the model is there without that.

        Returns:
            Whether it was sent.
        """
        from mlflow.models import Model
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        location = stored.model.artifact_location
        content = self._remembered.take_model_file(f"{to_platform(location)}/{MODEL_FILE}")
        try:
            with tempfile.TemporaryDirectory() as folder:
                if content is not None:
                    path = os.path.join(folder, MODEL_FILE)
                    Path(path).write_bytes(content)
                else:
                    repository = get_artifact_repository(location)
                    path = repository.download_artifacts(MODEL_FILE, folder)
                model = Model.load(path)
            model.artifact_path, model.run_id = stored.folder, run_id
            runs.record_model(self._platform, run_id, model)
            return True
        except Exception as problem:  # noqa: BLE001 - a file MLmodel can be broken in many ways
            # A model without files, such as one that is served elsewhere, has nothing to record:
            # that is no warning.
            code = getattr(problem, "error_code", type(problem).__name__)
            _logger.log(
                logging.DEBUG if _is_missing_file(problem) else logging.WARNING,
                "The logged model %s is ready, but its run %s does not list it for other clients "
                "of the platform: its file MLmodel could not be read from here, or sent (%s).",
                visible(stored.model.name),
                run_id,
                code,
            )
            return False


def read_run_artifacts(platform: Platform, run_id: str) -> RunArtifacts | None:
    """Read where the artifacts of a run and of its logged models lie.

    Returns:
        The artifacts, or None if the workspace has no such run.
    """
    try:
        return platform.call(
            "GetRun",
            lambda json: model_tags.run_artifacts(*entities.info_and_tags(json["run"])),
            run_id=run_id,
        )
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def _models_of_run(json: Json) -> list[LoggedModel]:
    _, models = model_tags.run_with_models(json)
    return [stored.model for stored in models]


def _is_missing_file(problem: Exception) -> bool:
    if getattr(problem, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
        return True
    # The repository of a local folder raises a plain OSError, with or without an errno.
    number = getattr(problem, "errno", None)
    return type(problem) in (OSError, FileNotFoundError) and number in (None, errno.ENOENT)


def _now() -> int:
    """Return the time in milliseconds since 1970."""
    return int(time.time() * 1000)
