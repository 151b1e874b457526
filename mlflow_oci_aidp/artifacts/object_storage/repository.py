"""The artifact repository of ``oci://<bucket>@<namespace>/<prefix>`` locations."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from mlflow_oci_aidp.artifacts.local_folders import Destination, files_below
from mlflow_oci_aidp.artifacts.locations import (
    OBJECT_STORAGE,
    OBJECT_STORAGE_FORM,
    check_artifact_path,
    make_folder,
    relative_path,
)
from mlflow_oci_aidp.artifacts.object_storage.client import ObjectStorageClient, is_missing
from mlflow_oci_aidp.artifacts.object_storage.names import check_object_name
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.object_storage.transfer import ObjectTransfer
from mlflow_oci_aidp.artifacts.workers import WorkerPool, move_all
from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.client.cancellation import current_token
from mlflow_oci_aidp.client.paging import Page, follow_pages
from mlflow_oci_aidp.errors import invalid_parameter, local_files_as_os_errors
from mlflow_oci_aidp.names import MODEL_FILE
from mlflow_oci_aidp.session import object_storage_session, remember_model_file

#: The fields of an object that are asked for.
_FIELDS = "name,size"

#: The end of a name of a file. Folders of logged models end in a dot and eight digits and letters.
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,6}\Z")

#: The name and the size in bytes of an object; a folder has no size.
_Listed = tuple[str, int | None]


class OciArtifactRepository(ArtifactRepository):
    """MLflow's artifacts in a folder of a bucket.

    Identity and region come from the settings of the ``aidp://`` URI in use, the environment and
    the OCI profile. An instance can be pickled, and used by several threads and forked processes.

    Args:
        artifact_uri: ``oci://<bucket>@<namespace>/<prefix>``.
        tracking_uri: The tracking URI that MLflow passes, if it does.
        registry_uri: The registry URI, likewise.
        options: How files are cut into parts.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong. The error
            of a local file, raised by a method, is an ``OSError``, too.
    """

    def __init__(
        self,
        artifact_uri: str,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
        *,
        options: TransferOptions | None = None,
    ) -> None:
        match = OBJECT_STORAGE.fullmatch(artifact_uri)
        if match is None:
            raise invalid_parameter(
                f"The artifact location {artifact_uri!r} cannot be read.",
                f"Its form is {OBJECT_STORAGE_FORM}.",
            )
        self._bucket, self._namespace = match[1], match[2]
        self._root = _folder(relative_path((match[3] or "").strip("/")))
        self._arguments = (artifact_uri, tracking_uri, registry_uri)
        self._session = object_storage_session(artifact_uri, tracking_uri, registry_uri)
        self._storage = ObjectStorageClient.of(self._session)
        self._transfer = ObjectTransfer(self._storage, self._namespace, self._bucket, options)
        super().__init__(artifact_uri)  # The oldest supported MLflow takes one argument.
        self.tracking_uri, self.registry_uri = tracking_uri, registry_uri

    def __repr__(self) -> str:
        # One that could not be made has no location yet, and a traceback shows it.
        return f"<OciArtifactRepository {getattr(self, 'artifact_uri', '')}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), self._arguments)

    def _create_thread_pool(self) -> WorkerPool:
        return WorkerPool(self.max_workers)

    @local_files_as_os_errors()
    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload a file.

        Args:
            local_file: The file.
            artifact_path: The folder to put it into.

        Raises:
            MlflowException: Why it could not be uploaded. There is no half an object then.
        """
        check_artifact_path(artifact_path)
        name = self._name(artifact_path) + os.path.basename(local_file)
        check_object_name(name)
        self._upload(str(local_file), name)

    @local_files_as_os_errors()
    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload the files of a folder and of those below it, several at a time.

        A bucket has no folders: an empty one leaves nothing there.

        Args:
            local_dir: The folder.
            artifact_path: The folder to put them into.

        Raises:
            MlflowException: Which files could not be uploaded, and why. All others were.
        """
        check_artifact_path(artifact_path)
        top = self._name(artifact_path)
        tasks: dict[str, Callable[[], None]] = {}
        for folder, names in files_below(local_dir):
            for name in names:
                relative = posixpath.join(folder, name)
                check_object_name(top + relative)
                path = os.path.join(local_dir, relative)
                tasks[path] = partial(self._upload, path, top + relative)
        move_all(self.thread_pool, tasks, "Uploading artifacts", "uploaded")

    def _upload(self, path: str, name: str) -> None:
        location = f"oci://{self._bucket}@{self._namespace}/{name}"
        with remember_model_file(self._session, location, path):
            self._transfer.upload(path, name)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """Return what is directly in a folder, sorted by path.

        A file, and a folder that does not exist, have nothing in them.

        Args:
            path: The folder, relative to the repository.
        """
        prefix = self._name(path)
        infos = []
        for name, size in self._listed(prefix, "/"):
            inside = name[len(prefix) :]
            # Some tools mark a folder by an object of its name. An object with an empty part in
            # its name has no path.
            if inside and not inside.startswith("/"):
                shown = name[len(self._root) :].rstrip("/")
                infos.append(FileInfo(shown, size is None, size))
        return sorted(infos, key=lambda info: str(info.path))

    @local_files_as_os_errors()
    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Download a file, or a folder with all that is below it, several files at a time.

        Args:
            artifact_path: The file or folder, relative to the repository; ``""`` for all.
            dst_path: The folder to put it into, under its own path; a new temporary one if None.

        Returns:
            The path of the file or folder on this machine.

        Raises:
            MlflowException: Why it could not be downloaded. Nothing is left of a file that failed.
        """
        path = relative_path(artifact_path or "")
        destination = Destination(dst_path)
        missing = None
        if _is_file_name(posixpath.basename(path)):
            missing = self._download_unlisted(path, destination)
            if missing is None:
                return destination.path(path)
        prefix = self._name(path)
        listed = [name for name, _ in self._listed(prefix, "")]
        # Some tools mark a folder by an object of its name.
        names = [name for name in listed if not name.endswith("/")]
        if missing and not listed:
            raise missing
        if not listed and path:
            names = [prefix.rstrip("/")]
        paths = {name: name[len(self._root) :] for name in names}
        files = destination.prepare(paths.values())
        if listed:
            destination.make_folder(path)
        tasks: dict[str, Callable[[], None]] = {}
        for name, relative in paths.items():
            tasks[name] = partial(self._download, name, files[relative])
        move_all(self.thread_pool, tasks, "Downloading artifacts", "downloaded")
        return destination.path(path)

    def _download_unlisted(self, path: str, destination: Destination) -> MlflowException | None:
        """Download a file without listing what is below its path.

        Returns:
            Why it is not there; None if it was downloaded.
        """
        name = self._name(path).rstrip("/")
        task = partial(self._download, name, destination.prepare([path])[path])
        try:
            move_all(self.thread_pool, {name: task}, "Downloading artifacts", "downloaded")
        except MlflowException as problem:
            if not is_missing(problem):
                raise
            return problem
        return None

    def _download(self, name: str, path: str) -> None:
        make_folder(os.path.dirname(path))
        self._transfer.download(name, path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file, or a folder with all that is below it. A missing one is no error.

        Args:
            artifact_path: The file or folder, relative to the repository; all if None.
        """
        prefix = self._name(artifact_path)
        names = [name for name, _ in self._listed(prefix, "")]
        if prefix != self._root:
            names.append(prefix.rstrip("/"))
        tasks: dict[str, Callable[[], None]] = {}
        for name in names:
            tasks[name] = partial(self._delete, name)
        move_all(self.thread_pool, tasks, "Deleting artifacts", "deleted")

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with local_files_as_os_errors():
            self._transfer.download(self._name(remote_file_path).rstrip("/"), str(local_path))

    def _name(self, path: str | None) -> str:
        """Return the prefix of all objects in a folder of this repository."""
        whole = self._root + relative_path(path or "")
        check_object_name(whole)
        return _folder(whole.rstrip("/"))

    def _delete(self, name: str) -> None:
        try:
            self._storage.call(
                f"Deleting the object {name!r} of the bucket {self._bucket!r}",
                lambda client: client.delete_object(self._namespace, self._bucket, name),
                token=current_token(),
            )
        except MlflowException as problem:
            if not is_missing(problem):
                raise

    def _listed(self, prefix: str, delimiter: str) -> Iterator[_Listed]:
        """Yield names and sizes, page after page. With a delimiter there are folders, too."""
        description = f"Listing the objects below {prefix!r} of the bucket {self._bucket!r}"
        details = {"prefix": prefix, "fields": _FIELDS}
        if delimiter:
            details["delimiter"] = delimiter

        def fetch(start: str) -> Page[_Listed]:
            def read(client: Any) -> Page[_Listed]:
                more = {"start": start} if start else {}
                answer = client.list_objects(self._namespace, self._bucket, **details, **more)
                return _page(answer.data, prefix)

            return self._storage.call(description, read)

        for page in follow_pages(fetch, description, remedy=self._storage.destination.wrong_answer):
            yield from page.items


def _page(answer: Any, prefix: str) -> Page[_Listed]:
    """Read a page of a list, as ``oci`` returns it.

    Raises:
        TypeError: A field has another type than the documented one.
        ValueError: There is no list of objects; an empty page has an empty one. Or a name is not
            Unicode, or does not begin with the prefix. An object of somebody else must not be taken
            for one of this folder, which may be about to be deleted.
    """
    if answer.objects is None:
        raise ValueError("objects")
    listed: list[_Listed] = [(folder, None) for folder in answer.prefixes or []]
    listed += [(item.name, json_fields.integer_of(item.size)) for item in answer.objects]
    for name, _ in listed:
        if not isinstance(name, str):
            raise TypeError("name")
        json_fields.require_unicode(name)
        if not name.startswith(prefix):
            raise ValueError("prefix")
    token = answer.next_start_with or ""
    if not isinstance(token, str):
        raise TypeError("next_start_with")
    return Page(listed, token)


def _is_file_name(name: str) -> bool:
    """Tell whether a name is more likely that of a file than that of a folder."""
    return name == MODEL_FILE or bool(_EXTENSION.search(name))


def _folder(path: str) -> str:
    return f"{path}/" if path else ""
