"""Carry out the operations of the registry on MLflow's SQL store, without HTTP.

Each operation of the contract is a method of the same name. It takes the body or the query as a
checked dict and the caller's OCID, and returns a dict in the contract's shape, or raises
``Refusal``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)

from ..contract import MODELS
from ..contract.refusal import Refusal, invalid
from ..server.validation import check_model
from .paging import max_results, page, page_token, with_values
from .permissions import PermissionService

Json = dict[str, Any]

# MLflow's registry has no place for these fields, so they lie in a tag that nobody sees. Whatever
# it holds is reported.
_HIDDEN = "mlflow_oci_aidp.emulator.fields"

# MLflow resolves a models:/ source when a version is made, even by asking a tracking server. The
# platform keeps what it was given, so such a source is stored in disguise.
_DISGUISE = "aidp-emulator+"

_NUMBER = re.compile(r"[0-9]{1,18}")
_TEXT = r"'(?:[^']|'')*'"
_CONDITION = re.compile(
    rf"""\s*(?P<key>(?:(?:attributes?|tags?)\.)?(?:`[^`]+`|[A-Za-z_][\w.]*))
         \s*(?P<operator>=|!=|<=|>=|<|>|\bI?LIKE\b|\bIN\b|\bNOT\s+IN\b)
         \s*(?P<value>{_TEXT}|-?\d+|\(\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*\))\s*""",
    re.VERBOSE | re.IGNORECASE,
)

MAX_REGISTERED_MODELS = 1000
MAX_MODEL_VERSIONS = 200_000
"""MLflow's own limit; the platform documents none."""


class RegistryService(PermissionService):
    """The registry of one instance. Safe for use by several threads."""

    count_deployments: Callable[[str], tuple[int, int]] = staticmethod(lambda name: (0, 0))
    """Returns how many deployments a registered model has, and how many of them are active."""

    # -- registered models

    def create_registered_model(self, details: Json, user: str) -> Json:
        """Make a registered model."""
        tags = _tags(details.get("tags"), RegisteredModelTag)
        hidden = _fields_sent(details, "deployment_job_id")
        if hidden:
            tags.append(RegisteredModelTag(_HIDDEN, json.dumps(hidden)))
        with self._work():
            self._database.create_registered_model(
                details["name"], tags, details.get("description")
            )
            return self._registered_model_answer(details["name"])

    def get_registered_model(self, query: Json, user: str) -> Json:
        """Return a registered model."""
        with self._work():
            return self._registered_model_answer(query["name"])

    def list_registered_models(self, query: Json, user: str) -> Json:
        """Return a page of registered models."""
        condition = _condition(query.get("filter"), like_means_contains=True)
        with self._work():
            matches = self._database.search_registered_models(
                condition,
                max_results(query, MAX_REGISTERED_MODELS),
                _order(query),
                page_token(query),
            )
        models = [_registered_model(model) for model in matches]
        if query.get("is_deployment_summary_enabled"):
            for model in models:
                total, active = self.count_deployments(model["name"])
                model["deployment_summary"] = {
                    "total_deployment": total,
                    "active_deployment": active,
                }
        return page("registered_models", models, matches.token)

    def get_registered_model_summary(self, query: Json, user: str) -> Json:
        """Return the numbers of models and versions in a schema."""
        prefix = f"{query['catalog']}.{query['schema']}."
        with self._work():
            models = _all_pages(
                lambda token: self._database.search_registered_models(page_token=token)
            )
            versions = _all_pages(
                lambda token: self._database.search_model_versions(page_token=token)
            )
        names = [model.name for model in models if model.name.startswith(prefix)]
        counts = [self.count_deployments(name) for name in names]
        return {
            "registered_models_count": len(names),
            "model_versions_count": sum(version.name.startswith(prefix) for version in versions),
            "model_deployments_count": sum(total for total, _ in counts),
            "active_deployment_count": sum(active for _, active in counts),
        }

    def update_registered_model(self, details: Json, user: str) -> Json:
        """Change the fields that the request has."""
        name = details["name"]
        with self._work():
            current = self._database.get_registered_model(name)
            self._database.update_registered_model(
                name, details.get("description", current.description)
            )
            self._hide_in_model(name, _fields_sent(details, "deployment_job_id"))
            return self._registered_model_answer(name)

    def rename_registered_model(self, details: Json, user: str) -> Json:
        """Give a registered model another name."""
        if not details.get("new_name"):
            raise invalid("'new_name' must not be empty.")
        self._refuse_deployed(details["name"])
        with self._work():
            self._database.rename_registered_model(details["name"], details["new_name"])
            self._grants.rename(details["name"], details["new_name"])
            return self._registered_model_answer(details["new_name"])

    def delete_registered_model(self, details: Json, user: str) -> Json:
        """Delete a registered model with its versions."""
        self._refuse_deployed(details["name"])
        with self._work():
            self._database.delete_registered_model(details["name"])
            self._grants.rename(details["name"], None)
        return {}

    def set_registered_model_tag(self, details: Json, user: str) -> Json:
        """Set one tag."""
        return self.update_registered_model_tags(
            {"name": details["name"], "set_tags": [details]}, user
        )

    def delete_registered_model_tag(self, details: Json, user: str) -> Json:
        """Delete one tag."""
        return self.update_registered_model_tags(
            {"name": details["name"], "delete_tags": [details]}, user
        )

    def update_registered_model_tags(self, details: Json, user: str) -> Json:
        """Set and delete tags."""
        name = details["name"]
        tags = _tags(details.get("set_tags"), RegisteredModelTag)
        with self._work():
            self._database.get_registered_model(name)
            for tag in tags:
                self._database.set_registered_model_tag(name, tag)
            for key in _tag_keys(details.get("delete_tags")):
                self._database.delete_registered_model_tag(name, key)
        return {}

    # -- model versions

    def create_model_version(self, details: Json, user: str) -> Json:
        """Make the next version of a registered model."""
        source = details["source"]
        if _scheme(source) == "models":
            source = _DISGUISE + source
        tags = _tags(details.get("tags"), ModelVersionTag)
        tags.append(
            ModelVersionTag(
                _HIDDEN, json.dumps({"user_id": user, **_fields_sent(details, "model_id")})
            )
        )
        with self._work():
            version = self._database.create_model_version(
                details["name"],
                source,
                run_id=details.get("run_id"),
                tags=tags,
                run_link=details.get("run_link"),
                description=details.get("description"),
            )
            return self._model_version_answer(details["name"], version.version)

    def get_model_version(self, query: Json, user: str) -> Json:
        """Return a version."""
        with self._work():
            return self._model_version_answer(query["name"], query["version"])

    def list_model_versions(self, query: Json, user: str) -> Json:
        """Return a page of versions."""
        condition = _condition(query.get("filter"), like_means_contains=False)
        with self._work():
            matches = self._database.search_model_versions(
                condition, max_results(query, MAX_MODEL_VERSIONS), _order(query), page_token(query)
            )
            aliases = self._aliases({version.name for version in matches})
        versions = [_model_version(version, aliases) for version in matches]
        return page("model_versions", versions, matches.token)

    def update_model_version(self, details: Json, user: str) -> Json:
        """Change the fields that the request has."""
        name, version = details["name"], details["version"]
        with self._work():
            current = self._database.get_model_version(name, version)
            self._database.update_model_version(
                name, version, details.get("description", current.description)
            )
            return self._model_version_answer(name, version)

    def transition_model_version_stage(self, details: Json, user: str) -> Json:
        """Move a version to another stage."""
        name, version = details["name"], details["version"]
        with self._work():
            self._database.transition_model_version_stage(
                name, version, details["stage"], details["archive_existing_versions"]
            )
            return self._model_version_answer(name, version)

    def delete_model_version(self, details: Json, user: str) -> Json:
        """Delete a version."""
        with self._work():
            # MLflow 3.0 finds a version's aliases by the number alone, so text would leave them
            # behind.
            version = details["version"]
            self._database.delete_model_version(
                details["name"], int(version) if _NUMBER.fullmatch(version) else version
            )
        return {}

    def set_model_version_tag(self, details: Json, user: str) -> Json:
        """Set one tag."""
        return self.update_model_version_tags({**_key_of(details), "set_tags": [details]}, user)

    def delete_model_version_tag(self, details: Json, user: str) -> Json:
        """Delete one tag."""
        return self.update_model_version_tags({**_key_of(details), "delete_tags": [details]}, user)

    def update_model_version_tags(self, details: Json, user: str) -> Json:
        """Set and delete tags."""
        name, version = details["name"], details["version"]
        tags = _tags(details.get("set_tags"), ModelVersionTag)
        with self._work():
            self._database.get_model_version(name, version)
            for tag in tags:
                self._database.set_model_version_tag(name, version, tag)
            for key in _tag_keys(details.get("delete_tags")):
                self._database.delete_model_version_tag(name, version, key)
        return {}

    # -- for tests: what the platform reports and no operation can set

    def set_platform_alias(self, name: str, alias: str, version: int | str) -> None:
        """Set an alias.

        The platform reports aliases and has no operation that sets one.
        """
        with self._work():
            self._database.set_registered_model_alias(name, alias, str(version))

    def seed_registered_model(self, name: str, /, **fields: Any) -> None:
        """Make the registry report these fields of a registered model.

        An example is ``deployment_job_state``.
        """
        _check_seed(fields, "RegisteredModel")
        with self._work():
            self._hide_in_model(name, fields)

    def seed_model_version(self, name: str, version: int | str, /, **fields: Any) -> None:
        """Make the registry report these fields of a version.

        Examples are ``status`` and ``model_metrics``.
        """
        _check_seed(fields, "ModelVersion")
        with self._work():
            current = self._database.get_model_version(name, str(version))
            hidden = {**_hidden(current.tags), **fields}
            self._database.set_model_version_tag(
                name, str(version), ModelVersionTag(_HIDDEN, json.dumps(hidden))
            )

    # -- helpers

    def _registered_model_answer(self, name: str) -> Json:
        return {"registered_model": _registered_model(self._database.get_registered_model(name))}

    def _model_version_answer(self, name: str, version: int | str) -> Json:
        entity = self._database.get_model_version(name, str(version))
        return {"model_version": _model_version(entity, {name: _alias_map(entity)})}

    def _hide_in_model(self, name: str, fields: Json) -> None:
        if fields:
            hidden = {**_hidden(self._database.get_registered_model(name).tags), **fields}
            self._database.set_registered_model_tag(
                name, RegisteredModelTag(_HIDDEN, json.dumps(hidden))
            )

    def _refuse_deployed(self, name: str) -> None:
        """Refuse (409) to take the name of deployments away. The platform's answer is not known."""
        total, _ = self.count_deployments(name)
        if total:
            raise Refusal(409, "IncorrectState", f"The registered model has {total} deployments.")

    def _aliases(self, names: set[str]) -> dict[str, dict[str, str]]:
        # A search of MLflow's leaves them out.
        return {name: dict(self._database.get_registered_model(name).aliases) for name in names}


def _all_pages(page_of: Callable[[str | None], Any]) -> list[Any]:
    entities: list[Any] = []
    token: str | None = None
    while True:
        page = page_of(token)
        entities.extend(page)
        token = page.token
        if not token:
            return entities


def _scheme(uri: str) -> str:
    try:
        return urlparse(uri).scheme
    except ValueError:  # MLflow cannot take it apart either.
        raise invalid(f"{uri!r} is no location.") from None


def _fields_sent(details: Json, *names: str) -> Json:
    return {name: details[name] for name in names if name in details}


def _key_of(details: Json) -> Json:
    return _fields_sent(details, "name", "version")


def _tags(tags: list[Json] | None, make: type[Any]) -> list[Any]:
    return [
        make(key, tag.get("value", ""))
        for key, tag in zip(_tag_keys(tags), tags or [], strict=True)
    ]


def _tag_keys(tags: list[Json] | None) -> list[str]:
    keys = [tag.get("key", "") for tag in tags or []]
    for key in keys:
        if not key:
            raise invalid("The key of a tag must not be empty.")
        if key == _HIDDEN:
            raise invalid(f"The tag '{_HIDDEN}' is the emulator's own.")
    return keys


def _hidden(tags: dict[str, str]) -> Json:
    fields: Json = json.loads(tags.get(_HIDDEN, "{}"))
    return fields


def _check_seed(fields: Json, model: str) -> None:
    fixed = {"name", "version", "tags", "aliases", "latest_versions"} & set(fields)
    if fixed:
        raise invalid(f"Not to be seeded: {', '.join(sorted(fixed))}.")
    check_model(fields, model)
    unknown = set(fields) - set(MODELS[model])
    if unknown:
        raise invalid(f"{model} has no {', '.join(sorted(unknown))}.")


def _alias_map(version: ModelVersion) -> dict[str, str]:
    return {alias: str(version.version) for alias in version.aliases}


def _registered_model(model: RegisteredModel) -> Json:
    aliases = {alias: str(version) for alias, version in model.aliases.items()}
    hidden = _hidden(model.tags)
    versions = [_model_version(version, {model.name: aliases}) for version in model.latest_versions]
    return with_values(
        {
            "name": model.name,
            "creation_timestamp": model.creation_timestamp,
            "last_updated_timestamp": model.last_updated_timestamp,
            "description": model.description,
            "latest_versions": [version for version in versions if version["status"] == "READY"],
            "aliases": [{"alias": alias, "version": version} for alias, version in aliases.items()],
            # A job id that the platform does not know yet has some state; which one is not
            # documented.
            "deployment_job_state": "CONNECTED" if hidden.get("deployment_job_id") else None,
            # Not `tags`: MLflow hides its tag for prompts there, and the platform does not know it.
            "tags": _reported_tags(model._tags),
            **hidden,
        }
    )


def _model_version(version: ModelVersion, aliases: dict[str, dict[str, str]]) -> Json:
    number = str(version.version)
    return with_values(
        {
            "name": version.name,
            "version": number,
            "creation_timestamp": version.creation_timestamp,
            "last_updated_timestamp": version.last_updated_timestamp,
            "current_stage": version.current_stage,
            "description": version.description,
            "source": (version.source or "").removeprefix(_DISGUISE),
            "run_id": version.run_id,
            "status": version.status,
            "status_message": version.status_message,
            "tags": _reported_tags(version.tags),
            "run_link": version.run_link,
            "aliases": [
                alias
                for alias, target in aliases.get(version.name, {}).items()
                if str(target) == number
            ],
            **_hidden(version.tags),
        }
    )


def _reported_tags(tags: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in tags.items() if key != _HIDDEN]


def _condition(text: str | None, *, like_means_contains: bool) -> str | None:
    """Translate a documented filter into MLflow's syntax.

    A filter is one condition. MLflow wants its text in single quotes.
    """
    if text is None:
        return None
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise invalid(
            "'filter' must be a single condition with its text in single quotes, as in: name = 'x'."
        )
    key, operator, value = match["key"], match["operator"].upper(), match["value"]
    text = value[1:-1] if value.startswith("'") else ""
    if like_means_contains and key == "name" and operator == "LIKE" and text:
        value = f"'%{text}%'"
    if key == "source_path" and _scheme(text) == "models":
        value = f"'{_DISGUISE}{text}'"
    return f"{key} {operator} {value}"


def _order(query: Json) -> list[str] | None:
    if "order_by" not in query:
        return None
    columns = [column.strip() for column in query["order_by"].split(",")]
    names = [column.partition(" ")[0] for column in columns]
    if not all(names) or len(set(names)) < len(names):
        raise invalid("'order_by' must name columns, each once, separated by commas.")
    return columns
