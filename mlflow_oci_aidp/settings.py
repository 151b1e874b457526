"""The settings of a store, resolved once and frozen: :py:class:`Settings`.

Which settings there are is said in :py:mod:`mlflow_oci_aidp.settings_table`.

Each setting comes from the URI, then the environment, then the OCI profile, then a default. The
region differs: a resource lives where its OCID says, whatever the profile's home region is, so the
OCID comes right after the URI.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from mlflow_oci_aidp import auth_modes, regions
from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.errors import AidpError, invalid_parameter
from mlflow_oci_aidp.profiles import DEFAULT_CONFIG_FILE, DEFAULT_PROFILE, Profile, read_profiles
from mlflow_oci_aidp.secret import Secret, concealed
from mlflow_oci_aidp.settings_table import BY_NAME, IN_QUERY, Setting
from mlflow_oci_aidp.uri import FORM, AidpUri

_CREDENTIALS = (
    "tenancy",
    "user",
    "fingerprint",
    "key_file",
    "security_token_file",
    "delegation_token_file",
)
_SECRET_CREDENTIALS = ("key_content", "pass_phrase")

_OCID = re.compile(
    r"ocid1\.([a-z0-9-]+)\.([a-z0-9-]+)\.([a-z0-9-]*)((?:\.[A-Za-z0-9_-]*)*)\.([A-Za-z0-9_-]+)"
)
_OCID_FORM = "ocid1.datalake.<realm>.<region>.<unique>"
_ENDPOINT_FORM = "Its form is https://host[:port]."


@dataclass(frozen=True)
class Settings:
    """The settings of a store, made by :py:func:`resolve`.

    Nothing that gets them looks at the environment again.

    Attributes:
        instance_id: OCID of the AI Data Platform instance.
        workspace: Key of the workspace, or ``""``.
        endpoint: Scheme, host and port that requests are sent to.
        region: Name of the region, or ``""`` where only an endpoint was set.
        profile: Name of the OCI profile.
        config_file: Path of the OCI configuration file.
        auth: A name of :py:data:`mlflow_oci_aidp.auth_modes.AUTH_MODES`, or ``""`` if there is
            nothing to sign with.
        user_principal: The value of ``dh-user-principal``, or None.
        object_storage_endpoint: Scheme, host and port of Object Storage, or ``""`` for that of the
            region.
        credentials: What the authentication mode may need, by the names of the table.
        sources: Where each setting comes from, in words, by the names of the table.
    """

    instance_id: str
    workspace: str
    endpoint: str
    region: str
    profile: str
    config_file: str
    auth: str
    user_principal: Secret | None = None
    object_storage_endpoint: str = ""
    credentials: Mapping[str, str | Secret] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """Return the path that a credential names, with ``~`` expanded."""
        return os.path.expanduser(str(self.credentials[name]))

    def plain_credentials(self) -> dict[str, str]:
        """Return the credentials as plain text, with the paths of files expanded.

        They are for :py:func:`mlflow_oci_aidp.secret.concealed` functions alone.
        """
        plain = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in self.credentials.items()
        }
        return plain | {name: self.path(name) for name in plain if name.endswith("_file")}


@concealed
def resolve(uri: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve all settings of a store.

    Args:
        uri: The URI, such as ``aidp://<aiDataPlatformId>``.
        environ: The environment; the process's own if None.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE``, naming what is wrong and what is allowed.
    """
    lookup = _Lookup(AidpUri.parse(uri, IN_QUERY), os.environ if environ is None else environ)
    instance_id = _instance_id(lookup)
    lookup.read_profile()
    endpoint = lookup.find("endpoint")
    region = _region(lookup, instance_id, needed=not endpoint)
    return _settings(
        lookup,
        instance_id=instance_id,
        workspace=_workspace(lookup),
        endpoint=_checked_endpoint(endpoint) if endpoint else regions.default_endpoint(region),
        region=region,
    )


@concealed
def resolve_storage(uri: str | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve all settings of Object Storage, which needs no AI Data Platform.

    Args:
        uri: The ``aidp://`` URI in use, whose settings hold for Object Storage, too. None if there
            is none, so that environment and profile decide alone.
        environ: The environment; the process's own if None.

    Returns:
        The settings. ``workspace`` and ``endpoint`` are ``""``, and so is ``instance_id`` without a
        URI.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE``, naming what is wrong and what is allowed.
    """
    parsed = AidpUri.parse(uri, IN_QUERY) if uri else AidpUri()
    lookup = _Lookup(parsed, os.environ if environ is None else environ)
    # An aidp:// URI stands for an instance, if only that of the environment.
    instance_id = _instance_id(lookup) if uri else ""
    lookup.read_profile()
    region = ""
    if not lookup.find("object_storage_endpoint"):
        region = _storage_region(lookup, instance_id)
    return _settings(lookup, instance_id=instance_id, workspace="", endpoint="", region=region)


def _settings(
    lookup: _Lookup, *, instance_id: str, workspace: str, endpoint: str, region: str
) -> Settings:
    """Add the settings that stores and Object Storage have in common."""
    storage_endpoint = lookup.find("object_storage_endpoint")
    credentials: dict[str, str | Secret] = {}
    for name in _CREDENTIALS:
        if value := lookup.find(name):
            if "-----BEGIN" in value:  # It is not shown, as every other path is.
                raise invalid_parameter(
                    f"{name} (from {lookup.sources[name]}) holds a key, not the path of a file.",
                    "Set OCI_CLI_KEY_CONTENT to the key, or name its file.",
                )
            credentials[name] = value
    user_principal = lookup.find("user_principal")
    for name in _SECRET_CREDENTIALS:
        if value := lookup.find(name):
            credentials[name] = Secret(value)
    if user_principal and (problem := header_problem("DH_USER_PRINCIPAL", user_principal)):
        raise problem
    return Settings(
        instance_id=instance_id,
        workspace=workspace,
        endpoint=endpoint,
        region=region,
        profile=lookup.profile_name,
        config_file=lookup.config_file,
        auth=_auth(lookup, credentials),
        user_principal=Secret(user_principal) if user_principal else None,
        object_storage_endpoint=_checked_endpoint(storage_endpoint) if storage_endpoint else "",
        credentials=credentials,
        sources=lookup.sources,
    )


def header_problem(name: str, value: object) -> AidpError | None:
    """Return the error for a value that cannot stand in an HTTP header, without showing it.

    It is returned, not raised, so that no frame of its traceback holds the value.

    Returns:
        ``INVALID_PARAMETER_VALUE``, or None if the value is fine.
    """
    if not isinstance(value, str) or not value.strip():
        return invalid_parameter(
            f"The value of {name} is not text, or empty.", "Give it as base64 text."
        )
    if not (value.isascii() and value.isprintable()):
        return invalid_parameter(
            f"The value of {name} holds a control character or one that is not ASCII.",
            "Give it as base64 text.",
        )
    return None


class _Lookup:
    """Look settings up in the URI, the environment and the profile, in this order."""

    def __init__(self, uri: AidpUri, environ: Mapping[str, str]) -> None:
        self.uri = uri
        self.environ = environ
        self.sources: dict[str, str] = {}
        self.profile = Profile()
        self.profile_name = self.find("profile") or DEFAULT_PROFILE
        self.config_file = os.path.expanduser(self.find("config_file") or DEFAULT_CONFIG_FILE)

    def find(self, name: str) -> str:
        """Return the value of a setting, ``""`` if it is nowhere, and remember its source."""
        for value, source in self._candidates(BY_NAME[name]):
            if value.strip():
                self.sources[name] = source
                return value.strip()
        return ""

    def _candidates(self, setting: Setting) -> Iterator[tuple[str, str]]:
        """Yield the values that a setting could have, each with its source."""
        if setting.uri == "query":
            yield self.uri.settings.get(setting.name, ""), "the URI"
        for variable in setting.environment:
            yield self.environ.get(variable, ""), variable
        if setting.profile:
            yield self.profile.entries.get(setting.profile, ""), f"profile {self.profile_name}"

    def read_profile(self) -> None:
        """Read the profile, which may be missing unless it was asked for by name.

        Raises:
            AidpError: ``INVALID_PARAMETER_VALUE`` for a file or a profile that was asked for and
                does not exist, and for a file that is no OCI configuration.
        """
        if not os.path.isfile(self.config_file):
            if self.sources.keys() & {"config_file", "profile"}:
                raise self._no_config_file()
            return
        profiles = read_profiles(self.config_file)
        if self.profile_name in profiles:
            self.profile = profiles[self.profile_name]
        elif "profile" in self.sources:
            raise invalid_parameter(
                f"The profile {self.profile_name!r} (from {self.sources['profile']}) is not in "
                f"{self.config_file!r}.",
                f"There are: {', '.join(profiles) or 'none'}.",
            )

    def _no_config_file(self) -> AidpError:
        if "config_file" in self.sources:
            return invalid_parameter(
                f"The OCI configuration file {self.config_file!r} (from "
                f"{self.sources['config_file']}) does not exist.",
                "Make it with `oci setup config` or `oci session authenticate`, or name another.",
            )
        return invalid_parameter(
            f"The profile {self.profile_name!r} (from {self.sources['profile']}) cannot be read: "
            f"there is no OCI configuration file at {self.config_file!r}.",
            "Make it with `oci setup config` or `oci session authenticate`.",
        )


def _instance_id(lookup: _Lookup) -> str:
    if lookup.uri.instance_id:
        lookup.sources["aiDataPlatformId"] = "the URI"
        return _checked_ocid(lookup.uri.instance_id, "The URI's host")
    variables = BY_NAME["aiDataPlatformId"].environment
    for variable in variables:
        value = lookup.environ.get(variable, "").strip()
        # INSTANCE_ID is a name that others use too: it counts if it is a data lake's OCID.
        if value and (variable != "INSTANCE_ID" or value.startswith("ocid1.datalake.")):
            lookup.sources["aiDataPlatformId"] = variable
            return _checked_ocid(value, variable)
    raise invalid_parameter(
        "No AI Data Platform is named: the URI has no host, and none of "
        f"{', '.join(variables)} is set to a data lake's OCID.",
        f"Use {FORM}.",
    )


def _checked_ocid(value: str, source: str) -> str:
    match = _OCID.fullmatch(value)
    if match is None:
        raise invalid_parameter(
            f"{source} is not an OCID: {value!r}.", f"Its form is {_OCID_FORM}."
        )
    if match[1] != "datalake":
        raise invalid_parameter(
            f"{source} is the OCID of another type of resource, {match[1]!r}.",
            f"An AI Data Platform's is {_OCID_FORM}.",
        )
    return value


def _workspace(lookup: _Lookup) -> str:
    if lookup.uri.workspace:
        lookup.sources["workspaceKey"] = "the URI"
        return lookup.uri.workspace
    return lookup.find("workspaceKey")


def _region(lookup: _Lookup, instance_id: str, *, needed: bool) -> str:
    """Return the region's name; ``""`` if none is set and an endpoint makes it needless."""
    if not needed and not _region_in_uri(lookup):
        return ""
    name = _region_name(lookup, instance_id)
    if not regions.is_known(name):
        raise invalid_parameter(
            f"The region {name!r} (from {lookup.sources['region']}) is not known.",
            f"Known are: {', '.join(regions.all_names())}; for another, set `endpoint`.",
        )
    region = regions.full_name(name)
    realm = regions.realm_of_instance(instance_id)
    if not regions.is_in_realm(region, realm):
        raise invalid_parameter(
            f"The region {region!r} (from {lookup.sources['region']}) is not in the OCID's realm "
            f"{realm!r}.",
            "Leave the region out, since the OCID says where its resource lives.",
        )
    return region


def _region_in_uri(lookup: _Lookup) -> str:
    return lookup.uri.settings.get("region", "").strip()


def _region_name(lookup: _Lookup, instance_id: str) -> str:
    """Return the name or the short name of the region: the URI's, the OCID's, or that of a setting.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` if no place names one.
    """
    code = regions.region_code(instance_id)
    if name := _region_in_uri(lookup):
        lookup.sources["region"] = "the URI"
    elif code and regions.is_known(code):
        lookup.sources["region"] = "the OCID"
        name = code
    else:
        name = lookup.find("region")
    if name:
        return name
    named = f"{code!r}, which this version of oci does not know." if code else "none."
    raise invalid_parameter(
        f"The region of {instance_id!r} is not known: its OCID names {named}",
        "Set `region` or `endpoint` in the URI, or OCI_CLI_REGION.",
    )


def _storage_region(lookup: _Lookup, instance_id: str) -> str:
    """Return the region's name, as :py:func:`_region` does, with or without an instance."""
    if instance_id:
        return _region(lookup, instance_id, needed=True)
    name = _region_in_uri(lookup) or lookup.find("region")
    if not name:
        raise invalid_parameter(
            "The region of Object Storage is not known: there is no aidp:// URI, and neither "
            "environment nor profile names one.",
            "Set OCI_CLI_REGION, or `region` in the profile.",
        )
    lookup.sources.setdefault("region", "the URI")
    if not regions.is_known(name):
        raise invalid_parameter(
            f"The region {name!r} (from {lookup.sources['region']}) is not known.",
            "Use the name of a region, as us-ashburn-1, or set AIDP_OBJECT_STORAGE_ENDPOINT.",
        )
    return regions.full_name(name)


def _checked_endpoint(value: str) -> str:
    if "@" in value:
        # What stands before it may be a password, and is not shown.
        raise invalid_parameter(
            "The endpoint holds more than scheme, host and port.", _ENDPOINT_FORM
        )
    text = value if "://" in value else f"https://{value}"
    host, port_is_valid = "", True
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if not host or not port_is_valid or not text.isprintable() or any(c.isspace() for c in text):
        raise invalid_parameter(f"The endpoint {value!r} is not an address.", _ENDPOINT_FORM)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise invalid_parameter(
            "The endpoint holds more than scheme, host and port.", _ENDPOINT_FORM
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise invalid_parameter(
            f"The endpoint {value!r} is plain http, which is allowed for loopback addresses alone.",
            "Use https.",
        )
    if parts.scheme not in {"http", "https"}:
        raise invalid_parameter(
            f"The endpoint {value!r} is neither https nor http.", _ENDPOINT_FORM
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _auth(lookup: _Lookup, credentials: Collection[str]) -> str:
    """Return the mode that is set, or the one that the credentials identify; ``""`` for none."""
    if name := lookup.find("auth").lower():
        if mode := auth_modes.mode_named(name):
            return mode.name
        raise invalid_parameter(
            f"The way to sign in {name!r} (from {lookup.sources['auth']}) is not known.",
            f"Known are: {', '.join(AUTH_MODES)}.",
        )
    from_profile = {
        name for name, source in lookup.sources.items() if source.startswith("profile ")
    }
    inherited = from_profile - set(lookup.profile.own)
    # What the profile inherits from DEFAULT counts only if nothing else identifies a mode.
    mode = (
        auth_modes.mode_of_settings(set(credentials) - inherited)
        or auth_modes.mode_of_settings(credentials)
        or auth_modes.mode_of_profile(lookup.profile.entries.get("authentication_type", ""))
        or auth_modes.mode_of_environment(lookup.environ)
    )
    return mode.name if mode else ""
