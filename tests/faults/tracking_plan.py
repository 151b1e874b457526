"""Tracking's part of the fault suite: its operations, with the effect that each has."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    ExperimentTag,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS

from mlflow_oci_aidp.tracking.store import AidpTrackingStore as Store

from .plan import PlannedCall

#: Names cannot be used again, not even those of what was deleted.
_number = itertools.count()
_here: dict[str, str] = {}


def prepare(reader: Store, operation: str) -> None:
    """An experiment and a run, each with the tag `old`, and the operation's own entity.

    That is a deleted experiment or run, or a model.
    """
    name = f"experiment {next(_number)}"
    experiment = reader.create_experiment(name, tags=[ExperimentTag("old", "1")])
    run = reader.create_run(experiment, "", 0, [RunTag("old", "1")], "first").info.run_id
    _here.update(name=name, experiment=experiment, run=run)
    if operation == "restore_experiment":
        _here["gone"] = reader.create_experiment(f"{name} gone")
        reader.delete_experiment(_here["gone"])
    if operation == "restore_run":
        _here["deleted"] = reader.create_run(experiment, "", 0, [], "deleted").info.run_id
        reader.delete_run(_here["deleted"])
    if "logged_model" in operation and not operation.startswith("create"):
        tags = [LoggedModelTag("old", "1")]
        _here["model"] = reader.create_logged_model(experiment, "kept", run, tags).model_id


def _present(entity: Any) -> Any:
    if entity is None:
        raise MlflowException("It is not there.")
    return entity


def _run(store: Store) -> Any:
    return store.get_run(_here["run"])


def _experiment(store: Store, which: str = "experiment") -> Any:
    return store.get_experiment(_here[which])


def _runs(store: Store) -> int:
    return len(store.search_runs([_here["experiment"]], "", ViewType.ALL))


def _model(store: Store) -> Any:
    return store.get_logged_model(_here["model"])


def _dataset() -> DatasetInput:
    return DatasetInput(Dataset("iris", "d1", "local", "{}"), [])


#: Each begins with what :py:func:`prepare` makes.
PLAN: Mapping[str, PlannedCall] = {
    "create_experiment": PlannedCall(
        lambda store: store.create_experiment(f"{_here['name']} new"),
        lambda store: len(store.search_experiments(filter_string=f"name = '{_here['name']} new'")),
    ),
    "rename_experiment": PlannedCall(
        lambda store: store.rename_experiment(_here["experiment"], f"{_here['name']} renamed"),
        lambda store: int(_experiment(store).name.endswith("renamed")),
    ),
    "delete_experiment": PlannedCall(
        lambda store: store.delete_experiment(_here["experiment"]),
        lambda store: int(_experiment(store).lifecycle_stage == "deleted"),
    ),
    "restore_experiment": PlannedCall(
        lambda store: store.restore_experiment(_here["gone"]),
        lambda store: int(_experiment(store, "gone").lifecycle_stage == "active"),
    ),
    "set_experiment_tag": PlannedCall(
        lambda store: store.set_experiment_tag(_here["experiment"], ExperimentTag("new", "1")),
        lambda store: int(_experiment(store).tags.get("new") == "1"),
    ),
    "delete_experiment_tag": PlannedCall(
        lambda store: store.delete_experiment_tag(_here["experiment"], "old"),
        lambda store: int("old" not in _experiment(store).tags),
    ),
    "create_run": PlannedCall(
        lambda store: store.create_run(_here["experiment"], "", 0, [], "second"),
        lambda store: _runs(store) - 1,
    ),
    "update_run_info": PlannedCall(
        lambda store: store.update_run_info(_here["run"], RunStatus.FINISHED, 1, None),
        lambda store: int(_run(store).info.status == "FINISHED"),
    ),
    "delete_run": PlannedCall(
        lambda store: store.delete_run(_here["run"]),
        lambda store: int(_run(store).info.lifecycle_stage == "deleted"),
    ),
    "restore_run": PlannedCall(
        lambda store: store.restore_run(_here["deleted"]),
        lambda store: int(store.get_run(_here["deleted"]).info.lifecycle_stage == "active"),
    ),
    "set_tag": PlannedCall(
        lambda store: store.set_tag(_here["run"], RunTag("new", "1")),
        lambda store: int(_run(store).data.tags.get("new") == "1"),
    ),
    "delete_tag": PlannedCall(
        lambda store: store.delete_tag(_here["run"], "old"),
        lambda store: int("old" not in _run(store).data.tags),
    ),
    "log_param": PlannedCall(
        lambda store: store.log_param(_here["run"], Param("depth", "3")),
        lambda store: int(_run(store).data.params == {"depth": "3"}),
    ),
    "log_metric": PlannedCall(
        lambda store: store.log_metric(_here["run"], Metric("loss", 0.5, 1, 0)),
        lambda store: len(store.get_metric_history(_here["run"], "loss")),
    ),
    "log_batch": PlannedCall(
        lambda store: store.log_batch(
            _here["run"], [Metric("loss", 0.5, 1, 0)], [Param("depth", "3")], [RunTag("new", "1")]
        ),
        lambda store: len(store.get_metric_history(_here["run"], "loss")),
    ),
    "log_inputs": PlannedCall(
        lambda store: store.log_inputs(_here["run"], [_dataset()]),
        lambda store: len(_run(store).inputs.dataset_inputs),
    ),
    "record_logged_model": PlannedCall(
        lambda store: store.record_logged_model(
            _here["run"], Model(artifact_path="model", run_id=_here["run"])
        ),
        lambda store: len(json.loads(_run(store).data.tags.get(MLFLOW_LOGGED_MODELS, "[]"))),
    ),
    "log_outputs": PlannedCall(
        lambda store: store.log_outputs(_here["run"], [LoggedModelOutput("m-1", 0)]),
        lambda store: len(_run(store).outputs.model_outputs),
    ),
    "create_logged_model on a run of its own": PlannedCall(
        lambda store: store.create_logged_model(_here["experiment"], "new"),
        lambda store: len(store.search_logged_models([_here["experiment"]], "name = 'new'")),
    ),
    "create_logged_model": PlannedCall(
        lambda store: store.create_logged_model(_here["experiment"], "new", _here["run"]),
        lambda store: len(store.search_logged_models([_here["experiment"]], "name = 'new'")),
    ),
    "finalize_logged_model": PlannedCall(
        lambda store: store.finalize_logged_model(_here["model"], LoggedModelStatus.FAILED),
        lambda store: int(_model(store).status == LoggedModelStatus.FAILED),
    ),
    "set_logged_model_tags": PlannedCall(
        lambda store: store.set_logged_model_tags(_here["model"], [LoggedModelTag("new", "1")]),
        lambda store: int(_model(store).tags.get("new") == "1"),
    ),
    "delete_logged_model_tag": PlannedCall(
        lambda store: store.delete_logged_model_tag(_here["model"], "old"),
        lambda store: int("old" not in _model(store).tags),
    ),
    "log_logged_model_params": PlannedCall(
        lambda store: store.log_logged_model_params(
            _here["model"], [LoggedModelParameter("depth", "3")]
        ),
        lambda store: int(_model(store).params == {"depth": "3"}),
    ),
    "delete_logged_model": PlannedCall(
        lambda store: store.delete_logged_model(_here["model"]),
        lambda store: 1 - len(store.search_logged_models([_here["experiment"]])),
    ),
    "get_experiment": PlannedCall(_experiment),
    "get_experiment_by_name": PlannedCall(
        # None, for one that does not exist, counts as an error here.
        lambda store: _present(store.get_experiment_by_name(_here["name"]))
    ),
    "search_experiments": PlannedCall(lambda store: store.search_experiments(max_results=5)),
    "get_run": PlannedCall(_run),
    "search_runs": PlannedCall(
        lambda store: store.search_runs([_here["experiment"]], "", ViewType.ALL)
    ),
    "get_metric_history": PlannedCall(lambda store: store.get_metric_history(_here["run"], "loss")),
    "list_artifacts": PlannedCall(lambda store: store.list_artifacts(_here["run"])),
}
