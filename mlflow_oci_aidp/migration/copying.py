"""Copy everything from one server to another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.entities import Experiment
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import local_file_uri_to_path

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.migration.ids import Ids
from mlflow_oci_aidp.migration.names import Names
from mlflow_oci_aidp.migration.options import Options
from mlflow_oci_aidp.migration.prompts import PromptCopier
from mlflow_oci_aidp.migration.registered_models import RegisteredModelCopier
from mlflow_oci_aidp.migration.report import Report, StoppedError, sentence
from mlflow_oci_aidp.migration.runs import RunCopier
from mlflow_oci_aidp.migration.sides import Side, in_use

_SQLITE = "sqlite:///"


def copy(
    source_uri: str,
    target_uri: str,
    options: Options,
    map_file: Path | None = None,
    show: Callable[[str], None] = lambda text: None,
) -> Report:
    """Copy what the options name. What is in the target already is left; nothing is deleted.

    Args:
        source_uri: The tracking URI to copy from. It serves the registry, too.
        target_uri: The tracking URI to copy to.
        options: What to copy.
        map_file: The file of old and new ids; None for none.
        show: Shows what is being done.

    Returns:
        What was copied and what was not. Errors of single runs or models are in it.

    Raises:
        MlflowException: Refused before anything was copied: a URI that names nothing, a name that
            the source does not have or the target cannot have, or a file that cannot be written.
    """
    _check(source_uri, target_uri)
    show("Reading the names of what is to be copied")
    with _readable("target"):
        target = Side(target_uri)
        names = Names(target, options.name_prefix)
        target.client.search_experiments(max_results=1)
    with _readable("source"):
        source = Side(source_uri)
        _check_names(source, options, names)
    report = Report(show)
    ids = Ids(None if options.dry_run else map_file)
    try:
        # MLflow's SQL registry looks in MLflow's own tracking URI for the sources models:/m-...
        # [mlflow.store.model_registry.sqlalchemy_store, 3.1 to 3.18]
        with in_use(target_uri):
            _copy_all(source, target, options, report, ids, names)
    except StoppedError as reason:
        report.stopped = str(reason)
    finally:
        ids.close()
    return report


@contextmanager
def _readable(side: str) -> Iterator[None]:
    """Turn what a store raises when it is opened into MLflow's exception."""
    try:
        yield
    except MlflowException:
        raise
    except Exception as problem:  # noqa: BLE001 - any store that MLflow knows, plugins too
        cause = f"The {side} cannot be read: {sentence(problem).rstrip('.')}."
    else:
        return
    # Outside, so that the exception of the database is not in its chain.
    raise invalid_parameter(cause, "Correct its URI. Nothing was copied.")


def _copy_all(
    source: Side, target: Side, options: Options, report: Report, ids: Ids, names: Names
) -> None:
    runs = RunCopier(source, target, options, report, ids)
    for experiment in _experiments(source, options):
        is_open = False
        with report.attempt("experiments", experiment.name):
            runs.places.of_experiment(experiment)
            is_open = True
        if is_open:
            for run in source.runs(experiment.experiment_id, deleted=options.deleted_runs):
                runs.ensure(run)
            for model_id in runs.models.without_run(experiment.experiment_id):
                runs.models.ensure(model_id)
    models = RegisteredModelCopier(source, target, options, report, ids, runs, names)
    for model in _models(source, options):
        models.copy(model)
    prompts = PromptCopier(source, target, options, report, ids, names)
    for prompt in source.registered_models(prompts=True) if options.prompts else ():
        prompts.copy(prompt)


def _experiments(source: Side, options: Options) -> Iterator[Experiment]:
    if not options.wants_experiments:
        return
    for experiment in source.experiments():
        if not options.experiments or options.names(experiment):
            yield experiment


def _models(source: Side, options: Options) -> Iterator[RegisteredModel]:
    if not options.wants_models:
        return
    for model in source.registered_models():
        if not options.models or model.name in options.models:
            yield model


def _check(source_uri: str, target_uri: str) -> None:
    """Refuse URIs that cannot be meant."""
    if source_uri == target_uri:
        raise invalid_parameter(
            "Source and target are the same.", "Pass the URI to copy from, and the URI to copy to."
        )
    # MLflow would create an empty database or folder, and there would be nothing to copy.
    if source_uri.startswith(_SQLITE):
        path = source_uri[len(_SQLITE) :].partition("?")[0]
    elif source_uri.startswith("file:"):
        path = local_file_uri_to_path(source_uri)
    else:
        path = "" if "://" in source_uri or source_uri == "databricks" else source_uri
    if path and not os.path.exists(path):
        raise invalid_parameter(
            f"The source is not there: {path!r}.", "Correct the path; sqlite:////a/b is absolute."
        )


def _check_names(source: Side, options: Options, names: Names) -> None:
    """Refuse names that the source does not have, and those that the target cannot have."""
    if options.experiments:
        known = [(one.name, one.experiment_id) for one in source.experiments()]
        _refuse_unknown("experiment", options.experiments, {text for one in known for text in one})
    copied = [model.name for model in _models(source, options)]
    _refuse_unknown("registered model", options.models, set(copied))
    if options.prompts:
        copied += [prompt.name for prompt in source.registered_models(prompts=True)]
    names.check(copied)


def _refuse_unknown(kind: str, wanted: tuple[str, ...], known: set[str]) -> None:
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise invalid_parameter(
            f"The source has no {kind} named {', '.join(map(repr, unknown))}.",
            "Correct the name. Nothing was copied.",
        )
