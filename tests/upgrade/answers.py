"""What a platform holds, as MLflow's own API answers it: one JSON value for each kind of thing.

The recording keeps these answers, and the tests compare them. Fields are named one by one, so that
the answers are the same with every version of MLflow.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import LoggedModel, Metric, Run, ViewType
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

Json = Any


def experiments(client: mlflow.MlflowClient) -> Json:
    """Every experiment, deleted ones too."""
    return {
        experiment.experiment_id: {
            "name": experiment.name,
            "artifact_location": experiment.artifact_location,
            "lifecycle_stage": experiment.lifecycle_stage,
            "tags": experiment.tags,
            "creation_time": experiment.creation_time,
            "last_update_time": experiment.last_update_time,
            "found_by_name": client.get_experiment_by_name(experiment.name).experiment_id,
        }
        for experiment in _experiments(client)
    }


def runs(client: mlflow.MlflowClient) -> Json:
    """Every run with its parameters, tags, inputs and outputs, and each metric with its history."""
    return {run.info.run_id: _run(client, run) for run in _runs(client)}


def logged_models(client: mlflow.MlflowClient) -> Json:
    """Every logged model of the experiments, as it is read by its id."""
    ids = [experiment.experiment_id for experiment in _experiments(client)]
    models = client.search_logged_models(ids, max_results=100)
    return {
        model.model_id: fields_of_logged_model(client.get_logged_model(model.model_id))
        for model in models
    }


def searches_of_logged_models(client: mlflow.MlflowClient) -> Json:
    """The ids that searches for logged models find, in order."""
    ids = [experiment.experiment_id for experiment in _experiments(client)]
    filters = (
        "name = 'model'",
        "name LIKE '%model%' AND model_type = 'tree'",
        "params.depth = '3'",
        "tags.team = 'ml'",
        "metrics.score > 0.5",
        "status = 'FAILED'",
    )
    ordered = [{"field_name": "creation_time", "ascending": True}]
    by_filter = {
        text: [model.model_id for model in client.search_logged_models(ids, text)]
        for text in filters
    }
    oldest_first = client.search_logged_models(ids, order_by=ordered)
    best_first = client.search_logged_models(
        ids, order_by=[{"field_name": "metrics.score", "ascending": False}]
    )
    return {
        **by_filter,
        "oldest first": [model.model_id for model in oldest_first],
        "best first": [model.model_id for model in best_first if model.metrics],
    }


#: The run of a version that another client registered, which no workspace has.
UNKNOWN_RUN = "0" * 32


def registered_models(client: mlflow.MlflowClient) -> Json:
    """Every registered model that is no prompt, as a search and as a read by name return it."""
    models = client.search_registered_models()
    answers = {}
    for model in models:
        read = fields_of_registered_model(client.get_registered_model(model.name))
        assert fields_of_registered_model(model) == read, (
            f"a search answers {model.name!r} otherwise"
        )
        answers[model.name] = read
    return answers


def model_versions(client: mlflow.MlflowClient) -> Json:
    """Every version of every registered model: its fields, and where MLflow downloads it from."""
    answers = {}
    for model in client.search_registered_models():
        for version in client.search_model_versions(f"name = '{model.name}'"):
            read = fields_of_version(client.get_model_version(model.name, version.version))
            assert fields_of_version(version) == read, (
                f"a search answers version {version.version} otherwise"
            )
            read["download_uri"] = _or_error(
                lambda model=model, version=version: client.get_model_version_download_uri(
                    model.name, version.version
                )
            )
            answers[f"{model.name}/{version.version}"] = read
    return answers


def aliases(client: mlflow.MlflowClient) -> Json:
    """The version that each alias of each registered model leads to."""
    return {
        f"{model.name}@{alias}": client.get_model_version_by_alias(model.name, alias).version
        for model in client.search_registered_models()
        for alias in sorted(model.aliases)
    }


def prompts(client: mlflow.MlflowClient) -> Json:
    """Every prompt with its versions, and the version that each alias leads to."""
    answers = {}
    for prompt in client.search_prompts():
        versions = {}
        for number in (1, 2):
            version = client.get_prompt_version(prompt.name, number)
            versions[str(number)] = {
                "template": version.template,
                "commit_message": version.commit_message,
                "tags": {
                    key: value
                    for key, value in version.tags.items()
                    if not key.startswith("mlflow.")
                },
                "aliases": sorted(version.aliases),
            }
        answers[prompt.name] = {
            "description": prompt.description,
            "tags": {
                key: value for key, value in prompt.tags.items() if not key.startswith("mlflow.")
            },
            "versions": versions,
            "live": client.get_prompt_version_by_alias(prompt.name, "live").version,
        }
    return answers


def files_of_runs(client: mlflow.MlflowClient) -> Json:
    """Every file among the artifacts of each run: its size, and what it holds."""
    answers = {}
    for run in _runs(client):
        listed = dict(_listed(lambda path, run=run: client.list_artifacts(run.info.run_id, path)))
        with tempfile.TemporaryDirectory() as folder:
            downloaded = (
                _contents(Path(client.download_artifacts(run.info.run_id, "", folder)))
                if listed
                else {}
            )
        answers[run.info.run_id] = {"sizes": listed, "contents": downloaded}
    return answers


def files_of_logged_models(client: mlflow.MlflowClient) -> Json:
    """The files of each logged model that is ready."""
    ids = [experiment.experiment_id for experiment in _experiments(client)]
    models = client.search_logged_models(ids, "status = 'READY'")
    return {model.model_id: _downloaded(f"models:/{model.model_id}") for model in models}


def files_of_model_versions(client: mlflow.MlflowClient) -> Json:
    """The files of each version whose files are on the platform, by version and by alias."""
    answers = {}
    for model in client.search_registered_models():
        for version in client.search_model_versions(f"name = '{model.name}'"):
            source = _or_error(
                lambda model=model, version=version: client.get_model_version_download_uri(
                    model.name, version.version
                )
            )
            if isinstance(source, str) and source.startswith(
                ("oci://aidp-emulator@", "aidp:/Volumes/", "runs:/")
            ):
                if UNKNOWN_RUN in source:
                    continue
                answers[f"{model.name}/{version.version}"] = _downloaded(
                    f"models:/{model.name}/{version.version}"
                )
                answers |= {
                    f"{model.name}@{alias}": _downloaded(f"models:/{model.name}@{alias}")
                    for alias in version.aliases
                }
    return answers


ANSWERS: dict[str, Callable[[mlflow.MlflowClient], Json]] = {
    function.__name__: function
    for function in (
        experiments,
        runs,
        logged_models,
        searches_of_logged_models,
        registered_models,
        model_versions,
        aliases,
        prompts,
        files_of_runs,
        files_of_logged_models,
        files_of_model_versions,
    )
}


def _experiments(client: mlflow.MlflowClient) -> list[Any]:
    return list(client.search_experiments(ViewType.ALL, order_by=["experiment_id ASC"]))


def _runs(client: mlflow.MlflowClient) -> list[Run]:
    ids = [experiment.experiment_id for experiment in _experiments(client)]
    return sorted(
        client.search_runs(ids, run_view_type=ViewType.ALL), key=lambda run: run.info.run_id
    )


def _run(client: mlflow.MlflowClient, searched: Run) -> Json:
    run = client.get_run(searched.info.run_id)
    assert repr(run.to_dictionary()) == repr(searched.to_dictionary()), (
        f"a search answers {run.info.run_id} otherwise"
    )
    return {
        "experiment_id": run.info.experiment_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "start_time": run.info.start_time,
        "end_time": run.info.end_time,
        "lifecycle_stage": run.info.lifecycle_stage,
        "artifact_uri": run.info.artifact_uri,
        "params": run.data.params,
        "tags": run.data.tags,
        "metrics": {
            key: [
                fields_of_metric(metric)
                for metric in client.get_metric_history(run.info.run_id, key)
            ]
            for key in run.data.metrics
        },
        "latest": {key: repr(value) for key, value in run.data.metrics.items()},
        "datasets": [
            {
                **{name: value for name, value in vars(entry.dataset).items() if value is not None},
                "tags": {tag.key: tag.value for tag in entry.tags},
            }
            for entry in run.inputs.dataset_inputs
        ],
        "model_inputs": sorted(model.model_id for model in run.inputs.model_inputs),
        "model_outputs": sorted(
            [model.model_id, model.step] for model in run.outputs.model_outputs
        ),
    }


def fields_of_metric(metric: Metric) -> Json:
    """The value of a metric as text, its timestamp and its step."""
    return [repr(metric.value), metric.timestamp, metric.step]


def fields_of_logged_model(model: LoggedModel) -> Json:
    """The fields of a logged model."""
    metrics = [
        {
            "key": metric.key,
            "value": repr(metric.value),
            "timestamp": metric.timestamp,
            "step": metric.step,
            "model_id": metric.model_id,
            "dataset": [metric.dataset_name, metric.dataset_digest],
            "run_id": metric.run_id and str(metric.run_id),
        }
        for metric in model.metrics or ()
    ]
    return {
        "experiment_id": model.experiment_id,
        "name": model.name,
        "artifact_location": model.artifact_location,
        "creation_timestamp": model.creation_timestamp,
        "last_updated_timestamp": model.last_updated_timestamp,
        "model_type": model.model_type,
        "source_run_id": model.source_run_id,
        "status": str(model.status),
        "status_message": model.status_message,
        "tags": model.tags,
        "params": model.params,
        "metrics": sorted(metrics, key=repr),
    }


def fields_of_registered_model(model: RegisteredModel) -> Json:
    """The fields of a registered model."""
    return {
        "description": model.description,
        "creation_timestamp": model.creation_timestamp,
        "last_updated_timestamp": model.last_updated_timestamp,
        "tags": model.tags,
        "aliases": model.aliases,
        "deployment_job_id": model.deployment_job_id,
        "latest_versions": {
            version.current_stage: fields_of_version(version) for version in model.latest_versions
        },
    }


def fields_of_version(version: ModelVersion) -> Json:
    """The fields of a model version."""
    return {
        "version": version.version,
        "source": version.source,
        "run_id": version.run_id,
        "run_link": version.run_link,
        "model_id": version.model_id,
        "description": version.description,
        "creation_timestamp": version.creation_timestamp,
        "last_updated_timestamp": version.last_updated_timestamp,
        "user_id": version.user_id,
        "current_stage": version.current_stage,
        "status": version.status,
        "status_message": version.status_message,
        "tags": version.tags,
        "aliases": sorted(version.aliases),
    }


def _or_error(call: Callable[[], str]) -> Json:
    try:
        return call()
    except MlflowException as problem:
        return {"error_code": problem.error_code}


def _listed(
    list_folder: Callable[[str | None], list[Any]], path: str | None = None
) -> Iterable[tuple[str, int]]:
    for entry in list_folder(path):
        if entry.is_dir:
            yield from _listed(list_folder, entry.path)
        else:
            yield entry.path, entry.file_size


def _downloaded(uri: str) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        return _contents(Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder)))


def _contents(folder: Path) -> Json:
    # MLflow writes the last one itself, into what it downloads.
    return {
        path.relative_to(folder).as_posix(): _content(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "registered_model_meta"
    }


def _content(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(content).decode()}"
