"""Who signs: one function per way to sign in, and the user principal.

``oci`` is imported here, when the first request is signed, and by :py:mod:`mlflow_oci_aidp.settings` where a
region has to be looked up.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.secret import Secret
from mlflow_oci_aidp.settings import (
    AUTH_MODES,
    RESOURCE_PRINCIPAL_VARIABLE,
    SETTINGS,
    Settings,
    check_header_value,
)

#: An OCI signer: called with a prepared request, it adds the signature's headers.
Signer = Callable[[Any], Any]

_chosen_signer: Signer | None = None
_principal: ContextVar[Secret | None] = ContextVar("mlflow_oci_aidp_user_principal", default=None)


def use_signer(signer: Signer | None) -> None:
    """Sign every request of this process with a signer of your own, whatever the settings say.

    Args:
        signer: Any signer of the ``oci`` package, or None to go back to the settings.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` if it cannot be called.
    """
    global _chosen_signer
    if signer is not None and not callable(signer):
        raise error(
            "INVALID_PARAMETER_VALUE",
            f"A {type(signer).__name__} cannot sign requests.",
            "Pass a signer of the oci package, as oci.signer.Signer.",
        )
    _chosen_signer = signer


@contextmanager
def user_principal(value: str) -> Iterator[None]:
    """Send ``dh-user-principal`` with the requests of a block of code.

    AI Data Platform reads the header only when the caller itself is a workload or a compute cluster, and then
    acts for that user. [Oracle's samples, REST reference]

    Args:
        value: The principal, in base64. It holds for the current thread or task alone.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a value that cannot stand in a header.
    """
    check_header_value("user_principal", value)
    token = _principal.set(Secret(value))
    try:
        yield
    finally:
        _principal.reset(token)


def is_principal_chosen() -> bool:
    """Whether this thread or task is inside a block of :py:func:`user_principal`."""
    return _principal.get() is not None


class Identity:
    """Signs the requests of one store.

    Args:
        settings: The store's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A forked child starts over: a lock inside the signer may have been held when it was forked.
        self._current = PerProcess(_Current)

    @property
    def mode(self) -> str:
        """The way to sign in, ``""`` if none was found."""
        return "use_signer" if _chosen_signer is not None else self._settings.auth

    def principal(self) -> str | None:
        """The value of ``dh-user-principal`` for this thread or task, or None."""
        secret = _principal.get() or self._settings.user_principal
        return None if secret is None else secret.reveal()

    def sign(self, request: Any, *, covers_content: bool = True) -> None:
        """Add the signature to a request, which must not change afterwards.

        Args:
            request: What the signers of ``oci`` take: a :py:class:`requests.PreparedRequest`.
            covers_content: Whether the digest of the body is part of the signature; Object Storage takes files
                without it. [https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm]

        Raises:
            MlflowException: ``UNAUTHENTICATED`` if there is nothing to sign with, or it cannot be used.
        """
        signer = _chosen_signer or self._current_signer()
        if not covers_content:
            signer = getattr(signer, "without_content_headers", signer)
        _guard(self.mode, lambda: signer(request))

    def renew(self) -> bool:
        """After a refused signature: get a new token, where this identity has tokens.

        Returns:
            Whether it makes sense to send the request once more.

        Raises:
            MlflowException: ``UNAUTHENTICATED`` if the token cannot be had.
        """
        if _chosen_signer is None and self._settings.auth == "security_token":
            self._current.get().forget()
            return True
        refresh = getattr(_chosen_signer or self._current.get().signer, "refresh_security_token", None)
        if refresh is None:
            return False
        _guard(self.mode, refresh)
        return True

    def _current_signer(self) -> Signer:
        mode = self._settings.auth
        if mode not in _BUILDERS:
            raise _nothing_found(self._settings)
        stamp = _file_stamps(self._settings) if mode == "security_token" else None
        return self._current.get().signer_for(stamp, lambda: self._build(mode))

    def _build(self, mode: str) -> Signer:
        given = self._settings.credentials
        key_file = given.get("key_file") if mode in _WITH_KEY and "key_content" not in given else None
        signer: Signer = _guard(mode, lambda: _BUILDERS[mode](self._settings), key_file)
        return signer


class _Current:
    """The signer in use, and the stamp of the files that it was made from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: object = None
        self.signer: Signer | None = None

    def signer_for(self, stamp: object, make: Callable[[], Signer]) -> Signer:
        """The signer, made anew where there is none, or of other files."""
        signer = self.signer
        if signer is not None and stamp == self._stamp:
            return signer
        with self._lock:
            if self.signer is None or stamp != self._stamp:
                try:
                    self.signer = make()
                    self._stamp = stamp
                except MlflowException:
                    # The files may be read while they are being renewed: the token in hand is good until refused.
                    if self.signer is None:
                        raise
            return self.signer

    def forget(self) -> None:
        """Have the next one made anew."""
        with self._lock:
            self.signer = None


def client_signer(identity: Identity) -> Any:
    """An identity as the clients of ``oci`` want their signer: each request is signed by what is current then.

    Args:
        identity: Who signs. Its errors come out of the client's calls as they are.
    """
    from oci.auth.signers import SecurityTokenSigner

    # A kind that the clients know: of any other they ask for a user, a key and a fingerprint too. [oci.config]
    class ClientSigner(SecurityTokenSigner):
        def __init__(self) -> None:
            pass

        def __call__(self, request: Any, enforce_content_headers: bool = True) -> Any:
            if not enforce_content_headers:
                # What requests makes of an empty stream, and Object Storage does not take. [oci.signer]
                request.headers.pop("Transfer-Encoding", None)
            identity.sign(request, covers_content=enforce_content_headers)
            return request

        @property
        def without_content_headers(self) -> Signer:
            return partial(self, enforce_content_headers=False)

    return ClientSigner()


class _Unusable(Exception):
    """An identity that cannot be used, for a reason that may be shown."""


def _api_key(settings: Settings) -> Signer:
    from oci.signer import Signer as ApiKeySigner

    given = _required("api_key", settings)
    return ApiKeySigner(
        given["tenancy"],
        given["user"],
        given["fingerprint"],
        private_key_file_location=given.get("key_file"),
        pass_phrase=given.get("pass_phrase"),
        private_key_content=given.get("key_content"),
    )


def _security_token(settings: Settings) -> Signer:
    from oci.auth.signers import SecurityTokenSigner
    from oci.signer import load_private_key, load_private_key_from_file

    given = _required("security_token", settings)
    if "key_content" in given:
        key = load_private_key(given["key_content"], given.get("pass_phrase"))
    else:
        key = load_private_key_from_file(given["key_file"], given.get("pass_phrase"))
    return SecurityTokenSigner(_session_token(given["security_token_file"]), key)


def _session_token(path: str) -> str:
    """A session's token that has not expired; its issuer's signature is the platform's to verify."""
    import jwt

    token = _text_of(path)
    try:
        expires = float(jwt.decode(token, options={"verify_signature": False})["exp"])
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        expires = None
    if expires is None:
        raise _Unusable(f"the file {path!r} holds no session token")
    if expires <= time.time():
        raise _Unusable(f"the session token in {path!r} has expired")
    return token


def _retries() -> Any:
    """Few and short: the signers' own go on for minutes where there is no service."""
    from oci.retry import RetryStrategyBuilder

    return RetryStrategyBuilder(
        max_attempts=3,
        retry_base_sleep_time_seconds=0.2,
        retry_max_wait_between_calls_seconds=1,
        total_elapsed_time_seconds=15,
    ).get_retry_strategy()


def _instance_principal(settings: Settings) -> Signer:
    from oci.auth.signers import InstancePrincipalsSecurityTokenSigner

    return InstancePrincipalsSecurityTokenSigner(retry_strategy=_retries(), federation_client_retry_strategy=_retries())


def _delegation_token(settings: Settings) -> Signer:
    from oci.auth.signers import InstancePrincipalsDelegationTokenSigner

    given = _required("instance_principal_with_delegation_token", settings)
    return InstancePrincipalsDelegationTokenSigner(
        delegation_token=_text_of(given["delegation_token_file"]),
        retry_strategy=_retries(),
        federation_client_retry_strategy=_retries(),
    )


def _resource_principal(settings: Settings) -> Signer:
    from oci.auth.signers import get_resource_principals_signer

    return get_resource_principals_signer()


def _oke_workload_identity(settings: Settings) -> Signer:
    from oci.auth.signers import get_oke_workload_identity_resource_principal_signer

    return get_oke_workload_identity_resource_principal_signer(retry_strategy=_retries())


_BUILDERS: Mapping[str, Callable[[Settings], Signer]] = {
    "api_key": _api_key,
    "security_token": _security_token,
    "instance_principal": _instance_principal,
    "resource_principal": _resource_principal,
    "oke_workload_identity": _oke_workload_identity,
    "instance_principal_with_delegation_token": _delegation_token,
}

#: One sentence of remedy per way to sign in.
_REMEDIES: Mapping[str, str] = {
    "use_signer": "Check the signer that was passed to use_signer.",
    "api_key": "Check tenancy, user, fingerprint, the key and its passphrase in the profile.",
    "security_token": "Renew the session with `oci session refresh` or `oci session authenticate`.",
    "instance_principal": "This works on OCI compute instances alone, in a dynamic group with a policy.",
    "resource_principal": "Check the variables OCI_RESOURCE_PRINCIPAL_*, which OCI sets for its own workloads.",
    "oke_workload_identity": "This works in pods of an enhanced OKE cluster alone, with a service account's token.",
    "instance_principal_with_delegation_token": "Check delegation_token_file, which Cloud Shell makes.",
}


def _required(mode: str, settings: Settings) -> dict[str, str]:
    """What a mode needs, as plain text, paths expanded.

    Raises:
        MlflowException: ``UNAUTHENTICATED``, naming everything that is missing.
    """
    given = {
        name: value.reveal() if isinstance(value, Secret) else value for name, value in settings.credentials.items()
    }
    for name in given:
        if name.endswith("_file"):
            given[name] = os.path.expanduser(given[name])
    missing = [
        name for name in AUTH_MODES[mode] if name not in given and not (name == "key_file" and "key_content" in given)
    ]
    if missing:
        raise error(
            "UNAUTHENTICATED",
            f"Signing in by {mode} needs {', '.join(missing)}, found neither in the profile "
            f"{settings.profile!r} of {settings.config_file!r} nor in the environment.",
            f"Add it to the profile, or set {', '.join(_variable(name) for name in missing)}.",
        )
    return given


def _variable(name: str) -> str:
    return next(setting.environment[0] for setting in SETTINGS if setting.name == name)


def _text_of(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def _file_stamps(settings: Settings) -> object:
    """Changes whenever the session's files do, so that a renewed token is picked up without a refusal."""
    stamps = []
    for name in ("security_token_file", "key_file"):
        path = settings.credentials.get(name)
        if isinstance(path, str):
            try:
                status = os.stat(os.path.expanduser(path))
            except OSError:
                continue
            stamps.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return stamps


def _guard(mode: str, action: Callable[[], Any], key_file: object = None) -> Any:
    """Run something of ``oci``'s, and turn whatever it raises into one error without its details.

    The exceptions of signers, keys and tokens may hold what must not be shown, and so may the objects that hang
    on them: nothing of them is kept, not even as the context of the new exception. The file of the key is named.
    """
    try:
        return action()
    except MlflowException:
        raise
    except _Unusable as problem:
        reason = str(problem)
    except FileNotFoundError as problem:
        reason = f"the file {problem.filename!r} does not exist"
    except OSError as problem:
        reason = problem.strerror or _PROBLEMS[mode]
    except Exception as problem:  # noqa: BLE001 - see above
        reason = _KNOWN_PROBLEMS.get(type(problem).__name__, _PROBLEMS[mode]) + (f" ({key_file})" if key_file else "")
    raise error("UNAUTHENTICATED", f"Signing in by {mode} failed: {reason}.", _REMEDIES[mode])


#: The ways to sign in that read a private key.
_WITH_KEY = ("api_key", "security_token")

#: The cause in words, where the exception says nothing that may be shown.
_PROBLEMS: Mapping[str, str] = {
    "use_signer": "the signer failed",
    "api_key": "the private key cannot be used, it may not be an RSA key",
    "security_token": "the private key cannot be used, it may not be an RSA key",
    "instance_principal": "the instance's metadata or federation service gave no token",
    "resource_principal": "OCI_RESOURCE_PRINCIPAL_VERSION or what goes with it is missing or not usable",
    "oke_workload_identity": "the cluster gave no token",
    "instance_principal_with_delegation_token": "the instance's metadata or federation service gave no token",
}

_KNOWN_PROBLEMS: Mapping[str, str] = {
    "MissingPrivateKeyPassphrase": "the private key needs a passphrase",
    "InvalidPrivateKey": "the private key cannot be read, or its passphrase is wrong",
    "UnicodeEncodeError": "the key or its passphrase holds a character that is not ASCII",
}


def _nothing_found(settings: Settings) -> MlflowException:
    profile = (
        f"no credentials in the profile {settings.profile!r} of {settings.config_file!r}"
        if os.path.isfile(settings.config_file)
        else f"there is no OCI configuration file at {settings.config_file!r}"
    )
    return error(
        "UNAUTHENTICATED",
        f"There is nothing to sign requests with: {profile}, no credentials in OCI_CLI_USER, OCI_CLI_KEY_FILE, "
        f"OCI_CLI_KEY_CONTENT or OCI_CLI_SECURITY_TOKEN_FILE, and no {RESOURCE_PRINCIPAL_VARIABLE}.",
        "Run `oci setup config` or `oci session authenticate`, or choose a way to sign in with OCI_CLI_AUTH or "
        f"`?auth=`: {', '.join(AUTH_MODES)}.",
    )
