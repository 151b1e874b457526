"""Files to objects and back: in parts, in parallel, in constant memory, with their checksums compared.

Up: through ``oci``'s ``UploadManager``. The service compares an MD5 for each request, and what it says of the whole is
compared here. Down: into a temporary file beside the target, which is renamed when it is complete and right:

- an object that was put at once has an MD5, which is compared;
- one that came in parts has an MD5 over those of its parts. This package writes the size of the parts into the
  object's metadata, and compares; of others' objects only length and entity tag of each range are certain.

Sources: https://docs.oracle.com/iaas/Content/Object/Tasks/usingmultipartuploads.htm (parts, their number), Object
Storage's API reference (headers); that the number of parts stands behind the MD5 of MD5s is what ``oci`` users see.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import posixpath
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import ArtifactProgressBar

from mlflow_oci_aidp.artifacts.object_storage.client import Broken, ObjectClient, is_missing
from mlflow_oci_aidp.artifacts.threads import call_off
from mlflow_oci_aidp.client.cancellation import CancelToken, TransferCancelledError, stoppable
from mlflow_oci_aidp.errors import error, of_file

MEBIBYTE = 1024 * 1024

#: Bytes of a part, in both directions: what is longer goes in several.
PART_SIZE = 64 * MEBIBYTE
#: The most parts of one object. [usingmultipartuploads.htm]
MAX_PARTS = 10_000
#: Parts of one file that are under way at a time.
PARALLEL = 4
#: How often an object in parts is downloaded whose checksum, known only at the end, is wrong.
LARGE_ATTEMPTS = 2
#: Bytes of a part that are in memory at a time.
CHUNK = MEBIBYTE

_PART_SIZE_KEY = "mlflow-part-size"


class ObjectTransfer:
    """Moves files to a bucket and back.

    Args:
        storage: The calls.
        namespace: The namespace of the bucket.
        bucket: The bucket's name.
        part_size: Bytes of a part.
    """

    def __init__(self, storage: ObjectClient, namespace: str, bucket: str, part_size: int | None = None) -> None:
        self._storage = storage
        self._place = (namespace, bucket)
        self._part_size = part_size or PART_SIZE

    def upload(self, path: str, name: str) -> None:
        """Put a file in the place of an object, which changes at once or not at all.

        It is sent as long as it was at the beginning: what is written behind that meanwhile, as into a log, stays out.

        Args:
            path: The file.
            name: The object's name.

        Raises:
            MlflowException: What the service refused, why it could not be reached, a file that cannot be read, and
                ``ABORTED`` for one that changed while it was sent.
        """
        with stoppable() as whole:
            of_file(path, "read", lambda: self._upload(path, name, whole.part()))

    def _upload(self, path: str, name: str, stop: CancelToken) -> None:
        from oci.object_storage import UploadManager

        upload = _Upload(self._storage, path, self._part_size, stop)
        if upload.is_in_one_part:
            upload.put_object(*self._place, name)
            return
        manager = UploadManager(upload, parallel_process_count=PARALLEL)
        part_size = upload.part_size
        with ArtifactProgressBar.chunks(upload.size, f"Uploading {path}", part_size) as bar:
            is_sent = False
            try:
                manager.upload_file(
                    *self._place,
                    name,
                    path,
                    part_size=part_size,
                    metadata={_PART_SIZE_KEY: str(part_size)},
                    progress_callback=lambda _: bar.update(),
                )
                is_sent = True
            except TransferCancelledError:
                pass  # The error of the part that failed is raised below.
            finally:
                if not is_sent:
                    upload.abort()
        if not is_sent:
            raise stop.problem or TransferCancelledError

    def download(self, name: str, path: str) -> None:
        """Get an object in the place of a file, which changes at once or not at all.

        Args:
            name: The object's name.
            path: The file; its folder exists.

        Raises:
            MlflowException: What the service refused, why it could not be reached, a checksum that is wrong, or a file
                that cannot be written.
        """
        with stoppable() as whole:
            of_file(path, "written", lambda: self._download(name, path, whole))

    def _download(self, name: str, path: str, stop: CancelToken) -> None:
        temporary = os.path.join(os.path.dirname(path), f".{uuid.uuid4().hex}.part")
        try:
            headers, size = self._get_small(name, temporary, stop)
            if size > self._part_size and not any(
                self._get_large(name, temporary, size, headers, stop) for _ in range(LARGE_ATTEMPTS)
            ):
                raise error(
                    "DATA_LOSS",
                    f"{self._reading(name)} failed: the content does not match its checksum.",
                    "Download it again; if it stays, the object has to be uploaded anew.",
                )
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _get_small(self, name: str, temporary: str, stop: CancelToken) -> tuple[Mapping[str, str], int]:
        """Writes an object that is not longer than a part, and of any other an empty file; says what it is."""

        def attempt(client: Any) -> tuple[Mapping[str, str], int]:
            response = client.get_object(*self._place, name)
            with contextlib.closing(response.data), open(temporary, "wb") as file:
                size = int(response.headers["content-length"])
                if size <= self._part_size:
                    digest = _md5()
                    for chunk in _chunks(response, size):
                        stop.check()
                        digest.update(chunk)
                        file.write(chunk)
                    if response.headers.get("content-md5", _base64(digest)) != _base64(digest):
                        raise Broken("the content does not match its checksum")
                return dict(response.headers), size

        return self._storage.call(self._reading(name), attempt, moves_content=True, stop=stop)

    def _get_large(self, name: str, temporary: str, size: int, headers: Mapping[str, str], whole: CancelToken) -> bool:
        """Writes an object range by range; says whether its checksum, if it has one that can be made, is right."""
        names = {key.lower(): value for key, value in headers.items()}
        part_size = _part_size_of(names, size) or self._part_size
        offsets = range(0, size, part_size)
        stop = whole.part()
        download = _Download(self._storage, self._place, name, names["etag"], temporary, stop)
        with open(temporary, "wb") as file:
            file.truncate(size)
        with (
            ArtifactProgressBar.chunks(size, f"Downloading {posixpath.basename(name)}", part_size) as bar,
            ThreadPoolExecutor(PARALLEL, thread_name_prefix="aidp-object-storage") as pool,
        ):
            futures: list[Future[bytes]] = []
            try:
                for offset in offsets:
                    length = min(part_size, size - offset)
                    futures.append(pool.submit(download.get, self._reading(name), offset, length))
                    futures[-1].add_done_callback(lambda _: bar.update())
                wait(futures, return_when=FIRST_EXCEPTION)
                if stop.problem is None:
                    digests = [future.result() for future in futures]
            finally:
                # All are done, but where one failed or this is interrupted.
                call_off(futures, stop)
        if stop.problem is not None:
            raise stop.problem
        given = names.get("content-md5")
        found = _md5_of(temporary) if given else ""
        if not given and _part_size_of(names, size):
            given, found = names["opc-multipart-md5"], _multipart_md5(digests)
        return not given or _agree(given, found)

    def _reading(self, name: str) -> str:
        return f"Reading the object {name!r} of the bucket {self._place[1]!r}"


class _Upload:
    """The client that an ``UploadManager`` sees: each of its calls is repeated, and its answer looked at.

    Args:
        storage: The calls.
        path: The file, as it is now.
        part_size: Bytes of a part, if they do not make too many.
        stop: What calls it off.
    """

    def __init__(self, storage: ObjectClient, path: str, part_size: int, stop: CancelToken) -> None:
        self._storage = storage
        self._path = path
        self._begin = _Look.at(path)
        self.size = self._begin.size
        self.part_size = max(part_size, -(-self.size // MAX_PARTS))
        self._stop = stop
        self._upload: tuple[str, str, str, str] | None = None
        self._digests: dict[int, bytes] = {}
        self._under_way = threading.Condition()
        self._sending = 0
        self.base_client = storage.client.base_client

    @property
    def is_in_one_part(self) -> bool:
        return self.size <= self.part_size

    def put_object(self, namespace: str, bucket: str, name: str) -> None:
        """Send all of the file at once, with its digest before it."""
        digest = _base64(self._digest_of(0, self.size))

        def attempt(client: Any, part: _Part) -> bytes:
            try:
                response = client.put_object(
                    namespace, bucket, name, part, content_length=str(self.size), content_md5=digest
                )
            finally:
                # Where the file changed, that is why the service took it for broken.
                part.is_as_announced &= part.left > 0 or _base64(part.digest) == digest
            _compare(response.headers.get("opc-content-md5"), digest)
            return b""

        self._send(self._writing(name, bucket), 0, self.size, attempt)

    def create_multipart_upload(self, namespace: str, bucket: str, request: Any, **details: Any) -> Any:
        response = self._storage.call(
            self._writing(request.object, bucket),
            lambda client: client.create_multipart_upload(namespace, bucket, request, **details),
            stop=self._stop,
        )
        self._upload = (namespace, bucket, request.object, response.data.upload_id)
        return response

    def upload_part(
        self, namespace: str, bucket: str, name: str, upload: str, number: int, _body: Any, **details: Any
    ) -> Any:
        # The manager lets the other parts go on when one has failed.
        self._stop.check()
        offset = (number - 1) * self.part_size
        length = min(self.part_size, self.size - offset)

        # The manager of oci 2.189 makes a digest of each part, and does not send it: it is compared afterwards.
        details.pop("content_md5", None)

        def attempt(client: Any, part: _Part) -> Any:
            # A body of our own, since that of the manager cannot be read a second time.
            response = client.upload_part(
                namespace, bucket, name, upload, number, part, content_length=str(length), **details
            )
            _compare(response.headers.get("opc-content-md5"), _base64(part.digest))
            self._digests[number] = part.digest.digest()
            return response

        with self._under_way:
            self._sending += 1
        try:
            if length <= 0:
                raise _changed(self._path)  # The manager looked later than this did, and found more.
            return self._send(self._writing(name, bucket), offset, length, attempt)
        except BaseException as problem:
            self._stop.set(problem)
            raise
        finally:
            with self._under_way:
                self._sending -= 1
                self._under_way.notify_all()

    def _send(self, what: str, offset: int, length: int, send: Callable[[Any, _Part], Any]) -> Any:
        """Send a part of the file, from its first byte in each attempt."""

        def attempt(client: Any) -> Any:
            with open(self._path, "rb") as file:
                part = _Part(file, offset, length, self._stop)
                try:
                    return send(client, part)
                except Exception:
                    if part.is_as_announced:
                        raise
            raise _changed(self._path)

        return self._storage.call(what, attempt, moves_content=True, stop=self._stop)

    def _digest_of(self, offset: int, length: int) -> Any:
        """The digest of a part of the file, as it is now."""
        with open(self._path, "rb") as file:
            part = _Part(file, offset, length, self._stop)
            while part.read():
                pass
        return part.digest

    def _check_unchanged(self) -> None:
        """Refuse to keep a mixture of what a file was and what it became; what was written behind it is no matter."""
        if _Look.at(self._path) == self._begin:
            return
        for number, digest in sorted(self._digests.items()):
            offset = (number - 1) * self.part_size
            if self._digest_of(offset, min(self.part_size, self.size - offset)).digest() != digest:
                raise _changed(self._path)

    def commit_multipart_upload(
        self, namespace: str, bucket: str, name: str, upload: str, parts: Any, **details: Any
    ) -> Any:
        self._stop.check()
        self._check_unchanged()
        expected = _multipart_md5([self._digests[number] for number in sorted(self._digests)])
        what = self._writing(name, bucket)
        try:
            response = self._storage.call(
                what,
                lambda client: client.commit_multipart_upload(namespace, bucket, name, upload, parts, **details),
                stop=self._stop,
            )
        except MlflowException as problem:
            if not is_missing(problem):
                raise
            # The upload is gone where an earlier attempt's answer was lost: the object tells.
            response = self._storage.call(what, lambda client: client.head_object(namespace, bucket, name))
            if not _agree(response.headers.get("opc-multipart-md5", ""), expected):
                raise
        self._upload = None
        if not _agree(response.headers.get("opc-multipart-md5", expected), expected):
            raise error(
                "DATA_LOSS", f"{what} failed: the service has another content than the file.", "Upload it again."
            )
        return response

    def abort(self) -> None:
        """Send no further part, and have the service forget those it has, if it can be reached at once."""
        self._stop.set()
        with self._under_way:
            # A part that arrived afterwards would be nobody's.
            self._under_way.wait_for(lambda: not self._sending)
        if self._upload is not None:
            begun = self._upload
            with contextlib.suppress(MlflowException):
                self._storage.call(
                    f"Aborting the upload of {begun[2]!r}",
                    lambda client: client.abort_multipart_upload(*begun),
                    once=True,
                )

    def _writing(self, name: str, bucket: str) -> str:
        return f"Writing the object {name!r} of the bucket {bucket!r}"


class _Download:
    """The ranges of one object, written into one file by several threads."""

    def __init__(
        self, storage: ObjectClient, place: tuple[str, str], name: str, etag: str, path: str, stop: CancelToken
    ) -> None:
        self._storage = storage
        self._place = place
        self._name = name
        self._etag = etag
        self._path = path
        self._stop = stop

    def get(self, what: str, offset: int, length: int) -> bytes:
        """Write a range, continuing where a connection broke; returns its MD5."""
        digest, done = _md5(), 0

        def attempt(client: Any) -> None:
            nonlocal done
            wanted = f"bytes={offset + done}-{offset + length - 1}"
            response = client.get_object(*self._place, self._name, range=wanted, if_match=self._etag)
            with contextlib.closing(response.data), open(self._path, "r+b") as file:
                if response.status != 206:
                    raise Broken("the service answered with more than the range that was asked for")
                file.seek(offset + done)
                for chunk in _chunks(response, length - done):
                    self._stop.check()
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)

        try:
            self._storage.call(what, attempt, moves_content=True, stop=self._stop)
        except BaseException as problem:
            self._stop.set(problem)
            raise
        return bytes(digest.digest())


class _Part(io.IOBase):
    """A part of a file as the body of a request, with the digest of what was read.

    What is read at a time is larger than what HTTP asks for, which sends all that it gets.
    """

    def __init__(self, file: Any, offset: int, length: int, stop: CancelToken) -> None:
        self._file = file
        self._length = length
        self._stop = stop
        self.left = length
        self.digest = _md5()
        self.is_as_announced = True
        file.seek(offset)

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True  # An empty one is a body, too.

    def read(self, size: int = -1) -> bytes:
        self._stop.check()
        data: bytes = self._file.read(min(self.left, CHUNK))
        if self.left and not data:
            self.is_as_announced = False  # The service would wait for the rest.
            raise _changed(self._file.name)
        self.left -= len(data)
        self.digest.update(data)
        return data


@dataclass(frozen=True)
class _Look:
    """What tells that a file was written to."""

    size: int
    modified: int
    file: int

    @classmethod
    def at(cls, path: str) -> _Look:
        found = os.stat(path)
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


def _changed(path: str) -> MlflowException:
    return error("ABORTED", f"The file {path!r} changed while it was sent.", "Log it when it is complete.")


def _chunks(response: Any, length: int) -> Iterator[bytes]:
    """The body as it is stored, exactly ``length`` bytes of it."""
    left = length
    for chunk in response.data.raw.stream(CHUNK, decode_content=False):
        left -= len(chunk)
        if left < 0:
            raise Broken("the service sent more than it announced")
        yield chunk
    if left:
        raise Broken("the answer was cut off")


def _compare(found: str | None, expected: str) -> None:
    if found is not None and found != expected:
        raise Broken("the service has another content than the file")


def _part_size_of(headers: Mapping[str, str], size: int) -> int:
    """The size of an object's parts, 0 where it is not known."""
    text = headers.get(f"opc-meta-{_PART_SIZE_KEY}", "")
    _, _, count = headers.get("opc-multipart-md5", "").partition("-")
    if not (text.isdecimal() and count.isdecimal() and int(text)):
        return 0
    return int(text) if -(-size // int(text)) == int(count) else 0


def _multipart_md5(digests: list[bytes]) -> str:
    return f"{_base64(_md5(b''.join(digests)))}-{len(digests)}"


def _agree(given: str, found: str) -> bool:
    """Whether two checksums are the same, the number of parts aside, should the service not write it."""
    return given.partition("-")[0] == found.partition("-")[0]


def _md5_of(path: str) -> str:
    digest = _md5()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return _base64(digest)


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def _base64(digest: Any) -> str:
    return base64.b64encode(digest.digest()).decode("ascii")
