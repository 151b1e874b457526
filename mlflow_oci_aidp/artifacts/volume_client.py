"""The operations on one volume that artifacts need."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.locations import VolumeLocation
from mlflow_oci_aidp.artifacts.part_files import written_aside
from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.cancellation import current_token
from mlflow_oci_aidp.client.platform_client import PlatformClient
from mlflow_oci_aidp.client.routes import VOLUMES
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.session import Session

#: Entries of one page of a list. [OCI's usual maximum]
PAGE_SIZE = 1000

#: The most folders that are remembered: each run has some, and the client outlives the runs.
_MOST_FOLDERS = 10_000

#: More levels of folders than a path has characters. [REST reference: 255 characters]
_MOST_LEVELS = 255

#: The names under which a file's metadata may hold its size. They are not documented.
_SIZES = ("size", "contentLength", "content-length")


@dataclass(frozen=True)
class VolumeEntry:
    """One line of a list of files.

    Attributes:
        name: The name, without its folder.
        is_folder: Whether it is a folder.
        size: The length in bytes; None for a folder, and where the platform does not say.
        path: The path as the platform spells it.
    """

    name: str
    is_folder: bool
    size: int | None = None
    path: str = ""

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> VolumeEntry:
        """Read a ``VolumeFileSummary``.

        Raises:
            ValueError: The name is none of an entry: what is done with an entry must not happen to
                another folder.
        """
        path = json_fields.text(fields, "path")
        is_folder = json_fields.text(fields, "type") == "FOLDER"
        name = posixpath.basename(path.rstrip("/")) or json_fields.text(fields, "displayName")
        if name in ("", ".", "..") or "/" in name:
            raise ValueError("name")
        return cls(name, is_folder, None if is_folder else _size(fields), path)


def _size(fields: dict[str, Any]) -> int | None:
    """Return the size of a file, if its metadata, which are not documented, have one."""
    metadata = json_fields.fields(fields, "metadata")
    for name in _SIZES:
        with contextlib.suppress(*json_fields.ERRORS):
            size = json_fields.integer_of(metadata[name])
            if size >= 0:
                return size
    return None


class VolumeClient:
    """The operations on one volume. Safe for many threads.

    It remembers the key of the volume and the folders that exist.

    Args:
        client: The client of the platform.
        location: Some place in the volume.
        page_size: How many entries to ask for in one page of a list.

    Every method raises ``MlflowException`` where the platform cannot be reached, and
    ``RestException`` for what it refused.
    """

    def __init__(
        self, client: PlatformClient, location: VolumeLocation, page_size: int = PAGE_SIZE
    ) -> None:
        self._client = client
        self._location = location
        self._page_size = page_size
        self._key: str | None = None
        self._folders: set[str] = {"/"}

    @classmethod
    def of(cls, session: Session, location: VolumeLocation) -> VolumeClient:
        """Return the client of a volume that all repositories of a session share.

        MLflow makes a repository for each file that is logged.
        """
        key = ("volume", location.catalog, location.schema, location.volume)
        return session.shared(key, lambda: cls(session.client, location))

    def entries(self, path: str, name: str | None = None) -> Iterator[VolumeEntry]:
        """Yield what is in a folder; nothing for a file and for a folder that does not exist.

        Args:
            path: The path of the folder in the volume.
            name: The one entry that is wanted; None for all.

        Raises:
            MlflowException: ``INTERNAL_ERROR`` for a folder in more levels than there can be: a
                volume that lists itself would have no end.
        """
        if path.count("/") > _MOST_LEVELS:
            raise error(
                "INTERNAL_ERROR",
                f"The volume {self._location.volume!r} has folders in more than {_MOST_LEVELS} "
                f"levels, such as {path[:50]!r}..., and no end.",
                self._client.destination.wrong_answer,
            )
        key = self._volume_key()
        # It is not documented whether a folder is its own first entry, nor whether paths begin at
        # the volume.
        own_paths = {path.strip("/"), str(replace(self._location, path=path)).strip("/")}
        fields = {"volumeKey": key, "path": path, "displayName": name}
        with _missing_is_fine():
            for entry in self._items("ListFiles", VolumeEntry.parse, fields):
                if entry.path.strip("/") not in own_paths:
                    yield entry

    def upload(self, source: str, path: str) -> None:
        """Send a file, which replaces an existing one. Folders are made where they are missing."""
        folder = posixpath.dirname(path)
        is_sent = False
        with _missing_is_fine() if folder in self._folders else contextlib.nullcontext():
            self.make_folder(folder)
            self._send(source, path)
            is_sent = True
        if not is_sent:
            # Somebody deleted the folder, or made the volume anew.
            self._key, self._folders = None, {"/"}
            self.make_folder(folder)
            self._send(source, path)

    def download(self, path: str, target: str) -> None:
        """Fetch a file. ``target`` is there when it is whole, and not before."""
        fields = {"volumeKey": self._volume_key(), "path": path}
        with written_aside(target) as part:
            self._client.download(VOLUMES["DownloadFile"], fields, part, current_token(), target)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it, as far as they are missing."""
        if path in self._folders:
            return
        parent = posixpath.dirname(path)
        is_made = False
        # If the parent is missing, it is made first. Above the topmost folders is the volume.
        with contextlib.nullcontext() if parent == "/" else _missing_is_fine():
            self._make_one(path)
            is_made = True
        if not is_made:
            self._folders.discard(parent)
            self.make_folder(parent)
            self._make_one(path)
        if len(self._folders) >= _MOST_FOLDERS:
            self._folders = {"/"}
        self._folders.add(path)

    def delete(self, path: str, *, is_folder: bool) -> None:
        """Delete a file, or a folder with all that is in it. A missing one is no error."""
        if is_folder:
            # One by one: it is not documented whether the platform deletes folders with content.
            for entry in list(self.entries(path)):
                self.delete(posixpath.join(path, entry.name), is_folder=entry.is_folder)
            self._folders.discard(path)
        if path != "/":
            with _missing_is_fine():
                self._act("DeleteDir" if is_folder else "DeleteFile", path)

    def _send(self, source: str, path: str) -> None:
        fields = {"volumeKey": self._volume_key(), "path": path, "isOverwrite": "true"}
        self._client.upload(VOLUMES["UploadFile"], fields, source, current_token())

    def _make_one(self, path: str) -> None:
        try:
            self._act("MakeDir", path)
        except MlflowException as problem:
            if problem.error_code not in {"RESOURCE_CONFLICT", "RESOURCE_ALREADY_EXISTS"}:
                raise

    def _act(self, call: str, path: str) -> None:
        fields = {"volumeKey": self._volume_key(), "path": path}
        self._client.act(VOLUMES[call], fields, current_token())

    def _items(self, call: str, parse_item: Any, fields: dict[str, Any]) -> Iterator[Any]:
        fields = {**fields, "limit": self._page_size}
        for page in self._client.pages(VOLUMES[call], fields, "items", parse_item):
            yield from page.items

    def _volume_key(self) -> str:
        if self._key is None:
            self._key = self._find_key()
        return self._key

    def _find_key(self) -> str:
        """Return the key of the volume, which is not in a location.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is no such volume.
        """
        location = self._location
        fields = {
            "catalogKey": location.catalog,
            "schemaKey": f"{location.catalog}.{location.schema}",
            "displayName": location.volume,
        }
        volumes = self._items(
            "ListVolumes",
            lambda item: (
                json_fields.text(item, "displayName"),
                json_fields.identifier(item, "key"),
            ),
            fields,
        )
        for name, key in volumes:
            if name == location.volume:
                return str(key)
        raise error(
            "RESOURCE_DOES_NOT_EXIST",
            f"There is no volume {location.volume!r} in the schema {location.schema!r} of the "
            f"catalog {location.catalog!r}.",
            "Check the names; the platform shows no volume that this identity may not read.",
        )


@contextlib.contextmanager
def _missing_is_fine() -> Iterator[None]:
    """Go on where the platform says that something does not exist."""
    try:
        yield
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
