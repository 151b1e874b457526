"""Logged models of a workspace. No operation of the platform makes one; tests put them there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..contract import MODELS
from ..contract.refusal import invalid
from ..state.files import write_private

Json = dict[str, Any]

_CONDITION = re.compile(
    r"\s*(?:attributes?\.)?(?P<field>\w+)\s*(?P<operator>=|!=)\s*'(?P<text>[^']*)'\s*"
)
_ORDER = {"creation_time": "creation_timestamp_ms"}
"""The documented name to order by, and the field behind the name."""


class LoggedModels:
    """The logged models of a workspace, in a file. The first model makes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._models: dict[str, Json] = json.loads(path.read_text()) if path.exists() else {}

    def clear(self) -> None:
        """Remove every logged model."""
        self._models.clear()
        self._path.unlink(missing_ok=True)

    def put(self, model: Json) -> None:
        """Add or replace a logged model."""
        self._models[model["info"]["model_id"]] = model
        write_private(self._path, json.dumps(self._models).encode())

    def search(
        self, experiment_ids: list[str] | None, condition: str | None, order: list[Json]
    ) -> list[Json]:
        """Return the logged models of experiments (None: of all experiments).

        The latest comes first unless ``order_by`` says otherwise.
        """
        fits = _condition(condition)
        matches = [
            model
            for model in self._models.values()
            if (experiment_ids is None or model["info"].get("experiment_id") in experiment_ids)
            and fits(model["info"])
        ]
        for row in reversed(order or [{"field_name": "creation_time", "ascending": False}]):
            name = _ORDER.get(row["field_name"])
            if name is None:
                raise invalid(f"'order_by' knows {', '.join(_ORDER)}, not {row['field_name']!r}.")
            matches.sort(
                key=lambda model: model["info"].get(name, 0), reverse=not row.get("ascending", True)
            )
        return matches


def _condition(text: str | None) -> Callable[[Json], bool]:
    if text is None:
        return lambda info: True
    match = _CONDITION.fullmatch(text)
    texts = {name for name, rule in MODELS["LoggedModelInfo"].items() if rule.type == "str"}
    if match is None or match["field"] not in texts:
        raise invalid(
            "'filter' must be one condition on a field that is a text, as in: name = 'x'."
        )
    return lambda info: (info.get(match["field"]) == match["text"]) == (match["operator"] == "=")
