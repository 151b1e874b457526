"""MLflow's artifacts in OCI Object Storage: ``oci://<bucket>@<namespace>/<prefix>``, the form of Oracle's own tools."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from mlflow_oci_aidp.artifacts.locations import (
    OBJECT_STORAGE,
    OBJECT_STORAGE_FORM,
    check_folder,
    check_name,
    make_folder,
)
from mlflow_oci_aidp.artifacts.object_storage.client import client_of, is_missing
from mlflow_oci_aidp.artifacts.object_storage.transfer import ObjectTransfer
from mlflow_oci_aidp.artifacts.platform import uri_in_use
from mlflow_oci_aidp.artifacts.threads import Threads, run_all
from mlflow_oci_aidp.client.cancellation import current_stop
from mlflow_oci_aidp.errors import error, invalid_parameter
from mlflow_oci_aidp.settings import resolve_storage

_logger = logging.getLogger(__name__)

#: Names and sizes are all that is shown.
_FIELDS = "name,size"


class OciArtifactRepository(ArtifactRepository):
    """A folder in a bucket.

    Identity and region come from the settings of the ``aidp://`` URI in use, the environment and the OCI profile.
    An instance can be pickled, and used by several threads and by forked processes.

    Args:
        artifact_uri: ``oci://<bucket>@<namespace>/<prefix>``.
        tracking_uri: The tracking URI that MLflow passes, if it does.
        registry_uri: The registry URI, likewise.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        match = OBJECT_STORAGE.fullmatch(artifact_uri)
        if match is None:
            raise invalid_parameter(
                f"The artifact location {artifact_uri!r} cannot be read.", f"Its form is {OBJECT_STORAGE_FORM}."
            )
        self._bucket, self._namespace = match[1], match[2]
        self._root = _folder(_relative((match[3] or "").strip("/")))
        self._given = (artifact_uri, tracking_uri, registry_uri)
        self._storage = client_of(resolve_storage(uri_in_use(tracking_uri, registry_uri, location=artifact_uri)))
        self._transfer = ObjectTransfer(self._storage, self._namespace, self._bucket)
        super().__init__(artifact_uri)  # the older of the supported versions take no more
        self.tracking_uri, self.registry_uri = tracking_uri, registry_uri

    def __repr__(self) -> str:
        return f"<OciArtifactRepository {self.artifact_uri}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), self._given)

    def _create_thread_pool(self) -> Threads:
        return Threads(self.max_workers)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload a file.

        Args:
            local_file: The file.
            artifact_path: The folder to put it into.

        Raises:
            MlflowException: Why it could not be uploaded; there is no half an object then.
        """
        check_name(os.path.basename(local_file))
        self._transfer.upload(str(local_file), self._name(artifact_path) + os.path.basename(local_file))

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload the files of a folder and of those below it, several at a time.

        Args:
            local_dir: The folder.
            artifact_path: The folder to put them into.

        Raises:
            MlflowException: Which files could not be uploaded, and why; all others were.
        """
        check_folder(local_dir)
        top = self._name(artifact_path)
        tasks: dict[str, Callable[[], None]] = {}
        for folder, _, names in os.walk(local_dir):
            below = os.path.relpath(folder, local_dir).replace(os.sep, "/")
            prefix = top if below == "." else f"{top}{below}/"
            for name in names:
                check_name(prefix + name)
                path = os.path.join(folder, name)
                tasks[path] = _task(self._transfer.upload, path, prefix + name)
        self._run("uploaded", "Uploading artifacts", tasks)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder, by name; nothing for a file, and for what is not there.

        Args:
            path: The folder, relative to the repository.
        """
        prefix = self._name(path)
        found = []
        for name, size in self._listed(prefix, "/"):
            inside = name[len(prefix) :]
            # An object of the folder's own name is how some tools mark that it exists; one with an empty part in its
            # name has no path.
            if inside and not inside.startswith("/"):
                shown = name[len(self._root) :].rstrip("/")
                found.append(FileInfo(shown, size is None, size))
        return sorted(found, key=lambda info: info.path)

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Download a file, or a folder with all that is below it, several files at a time.

        Args:
            artifact_path: The file or folder, relative to the repository; ``""`` for all.
            dst_path: The folder to put it into, under its own path; a new temporary one if None.

        Returns:
            The path of the file or folder on this machine.

        Raises:
            MlflowException: Why it could not be downloaded. Of a file that failed nothing is left.
        """
        path = _relative(artifact_path or "")
        target = os.path.abspath(dst_path or tempfile.mkdtemp())
        if not os.path.isdir(target):
            raise invalid_parameter(f"The destination {target!r} is no folder.", "Make it first, or leave it out.")
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
            local = _local(target, name[len(self._root) :])
            make_folder(os.path.dirname(local))
            tasks[name] = _task(self._transfer.download, name, local)
        self._run("downloaded", "Downloading artifacts", tasks)
        return wanted

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file, or a folder with all that is below it; what is not there is no error.

        Args:
            artifact_path: The file or folder, relative to the repository; all if None.
        """
        prefix = self._name(artifact_path)
        names = [name for name, _ in self._listed(prefix, "")]
        if prefix != self._root:
            names.append(prefix.rstrip("/"))
        self._run("deleted", "Deleting artifacts", {name: _task(self._delete, name) for name in names})

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self._transfer.download(self._name(remote_file_path).rstrip("/"), str(local_path))

    def _name(self, path: str | None) -> str:
        """The prefix of all objects in a folder of this repository."""
        return self._root + _folder(_relative(path or ""))

    def _delete(self, name: str) -> None:
        try:
            self._storage.call(
                f"Deleting the object {name!r} of the bucket {self._bucket!r}",
                lambda client: client.delete_object(self._namespace, self._bucket, name),
                stop=current_stop(),
            )
        except MlflowException as problem:
            if not is_missing(problem):
                raise

    def _listed(self, prefix: str, delimiter: str) -> Iterator[tuple[str, int | None]]:
        """Names and sizes in bytes, page by page; with a delimiter also folders, which have no size."""
        what = f"Listing the objects below {prefix!r} of the bucket {self._bucket!r}"
        details = {"prefix": prefix, "fields": _FIELDS, **({"delimiter": delimiter} if delimiter else {})}
        start: str | None = ""
        while start is not None:
            page = self._storage.call(what, self._page({**details, **({"start": start} if start else {})}))
            for folder in page.prefixes or []:
                yield folder, None
            for found in page.objects or []:
                yield found.name, found.size
            start = page.next_start_with

    def _page(self, details: dict[str, str]) -> Callable[[Any], Any]:
        return lambda client: client.list_objects(self._namespace, self._bucket, **details).data

    def _run(self, done: str, description: str, tasks: dict[str, Callable[[], None]]) -> None:
        """Does all, several at a time, and raises one error for those that failed."""
        if len(tasks) == 1:
            next(iter(tasks.values()))()
            return
        failures = run_all(self.thread_pool, tasks, description)
        if not failures:
            return
        name, first = sorted(failures.items())[0]
        code = first.error_code if isinstance(first, MlflowException) else "INTERNAL_ERROR"
        raise error(
            code,
            f"{len(failures)} of {len(tasks)} files were not {done}, {name!r} among them: {_text(first)}",
            "The others were." if len(failures) < len(tasks) else "None of them was.",
        )


def _task(action: Callable[..., None], *arguments: str) -> Callable[[], None]:
    return lambda: action(*arguments)


def _text(problem: BaseException) -> str:
    text = problem.message if isinstance(problem, MlflowException) else f"{problem}."
    return str(text)


def _relative(path: str) -> str:
    """A path in plain form: no part of it is empty, or leads anywhere but down."""
    check_name(path)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise invalid_parameter(f"The path {path!r} leads out of its folder.", "Use a path without '..'.")
    return "/".join(parts)


def _folder(path: str) -> str:
    return f"{path}/" if path else ""


def _local(target: str, path: str) -> str:
    """Where an object's file belongs, which is below the target."""
    parts = path.split("/")
    separators = {os.sep, os.altsep, *(":" if os.name == "nt" else "")} - {"/", None}
    if any(part in ("", ".", "..") or "\0" in part or not separators.isdisjoint(part) for part in parts):
        raise invalid_parameter(
            f"The object {path!r} was not downloaded, nor any other: its name is no path below the destination.",
            "Rename or delete it, or download the others one by one.",
        )
    return os.path.join(target, *parts)
