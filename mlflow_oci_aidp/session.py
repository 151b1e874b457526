"""Sessions: what belongs together for one set of resolved settings and one retry policy.

A session holds settings, identity and client. URIs that resolve to the same settings share one.

MLflow makes artifact repositories by itself, from a location alone. So the process keeps a map
from the locations that stores named to the stores.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Generic, TypeVar

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.client.connection import ConnectionOptions
from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.client.retry import Clock, RetryPolicy
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity, chosen_caller
from mlflow_oci_aidp.mlflow_compat import SERVER_VARIABLES
from mlflow_oci_aidp.names import MODEL_FILE
from mlflow_oci_aidp.settings import Settings, resolve, resolve_storage
from mlflow_oci_aidp.uri import SCHEME

#: Beginnings of the variables that describe a workload's own principal. [oci.auth.signers]
_PRINCIPAL_VARIABLES = ("OCI_", "KUBERNETES_")

K = TypeVar("K")
V = TypeVar("V")


class Session:
    """Settings, identity and client, shared by stores and artifact repositories.

    It is made without a request, and without asking MLflow for a store: MLflow builds stores under
    a lock that is not reentrant.

    Args:
        settings: The settings. Workspace, catalog and schema are not used: they are the store's.
        policy: When to send again; MLflow's settings if None.
        clock: The clock to wait by.
        identity: Who signs; made of the settings if None.
        options: Proxies and certificates; those of the environment if None.
        is_shared: Whether other stores of the same settings have the session, too.
    """

    def __init__(
        self,
        settings: Settings,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
        identity: Identity | None = None,
        options: ConnectionOptions | None = None,
        is_shared: bool = False,
    ) -> None:
        self.settings = settings
        self.policy = policy or RetryPolicy.from_mlflow()
        self.clock = clock or Clock()
        self.identity = identity or Identity(settings)
        self._options = options
        self.is_shared = is_shared
        self._shared: _RecentlyUsed[tuple[object, ...], Any] = _RecentlyUsed(_LONGEST_SHARED)

    @property
    def client(self) -> PlatformClient:
        """The client of the platform."""

        def make() -> PlatformClient:
            return PlatformClient(
                self.settings, self.identity, self.policy, self.clock, self._options
            )

        return self.shared(("client",), make)

    def shared(self, key: tuple[object, ...], make: Callable[[], V]) -> V:
        """Return what this session made for a key, or make it now.

        Args:
            key: What it is, such as ``("volume", "main", "default", "artifacts")``.
            make: Makes it. Two threads may both make it; one result is kept.
        """
        value: V = self._shared.get(key, make)
        return value


@dataclass(frozen=True)
class _Origin:
    """The store that named a location.

    Attributes:
        uri: The URI of the store. It is resolved again when it is needed: settings of the
            environment and of the OCI profile may have changed.
        session: The session that was handed to the store; None for the shared one.
    """

    uri: str
    session: Session | None = None

    @classmethod
    def of(cls, session: Session, uri: str) -> _Origin:
        return cls(uri, None if session.is_shared else session)


class _RecentlyUsed(Generic[K, V]):
    """A bounded map: the entries that were not used for the longest time go first.

    Safe for many threads, and for a fork while another thread changes it: an entry is never taken
    out to be put in again, and the child gets a lock of its own. ``cachetools`` promises neither.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._entries: dict[K, V] = {}
        self._used: dict[K, int] = {}
        self._clock = count()
        self._lock = PerProcess(threading.Lock)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the entry, or make it. No lock is held while it is made."""
        value = self.find(key)
        if value is None:
            value = make()
            with self._lock.made or self._lock.get():
                value = self._entries.setdefault(key, value)
                self._note_use(key)
        return value

    def find(self, key: K) -> V | None:
        """Return the entry, which counts as used now; None if there is none."""
        with self._lock.made or self._lock.get():
            value = self._entries.get(key)
            if value is not None:
                self._used[key] = next(self._clock)
            return value

    def put(self, key: K, value: V) -> None:
        """Set the entry, which counts as used now."""
        with self._lock.made or self._lock.get():
            self._entries[key] = value
            self._note_use(key)

    def take(self, key: K) -> V | None:
        """Take the entry out; None if there is none."""
        with self._lock.made or self._lock.get():
            self._used.pop(key, None)
            return self._entries.pop(key, None)

    def newest(self) -> V | None:
        """Return the entry that was used last; None if there is none."""
        with self._lock.made or self._lock.get():
            if not self._entries:
                return None
            return self._entries[max(self._entries, key=lambda key: self._used.get(key, 0))]

    def clear(self) -> None:
        """Forget all entries."""
        with self._lock.made or self._lock.get():
            self._entries.clear()
            self._used.clear()

    def _note_use(self, key: K) -> None:
        self._used[key] = next(self._clock)
        if len(self._entries) <= self._longest:
            return
        # A tenth at a time: to look for the oldest one takes a look at all.
        oldest = sorted(self._entries, key=lambda known: self._used.get(known, 0))
        for known in oldest[: max(1, self._longest // 10)]:
            del self._entries[known]
            self._used.pop(known, None)


#: What a session keeps of what it made, such as clients of volumes.
_LONGEST_SHARED = 64

_sessions: _RecentlyUsed[Any, Session] = _RecentlyUsed(32)
_identities: _RecentlyUsed[Any, Identity] = _RecentlyUsed(32)
#: From a location to the store that named it.
_locations: _RecentlyUsed[str, _Origin] = _RecentlyUsed(10_000)
#: The tracking stores, by their URIs.
_tracking: _RecentlyUsed[str, _Origin] = _RecentlyUsed(32)
#: Files ``MLmodel`` that went up just now, by principal, instance and location. They are wanted
#: once, when the logged model is finalised.
_model_files: _RecentlyUsed[tuple[object, str, str], bytes] = _RecentlyUsed(16)
#: Bytes. A longer file ``MLmodel`` is read from where it went.
_LONGEST_MODEL_FILE = 1 << 20


def session_for(uri: str) -> Session:
    """Return the session of an ``aidp://`` URI.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """
    return session_of(resolve(uri))


def session_of(settings: Settings) -> Session:
    """Return the session of resolved settings, and of what the environment says now about HTTP.

    Args:
        settings: The settings. Another workspace, catalog or schema is the same session.
    """
    policy = RetryPolicy.from_mlflow()
    endpoint = settings.endpoint
    options = ConnectionOptions.from_environment(endpoint) if endpoint else None
    own = replace(settings, workspace="", catalog="", schema="", sources={})

    identity = _identity_of(own)
    identity.note_sources(settings.sources)

    def make() -> Session:
        return Session(own, policy, identity=identity, options=options, is_shared=True)

    session = _sessions.get((_key(own), _principal_key(own), policy, options), make)
    session.settings.add_sources(settings.sources)
    return session


def session_for_artifacts(
    location: str,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Session | None:
    """Return the session that artifacts belong to.

    The first of these counts: a URI that MLflow passes, the store that named the location, the
    stores of the ``mlflow server`` that this process belongs to, what MLflow is set to, and the
    tracking store that this process made last.

    Args:
        location: The location of the artifacts.
        tracking_uri: The tracking URI that MLflow passes, if it does.
        registry_uri: The registry URI, likewise.
        environ: The environment; the process's own if None.

    Returns:
        The session, or None if no AI Data Platform is in use.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """
    origin = _origin_of(location, tracking_uri, registry_uri, environ)
    if origin is None:
        return None
    return origin.session or session_for(origin.uri)


def object_storage_session(
    location: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> Session:
    """Return the session for a location in Object Storage.

    Its settings name the region and the endpoint of Object Storage. Without an AI Data Platform in
    use, environment and profile decide alone. The arguments are those of
    :py:func:`session_for_artifacts`.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a setting that is wrong or missing.
    """
    origin = _origin_of(location, tracking_uri, registry_uri)
    if origin and origin.session:
        return origin.session
    return session_of(resolve_storage(origin.uri if origin else None))


def remember_location(location: str | None, session: Session, uri: str) -> None:
    """Note the store that named a location.

    Args:
        location: Where the artifacts of a run, a logged model or a model version are; None if the
            platform named none.
        session: The session of the store.
        uri: The URI of the store.
    """
    if location:
        _locations.put(location.rstrip("/"), _Origin.of(session, uri))


def named_by(location: str) -> tuple[Session, str] | None:
    """Return the session and the URI of the store that named this very location, if one did.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a setting that is wrong by now.
    """
    origin = _locations.find(location.rstrip("/"))
    if origin is None:
        return None
    return origin.session or session_for(origin.uri), origin.uri


def remember_tracking(session: Session, uri: str) -> None:
    """Note a new tracking store: older MLflow names no URI with artifacts.

    Args:
        session: The session of the store.
        uri: The URI of the store.
    """
    _tracking.put(uri, _Origin.of(session, uri))


@contextmanager
def remember_model_file(session: Session, location: str, path: str) -> Iterator[None]:
    """Note the content of a file ``MLmodel`` that goes up within this block, and arrives.

    Args:
        session: The session of the artifact repository.
        location: The location of the file, as the platform writes it.
        path: The file on this machine.
    """
    if os.path.basename(location) != MODEL_FILE:
        yield
        return
    content = _content_of(path)
    yield
    if content is not None and content == _content_of(path):
        key = (chosen_caller.get(), session.settings.instance_id, location)
        _model_files.put(key, content)


def take_model_file(session: Session, location: str) -> bytes | None:
    """Return a file ``MLmodel`` that this process uploaded just now, once; else None.

    Args:
        session: The session of the tracking store.
        location: The location of the file, as the platform writes it.
    """
    return _model_files.take((chosen_caller.get(), session.settings.instance_id, location))


def _content_of(path: str) -> bytes | None:
    """Read a file that is not too long to be remembered."""
    try:
        if os.path.isfile(path) and os.path.getsize(path) <= _LONGEST_MODEL_FILE:
            with open(path, "rb") as file:
                return file.read(_LONGEST_MODEL_FILE)
    except OSError:
        pass  # The upload says what is wrong with the file.
    return None


def forget_sessions() -> None:
    """Forget all sessions and locations of this process."""
    for entries in (_sessions, _identities, _locations, _tracking, _model_files):
        entries.clear()


def _identity_of(settings: Settings) -> Identity:
    """Return the identity of settings. Sessions share it: to load a key takes long."""
    signs = replace(
        settings,
        instance_id="",
        endpoint="",
        region="",
        object_storage_endpoint="",
        api_version="",
        serving_hosts=(),
        serving_path="",
        telemetry=False,
        unknown_region="",
    )
    key = (_key(signs), _principal_key(settings))
    # Sources of its own: those of where to send do not belong to who signs.
    return _identities.get(key, lambda: Identity(replace(settings, sources={})))


def _key(settings: Settings) -> tuple[object, ...]:
    values = vars(settings) | {"credentials": frozenset(settings.credentials.items())}
    return tuple(values[name] for name in sorted(values) if name != "sources")


def _principal_key(settings: Settings) -> bytes:
    """Return what identifies a principal that the settings do not hold: a digest.

    ``oci`` reads these variables itself, when it makes the signer of a workload.
    """
    mode = AUTH_MODES.get(settings.auth)
    if mode is None or mode.has_private_key:
        return b""
    variables = sorted(
        item for item in os.environ.items() if item[0].startswith(_PRINCIPAL_VARIABLES)
    )
    return hashlib.sha256(repr(variables).encode()).digest()


def _origin_of(
    location: str,
    tracking_uri: str | None,
    registry_uri: str | None,
    environ: Mapping[str, str] | None = None,
) -> _Origin | None:
    """Return the first candidate that is an AI Data Platform."""
    for candidate in _candidates(location, tracking_uri, registry_uri, environ):
        if isinstance(candidate, _Origin):
            return candidate
        if candidate and candidate.startswith(f"{SCHEME}://"):
            return _Origin(candidate)
    return None


def _candidates(
    location: str,
    tracking_uri: str | None,
    registry_uri: str | None,
    environ: Mapping[str, str] | None,
) -> Iterator[_Origin | str | None]:
    yield tracking_uri
    yield registry_uri
    prefix = location.rstrip("/")
    while "/" in prefix:
        yield _locations.find(prefix)
        prefix = prefix.rpartition("/")[0]
    # The server's variables come before what MLflow is set to: a server is set to nothing, and
    # MLflow would look for a database in the working folder if it were asked.
    for variable in SERVER_VARIABLES:
        yield (os.environ if environ is None else environ).get(variable)
    for uri_of in _mlflow_uris():
        yield uri_of()
    yield _tracking.newest()


def _mlflow_uris() -> tuple[Callable[[], str], ...]:
    import mlflow

    return (mlflow.get_tracking_uri, mlflow.get_registry_uri)
