"""The registry's part of the fault suite: its operations, with the effect that each has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

from mlflow_oci_aidp.registry.store import AidpRegistryStore as Store

from .plan import PlannedCall

NAME = "main.default.iris"
#: A registered model that no operation touches.
OTHER = "main.default.other"


def _versions(store: Store) -> list[Any]:
    return list(store.search_model_versions(f"name = '{NAME}'"))


def _models(store: Store) -> list[str]:
    return [model.name for model in store.search_registered_models()]


#: Each begins with what :py:func:`prepare` makes.
PLAN: Mapping[str, PlannedCall] = {
    "create_registered_model": PlannedCall(
        lambda store: store.create_registered_model("new"),
        lambda store: _models(store).count("new"),
    ),
    "update_registered_model": PlannedCall(
        lambda store: store.update_registered_model(NAME, "changed"),
        lambda store: int(store.get_registered_model(NAME).description == "changed"),
    ),
    "rename_registered_model": PlannedCall(
        lambda store: store.rename_registered_model(NAME, "renamed"),
        lambda store: _models(store).count("renamed"),
    ),
    "delete_registered_model": PlannedCall(
        lambda store: store.delete_registered_model(NAME),
        lambda store: int(NAME not in _models(store)),
    ),
    "set_registered_model_tag": PlannedCall(
        lambda store: store.set_registered_model_tag(NAME, RegisteredModelTag("new", "1")),
        lambda store: int(store.get_registered_model(NAME).tags.get("new") == "1"),
    ),
    "delete_registered_model_tag": PlannedCall(
        lambda store: store.delete_registered_model_tag(NAME, "old"),
        lambda store: int("old" not in store.get_registered_model(NAME).tags),
    ),
    "create_model_version": PlannedCall(
        lambda store: store.create_model_version(NAME, "s3://bucket/second"),
        lambda store: len(_versions(store)) - 1,
    ),
    "update_model_version": PlannedCall(
        lambda store: store.update_model_version(NAME, 1, "changed"),
        lambda store: int(store.get_model_version(NAME, 1).description == "changed"),
    ),
    "transition_model_version_stage": PlannedCall(
        lambda store: store.transition_model_version_stage(NAME, 1, "Staging", False),
        lambda store: int(store.get_model_version(NAME, 1).current_stage == "Staging"),
    ),
    "delete_model_version": PlannedCall(
        lambda store: store.delete_model_version(NAME, 1), lambda store: 1 - len(_versions(store))
    ),
    "set_model_version_tag": PlannedCall(
        lambda store: store.set_model_version_tag(NAME, 1, ModelVersionTag("new", "1")),
        lambda store: int(store.get_model_version(NAME, 1).tags.get("new") == "1"),
    ),
    "delete_model_version_tag": PlannedCall(
        lambda store: store.delete_model_version_tag(NAME, 1, "old"),
        lambda store: int("old" not in store.get_model_version(NAME, 1).tags),
    ),
    "set_registered_model_alias": PlannedCall(
        lambda store: store.set_registered_model_alias(NAME, "champion", 1),
        lambda store: len(store.get_registered_model(NAME).aliases),
    ),
    "get_registered_model": PlannedCall(lambda store: store.get_registered_model(NAME)),
    "search_registered_models": PlannedCall(lambda store: store.search_registered_models()),
    "get_model_version": PlannedCall(lambda store: store.get_model_version(NAME, 1)),
    "search_model_versions": PlannedCall(lambda store: store.search_model_versions()),
}


def prepare(reader: Store, operation: str) -> None:
    """A registry with OTHER, and with NAME and its version 1, both with the tag `old`."""
    for model in reader.search_registered_models():
        reader.delete_registered_model(model.name)
    reader.create_registered_model(OTHER)
    reader.create_registered_model(NAME, [RegisteredModelTag("old", "1")])
    reader.create_model_version(NAME, "s3://bucket/first", tags=[ModelVersionTag("old", "1")])
