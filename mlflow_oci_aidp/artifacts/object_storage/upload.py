"""One upload: a file, in one request or in parts, each with its checksum."""

from __future__ import annotations

import base64
import contextlib
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage.checksums import (
    CRC32C,
    CRC32C_HEADER,
    Crc32c,
    checksums_agree,
    in_base64,
    md5,
    multipart_md5,
)
from mlflow_oci_aidp.artifacts.object_storage.client import (
    BrokenContentError,
    ObjectStorageClient,
    is_missing,
)
from mlflow_oci_aidp.artifacts.object_storage.parts import PART_SIZE_KEY, TransferOptions
from mlflow_oci_aidp.artifacts.workers import run_parts
from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.files import require_regular_file
from mlflow_oci_aidp.errors import error, local_file_errors

T = TypeVar("T")


class Upload:
    """Puts a file in the place of an object.

    Args:
        storage: The client, which makes the calls.
        path: The file. Its state at this moment is what is uploaded.
        place: The namespace, the bucket and the name of the object.
        options: How the file is cut into parts.
        token: Cancels the upload.

    Raises:
        LocalFileProblem: The file cannot be read.
    """

    def __init__(
        self,
        storage: ObjectStorageClient,
        path: str,
        place: tuple[str, str, str],
        options: TransferOptions,
        token: CancelToken,
    ) -> None:
        self._storage = storage
        self._path = path
        self._place = place
        self._options = options
        require_regular_file(path)
        with local_file_errors(path, "read"):
            self._begin = _FileStamp.of(path)
        self.size = self._begin.size
        self.part_size = max(options.part_size, -(-self.size // options.max_parts))
        self._token = token
        self._writing = f"Writing the object {place[2]!r} of the bucket {place[1]!r}"

    @property
    def is_in_one_part(self) -> bool:
        """Whether the file is short enough for one request."""
        return self.size <= self.part_size

    def put(self) -> None:
        """Send the whole file in one request."""
        self._send(0, self.size, self._put_object, self._token)

    def _put_object(self, client: Any, part: _Part, checksum: Crc32c) -> None:
        response = client.put_object(
            *self._place,
            part,
            content_length=str(self.size),
            opc_checksum_algorithm=CRC32C,
            opc_content_crc32c=str(checksum),
        )
        self._compare(response.headers, 0, checksum)

    def put_parts(self, note_done: Callable[[], object]) -> None:
        """Send the file in parts, several at a time, and make the object of them.

        Args:
            note_done: Called after each part.
        """
        upload_id = self._create()
        # The parts have a token of their own, which the end of the last one cancels, too.
        token = self._token.child()
        is_committed = False
        try:
            offsets = range(0, self.size, self.part_size)
            parts = [
                partial(self._send_part, upload_id, number, offset, token)
                for number, offset in enumerate(offsets, 1)
            ]
            sent = run_parts(self._options.parallel, parts, token, note_done)
            self._check_unchanged(sent)
            self._commit(upload_id, sent)
            is_committed = True
        finally:
            if not is_committed:
                self._abort(upload_id)

    def _create(self) -> str:
        from oci.object_storage.models import CreateMultipartUploadDetails

        namespace, bucket, name = self._place
        details = CreateMultipartUploadDetails(
            object=name, metadata={f"opc-meta-{PART_SIZE_KEY}": str(self.part_size)}
        )

        def create(client: Any) -> str:
            response = client.create_multipart_upload(
                namespace, bucket, details, opc_checksum_algorithm=CRC32C
            )
            upload_id = response.data.upload_id
            if not isinstance(upload_id, str) or not upload_id:
                raise TypeError("uploadId")
            return upload_id

        return self._storage.call(self._writing, create, token=self._token)

    def _send_part(self, upload_id: str, number: int, offset: int, token: CancelToken) -> _SentPart:
        length = min(self.part_size, self.size - offset)

        def upload_part(client: Any, part: _Part, checksum: Crc32c) -> _SentPart:
            response = client.upload_part(
                *self._place,
                upload_id,
                number,
                part,
                content_length=str(length),
                opc_checksum_algorithm=CRC32C,
                opc_content_crc32c=str(checksum),
            )
            if not response.headers["etag"]:
                raise ValueError("etag")
            digest = base64.b64decode(response.headers["opc-content-md5"], validate=True)
            self._compare(response.headers, offset, checksum)
            return _SentPart(number, offset, checksum, response.headers["etag"], digest)

        return self._send(offset, length, upload_part, token)

    def _commit(self, upload_id: str, sent: list[_SentPart]) -> None:
        """Make an object of the parts."""
        from oci.object_storage.models import (
            CommitMultipartUploadDetails,
            CommitMultipartUploadPartDetails,
        )

        details = CommitMultipartUploadDetails(
            parts_to_commit=[
                CommitMultipartUploadPartDetails(part_num=part.number, etag=part.etag)
                for part in sent
            ]
        )
        try:
            response = self._storage.call(
                self._writing,
                lambda client: client.commit_multipart_upload(*self._place, upload_id, details),
                token=self._token,
            )
        except MlflowException as problem:
            if not is_missing(problem):
                raise
            # The upload is gone if the answer to an earlier attempt was lost: the object tells.
            response = self._storage.call(
                self._writing, lambda client: client.head_object(*self._place)
            )
            if not _is_of(response.headers, sent, is_unknown_right=False):
                raise
        if not _is_of(response.headers, sent, is_unknown_right=True):
            raise error(
                "DATA_LOSS",
                f"{self._writing} failed: the service has another content than the file.",
                "Upload it again.",
            )

    def _abort(self, upload_id: str) -> None:
        """Have the service forget the parts that it has, if it can be reached."""
        with contextlib.suppress(MlflowException):
            self._storage.call(
                f"Aborting the upload of {self._place[2]!r}",
                lambda client: client.abort_multipart_upload(*self._place, upload_id),
                once=True,
            )

    def _send(
        self,
        offset: int,
        length: int,
        send: Callable[[Any, _Part, Crc32c], T],
        token: CancelToken,
    ) -> T:
        """Send a part of the file, from its first byte in each attempt.

        The part is read twice: its checksum stands before it. The second time, the system has it in
        memory.
        """
        checksum = self._checksum_of(offset, length)

        def attempt(client: Any) -> T:
            with self._open(offset, length, token) as part:
                try:
                    return send(client, part, checksum)
                except Exception:
                    if (part.left > 0 and part.is_as_announced) or part.checksum == checksum:
                        raise
                    # The file changed: that is why the service found a wrong checksum.
            raise _changed(self._path)

        return self._storage.call(self._writing, attempt, moves_content=True, token=token)

    def _open(self, offset: int, length: int, token: CancelToken | None = None) -> _Part:
        with local_file_errors(self._path, "read"):
            file = open(self._path, "rb")  # noqa: SIM115 - closed by the part
            return _Part(file, offset, length, self._options.chunk, token or self._token)

    def _checksum_of(self, offset: int, length: int) -> Crc32c:
        """Return the checksum of a part of the file, as it is now."""
        with self._open(offset, length) as part:
            while part.read():
                pass
            return part.checksum

    def _compare(self, headers: Mapping[str, str], offset: int, checksum: Crc32c) -> None:
        """Compare what the service says of a part that it has received.

        Raises:
            BrokenContentError: It has another content.
        """
        if CRC32C_HEADER in headers:
            is_right = headers[CRC32C_HEADER] == str(checksum)
        elif "opc-content-md5" in headers:
            # A service that knows no CRC32C has compared nothing yet.
            is_right = headers["opc-content-md5"] == self._md5_of(offset, checksum)
        else:
            is_right = True
        if not is_right:
            raise BrokenContentError("the service has another content than the file")

    def _md5_of(self, offset: int, checksum: Crc32c) -> str:
        """Return the MD5 of a part of the file.

        Raises:
            MlflowException: ``ABORTED`` if the part has another checksum by now.
        """
        digest = md5()
        with self._open(offset, checksum.length) as part:
            while piece := part.read():
                digest.update(piece)
            if part.checksum != checksum:
                raise _changed(self._path)
        return in_base64(digest)

    def _check_unchanged(self, sent: list[_SentPart]) -> None:
        """Refuse a mixture of what the file was and what it became.

        What was appended meanwhile does not matter.
        """
        self._token.raise_if_cancelled()
        with local_file_errors(self._path, "read"):
            if _FileStamp.of(self._path) == self._begin:
                return
        for part in sent:
            if self._checksum_of(part.offset, part.checksum.length) != part.checksum:
                raise _changed(self._path)


@dataclass(frozen=True)
class _SentPart:
    """A part that the service has.

    Attributes:
        number: Its number, from 1.
        offset: Where it begins in the file.
        checksum: The checksum of the file's part, which the service has compared.
        etag: Its entity tag.
        md5: Its MD5, as the service says.
    """

    number: int
    offset: int
    checksum: Crc32c
    etag: str
    md5: bytes


def _is_of(headers: Mapping[str, str], sent: list[_SentPart], *, is_unknown_right: bool) -> bool:
    """Tell from its headers whether an object has the content of the parts."""
    crc32c = headers.get(CRC32C_HEADER)
    if crc32c is not None:
        return crc32c == str(Crc32c.of_parts(part.checksum for part in sent))
    digest = headers.get("opc-multipart-md5")
    if digest is None:
        return is_unknown_right
    return checksums_agree(digest, multipart_md5([part.md5 for part in sent]))


class _Part(io.IOBase):
    """A part of a file as the body of a request, with the checksum of what was read.

    A read returns up to a whole chunk, however few bytes were asked for: ``http.client`` sends all
    that a read returns.
    """

    def __init__(self, file: Any, offset: int, length: int, chunk: int, token: CancelToken) -> None:
        self._file = file
        self._length = length
        self._chunk = chunk
        self._token = token
        self.left = length
        self.checksum = Crc32c()
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
        self.checksum.update(data)
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
