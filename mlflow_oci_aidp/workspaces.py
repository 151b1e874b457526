"""The workspaces of an AI Data Platform, and the one that MLflow's active workspace stands for.

MLflow has workspaces since 3.10. A name of one is a key of the platform's, or a display name that
MLflow's rule for names allows. ``default`` is the workspace of the URI, or of
``AIDP_WORKSPACE_KEY``. With an older MLflow, there is no other workspace than that one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.json_fields import Json
from mlflow_oci_aidp.client.routes import WORKSPACES
from mlflow_oci_aidp.errors import error, invalid_parameter
from mlflow_oci_aidp.identity import chosen_caller
from mlflow_oci_aidp.lookup import FROM_URI
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.uri import SCHEME

#: Returns the name of MLflow's active workspace, None if none is chosen, or there is no such thing.
active_workspace: Callable[[], str | None] = ContextVar(
    "mlflow_oci_aidp_no_workspace", default=None
).get
#: Whether the installed MLflow has workspaces. The older of the supported versions have none.
HAS_WORKSPACES = False
with suppress(ImportError):
    from mlflow.utils.workspace_context import get_request_workspace

    active_workspace = get_request_workspace
    HAS_WORKSPACES = True
#: MLflow's name of the workspace that nobody chose. [mlflow.utils.workspace_utils]
DEFAULT = "default"

#: A key of the platform's. [aidp-python-client 5.1.1, ``Workspace.key``]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: The most of one page of OCI's lists.
_PAGE = 1000
#: Seconds for which a workspace that was looked up is remembered, and how many are: more than an
#: instance has, since whoever uses one after the other would have the list read for each.
_FRESH = 30.0
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Workspace:
    """A workspace as the platform describes it.

    Attributes:
        key: The key.
        display_name: The name that the platform shows.
        description: The description, or ``""``.
        state: The lifecycle state, such as ``"ACTIVE"``.
    """

    key: str
    display_name: str
    description: str
    state: str


class WorkspaceDirectory:
    """Looks up the workspaces of an instance. Those that were looked up are remembered briefly.

    Args:
        session: The session.

    Every method raises ``MlflowException`` if the platform cannot be reached, and
    ``RestException`` for what the platform refused.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[object, str], tuple[float, Workspace]] = {}

    @classmethod
    def of(cls, session: Session) -> WorkspaceDirectory:
        """Return the directory of a session."""
        return session.shared(("workspaces",), lambda: cls(session))

    def list(self) -> dict[str, Workspace]:
        """Return the workspaces by MLflow's names of them, in the order of the platform's list.

        A display name is a name if MLflow's rule allows it, and no other workspace is called so.
        Else the key is. A workspace that has no name by this rule is left out, and so is one that
        was deleted.
        """
        fields = {"limit": _PAGE}
        pages = self._session.client.pages(WORKSPACES["ListWorkspaces"], fields, "items", _parse)
        rows = [row for page in pages for row in page.items if row.state != "DELETED"]
        taken = Counter([row.display_name for row in rows] + [row.key for row in rows] + [DEFAULT])
        named: dict[str, Workspace] = {}
        for row in rows:
            is_alone = taken[row.display_name] == 1 + (row.display_name == row.key)
            if is_alone and is_name(row.display_name):
                named[row.display_name] = row
            elif is_name(row.key):
                named[row.key] = row
        for name, row in named.items():
            self._note(name, row)
        return named

    def get(self, name: str) -> Workspace:
        """Return the workspace with a name of MLflow's, or with a key.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none.
        """
        since, known = self._known.get((chosen_caller.get(), name), (0.0, None))
        if known is not None and self._now() - since < _FRESH:
            return known
        row = self._read(name) if _UUID.fullmatch(name) else self._find(name)
        if row is None:
            raise error(
                "RESOURCE_DOES_NOT_EXIST",
                f"{self._session.settings.instance_id} has no workspace {name!r}, or this identity "
                "may not see it.",
                "mlflow.list_workspaces() shows the names.",
            )
        self._note(name, row)
        return row

    def key_of(self, name: str) -> str:
        """Return the key of a workspace. A name that is a key costs no request."""
        return name if _UUID.fullmatch(name) else self.get(name).key

    def _read(self, key: str) -> Workspace | None:
        fields = {"workspaceKey": key}
        return self._session.client.call(WORKSPACES["GetWorkspace"], fields, _parse)

    def _find(self, name: str) -> Workspace | None:
        named = self.list()
        return named.get(name) or next((row for row in named.values() if row.key == name), None)

    def _note(self, name: str, row: Workspace) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[chosen_caller.get(), name] = (self._now(), row)

    def _now(self) -> float:
        return self._session.clock.monotonic()


class WorkspaceInUse:
    """Tells which workspace a call of a store goes to.

    Args:
        settings: The settings of the store.
        session: The session of the store.
    """

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session
        #: The key of the workspace of the URI, or of ``AIDP_WORKSPACE_KEY``; ``""`` for none.
        self.own = settings.workspace
        self._is_in_uri = settings.sources.get("workspaceKey") == FROM_URI

    def key(self) -> str:
        """Return the key of the workspace in use, ``""`` if there is none.

        A URI without a workspace takes MLflow's active one.

        Raises:
            MlflowException: ``FEATURE_DISABLED`` if the URI names a workspace, and another one is
                active; ``RESOURCE_DOES_NOT_EXIST`` if the active one does not exist.
        """
        active = active_workspace()
        if active is None or active in (DEFAULT, self.own):
            return self.own
        if self.own and self._is_in_uri:
            self._check(active)
            return self.own
        return WorkspaceDirectory.of(self._session).key_of(active)

    def check(self) -> None:
        """Refuse a call that needs no workspace, as :py:meth:`key` does, without a look-up.

        Raises:
            MlflowException: ``FEATURE_DISABLED`` as above.
        """
        if self.own and self._is_in_uri:
            self.key()

    def missing(self) -> MlflowException:
        """Return the error of a call that needs a workspace where none is named."""
        return no_workspace(self._settings)

    def _check(self, active: str) -> None:
        """Refuse a workspace that is active beside that of the URI, unless it is the same one."""
        is_same = False
        with suppress(MlflowException):
            is_same = WorkspaceDirectory.of(self._session).key_of(active) == self.own
        if is_same:
            return
        raise error(
            "FEATURE_DISABLED",
            f"MLflow's active workspace is {active!r}, and the URI in use names the workspace "
            f"{self.own!r}.",
            "Unset the active workspace, with mlflow.set_workspace(None) or by MLFLOW_WORKSPACE, "
            f"or use the URI without a workspace: {SCHEME}://<aiDataPlatformId>.",
        )


def no_workspace(settings: Settings) -> MlflowException:
    """Return the error of a call that needs a workspace where none is named."""
    choose = ", or choose one with mlflow.set_workspace" if HAS_WORKSPACES else ""
    return invalid_parameter(
        "The tracking URI names no workspace, and experiments and runs belong to one."
        f"{settings.blank_note('workspaceKey')}",
        f"Use {SCHEME}://<aiDataPlatformId>/<workspaceKey>, or set AIDP_WORKSPACE_KEY{choose}.",
    )


def is_name(text: str) -> bool:
    """Tell whether MLflow's rule for names of workspaces allows a text."""
    from mlflow.store.workspace.abstract_store import WorkspaceNameValidator

    try:
        WorkspaceNameValidator.validate(text)
    except MlflowException:
        return False
    return text != DEFAULT


def _parse(json: Json) -> Workspace:
    return Workspace(
        key=json_fields.text(json, "key"),
        display_name=json_fields.text(json, "displayName"),
        description=json_fields.optional_text(json, "description") or "",
        state=json_fields.text(json, "lifecycleState"),
    )
