"""The settings: one table, and one resolved, frozen :py:class:`Settings` per store.

Each setting comes from the URI, then the environment, then the OCI profile, then a default. The
region differs: a resource lives where its OCID says, whatever the profile's home region is, so the OCID comes
right after the URI.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.secret import Secret
from mlflow_oci_aidp.uri import FORM, AidpUri


@dataclass(frozen=True)
class Setting:
    """One line of the table.

    Attributes:
        name: Its name, in the URI, in the profile and in error messages.
        meaning: What it is, in a few words.
        uri: Where it stands in the URI: ``"host"``, ``"path"``, ``"query"``, or ``""`` for nowhere.
        environment: The variables that hold it, the first found wins.
        profile: Its key in the OCI profile, ``""`` where the profile has none.
        default: What holds when nothing is set, in words.
        secret: Whether its value is never shown.
    """

    name: str
    meaning: str
    uri: str = ""
    environment: tuple[str, ...] = ()
    profile: str = ""
    default: str = ""
    secret: bool = False


#: Names of variables: Oracle's ``aidp-cli`` and ``oci`` command lines, Oracle's SDK, and AI Data Platform's own.
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "aiDataPlatformId",
        "OCID of the AI Data Platform instance",
        uri="host",
        environment=("AIDP_INSTANCE_ID", "INSTANCE_ID", "DATALAKE_ID"),
    ),
    Setting("workspaceKey", "key of the workspace", uri="path", environment=("AIDP_WORKSPACE_KEY",)),
    Setting(
        "endpoint",
        "where requests are sent",
        uri="query",
        environment=("AIDP_ENDPOINT", "OCI_CLI_ENDPOINT"),
        profile="endpoint",
        default="`https://aidp.<region>.oci.<realm's domain>`",
    ),
    Setting(
        "object_storage_endpoint",
        "where requests to Object Storage are sent",
        uri="query",
        environment=("AIDP_OBJECT_STORAGE_ENDPOINT",),
        default="`https://objectstorage.<region>.<realm's domain>`",
    ),
    Setting(
        "region",
        "region of the instance, by name or short name",
        uri="query",
        environment=("OCI_CLI_REGION", "OCI_REGION"),
        profile="region",
        default="the OCID's own region, which comes before environment and profile",
    ),
    Setting(
        "profile",
        "profile in the OCI configuration file",
        uri="query",
        environment=("OCI_CLI_PROFILE", "OCI_CONFIG_PROFILE"),
        default="`DEFAULT`",
    ),
    Setting(
        "config_file",
        "OCI configuration file",
        uri="query",
        environment=("OCI_CLI_CONFIG_FILE", "OCI_CONFIG_FILE"),
        default="`~/.oci/config`",
    ),
    Setting(
        "auth",
        "how requests are signed",
        uri="query",
        environment=("OCI_CLI_AUTH",),
        default="what the profile says; without one, the resource principal of the environment",
    ),
    Setting(
        "user_principal",
        "sent as `dh-user-principal`",
        environment=("DH_USER_PRINCIPAL",),
        default="not sent",
        secret=True,
    ),
    Setting("tenancy", "OCID of the tenancy", environment=("OCI_CLI_TENANCY",), profile="tenancy"),
    Setting("user", "OCID of the user", environment=("OCI_CLI_USER",), profile="user"),
    Setting(
        "fingerprint",
        "fingerprint of the API key",
        environment=("OCI_CLI_FINGERPRINT",),
        profile="fingerprint",
    ),
    Setting("key_file", "file of the private key", environment=("OCI_CLI_KEY_FILE",), profile="key_file"),
    Setting("key_content", "the private key itself, as PEM", environment=("OCI_CLI_KEY_CONTENT",), secret=True),
    Setting(
        "pass_phrase",
        "passphrase of the private key",
        environment=("OCI_CLI_PASSPHRASE",),
        profile="pass_phrase",
        secret=True,
    ),
    Setting(
        "security_token_file",
        "file of the session token",
        environment=("OCI_CLI_SECURITY_TOKEN_FILE",),
        profile="security_token_file",
    ),
    Setting(
        "delegation_token_file",
        "file of the delegation token",
        environment=("OCI_CLI_DELEGATION_TOKEN_FILE",),
        profile="delegation_token_file",
    ),
)

_TABLE: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
IN_QUERY: tuple[str, ...] = tuple(setting.name for setting in SETTINGS if setting.uri == "query")

#: The ways to sign in, by the names of Oracle's command lines, and what each needs.
AUTH_MODES: Mapping[str, tuple[str, ...]] = {
    "api_key": ("tenancy", "user", "fingerprint", "key_file"),
    "security_token": ("security_token_file", "key_file"),
    "instance_principal": (),
    "resource_principal": (),
    "oke_workload_identity": (),
    "instance_principal_with_delegation_token": ("delegation_token_file",),
}
#: What a way to sign in is recognised by, the first that fits.
_MARKS: Mapping[str, frozenset[str]] = {
    "instance_principal_with_delegation_token": frozenset({"delegation_token_file"}),
    "security_token": frozenset({"security_token_file"}),
    "api_key": frozenset({"user", "key_file", "key_content"}),
}
#: What Cloud Shell calls the last one.
_AUTH_ALIASES: Mapping[str, str] = {"instance_obo_user": "instance_principal_with_delegation_token"}

DEFAULT_CONFIG_FILE = "~/.oci/config"
DEFAULT_PROFILE = "DEFAULT"
RESOURCE_PRINCIPAL_VARIABLE = "OCI_RESOURCE_PRINCIPAL_VERSION"

_OCID = re.compile(r"ocid1\.([a-z0-9-]+)\.([a-z0-9-]+)\.([a-z0-9-]*)((?:\.[A-Za-z0-9_-]*)*)\.([A-Za-z0-9_-]+)")
_OCID_FORM = "ocid1.datalake.<realm>.<region>.<unique>"


@dataclass(frozen=True)
class Settings:
    """What a store works with. Made by :py:func:`resolve`; nothing below looks at the environment again.

    Attributes:
        instance_id: OCID of the AI Data Platform instance.
        workspace: Key of the workspace, or ``""``.
        endpoint: Scheme, host and port that requests are sent to.
        region: Name of the region, or ``""`` where an endpoint alone was given.
        profile: Name of the OCI profile.
        config_file: Path of the OCI configuration file.
        auth: One of :py:data:`AUTH_MODES`, or ``""`` where nothing was found to sign with.
        user_principal: The value of ``dh-user-principal``, or None.
        object_storage_endpoint: Scheme, host and port of Object Storage, or ``""`` for that of the region.
        credentials: What the mode of authentication needs, by the names of the table.
        sources: Where each setting was found, in words, by the names of the table.
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


def resolve(uri: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Find every setting of a store.

    Args:
        uri: The URI, as ``aidp://<aiDataPlatformId>``.
        environ: The environment; the process's own if None.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``, naming what is wrong and what is allowed.
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
        endpoint=_checked_endpoint(endpoint) if endpoint else default_endpoint(region),
        region=region,
    )


def resolve_storage(uri: str | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Find every setting of somebody who uses Object Storage, with or without an AI Data Platform.

    Args:
        uri: The ``aidp://`` URI in use, whose settings hold here too; None where there is none, so that environment
            and profile decide alone.
        environ: The environment; the process's own if None.

    Returns:
        The settings. ``instance_id`` is ``""`` where nothing names one, ``workspace`` and ``endpoint`` always.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``, naming what is wrong and what is allowed.
    """
    parsed = AidpUri.parse(uri, IN_QUERY) if uri else AidpUri()
    lookup = _Lookup(parsed, os.environ if environ is None else environ)
    # An aidp:// URI names an instance, be it that of the environment; without one, environment and profile decide.
    instance_id = _instance_id(lookup) if uri else ""
    lookup.read_profile()
    region = "" if lookup.find("object_storage_endpoint") else _storage_region(lookup, instance_id)
    return _settings(lookup, instance_id=instance_id, workspace="", endpoint="", region=region)


def _settings(lookup: _Lookup, *, instance_id: str, workspace: str, endpoint: str, region: str) -> Settings:
    """What stores of every kind have in common."""
    storage_endpoint = lookup.find("object_storage_endpoint")
    credentials = {
        name: value
        for name in (
            "tenancy",
            "user",
            "fingerprint",
            "key_file",
            "security_token_file",
            "delegation_token_file",
        )
        if (value := lookup.find(name))
    }
    secrets = {
        name: Secret(value) for name in ("user_principal", "key_content", "pass_phrase") if (value := lookup.find(name))
    }
    principal = secrets.pop("user_principal", None)
    if principal is not None:
        check_header_value("DH_USER_PRINCIPAL", principal.reveal())
    return Settings(
        instance_id=instance_id,
        workspace=workspace,
        endpoint=endpoint,
        region=region,
        profile=lookup.profile_name,
        config_file=lookup.config_file,
        auth=_auth(lookup, {**credentials, **secrets}),
        user_principal=principal,
        object_storage_endpoint=_checked_endpoint(storage_endpoint) if storage_endpoint else "",
        credentials={**credentials, **secrets},
        sources=lookup.sources,
    )


def check_header_value(name: str, value: object) -> None:
    """Refuse a value that cannot stand in an HTTP header, without showing it.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    if not isinstance(value, str) or not value.strip():
        raise invalid_parameter(f"The value of {name} is not text, or empty.", "Give it as base64 text.")
    if not (value.isascii() and value.isprintable()):
        raise invalid_parameter(
            f"The value of {name} holds a control character or one that is not ASCII.",
            "Give it as base64 text.",
        )


class _Lookup:
    """The places where settings are found, in their order."""

    def __init__(self, uri: AidpUri, environ: Mapping[str, str]) -> None:
        self.uri = uri
        self.environ = environ
        self.sources: dict[str, str] = {}
        self.profile: Mapping[str, str] = {}
        self.own: Mapping[str, str] = {}
        self.profile_name = self.find("profile") or DEFAULT_PROFILE
        self.config_file = os.path.expanduser(self.find("config_file") or DEFAULT_CONFIG_FILE)

    def find(self, name: str) -> str:
        """The value of a setting, ``""`` if it is nowhere; remembers where it was found."""
        for value, source in self._places(_TABLE[name]):
            if value.strip():
                self.sources[name] = source
                return value.strip()
        return ""

    def _places(self, setting: Setting) -> Iterator[tuple[str, str]]:
        if setting.uri == "query":
            yield self.uri.settings.get(setting.name, ""), "the URI"
        for variable in setting.environment:
            yield self.environ.get(variable, ""), variable
        if setting.profile:
            yield self.profile.get(setting.profile, ""), f"profile {self.profile_name}"

    def read_profile(self) -> None:
        """Read the profile, which may be missing as long as nobody asked for it by name.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a file or a profile that was asked for and is not
                there, and for a file that is no OCI configuration.
        """
        if not os.path.isfile(self.config_file):
            if "config_file" in self.sources:
                raise invalid_parameter(
                    f"The OCI configuration file {self.config_file!r} (from {self.sources['config_file']}) "
                    "does not exist.",
                    "Make it with `oci setup config` or `oci session authenticate`, or name another.",
                )
            if "profile" in self.sources:
                raise invalid_parameter(
                    f"The profile {self.profile_name!r} (from {self.sources['profile']}) cannot be read: there is "
                    f"no OCI configuration file at {self.config_file!r}.",
                    "Make it with `oci setup config` or `oci session authenticate`.",
                )
            return
        # DEFAULT as a profile like the others: what it passes on to them must not decide how they sign in.
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        problem = ""
        try:
            parser.read(self.config_file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError) as error:
            # Its text may quote the file, and the file may hold a passphrase: the kind of the problem is enough.
            problem = type(error).__name__
        if problem:
            raise invalid_parameter(
                f"The OCI configuration file {self.config_file!r} cannot be read ({problem}).",
                "Its form is that of `oci setup config`: [PROFILE] and key=value lines.",
            )
        if self.profile_name in parser:
            self.own = dict(parser[self.profile_name])
            inherited = dict(parser[DEFAULT_PROFILE]) if DEFAULT_PROFILE in parser else {}
            self.profile = inherited | self.own
        elif "profile" in self.sources:
            known = ", ".join(parser.sections())
            raise invalid_parameter(
                f"The profile {self.profile_name!r} (from {self.sources['profile']}) is not in {self.config_file!r}.",
                f"There are: {known or 'none'}.",
            )


def _instance_id(lookup: _Lookup) -> str:
    if lookup.uri.instance_id:
        lookup.sources["aiDataPlatformId"] = "the URI"
        return _checked_ocid(lookup.uri.instance_id, "The URI's host")
    variables = _TABLE["aiDataPlatformId"].environment
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


def _checked_ocid(value: str, where: str) -> str:
    match = _OCID.fullmatch(value)
    if match is None:
        raise invalid_parameter(f"{where} is not an OCID: {value!r}.", f"Its form is {_OCID_FORM}.")
    if match[1] != "datalake":
        raise invalid_parameter(
            f"{where} is the OCID of another type of resource, {match[1]!r}.",
            f"An AI Data Platform's is {_OCID_FORM}.",
        )
    return value


def _workspace(lookup: _Lookup) -> str:
    if lookup.uri.workspace:
        lookup.sources["workspaceKey"] = "the URI"
        return lookup.uri.workspace
    return lookup.find("workspaceKey")


def _region(lookup: _Lookup, instance_id: str, *, needed: bool) -> str:
    """The region's name; ``""`` if there is none and an endpoint makes it needless."""
    from_uri = lookup.uri.settings.get("region", "").strip()
    in_ocid = instance_id.split(".")[3]
    if not needed and not from_uri:
        return ""
    # Only here, since it takes a tenth of a second: who names an endpoint needs no table of regions.
    from oci import regions

    if from_uri:
        lookup.sources["region"] = "the URI"
        name = from_uri
    elif in_ocid and _is_known(in_ocid):
        lookup.sources["region"] = "the OCID"
        name = in_ocid
    else:
        name = lookup.find("region")
    if not name:
        raise invalid_parameter(
            f"The region of {instance_id!r} is not known: its OCID names "
            + (f"{in_ocid!r}, which this version of oci does not know." if in_ocid else "none."),
            "Set `region` or `endpoint` in the URI, or OCI_CLI_REGION.",
        )
    if not _is_known(name):
        raise invalid_parameter(
            f"The region {name!r} (from {lookup.sources['region']}) is not known.",
            f"Known are: {', '.join(sorted(regions.REGIONS))}; for another, set `endpoint`.",
        )
    region = str(regions.get_region_from_short_name(name))
    realm = instance_id.split(".")[2]
    if realm in regions.REALMS and regions.get_realm_from_region(region) != realm:
        raise invalid_parameter(
            f"The region {region!r} (from {lookup.sources['region']}) is not in the OCID's realm {realm!r}.",
            "Leave the region out, since the OCID says where its resource lives.",
        )
    return region


def _storage_region(lookup: _Lookup, instance_id: str) -> str:
    """As :py:func:`_region`, for somebody who may have no instance."""
    if instance_id:
        return _region(lookup, instance_id, needed=True)
    name = lookup.uri.settings.get("region", "").strip() or lookup.find("region")
    if not name:
        raise invalid_parameter(
            "The region of Object Storage is not known: there is no aidp:// URI, and neither environment nor profile "
            "names one.",
            "Set OCI_CLI_REGION, or `region` in the profile.",
        )
    lookup.sources.setdefault("region", "the URI")
    if not _is_known(name):
        raise invalid_parameter(
            f"The region {name!r} (from {lookup.sources['region']}) is not known.",
            "Use the name of a region, as us-ashburn-1, or set AIDP_OBJECT_STORAGE_ENDPOINT.",
        )
    from oci import regions

    return str(regions.get_region_from_short_name(name))


def _is_known(region: str) -> bool:
    from oci import regions

    return bool(regions.is_region(region) or regions.is_region_short_name(region))


def default_endpoint(region: str) -> str:
    """The service's address in a region [aidp-cli 5.1.1, Oracle's REST reference]."""
    from oci import regions

    return f"https://aidp.{region}.oci.{regions.REALMS[regions.get_realm_from_region(region)]}"


def _checked_endpoint(value: str) -> str:
    text = value if "://" in value else f"https://{value}"
    host, port_is_valid = "", True
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if not host or not port_is_valid or not text.isprintable() or any(c.isspace() for c in text):
        raise invalid_parameter(f"The endpoint {value!r} is not an address.", "Its form is https://host[:port].")
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise invalid_parameter(
            "The endpoint holds more than scheme, host and port.", "Its form is https://host[:port]."
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise invalid_parameter(
            f"The endpoint {value!r} is plain http, which is allowed for loopback addresses alone.",
            "Use https.",
        )
    if parts.scheme not in {"http", "https"}:
        raise invalid_parameter(
            f"The endpoint {value!r} is neither https nor http.", "Its form is https://host[:port]."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _auth(lookup: _Lookup, found: Mapping[str, object]) -> str:
    """The mode that was asked for, or the one that what was found amounts to."""
    named = lookup.find("auth").lower()
    mode = _AUTH_ALIASES.get(named, named)
    if mode:
        if mode not in AUTH_MODES:
            raise invalid_parameter(
                f"The way to sign in {named!r} (from {lookup.sources['auth']}) is not known.",
                f"Known are: {', '.join(AUTH_MODES)}.",
            )
        return mode
    inherited = {name for name, source in lookup.sources.items() if source.startswith("profile ")} - set(lookup.own)
    for names in (set(found) - inherited, set(found)):
        for mode, marks in _MARKS.items():
            if not marks.isdisjoint(names):
                return mode
    if lookup.profile.get("authentication_type") == "instance_principal":
        return "instance_principal"
    if lookup.environ.get(RESOURCE_PRINCIPAL_VARIABLE):
        return "resource_principal"
    return ""
