"""Keep the objects of a bucket, and uploads in parts, in files with an SQLite index.

Files have names of their own, so that no object's name has to be a file's.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

PAGE = 1000
"""How many objects are read from the index at a time."""

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    name TEXT PRIMARY KEY, file TEXT, size INTEGER, md5 TEXT, multipart_md5 TEXT, etag TEXT,
    modified REAL, headers TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, name TEXT, created REAL, headers TEXT);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT, number INTEGER, file TEXT, size INTEGER, md5 TEXT, etag TEXT,
    PRIMARY KEY (upload, number)
);
"""
_FROM = "SELECT * FROM objects WHERE name >= ? ORDER BY name LIMIT ?"
_BEHIND = "SELECT * FROM objects WHERE name > ? ORDER BY name LIMIT ?"


@dataclass(frozen=True)
class StoredObject:
    """An object. Uploads in parts have ``multipart_md5``, all others have ``md5``."""

    name: str
    file: str
    size: int
    md5: str
    multipart_md5: str
    etag: str
    modified: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upload:
    """An upload in parts that is not committed yet."""

    identifier: str
    name: str
    created: float
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A part of an upload."""

    number: int
    file: str
    size: int
    md5: str
    etag: str


@dataclass(frozen=True)
class ReceivedFile:
    """A received file that belongs to no object yet.

    ``size`` is in bytes, ``md5`` in base64.
    """

    path: Path
    size: int
    md5: str


class ObjectStore:
    """Objects and uploads in a folder. Safe for use by several threads.

    Args:
        folder: The folder, which is made if it is not there.
        clock: Gives seconds since 1970.

    Attributes:
        lock: Held by a caller whose steps belong together; it is reentrant.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(mode=0o700, exist_ok=True)
        self.lock = threading.RLock()
        (folder / "index.db").touch(mode=0o600)
        self._database = sqlite3.connect(
            folder / "index.db", check_same_thread=False, isolation_level=None
        )
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLES)
        for file in folder.glob("*.new"):
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the index."""
        with self.lock:
            self._database.close()

    def clear(self) -> None:
        """Remove every object and every upload."""
        with self.lock:
            for table in ("objects", "uploads", "parts"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
            for file in self._folder.iterdir():
                if not file.name.startswith("index.db"):
                    file.unlink(missing_ok=True)

    # -- objects

    def find(self, name: str) -> StoredObject | None:
        """Return the object with a name, if there is one."""
        with self.lock:
            row = self._database.execute("SELECT * FROM objects WHERE name = ?", (name,)).fetchone()
        return _stored(row) if row else None

    def open(self, stored: StoredObject) -> BinaryIO:
        """Open the content of an object."""
        return open(self._folder / stored.file, "rb")

    def put(self, name: str, file: ReceivedFile, headers: Mapping[str, str]) -> StoredObject:
        """Make an object of a received file. It replaces one with the same name."""
        return self._put(name, file.path, file.size, headers, md5=file.md5)

    def delete(self, stored: StoredObject) -> None:
        """Delete an object."""
        with self.lock:
            self._database.execute("DELETE FROM objects WHERE name = ?", (stored.name,))
            self._remove(stored.file)

    def listed(
        self, prefix: str, delimiter: str = "", start: str = ""
    ) -> Iterator[StoredObject | str]:
        """Yield objects in the order of their names.

        Of objects whose names share a prefix up to the delimiter, only the prefix is yielded.
        """
        begin, query = max(prefix, start), _FROM
        while True:
            with self.lock:
                rows = self._database.execute(query, (begin, PAGE)).fetchall()
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
                if len(rows) < PAGE:
                    return

    # -- uploads in parts

    def create_upload(self, name: str, headers: Mapping[str, str]) -> Upload:
        """Begin an upload in parts."""
        upload = Upload(str(uuid.uuid4()), name, self._clock(), headers)
        with self.lock:
            self._database.execute(
                "INSERT INTO uploads VALUES (?, ?, ?, ?)",
                (upload.identifier, name, upload.created, json.dumps(dict(headers))),
            )
        return upload

    def find_upload(self, identifier: str, name: str) -> Upload | None:
        """Return an upload of an object, if there is one."""
        with self.lock:
            row = self._database.execute(
                "SELECT * FROM uploads WHERE id = ? AND name = ?", (identifier, name)
            ).fetchone()
        return _upload(row) if row else None

    def uploads(self) -> list[Upload]:
        """Return every upload, in the order of the objects' names."""
        with self.lock:
            rows = self._database.execute("SELECT * FROM uploads ORDER BY name").fetchall()
        return [_upload(row) for row in rows]

    def parts(self, upload: Upload) -> list[Part]:
        """Return the parts of an upload, in the order of their numbers."""
        with self.lock:
            rows = self._database.execute(
                "SELECT number, file, size, md5, etag FROM parts WHERE upload = ? ORDER BY number",
                (upload.identifier,),
            ).fetchall()
        return [Part(*row) for row in rows]

    def put_part(self, upload: Upload, number: int, file: ReceivedFile) -> str:
        """Make a part of a received file, and return its etag.

        It replaces a part with the same number.
        """
        etag = str(uuid.uuid4())
        with self.lock:
            for part in self.parts(upload):
                if part.number == number:
                    self._remove(part.file)
            self._database.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)",
                (upload.identifier, number, self._adopt(file.path), file.size, file.md5, etag),
            )
        return etag

    def commit(self, upload: Upload, parts: list[Part]) -> StoredObject:
        """Make an object of the parts of an upload, and end the upload."""
        digests = b"".join(base64.b64decode(part.md5) for part in parts)
        # In practice the number of parts stands behind the digest that the reference describes.
        multipart_md5 = f"{_base64(_md5(digests).digest())}-{len(parts)}"
        with self.lock:
            whole = self._folder / parts[0].file
            with open(whole, "ab") as target:
                for part in parts[1:]:
                    _append(self._folder / part.file, target)
                    self._remove(part.file)
            self._database.execute(
                "UPDATE parts SET file = '' WHERE upload = ? AND number = ?",
                (upload.identifier, parts[0].number),
            )
            size = sum(part.size for part in parts)
            stored = self._put(
                upload.name, whole, size, upload.headers, multipart_md5=multipart_md5
            )
            self.abort(upload)
        return stored

    def abort(self, upload: Upload) -> None:
        """End an upload, and remove its parts."""
        with self.lock:
            for part in self.parts(upload):
                if part.file:
                    self._remove(part.file)
            self._database.execute("DELETE FROM parts WHERE upload = ?", (upload.identifier,))
            self._database.execute("DELETE FROM uploads WHERE id = ?", (upload.identifier,))

    # -- files

    @contextlib.contextmanager
    def receiving(self, chunks: Iterable[bytes]) -> Iterator[ReceivedFile]:
        """Receive a file in a block of code.

        At the end of the block the file is removed unless it became an object or a part.
        """
        path = self._folder / f"{uuid.uuid4().hex}.new"
        try:
            digest, size = _md5(), 0
            with open(path, "wb", opener=_private_opener) as target:
                for chunk in chunks:
                    digest.update(chunk)
                    target.write(chunk)
                    size += len(chunk)
            yield ReceivedFile(path, size, _base64(digest.digest()))
        finally:
            path.unlink(missing_ok=True)

    def _put(
        self,
        name: str,
        file: Path,
        size: int,
        headers: Mapping[str, str],
        *,
        md5: str = "",
        multipart_md5: str = "",
    ) -> StoredObject:
        with self.lock:
            replaced = self.find(name)
            stored = StoredObject(
                name,
                self._adopt(file),
                size,
                md5,
                multipart_md5,
                str(uuid.uuid4()),
                self._clock(),
                headers,
            )
            self._database.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    name,
                    stored.file,
                    size,
                    md5,
                    multipart_md5,
                    stored.etag,
                    stored.modified,
                    json.dumps(dict(headers)),
                ),
            )
            if replaced:
                self._remove(replaced.file)
        return stored

    def _adopt(self, file: Path) -> str:
        """Give a complete file its name."""
        adopted = uuid.uuid4().hex
        file.rename(self._folder / adopted)
        return adopted

    def _remove(self, file: str) -> None:
        (self._folder / file).unlink(missing_ok=True)


def _stored(row: Any) -> StoredObject:
    name, file, size, md5, multipart_md5, etag, modified, headers = row
    return StoredObject(name, file, size, md5, multipart_md5, etag, modified, json.loads(headers))


def _upload(row: Any) -> Upload:
    identifier, name, created, headers = row
    return Upload(identifier, name, created, json.loads(headers))


def _append(source: Path, target: Any) -> None:
    """Append a file to another; on Linux the kernel copies it."""
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
