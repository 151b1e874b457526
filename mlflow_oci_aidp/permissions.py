"""Permissions of registered models: who may read, change and administer one.

MLflow has no call for them, so they are functions of their own:

>>> from mlflow_oci_aidp import permissions
>>> permissions.grant("main.default.churn", "READ", user="ocid1.user.oc1..aaaa")
>>> permissions.list_grants("main.default.churn")

The platform keeps them on the volume of the registered model. [aidp-python-client 5.1.1]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.routes import PERMISSIONS as ROUTES
from mlflow_oci_aidp.errors import error, invalid_parameter
from mlflow_oci_aidp.full_names import FullNames
from mlflow_oci_aidp.session import session_of
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.unrepeated import change_once
from mlflow_oci_aidp.uri import SCHEME

#: The permissions that a registered model knows. [aidp-python-client 5.1.1]
PERMISSIONS = ("READ", "MANAGE", "ADMIN")

#: The most of one page of OCI's lists.
_PAGE = 1000
#: The beginnings of the OCIDs of grantees. A role has a name instead. [aidp-python-client 5.1.1]
_OCIDS: Mapping[str, str] = {"USER": "ocid1.user.", "GROUP": "ocid1.group."}


@dataclass(frozen=True)
class Grant:
    """What somebody may do with a registered model.

    Attributes:
        grantee: The OCID of a user or group, or the name of a role.
        grantee_name: The name of the grantee, or None if the platform gave none.
        grantee_type: ``"USER"``, ``"GROUP"`` or ``"ROLE"``.
        permissions: Such as ``("READ", "MANAGE")``.
        is_inherited: Whether it comes from something above the registered model.
        resource_name: The name of what it was granted on: the registered model, or the catalog or
            schema that it is inherited from. None if the platform gave none.
    """

    grantee: str
    grantee_name: str | None
    grantee_type: str
    permissions: tuple[str, ...]
    is_inherited: bool
    resource_name: str | None


def list_grants(name: str, uri: str | None = None) -> list[Grant]:
    """Return who may do what with a registered model.

    Args:
        name: The registered model, ``<catalog>.<schema>.<model>``; without dots it is completed by
            the settings.
        uri: The ``aidp://`` URI; MLflow's registry URI if None, or that of the environment if
            MLflow's is another server's.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for an empty name, a URI or a setting that is
            wrong; ``RESOURCE_DOES_NOT_EXIST`` if there is no such registered model.
    """
    return ModelPermissions(uri or _uri_in_use()).list_grants(name)


def grant(
    name: str,
    permission: str,
    *,
    user: str | None = None,
    group: str | None = None,
    role: str | None = None,
    uri: str | None = None,
) -> None:
    """Grant a permission on a registered model. Granting what is granted already is no error.

    Args:
        name: The registered model, ``<catalog>.<schema>.<model>``; without dots it is completed by
            the settings.
        permission: ``"READ"``, ``"MANAGE"`` or ``"ADMIN"``.
        user: The OCID of a user. Name one of user, group and role.
        group: The OCID of a group.
        role: The name of a role.
        uri: The URI, as of :py:func:`list_grants`.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a permission or a grantee that is none;
            ``RESOURCE_DOES_NOT_EXIST`` if there is no such registered model.
    """
    ModelPermissions(uri or _uri_in_use()).grant(
        name, permission, user=user, group=group, role=role
    )


def revoke(
    name: str,
    permission: str,
    *,
    user: str | None = None,
    group: str | None = None,
    role: str | None = None,
    uri: str | None = None,
) -> None:
    """Take a permission on a registered model back.

    Args:
        name: The registered model, ``<catalog>.<schema>.<model>``; without dots it is completed by
            the settings.
        permission: ``"READ"``, ``"MANAGE"`` or ``"ADMIN"``.
        user: The OCID of a user. Name one of user, group and role.
        group: The OCID of a group.
        role: The name of a role.
        uri: The URI, as of :py:func:`list_grants`.

    Raises:
        MlflowException: ``INVALID_STATE`` for a permission that is inherited, with the name of
            what it is inherited from; ``RESOURCE_DOES_NOT_EXIST`` for one that was not granted.
    """
    ModelPermissions(uri or _uri_in_use()).revoke(
        name, permission, user=user, group=group, role=role
    )


class ModelPermissions:
    """The permissions of the registered models of one AI Data Platform.

    Args:
        uri: The ``aidp://`` URI.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """

    def __init__(self, uri: str) -> None:
        settings = resolve(uri)
        session = session_of(settings)
        self._client = session.client
        self._names = FullNames(settings, session)

    def list_grants(self, name: str) -> list[Grant]:
        """Return who may do what: see the function of the same name."""
        _check_name(name)
        return list(self._grants(self._names.complete(name)))

    def grant(self, name: str, permission: str, **grantees: str | None) -> None:
        """Grant a permission: see the function of the same name."""
        kind, grantee = _checked(name, permission, grantees)
        name = self._names.complete(name)

        def is_granted() -> bool:
            return bool(self._direct(name, permission, kind, grantee))

        if not is_granted():
            details = _details(permission, kind, grantee)
            fields = {"assignRegisteredModelPermissionDetails": details}
            self._change(name, fields, is_granted)

    def revoke(self, name: str, permission: str, **grantees: str | None) -> None:
        """Take a permission back: see the function of the same name."""
        kind, grantee = _checked(name, permission, grantees)
        name = self._names.complete(name)
        held = self._held(name, permission, kind, grantee)
        if not held:
            raise error(
                "RESOURCE_DOES_NOT_EXIST",
                f"{grantee!r} has no permission {permission} on {name!r}.",
                f"`mlflow-oci-aidp models grants {name}` shows who has which.",
            )
        if all(row.is_inherited for row in held):
            above = " and ".join(repr(row.resource_name) for row in held if row.resource_name)
            raise error(
                "INVALID_STATE",
                f"{grantee!r} inherits the permission {permission} on {name!r}"
                f"{f' from {above}' if above else ''}.",
                "Revoke it there, in AI Data Platform itself.",
            )
        details = _details(permission, kind, grantee)
        self._change(
            name,
            {"revokeRegisteredModelPermissionDetails": details},
            lambda: not self._direct(name, permission, kind, grantee),
        )

    def _grants(self, name: str) -> Iterator[Grant]:
        fields = {"registeredModelKey": name, "limit": _PAGE}
        route = ROUTES["ListRegisteredModelPermissions"]
        for page in self._client.pages(route, fields, "items", _grant):
            yield from page.items

    def _held(self, name: str, permission: str, kind: str, grantee: str) -> list[Grant]:
        return [
            row
            for row in self._grants(name)
            if (row.grantee_type, row.grantee) == (kind, grantee) and permission in row.permissions
        ]

    def _direct(self, name: str, permission: str, kind: str, grantee: str) -> list[Grant]:
        return [row for row in self._held(name, permission, kind, grantee) if not row.is_inherited]

    def _change(self, name: str, fields: Mapping[str, Any], is_done: Callable[[], bool]) -> None:
        route = ROUTES["ManageRegisteredModelPermission"]
        values = {"registeredModelKey": name, **fields}
        change_once(lambda: self._client.call(route, values, None), is_done)


def _grant(row: dict[str, Any]) -> Grant:
    permissions = json_fields.entries(row, "granteePermissions", is_required=True)
    if not all(isinstance(permission, str) for permission in permissions):
        raise TypeError("granteePermissions")
    return Grant(
        grantee=json_fields.text(row, "grantee"),
        grantee_name=json_fields.optional_text(row, "granteeName"),
        grantee_type=json_fields.text(row, "granteeType"),
        permissions=tuple(permissions),
        is_inherited=json_fields.boolean(row, "isInherited"),
        resource_name=json_fields.optional_text(row, "resourceName"),
    )


def _details(permission: str, kind: str, grantee: str) -> dict[str, Any]:
    return {"assignees": {"type": kind, "targets": [grantee]}, "permissions": [permission]}


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise invalid_parameter(
            "The name of the registered model is empty.", "Pass <catalog>.<schema>.<model>."
        )


def _checked(name: str, permission: str, grantees: Mapping[str, str | None]) -> tuple[str, str]:
    """Check the arguments of a change, and return the grantee's kind and its OCID or name."""
    _check_name(name)
    if permission not in PERMISSIONS:
        raise invalid_parameter(
            f"There is no permission {permission!r}.", f"Pass one of {', '.join(PERMISSIONS)}."
        )
    passed = [(kind.upper(), text) for kind, text in grantees.items() if text is not None]
    if len(passed) != 1 or not isinstance(passed[0][1], str) or not passed[0][1].strip():
        raise invalid_parameter(
            "A permission belongs to one grantee.",
            "Name a user or a group by its OCID, or a role by its name.",
        )
    ((kind, grantee),) = passed
    begin = _OCIDS.get(kind)
    if begin and not grantee.startswith(begin):
        raise invalid_parameter(
            f"{grantee!r} is not the OCID of a {kind.lower()}.",
            f"Pass one that begins with {begin}",
        )
    if kind == "ROLE" and grantee.startswith("ocid1."):
        raise invalid_parameter(
            f"{grantee!r} is an OCID, and a role is named by its name.",
            "Pass the role's name, or name the grantee as a user or a group.",
        )
    return kind, grantee


def _uri_in_use() -> str:
    import mlflow

    uri = mlflow.get_registry_uri()
    return uri if uri.startswith(f"{SCHEME}://") else f"{SCHEME}://"
