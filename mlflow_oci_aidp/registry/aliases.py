"""Aliases, which AI Data Platform reports but has no calls for: kept as tags of the registered model.

An alias is a tag whose key is :py:data:`PREFIX` and the alias, and whose value is the version. Tags travel with
the registered model when it is renamed, and every client of this package reads them back as aliases.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_oci_aidp.errors import invalid_parameter

#: Reserved: tags that begin with it are aliases, and are neither shown nor taken as tags.
PREFIX = "mlflow_oci_aidp.alias."

#: The longest key of a tag in MLflow, in characters.
_LONGEST_KEY = 250


def key_of(alias: str) -> str:
    """The key of the tag that keeps an alias.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for an alias that does not fit in the key of a tag.
    """
    if len(alias) > _LONGEST_KEY - len(PREFIX):
        raise invalid_parameter(
            f"The alias is {len(alias)} characters long.",
            f"On AI Data Platform it can have {_LONGEST_KEY - len(PREFIX)}.",
        )
    return PREFIX + alias


def check_tag(key: object) -> None:
    """Refuse a user's tag that would be taken for an alias.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    if isinstance(key, str) and key.startswith(PREFIX):
        raise invalid_parameter(
            f"Tags that begin with {PREFIX!r} are reserved for aliases.",
            "Choose another key, or set an alias.",
        )


def kept(tags: Mapping[str, str]) -> dict[str, str]:
    """The aliases among the tags of a registered model: alias to version."""
    return {key[len(PREFIX) :]: value for key, value in tags.items() if key.startswith(PREFIX)}


def without(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a registered model that are the user's own."""
    return {key: value for key, value in tags.items() if not key.startswith(PREFIX)}


def merged(reported: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    """Alias to version, from what the platform reports and from tags.

    Where both know an alias, the tag counts: it is what a user set here, and could not have set there.
    """
    return {**reported, **kept(tags)}
