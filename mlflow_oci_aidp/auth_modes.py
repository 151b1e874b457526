"""The authentication modes: one table with all that is known of each.

The settings choose a mode by it, :py:mod:`mlflow_oci_aidp.identity` makes signers with it,
``mlflow-oci-aidp check`` and the documentation read it. A new mode is one more entry of
:py:data:`AUTH_MODES`. ``oci`` is imported when a signer is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_oci_aidp.session_token import expiry_of, read_claims, read_text

#: An OCI signer: called with a prepared request, it adds the signature's headers.
Signer = Callable[[Any], Any]

#: The settings that a signer is made of, as plain text, with the paths of files expanded.
Credentials = Mapping[str, str]

#: The variable that OCI sets for its own workloads.
RESOURCE_PRINCIPAL_VARIABLE = "OCI_RESOURCE_PRINCIPAL_VERSION"


@dataclass(frozen=True)
class AuthMode:
    """A way to sign in.

    Attributes:
        name: Its name, as Oracle's command lines have it.
        where: Where it is used, for the documentation.
        build: Makes a signer of the credentials; may raise anything.
        problem: Why no signer could be made, in words, where its exception must not be shown.
        remedy: One sentence on what to do if no signer could be made. May name ``{places}``, where
            the credentials come from.
        refused_remedy: One sentence on what to do if the platform does not accept a signature. May
            name ``{profile}``, ``{fingerprint}`` and ``{places}``.
        needs: The settings without which there is no signer; ``key_content`` can replace
            ``key_file``.
        identified_by: Settings any one of which identifies the mode.
        authentication_type: The value of a profile's ``authentication_type`` that identifies it.
        variable: The environment variable that identifies it.
        aliases: Other names.
        is_renewed_on_disk: Whether other programs renew its files, so that they are read again.
    """

    name: str
    where: str
    build: Callable[[Credentials], Signer]
    problem: str
    remedy: str
    refused_remedy: str = "Check that this workload's principal still exists, and start it again."
    needs: tuple[str, ...] = ()
    identified_by: frozenset[str] = frozenset()
    authentication_type: str = ""
    variable: str = ""
    aliases: tuple[str, ...] = ()
    is_renewed_on_disk: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The needed settings that are paths of files."""
        return tuple(name for name in self.needs if name.endswith("_file"))

    @property
    def has_private_key(self) -> bool:
        """Whether the user has the private key that signs."""
        return "key_file" in self.needs

    @property
    def uses(self) -> tuple[str, ...]:
        """The settings that its signer may be made of, where they are set."""
        more = ("key_content", "pass_phrase") if self.has_private_key else ()
        return (*self.needs, *more)

    def needed(self, present: Collection[str]) -> list[str]:
        """Return the settings that are needed, given those that are present."""
        replaced = {"key_file"} if "key_content" in present else set()
        return [name for name in self.needs if name not in replaced]

    def missing(self, present: Collection[str]) -> list[str]:
        """Return the needed settings that are not among those that are present."""
        return [name for name in self.needed(present) if name not in present]


class UnusableCredentialsError(Exception):
    """Credentials that cannot be used, for a reason that may be shown."""


# How each signer is made


def _api_key(credentials: Credentials) -> Signer:
    from oci.signer import Signer as ApiKeySigner

    return ApiKeySigner(
        credentials["tenancy"],
        credentials["user"],
        credentials["fingerprint"],
        private_key_file_location=credentials.get("key_file"),
        pass_phrase=credentials.get("pass_phrase"),
        private_key_content=credentials.get("key_content"),
    )


def _security_token(credentials: Credentials) -> Signer:
    from oci.auth.signers import SecurityTokenSigner
    from oci.signer import load_private_key, load_private_key_from_file

    pass_phrase = credentials.get("pass_phrase")
    if "key_content" in credentials:
        key = load_private_key(credentials["key_content"], pass_phrase)
    else:
        key = load_private_key_from_file(credentials["key_file"], pass_phrase)
    return SecurityTokenSigner(_unexpired_token(credentials["security_token_file"]), key)


def _unexpired_token(path: str) -> str:
    try:
        token = read_text(path)
    except UnicodeDecodeError:
        token = ""
    expires = expiry_of(read_claims(token))
    if expires is None:
        raise UnusableCredentialsError(f"the file {path!r} holds no session token")
    if expires <= time.time():
        raise UnusableCredentialsError(f"the session token in {path!r} has expired")
    return token


def _instance_principal(credentials: Credentials) -> Signer:
    from oci.auth.signers import InstancePrincipalsSecurityTokenSigner

    return InstancePrincipalsSecurityTokenSigner(
        retry_strategy=_retries(), federation_client_retry_strategy=_retries()
    )


def _delegation_token(credentials: Credentials) -> Signer:
    from oci.auth.signers import InstancePrincipalsDelegationTokenSigner

    return InstancePrincipalsDelegationTokenSigner(
        delegation_token=read_text(credentials["delegation_token_file"]),
        retry_strategy=_retries(),
        federation_client_retry_strategy=_retries(),
    )


def _resource_principal(credentials: Credentials) -> Signer:
    from oci.auth.signers import get_resource_principals_signer

    return get_resource_principals_signer()


def _oke_workload_identity(credentials: Credentials) -> Signer:
    from oci.auth.signers import get_oke_workload_identity_resource_principal_signer

    return get_oke_workload_identity_resource_principal_signer(retry_strategy=_retries())


def _retries() -> Any:
    """Return a short retry strategy: the signers' own go on for minutes where no service is."""
    from oci.retry import RetryStrategyBuilder

    return RetryStrategyBuilder(
        max_attempts=3,
        retry_base_sleep_time_seconds=0.2,
        retry_max_wait_between_calls_seconds=1,
        total_elapsed_time_seconds=15,
    ).get_retry_strategy()


# The table

_KEY_PROBLEM = "the private key cannot be used, it may not be an RSA key"
_INSTANCE_PROBLEM = "the instance's metadata or federation service gave no token"

#: The modes by name. Where the settings of several are present, the last of those wins: its
#: settings are the most particular, since a session's profile has a key file, too.
AUTH_MODES: Mapping[str, AuthMode] = {
    mode.name: mode
    for mode in (
        AuthMode(
            "api_key",
            "laptops, CI: an API key of a user",
            _api_key,
            problem=_KEY_PROBLEM,
            remedy=(
                "Check tenancy, user, fingerprint, the key and its passphrase, which come from "
                "{places}."
            ),
            refused_remedy=(
                "Upload the public key of {fingerprint} as an API key of that user (in the "
                "Console, the user's API keys), or correct user and tenancy; a new key takes some "
                "minutes."
            ),
            needs=("tenancy", "user", "fingerprint", "key_file"),
            identified_by=frozenset({"user", "key_file", "key_content"}),
        ),
        AuthMode(
            "security_token",
            "laptops: a session, made by `oci session authenticate` and renewed by "
            "`oci session refresh`",
            _security_token,
            problem=_KEY_PROBLEM,
            remedy=(
                "Renew the session with `oci session refresh` or `oci session authenticate`; its "
                "files are named by {places}."
            ),
            refused_remedy=(
                "Make a new session with `oci session authenticate --profile-name {profile}`."
            ),
            needs=("security_token_file", "key_file"),
            identified_by=frozenset({"security_token_file"}),
            is_renewed_on_disk=True,
        ),
        AuthMode(
            "instance_principal",
            "OCI compute instances",
            _instance_principal,
            problem=_INSTANCE_PROBLEM,
            remedy=("This works on OCI compute instances alone, in a dynamic group with a policy."),
            authentication_type="instance_principal",
        ),
        AuthMode(
            "resource_principal",
            "OCI notebooks, functions, data flow and other resources",
            _resource_principal,
            problem=(
                f"{RESOURCE_PRINCIPAL_VARIABLE} or what goes with it is missing or not usable"
            ),
            remedy=(
                "Check the variables OCI_RESOURCE_PRINCIPAL_*, which OCI sets for its own "
                "workloads."
            ),
            variable=RESOURCE_PRINCIPAL_VARIABLE,
        ),
        AuthMode(
            "oke_workload_identity",
            "pods in OKE",
            _oke_workload_identity,
            problem="the cluster gave no token",
            remedy=(
                "This works in pods of an enhanced OKE cluster alone, with a service account's "
                "token."
            ),
        ),
        AuthMode(
            "instance_principal_with_delegation_token",
            "Cloud Shell, which calls it `instance_obo_user`",
            _delegation_token,
            problem=_INSTANCE_PROBLEM,
            remedy="Check delegation_token_file (from {places}), which Cloud Shell makes.",
            needs=("delegation_token_file",),
            identified_by=frozenset({"delegation_token_file"}),
            aliases=("instance_obo_user",),
        ),
    )
}


def mode_named(name: str) -> AuthMode | None:
    """Return the mode with a name or an alias, or None."""
    modes = AUTH_MODES.values()
    return next((mode for mode in modes if name == mode.name or name in mode.aliases), None)


def mode_of_settings(names: Collection[str]) -> AuthMode | None:
    """Return the mode that settings with these names identify, or None."""
    modes = reversed(list(AUTH_MODES.values()))
    return next((mode for mode in modes if not mode.identified_by.isdisjoint(names)), None)


def mode_of_profile(authentication_type: str) -> AuthMode | None:
    """Return the mode that a profile's ``authentication_type`` identifies, or None."""
    if not authentication_type:
        return None
    modes = AUTH_MODES.values()
    return next((mode for mode in modes if mode.authentication_type == authentication_type), None)


def mode_of_environment(environ: Mapping[str, str]) -> AuthMode | None:
    """Return the first mode whose own environment variable is set, or None."""
    modes = AUTH_MODES.values()
    return next((mode for mode in modes if mode.variable and environ.get(mode.variable)), None)
