"""The tag by which a logged model names the model versions that were made of it.

MLflow keeps a JSON list of names and versions in it, and adds to that list in several places:
``register_model``, its server, and its tracking stores. A version is named once here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from mlflow.entities import LoggedModelTag
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS as VERSIONS_TAG

__all__ = ["VERSIONS_TAG", "with_version", "without_repeats"]


def with_version(value: str | None, name: str, version: str) -> str:
    """Return the value of the tag with one more version.

    Args:
        value: The value so far; None if there is no tag.
        name: The registered model.
        version: The version.
    """
    return json.dumps(_once([*_listed(value), {"name": name, "version": version}]))


def without_repeats(tags: Iterable[LoggedModelTag]) -> list[LoggedModelTag]:
    """Return tags of a logged model, of which the one for versions names each version once."""
    return [
        LoggedModelTag(tag.key, json.dumps(_once(listed)))
        if tag.key == VERSIONS_TAG and (listed := _listed(tag.value))
        else tag
        for tag in tags
    ]


def _listed(value: str | None) -> list[Any]:
    """Return the entries of the tag; none if somebody wrote something else into it."""
    with suppress(ValueError):
        listed = json.loads(value or "[]")
        if isinstance(listed, list):
            return listed
    return []


def _once(entries: list[Any]) -> list[Any]:
    # MLflow's server writes the number of a version, and MLflow's client its text.
    return list({repr(_identity(entry)): entry for entry in reversed(entries)}.values())[::-1]


def _identity(entry: Any) -> object:
    if isinstance(entry, dict):
        return entry.get("name"), str(entry.get("version"))
    return entry
