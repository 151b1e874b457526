"""Entities of MLflow as plain data that two servers can be compared by.

Ids are numbered in the order in which they appear, times of today become ``"now"``, and locations
that a server chooses become ``"<location>"``. What a test wrote itself stays as it is.
"""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from mlflow.entities import Metric
from mlflow.entities._mlflow_object import _MlflowObject
from mlflow.store.entities.paged_list import PagedList

#: Fields that hold an id, by the kind of what they name.
IDS = {
    "experiment_id": "experiment",
    "run_id": "run",
    "run_uuid": "run",
    "source_run_id": "run",
    "model_id": "logged model",
    "dataset_uuid": "dataset",
}
#: Calls that return a bare id, likewise.
RETURNED_IDS = {"create_experiment": "experiment"}
#: Fields that hold a location of files that the server chooses.
LOCATIONS = {"artifact_location", "artifact_uri"}
#: Fields whose list has no order of its own.
UNORDERED = {"metrics", "params", "tags", "dataset_inputs", "model_inputs", "model_outputs"}
#: Fields that differ wherever they are, by the class of the entity, with the limit that is why.
LEFT_OUT = {
    ("RunInfo", "user_id"): "the user of a run",
    ("ModelVersion", "user_id"): "the user of a model version",
    ("PromptVersion", "user_id"): "the user of a model version",
    ("Metric of a run", "run_id"): "the run of a metric in a history",
}
#: Fields that MLflow's SQL store, asked directly, leaves empty, as MLflow's REST client fills them.
AS_OVER_REST = {
    "LoggedModel": {"model_type": "", "status_message": "", "metrics": []},
}
#: Milliseconds within which a time counts as now.
_NOW = 3_600_000


class Plain:
    """Turns what one side returned into plain data; an id is named by the call it came from."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._calls = 0
        self._whole = False

    def next_call(self) -> None:
        """Count a call."""
        self._calls += 1

    def of(self, call: str, value: Any, *, whole: bool = False) -> Any:
        """Return what a call returned, as plain data.

        Args:
            call: The name of the method.
            value: What it returned.
            whole: Do not leave out the fields that always differ.
        """
        self._whole = whole
        if call in RETURNED_IDS and isinstance(value, str):
            return self._id(RETURNED_IDS[call], value)
        return self._plain(value, "")

    def _plain(self, value: Any, field: str) -> Any:
        if isinstance(value, _MlflowObject):
            return self._entity(value)
        if isinstance(value, PagedList):
            return {"items": self._items(value, field), "more": bool(value.token)}
        if isinstance(value, Mapping):
            return {str(key): self._plain(item, str(key)) for key, item in value.items()}
        if isinstance(value, Iterable) and not isinstance(value, str | bytes):
            return self._items(value, field)
        return self._simple(value, field)

    def _items(self, values: Iterable[Any], field: str) -> list[Any]:
        items = [self._plain(value, field) for value in values]
        return sorted(items, key=repr) if field in UNORDERED else items

    def _entity(self, entity: _MlflowObject) -> dict[str, Any] | None:
        kind = type(entity).__name__.lstrip("_")
        if isinstance(entity, Metric) and not entity.model_id:
            kind = "Metric of a run"
        # Ids go first: other fields have them as a part.
        fields = sorted(dict(entity).items(), key=lambda item: item[0] not in IDS)
        plain = {
            name: self._plain(value, name)
            for name, value in fields
            if self._whole or (kind, name) not in LEFT_OUT
        }
        if kind == "ModelVersionDeploymentJobState" and not any(_known(plain.values())):
            return None  # MLflow 3.1 has one without content.
        for name, empty in AS_OVER_REST.get(kind, {}).items():
            if plain.get(name) is None:
                plain[name] = empty
        return {"": kind, **plain}

    def _simple(self, value: Any, field: str) -> Any:
        if isinstance(value, enum.Enum):
            return value.name
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return self._number(value, field)
        text = str(value)
        if field in IDS and text:
            return self._id(IDS[field], text)
        if field in LOCATIONS and text:
            return "<location>"
        for known in sorted(self._ids, key=len, reverse=True):
            if len(known) > 8:
                text = text.replace(known, self._ids[known])
        return text

    @staticmethod
    def _number(value: float, field: str) -> Any:
        if math.isnan(value):
            return "NaN"
        if "time" in field and abs(time.time() * 1000 - value) < _NOW:
            return "now"
        return value

    def _id(self, kind: str, value: str) -> str:
        return self._ids.setdefault(value, f"<{kind} of call {self._calls}>")


def _known(values: Iterable[Any]) -> Iterable[Any]:
    return (value for value in values if value and "UNSPECIFIED" not in str(value))
