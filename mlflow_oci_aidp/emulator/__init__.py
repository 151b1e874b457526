"""An emulator of AI Data Platform on one machine, for tests without a tenancy.

The emulator has the registry, workspaces, volumes, Object Storage and model deployments.

>>> from mlflow_oci_aidp.emulator import Emulator
>>> with Emulator() as aidp:
...     client = mlflow.MlflowClient(aidp.tracking_uri, registry_uri=aidp.uri)

It needs the full ``mlflow``: ``pip install "mlflow-oci-aidp[emulator]"``.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .contract.refusal import Refusal
from .contract.terms import OTHER_BASES
from .server.dispatcher import Dispatcher, Service
from .server.faults import Fault, FaultPlan
from .server.http import Server
from .server.recorder import Exchange, Exchanges, Recorder
from .server.signatures import Verifier
from .services.deployments import DeploymentService
from .services.mlops import MLOpsService
from .services.model_files import ModelFiles
from .services.object_storage import ObjectStorageService
from .services.registry import RegistryService
from .services.serving import PREFIX, ServingService
from .services.volumes import VolumeService
from .services.workspace import WorkspaceService
from .services.workspace_list import WorkspaceListService
from .services.workspaces import Workspaces
from .serving.process import ServingProcess
from .state.credentials import PROFILE, REGION, WORKSPACE_KEY, Credentials
from .state.data_folder import DataFolder, DataFolderError, data_folder_errors
from .state.deployments import DeploymentStore
from .state.objects import ObjectStore
from .state.retry_tokens import RetryTokens

__all__ = [
    "DataFolderError",
    "Emulator",
    "Exchange",
    "Exchanges",
    "Fault",
    "FaultPlan",
    "Refusal",
]

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class _Running:
    """The parts of an emulator that is started."""

    registry: RegistryService
    workspaces: Workspaces
    retry_tokens: RetryTokens
    objects: ObjectStore
    object_storage: ObjectStorageService
    volumes: VolumeService
    deployments: DeploymentService
    process: ServingProcess
    dispatcher: Dispatcher
    server: Server
    resources: contextlib.ExitStack
    """Closes every part, in the reverse order of opening."""


class Emulator:
    """A registry and workspaces of its own, with its own keys, on a loopback port.

    Args:
        data_dir: The folder that holds everything, so that the same folder continues where it was
            left. It is made if it is missing; one that is there has to be empty, or an emulator's.
            None: a temporary folder, removed at the end.
        port: The port; 0 takes a free one.
        tls: Whether to serve HTTPS, with a certificate of the authority in ``ca_file``.
        success: "full" answers every success with 200 and a body. "bare" creates with 201, and
            answers other changes with 202 or 204 and no body, which the service may do as well.
        clock: Gives seconds since 1970.
        api_version: The version of the API that paths begin with. Of "20240831" nothing is known
            but how its paths begin, so all else is that of the documented "20260430".

    The folder is locked from ``start`` to ``stop``. A property that tells identity, key or config
    file needs the folder before ``start``, too: it makes what is missing, and raises
    ``DataFolderError``, an ``OSError``, as ``start`` does.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        *,
        port: int = 0,
        tls: bool = False,
        success: Literal["full", "bare"] = "full",
        clock: Callable[[], float] = time.time,
        api_version: Literal["20260430", "20240831"] = "20260430",
    ) -> None:
        if success not in ("full", "bare"):
            raise ValueError(f"success is 'full' or 'bare', not {success!r}.")
        self._base = OTHER_BASES.get(api_version, "")
        self._api_version = api_version
        self._temporary = (
            tempfile.TemporaryDirectory(prefix="aidp-emulator-") if data_dir is None else None
        )
        self._folder = Path(self._temporary.name if self._temporary else str(data_dir)).absolute()
        self._port = port
        self._tls = tls
        self._success = success
        self._clock = clock
        self._data_folder = DataFolder(self._folder)
        self._running: _Running | None = None
        self.exchanges = Exchanges()
        """The requests and their responses, oldest first."""
        self.faults = FaultPlan()
        """The faults that the emulator injects."""

    def __repr__(self) -> str:
        address = self.endpoint if self._running else "stopped"
        return f"<Emulator {address} in {self._folder}>"

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Emulator:
        """Start the server, and return this emulator.

        Raises:
            DataFolderError: The folder holds other things than an emulator's, another emulator
                uses it, or it cannot be used.
            OSError: The port is taken.
            RuntimeError: The temporary folder is gone.
        """
        if self._running:
            return self
        if self._temporary and not self._folder.exists():
            raise RuntimeError("A stopped emulator starts again only with a data_dir of its own.")
        with contextlib.ExitStack() as resources:
            if self._temporary:
                resources.callback(self._temporary.cleanup)
            self._running = self._start(resources)
        return self

    def _start(self, resources: contextlib.ExitStack) -> _Running:
        """Open every part; ``resources`` closes the open ones if another part fails to open."""
        # Before the keys are made or read: whoever has the lock makes them.
        self._data_folder.open()
        resources.callback(self._data_folder.close)
        with data_folder_errors(self._folder):
            # First of all files: they mark the folder as an emulator's if this start is cut off.
            credentials = self._credentials
            objects = ObjectStore(self._folder / "objects", self._clock)
            resources.callback(objects.close)
            retry_tokens = RetryTokens(self._folder / "retry-tokens.db", self._clock)
            resources.callback(retry_tokens.close)
            registry = RegistryService(self._folder)
            resources.callback(registry.close)
            object_storage = ObjectStorageService(objects, self._clock)
            instance = credentials.ai_data_platform_id
            volumes = VolumeService(
                self._folder / "volumes", instance, retry_tokens, success=self._success
            )
            list_files = functools.partial(_list_files, object_storage, volumes)
            workspaces = Workspaces(self._folder, registry, list_files)
            resources.callback(workspaces.close)
            process = ServingProcess(self._folder)
            store = DeploymentStore(self._folder / "deployments.db")
            files = ModelFiles(
                self._folder / "deployed", registry, workspaces, object_storage, volumes
            )
            deployments = DeploymentService(
                store, registry, files, process, self._serving_uri, self._clock
            )
            resources.callback(deployments.close)
            mlops = MLOpsService(
                instance, registry, workspaces, deployments, retry_tokens, success=self._success
            )
            serving = ServingService(deployments, store, process, credentials.check_serving_token)
            tls = credentials.tls_context if self._tls else None
        recorder = Recorder(self.exchanges, self._clock)
        workspace_list = WorkspaceListService(instance, workspaces)
        services: list[Service] = [
            object_storage,
            volumes,
            serving,
            workspace_list,
            mlops,
        ]
        dispatcher = Dispatcher(
            services, self._verifier, self.faults, recorder, self._clock, self._base
        )
        server = Server(dispatcher, _HOST, self._port, tls)
        resources.callback(server.stop)
        self._port = int(server.server_address[1])
        self._verifier.hosts = server.hosts
        server.start()
        deployments.resume()
        return _Running(
            registry,
            workspaces,
            retry_tokens,
            objects,
            object_storage,
            volumes,
            deployments,
            process,
            dispatcher,
            server,
            resources.pop_all(),
        )

    def stop(self) -> None:
        """Stop the server: end every connection and thread, and close every file."""
        if self._running:
            self._running.resources.close()
            self._running = None
        elif self._temporary:
            self._temporary.cleanup()

    def reset(self, *, patience: float = 2.0) -> None:
        """Make a running emulator as good as new, without a restart.

        The registry, Object Storage and the first workspace are empty, the first volume is the
        only one and empty, and there are no other workspaces. Exchanges, faults, retry tokens,
        sessions with their tokens, and keys that ``trust`` accepted are forgotten. Addresses, the
        API key and the certificates stay, and so do open connections.

        With ``data_dir``, what the folder held is gone.

        Args:
            patience: Seconds that requests have that are being answered. If they need longer, all
                connections are ended.

        Raises:
            RuntimeError: The emulator is not started.
        """
        running = self._started
        with running.dispatcher.standstill(patience, running.server.drop_connections):
            self._credentials.reset()
            self._verifier.reset(self._credentials.issuer)
            self._verifier.trust(self._credentials.key_id, self._credentials.api_key.public_key())
            running.retry_tokens.clear()
            running.deployments.reset()
            running.registry.reset()
            running.workspaces.reset()
            running.objects.clear()
            running.volumes.reset()
            running.dispatcher.reset()
            self.faults.clear()
            self.exchanges.clear()

    @functools.cached_property
    def _credentials(self) -> Credentials:
        with self._data_folder.opened():
            return Credentials(self._folder, self._clock)

    @functools.cached_property
    def _verifier(self) -> Verifier:
        verifier = Verifier(self._credentials.issuer, self._clock)
        verifier.trust(self._credentials.key_id, self._credentials.api_key.public_key())
        return verifier

    @property
    def _started(self) -> _Running:
        if self._running is None:
            raise RuntimeError("The emulator is not started.")
        return self._running

    @property
    def ai_data_platform_id(self) -> str:
        """The OCID of the emulated instance; made up, and the same for the same folder."""
        return self._credentials.ai_data_platform_id

    @property
    def endpoint(self) -> str:
        """The base URL of the server, once started."""
        return f"{'https' if self._tls else 'http'}://{_HOST}:{self._port}"

    @property
    def config_file(self) -> str:
        """The path of the OCI config file with the emulator's profiles."""
        return str(self._credentials.config_file)

    @property
    def ca_file(self) -> str | None:
        """The path of the certificate to trust; None without ``tls``."""
        return str(self._credentials.ca_file) if self._tls else None

    @property
    def uri(self) -> str:
        """The registry URI. Clients need no other setting.

        With ``tls``, ``REQUESTS_CA_BUNDLE`` has to name ``ca_file`` as well.
        """
        return f"aidp://{self.ai_data_platform_id}?{_query(self._settings)}"

    @property
    def tracking_uri(self) -> str:
        """The tracking URI of the first workspace. It serves the registry and artifacts as well."""
        return f"aidp://{self.ai_data_platform_id}/{self.workspace_key}?{_query(self._settings)}"

    @property
    def _settings(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint,
            "object_storage_endpoint": self.endpoint,
            "config_file": self.config_file,
            "profile": PROFILE,
            **({"api_version": self._api_version} if self._base else {}),
        }

    @property
    def workspace_key(self) -> str:
        """The key of the first workspace, which every emulator has."""
        return WORKSPACE_KEY

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables for MLflow, this package and Oracle's CLI to use the emulator."""
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
        if self._base:
            variables["AIDP_API_VERSION"] = self._api_version
        if self.ca_file:
            variables["REQUESTS_CA_BUNDLE"] = self.ca_file
        return variables

    @property
    def state(self) -> RegistryService:
        """The registry service, for tests that set its state without a request.

        Raises:
            RuntimeError: The emulator is not started.
        """
        return self._started.registry

    @property
    def deployments(self) -> DeploymentService:
        """The model deployments, for tests that set their state without a request.

        Raises:
            RuntimeError: The emulator is not started.
        """
        return self._started.deployments

    def list_files(self, artifact_uri: str, path: str) -> list[tuple[str, bool, int | None]]:
        """List the files and folders directly below a path of an artifact location.

        Args:
            artifact_uri: A location of this Object Storage, ``oci://...``, or of a volume,
                ``/Volumes/...``. Nothing lies elsewhere.
            path: A path relative to the location.

        Returns:
            For each entry its path from the location, whether it is a folder, and its size in
            bytes.

        Raises:
            RuntimeError: The emulator is not started.
        """
        return _list_files(self._started.object_storage, self._started.volumes, artifact_uri, path)

    def add_volume(self, catalog: str, schema: str, name: str) -> None:
        """Make a volume. The volume ``main.default.artifacts`` exists from the start.

        Raises:
            RuntimeError: The emulator is not started.
            ValueError: A part of the name is no name.
        """
        self._started.volumes.add(catalog, schema, name)

    def workspace(self, key: str | None = None) -> WorkspaceService:
        """Return the service of a workspace, for tests that set its state without a request.

        By default that of the first workspace.

        Raises:
            RuntimeError: The emulator is not started.
            Refusal: There is no workspace with this key.
        """
        return self._started.workspaces.get(key or self.workspace_key)

    def add_workspace(
        self, key: str, display_name: str = "", description: str = ""
    ) -> WorkspaceService:
        """Make another workspace. The data folder keeps it.

        Args:
            key: The key.
            display_name: The name that the platform shows; the key if empty.
            description: The description.

        Raises:
            RuntimeError: The emulator is not started.
            ValueError: No path can hold the key.
        """
        return self._started.workspaces.add(key, display_name, description)

    def trust(self, key_id: str, public_key: RSAPublicKey | str | bytes) -> None:
        """Accept another API key.

        ``key_id`` is ``tenancy/user/fingerprint``; the key is an object or its PEM text.
        """
        if not isinstance(public_key, RSAPublicKey):
            pem = public_key.encode() if isinstance(public_key, str) else public_key
            loaded = serialization.load_pem_public_key(pem)
            if not isinstance(loaded, RSAPublicKey):
                raise ValueError("An API key is an RSA key.")
            public_key = loaded
        self._verifier.trust(key_id, public_key)

    def issue_token(
        self, public_key: RSAPublicKey, *, lifetime: float = 3600, **claims: Any
    ) -> str:
        """Return a security token for the session that has this key.

        A request uses the token as ``ST$<token>``. ``lifetime`` is in seconds.
        """
        return self._credentials.issue_token(public_key, lifetime, claims)

    def serving_token(self, issuer: str, audience: str, *, lifetime: float = 3600) -> str:
        """Return a bearer token for deployments with OAUTH that name this issuer and audience.

        Args:
            issuer: The ``issuer_claim`` of the deployment.
            audience: One of its audiences.
            lifetime: In seconds.
        """
        return self._credentials.serving_token(issuer, audience, lifetime)

    @property
    def serving_process(self) -> int | None:
        """The id of the process that serves models; None before the first activation.

        Raises:
            RuntimeError: The emulator is not started.
        """
        return self._started.process.pid

    def _serving_uri(self, deployment_id: str) -> str:
        return f"{self.endpoint}{PREFIX}{deployment_id}"

    def session_profile(self, name: str = "SESSION", *, lifetime: float = 3600) -> str:
        """Write a profile with a session token to the config file, and return the profile's name.

        If the profile exists, its token is replaced.
        """
        self._credentials.session_profile(name, lifetime)
        return name


def _list_files(
    object_storage: ObjectStorageService, volumes: VolumeService, artifact_uri: str, path: str
) -> list[tuple[str, bool, int | None]]:
    service = volumes if artifact_uri.startswith("/Volumes/") else object_storage
    return service.list_files(artifact_uri, path)


def _query(settings: dict[str, str]) -> str:
    return urlencode(settings, quote_via=quote, safe="/")
