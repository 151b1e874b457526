"""Aliases of model versions: one interface, by the platform's own calls or stored in tags."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Protocol

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.routes import Route
from mlflow_oci_aidp.errors import error, invalid_parameter
from mlflow_oci_aidp.registry import alias_tags, entities
from mlflow_oci_aidp.registry.entities import Json
from mlflow_oci_aidp.stores import Platform

#: The calls that the platform needs to have.
_RPCS = frozenset(
    {"SetRegisteredModelAlias", "DeleteRegisteredModelAlias", "GetModelVersionByAlias"}
)

_LATEST = "latest"


class Aliases(ABC):
    """The aliases of registered models."""

    @abstractmethod
    def set(self, name: str, alias: str, version: str) -> None:
        """Point an alias of a registered model to a version.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is no such version.
        """

    @abstractmethod
    def delete(self, name: str, alias: str) -> None:
        """Delete an alias; it is no error if there is none."""

    @abstractmethod
    def get_version(self, name: str, alias: str) -> ModelVersion:
        """Read the version that an alias points to.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if there is no such alias.
        """

    @abstractmethod
    def forget(self, name: str, version: str) -> None:
        """Delete the aliases of a version that was deleted."""


class RegistryReader(Protocol):
    """The part of the registry store that finds what an alias points to."""

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Read a registered model."""

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """Read a model version."""


def choose_aliases(
    platform: Platform,
    routes: Mapping[str, Route],
    registry: RegistryReader,
    parse_version: Callable[[Json], ModelVersion],
) -> Aliases:
    """Choose how aliases are stored: by the platform's own calls if it has all of them.

    Args:
        platform: The platform.
        routes: The calls that the platform has.
        registry: Reads registered models and their versions.
        parse_version: Makes a model version of an answer.
    """
    if routes.keys() >= _RPCS:
        return NativeAliases(platform, parse_version)
    return AliasesInTags(platform, registry)


class NativeAliases(Aliases):
    """Aliases that the platform itself keeps, should it have calls for them one day.

    Args:
        platform: The platform.
        parse_version: Makes a model version of an answer.
    """

    def __init__(self, platform: Platform, parse_version: Callable[[Json], ModelVersion]) -> None:
        self._platform = platform
        self._parse_version = parse_version

    def set(self, name: str, alias: str, version: str) -> None:
        """Point an alias of a registered model to a version."""
        self._platform.call("SetRegisteredModelAlias", name=name, alias=alias, version=version)

    def delete(self, name: str, alias: str) -> None:
        """Delete an alias; it is no error if there is none."""
        self._platform.call("DeleteRegisteredModelAlias", name=name, alias=alias)

    def get_version(self, name: str, alias: str) -> ModelVersion:
        """Read the version that an alias points to."""
        version = self._platform.call(
            "GetModelVersionByAlias", self._parse_version, name=name, alias=alias
        )
        return self._platform.require(version, f"The alias {alias!r} of {name!r}")

    def forget(self, name: str, version: str) -> None:
        """Do nothing: no alias is stored beside the platform's own."""


class AliasesInTags(Aliases):
    """Aliases that are stored in tags of the registered model.

    The platform reports aliases that were made elsewhere. They can be read, but not changed.

    Args:
        platform: The platform.
        registry: Reads registered models and their versions.
    """

    def __init__(self, platform: Platform, registry: RegistryReader) -> None:
        self._platform = platform
        self._registry = registry

    def set(self, name: str, alias: str, version: str) -> None:
        """Point an alias of a registered model to a version."""
        key = alias_tags.key_of(alias)
        existing = self._registry.get_model_version(name, version)
        self._platform.call("SetRegisteredModelTag", name=name, key=key, value=existing.version)

    def delete(self, name: str, alias: str) -> None:
        """Delete an alias; it is no error if there is none.

        Raises:
            MlflowException: ``NOT_IMPLEMENTED`` for an alias that the platform itself keeps.
        """
        key = f"{alias_tags.PREFIX}{alias}"  # Whatever its length: a longer one is not there.
        reported, tags = self._read(name)
        if key in tags:
            self._platform.call("DeleteRegisteredModelTag", name=name, key=key)
        if alias in reported:
            raise error(
                "NOT_IMPLEMENTED",
                f"The alias {alias!r} of {name!r} is kept by the platform itself, which has no "
                "call to delete it.",
                "Delete it where it was made.",
            )

    def get_version(self, name: str, alias: str) -> ModelVersion:
        """Read the version that an alias points to.

        ``latest`` is the version with the highest number. A version that is among the latest ones
        of its registered model needs no request of its own: the reference documents the same
        fields for both. [REST reference, RegisteredModel]
        """
        model = self._registry.get_registered_model(name)
        if alias.lower() == _LATEST and model.latest_versions:
            return max(model.latest_versions, key=lambda version: int(version.version))
        if alias not in model.aliases:
            # The sentence of MLflow's own servers.
            raise invalid_parameter(
                f"Registered model alias {alias} not found.", f"Set it on a version of {name!r}."
            )
        target = model.aliases[alias]
        for version in model.latest_versions:
            if version.version == target and version.source:
                return version  # The registered model carries it, and not only its number.
        return self._registry.get_model_version(name, target)

    def forget(self, name: str, version: str) -> None:
        """Delete the aliases of a version that was deleted.

        Raises:
            MlflowException: If they cannot be deleted; it says that the version is.
        """
        problem = None
        gone: list[str] = []
        try:
            _, tags = self._read(name)
            aliases = alias_tags.aliases_from_tags(tags)
            gone = [alias for alias, target in aliases.items() if target == version]
            if gone:
                self._platform.call(
                    "UpdateRegisteredModelTags",
                    name=name,
                    delete_tags=[{"key": alias_tags.key_of(alias)} for alias in gone],
                )
        except MlflowException as caught:
            problem = caught
        if problem is not None:
            raise error(
                problem.error_code,
                f"Version {version} of {name!r} is deleted, but not the aliases that may point to "
                f"it ({', '.join(gone) or 'they could not be read'}): {problem.message}",
                "Delete them with delete_registered_model_alias.",
            )

    def _read(self, name: str) -> tuple[dict[str, str], dict[str, str]]:
        """Read the aliases that the platform reports, and all tags of a registered model."""
        aliases_and_tags = self._platform.call(
            "GetRegisteredModel",
            lambda json: entities.reported_aliases_and_tags(json["registered_model"]),
            name=name,
        )
        return self._platform.require(aliases_and_tags, f"The registered model {name!r}")
