"""The parts of steps: the case that they check, and how each reports its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mlflow_oci_aidp.secret import Secret
from mlflow_oci_aidp.settings import Settings
from mlflow_oci_aidp.settings_table import SETTINGS

#: Seconds that one step may wait for the network.
TIMEOUT = 10.0

Status = Literal["ok", "warning", "failed", "skipped"]

#: The sources of values that nobody has set, where that is more than a default.
_DERIVED: Mapping[str, str] = {"endpoint": "the region", "auth": "what was found to sign with"}


@dataclass(frozen=True)
class Result:
    """The result of a step.

    Attributes:
        name: The step's name.
        status: ``"ok"``, ``"warning"``, ``"failed"`` or ``"skipped"``. A warning is no failure.
        message: What was found out: the facts, the cause of the failure, or why it was skipped.
        remedy: What to do about a failure; else ``""``.
    """

    name: str
    status: Status
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class SettingInUse:
    """A setting that has a value.

    Attributes:
        name: Its name in the table of settings.
        value: The value; that of a secret is not shown.
        source: Where the value comes from.
    """

    name: str
    value: str
    source: str


@dataclass
class Case:
    """The case that is checked, with the results of the steps so far.

    A step runs after those that it needs, and reads what they left here.

    Attributes:
        uri: The tracking or registry URI.
        clock: Returns the seconds since the Unix epoch.
        is_for_tracking: Whether the URI is MLflow's tracking URI, which needs a workspace.
        timeout: Seconds that one step may wait for the network.
        identity: Who signs: ``mode``, ``tenancy``, ``user`` or ``principal``, ``fingerprint``,
            ``token_expires``.
        settings: The settings, once they are resolved.
        key: The public half of the private key, once that is read.
        address: Host and port to connect to: the endpoint's, or those of the proxy before it.
        date: The ``Date`` header of the endpoint's answer, ``""`` without one.
    """

    uri: str
    clock: Callable[[], float] = time.time
    is_for_tracking: bool = False
    timeout: float = TIMEOUT
    identity: dict[str, str] = field(default_factory=dict)
    # Without a value, they have none in the text of a case, either.
    settings: Settings = field(init=False, repr=False)
    key: Any = field(init=False, repr=False)
    address: tuple[str, int] = field(init=False, repr=False)
    date: str = ""

    @property
    def settings_in_use(self) -> list[SettingInUse]:
        """The settings that have a value, in the order of their table; none if unresolved."""
        return list(_settings_in_use(self.settings)) if hasattr(self, "settings") else []

    @property
    def signer(self) -> str:
        """The signer, in words."""
        return self.identity.get("user") or self.identity.get("principal") or self.settings.auth


class StepFailed(Exception):
    """A step found something wrong.

    Args:
        cause: One sentence on what is wrong.
        remedy: One sentence on what to do.
    """

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy


class StepWarned(Exception):
    """A step found something that may be the cause of trouble, and need not be."""


class StepSkipped(Exception):
    """A step does not apply, for the reason given; the steps that need it run all the same."""


@dataclass(frozen=True)
class Step:
    """One line of the table of steps.

    Attributes:
        name: What is checked.
        check: Checks it. Returns what it found out, or raises :py:class:`StepWarned`,
            :py:class:`StepFailed`, :py:class:`StepSkipped` or an ``MlflowException``.
        needs: The steps that must not have failed before it.
    """

    name: str
    check: Callable[[Case], str]
    needs: tuple[str, ...] = ()


def _settings_in_use(settings: Settings) -> Iterator[SettingInUse]:
    values: dict[str, object] = {
        "aiDataPlatformId": settings.instance_id,
        "workspaceKey": settings.workspace,
        "catalog": settings.catalog,
        "schema": settings.schema,
        "endpoint": settings.endpoint,
        "object_storage_endpoint": settings.object_storage_endpoint,
        "api_version": settings.api_version if "api_version" in settings.sources else "",
        "region": settings.region,
        "profile": settings.profile,
        "config_file": settings.config_file,
        "auth": settings.auth,
        "user_principal": settings.user_principal,
        **settings.credentials,
    }
    for setting in SETTINGS:
        if value := values.get(setting.name):
            is_hidden = isinstance(value, Secret) or setting.secret
            source = settings.sources.get(setting.name, _DERIVED.get(setting.name, "default"))
            yield SettingInUse(setting.name, "(not shown)" if is_hidden else str(value), source)
