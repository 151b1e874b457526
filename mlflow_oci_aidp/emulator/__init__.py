"""An emulator of AI Data Platform on one machine, for tests without a tenancy: its registry and its workspaces.

>>> from mlflow_oci_aidp.emulator import Emulator
>>> with Emulator() as aidp:
...     client = mlflow.MlflowClient(aidp.tracking_uri, registry_uri=aidp.uri)

It needs the full ``mlflow``: ``pip install "mlflow-oci-aidp[emulator]"``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .contract.refusal import Refusal
from .server.dispatcher import Service
from .server.faults import Fault, FaultPlan
from .server.http import Server
from .server.recorder import Exchange, Exchanges
from .server.signatures import Verifier
from .server.streaming import Files, FileService
from .services.object_storage import ObjectStorage
from .services.registry import RegistryState
from .services.volumes import Volumes
from .services.workspace import WorkspaceState
from .services.workspaces import Workspaces
from .state.credentials import PROFILE, REGION, WORKSPACE_KEY, Credentials
from .state.folder_lock import FolderLock
from .state.retry_tokens import RetryTokens

__all__ = ["Emulator", "Exchange", "Exchanges", "Fault", "FaultPlan", "Refusal"]

_HOST = "127.0.0.1"


class Emulator:
    """A registry and workspaces of its own, with its own keys, on a loopback port.

    ``data_dir`` holds everything, so the same folder continues where it was left; None: a temporary one, removed at
    the end. ``port`` 0 takes a free one. ``tls`` serves HTTPS with a certificate of ``ca_file``'s authority.
    ``success`` "full" answers every success with 200 and a body; "bare" creates with 201 and other changes with 202
    or 204 and no body, which the service may do as well. ``clock`` gives seconds since 1970.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        *,
        port: int = 0,
        tls: bool = False,
        success: Literal["full", "bare"] = "full",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if success not in ("full", "bare"):
            raise ValueError(f"success is 'full' or 'bare', not {success!r}.")
        self._temporary = tempfile.TemporaryDirectory(prefix="aidp-emulator-") if data_dir is None else None
        self._folder = Path(self._temporary.name if self._temporary else str(data_dir)).absolute()
        self._port = port
        self._tls = tls
        self._success = success
        self._clock = clock
        self._credentials = Credentials(self._folder, clock)
        self._verifier = Verifier(self._credentials.issuer, clock)
        self._verifier.trust(self._credentials.key_id, self._credentials.api_key.public_key())
        self._lock = FolderLock(self._folder)
        self._state: RegistryState | None = None
        self._workspaces: Workspaces | None = None
        self._retry_tokens: RetryTokens | None = None
        self._object_storage: ObjectStorage | None = None
        self._volumes: Volumes | None = None
        self._server: Server | None = None
        self.exchanges = Exchanges()
        """What was asked and answered, oldest first."""
        self.faults = FaultPlan()
        """What shall go wrong."""

    def __repr__(self) -> str:
        where = self.endpoint if self._server else "stopped"
        return f"<Emulator {where} in {self._folder}>"

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Emulator:
        """Begins to serve.

        Raises ``OSError`` when the port is taken or another emulator uses the folder, ``RuntimeError`` when the folder
        is gone.
        """
        if self._server:
            return self
        if not self._folder.exists():
            raise RuntimeError("A stopped emulator starts again only with a data_dir of its own.")
        try:
            self._lock.take()
            self._state = RegistryState(self._folder)
            self._workspaces = Workspaces(self._folder, self._state, self.list_files)
            self._retry_tokens = RetryTokens(self._folder / "retry-tokens.db", self._clock)
            service = Service(
                self.ai_data_platform_id,
                self._state,
                self._workspaces,
                self._verifier,
                self._retry_tokens,
                self.faults,
                self.exchanges,
                success=self._success,
                clock=self._clock,
            )
            tls = self._credentials.tls_context if self._tls else None
            self._object_storage = ObjectStorage(self._folder / "objects", self._clock)
            self._volumes = Volumes(
                self._folder / "volumes", self.ai_data_platform_id, self._retry_tokens, success=self._success
            )
            services: list[FileService] = [self._object_storage, self._volumes]
            files = Files(services, self._verifier, self.faults, self.exchanges, self._clock)
            self._server = Server(service, _HOST, self._port, tls, files)
            self._port = int(self._server.server_address[1])
            self._server.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends every connection and thread, and closes every file."""
        server, self._server = self._server, None
        if server:
            server.stop()
        workspaces, self._workspaces = self._workspaces, None
        if workspaces:
            workspaces.close()
        state, self._state = self._state, None
        if state:
            state.close()
        retry_tokens, self._retry_tokens = self._retry_tokens, None
        if retry_tokens:
            retry_tokens.close()
        object_storage, self._object_storage = self._object_storage, None
        if object_storage:
            object_storage.close()
        self._volumes = None
        self._lock.give_back()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def ai_data_platform_id(self) -> str:
        """The OCID of the emulated instance; made up, and the same for the same folder."""
        return self._credentials.ai_data_platform_id

    @property
    def endpoint(self) -> str:
        """Where it serves, once started."""
        return f"{'https' if self._tls else 'http'}://{_HOST}:{self._port}"

    @property
    def config_file(self) -> str:
        """The path of the OCI config file that goes with it."""
        return str(self._credentials.config_file)

    @property
    def ca_file(self) -> str | None:
        """The path of the certificate to trust; None without ``tls``."""
        return str(self._credentials.ca_file) if self._tls else None

    @property
    def uri(self) -> str:
        """The registry URI, enough on its own (with ``tls``, ``REQUESTS_CA_BUNDLE`` has to name ``ca_file``)."""
        return f"aidp://{self.ai_data_platform_id}?{_query(self._settings)}"

    @property
    def tracking_uri(self) -> str:
        """The tracking URI of the first workspace, which serves the registry and artifacts as well."""
        return f"aidp://{self.ai_data_platform_id}/{self.workspace_key}?{_query(self._settings)}"

    @property
    def _settings(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint,
            "object_storage_endpoint": self.endpoint,
            "config_file": self.config_file,
            "profile": PROFILE,
        }

    @property
    def workspace_key(self) -> str:
        """The key of the workspace that there is from the start."""
        return WORKSPACE_KEY

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables with which MLflow, this package and Oracle's CLI find it."""
        variables = {
            "MLFLOW_REGISTRY_URI": self.uri,
            "AIDP_ENDPOINT": self.endpoint,
            "AIDP_INSTANCE_ID": self.ai_data_platform_id,
            "AIDP_WORKSPACE_KEY": self.workspace_key,
            "AIDP_OBJECT_STORAGE_ENDPOINT": self.endpoint,
            "OCI_CLI_CONFIG_FILE": self.config_file,
            "OCI_CLI_PROFILE": PROFILE,
            "OCI_CLI_AUTH": "api_key",
            "OCI_CLI_REGION": REGION,
        }
        if self.ca_file:
            variables["REQUESTS_CA_BUNDLE"] = self.ca_file
        return variables

    @property
    def state(self) -> RegistryState:
        """The registry itself, past HTTP. Raises ``RuntimeError`` unless started."""
        if self._state is None:
            raise RuntimeError("The emulator is not started.")
        return self._state

    def list_files(self, artifact_uri: str, path: str) -> list[tuple[str, bool, int | None]]:
        """What lies directly below a path of a location here: path, whether it is a folder, size in bytes.

        Locations are those of this Object Storage, ``oci://...``, and those of the volumes, ``/Volumes/...``.

        Paths are relative to the location. Nothing lies below what is no folder, nor outside of this Object Storage.
        Raises ``RuntimeError`` unless started.
        """
        if self._object_storage is None:
            raise RuntimeError("The emulator is not started.")
        if artifact_uri.startswith("/Volumes/"):
            return self._started_volumes.list_files(artifact_uri, path)
        return self._object_storage.list_files(artifact_uri, path)

    def add_volume(self, catalog: str, schema: str, name: str) -> None:
        """Makes a volume, beside ``main.default.artifacts`` that is there from the start.

        Raises ``RuntimeError`` unless started, ``ValueError`` for what is no name.
        """
        self._started_volumes.add(catalog, schema, name)

    @property
    def _started_volumes(self) -> Volumes:
        if self._volumes is None:
            raise RuntimeError("The emulator is not started.")
        return self._volumes

    def workspace(self, key: str | None = None) -> WorkspaceState:
        """A workspace's tracking, past HTTP; None: that of the first one.

        Raises ``RuntimeError`` unless started, ``Refusal`` for an unknown key.
        """
        return self._started_workspaces.get(key or self.workspace_key)

    def add_workspace(self, key: str) -> WorkspaceState:
        """Makes another workspace, which the same folder keeps.

        Raises ``RuntimeError`` unless started, ``ValueError`` for what no path can hold.
        """
        return self._started_workspaces.add(key)

    @property
    def _started_workspaces(self) -> Workspaces:
        if self._workspaces is None:
            raise RuntimeError("The emulator is not started.")
        return self._workspaces

    def trust(self, key_id: str, public_key: RSAPublicKey | str | bytes) -> None:
        """Accepts another API key: ``tenancy/user/fingerprint``, and the key or its PEM text."""
        if not isinstance(public_key, RSAPublicKey):
            pem = public_key.encode() if isinstance(public_key, str) else public_key
            loaded = serialization.load_pem_public_key(pem)
            if not isinstance(loaded, RSAPublicKey):
                raise ValueError("An API key is an RSA key.")
            public_key = loaded
        self._verifier.trust(key_id, public_key)

    def issue_token(self, public_key: RSAPublicKey, *, lifetime: float = 3600, **claims: Any) -> str:
        """A security token for the session with this key, to be used as ``ST$<token>``; ``lifetime`` in seconds."""
        return self._credentials.issue_token(public_key, lifetime, claims)

    def session_profile(self, name: str = "SESSION", *, lifetime: float = 3600) -> str:
        """Adds a profile with a session token to the config file, or renews its token in place; returns its name."""
        self._credentials.session_profile(name, lifetime)
        return name


def _query(settings: dict[str, str]) -> str:
    return urlencode(settings, quote_via=quote, safe="/")
