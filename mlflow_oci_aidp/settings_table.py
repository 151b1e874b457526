"""The table of settings, which code, error messages and documentation read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One line of the table.

    Attributes:
        name: Its name, in the URI, in the profile and in error messages.
        meaning: What it is, in a few words.
        uri: Where it stands in the URI: ``"host"``, ``"path"``, ``"query"``, or ``""`` for nowhere.
        environment: The variables that hold it; the first that is set wins.
        profile: Its key in the OCI profile, ``""`` if profiles do not have it.
        default: What holds if nothing is set, in words.
        secret: Whether its value is never shown.
    """

    name: str
    meaning: str
    uri: str = ""
    environment: tuple[str, ...] = ()
    profile: str = ""
    default: str = ""
    secret: bool = False


#: The names of variables are those of Oracle's ``aidp-cli`` and ``oci`` command lines, of Oracle's
#: SDK, and AI Data Platform's own.
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "aiDataPlatformId",
        "OCID of the AI Data Platform instance",
        uri="host",
        environment=("AIDP_INSTANCE_ID", "INSTANCE_ID", "DATALAKE_ID"),
    ),
    Setting(
        "workspaceKey", "key of the workspace", uri="path", environment=("AIDP_WORKSPACE_KEY",)
    ),
    Setting(
        "catalog",
        "catalog of names without dots, such as `churn`",
        uri="query",
        environment=("AIDP_CATALOG",),
        default="the default catalog of the workspace, if `schema` is set",
    ),
    Setting(
        "schema",
        "schema of names without dots",
        uri="query",
        environment=("AIDP_SCHEMA",),
        default="names are not completed",
    ),
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
        "api_version",
        "version of the platform's API, which decides how paths begin",
        uri="query",
        environment=("AIDP_API_VERSION",),
        default="`20260430`; `20240831` is that of older instances",
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
    Setting(
        "telemetry",
        "whether calls are recorded as OpenTelemetry's spans and metrics",
        environment=("AIDP_TELEMETRY",),
        default="`false`",
    ),
    Setting(
        "serving_hosts",
        "further hosts that predictions may be sent to, with commas between them",
        uri="query",
        environment=("AIDP_SERVING_HOSTS",),
        default="the endpoint's host, and hosts below `aidp.<region>.oci.<realm's domain>`",
    ),
    Setting(
        "serving_path",
        "added to the `serving_uri` of deployments, such as `/invocations`",
        uri="query",
        environment=("AIDP_SERVING_PATH",),
        default="nothing is added",
    ),
    Setting(
        "serving_token",
        "bearer token of predictions, for deployments with `OAUTH`",
        environment=("AIDP_SERVING_TOKEN",),
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
    Setting(
        "key_file", "file of the private key", environment=("OCI_CLI_KEY_FILE",), profile="key_file"
    ),
    Setting(
        "key_content",
        "the private key itself, as PEM",
        environment=("OCI_CLI_KEY_CONTENT",),
        secret=True,
    ),
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

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
IN_QUERY: tuple[str, ...] = tuple(setting.name for setting in SETTINGS if setting.uri == "query")


def variable_of(name: str) -> str:
    """Return the first environment variable of a setting that has one."""
    return BY_NAME[name].environment[0]
