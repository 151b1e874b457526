"""The settings of a store, resolved once and frozen: :py:class:`Settings`.

Which settings there are is said in :py:mod:`mlflow_oci_aidp.settings_table`.

Each setting comes from the URI, then the environment, then the OCI profile, then a default
(:py:mod:`mlflow_oci_aidp.lookup`). The region differs: a resource lives where its OCID says,
whatever the profile's home region is, so the OCID comes right after the URI.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mlflow_oci_aidp import auth_modes, regions
from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.endpoints import API_VERSIONS, DEFAULT_API_VERSION, checked_endpoint
from mlflow_oci_aidp.invalid_input import invalid_parameter
from mlflow_oci_aidp.lookup import FROM_URI, Lookup, is_from_profile, place_of
from mlflow_oci_aidp.pem import normal_pem
from mlflow_oci_aidp.secret import Secret, concealed
from mlflow_oci_aidp.settings_table import BY_NAME, IN_QUERY
from mlflow_oci_aidp.uri import FORM, AidpUri, is_workspace_key

_CREDENTIALS = (
    "tenancy",
    "user",
    "fingerprint",
    "key_file",
    "security_token_file",
    "delegation_token_file",
)
_SECRET_CREDENTIALS = ("key_content", "pass_phrase")
_OTHER_TEXTS = (
    *("api_version", "serving_hosts", "serving_path", "catalog", "schema"),
    "telemetry",
)

_OCID = re.compile(
    r"ocid1\.([a-z0-9-]+)\.([a-z0-9-]+)\.([a-z0-9-]*)((?:\.[A-Za-z0-9_-]*)*)\.([A-Za-z0-9_-]+)"
)
_FROM_OCID = "the OCID"
#: Between the sources of a session that several URIs share.
_OR = " or "
#: Settings that each store has for itself: URIs that differ in them alone share a session.
OF_STORES = ("workspaceKey", "catalog", "schema")
_OCID_FORM = "ocid1.datalake.<realm>.<region>.<unique>"


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
        sources: Where each setting comes from, in words, by the names of the table. A session that
            URIs share has the sources of all of them.
        blank: Names of settings that have no value, with the place that holds an empty one.
        api_version: The version of the platform's API, a key of ``API_VERSIONS``.
        serving_hosts: Hosts that predictions may be sent to, beside the platform's own.
        serving_path: What is added to the ``serving_uri`` of a deployment.
        telemetry: Whether calls are recorded by OpenTelemetry.
        catalog: The catalog of names without dots, or ``""``.
        schema: The schema of names without dots, or ``""``.
        unknown_region: The region that the OCID names and ``oci`` does not know, so that another
            one is used; else ``""``.
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
    sources: dict[str, str] = field(default_factory=dict)
    blank: tuple[tuple[str, str], ...] = ()
    unknown_region: str = ""
    api_version: str = DEFAULT_API_VERSION
    serving_hosts: tuple[str, ...] = ()
    serving_path: str = ""
    telemetry: bool = False
    catalog: str = ""
    schema: str = ""

    def place(self, name: str) -> str:
        """Return where a setting comes from, in words that lead there.

        Args:
            name: Its name in the table of settings.

        Returns:
            ``"the URI"``, the name of a variable, a profile with its file, ``"the OCID"``, or
            ``"default"``.
        """
        sources = self.sources.get(name, "default").split(_OR)
        return _OR.join(place_of(source, self.config_file) for source in sources)

    def blank_note(self, *names: str) -> str:
        """Return sentences on settings that are there without a value, ``""`` if none is.

        Args:
            names: The names of settings, of which one would have been needed.
        """
        blank = [place for name, place in self.blank if name in names]
        return "".join(f" {place} is set, but empty." for place in blank)

    @property
    def uses_profile(self) -> bool:
        """Whether some setting comes from the profile."""
        return any(is_from_profile(source) for source in self.sources.values())

    @property
    def region_note(self) -> str:
        """A sentence on a region that is not the OCID's own, because that is not known."""
        if not self.unknown_region:
            return ""
        return (
            f"The OCID names the region {self.unknown_region!r}, which this version of oci does "
            f"not know, so that requests go to {self.region} (from {self.place('region')})."
        )

    @property
    def endpoint_place(self) -> str:
        """Where the endpoint comes from, in words."""
        return self._place_of_endpoint("endpoint")

    @property
    def storage_place(self) -> str:
        """Where the endpoint of Object Storage comes from, in words."""
        return self._place_of_endpoint("object_storage_endpoint")

    def _place_of_endpoint(self, name: str) -> str:
        if name in self.sources or not self.region:
            return self.place(name)
        place = f"the region {self.region}, which comes from {self.place('region')}"
        if self.unknown_region:
            place += f", since oci does not know the OCID's own, {self.unknown_region!r}"
        return place

    def add_sources(self, sources: Mapping[str, str]) -> None:
        """Note where the same settings come from for another URI, so that errors name both."""
        for name, source in sources.items():
            if name in OF_STORES:
                continue  # Each store has its own.
            known = self.sources.get(name)
            if known is None:
                self.sources[name] = source
            elif source not in known.split(_OR):
                self.sources[name] = f"{known}{_OR}{source}"

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
    lookup = Lookup(AidpUri.parse(uri, IN_QUERY), os.environ if environ is None else environ)
    instance_id = _instance_id(lookup)
    lookup.read_profile()
    endpoint = lookup.find("endpoint")
    region = _region(lookup, instance_id, needed=not endpoint)
    return _settings(
        lookup,
        instance_id=instance_id,
        workspace=_workspace(lookup),
        endpoint=(
            checked_endpoint(endpoint, lookup.place("endpoint"))
            if endpoint
            else regions.default_endpoint(region)
        ),
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
    lookup = Lookup(parsed, os.environ if environ is None else environ)
    # An aidp:// URI stands for an instance, if only that of the environment.
    instance_id = _instance_id(lookup) if uri else ""
    lookup.read_profile()
    region = ""
    if not lookup.find("object_storage_endpoint"):
        region = _storage_region(lookup, instance_id)
    return _settings(lookup, instance_id=instance_id, workspace="", endpoint="", region=region)


def _settings(
    lookup: Lookup, *, instance_id: str, workspace: str, endpoint: str, region: str
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
            credentials[name] = Secret(normal_pem(value) if name == "key_content" else value)
    texts = dict(zip(_OTHER_TEXTS, map(lookup.find, _OTHER_TEXTS), strict=True))
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
        object_storage_endpoint=(
            checked_endpoint(storage_endpoint, lookup.place("object_storage_endpoint"))
            if storage_endpoint
            else ""
        ),
        credentials=credentials,
        sources=lookup.sources,
        blank=tuple(sorted(lookup.blank.items())),
        unknown_region=_unknown_region(lookup, instance_id) if region else "",
        api_version=_api_version(lookup, texts["api_version"]),
        serving_hosts=tuple(
            host.strip() for host in texts["serving_hosts"].split(",") if host.strip()
        ),
        serving_path=_serving_path(lookup, texts["serving_path"]),
        telemetry=_boolean(lookup, "telemetry", texts["telemetry"]),
        catalog=_name_part(lookup, "catalog", texts["catalog"]),
        schema=_name_part(lookup, "schema", texts["schema"]),
    )


def _boolean(lookup: Lookup, name: str, word: str) -> bool:
    if word.lower() not in {"", "true", "false"}:
        place = lookup.place(name)
        raise invalid_parameter(f"{word!r} (from {place}) is neither.", "Set it to true or false.")
    return word.lower() == "true"


def _serving_path(lookup: Lookup, path: str) -> str:
    if path and not (path.startswith("/") and path.isascii() and " " not in path):
        raise invalid_parameter(
            f"The serving path {path!r} (from {lookup.place('serving_path')}) is not a path.",
            "Its form is /invocations.",
        )
    return path


def _name_part(lookup: Lookup, setting: str, part: str) -> str:
    if any(character in part for character in "./@'\"`") or part != part.strip():
        raise invalid_parameter(
            f"{part!r} is not the name of a {setting} (from {lookup.place(setting)}).",
            "It is one part of a registered model's name, <catalog>.<schema>.<model>.",
        )
    return part


def _api_version(lookup: Lookup, text: str) -> str:
    version = text or DEFAULT_API_VERSION
    if version not in API_VERSIONS:
        raise invalid_parameter(
            f"The API version {version!r} (from {lookup.place('api_version')}) is not known.",
            f"Known are: {', '.join(API_VERSIONS)}.",
        )
    return version


def header_problem(
    name: str, value: object, remedy: str = "Give it as base64 text."
) -> Exception | None:
    """Return the error for a value that cannot stand in an HTTP header, without showing it.

    It is returned, not raised, so that no frame of its traceback holds the value.

    Args:
        name: What the value is.
        value: The value.
        remedy: What to do about it.

    Returns:
        ``INVALID_PARAMETER_VALUE``, or None if the value is fine.
    """
    if not isinstance(value, str) or not value.strip():
        return invalid_parameter(f"The value of {name} is not text, or empty.", remedy)
    if not (value.isascii() and value.isprintable()):
        return invalid_parameter(
            f"The value of {name} holds a control character or one that is not ASCII.", remedy
        )
    return None


def _instance_id(lookup: Lookup) -> str:
    if lookup.uri.instance_id:
        lookup.sources["aiDataPlatformId"] = FROM_URI
        return _checked_ocid(lookup.uri.instance_id, "The URI's host")
    variables = BY_NAME["aiDataPlatformId"].environment
    for variable in variables:
        value = lookup.variable(variable)
        # INSTANCE_ID is a name that others use too: it counts if it is a data lake's OCID.
        if value and (variable != "INSTANCE_ID" or value.startswith("ocid1.datalake.")):
            lookup.sources["aiDataPlatformId"] = variable
            return _checked_ocid(value, variable)
    blank = [variable for variable in variables if lookup.environ.get(variable) is not None]
    raise invalid_parameter(
        "No AI Data Platform is named: the URI has no host, and none of "
        f"{', '.join(variables)} is set to a data lake's OCID."
        + "".join(f" {name} is set, but empty." for name in blank if not lookup.variable(name)),
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


def _workspace(lookup: Lookup) -> str:
    if lookup.uri.workspace:
        lookup.sources["workspaceKey"] = FROM_URI
        return lookup.uri.workspace
    key = lookup.find("workspaceKey")
    if not is_workspace_key(key):
        raise invalid_parameter(
            f"{lookup.place('workspaceKey')} is not a workspace key: {key!r}.",
            "Set it to the key that AI Data Platform shows for the workspace, or unset it.",
        )
    return key


def _region(lookup: Lookup, instance_id: str, *, needed: bool) -> str:
    """Return the region's name; ``""`` if none is set and an endpoint makes it needless."""
    if not needed and not _region_in_uri(lookup):
        return ""
    name = _region_name(lookup, instance_id)
    if not regions.is_known(name):
        raise invalid_parameter(
            f"The region {name!r} (from {lookup.place('region')}) is not known.",
            f"Known are: {', '.join(regions.all_names())}; for another, set `endpoint`.",
        )
    region = regions.full_name(name)
    realm = regions.realm_of_instance(instance_id)
    if not regions.is_in_realm(region, realm):
        code = _unknown_region(lookup, instance_id)
        raise invalid_parameter(
            f"The region {region!r} (from {lookup.place('region')}) is not in the OCID's realm "
            f"{realm!r}.",
            f"The OCID's own region, {code!r}, is not known to this version of oci: name it by "
            "`endpoint`, or update oci."
            if code
            else "Leave the region out, since the OCID says where its resource lives.",
        )
    return region


def _unknown_region(lookup: Lookup, instance_id: str) -> str:
    """Return the OCID's region if a setting stands in for it because ``oci`` does not know it.

    A region of the URI is chosen for this instance, so that it stands in for nothing.
    """
    code = regions.region_code(instance_id) if instance_id else ""
    is_chosen = lookup.sources.get("region") in {FROM_URI, _FROM_OCID}
    return "" if is_chosen or regions.is_known(code) else code


def _region_in_uri(lookup: Lookup) -> str:
    return lookup.uri.settings.get("region", "").strip()


def _region_name(lookup: Lookup, instance_id: str) -> str:
    """Return the name or the short name of the region: the URI's, the OCID's, or that of a setting.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` if no place names one.
    """
    code = regions.region_code(instance_id)
    if name := _region_in_uri(lookup):
        lookup.sources["region"] = FROM_URI
    elif code and regions.is_known(code):
        lookup.sources["region"] = _FROM_OCID
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


def _storage_region(lookup: Lookup, instance_id: str) -> str:
    """Return the region's name, as :py:func:`_region` does, with or without an instance."""
    if instance_id:
        return _region(lookup, instance_id, needed=True)
    name = _region_in_uri(lookup) or lookup.find("region")
    if not name:
        raise invalid_parameter(
            "The region of Object Storage is not known: there is no aidp:// URI, and neither "
            "environment nor profile names one.",
            f"Set OCI_CLI_REGION, or `region` in profile {lookup.profile_name} of "
            f"{lookup.config_file}.",
        )
    lookup.sources.setdefault("region", FROM_URI)
    if not regions.is_known(name):
        raise invalid_parameter(
            f"The region {name!r} (from {lookup.place('region')}) is not known.",
            "Use the name of a region, as us-ashburn-1, or set AIDP_OBJECT_STORAGE_ENDPOINT.",
        )
    return regions.full_name(name)


def _auth(lookup: Lookup, credentials: Collection[str]) -> str:
    """Return the mode that is set, or the one that the credentials identify; ``""`` for none."""
    if name := lookup.find("auth").lower():
        if mode := auth_modes.mode_named(name):
            return mode.name
        raise invalid_parameter(
            f"The way to sign in {name!r} (from {lookup.place('auth')}) is not known.",
            f"Known are: {', '.join(AUTH_MODES)}.",
        )
    from_profile = {name for name, source in lookup.sources.items() if is_from_profile(source)}
    inherited = from_profile - set(lookup.profile.own)
    # What the profile inherits from DEFAULT counts only if nothing else identifies a mode.
    mode = (
        auth_modes.mode_of_settings(set(credentials) - inherited)
        or auth_modes.mode_of_settings(credentials)
        or auth_modes.mode_of_profile(lookup.profile.entries.get("authentication_type", ""))
        or auth_modes.mode_of_environment(lookup.environ)
    )
    return mode.name if mode else ""
