"""Why does it not work? One table of small steps, from MLflow's version to signed reads.

A step looks at one thing and says what it found, or what is wrong and what to do. Those up to the signature need no
network, unless the way to sign in does. Nothing is changed, nothing is repeated, and nothing secret is shown.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import mlflow_versions, plugin
from mlflow_oci_aidp import settings as settings_module
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.secrets import Secret
from mlflow_oci_aidp.settings import AUTH_MODES, SETTINGS, Settings

#: Seconds that one step may wait for the network.
TIMEOUT = 10.0

Status = Literal["ok", "warning", "failed", "skipped"]

#: Where a remedy begins in a message of this package, whose last sentence it is.
_LAST_SENTENCE = re.compile(r"(?<=[.!?)])\s+(?=[A-Z])")
_KEY_ID = re.compile(r'keyId="([^"]*)"')
#: The service's address in a region. [aidp-cli, aidp-python-client 5.1.1, Oracle's REST reference]
_REGIONAL_HOST = re.compile(r"(?:aidp|datalake)\.([a-z0-9-]+)\.oci\..+")

_WITH_KEY = ("api_key", "security_token")
_FILES = ("key_file", "security_token_file", "delegation_token_file")


@dataclass(frozen=True)
class Result:
    """What a step came to.

    Attributes:
        name: The step's name.
        status: ``"ok"``, ``"warning"``, ``"failed"`` or ``"skipped"``. A warning is no failure.
        found: What was found, or what is wrong, or why the step was left out.
        remedy: What to do, for a step that failed; else ``""``.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Found:
    """A setting that has a value.

    Attributes:
        name: Its name in the table of settings.
        value: The value; a secret's is not shown.
        source: Where it comes from.
    """

    name: str
    value: str
    source: str


@dataclass
class Case:
    """What is looked at, and what the steps have found out so far; a step runs after those that it needs.

    Attributes:
        uri: The tracking or registry URI.
        clock: Seconds since the Unix epoch.
        is_for_tracking: Whether the URI is MLflow's tracking URI, and needs a workspace.
        identity: Who signs: ``mode``, ``tenancy``, ``user`` or ``principal``, ``fingerprint``, ``token_expires``.
        settings: The settings, once they are resolved.
        key: The private key, once it is read.
        address: Host and port to connect to: the endpoint's, or those of the proxy before it.
        date: The ``Date`` header of the endpoint's answer, ``""`` without one.
    """

    uri: str
    clock: Callable[[], float] = time.time
    is_for_tracking: bool = False
    identity: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(init=False)
    key: Any = field(init=False, repr=False)
    address: tuple[str, int] = field(init=False)
    date: str = ""

    @property
    def found(self) -> list[Found]:
        """The settings that have a value, in the order of their table; none if they could not be resolved."""
        return list(_found(self.settings)) if hasattr(self, "settings") else []


class _Failed(Exception):
    """A step found something wrong: the cause and the remedy, a sentence each."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.remedy = remedy


class _Warned(Exception):
    """A step found something that may be the cause of trouble, and need not be."""


class _Skipped(Exception):
    """A step has nothing to look at, for this reason; those that need it run all the same."""


@dataclass(frozen=True)
class Step:
    """One line of the table.

    Attributes:
        name: What is looked at.
        look: Looks, and says what it found.
        needs: The steps that must not have failed before it.
    """

    name: str
    look: Callable[[Case], str]
    needs: tuple[str, ...] = ()


def diagnose(case: Case, announce: Callable[[str], None] = lambda name: None) -> list[Result]:
    """Take every step of :py:data:`STEPS`.

    Args:
        case: What is looked at.
        announce: Told of each step before it is taken.

    Returns:
        A result for each step, in their order. A step whose need was not met is ``"skipped"``.
    """
    results: list[Result] = []
    unmet: set[str] = set()
    for step in STEPS:
        missing = [name for name in step.needs if name in unmet]
        if missing:
            unmet.add(step.name)
            results.append(Result(step.name, "skipped", f"needs: {', '.join(missing)}"))
            continue
        announce(step.name)
        results.append(_take(step, case))
        if results[-1].status == "failed":
            unmet.add(step.name)
    return results


def _take(step: Step, case: Case) -> Result:
    try:
        return Result(step.name, "ok", step.look(case))
    except _Warned as doubt:
        return Result(step.name, "warning", str(doubt))
    except _Skipped as reason:
        return Result(step.name, "skipped", str(reason))
    except _Failed as problem:
        return Result(step.name, "failed", str(problem), problem.remedy)
    except MlflowException as problem:
        return Result(step.name, "failed", *_cause_and_remedy(problem))


def _cause_and_remedy(problem: MlflowException) -> tuple[str, str]:
    message = str(problem.message).removeprefix(f"{problem.error_code}: ")
    *cause, remedy = _LAST_SENTENCE.split(message)
    return " ".join(cause), remedy


# Whether this package and MLflow go together


def _mlflow(case: Case) -> str:
    """Import every part of this package that MLflow may ask for, and look at MLflow's version."""
    import mlflow

    problems = []
    for load in plugin.LOADERS:
        try:
            load()
        except MlflowException as problem:
            problems.append(_cause_and_remedy(problem))
    if problems:
        causes, (remedy, *_) = zip(*problems, strict=True)
        raise _Failed(" ".join(causes), remedy)
    if doubt := mlflow_versions.warning():
        raise _Warned(doubt)
    return f"{mlflow.__version__}, tested with {mlflow_versions.OLDEST} to {mlflow_versions.NEWEST}; the stores load"


def _stores(case: Case) -> str:
    """Make the stores of this URI, which sends no request."""
    plugin.registry_store(case.uri)
    if not case.settings.workspace:
        return "the registry store can be made; a tracking store needs a workspace"
    plugin.tracking_store(case.uri)
    return "the registry store and the tracking store can be made"


# What is configured


def _settings(case: Case) -> str:
    case.settings = settings_module.resolve(case.uri)
    workspace = f"workspace {case.settings.workspace} of " if case.settings.workspace else ""
    return f"{workspace}{case.settings.instance_id}, at {case.settings.endpoint}"


def _region(case: Case) -> str:
    """The region that requests go to is the OCID's: a resource lives where its OCID says."""
    home = region_of(case.settings.instance_id)
    regional = _REGIONAL_HOST.fullmatch(urlsplit(case.settings.endpoint).hostname or "")
    used = regional[1] if regional else case.settings.region
    if not home:
        raise _Skipped("the OCID names no region that the oci package knows")
    if not used:
        raise _Skipped(f"{case.settings.endpoint} is no region's address")
    if used != home:
        setting = "region" if not regional or "endpoint" not in case.settings.sources else "endpoint"
        raise _Failed(
            f"Requests would go to the region {used} ({setting} from {case.settings.sources.get(setting)}), "
            f"but the AI Data Platform's OCID says that it is in {home}.",
            f"Leave {setting} out, or correct the OCID.",
        )
    return f"{home}, as the OCID says"


def _profile(case: Case) -> str:
    where = f"profile {case.settings.profile} of {case.settings.config_file}"
    is_there = os.path.isfile(case.settings.config_file)
    if case.settings.auth:
        if any(source.startswith("profile ") for source in case.settings.sources.values()):
            return where
        raise _Skipped(f"nothing comes from {where}" + ("" if is_there else ", which does not exist"))
    if not is_there:
        raise _Failed(
            f"There is no OCI configuration file at {case.settings.config_file}, and the environment does not say "
            "who signs.",
            "Make it with `oci setup config` or `oci session authenticate`, name another with OCI_CLI_CONFIG_FILE, or "
            "inside OCI set OCI_CLI_AUTH to resource_principal or instance_principal.",
        )
    profiles = configparser.ConfigParser(interpolation=None, default_section="")
    profiles.read(case.settings.config_file, encoding="utf-8")
    others = [name for name in profiles.sections() if name != case.settings.profile]
    missing = case.settings.profile not in profiles
    raise _Failed(
        f"The {where} " + ("does not exist." if missing else "holds nothing to sign with."),
        f"Choose a profile with OCI_CLI_PROFILE or `?profile=`: there are {', '.join(others)}."
        if others
        else "Add user, tenancy, fingerprint and key_file to it, as `oci setup config` does.",
    )


def _credentials(case: Case) -> str:
    mode = case.identity["mode"] = case.settings.auth
    given = case.settings.credentials
    needed = [name for name in AUTH_MODES[mode] if not (name == "key_file" and "key_content" in given)]
    missing = [name for name in needed if name not in given]
    if missing:
        variables = {setting.name: setting.environment[0] for setting in SETTINGS}
        raise _Failed(
            f"Signing in by {mode} needs {', '.join(missing)}, which is neither in profile {case.settings.profile} of "
            f"{case.settings.config_file} nor in the environment.",
            f"Add it to the profile, or set {', '.join(variables[name] for name in missing)}.",
        )
    for name in _FILES:
        if name in needed and not os.path.isfile(path := _path(case, name)):
            raise _Failed(
                f"The file {path} ({name} from {case.settings.sources[name]}) does not exist.",
                f"Correct {name}, or make the file anew with `oci setup config` or `oci session authenticate`.",
            )
    return f"{mode}, with {', '.join(needed)}" if needed else f"{mode}, which needs no setting"


def _path(case: Case, name: str) -> str:
    return os.path.expanduser(str(case.settings.credentials[name]))


# Who signs


def _key(case: Case) -> str:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if case.settings.auth not in _WITH_KEY:
        raise _Skipped(f"{case.settings.auth} has no key file")
    case.key = _loaded(case)
    if not isinstance(case.key, RSAPrivateKey):
        raise _Failed(
            f"The private key in {_key_place(case)} is not an RSA key.",
            "Make one with `oci setup keys`, and upload it.",
        )
    case.identity["fingerprint"] = _fingerprint_of(case.key)
    return f"RSA, {case.key.key_size} bits, fingerprint {case.identity['fingerprint']}, in {_key_place(case)}"


def _loaded(case: Case) -> Any:
    """The private key; the exceptions of its parser are not passed on, since they may say too much."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    phrase, place = case.settings.credentials.get("pass_phrase"), _key_place(case)
    secret = phrase.reveal().encode() if isinstance(phrase, Secret) else None
    pem = _pem(case)
    is_encrypted = b"ENCRYPTED" in pem
    with suppress(Exception):
        return load_pem_private_key(pem, secret if is_encrypted else None)
    if not is_encrypted:
        raise _Failed(
            f"What is in {place} is not a private key in PEM form.",
            "Name the file that begins with `-----BEGIN PRIVATE KEY-----`, not the public key's.",
        )
    if secret is None:
        raise _Failed(
            f"The private key in {place} is encrypted, and there is no passphrase.",
            "Add pass_phrase to the profile, or set OCI_CLI_PASSPHRASE.",
        )
    raise _Failed(
        f"The private key in {place} is encrypted, and the passphrase does not open it.",
        "Correct pass_phrase in the profile, or OCI_CLI_PASSPHRASE.",
    )


def _pem(case: Case) -> bytes:
    content = case.settings.credentials.get("key_content")
    if isinstance(content, Secret):
        return content.reveal().encode()
    try:
        with open(_path(case, "key_file"), "rb") as file:
            return file.read()
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
    raise _Failed(f"The private key in {_key_place(case)} cannot be read ({reason}).", "Let yourself read the file.")


def _key_place(case: Case) -> str:
    return "OCI_CLI_KEY_CONTENT" if "key_content" in case.settings.credentials else _path(case, "key_file")


def _fingerprint_of(key: Any) -> str:
    """OCI's name of a key: the MD5 of the public key's DER form. [OCI documentation]"""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.md5(der, usedforsecurity=False).digest().hex(":")


def _fingerprint(case: Case) -> str:
    if case.settings.auth != "api_key":
        raise _Skipped("an API key's alone is sent")
    configured, computed = str(case.settings.credentials["fingerprint"]), case.identity["fingerprint"]
    if configured.lower() != computed:
        raise _Failed(
            f"The private key in {_key_place(case)} has the fingerprint {computed}, but the fingerprint from "
            f"{case.settings.sources['fingerprint']} is {configured}: they are not of one key.",
            "Correct fingerprint or key_file, so that both are of the API key that was uploaded for the user.",
        )
    return "the key's own"


def _token(case: Case) -> str:
    """A session's token: whether it can be read, has not expired, and is the key's."""
    if case.settings.auth != "security_token":
        raise _Skipped(f"{case.settings.auth} has no token file")
    path = _path(case, "security_token_file")
    claims = _claims(_text_of(path))
    expires = _number(claims.get("exp"))
    renew = f"Make a new session with `oci session authenticate --profile-name {case.settings.profile}`."
    if expires is None:
        raise _Failed(f"The file {path} holds no session token.", renew)
    case.identity["token_expires"] = _utc(expires)
    if expires <= case.clock():
        raise _Failed(f"The session token in {path} has expired, at {_utc(expires)}.", renew)
    modulus = _modulus(claims)
    if modulus and modulus != case.key.public_key().public_numbers().n:
        raise _Failed(f"The session token in {path} is of another key than {_key_place(case)}.", renew)
    return f"valid until {_utc(expires)}"


def _signature(case: Case) -> str:
    """Sign a request that is not sent: the key id of the signature says who it is."""
    from requests import Request

    request = Request("GET", case.settings.endpoint).prepare()
    Identity(case.settings).sign(request)
    match = _KEY_ID.search(str(request.headers.get("authorization", "")))
    key_id = match[1] if match else ""
    if key_id.startswith("ST$"):
        claims = _claims(key_id.removeprefix("ST$"))
        expires = _number(claims.get("exp"))
        case.identity |= {
            name: value
            for name, value in {
                "tenancy": str(claims.get("tenant") or claims.get("res_tenant") or ""),
                "principal": str(claims.get("sub") or ""),
                "token_expires": "" if expires is None else _utc(expires),
            }.items()
            if value
        }
    elif key_id.count("/") == 2:
        case.identity["tenancy"], case.identity["user"], _ = key_id.split("/")
    return f"made as {who(case)}"


def who(case: Case) -> str:
    """Who signs, in words."""
    return case.identity.get("user") or case.identity.get("principal") or case.settings.auth


def _claims(token: str) -> Mapping[str, Any]:
    """What a token says; its issuer's signature is the platform's to verify."""
    import jwt

    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def _modulus(claims: Mapping[str, Any]) -> int | None:
    """The modulus of the public key that a token carries, if it carries one."""
    from base64 import urlsafe_b64decode

    try:
        text = json.loads(claims["jwk"])["n"]
        return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except (KeyError, TypeError, ValueError):
        return None


def _text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


# Whether the endpoint can be reached


def _name(case: Case) -> str:
    """The endpoint's name, or that of the proxy before it, has an address."""
    case.address = host, port = _destination(case)
    found: list[str] = []

    def look_up() -> None:
        try:
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    # In a thread, since the operating system's own patience can be minutes and cannot be set.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    if not found:
        raise _Failed(
            f"The name {host} could not be resolved.",
            "Check region and endpoint for mistakes, then this machine's DNS, VPN and proxy (HTTPS_PROXY).",
        )
    return f"{host} is {', '.join(sorted(set(found)))}"


def _destination(case: Case) -> tuple[str, int]:
    from requests.utils import get_environ_proxies, select_proxy

    endpoint = case.settings.endpoint
    proxy = select_proxy(endpoint, get_environ_proxies(endpoint))
    address = str(proxy or endpoint)
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname:
        raise _Failed(
            "The proxy of the environment has no address.", "Correct HTTPS_PROXY; its form is http://host:port."
        )
    return parts.hostname, port or (443 if parts.scheme == "https" else 80)


def _connection(case: Case) -> str:
    host, port = case.address
    remedy = "Check the endpoint's host and port."
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT):
            return f"{host}:{port} accepts connections"
    except ConnectionRefusedError:
        reason = "refuses the connection"
    except TimeoutError:
        reason = f"does not answer within {TIMEOUT:.0f} seconds"
        remedy = "Check firewall, VPN, the subnet's route to OCI's services and the proxy (HTTPS_PROXY)."
    except OSError as problem:
        reason = f"cannot be reached ({problem.strerror})"
        remedy = "Check this machine's network, VPN and the proxy (HTTPS_PROXY)."
    raise _Failed(f"{host}:{port} {reason}.", remedy)


def _tls(case: Case) -> str:
    """The endpoint answers an unsigned request, over a connection whose certificate is trusted."""
    import requests

    endpoint = case.settings.endpoint
    _check_bundle()
    with requests.Session() as session:
        session.auth = lambda request: request  # Nothing of .netrc goes out.
        kinds: dict[str, BaseException] = {}
        try:
            with session.get(endpoint, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
                case.date = answer.headers.get("date", "")
        except (requests.RequestException, OSError, ValueError) as problem:
            kinds = {type(part).__name__: part for part in _chain(problem)}
    certificate = kinds.get("SSLCertVerificationError")
    if isinstance(certificate, ssl.SSLCertVerificationError):
        raise _Failed(
            f"The certificate of {endpoint} is not trusted: {certificate.verify_message}.",
            "If a proxy of your company or the emulator signs certificates, set REQUESTS_CA_BUNDLE to its "
            "authority's file; if not, check the endpoint.",
        )
    for kind, (cause, remedy) in _NO_ANSWER.items():
        if kind in kinds:
            raise _Failed(f"{endpoint}: {cause}.", remedy)
    return "an answer over a trusted connection" if endpoint.startswith("https:") else "an answer, over plain http"


def _check_bundle() -> None:
    """The file of trusted authorities that the environment names is there."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(variable):
            if not os.path.exists(path):
                raise _Failed(f"{variable} names {path}, which does not exist.", f"Correct {variable}, or unset it.")
            return


#: What can go wrong after the connection, by the name of an exception in the chain; the first that fits counts.
_NO_ANSWER: Mapping[str, tuple[str, str]] = {
    "ProxyError": ("the proxy refuses to connect to it", "Check the proxy's address and credentials (HTTPS_PROXY)."),
    "SSLError": ("TLS failed", "Check that the endpoint speaks TLS at this port, and that no proxy changes it."),
    "ReadTimeout": ("no answer in time", "Check the endpoint, and whether something between filters requests."),
    "Exception": ("the connection broke before an answer", "Check the endpoint's scheme and port, and the proxy."),
}


def _chain(problem: BaseException) -> Iterator[BaseException]:
    """An exception, those it was made from, and ``Exception`` itself for all that have no name here."""
    waiting: list[object] = [problem]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, BaseException) and id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting += [part.__cause__, part.__context__, getattr(part, "reason", None), *part.args]
    yield Exception()


def _clock(case: Case) -> str:
    """This machine's clock is near the service's."""
    from mlflow_oci_aidp.errors import ALLOWED_SKEW

    try:
        seconds = case.clock() - parsedate_to_datetime(case.date).timestamp()
    except (ValueError, TypeError, OverflowError):
        raise _Skipped("the endpoint's answer has no date") from None
    if abs(seconds) > ALLOWED_SKEW:
        raise _Failed(
            f"This machine's clock is {_span(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} the service's; "
            f"OCI refuses signatures that are more than {_span(ALLOWED_SKEW)} off.",
            "Set the clock, or let NTP set it (`timedatectl set-ntp true`; in a virtual machine, the host's).",
        )
    return f"{abs(seconds):.0f} s from the service's"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


# Whether the platform lets this identity in


def _read(case: Case) -> str:
    """One signed read."""
    shown = _search(case, "SearchRegisteredModels", "registered_models", _not_found)
    return "registered models can be searched" + ("" if shown else "; this identity sees none")


def _workspace(case: Case) -> str:
    """One signed read of the workspace, if one is named."""
    if not case.settings.workspace and case.is_for_tracking:
        raise _Failed(
            "The tracking URI names no workspace, and experiments and runs belong to one.",
            "Set MLFLOW_TRACKING_URI to aidp://<aiDataPlatformId>/<workspaceKey>, or AIDP_WORKSPACE_KEY; for the "
            "registry alone, name this URI in MLFLOW_REGISTRY_URI instead.",
        )
    if not case.settings.workspace:
        raise _Skipped("none is named: the URI is for the registry alone, experiments and runs belong to a workspace")
    shown = _search(case, "SearchExperiments", "experiments", _no_workspace)
    return f"experiments of {case.settings.workspace} can be searched" + ("" if shown else "; this identity sees none")


#: What a refusal means here: the case and the platform's words, to cause and remedy.
_Explain = Callable[[Case, str], tuple[str, str]]


def _search(case: Case, call: str, found: str, not_found: _Explain) -> int:
    """Search for one entity, without repetitions; how many there are in the answer."""
    from mlflow_oci_aidp.retry import RetryPolicy
    from mlflow_oci_aidp.routes import ROUTES
    from mlflow_oci_aidp.transport import Transport

    transport = Transport(case.settings, Identity(case.settings), RetryPolicy(max_retries=0, timeout=TIMEOUT))
    try:
        return transport.exchange(ROUTES[call], {"max_results": 1}, lambda json: len(json.get(found) or ())) or 0
    except MlflowException as problem:
        refused = problem
    cause, remedy = _cause_and_remedy(refused)
    explain = {"UNAUTHENTICATED": _not_authenticated, "RESOURCE_DOES_NOT_EXIST": not_found}.get(refused.error_code)
    raise _Failed(*explain(case, cause)) if explain else _Failed(cause, remedy)


def _not_authenticated(case: Case, cause: str) -> tuple[str, str]:
    mode = case.settings.auth
    return (
        f"The platform does not accept the signature of {who(case)} (401): {cause}",
        _NOT_AUTHENTICATED.get(mode, "Check that this workload's principal still exists, and start it again.").format(
            profile=case.settings.profile, fingerprint=case.identity.get("fingerprint")
        ),
    )


#: By way to sign in: the key is well formed and the clock is right, so that these causes are left.
_NOT_AUTHENTICATED: Mapping[str, str] = {
    "api_key": "Upload the public key of {fingerprint} as an API key of that user (in the Console, the user's API "
    "keys), or correct user and tenancy; a new key takes some minutes.",
    "security_token": "Make a new session with `oci session authenticate --profile-name {profile}`.",
}


def _not_found(case: Case, cause: str) -> tuple[str, str]:
    if "NotAuthorizedOrNotFound" not in cause:
        return _not_the_platform(case, cause)
    source = case.settings.sources["aiDataPlatformId"]
    return (
        f"The platform shows {who(case)} no registered models of {case.settings.instance_id} (404): {cause} "
        "Either this is not the OCID of an AI Data Platform in this region, or a policy is missing; OCI answers both "
        "alike.",
        f"Compare aiDataPlatformId (from {source}) with the OCID in the Console; if it is right, ask for a policy or a "
        "role that lets this identity read its models.",
    )


def _no_workspace(case: Case, cause: str) -> tuple[str, str]:
    if "NotAuthorizedOrNotFound" not in cause:
        return _not_the_platform(case, cause)
    return (
        f"The platform shows {who(case)} no experiments of the workspace {case.settings.workspace} (404): {cause} "
        f"Either {case.settings.instance_id} has no workspace with this key, or a policy is missing; OCI answers both "
        "alike. The registry can be read.",
        f"Compare workspaceKey (from {case.settings.sources['workspaceKey']}) with the key that AI Data Platform shows "
        "for the workspace; if it is right, ask for a policy or a role that lets this identity use the workspace.",
    )


def _not_the_platform(case: Case, cause: str) -> tuple[str, str]:
    return f"{case.settings.endpoint} does not answer as an AI Data Platform does: {cause}", "Check the endpoint."


STEPS: tuple[Step, ...] = (
    Step("MLflow", _mlflow),
    Step("settings", _settings),
    Step("stores", _stores, ("MLflow", "settings")),
    Step("region", _region, ("settings",)),
    Step("profile", _profile, ("settings",)),
    Step("credentials", _credentials, ("profile",)),
    Step("private key", _key, ("credentials",)),
    Step("fingerprint", _fingerprint, ("private key",)),
    Step("token", _token, ("private key",)),
    Step("signature", _signature, ("fingerprint", "token")),
    Step("name", _name, ("region",)),
    Step("connection", _connection, ("name",)),
    Step("TLS", _tls, ("connection",)),
    Step("clock", _clock, ("TLS",)),
    Step("signed read", _read, ("signature", "clock")),
    Step("workspace", _workspace, ("signed read",)),
)


def region_of(instance_id: str) -> str:
    """The region that an OCID names, ``""`` if it names none that the ``oci`` package knows."""
    from oci import regions

    name = instance_id.split(".")[3]
    known = regions.is_region(name) or regions.is_region_short_name(name)
    return str(regions.get_region_from_short_name(name)) if known else ""


def _found(settings: Settings) -> Iterator[Found]:
    """The settings that have a value, each with its source."""
    values: dict[str, object] = {
        "aiDataPlatformId": settings.instance_id,
        "workspaceKey": settings.workspace,
        "endpoint": settings.endpoint,
        "object_storage_endpoint": settings.object_storage_endpoint,
        "region": settings.region,
        "profile": settings.profile,
        "config_file": settings.config_file,
        "auth": settings.auth,
        "user_principal": settings.user_principal,
        **settings.credentials,
    }
    for setting in SETTINGS:
        if value := values.get(setting.name):
            shown = "(not shown)" if isinstance(value, Secret) or setting.secret else str(value)
            yield Found(setting.name, shown, settings.sources.get(setting.name, _DERIVED.get(setting.name, "default")))


#: Where a value comes from that nobody has set, where that is more than a default.
_DERIVED: Mapping[str, str] = {"endpoint": "the region", "auth": "what was found to sign with"}
