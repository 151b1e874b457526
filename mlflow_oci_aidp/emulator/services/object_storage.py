"""The part of OCI Object Storage that artifacts need: objects, ranges, lists, uploads in parts.

Paths, headers and error codes: https://docs.oracle.com/iaas/api/#/en/objectstorage/20160918/. Contents are files of the
data folder under names of their own, so that no object's name has to be a file's; what is known of them is in SQLite.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..contract.refusal import Refusal, invalid, missing
from ..server.dispatcher import json_reply
from ..server.streaming import FileOperation, FileReply, FileRequest, Piece
from ..state.credentials import BUCKET, NAMESPACE

MAX_PARTS = 10_000
"""The highest number of a part."""

MAX_LISTED = 1000
"""The most objects and prefixes of one page."""

_KEPT_HEADERS = ("content-type", "content-encoding", "content-language", "content-disposition", "cache-control")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    name TEXT PRIMARY KEY, file TEXT, size INTEGER, md5 TEXT, multipart_md5 TEXT, etag TEXT, modified REAL, headers TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, name TEXT, created REAL, headers TEXT);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT, number INTEGER, file TEXT, size INTEGER, md5 TEXT, etag TEXT, PRIMARY KEY (upload, number)
);
"""
_FROM = "SELECT * FROM objects WHERE name >= ? ORDER BY name LIMIT ?"
_BEHIND = "SELECT * FROM objects WHERE name > ? ORDER BY name LIMIT ?"


@dataclass(frozen=True)
class Route:
    """One operation, and where it is."""

    verb: str
    pattern: re.Pattern[str]
    operation: FileOperation


def _route(verb: str, path: str, name: str, *, streamed: bool = False) -> Route:
    pattern = path.format(bucket=r"/n/(?P<namespace>[^/]+)/b/(?P<bucket>[^/]+)", object=r"(?P<object>.+)")
    return Route(verb, re.compile(pattern), FileOperation(name, streamed))


ROUTES: tuple[Route, ...] = (
    _route("GET", "/n/?", "get_namespace"),
    _route("GET", "{bucket}/o", "list_objects"),
    _route("PUT", "{bucket}/o/{object}", "put_object", streamed=True),
    _route("GET", "{bucket}/o/{object}", "get_object"),
    _route("HEAD", "{bucket}/o/{object}", "head_object"),
    _route("DELETE", "{bucket}/o/{object}", "delete_object"),
    _route("POST", "{bucket}/u", "create_multipart_upload"),
    _route("GET", "{bucket}/u", "list_multipart_uploads"),
    _route("PUT", "{bucket}/u/{object}", "upload_part", streamed=True),
    _route("GET", "{bucket}/u/{object}", "list_multipart_upload_parts"),
    _route("POST", "{bucket}/u/{object}", "commit_multipart_upload"),
    _route("DELETE", "{bucket}/u/{object}", "abort_multipart_upload"),
)


@dataclass(frozen=True)
class StoredObject:
    """What is known of an object; ``md5`` is "" for one that came in parts, ``multipart_md5`` for any other."""

    name: str
    file: str
    size: int
    md5: str
    multipart_md5: str
    etag: str
    modified: float
    headers: Mapping[str, str] = field(default_factory=dict)


class ObjectStorage:
    """A namespace with one bucket. Safe for use by several threads."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.RLock()
        (folder / "index.db").touch(mode=0o600)
        self._database = sqlite3.connect(folder / "index.db", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLES)
        self._forget_unfinished()

    def close(self) -> None:
        """Closes the index."""
        with self._lock:
            self._database.close()

    def owns(self, path: str) -> bool:
        """Whether this is a path of Object Storage."""
        return path == "/n" or path.startswith("/n/")

    def operation(self, verb: str, path: str) -> FileOperation | None:
        """The operation that this is."""
        found = _match(verb, path)
        return found[0].operation if found else None

    def answer(self, request: FileRequest) -> FileReply:
        """Does it. Raises ``Refusal``."""
        found = _match(request.verb, request.path)
        if found is None:
            raise Refusal(405, "MethodNotAllowed", "There is no such operation.")
        route, match = found
        where = {name: unquote(value) for name, value in match.groupdict().items()}
        if "bucket" in where:
            self._check_bucket(where["namespace"], where["bucket"])
        handler: Callable[[FileRequest, str], FileReply] = getattr(self, f"_{route.operation.name}")
        return handler(request, where.get("object", ""))

    def list_files(self, artifact_uri: str, path: str) -> list[tuple[str, bool, int | None]]:
        """Path below the location, whether it is a folder, and size in bytes, of what lies directly below a path."""
        authority, _, root = artifact_uri.removeprefix("oci://").partition("/")
        if not artifact_uri.startswith("oci://") or authority != f"{BUCKET}@{NAMESPACE}":
            return []
        top = f"{root.strip('/')}/" if root.strip("/") else ""
        prefix = f"{top}{path.strip('/')}/" if path.strip("/") else top
        found: list[tuple[str, bool, int | None]] = []
        for item in self._listed(prefix, "/", ""):
            if isinstance(item, str):
                found.append((item[len(top) : -1], True, None))
            elif item.name != prefix:
                found.append((item.name[len(top) :], False, item.size))
        return found

    def _check_bucket(self, namespace: str, bucket: str) -> None:
        if namespace != NAMESPACE:
            raise Refusal(404, "NamespaceNotFound", f"Either the namespace '{namespace}' does not exist or is hidden.")
        if bucket != BUCKET:
            raise Refusal(
                404,
                "BucketNotFound",
                f"Either the bucket named '{bucket}' does not exist in the namespace '{namespace}' or it is hidden.",
            )

    def _get_namespace(self, request: FileRequest, name: str) -> FileReply:
        return _json(NAMESPACE)

    def _put_object(self, request: FileRequest, name: str) -> FileReply:
        self._check_conditions(request.headers, self._find(name))
        with self._received(request) as (file, size, md5), self._lock:
            # Asked once more, since another may have put it while this one came in.
            self._check_conditions(request.headers, self._find(name))
            stored = self._keep(name, file, size, _kept(request.headers), md5=md5)
        return FileReply(200, b"", {"opc-content-md5": md5, **_state_headers(stored)})

    def _get_object(self, request: FileRequest, name: str) -> FileReply:
        with self._lock:
            stored = self._existing(name)
            if _matches(request.headers.get("if-none-match"), stored):
                return FileReply(304, b"", _state_headers(stored))
            self._check_conditions({"if-match": request.headers.get("if-match", "")}, stored)
            piece = _range(request.headers.get("range", ""), stored.size)
            file = open(self._folder / stored.file, "rb")  # noqa: SIM115 - http closes it
        headers = _object_headers(stored)
        if piece is None:
            return FileReply(200, Piece(file, 0, stored.size), headers)
        first, last = piece
        # The digest of the whole would not be the body's, and what the service says of it here is not documented.
        headers.pop("content-md5", None)
        headers["content-range"] = f"bytes {first}-{last}/{stored.size}"
        return FileReply(206, Piece(file, first, last - first + 1), headers)

    def _head_object(self, request: FileRequest, name: str) -> FileReply:
        stored = self._existing(name)
        if _matches(request.headers.get("if-none-match"), stored):
            return FileReply(304, b"", _state_headers(stored))
        self._check_conditions({"if-match": request.headers.get("if-match", "")}, stored)
        return FileReply(200, b"", {**_object_headers(stored), "content-length": str(stored.size)})

    def _delete_object(self, request: FileRequest, name: str) -> FileReply:
        with self._lock:
            stored = self._existing(name)
            self._check_conditions({"if-match": request.headers.get("if-match", "")}, stored)
            self._database.execute("DELETE FROM objects WHERE name = ?", (name,))
            self._remove(stored.file)
        return FileReply(204, b"", {"last-modified": formatdate(self._clock(), usegmt=True)})

    def _list_objects(self, request: FileRequest, name: str) -> FileReply:
        query = request.query
        delimiter = query.get("delimiter", "")
        if delimiter not in ("", "/"):
            raise invalid("The only delimiter is '/'.")
        limit = _number(query.get("limit", str(MAX_LISTED)), "limit", MAX_LISTED)
        fields = query.get("fields", "name").split(",")
        unknown = set(fields) - set(_FIELDS)
        if unknown:
            raise invalid(f"Unknown fields: {', '.join(sorted(unknown))}.")
        objects: list[dict[str, Any]] = []
        prefixes: list[str] = []
        answer: dict[str, Any] = {"objects": objects, "prefixes": prefixes}
        for item in self._listed(query.get("prefix", ""), delimiter, query.get("start", "")):
            if len(objects) + len(prefixes) == limit:
                answer["nextStartWith"] = item if isinstance(item, str) else item.name
                break
            if isinstance(item, str):
                prefixes.append(item)
            else:
                objects.append({name: _FIELDS[name](item) for name in {"name", *fields}})
        return _json(answer)

    def _listed(self, prefix: str, delimiter: str, start: str) -> Iterator[StoredObject | str]:
        """Objects, and in place of those behind a delimiter the prefix that they share, in the order of names."""
        begin, query = max(prefix, start), _FROM
        while True:
            with self._lock:
                rows = self._database.execute(query, (begin, MAX_LISTED)).fetchall()
            for row in rows:
                stored = _stored(row)
                if not stored.name.startswith(prefix):
                    return
                rest = stored.name[len(prefix) :]
                if delimiter and delimiter in rest:
                    shared = prefix + rest.partition(delimiter)[0] + delimiter
                    yield shared
                    # On behind all that share it: no character comes after this one.
                    begin, query = shared + chr(0x10FFFF), _BEHIND
                    break
                yield stored
                begin, query = stored.name, _BEHIND
            else:
                if len(rows) < MAX_LISTED:
                    return

    def _create_multipart_upload(self, request: FileRequest, name: str) -> FileReply:
        details = _json_body(request)
        name = details.get("object", "")
        if not isinstance(name, str) or not name:
            raise missing("The field object is missing.")
        self._check_conditions(request.headers, self._find(name))
        metadata = {key.lower(): str(value) for key, value in (details.get("metadata") or {}).items()}
        if any(not key.startswith("opc-meta-") for key in metadata):
            raise invalid("The names of metadata begin with opc-meta-.")
        headers = {"content-type": details.get("contentType") or "application/octet-stream", **metadata}
        identifier, created = str(uuid.uuid4()), self._clock()
        with self._lock:
            self._database.execute(
                "INSERT INTO uploads VALUES (?, ?, ?, ?)", (identifier, name, created, json.dumps(headers))
            )
        return _json(_upload(identifier, name, created))

    def _upload_part(self, request: FileRequest, name: str) -> FileReply:
        identifier = self._upload_of(request, name)[0]
        number = _number(request.query.get("uploadPartNum", ""), "uploadPartNum", MAX_PARTS)
        with self._received(request) as (file, size, md5):
            etag = str(uuid.uuid4())
            with self._lock:
                self._upload_of(request, name)
                for (old,) in self._database.execute(
                    "SELECT file FROM parts WHERE upload = ? AND number = ?", (identifier, number)
                ).fetchall():
                    self._remove(old)
                self._database.execute(
                    "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
                    (identifier, number, self._adopt(file), size, md5, etag),
                )
        return FileReply(200, b"", {"opc-content-md5": md5, "etag": etag})

    def _commit_multipart_upload(self, request: FileRequest, name: str) -> FileReply:
        wanted = {part.get("partNum"): part.get("etag") for part in _json_body(request).get("partsToCommit") or []}
        if not wanted:
            raise missing("There are no parts to commit.")
        with self._lock:
            identifier, _, _, headers = self._upload_of(request, name)
            self._check_conditions(request.headers, self._find(name))
            rows = self._database.execute(
                "SELECT number, file, size, md5, etag FROM parts WHERE upload = ? ORDER BY number", (identifier,)
            ).fetchall()
            parts = [row for row in rows if wanted.get(row[0]) == row[4]]
            if len(parts) != len(wanted):
                raise Refusal(400, "InvalidUploadPart", "A part is not there, or its entity tag is another.")
            digests = b"".join(base64.b64decode(row[3]) for row in parts)
            # In practice the number of parts stands behind the digest that the reference describes.
            multipart_md5 = f"{_base64(_md5(digests).digest())}-{len(parts)}"
            whole = self._folder / parts[0][1]
            with open(whole, "ab") as target:
                for row in parts[1:]:
                    _append(self._folder / row[1], target)
                    self._remove(row[1])
            size = sum(row[2] for row in parts)
            self._database.execute(
                "UPDATE parts SET file = '' WHERE upload = ? AND number = ?", (identifier, parts[0][0])
            )
            stored = self._keep(name, whole, size, json.loads(headers), multipart_md5=multipart_md5)
            self._forget_upload(identifier)
        return FileReply(200, b"", {"opc-multipart-md5": multipart_md5, **_state_headers(stored)})

    def _abort_multipart_upload(self, request: FileRequest, name: str) -> FileReply:
        with self._lock:
            self._forget_upload(self._upload_of(request, name)[0])
        return FileReply(204)

    def _list_multipart_uploads(self, request: FileRequest, name: str) -> FileReply:
        with self._lock:
            rows = self._database.execute("SELECT id, name, created FROM uploads ORDER BY name").fetchall()
        return _json([_upload(*row) for row in rows])

    def _list_multipart_upload_parts(self, request: FileRequest, name: str) -> FileReply:
        with self._lock:
            rows = self._database.execute(
                "SELECT number, size, md5, etag FROM parts WHERE upload = ? ORDER BY number",
                (self._upload_of(request, name)[0],),
            ).fetchall()
        return _json([{"partNumber": row[0], "size": row[1], "md5": row[2], "etag": row[3]} for row in rows])

    def _upload_of(self, request: FileRequest, name: str) -> Any:
        identifier = request.query.get("uploadId", "")
        with self._lock:
            row = self._database.execute(
                "SELECT * FROM uploads WHERE id = ? AND name = ?", (identifier, name)
            ).fetchone()
        if row is None:
            raise Refusal(404, "NoSuchUpload", f"There is no upload '{identifier}' of '{name}'.")
        return row

    def _forget_upload(self, identifier: str) -> None:
        for (file,) in self._database.execute("SELECT file FROM parts WHERE upload = ?", (identifier,)).fetchall():
            if file:
                self._remove(file)
        self._database.execute("DELETE FROM parts WHERE upload = ?", (identifier,))
        self._database.execute("DELETE FROM uploads WHERE id = ?", (identifier,))

    @contextlib.contextmanager
    def _received(self, request: FileRequest) -> Iterator[tuple[Path, int, str]]:
        """A temporary file with the request's body, its size and MD5; gone at the end unless it was adopted."""
        file = self._folder / f"{uuid.uuid4().hex}.new"
        try:
            digest, size = _md5(), 0
            with open(file, "wb", opener=_private_opener) as target:
                for chunk in request.stream.chunks():
                    digest.update(chunk)
                    target.write(chunk)
                    size += len(chunk)
            md5 = _base64(digest.digest())
            given = request.headers.get("content-md5")
            if given is not None and given != md5:
                raise Refusal(
                    400,
                    "UnmatchedContentMD5",
                    f"The computed MD5 of the request body ({md5}) does not match the Content-MD5 header ({given})",
                )
            yield file, size, md5
        finally:
            file.unlink(missing_ok=True)

    def _adopt(self, file: Path) -> str:
        """Gives a file that is complete its name."""
        adopted = uuid.uuid4().hex
        file.rename(self._folder / adopted)
        return adopted

    def _keep(
        self, name: str, file: Path, size: int, headers: Mapping[str, str], *, md5: str = "", multipart_md5: str = ""
    ) -> StoredObject:
        old = self._find(name)
        stored = StoredObject(
            name, self._adopt(file), size, md5, multipart_md5, str(uuid.uuid4()), self._clock(), headers
        )
        self._database.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (name, stored.file, size, md5, multipart_md5, stored.etag, stored.modified, json.dumps(dict(headers))),
        )
        if old:
            self._remove(old.file)
        return stored

    def _find(self, name: str) -> StoredObject | None:
        with self._lock:
            row = self._database.execute("SELECT * FROM objects WHERE name = ?", (name,)).fetchone()
        return _stored(row) if row else None

    def _existing(self, name: str) -> StoredObject:
        stored = self._find(name)
        if stored is None:
            raise Refusal(
                404,
                "ObjectNotFound",
                f"The object '{name}' does not exist in bucket '{BUCKET}' with namespace '{NAMESPACE}'",
            )
        return stored

    def _check_conditions(self, headers: Mapping[str, str], stored: StoredObject | None) -> None:
        if headers.get("if-none-match") and _matches(headers["if-none-match"], stored):
            raise Refusal(412, "IfNoneMatchFailed", "The If-None-Match condition failed.")
        if headers.get("if-match") and not _matches(headers["if-match"], stored):
            raise Refusal(412, "IfMatchFailed", "The If-Match condition failed.")

    def _remove(self, file: str) -> None:
        (self._folder / file).unlink(missing_ok=True)

    def _forget_unfinished(self) -> None:
        for file in self._folder.glob("*.new"):
            file.unlink(missing_ok=True)


_FIELDS: Mapping[str, Callable[[StoredObject], Any]] = {
    "name": lambda stored: stored.name,
    "size": lambda stored: stored.size,
    "etag": lambda stored: stored.etag,
    "md5": lambda stored: stored.md5 or stored.multipart_md5,
    "timeCreated": lambda stored: _timestamp(stored.modified),
    "timeModified": lambda stored: _timestamp(stored.modified),
    "storageTier": lambda stored: "Standard",
    "archivalState": lambda stored: None,
}


def _match(verb: str, path: str) -> tuple[Route, re.Match[str]] | None:
    for route in ROUTES:
        match = route.pattern.fullmatch(path) if route.verb == verb else None
        if match:
            return route, match
    return None


def _stored(row: Any) -> StoredObject:
    name, file, size, md5, multipart_md5, etag, modified, headers = row
    return StoredObject(name, file, size, md5, multipart_md5, etag, modified, json.loads(headers))


def _matches(condition: str | None, stored: StoredObject | None) -> bool:
    return bool(condition) and stored is not None and condition in ("*", stored.etag)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name in _KEPT_HEADERS or name.startswith("opc-meta-")}
    return {"content-type": "application/octet-stream", **kept}


def _state_headers(stored: StoredObject) -> dict[str, str]:
    return {"etag": stored.etag, "last-modified": formatdate(stored.modified, usegmt=True)}


def _object_headers(stored: StoredObject) -> dict[str, str]:
    digest = {"content-md5": stored.md5} if stored.md5 else {"opc-multipart-md5": stored.multipart_md5}
    return {**stored.headers, **_state_headers(stored), **digest, "accept-ranges": "bytes", "storage-tier": "Standard"}


def _range(header: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte that are asked for; None: all."""
    if not header:
        return None
    match = _RANGE.fullmatch(header)
    if match is None or not (match[1] or match[2]):
        raise invalid("The range cannot be read.")
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
    if first > last:
        raise Refusal(416, "InvalidRange", f"The object has {size} bytes.")
    return first, last


def _number(text: str, name: str, highest: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= highest):
        raise invalid(f"{name} is a number from 1 to {highest}.")
    return int(text)


def _json_body(request: FileRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.stream.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "CannotParseRequest", "The body is no JSON object.")
    return body


def _json(value: Any) -> FileReply:
    reply = json_reply(200, value)
    return FileReply(reply.status, reply.body, reply.headers)


def _upload(identifier: str, name: str, created: float) -> dict[str, str]:
    return {
        "namespace": NAMESPACE,
        "bucket": BUCKET,
        "object": name,
        "uploadId": identifier,
        "timeCreated": _timestamp(created),
    }


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _append(source: Path, target: Any) -> None:
    """Copies a file to the end of another; where the system can, without the bytes passing through here."""
    with open(source, "rb") as file:
        remaining = os.fstat(file.fileno()).st_size
        if hasattr(os, "sendfile"):
            target.flush()
            offset = 0
            while remaining:
                try:
                    sent = os.sendfile(target.fileno(), file.fileno(), offset, remaining)
                except OSError:
                    break
                offset, remaining = offset + sent, remaining - sent
            file.seek(offset)
        shutil.copyfileobj(file, target, 1024 * 1024)


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
