"""The tags of a registered model that store its aliases.

AI Data Platform reports aliases but has no calls to set them. This package stores an alias as a
tag: the key is :py:data:`PREFIX` and the alias, the value is the version. Tags travel with the
registered model when it is renamed, and every client of this package reads them back as aliases.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from mlflow_oci_aidp.errors import invalid_parameter

#: The beginning of the keys of these tags. Tags that begin with it are aliases: they are not shown
#: as tags, and not taken from a user.
PREFIX = "mlflow_oci_aidp.alias."

#: The longest key of a tag in MLflow, in characters.
_LONGEST_KEY = 250


def key_of(alias: str) -> str:
    """Return the key of the tag that stores an alias.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for an alias that does not fit in the key of a
            tag.
    """
    if len(alias) > _LONGEST_KEY - len(PREFIX):
        raise invalid_parameter(
            f"The alias is {len(alias)} characters long.",
            f"On AI Data Platform it can have {_LONGEST_KEY - len(PREFIX)}.",
        )
    return PREFIX + alias


def check_tag(key: object) -> None:
    """Refuse a user's tag that this package would take for an alias.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    if isinstance(key, str) and key.startswith(PREFIX):
        raise invalid_parameter(
            f"Tags that begin with {PREFIX!r} are reserved for aliases.",
            "Choose another key, or set an alias.",
        )


def aliases_from_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the aliases among the tags of a registered model: alias to version."""
    return {key[len(PREFIX) :]: value for key, value in tags.items() if key.startswith(PREFIX)}


def user_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a registered model that are the user's own."""
    return {key: value for key, value in tags.items() if not key.startswith(PREFIX)}


def merge_aliases(reported: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    """Merge the aliases that the platform reports with those in tags: alias to version.

    If both know an alias, the tag counts: a user set it with this package, and could not have set
    it on the platform.
    """
    return {**reported, **aliases_from_tags(tags)}


class AliasMap(dict[str, str]):
    """Alias to version, for a list of versions that are asked for their aliases.

    To look through all aliases for each version would be work that grows with the square.
    """

    @cached_property
    def by_version(self) -> dict[str, list[str]]:
        """The aliases of each version."""
        by_version: dict[str, list[str]] = {}
        for alias, version in self.items():
            by_version.setdefault(version, []).append(alias)
        return by_version


def pointing_to(aliases: Mapping[str, str], version: str) -> list[str]:
    """Return the aliases that point to a version, of a map from alias to version."""
    if isinstance(aliases, AliasMap):
        return aliases.by_version.get(version, [])
    return [alias for alias, target in aliases.items() if target == version]
