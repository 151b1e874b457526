"""The artifact repository of ``oci://<bucket>@<namespace>/<prefix>`` locations."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from mlflow_oci_aidp.artifacts.locations import (
    OBJECT_STORAGE,
    OBJECT_STORAGE_FORM,
    check_destination,
    check_folder,
    make_folder,
)
from mlflow_oci_aidp.artifacts.object_storage.client import ObjectStorageClient, is_missing
from mlflow_oci_aidp.artifacts.object_storage.names import check_object_name
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.object_storage.transfer import ObjectTransfer
from mlflow_oci_aidp.artifacts.workers import WorkerPool, run_all
from mlflow_oci_aidp.client.cancellation import current_token
from mlflow_oci_aidp.client.paging import Page, follow_pages
from mlflow_oci_aidp.errors import (
    LocalFileProblem,
    error,
    invalid_parameter,
    local_file_problem,
    local_files_as_os_errors,
)
from mlflow_oci_aidp.session import object_storage_session, remember_model_file

#: The fields of an object that are asked for.
_FIELDS = "name,size"

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
        self._root = _folder(_relative((match[3] or "").strip("/")))
        self._arguments = (artifact_uri, tracking_uri, registry_uri)
        self._session = object_storage_session(artifact_uri, tracking_uri, registry_uri)
        self._storage = ObjectStorageClient.of(self._session)
        self._transfer = ObjectTransfer(self._storage, self._namespace, self._bucket, options)
        super().__init__(artifact_uri)  # The oldest supported MLflow takes one argument.
        self.tracking_uri, self.registry_uri = tracking_uri, registry_uri

    def __repr__(self) -> str:
        return f"<OciArtifactRepository {self.artifact_uri}>"

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
        name = self._name(artifact_path) + os.path.basename(local_file)
        check_object_name(name)
        self._upload(str(local_file), name)

    @local_files_as_os_errors()
    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload the files of a folder and of those below it, several at a time.

        Args:
            local_dir: The folder.
            artifact_path: The folder to put them into.

        Raises:
            MlflowException: Which files could not be uploaded, and why. All others were.
        """
        check_folder(local_dir)
        top = self._name(artifact_path)
        tasks: dict[str, Callable[[], None]] = {}
        for folder, _, names in os.walk(local_dir):
            below = os.path.relpath(folder, local_dir).replace(os.sep, "/")
            prefix = top if below == "." else f"{top}{below}/"
            for name in names:
                check_object_name(prefix + name)
                path = os.path.join(folder, name)
                tasks[path] = partial(self._upload, path, prefix + name)
        self._run("uploaded", "Uploading artifacts", tasks)

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
        path = _relative(artifact_path or "")
        target = os.path.abspath(dst_path or tempfile.mkdtemp())
        check_destination(target)
        prefix = self._name(path)
        listed = [name for name, _ in self._listed(prefix, "")]
        names = [name for name in listed if not name.endswith("/")]
        wanted = os.path.join(target, *path.split("/")) if path else target
        if not listed and path:
            names = [prefix.rstrip("/")]
        if listed:
            make_folder(wanted)
        tasks: dict[str, Callable[[], None]] = {}
        for name in names:
            local = _local_path(target, name[len(self._root) :])
            make_folder(os.path.dirname(local))
            tasks[name] = partial(self._transfer.download, name, local)
        self._run("downloaded", "Downloading artifacts", tasks)
        return wanted

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
        self._run("deleted", "Deleting artifacts", tasks)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with local_files_as_os_errors():
            self._transfer.download(self._name(remote_file_path).rstrip("/"), str(local_path))

    def _name(self, path: str | None) -> str:
        """Return the prefix of all objects in a folder of this repository."""
        whole = self._root + _relative(path or "")
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
            answer = self._storage.call(
                description,
                lambda client: (
                    client.list_objects(
                        self._namespace,
                        self._bucket,
                        **details,
                        **({"start": start} if start else {}),
                    ).data
                ),
            )
            folders: list[_Listed] = [(folder, None) for folder in answer.prefixes or []]
            objects: list[_Listed] = [(item.name, item.size) for item in answer.objects or []]
            return Page(folders + objects, answer.next_start_with or "")

        for page in follow_pages(fetch, description):
            yield from page.items

    def _run(self, done: str, description: str, tasks: dict[str, Callable[[], None]]) -> None:
        """Do all tasks, several at a time, and raise one error for those that failed."""
        if len(tasks) == 1:
            next(iter(tasks.values()))()
            return
        failures = run_all(self.thread_pool, tasks, description)
        if not failures:
            return
        name, first = sorted(failures.items())[0]
        cause = f"{len(failures)} of {len(tasks)} files were not {done}, {name!r} among them: "
        cause += _text(first)
        remedy = "The others were." if len(failures) < len(tasks) else "None of them was."
        if isinstance(first, LocalFileProblem):
            raise local_file_problem(
                first.filename or name, first.errno, first.strerror or "", cause, remedy
            )
        code = first.error_code if isinstance(first, MlflowException) else "INTERNAL_ERROR"
        raise error(code, cause, remedy)


def _text(problem: BaseException) -> str:
    return str(problem.message if isinstance(problem, MlflowException) else f"{problem}.")


def _relative(path: str) -> str:
    """Return a path without empty parts.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a path that leads anywhere but down, or
            that no object can have.
    """
    check_object_name(path)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise invalid_parameter(
            f"The path {path!r} leads out of its folder.", "Use a path without '..'."
        )
    return "/".join(parts)


def _folder(path: str) -> str:
    return f"{path}/" if path else ""


def _local_path(target: str, path: str) -> str:
    """Return the path of an object's file, which is below the target."""
    parts = path.split("/")
    separators = {os.sep, os.altsep, *(":" if os.name == "nt" else "")} - {"/", None}
    if any(
        part in ("", ".", "..") or "\0" in part or not separators.isdisjoint(part) for part in parts
    ):
        raise invalid_parameter(
            f"The object {path!r} was not downloaded, nor any other: its name is no path below the "
            "destination.",
            "Rename or delete it, or download the others one by one.",
        )
    return os.path.join(target, *parts)
