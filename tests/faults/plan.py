"""The tables of the fault suite: operations with the effect that each has, and faults with what becomes of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

from mlflow_oci_aidp.registry.store import AidpRegistryStore as Store

NAME = "main.default.iris"


@dataclass(frozen=True)
class Operation:
    """One operation: how it is called, and how often it has taken effect, as a reader without faults sees it."""

    call: Callable[[Store], Any]
    effects: Callable[[Store], int] | None = None
    """None: it changes nothing."""


def _versions(store: Store) -> list[Any]:
    return list(store.search_model_versions(f"name = '{NAME}'"))


def _models(store: Store) -> list[str]:
    return [model.name for model in store.search_registered_models()]


#: Each begins with the registered model NAME with the tag `old`, and its version 1 with the tag `old`.
OPERATIONS: Mapping[str, Operation] = {
    "create_registered_model": Operation(
        lambda store: store.create_registered_model("new"), lambda store: _models(store).count("new")
    ),
    "update_registered_model": Operation(
        lambda store: store.update_registered_model(NAME, "changed"),
        lambda store: int(store.get_registered_model(NAME).description == "changed"),
    ),
    "rename_registered_model": Operation(
        lambda store: store.rename_registered_model(NAME, "renamed"), lambda store: _models(store).count("renamed")
    ),
    "delete_registered_model": Operation(
        lambda store: store.delete_registered_model(NAME), lambda store: int(NAME not in _models(store))
    ),
    "set_registered_model_tag": Operation(
        lambda store: store.set_registered_model_tag(NAME, RegisteredModelTag("new", "1")),
        lambda store: int(store.get_registered_model(NAME).tags.get("new") == "1"),
    ),
    "delete_registered_model_tag": Operation(
        lambda store: store.delete_registered_model_tag(NAME, "old"),
        lambda store: int("old" not in store.get_registered_model(NAME).tags),
    ),
    "create_model_version": Operation(
        lambda store: store.create_model_version(NAME, "s3://bucket/second"),
        lambda store: len(_versions(store)) - 1,
    ),
    "update_model_version": Operation(
        lambda store: store.update_model_version(NAME, 1, "changed"),
        lambda store: int(store.get_model_version(NAME, 1).description == "changed"),
    ),
    "transition_model_version_stage": Operation(
        lambda store: store.transition_model_version_stage(NAME, 1, "Staging", False),
        lambda store: int(store.get_model_version(NAME, 1).current_stage == "Staging"),
    ),
    "delete_model_version": Operation(
        lambda store: store.delete_model_version(NAME, 1), lambda store: 1 - len(_versions(store))
    ),
    "set_model_version_tag": Operation(
        lambda store: store.set_model_version_tag(NAME, 1, ModelVersionTag("new", "1")),
        lambda store: int(store.get_model_version(NAME, 1).tags.get("new") == "1"),
    ),
    "delete_model_version_tag": Operation(
        lambda store: store.delete_model_version_tag(NAME, 1, "old"),
        lambda store: int("old" not in store.get_model_version(NAME, 1).tags),
    ),
    "set_registered_model_alias": Operation(
        lambda store: store.set_registered_model_alias(NAME, "champion", 1),
        lambda store: len(store.get_registered_model(NAME).aliases),
    ),
    "get_registered_model": Operation(lambda store: store.get_registered_model(NAME)),
    "search_registered_models": Operation(lambda store: store.search_registered_models()),
    "get_model_version": Operation(lambda store: store.get_model_version(NAME, 1)),
    "search_model_versions": Operation(lambda store: store.search_model_versions()),
}

ANSWERED, REFUSED = "answered", "refused"


@dataclass(frozen=True)
class Case:
    """One fault that happens once, and what becomes of a call that meets it."""

    kind: str
    ends: str
    """ANSWERED: the repetition takes effect, once. REFUSED: an error, without effect, after a single request."""
    fields: Mapping[str, Any] = field(default_factory=dict)


def _status(status: int, code: str | None = None, **headers: str) -> Mapping[str, Any]:
    return {"status": status, "code": code, "headers": headers}


CASES: Mapping[str, Case] = {
    "408": Case("status", ANSWERED, _status(408)),
    "429": Case("status", ANSWERED, _status(429)),
    "429 with Retry-After": Case("status", ANSWERED, _status(429, **{"Retry-After": "30"})),
    "500": Case("status", ANSWERED, _status(500)),
    "502": Case("status", ANSWERED, _status(502)),
    "503": Case("status", ANSWERED, _status(503)),
    "504": Case("status", ANSWERED, _status(504)),
    "409 IncorrectState": Case("status", ANSWERED, _status(409, "IncorrectState")),
    "409 LockConflict": Case("status", ANSWERED, _status(409, "LockConflict")),
    "409 InvalidatedRetryToken": Case("status", REFUSED, _status(409, "InvalidatedRetryToken")),
    "409 of another kind": Case("status", REFUSED, _status(409, "Conflict")),
    "400": Case("status", REFUSED, _status(400)),
    "401": Case("status", REFUSED, _status(401)),
    "403": Case("status", REFUSED, _status(403)),
    "404": Case("status", REFUSED, _status(404)),
    "501": Case("status", REFUSED, _status(501)),
    "reset before the work": Case("reset_before", ANSWERED),
    "reset after the work": Case("reset_after", ANSWERED),
    "hang before the work": Case("hang", ANSWERED),
    "hang after the work": Case("hang_after", ANSWERED),
    "truncated body": Case("truncated", ANSWERED),
    "HTML with 502": Case("html", ANSWERED, {"status": 502}),
    "HTML with 200": Case("html", REFUSED, {"status": 200}),
    "redirect 302": Case("redirect", REFUSED, {"status": 302}),
    "redirect 307": Case("redirect", REFUSED, {"status": 307}),
    "redirect 308": Case("redirect", REFUSED, {"status": 308}),
    "slow drip": Case("slow_drip", ANSWERED, {"delay": 0.05}),
}
