"""Artifacts in AI Data Platform volumes, for machines on which the volumes are not mounted.

``aidp:/Volumes/<catalog>/<schema>/<volume>/<path>``: files go up and down through the platform itself, signed and
repeated like every other call. Facts about the operations: aidp-python-client 5.1.1, ``VolumeClient`` and its models,
and the REST reference (https://docs.oracle.com/en/cloud/paas/ai-data-platform/aiwap/).
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.utils.file_utils import relative_path_to_artifact_path

from mlflow_oci_aidp import settings
from mlflow_oci_aidp.artifacts.locations import VOLUME_FORM, check_folder, check_name, to_platform
from mlflow_oci_aidp.artifacts.locations import VOLUMES as ROOT
from mlflow_oci_aidp.artifacts.platform import uri_in_use
from mlflow_oci_aidp.artifacts.threads import Threads, run_all
from mlflow_oci_aidp.client.cancellation import current_stop, stoppable
from mlflow_oci_aidp.client.platform_client import Transport
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.client.routes import VOLUMES
from mlflow_oci_aidp.errors import error, invalid_parameter, require_body
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.uri import SCHEME

#: How many entries of a list come at a time. [OCI's usual maximum]
PAGE = 1000

#: Where the size of a file stands in its metadata, if it does: the names are not documented.
_SIZES = ("size", "contentLength", "content-length")


@dataclass(frozen=True)
class Location:
    """The parts of ``aidp:/Volumes/<catalog>/<schema>/<volume>/<path>``.

    Attributes:
        catalog: The name of the catalog.
        schema: The name of the schema.
        volume: The name of the volume.
        path: The path in the volume, from ``/``.
    """

    catalog: str
    schema: str
    volume: str
    path: str

    @classmethod
    def parse(cls, uri: str) -> Location:
        """Take a location apart. Nothing in it is percent-encoded: what it says is the name.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for another form, and for ``.`` and ``..``.
        """
        _, _, rest = to_platform(uri).partition(f"{ROOT}/")
        parts = [part for part in rest.split("/") if part]
        if not to_platform(uri).startswith(f"{ROOT}/") or len(parts) < 3 or not {".", ".."}.isdisjoint(parts):
            raise invalid_parameter(f"{uri!r} is no location in a volume.", f"Its form is {VOLUME_FORM}, without `..`.")
        catalog, schema, volume, *path = parts
        return cls(catalog, schema, volume, "/" + "/".join(path))

    def __str__(self) -> str:
        return f"{ROOT}/{self.catalog}/{self.schema}/{self.volume}{self.path.rstrip('/')}"

    def inside(self, artifact_path: str | None) -> str:
        """The path in the volume of an artifact, by its path relative to this location.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for an absolute path and for one with ``..``.
        """
        parts = (artifact_path or "").split("/")
        check_name(artifact_path or "")
        if ".." in parts or (artifact_path or "").startswith("/"):
            raise invalid_parameter(
                f"The artifact path {artifact_path!r} leads out of its location.",
                "Give a path relative to it, without `..`.",
            )
        return posixpath.join(self.path, *(part for part in parts if part not in {"", "."}))


@dataclass(frozen=True)
class Entry:
    """One line of a list.

    Attributes:
        name: The name, without its folder.
        is_folder: Whether it is a folder.
        size: Its length in bytes; None for a folder, and where the platform does not say.
    """

    name: str
    is_folder: bool
    size: int | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Entry:
        """Read a ``VolumeFileSummary``."""
        metadata = fields.get("metadata") or {}
        sizes = [int(metadata[name]) for name in _SIZES if str(metadata.get(name, "")).isdigit()]
        is_folder = fields["type"] == "FOLDER"
        name = posixpath.basename(fields["path"].rstrip("/")) or fields["displayName"]
        return cls(name, is_folder, sizes[0] if sizes and not is_folder else None)


class VolumeClient:
    """The operations on one volume that artifacts need. Safe for many threads.

    Args:
        transport: The way to the platform.
        location: Some place in the volume.

    Every method raises ``MlflowException`` where the platform cannot be reached, and ``RestException`` for what it
    refused.
    """

    def __init__(self, transport: Transport, location: Location) -> None:
        self._transport = transport
        self._location = location
        self._key: str | None = None
        self._folders: set[str] = {"/"}

    def entries(self, path: str, name: str | None = None) -> Iterator[Entry]:
        """What is in a folder; nothing for a file and for what is not there.

        Args:
            path: The folder's path in the volume.
            name: List this one alone.
        """
        key = self._volume_key()
        # Whether something is listed as its own first entry is not documented, nor whether paths begin in the volume.
        itself = {path.strip("/"), str(replace(self._location, path=path)).strip("/")}
        with _missing_is_fine():
            for item in self._items("ListFiles", volumeKey=key, path=path, displayName=name):
                if item["path"].strip("/") not in itself:
                    yield item["entry"]

    def upload(self, source: str, path: str) -> None:
        """Send a file, in the place of one that may be there, into a folder that is made if it has to be."""
        folder = posixpath.dirname(path)
        sent = False
        with _missing_is_fine() if folder in self._folders else contextlib.nullcontext():
            self.make_folder(folder)
            self._send(source, path)
            sent = True
        if not sent:
            # What was known is not there any more: somebody deleted the folder, or made the volume anew.
            self._key, self._folders = None, {"/"}
            self.make_folder(folder)
            self._send(source, path)

    def download(self, path: str, target: str) -> None:
        """Fetch a file: ``target`` is there when it is whole, and not before."""
        # A short name: the target's own may be as long as a name can be.
        part = os.path.join(os.path.dirname(target), f".{uuid.uuid4().hex}.part")
        try:
            self._do("DownloadFile", path, download=part)
            os.replace(part, target)
        finally:
            with contextlib.suppress(OSError):
                os.remove(part)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it, as far as they are not there."""
        if path in self._folders:
            return
        above = posixpath.dirname(path)
        made = False
        # Where the folder above is missing, that one first; above the topmost ones is the volume itself.
        with contextlib.nullcontext() if above == "/" else _missing_is_fine():
            self._make_one(path)
            made = True
        if not made:
            self._folders.discard(above)
            self.make_folder(above)
            self._make_one(path)
        self._folders.add(path)

    def delete(self, path: str, *, is_folder: bool) -> None:
        """Delete a file, or a folder with all that is in it; what is gone already is no error."""
        if is_folder:
            # One by one: whether the platform deletes folders that are not empty is not documented.
            for entry in list(self.entries(path)):
                self.delete(posixpath.join(path, entry.name), is_folder=entry.is_folder)
            self._folders.discard(path)
        if path != "/":
            with _missing_is_fine():
                self._do("DeleteDir" if is_folder else "DeleteFile", path)

    def _send(self, source: str, path: str) -> None:
        self._do("UploadFile", path, upload=source, isOverwrite="true")

    def _make_one(self, path: str) -> None:
        try:
            self._do("MakeDir", path)
        except MlflowException as problem:
            if problem.error_code not in {"RESOURCE_CONFLICT", "RESOURCE_ALREADY_EXISTS"}:
                raise

    def _do(
        self, call: str, path: str, *, upload: str | None = None, download: str | None = None, **fields: str
    ) -> None:
        self._transport.transfer(
            VOLUMES[call],
            {"volumeKey": self._volume_key(), "path": path, **fields},
            upload=upload,
            download=download,
            stop=current_stop(),
        )

    def _items(self, call: str, **fields: str | None) -> Iterator[dict[str, Any]]:
        """All lines of a list, page after page."""
        route = VOLUMES[call]
        page: str | None = None
        while True:
            answer = self._transport.transfer(route, {**fields, "limit": PAGE, "page": page})
            yield from require_body(
                self._transport.read(route, answer, _READERS[call]), f"{route.call} of {self._location}"
            )
            if not answer.next_page or answer.next_page == page:
                return
            page = answer.next_page

    def _volume_key(self) -> str:
        if self._key is None:
            self._key = self._find_key()
        return self._key

    def _find_key(self) -> str:
        """The volume's key, which a location does not have.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is no such volume.
        """
        place = self._location
        found = self._items(
            "ListVolumes",
            catalogKey=place.catalog,
            schemaKey=f"{place.catalog}.{place.schema}",
            displayName=place.volume,
        )
        for item in found:
            if item["name"] == place.volume:
                return str(item["key"])
        raise error(
            "RESOURCE_DOES_NOT_EXIST",
            f"There is no volume {place.volume!r} in the schema {place.schema!r} of the catalog {place.catalog!r}.",
            "Check the names; the platform shows no volume that this identity may not read.",
        )


#: What is made of each line of a list, while a line of another shape can still be told from a fault in here.
_READERS: dict[str, Any] = {
    "ListVolumes": lambda json: [{"name": item["displayName"], "key": item["key"]} for item in json["items"]],
    "ListFiles": lambda json: [{"path": item["path"], "entry": Entry.of(item)} for item in json["items"]],
}


class VolumeArtifactRepository(ArtifactRepository):
    """MLflow's artifacts in a volume of AI Data Platform.

    MLflow makes it for locations that begin with ``aidp:``. Which AI Data Platform that is, is said by the stores in
    use: see :py:func:`mlflow_oci_aidp.artifacts.platform.uri_in_use`. Safe for many threads.

    Args:
        artifact_uri: The location, as ``aidp:/Volumes/<catalog>/<schema>/<volume>/<path>``.
        tracking_uri: The tracking URI in use, if MLflow says so.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for another location, and where no AI Data Platform is in use.
            Every method raises ``MlflowException`` for bad input and where the platform cannot be reached, and
            :py:class:`mlflow.exceptions.RestException` for what the platform refused.
    """

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri)
        self._location = Location.parse(artifact_uri)
        self._given = (artifact_uri, tracking_uri, registry_uri)
        found = settings.resolve(uri_in_use(tracking_uri, registry_uri, location=artifact_uri) or f"{SCHEME}://")
        self._client = _client_of(found, self._location)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._given

    def _create_thread_pool(self) -> Threads:
        return Threads(self.max_workers)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload a file into the folder ``artifact_path``."""
        folder = self._location.inside(artifact_path)
        check_name(os.path.basename(local_file))
        self._client.upload(local_file, posixpath.join(folder, os.path.basename(local_file)))

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload all files below a folder, several at a time.

        Raises:
            MlflowException: For the first file that failed; the others are uploaded nevertheless.
        """
        check_folder(local_dir)
        tasks: dict[str, Callable[[], None]] = {}
        for folder, _, names in os.walk(os.path.abspath(local_dir)):
            relative = os.path.relpath(folder, os.path.abspath(local_dir))
            inside = "" if relative == os.curdir else relative_path_to_artifact_path(relative)
            target = posixpath.join(artifact_path or "", inside)
            # One after the other, so that no two threads make the same folder.
            if names:
                self._client.make_folder(self._location.inside(target))
            for name in names:
                source = os.path.join(folder, name)
                tasks[source] = partial(self.log_artifact, source, target)
        failures = run_all(self.thread_pool, tasks, "Uploading artifacts")
        if failures:
            raise failures[min(failures)]

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Download a file, or a folder with all that is below it, several files at a time; as MLflow's own
        repositories do it, but that an interruption lets no other file begin."""
        with stoppable() as stop:
            try:
                found: str = super().download_artifacts(artifact_path, dst_path)
            except BaseException:
                stop.set()
                raise
            return found

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What is in a folder, by path relative to the location; nothing for a file and for what is not there."""
        found = [
            FileInfo(posixpath.join(path or "", entry.name), entry.is_folder, entry.size)
            for entry in self._client.entries(self._location.inside(path))
        ]
        return sorted(found, key=lambda info: str(info.path))

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file, or a folder with all that is in it; what is not there is no error."""
        target = self._location.inside(artifact_path)
        folder, name = posixpath.split(target)
        for entry in list(self._client.entries(folder, name)) if name else [Entry("", is_folder=True)]:
            if entry.name == name:
                self._client.delete(target, is_folder=entry.is_folder)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self._client.download(self._location.inside(remote_file_path), local_path)


#: The latest clients: MLflow makes a repository for each file that is logged, and the volume's key, its folders and the
#: connection are the same for all of them.
_CLIENTS: deque[tuple[settings.Settings, RetryPolicy, tuple[str, str, str], VolumeClient]] = deque(maxlen=8)


def _client_of(found: settings.Settings, location: Location) -> VolumeClient:
    volume, policy = (location.catalog, location.schema, location.volume), RetryPolicy.from_mlflow()
    for *known, client in tuple(_CLIENTS):
        if known == [found, policy, volume]:
            return client
    client = VolumeClient(Transport(found, Identity(found), policy), location)
    _CLIENTS.append((found, policy, volume, client))
    return client


@contextlib.contextmanager
def _missing_is_fine() -> Iterator[None]:
    """Go on where the platform says that something does not exist."""
    try:
        yield
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
