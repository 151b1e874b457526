"""Files to objects and back: in parts, in parallel, in constant memory, with checksums compared.

Up: the service compares a CRC32C for each request, and what it says of the whole object is compared
here. Down: into a temporary file beside the target, which is renamed when it is complete and right:

- an object with a CRC32C is compared with that, in parts or not;
- any other that was put in one request has an MD5, which is compared;
- any other in parts has an MD5 over those of its parts. Releases before 0.2.0 wrote the size of the
  parts into the object's metadata, so that it can be compared, and this one still does. For the
  objects of others, only the length and the entity tag of each range are certain.
"""

from __future__ import annotations

import contextlib
import posixpath
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mlflow.utils.file_utils import ArtifactProgressBar

from mlflow_oci_aidp.artifacts.object_storage.checksums import (
    Crc32c,
    checksums_agree,
    in_base64,
    md5,
    md5_of_file,
    multipart_md5,
)
from mlflow_oci_aidp.artifacts.object_storage.client import BrokenContentError, ObjectStorageClient
from mlflow_oci_aidp.artifacts.object_storage.parts import ObjectHeaders, TransferOptions
from mlflow_oci_aidp.artifacts.object_storage.upload import Upload
from mlflow_oci_aidp.artifacts.part_files import written_aside
from mlflow_oci_aidp.artifacts.workers import run_parts
from mlflow_oci_aidp.client.cancellation import CancelToken, cancellable
from mlflow_oci_aidp.errors import error, local_file_errors


class ObjectTransfer:
    """Moves files to a bucket and back.

    Args:
        storage: The client.
        namespace: The namespace of the bucket.
        bucket: The bucket's name.
        options: How files are cut into parts.
    """

    def __init__(
        self,
        storage: ObjectStorageClient,
        namespace: str,
        bucket: str,
        options: TransferOptions | None = None,
    ) -> None:
        self._storage = storage
        self._place = (namespace, bucket)
        self._options = options or TransferOptions()

    def upload(self, path: str, name: str) -> None:
        """Put a file in the place of an object, which changes at once or not at all.

        The file is sent as long as it was at the beginning. What is appended meanwhile, as to a
        log, stays out.

        Args:
            path: The file.
            name: The object's name.

        Raises:
            MlflowException: What the service refused, and why it could not be reached; ``ABORTED``
                for a file that changed while it was sent.
            LocalFileProblem: The file cannot be read.
        """
        with cancellable() as whole:
            self._upload(path, name, whole.child())

    def _upload(self, path: str, name: str, token: CancelToken) -> None:
        upload = Upload(self._storage, path, (*self._place, name), self._options, token)
        if upload.is_in_one_part:
            upload.put()
            return
        with ArtifactProgressBar.chunks(upload.size, f"Uploading {path}", upload.part_size) as bar:
            upload.put_parts(bar.update)

    def download(self, name: str, path: str) -> None:
        """Get an object in the place of a file, which changes at once or not at all.

        Args:
            name: The object's name.
            path: The file; its folder exists.

        Raises:
            MlflowException: What the service refused, and why it could not be reached;
                ``DATA_LOSS`` for a wrong checksum.
            LocalFileProblem: The file cannot be written.
        """
        with cancellable() as whole:
            self._download(name, path, whole)

    def _download(self, name: str, path: str, token: CancelToken) -> None:
        with written_aside(path) as part:
            stored = self._get_small(name, part, path, token)
            if stored.size > self._options.part_size and not any(
                self._get_large(name, part, path, stored, token)
                for _ in range(self._options.attempts)
            ):
                raise error(
                    "DATA_LOSS",
                    f"{self._reading(name)} failed: the content does not match its checksum.",
                    "Download it again; if it stays, the object has to be uploaded anew.",
                )

    def _get_small(self, name: str, part: str, path: str, token: CancelToken) -> ObjectHeaders:
        """Write an object that is not longer than a part; of any other, write an empty file.

        Returns:
            The headers of the object.
        """

        def attempt(client: Any) -> ObjectHeaders:
            response = client.get_object(*self._place, name)
            with contextlib.closing(response.data), _writable(part, "wb", path) as file:
                stored = ObjectHeaders.read(response.headers)
                if stored.size <= self._options.part_size:
                    digest = Crc32c() if stored.crc32c else md5()
                    for piece in _pieces(response, stored.size, self._options.chunk):
                        token.raise_if_cancelled()
                        digest.update(piece)
                        with local_file_errors(path, "written"):
                            file.write(piece)
                    if stored.crc32c:
                        is_right = str(digest) == stored.crc32c
                    else:
                        is_right = stored.md5 in ("", in_base64(digest))
                    if not is_right:
                        raise BrokenContentError("the content does not match its checksum")
                elif not stored.etag:
                    # Nothing else says that all ranges are of one version.
                    raise KeyError("etag")
                return stored

        return self._storage.call(self._reading(name), attempt, moves_content=True, token=token)

    def _get_large(
        self, name: str, part: str, path: str, stored: ObjectHeaders, whole: CancelToken
    ) -> bool:
        """Write an object range by range.

        Returns:
            Whether its checksum, if it has one that can be made here, is right.
        """
        part_size = stored.part_size or self._options.part_size
        token = whole.child()

        def get(offset: int) -> Any:
            length = min(part_size, stored.size - offset)
            return self._get_range(name, stored, target, offset, length, token)

        target = _RangedFile(part, path)
        with local_file_errors(path, "written"), open(part, "wb") as file:
            file.truncate(stored.size)
        label = f"Downloading {posixpath.basename(name)}"
        with ArtifactProgressBar.chunks(stored.size, label, part_size) as bar:
            ranges = [partial(get, offset) for offset in range(0, stored.size, part_size)]
            digests = run_parts(self._options.parallel, ranges, token, bar.update)
        return self._is_right(stored, part, path, digests)

    def _is_right(self, stored: ObjectHeaders, part: str, path: str, digests: list[Any]) -> bool:
        """Compare the checksum of an object with those of its ranges."""
        if stored.crc32c:
            return str(Crc32c.of_parts(digests)) == stored.crc32c
        if stored.md5:
            with local_file_errors(path, "read"):
                return checksums_agree(stored.md5, md5_of_file(part, self._options.chunk))
        if stored.part_size:
            return checksums_agree(
                stored.multipart_md5, multipart_md5([digest.digest() for digest in digests])
            )
        return True

    def _get_range(
        self,
        name: str,
        stored: ObjectHeaders,
        target: _RangedFile,
        offset: int,
        length: int,
        token: CancelToken,
    ) -> Any:
        """Write a range, continuing where a connection broke.

        Returns:
            The CRC32C of the range if the object has one, else its MD5.
        """
        digest: Any = Crc32c() if stored.crc32c else md5()
        done = 0

        def attempt(client: Any) -> None:
            nonlocal done
            wanted = f"{offset + done}-{offset + length - 1}"
            response = client.get_object(
                *self._place, name, range=f"bytes={wanted}", if_match=stored.etag
            )
            with (
                contextlib.closing(response.data),
                _writable(target.part, "r+b", target.path) as file,
            ):
                if not response.headers.get("content-range", "").startswith(f"bytes {wanted}/"):
                    reason = "the service answered with another range than was asked for"
                    raise BrokenContentError(reason)
                file.seek(offset + done)
                for piece in _pieces(response, length - done, self._options.chunk):
                    token.raise_if_cancelled()
                    with local_file_errors(target.path, "written"), target.lock:
                        file.write(piece)
                    digest.update(piece)
                    done += len(piece)

        self._storage.call(self._reading(name), attempt, moves_content=True, token=token)
        return digest

    def _reading(self, name: str) -> str:
        return f"Reading the object {name!r} of the bucket {self._place[1]!r}"


@dataclass(frozen=True)
class _RangedFile:
    """A file that several threads write ranges of.

    Attributes:
        part: The file beside its target.
        path: The target, which errors name.
        lock: Held for each write. Without it, threads that write one file wait for each other in
            the system, some of them at full speed.
    """

    part: str
    path: str
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextlib.contextmanager
def _writable(part: str, mode: str, path: str) -> Iterator[Any]:
    """Open a file beside its target, whose problems are reported as those of the target."""
    with local_file_errors(path, "written"):
        file = open(part, mode)  # noqa: SIM115 - closed below
    try:
        yield file
    finally:
        with local_file_errors(path, "written"):
            file.close()


def _pieces(response: Any, length: int, chunk: int) -> Iterator[bytes]:
    """Yield the body as it is stored, exactly ``length`` bytes of it."""
    left = length
    for piece in response.data.raw.stream(chunk, decode_content=False):
        left -= len(piece)
        if left < 0:
            raise BrokenContentError("the service sent more than it announced")
        yield piece
    if left:
        raise BrokenContentError("the answer was cut off")
