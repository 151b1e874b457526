"""The tags of a run that store MLflow's logged models.

AI Data Platform can list logged models but not create them. A logged model therefore belongs to
the run that made it: its id names that run, and its artifacts lie in a folder of the run's own
artifacts. What MLflow knows of it lies in tags of the run. The key of each such tag begins with
:py:data:`PREFIX` and a suffix, the last part of the model's id, which tells the models of a run
apart:

========================  ========================================================================
``<suffix>``              JSON: name, type, folder, creation time, and whether the run was made
                          for this model alone
``<suffix>.status``       JSON: status, when it changed, and whether the run has the model's
                          metadata
``<suffix>.params.<b>.<i>``  JSON of parameters, cut into pieces; ``b`` orders the calls that added
                          some
``<suffix>.tag.<key>``    a tag of the logged model
``<suffix>.metric.<h>``   JSON of the values of a metric on a dataset, as
                          :py:mod:`~mlflow_oci_aidp.tracking.logged_models.metric_values` has it;
                          ``h`` is a hash of their names
========================  ========================================================================

This module makes such tags and reads them. It sends no requests.
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mlflow.entities import (
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    RunInfo,
)
from mlflow.utils.uri import append_to_uri_path

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.model_sources import ModelFolder, RunArtifacts
from mlflow_oci_aidp.remembered import RunPlace
from mlflow_oci_aidp.tracking import entities
from mlflow_oci_aidp.tracking import tags as run_tags
from mlflow_oci_aidp.tracking.entities import Json
from mlflow_oci_aidp.tracking.logged_models import metric_values

_logger = logging.getLogger(__name__)

#: The beginning of the keys of all tags that store logged models.
PREFIX = f"{run_tags.PREFIX}logged_model."

#: The tag of each run that has logged models, and the filter that finds such runs.
MARK = f"{run_tags.PREFIX}logged_models"
SEARCH = f"tags.\"{MARK}\" = 'true'"

#: The longest piece of the parameters in one tag, in characters. [MLflow: 5,000 is what every store
#: takes]
_LONGEST_PIECE = 5000

#: Characters that the name of a folder leaves out, and the most characters of a model's name in it.
_NOT_IN_FOLDERS = re.compile(r"[^\w .+-]", re.ASCII)
_LONGEST_FOLDER = 100

_KEY = re.compile(
    rf"{re.escape(PREFIX)}(?P<suffix>[0-9a-f]{{8}})(?:\.(?P<part>\w+)(?:\.(?P<rest>.*))?)?",
    re.DOTALL,
)


class _Entry(NamedTuple):
    """The tags of a run that store one logged model.

    Attributes:
        parts: Their values, by part and by the rest of the key.
        keys: Their keys.
    """

    parts: Mapping[str, Mapping[str, str]]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class StoredLoggedModel:
    """A logged model as a run stores it.

    Attributes:
        id: Its id.
        model: MLflow's entity.
        folder: The folder of its artifacts, relative to those of the run.
        owns_run: Whether the run was made for it alone.
        is_recorded: Whether its metadata was recorded with the run.
        keys: The keys of its tags on the run.
        is_alone: Whether the run stores no other logged model.
    """

    id: ModelId
    model: LoggedModel
    folder: str
    owns_run: bool
    is_recorded: bool
    keys: tuple[str, ...]
    is_alone: bool


def new_suffix() -> str:
    """Make a suffix for the id of a logged model."""
    return uuid.uuid4().hex[:8]


def folder_for(name: str, suffix: str) -> str:
    """Return the folder of a new logged model, which no other model uses now or later.

    MLflow finds the model of ``runs:/<run id>/<name>`` by its name, and takes the latest of
    several. The folder has the name in it for people who look into the bucket, without characters
    that a location or a file's name may not hold.
    """
    return f"{_NOT_IN_FOLDERS.sub('_', name)[:_LONGEST_FOLDER]}.{suffix}"


def tags_of_new(
    suffix: str,
    *,
    name: str,
    folder: str,
    model_type: str | None,
    tags: Iterable[LoggedModelTag],
    params: Iterable[LoggedModelParameter],
    now: int,
    owns_run: bool,
) -> dict[str, str]:
    """Return the tags of a run that store a new logged model.

    Args:
        suffix: The suffix of its id.
        name: Its name.
        folder: The folder of its artifacts.
        model_type: Its type, or None.
        tags: Its tags.
        params: Its parameters.
        now: Milliseconds since 1970.
        owns_run: Whether the run is made for it alone.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a tag whose key is too long.
    """
    head = {
        "name": name,
        "type": model_type,
        "folder": folder,
        "created": now,
        "owns_run": owns_run,
    }
    return {
        MARK: "true",
        **tags_of_status(suffix, LoggedModelStatus.PENDING, now),
        **tags_of_tags(suffix, tags),
        **tags_of_params(suffix, params, now),
        # The head goes last: until it is there, perhaps in another request, there is no model.
        f"{PREFIX}{suffix}": _dump({key: value for key, value in head.items() if value}),
    }


def tags_of_status(
    suffix: str, status: LoggedModelStatus, now: int, *, is_recorded: bool = False
) -> dict[str, str]:
    """Return the tag that stores the status of a logged model.

    Args:
        suffix: The suffix of its id.
        status: The status.
        now: When the status changed, in milliseconds since 1970.
        is_recorded: Whether the run has the model's metadata.
    """
    recorded = {"recorded": True} if is_recorded else {}
    fields = {"status": status.value, "updated": now, **recorded}
    return {f"{PREFIX}{suffix}.status": _dump(fields)}


def tags_of_tags(suffix: str, tags: Iterable[LoggedModelTag]) -> dict[str, str]:
    """Return the tags of a run that store the tags of a logged model.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a key that is too long.
    """
    return {tag_key(suffix, tag.key): str(tag.value) for tag in tags}


def tag_key(suffix: str, key: str) -> str:
    """Return the key of the run's tag that stores a tag of a logged model.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a key that is too long.
    """
    stored_key = f"{PREFIX}{suffix}.tag.{key}"
    if len(stored_key) > run_tags.LONGEST_KEY:
        longest = run_tags.LONGEST_KEY - len(stored_key) + len(key)
        raise invalid_parameter(
            f"The key of a logged model's tag is {len(key)} characters long.",
            f"On AI Data Platform it can have {longest}.",
        )
    return stored_key


def tags_of_params(suffix: str, params: Iterable[LoggedModelParameter], now: int) -> dict[str, str]:
    """Return the tags of a run that store parameters of a logged model.

    Args:
        suffix: The suffix of the model's id.
        params: The parameters that are added.
        now: When they are added, in milliseconds since 1970.
    """
    values = {param.key: str(param.value) for param in params}
    if not values:
        return {}
    text = _dump(values)
    batch = f"{now:013x}{new_suffix()}"
    pieces = range(0, len(text), _LONGEST_PIECE)
    return {
        f"{PREFIX}{suffix}.params.{batch}.{number}": text[start : start + _LONGEST_PIECE]
        for number, start in enumerate(pieces)
    }


def tag_of_metric(suffix: str, names: tuple[str, str | None, str | None]) -> str:
    """Return the key of the run's tag that stores a metric of a logged model on a dataset.

    Args:
        suffix: The suffix of the model's id.
        names: The names of the metric, of the dataset, and of the dataset's digest.
    """
    digest = hashlib.sha256(_dump(list(names)).encode()).hexdigest()[:16]
    return f"{PREFIX}{suffix}.metric.{digest}"


def stored_models(info: RunInfo | RunPlace, tags: Mapping[str, str]) -> list[StoredLoggedModel]:
    """Read the logged models that a run stores.

    Args:
        info: The run.
        tags: All its tags.
    """
    entries = _entries(tags)
    models = (
        _stored_model_or_none(info, suffix, entry, is_alone=len(entries) == 1)
        for suffix, entry in entries.items()
    )
    return [model for model in models if model is not None]


def find(
    info: RunInfo | RunPlace, tags: Mapping[str, str], suffix: str
) -> StoredLoggedModel | None:
    """Read one of the logged models that a run stores, or return None if it is not there."""
    entries = _entries(tags)
    if suffix not in entries:
        return None
    return _stored_model_or_none(info, suffix, entries[suffix], is_alone=len(entries) == 1)


def run_with_models(json: Json) -> tuple[RunInfo, list[StoredLoggedModel]]:
    """Parse a run and the logged models that it stores from the contract's ``ExperimentRun``."""
    info, tags = entities.info_and_tags(json)
    return info, stored_models(info, tags)


def run_with_model(body: Json, suffix: str) -> tuple[RunInfo, StoredLoggedModel | None]:
    """Parse the run of an answer and one logged model, None if it stores none with this suffix."""
    info, tags = entities.info_and_tags(body["run"])
    return info, find(info, tags, suffix)


def _entries(tags: Mapping[str, str]) -> dict[str, _Entry]:
    """Return what a run stores of each of its logged models, by the suffix of its id."""
    parts: dict[str, dict[str, dict[str, str]]] = {}
    keys: dict[str, list[str]] = {}
    for key, value in tags.items():
        match = _KEY.fullmatch(key)
        if match:
            of_model = parts.setdefault(match["suffix"], {})
            of_model.setdefault(match["part"] or "", {})[match["rest"] or ""] = value
            keys.setdefault(match["suffix"], []).append(key)
    return {
        suffix: _Entry(of_model, tuple(keys[suffix]))
        for suffix, of_model in parts.items()
        if "" in of_model
    }


def run_artifacts(info: RunInfo, tags: Mapping[str, str]) -> RunArtifacts:
    """Return where the artifacts of a run and of its logged models lie.

    Args:
        info: The run.
        tags: All its tags.
    """
    return RunArtifacts(
        info.run_id,
        info.artifact_uri or "",
        tuple(
            ModelFolder(
                stored.id, stored.model.name, stored.folder, stored.model.creation_timestamp
            )
            for stored in stored_models(info, tags)
        ),
    )


def _stored_model_or_none(
    info: RunInfo | RunPlace, suffix: str, entry: _Entry, *, is_alone: bool
) -> StoredLoggedModel | None:
    """Read a logged model, or return None if another program wrote something else into its tags.

    One model that cannot be read must not hide the other models of the run.
    """
    try:
        return _stored_model(info, ModelId(info.run_id, suffix), entry, is_alone)
    except json_fields.ERRORS as problem:
        _logger.debug(
            "The logged model %s of the run %r cannot be read (%s)",
            suffix,
            info.run_id,
            type(problem),
        )
        return None


def _stored_model(
    info: RunInfo | RunPlace, model_id: ModelId, entry: _Entry, is_alone: bool
) -> StoredLoggedModel:
    parts = entry.parts
    head = json_fields.load(parts[""][""])
    status = json_fields.load(parts.get("status", {}).get("", "{}"))
    folder = json_fields.text(head, "folder")
    created = json_fields.integer_of(head["created"])
    updated = json_fields.optional_integer(status, "updated")
    model = LoggedModel(
        experiment_id=info.experiment_id,
        model_id=str(model_id),
        name=json_fields.text(head, "name"),
        artifact_location=append_to_uri_path(info.artifact_uri or "", folder),
        creation_timestamp=created,
        last_updated_timestamp=created if updated is None else updated,
        model_type=json_fields.optional_text(head, "type") or "",
        source_run_id=info.run_id,
        status=LoggedModelStatus(status.get("status", "UNSPECIFIED")),
        status_message="",
        tags=dict(parts.get("tag", {})),
        params=_params(parts.get("params", {})),
        metrics=_metrics(model_id, parts.get("metric", {})),
    )
    owns_run = json_fields.boolean(head, "owns_run")
    is_recorded = json_fields.boolean(status, "recorded")
    return StoredLoggedModel(model_id, model, folder, owns_run, is_recorded, entry.keys, is_alone)


def _metrics(model_id: ModelId, stored: Mapping[str, str]) -> list[Metric]:
    if not stored:
        return []
    return metric_values.in_order(
        metric
        for value in stored.values()
        for metric in metric_values.load(value, str(model_id), model_id.run_id)
    )


def _params(pieces: Mapping[str, str]) -> dict[str, str]:
    batches: dict[str, list[tuple[int, str]]] = {}
    for key, value in pieces.items():
        batch, _, number = key.rpartition(".")
        batches.setdefault(batch, []).append((json_fields.integer_of(number), value))
    params: dict[str, str] = {}
    for batch in sorted(batches):
        added = json_fields.load("".join(text for _, text in sorted(batches[batch])))
        params |= {name: json_fields.text(added, name) for name in added}
    return params


def _dump(value: object) -> str:
    return json_fields.dump_argument(value, "A logged model, its parameter or its metric")
