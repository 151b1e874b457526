"""MLflow's logged models, which AI Data Platform can list but not make: kept as tags of a run.

A logged model belongs to the run that made it. Its id leads back to that run, its artifacts lie in a folder of the
run's own artifacts, and what MLflow knows of it lies in tags of the run, under :py:data:`PREFIX`, a number that is the
model's own, and a part:

========================  ======================================================================================
``<number>``              JSON: name, type, folder, when it was made, and whether the run was made for it alone
``<number>.status``       JSON: status, when it changed, and whether the run has the model's metadata
``<number>.params.<b>.<i>``  JSON of parameters, cut into pieces; ``b`` orders the calls that added some
``<number>.tag.<key>``    a tag of the logged model
``<number>.metric.<h>``   JSON of the newest value of a metric on a dataset; ``h`` is a hash of their names
========================  ======================================================================================

This module knows no requests: it makes tags, and reads them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import index
from typing import Any

from mlflow.entities import LoggedModel, LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric, RunInfo
from mlflow.utils.uri import append_to_uri_path

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.tracking import tags as run_tags
from mlflow_oci_aidp.tracking.entities import float_of, json_of_float

_logger = logging.getLogger(__name__)

#: Where the tags of logged models begin.
PREFIX = f"{run_tags.PREFIX}logged_model."

#: The tag of a run that has logged models, so that a search finds it.
MARK = f"{run_tags.PREFIX}logged_models"
SEARCH = f"tags.\"{MARK}\" = 'true'"

#: The longest piece of the parameters in one tag, in characters. [MLflow: 5,000 is what every store takes]
_LONGEST_PIECE = 5000

#: How many metrics a process remembers.
_REMEMBERED = 10_000

#: What a folder's name is spared, and how many characters of a model's name it has at most.
_NOT_IN_FOLDERS = re.compile(r"[^\w .+-]", re.ASCII)
_LONGEST_FOLDER = 100

_ID = re.compile(r"m-(?P<run>[^/@]+)-(?P<number>[0-9a-f]{8})")
_KEY = re.compile(rf"{re.escape(PREFIX)}(?P<number>[0-9a-f]{{8}})(?:\.(?P<part>\w+)(?:\.(?P<rest>.*))?)?", re.DOTALL)


@dataclass(frozen=True)
class ModelId:
    """The id of a logged model that is kept on a run.

    Attributes:
        run_id: The run's id.
        number: Eight hexadecimal digits that tell the models of a run apart.
    """

    run_id: str
    number: str

    @classmethod
    def parse(cls, model_id: object) -> ModelId | None:
        """The parts of an id, or None for one that was made elsewhere."""
        match = _ID.fullmatch(model_id) if isinstance(model_id, str) else None
        return cls(match["run"], match["number"]) if match else None

    def __str__(self) -> str:
        return f"m-{self.run_id}-{self.number}"


@dataclass(frozen=True)
class Kept:
    """A logged model as a run keeps it.

    Attributes:
        model: MLflow's entity.
        folder: Where its artifacts lie, relative to those of the run.
        owns_run: Whether the run was made for it alone.
        is_recorded: Whether its metadata was recorded with the run.
        keys: The keys of its tags on the run.
    """

    model: LoggedModel
    folder: str
    owns_run: bool
    is_recorded: bool
    keys: tuple[str, ...]


def new_number() -> str:
    """A number for a logged model."""
    return uuid.uuid4().hex[:8]


def folder_for(name: str, number: str) -> str:
    """The folder of a logged model: one of its own, whatever else has its name, now or later.

    MLflow finds the model of ``runs:/<run id>/<name>`` by its name, and the latest of several. The name is here for
    those who look into the bucket: without what a location or a file's name may not hold.
    """
    return f"{_NOT_IN_FOLDERS.sub('_', name)[:_LONGEST_FOLDER]}.{number}"


def tags_of_new(
    number: str,
    *,
    name: str,
    folder: str,
    model_type: str | None,
    tags: Iterable[LoggedModelTag],
    params: Iterable[LoggedModelParameter],
    now: int,
    owns_run: bool,
) -> dict[str, str]:
    """The tags of a run that keep a new logged model.

    Args:
        number: Its number on the run.
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
    head = {"name": name, "type": model_type, "folder": folder, "created": now, "owns_run": owns_run}
    return {
        MARK: "true",
        **tags_of_status(number, LoggedModelStatus.PENDING, now),
        **tags_of_tags(number, tags),
        **tags_of_params(number, params, now),
        # The last: as long as it is not there, in another request perhaps, there is no model.
        f"{PREFIX}{number}": _dump({key: value for key, value in head.items() if value}),
    }


def tags_of_status(number: str, status: LoggedModelStatus, now: int, *, is_recorded: bool = False) -> dict[str, str]:
    """The tag that keeps the status of a logged model, since when, and whether its run has its metadata."""
    fields = {"status": status.value, "updated": now, **({"recorded": True} if is_recorded else {})}
    return {f"{PREFIX}{number}.status": _dump(fields)}


def tags_of_tags(number: str, tags: Iterable[LoggedModelTag]) -> dict[str, str]:
    """The tags of a run that keep those of a logged model.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a key that is too long.
    """
    return {tag_key(number, tag.key): str(tag.value) for tag in tags}


def tag_key(number: str, key: str) -> str:
    """The key of the tag of a run that keeps a tag of a logged model.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a key that is too long.
    """
    found = f"{PREFIX}{number}.tag.{key}"
    if len(found) > run_tags.LONGEST_KEY:
        longest = run_tags.LONGEST_KEY - len(found) + len(key)
        raise invalid_parameter(
            f"The key of a logged model's tag is {len(key)} characters long.",
            f"On AI Data Platform it can have {longest}.",
        )
    return found


def tags_of_params(number: str, params: Iterable[LoggedModelParameter], now: int) -> dict[str, str]:
    """The tags of a run that keep parameters of a logged model, added at a time in milliseconds since 1970."""
    values = {param.key: str(param.value) for param in params}
    if not values:
        return {}
    text = _dump(values)
    batch = f"{now:013x}{new_number()}"
    pieces = range(0, len(text), _LONGEST_PIECE)
    return {
        f"{PREFIX}{number}.params.{batch}.{index}": text[start : start + _LONGEST_PIECE]
        for index, start in enumerate(pieces)
    }


def tags_of_metrics(number: str, metrics: Iterable[Metric], run_id: str) -> dict[str, str]:
    """The tags of a run that keep the newest values of a logged model's metrics.

    Args:
        number: The number of the logged model on its run.
        metrics: The metrics.
        run_id: The run that they are logged to.
    """
    newest: dict[str, Metric] = {}
    for metric in metrics:
        names = _dump([metric.key, metric.dataset_name, metric.dataset_digest])
        key = f"{PREFIX}{number}.metric.{hashlib.sha256(names.encode()).hexdigest()[:16]}"
        if key not in newest or _age(metric) >= _age(newest[key]):
            newest[key] = metric
    return {key: _dump(_metric_fields(metric, run_id)) for key, metric in newest.items()}


class Newest:
    """The newest values of logged models' metrics that this process has logged.

    What other processes log is not asked for: that would be one more request for each metric.
    """

    def __init__(self) -> None:
        self._ages: dict[tuple[Any, ...], tuple[int, int]] = {}

    def is_newest(self, metric: Metric) -> bool:
        """Whether a metric is not older than what was noted."""
        return _age(metric) >= self._ages.get(self._name(metric), _age(metric))

    def note(self, metrics: Iterable[Metric]) -> None:
        """Note metrics that are kept now."""
        for metric in metrics:
            if len(self._ages) > _REMEMBERED:
                self._ages.clear()
            if self.is_newest(metric):
                self._ages[self._name(metric)] = _age(metric)

    def _name(self, metric: Metric) -> tuple[Any, ...]:
        return metric.model_id, metric.key, metric.dataset_name, metric.dataset_digest


def read(info: RunInfo, tags: Mapping[str, str]) -> list[Kept]:
    """The logged models that a run keeps.

    Args:
        info: The run.
        tags: All its tags.
    """
    parts: dict[str, dict[str, dict[str, str]]] = {}
    keys: dict[str, list[str]] = {}
    for key, value in tags.items():
        match = _KEY.fullmatch(key)
        if match:
            parts.setdefault(match["number"], {}).setdefault(match["part"] or "", {})[match["rest"] or ""] = value
            keys.setdefault(match["number"], []).append(key)
    kept = (_readable(info, number, found, tuple(keys[number])) for number, found in parts.items() if "" in found)
    return [found for found in kept if found is not None]


def find(info: RunInfo, tags: Mapping[str, str], number: str) -> Kept | None:
    """One of the logged models that a run keeps, by its number."""
    return next((kept for kept in read(info, tags) if kept.keys[0].startswith(f"{PREFIX}{number}")), None)


def _readable(info: RunInfo, number: str, parts: Mapping[str, Mapping[str, str]], keys: tuple[str, ...]) -> Kept | None:
    """A logged model, or None for what another program wrote into its tags: the others of the run count on."""
    try:
        return _kept(info, number, parts, keys)
    except (ValueError, TypeError, LookupError, ArithmeticError) as problem:
        _logger.debug("The logged model %s of the run %s cannot be read (%s)", number, info.run_id, type(problem))
        return None


def _kept(info: RunInfo, number: str, parts: Mapping[str, Mapping[str, str]], keys: tuple[str, ...]) -> Kept:
    head = json.loads(parts[""][""])
    status = json.loads(parts.get("status", {}).get("", "{}"))
    folder = str(head["folder"])
    model = LoggedModel(
        experiment_id=info.experiment_id,
        model_id=str(ModelId(info.run_id, number)),
        name=str(head["name"]),
        artifact_location=append_to_uri_path(info.artifact_uri or "", folder),
        creation_timestamp=int(head["created"]),
        last_updated_timestamp=int(status.get("updated", head["created"])),
        model_type=head.get("type"),
        source_run_id=info.run_id,
        status=LoggedModelStatus(status.get("status", "UNSPECIFIED")),
        tags=dict(parts.get("tag", {})),
        params=_params(parts.get("params", {})),
        metrics=[_metric(value, info.run_id, number) for value in parts.get("metric", {}).values()],
    )
    return Kept(model, folder, bool(head.get("owns_run")), bool(status.get("recorded")), keys)


def _params(pieces: Mapping[str, str]) -> dict[str, str]:
    batches: dict[str, list[tuple[int, str]]] = {}
    for key, value in pieces.items():
        batch, _, index = key.rpartition(".")
        batches.setdefault(batch, []).append((int(index), value))
    found: dict[str, str] = {}
    for batch in sorted(batches):
        found |= json.loads("".join(text for _, text in sorted(batches[batch])))
    return found


def _metric_fields(metric: Metric, run_id: str) -> dict[str, Any]:
    fields = {
        "key": metric.key,
        "value": json_of_float(metric.value),
        "timestamp": metric.timestamp,
        "step": metric.step,
        "dataset_name": metric.dataset_name,
        "dataset_digest": metric.dataset_digest,
        "run_id": run_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _metric(text: str, run_id: str, number: str) -> Metric:
    fields = json.loads(text)
    return Metric(
        key=fields["key"],
        value=float_of(fields["value"]),
        timestamp=int(fields.get("timestamp") or 0),
        step=int(fields.get("step") or 0),
        model_id=str(ModelId(run_id, number)),
        dataset_name=fields.get("dataset_name"),
        dataset_digest=fields.get("dataset_digest"),
        run_id=fields.get("run_id", run_id),
    )


def _age(metric: Metric) -> tuple[int, int]:
    return int(metric.step or 0), int(metric.timestamp or 0)


def _dump(value: object) -> str:
    # The default is for whole numbers that are not Python's own, as numpy's.
    return json.dumps(value, separators=(",", ":"), default=index)
