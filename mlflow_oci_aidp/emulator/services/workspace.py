"""Carry out the operations of a workspace on MLflow's SQL store, without HTTP.

Each operation of the contract is a method of the same name. It takes the body or the query as a
checked dict and the caller's OCID, and returns a dict in the contract's shape, or raises
``Refusal``.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    InputTag,
    LifecycleStage,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils

from ..contract.refusal import Refusal, invalid, not_found
from ..server.messages import is_shallow, parse_json
from ..server.validation import check_model
from ..state.credentials import BUCKET, NAMESPACE
from ..state.databases import TrackingDatabase
from .database_service import DatabaseService
from .logged_models import LoggedModels
from .operators import OF_EXPERIMENTS, OF_RUNS, check_operators
from .paging import max_results, page, page_token, with_values
from .registry import RegistryService
from .tracking_json import experiment_json, metric_json, run_info_json, run_json

Json = dict[str, Any]

ListFiles = Callable[[str, str], list[tuple[str, bool, "int | None"]]]
"""Lists what lies directly below a path of an artifact location.

It takes the location and the path (empty: the location itself), and returns for each entry its
path from the location, whether it is a folder, and a file's size in bytes.
"""

MAX_EXPERIMENTS = MAX_RUNS = 50_000
"""MLflow's limit. For runs MLflow documents it as the least that every server supports."""
MAX_LOGGED_MODELS = 1000
MAX_METRICS = 50_000
DEFAULT_RUNS = DEFAULT_EXPERIMENTS = 1000
ARTIFACTS_IN_A_PAGE = 1000
"""MLflow's limits, or a round number where nothing is documented."""

_DEFAULT_EXPERIMENT = "0"
_NUMBER = re.compile(r"[0-9]{1,18}")
_LOGGED_MODELS_TAG = "mlflow.log-model.history"
_IN_EVERY_MODEL = ("run_id", "artifact_path", "utc_time_created", "flavors")

_VIEWS = {
    "ACTIVE_ONLY": ViewType.ACTIVE_ONLY,
    "DELETED_ONLY": ViewType.DELETED_ONLY,
    "ALL": ViewType.ALL,
}


class WorkspaceService(DatabaseService[TrackingDatabase]):
    """The tracking of one workspace. Safe for use by several threads."""

    def __init__(
        self, path: Path, key: str, registry: RegistryService, list_files: ListFiles
    ) -> None:
        """Open the workspace in the SQLite file ``path``, which is made if there is none."""
        super().__init__(TrackingDatabase.open(path, f"oci://{BUCKET}@{NAMESPACE}/{key}"))
        self._registry = registry
        self._list_files = list_files
        self._logged_models = LoggedModels(path.with_suffix(".logged-models.json"))

    def reset(self) -> None:
        """Remove everything that the workspace holds."""
        super().reset()
        self._logged_models.clear()

    # -- experiments

    def create_experiment(self, details: Json, user: str) -> Json:
        """Make an experiment."""
        tags = [ExperimentTag(*pair) for pair in _pairs(details.get("tags"))]
        with self._work():
            self._refuse_taken_name(details["name"])
            experiment_id = self._database.create_experiment(details["name"], tags=tags)
            if details.get("artifact_location"):
                self._database.set_artifact_location(experiment_id, details["artifact_location"])
        return {"experiment_id": experiment_id}

    def get_experiment_by_id(self, query: Json, user: str) -> Json:
        """Return an experiment, deleted or not."""
        with self._work():
            return {"experiment": experiment_json(self._experiment(query["experiment_id"]))}

    def get_experiment_by_name(self, query: Json, user: str) -> Json:
        """Return an experiment, deleted or not."""
        with self._work():
            experiment = self._database.get_experiment_by_name(query["experiment_name"])
        if experiment is None:
            raise not_found(f"There is no experiment named {query['experiment_name']!r}.")
        return {"experiment": experiment_json(experiment)}

    def list_experiments(self, details: Json, user: str) -> Json:
        """Return a page of experiments."""
        with self._work():
            check_operators(details.get("filter"), SearchExperimentsUtils, OF_EXPERIMENTS)
            matches = self._database.search_experiments(
                _view(details, "view_type"),
                max_results(details, MAX_EXPERIMENTS, DEFAULT_EXPERIMENTS),
                details.get("filter"),
                details.get("order_by"),
                page_token(details),
            )
        return page(
            "experiments", [experiment_json(experiment) for experiment in matches], matches.token
        )

    def update_experiment(self, details: Json, user: str) -> Json:
        """Give an experiment another name."""
        name = details.get("new_name")
        with self._work():
            experiment = self._experiment(details["experiment_id"])
            if name and name != experiment.name:
                self._refuse_taken_name(name)
                self._database.rename_experiment(experiment.experiment_id, name)
        return {}

    def delete_experiment(self, details: Json, user: str) -> Json:
        """Delete an experiment with its runs, for good or so that it can be restored."""
        with self._work():
            experiment = self._experiment(details["experiment_id"])
            permanent = details.get("is_permanent", False)
            if not (permanent and experiment.lifecycle_stage == LifecycleStage.DELETED):
                self._database.delete_experiment(experiment.experiment_id)
            if permanent:
                self._database.hard_delete_experiment(experiment.experiment_id)
        return {}

    def restore_experiment(self, details: Json, user: str) -> Json:
        """Restore a deleted experiment and its runs."""
        with self._work():
            self._database.restore_experiment(
                self._experiment(details["experiment_id"]).experiment_id
            )
        return {}

    def set_experiment_tag(self, details: Json, user: str) -> Json:
        """Set one tag."""
        return self.update_experiment_tags(
            {"experiment_id": details["experiment_id"], "set_tags": [details]}, user
        )

    def delete_experiment_tag(self, details: Json, user: str) -> Json:
        """Delete one tag."""
        return self.update_experiment_tags(
            {"experiment_id": details["experiment_id"], "delete_tags": [details]}, user
        )

    def update_experiment_tags(self, details: Json, user: str) -> Json:
        """Set and delete tags."""
        tags = [ExperimentTag(*pair) for pair in _pairs(details.get("set_tags"))]
        with self._work():
            experiment = self._experiment(details["experiment_id"])
            _refuse_deleted("experiment", experiment.lifecycle_stage)
            for tag in details.get("delete_tags", []):
                if not self._database.remove_experiment_tag(experiment.experiment_id, tag["key"]):
                    raise not_found(f"The experiment has no tag {tag['key']!r}.")
            for tag in tags:
                self._database.set_experiment_tag(experiment.experiment_id, tag)
        return {}

    # -- runs

    def create_experiment_run(self, details: Json, user: str) -> Json:
        """Make a run, in the default experiment unless another is named."""
        tags = [RunTag(*pair) for pair in _pairs(details.get("tags"))]
        with self._work():
            run = self._database.create_run(
                _experiment_id(details.get("experiment_id", _DEFAULT_EXPERIMENT)),
                user,
                details.get("start_time", int(time.time() * 1000)),
                tags,
                details.get("run_name"),
            )
        return {"run": run_json(run)}

    def get_experiment_run_by_id(self, query: Json, user: str) -> Json:
        """Return a run, deleted or not."""
        with self._work():
            return {"run": run_json(self._database.get_run(query["run_id"]))}

    def list_experiment_runs(self, details: Json, user: str) -> Json:
        """Return a page of runs."""
        with self._work():
            check_operators(details.get("filter"), SearchUtils, OF_RUNS)
            matches = self._database.search_runs(
                _experiment_ids(details),
                details.get("filter"),
                _view(details, "run_view_type"),
                max_results(details, MAX_RUNS, DEFAULT_RUNS),
                details.get("order_by"),
                page_token(details),
            )
        return page("runs", [run_json(run) for run in matches], matches.token)

    def update_experiment_run(self, details: Json, user: str) -> Json:
        """Change the fields that the request has."""
        status = RunStatus.from_string(details["status"]) if "status" in details else None
        with self._work():
            info = self._database.update_run_info(
                details["run_id"], status, details.get("end_time"), details.get("run_name")
            )
        return {"run_info": run_info_json(info)}

    def delete_experiment_run(self, details: Json, user: str) -> Json:
        """Delete a run, for good or so that it can be restored."""
        delete = (
            self._database.hard_delete_run
            if details.get("is_permanent")
            else self._database.delete_run
        )
        with self._work():
            delete(details["run_id"])
        return {}

    def restore_experiment_run(self, details: Json, user: str) -> Json:
        """Restore a deleted run."""
        with self._work():
            self._database.restore_run(details["run_id"])
        return {}

    def set_experiment_run_tag(self, details: Json, user: str) -> Json:
        """Set one tag."""
        return self.update_experiment_run_tags(
            {"run_id": details["run_id"], "set_tags": [details]}, user
        )

    def delete_experiment_run_tag(self, details: Json, user: str) -> Json:
        """Delete one tag."""
        return self.update_experiment_run_tags(
            {"run_id": details["run_id"], "delete_tags": [details]}, user
        )

    def update_experiment_run_tags(self, details: Json, user: str) -> Json:
        """Set and delete tags."""
        tags = [RunTag(*pair) for pair in _pairs(details.get("set_tags"))]
        with self._work():
            _refuse_deleted("run", self._stage_of_run(details["run_id"]))
            for tag in details.get("delete_tags", []):
                self._database.delete_tag(details["run_id"], tag["key"])
            for tag in tags:
                self._database.set_tag(details["run_id"], tag)
        return {}

    # -- what a run logs

    def log_experiment_run_param(self, details: Json, user: str) -> Json:
        """Log one parameter; it cannot be changed afterwards."""
        with self._work():
            self._database.log_param(details["run_id"], Param(details["key"], details["value"]))
        return {}

    def log_experiment_run_metric(self, details: Json, user: str) -> Json:
        """Log one value of a metric."""
        with self._work():
            self._database.log_metric(details["run_id"], _metric(details))
        return {}

    def log_experiment_run_batch(self, details: Json, user: str) -> Json:
        """Log metrics, params and tags in one request, within MLflow's limits."""
        metrics = [_metric(metric) for metric in details.get("metrics", [])]
        params = [
            Param(param.get("key"), param.get("value", "")) for param in details.get("params", [])
        ]
        tags = [RunTag(*pair) for pair in _pairs(details.get("tags"))]
        with self._work():
            self._database.log_batch(details["run_id"], metrics, params, tags)
        return {}

    def log_experiment_run_inputs(self, details: Json, user: str) -> Json:
        """Log the datasets that a run reads."""
        inputs = [
            _dataset_input(dataset_input) for dataset_input in details.get("dataset_inputs", [])
        ]
        with self._work():
            self._database.log_inputs(details["run_id"], inputs)
        return {}

    def log_experiment_run_model(self, details: Json, user: str) -> Json:
        """Record a model that the run logged in the run's tag, as MLflow does."""
        model = _model_of(details["model_json"])
        with self._work():
            run = self._database.get_run(details["run_id"])
            history = json.loads(run.data.tags.get(_LOGGED_MODELS_TAG, "[]"))
            self._database.set_tag(
                run.info.run_id, RunTag(_LOGGED_MODELS_TAG, json.dumps([*history, model]))
            )
        return {}

    def get_experiment_run_metric_history(self, query: Json, user: str) -> Json:
        """Return every value of a metric, or one page if the request asks for pages."""
        wanted = max_results(query, MAX_METRICS) if "max_results" in query else None
        with self._work():
            offset = SearchUtils.parse_start_offset_from_page_token(page_token(query))
            self._stage_of_run(query["run_id"])
            # One more than is wanted tells whether there is another page.
            limit = wanted + 1 if wanted is not None else None
            metrics = self._database.metric_history(
                query["run_id"], query["metric_key"], offset, limit
            )
        token = (
            SearchUtils.create_page_token(offset + wanted)
            if wanted is not None and len(metrics) > wanted
            else None
        )
        return page("metrics", [metric_json(metric) for metric in metrics[:wanted]], token)

    def list_artifacts(self, query: Json, user: str) -> Json:
        """Return a page of the files and folders of a run's artifacts."""
        path = query.get("path", "").strip("/")
        if ".." in path.split("/"):
            raise invalid("'path' must stay within the run's artifacts.")
        with self._work():
            root = self._database.get_run(query["run_id"]).info.artifact_uri
            offset = SearchUtils.parse_start_offset_from_page_token(page_token(query))
        entries = sorted(self._list_files(root, path), key=lambda entry: entry[0])
        files = [
            with_values(
                {"path": name, "is_dir": is_folder, "file_size": None if is_folder else size}
            )
            for name, is_folder, size in entries[offset : offset + ARTIFACTS_IN_A_PAGE]
        ]
        following = offset + ARTIFACTS_IN_A_PAGE
        token = SearchUtils.create_page_token(following) if following < len(entries) else None
        return {"root_uri": root, **page("files", files, token)}

    # -- logged models, and what a run makes of them

    def list_logged_models(self, details: Json, user: str) -> Json:
        """Return a page of logged models. Only ``seed_logged_model`` makes them."""
        with self._work():
            offset = SearchUtils.parse_start_offset_from_page_token(page_token(details))
        wanted = max_results(details, MAX_LOGGED_MODELS)
        models = self._logged_models.search(
            details.get("experiment_ids"), details.get("filter"), details.get("order_by", [])
        )
        following = offset + wanted
        token = SearchUtils.create_page_token(following) if following < len(models) else None
        return page("models", models[offset:following], token)

    def create_workspace_model_version(self, details: Json, user: str) -> Json:
        """Make a version of a registered model in the instance's registry."""
        return self._registry.create_model_version(details, user)

    # -- for tests: what the platform reports and no operation can set

    def seed_logged_model(self, *, data: Json | None = None, **info: Any) -> None:
        """Add or replace a logged model.

        ``info`` has fields of LoggedModelInfo, with ``model_id`` among them.
        """
        model = with_values({"info": info, "data": data})
        check_model(model, "LoggedModel")
        if not info.get("model_id"):
            raise invalid("A logged model needs a model_id.")
        self._logged_models.put(model)

    def seed_run_models(
        self, run_id: str, *, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ()
    ) -> None:
        """Make a run report models with these ids as its inputs and outputs.

        The step of outputs is 0.
        """
        with self._work():
            self._database.log_inputs(
                run_id, models=[LoggedModelInput(model_id) for model_id in inputs]
            )
            self._database.log_outputs(
                run_id, [LoggedModelOutput(model_id, 0) for model_id in outputs]
            )

    # -- helpers

    def _experiment(self, experiment_id: str) -> Experiment:
        return self._database.get_experiment(_experiment_id(experiment_id))

    def _refuse_taken_name(self, name: str) -> None:
        if self._database.get_experiment_by_name(name):
            raise Refusal(
                409,
                "NotAuthorizedOrResourceAlreadyExists",
                f"Experiment {name!r} exists, or is deleted.",
            )

    def _stage_of_run(self, run_id: str) -> str:
        stage = self._database.stage_of_run(run_id)
        if stage is None:
            raise not_found(f"There is no run {run_id!r}.")
        return stage


def _view(details: Json, name: str) -> int:
    view: int = _VIEWS[details.get(name, "ACTIVE_ONLY")]
    return view


def _refuse_deleted(kind: str, stage: str) -> None:
    if stage != LifecycleStage.ACTIVE:
        raise invalid(f"The {kind} is deleted.")


def _experiment_id(text: str) -> str:
    # To MLflow another text is a mistake, to a client of the service an experiment that is not
    # there.
    if not _NUMBER.fullmatch(text):
        raise not_found(f"There is no experiment {text!r}.")
    return text


def _experiment_ids(details: Json) -> list[str]:
    return [text for text in details.get("experiment_ids", []) if _NUMBER.fullmatch(text)]


def _pairs(tags: list[Json] | None) -> list[tuple[str, str]]:
    return [(tag.get("key", ""), tag.get("value", "")) for tag in tags or []]


def _metric(fields: Json) -> Metric:
    # MLflow's store refuses what is missing, with the message that clients know.
    key: Any = fields.get("key")
    value: Any = fields.get("value")
    timestamp: Any = fields.get("timestamp")
    number: Any = None if value is None else float(value)
    return Metric(key, number, timestamp, fields.get("step", 0))


def _dataset_input(fields: Json) -> DatasetInput:
    return DatasetInput(
        Dataset(**fields["dataset"]), [InputTag(**tag) for tag in fields.get("tags", [])]
    )


def _model_of(text: str) -> Json:
    """Return the fields of a model's description that MLflow's store keeps."""
    try:
        model = parse_json(text)
    except Refusal as refusal:
        raise invalid(f"'model_json': {refusal.message}") from None
    if not is_shallow(model):
        raise invalid("'model_json' is nested too deeply.")
    if (
        not isinstance(model, dict)
        or not isinstance(model.get("flavors"), dict)
        or set(_IN_EVERY_MODEL) - set(model)
    ):
        raise invalid(f"'model_json' must be a JSON object with {', '.join(_IN_EVERY_MODEL)}.")
    flavors = {
        name: {key: value for key, value in flavor.items() if key != "config"}
        if isinstance(flavor, dict)
        else flavor
        for name, flavor in model["flavors"].items()
    }
    kept = {key: model[key] for key in (*_IN_EVERY_MODEL, "model_uuid") if key in model}
    return {**kept, "flavors": flavors}
