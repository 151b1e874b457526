"""One upload: the client that ``oci``'s ``UploadManager`` sees, and the parts that it sends."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import requests
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage.client import (
    BrokenContentError,
    ObjectStorageClient,
    is_missing,
)
from mlflow_oci_aidp.artifacts.object_storage.parts import (
    TransferOptions,
    checksums_agree,
    in_base64,
    md5,
    multipart_md5,
)
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.files import require_regular_file
from mlflow_oci_aidp.errors import error, local_file_errors


class Upload:
    """The client that an ``UploadManager`` sees: it retries each call and checks its answer.

    Args:
        storage: The client of this package, which makes the calls.
        path: The file. Its state at this moment is what is uploaded.
        options: How the file is cut into parts.
        token: Cancels the upload.

    Raises:
        LocalFileProblem: The file cannot be read.
    """

    def __init__(
        self, storage: ObjectStorageClient, path: str, options: TransferOptions, token: CancelToken
    ) -> None:
        self._storage = storage
        self._path = path
        self._options = options
        require_regular_file(path)
        with local_file_errors(path, "read"):
            self._begin = _FileStamp.of(path)
        self.size = self._begin.size
        self.part_size = max(options.part_size, -(-self.size // options.max_parts))
        self._token = token
        self._upload: tuple[str, str, str, str] | None = None
        self._digests: dict[int, bytes] = {}
        self._parts_done = threading.Condition()
        self._sending = 0
        # The manager mounts an adapter of its own on this session, which nobody uses otherwise.
        self.base_client = SimpleNamespace(
            endpoint=storage.client.base_client.endpoint, session=requests.Session()
        )

    @property
    def is_in_one_part(self) -> bool:
        """Whether the file is short enough for one request."""
        return self.size <= self.part_size

    def put_object(self, namespace: str, bucket: str, name: str) -> None:
        """Send the whole file in one request, which carries its digest."""
        digest = in_base64(self._digest_of(0, self.size))

        def attempt(client: Any, part: _Part) -> bytes:
            try:
                response = client.put_object(
                    namespace,
                    bucket,
                    name,
                    part,
                    content_length=str(self.size),
                    content_md5=digest,
                )
            finally:
                # If the file changed, that is why the service found a wrong digest.
                part.is_as_announced &= part.left > 0 or in_base64(part.digest) == digest
            _compare(response.headers.get("opc-content-md5"), digest)
            return b""

        self._send(self._writing(name, bucket), 0, self.size, attempt)

    # The calls of an ``UploadManager``

    def create_multipart_upload(
        self, namespace: str, bucket: str, request: Any, **details: Any
    ) -> Any:
        """Begin an upload in parts."""

        def begin(client: Any) -> Any:
            response = client.create_multipart_upload(namespace, bucket, request, **details)
            upload_id = response.data.upload_id
            if not isinstance(upload_id, str) or not upload_id:
                raise TypeError("uploadId")
            return response

        response = self._storage.call(
            self._writing(request.object, bucket), begin, token=self._token
        )
        self._upload = (namespace, bucket, request.object, response.data.upload_id)
        return response

    def upload_part(
        self,
        namespace: str,
        bucket: str,
        name: str,
        upload: str,
        number: int,
        _body: Any,
        **details: Any,
    ) -> Any:
        """Send one part."""
        # The manager goes on with the other parts after one has failed.
        self._token.raise_if_cancelled()
        offset = (number - 1) * self.part_size
        length = min(self.part_size, self.size - offset)

        # The manager of oci 2.189 makes a digest of each part, and does not send it: it is
        # compared afterwards.
        details.pop("content_md5", None)

        def attempt(client: Any, part: _Part) -> Any:
            # A body of our own: that of the manager cannot be read a second time.
            response = client.upload_part(
                namespace, bucket, name, upload, number, part, content_length=str(length), **details
            )
            # The manager reads both headers where nothing is guarded.
            if not response.headers["etag"]:
                raise ValueError("etag")
            _compare(response.headers["opc-content-md5"], in_base64(part.digest))
            self._digests[number] = part.digest.digest()
            return response

        with self._parts_done:
            self._sending += 1
        try:
            if length <= 0:
                raise _changed(self._path)  # The manager measured the file later, and found more.
            return self._send(self._writing(name, bucket), offset, length, attempt)
        except BaseException as problem:
            self._token.cancel(problem)
            raise
        finally:
            with self._parts_done:
                self._sending -= 1
                self._parts_done.notify_all()

    def commit_multipart_upload(
        self, namespace: str, bucket: str, name: str, upload: str, parts: Any, **details: Any
    ) -> Any:
        """Make an object of the parts, if the file is what it was."""
        self._token.raise_if_cancelled()
        self._check_unchanged()
        expected = multipart_md5([self._digests[number] for number in sorted(self._digests)])
        description = self._writing(name, bucket)
        try:
            response = self._storage.call(
                description,
                lambda client: client.commit_multipart_upload(
                    namespace, bucket, name, upload, parts, **details
                ),
                token=self._token,
            )
        except MlflowException as problem:
            if not is_missing(problem):
                raise
            # The upload is gone if the answer to an earlier attempt was lost: the object tells.
            response = self._storage.call(
                description, lambda client: client.head_object(namespace, bucket, name)
            )
            if not checksums_agree(response.headers.get("opc-multipart-md5", ""), expected):
                raise
        self._upload = None
        if not checksums_agree(response.headers.get("opc-multipart-md5", expected), expected):
            raise error(
                "DATA_LOSS",
                f"{description} failed: the service has another content than the file.",
                "Upload it again.",
            )
        return response

    def abort(self) -> None:
        """Send no more parts, and have the service forget those it has, if it can be reached."""
        self._token.cancel()
        with self._parts_done:
            # A part that arrived afterwards would belong to no upload.
            self._parts_done.wait_for(lambda: not self._sending)
        if self._upload is not None:
            upload = self._upload
            with contextlib.suppress(MlflowException):
                self._storage.call(
                    f"Aborting the upload of {upload[2]!r}",
                    lambda client: client.abort_multipart_upload(*upload),
                    once=True,
                )

    def _send(
        self, description: str, offset: int, length: int, send: Callable[[Any, _Part], Any]
    ) -> Any:
        """Send a part of the file, from its first byte in each attempt."""

        def attempt(client: Any) -> Any:
            with self._open(offset, length) as part:
                try:
                    return send(client, part)
                except Exception:
                    if part.is_as_announced:
                        raise
            raise _changed(self._path)

        return self._storage.call(description, attempt, moves_content=True, token=self._token)

    def _open(self, offset: int, length: int) -> _Part:
        with local_file_errors(self._path, "read"):
            file = open(self._path, "rb")  # noqa: SIM115 - closed by the part
            return _Part(file, offset, length, self._options.chunk, self._token)

    def _digest_of(self, offset: int, length: int) -> Any:
        """Return the digest of a part of the file, as it is now."""
        with self._open(offset, length) as part:
            while part.read():
                pass
            return part.digest

    def _check_unchanged(self) -> None:
        """Refuse a mixture of what the file was and what it became.

        What was appended meanwhile does not matter.
        """
        with local_file_errors(self._path, "read"):
            if _FileStamp.of(self._path) == self._begin:
                return
        for number, digest in sorted(self._digests.items()):
            offset = (number - 1) * self.part_size
            length = min(self.part_size, self.size - offset)
            if self._digest_of(offset, length).digest() != digest:
                raise _changed(self._path)

    def _writing(self, name: str, bucket: str) -> str:
        return f"Writing the object {name!r} of the bucket {bucket!r}"


class _Part(io.IOBase):
    """A part of a file as the body of a request, with the digest of what was read.

    A read returns up to a whole chunk, however few bytes were asked for: ``http.client`` sends all
    that a read returns.
    """

    def __init__(self, file: Any, offset: int, length: int, chunk: int, token: CancelToken) -> None:
        self._file = file
        self._length = length
        self._chunk = chunk
        self._token = token
        self.left = length
        self.digest = md5()
        self.is_as_announced = True
        file.seek(offset)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True  # An empty part is a body, too.

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, or ``b""`` at the end.

        Raises:
            MlflowException: ``ABORTED`` if the file became shorter, or the upload was cancelled.
            LocalFileProblem: The file cannot be read.
        """
        self._token.raise_if_cancelled()
        with local_file_errors(self._file.name, "read"):
            data: bytes = self._file.read(min(self.left, self._chunk))
        if self.left and not data:
            self.is_as_announced = False  # The service would wait for the rest.
            raise _changed(self._file.name)
        self.left -= len(data)
        self.digest.update(data)
        return data


@dataclass(frozen=True)
class _FileStamp:
    """The properties of a file that change when it is written to.

    Attributes:
        size: The length in bytes.
        modified: The time of the last change, in nanoseconds.
        inode: The number of the file.
    """

    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, path: str) -> _FileStamp:
        status = os.stat(path)
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


def _changed(path: str) -> MlflowException:
    return error(
        "ABORTED", f"The file {path!r} changed while it was sent.", "Log it when it is complete."
    )


def _compare(actual: str | None, expected: str) -> None:
    if actual is not None and actual != expected:
        raise BrokenContentError("the service has another content than the file")
