"""The identity that signs: the signer of an authentication mode, and the user principal.

:py:mod:`mlflow_oci_aidp.auth_modes` has the modes. ``oci`` is imported when the first request is
signed, or when a region has to be looked up.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.auth_modes import AUTH_MODES, AuthMode, Signer, UnusableCredentialsError
from mlflow_oci_aidp.cookies import refuse_cookies
from mlflow_oci_aidp.errors import AidpError, invalid_parameter
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.oci_logs import quiet_signer
from mlflow_oci_aidp.secret import Secret, concealed, hidden
from mlflow_oci_aidp.settings import Settings, header_problem
from mlflow_oci_aidp.sign_in_errors import (
    SIGNED_BY,
    USE_SIGNER,
    Failure,
    doubtful_remedy,
    missing_credentials,
    nothing_found,
    own_signer_remedy,
    signer_error,
)

_signer_of_process: Signer | None = None


class Caller(NamedTuple):
    """For whom a block of code makes its requests.

    Attributes:
        signer: Returns the signer, so that no dump of a context shows its key; None for that of the
            process or the settings.
        principal: The user principal; None for that of the settings.
    """

    signer: Callable[[], Signer] | None = None
    principal: Secret | None = None


_NOBODY = Caller()
#: For whom this thread or task makes requests. What is remembered of the platform's answers for one
#: caller is not for another.
chosen_caller: ContextVar[Caller] = ContextVar("mlflow_oci_aidp_caller", default=_NOBODY)


def use_signer(signer: Signer | None) -> None:
    """Sign every request of this process with a signer of your own, whatever the settings say.

    Args:
        signer: Any signer of the ``oci`` package, or None to go back to the settings.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` if it cannot be called.
    """
    global _signer_of_process
    problem = _signer_problem(signer)
    if problem:
        del signer  # It may be a configuration, with a passphrase in it.
        raise problem
    _signer_of_process = signer


def signed_by(signer: Signer) -> AbstractContextManager[None]:
    """Sign the requests of a block of code with a signer of your own.

    It goes before the signer of :py:func:`use_signer`.

    Args:
        signer: Any signer of the ``oci`` package. It holds for the current thread or task alone,
            and for the threads in which this package transfers files for it.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` if it cannot be called.
    """
    problem = _signer_problem(signer) or (_no_signer_given() if signer is None else None)
    if problem:
        del signer  # It may be a configuration, with a passphrase in it.
        raise problem
    return _signer_block(hidden(signer))


@contextmanager
def _signer_block(signer: Callable[[], Signer]) -> Iterator[None]:
    token = chosen_caller.set(chosen_caller.get()._replace(signer=signer))
    try:
        yield
    finally:
        chosen_caller.reset(token)


def _own_signer() -> Signer | None:
    """Return the program's own signer for this thread or task, None if there is none."""
    of_block = chosen_caller.get().signer
    return _signer_of_process if of_block is None else of_block()


def _own_signer_name() -> str:
    """Return the function that the program's own signer was passed to, ``""`` if there is none."""
    if chosen_caller.get().signer is not None:
        return SIGNED_BY
    return "" if _signer_of_process is None else USE_SIGNER


def _no_signer_given() -> AidpError:
    return invalid_parameter("No signer was passed.", "Pass a signer of the oci package.")


def _signer_problem(signer: object) -> AidpError | None:
    """Return the error for what cannot sign, None if it can."""
    if signer is None or callable(signer):
        return None
    return invalid_parameter(
        f"A {type(signer).__name__} cannot sign requests.",
        "Pass a signer of the oci package, such as oci.signer.Signer.",
    )


def user_principal(value: str) -> AbstractContextManager[None]:
    """Send ``dh-user-principal`` with the requests of a block of code.

    AI Data Platform reads the header only if the caller itself is a workload or a compute cluster,
    and then acts for that user. [Oracle's samples, REST reference]

    Args:
        value: The principal, in base64. It holds for the current thread or task alone.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for a value that cannot stand in a header.
    """
    problem = header_problem("user_principal", value)
    if problem:
        del value
        raise problem
    return _principal_block(Secret(value))


@contextmanager
def _principal_block(principal: Secret) -> Iterator[None]:
    token = chosen_caller.set(chosen_caller.get()._replace(principal=principal))
    try:
        yield
    finally:
        chosen_caller.reset(token)


def is_caller_chosen() -> bool:
    """Tell whether a block of code says for whom this thread or task makes requests."""
    return chosen_caller.get() != _NOBODY


class Identity:
    """Signs the requests of one store.

    Args:
        settings: The store's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._mode = AUTH_MODES.get(settings.auth)
        self._files = _files_of(self._mode, settings) if self._mode else ()
        # A forked child starts over: a lock inside the signer may have been held at the fork.
        self._current = PerProcess(_Current)

    @property
    def mode(self) -> str:
        """The authentication mode's name, ``""`` if none was found."""
        return _own_signer_name() or self._settings.auth

    def principal(self) -> str | None:
        """Return the value of ``dh-user-principal`` for this thread or task, or None."""
        secret = chosen_caller.get().principal or self._settings.user_principal
        return None if secret is None else secret.reveal()

    @concealed
    def sign(self, request: Any, *, covers_content: bool = True) -> None:
        """Add the signature to a request, which must not change afterwards.

        Args:
            request: What the signers of ``oci`` take: a :py:class:`requests.PreparedRequest`.
            covers_content: Whether the digest of the body is part of the signature. Object Storage
                takes files without it.
                [https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm]

        Raises:
            AidpError: ``UNAUTHENTICATED`` if there is nothing to sign with, or it cannot be used.
        """
        signer = _own_signer() or self._current_signer()
        if not covers_content:
            signer = getattr(signer, "without_content_headers", signer)
        _guard(self._mode_in_use(), self._settings, lambda: signer(request))

    @concealed
    def renew(self) -> bool:
        """Get a new token after a refused signature, if this identity has tokens.

        Returns:
            Whether it makes sense to send the request once more.

        Raises:
            AidpError: ``UNAUTHENTICATED`` if the token cannot be had.
        """
        if _own_signer() is None and self._mode is not None and self._mode.is_renewed_on_disk:
            self._current.get().forget()
            return True
        signer = _own_signer() or self._current.get().signer()
        refresh = getattr(signer, "refresh_security_token", None)
        if refresh is None:
            return False
        _guard(self._mode_in_use(), self._settings, refresh)
        return True

    def note_sources(self, sources: Mapping[str, str]) -> None:
        """Note where the credentials come from for another store that has this identity."""
        self._settings.add_sources(sources)

    def refused_remedy(self) -> str:
        """Return what to do if the platform does not accept a signature of this identity."""
        own = _own_signer_name() or (USE_SIGNER if self._mode is None else "")
        return own_signer_remedy(own) if own else doubtful_remedy(self._settings)

    def _mode_in_use(self) -> AuthMode | None:
        """Return the mode of the signer in use, None for a signer of the program's own."""
        return self._mode if _own_signer() is None else None

    def _current_signer(self) -> Signer:
        mode = self._mode
        if mode is None:
            raise nothing_found(self._settings)
        stamps = _file_stamps(self._files)
        current = self._current.made or self._current.get()
        return current.signer_for(stamps, lambda: _build(mode, self._settings))


def _build(mode: AuthMode, settings: Settings) -> Signer:
    def build() -> Signer:
        if problem := missing_credentials(settings):
            raise problem
        signer = quiet_signer(mode.build(settings.plain_credentials()))
        refuse_cookies(signer)
        return signer

    signer: Signer = _guard(mode, settings, build)
    return signer


def _no_signer() -> None:
    """Return None: what stands for a signer that is not made yet."""


class _Current:
    """The signer in use, and the stamps of the files that it was made from.

    Attributes:
        signer: Returns the signer, whose attributes are tokens and keys; None if there is none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamps: object = None
        self.signer: Callable[[], Signer | None] = _no_signer

    def signer_for(self, stamps: object, make: Callable[[], Signer]) -> Signer:
        """Return the signer, made anew if there is none or if its files have other stamps."""
        signer = self.signer()
        if signer is not None and stamps == self._stamps:
            return signer
        with self._lock:
            signer = self.signer()
            if signer is None or stamps != self._stamps:
                try:
                    signer = make()
                    self.signer, self._stamps = hidden(signer), stamps
                except MlflowException:
                    # The files may be just being renewed: the token in hand is good until refused.
                    if signer is None:
                        raise
            return signer

    def forget(self) -> None:
        """Have the next signer made anew."""
        with self._lock:
            self.signer = _no_signer


def client_signer(identity: Identity) -> Any:
    """Return an identity as a signer for the clients of ``oci``.

    Each request is signed by the signer that is current then.

    Args:
        identity: Who signs. Its errors come out of the client's calls as they are.
    """
    from oci.auth.signers import SecurityTokenSigner

    # A class that the clients know: with any other they ask for a user, a key and a fingerprint,
    # too. [oci.config]
    class ClientSigner(SecurityTokenSigner):
        def __init__(self) -> None:
            pass

        def __call__(self, request: Any, enforce_content_headers: bool = True) -> Any:
            if not enforce_content_headers:
                # requests adds it for an empty stream, and Object Storage refuses it. [oci.signer]
                request.headers.pop("Transfer-Encoding", None)
            identity.sign(request, covers_content=enforce_content_headers)
            return request

        @property
        def without_content_headers(self) -> Signer:
            return partial(self, enforce_content_headers=False)

    return ClientSigner()


def _files_of(mode: AuthMode, settings: Settings) -> tuple[str, ...]:
    """Return the paths of the files that the mode's signer is made of."""
    names = [name for name in mode.files if name in settings.credentials]
    return tuple(os.path.expanduser(str(settings.credentials[name])) for name in names)


def _file_stamps(paths: tuple[str, ...]) -> object:
    """Return what changes whenever one of the files does.

    So files that were renewed are read again without waiting for a refusal.
    """
    stamps: dict[str, object] = {}
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        stamps[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return stamps


#: Causes in words, by the name of an exception of ``oci`` or of Python.
_KNOWN_PROBLEMS: Mapping[str, str] = {
    "MissingPrivateKeyPassphrase": "the private key needs a passphrase",
    "InvalidPrivateKey": "the private key cannot be read, or its passphrase is wrong",
    "UnicodeEncodeError": "the key or its passphrase holds a character that is not ASCII",
}


def _guard(mode: AuthMode | None, settings: Settings, action: Callable[[], Any]) -> Any:
    """Run something of ``oci``'s, and turn whatever it raises into one error without its details.

    The exceptions of signers, keys and tokens may hold what must not be shown, and so may the
    objects that hang on them. Nothing of them is kept, not even as the context of the new
    exception.

    Args:
        mode: The authentication mode, None for a signer of the program's own.
        settings: The settings of the store, whose places the error names.
        action: What to run.

    Raises:
        AidpError: ``UNAUTHENTICATED``.
    """
    failed = mode.problem if mode else "the signer failed"
    try:
        return action()
    except MlflowException:
        raise
    except UnusableCredentialsError as problem:
        failure = Failure(str(problem))
    except FileNotFoundError as problem:
        failure = Failure("does not exist", str(problem.filename))
    except OSError as problem:
        reason = f"cannot be read ({problem.strerror})" if problem.filename else problem.strerror
        failure = Failure(reason or failed, str(problem.filename or ""))
    except Exception as problem:  # noqa: BLE001 - see above
        failure = Failure(_KNOWN_PROBLEMS.get(type(problem).__name__, failed))
    raise signer_error(mode, settings, failure, _own_signer_name() or USE_SIGNER)
