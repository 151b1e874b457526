"""Keep the objects of a bucket, and uploads in parts, in files with an SQLite index.

Files have names of their own, so that no object's name has to be a file's.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import json
import os
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from crc32c import crc32c

from .files import private_opener

PAGE = 1000
"""How many objects are read from the index at a time."""

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    name TEXT PRIMARY KEY, file TEXT, size INTEGER, md5 TEXT, multipart_md5 TEXT, etag TEXT,
    modified REAL, headers TEXT, crc32c TEXT DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, name TEXT, created REAL, headers TEXT);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT, number INTEGER, file TEXT, size INTEGER, md5 TEXT, etag TEXT,
    crc32c TEXT DEFAULT '', PRIMARY KEY (upload, number)
);
"""
#: A column that folders of release 0.1.0 do not have.
_NEW_COLUMN = "ALTER TABLE {table} ADD COLUMN crc32c TEXT DEFAULT ''"
_CHUNK = 1024 * 1024
_LONGEST_COPY = 1 << 30
_INDEX = "index.db"
_OWN_FILE = re.compile(r"[0-9a-f]{32}|.+\.new")
_FROM = "SELECT * FROM objects WHERE name >= ? ORDER BY name LIMIT ?"
_BEHIND = "SELECT * FROM objects WHERE name > ? ORDER BY name LIMIT ?"


@dataclass(frozen=True)
class StoredObject:
    """An object. Uploads in parts have ``multipart_md5``, all others have ``md5``.

    Those whose upload asked for it have ``crc32c``, too, which is that of the whole object.
    """

    name: str
    file: str
    size: int
    md5: str
    multipart_md5: str
    etag: str
    modified: float
    headers: Mapping[str, str] = field(default_factory=dict)
    crc32c: str = ""


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
    crc32c: str


@dataclass(frozen=True)
class ReceivedFile:
    """A received file that belongs to no object yet.

    ``size`` is in bytes, ``md5`` and ``crc32c`` are in base64.
    """

    path: Path
    size: int
    md5: str
    crc32c: str


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
        is_new = not (folder / _INDEX).exists()
        (folder / _INDEX).touch(mode=0o600)
        self._database = sqlite3.connect(
            folder / _INDEX, check_same_thread=False, isolation_level=None
        )
        # A killed process loses nothing; a crash of the machine may, which is no matter here.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLES)
        for table in ("objects", "parts"):
            with contextlib.suppress(sqlite3.OperationalError):  # It is there already.
                self._database.execute(_NEW_COLUMN.format(table=table))
        if not is_new:
            self._tidy_up()

    def _tidy_up(self) -> None:
        """Remove what a process that was killed left half done."""
        files = {file.name for file in self._folder.iterdir() if _OWN_FILE.fullmatch(file.name)}
        rows = self._database.execute("SELECT file FROM parts UNION SELECT file FROM objects")
        for name in files - {name for (name,) in rows}:
            self._remove(name)
        # Release 0.1.0 removed the files of parts before it forgot the parts.
        lost = [
            row[:2]
            for row in self._database.execute("SELECT upload, number, file FROM parts")
            if row[2] not in files
        ]
        self._database.executemany("DELETE FROM parts WHERE upload = ? AND number = ?", lost)

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
                if not file.name.startswith(_INDEX):
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

    def put(
        self, name: str, file: ReceivedFile, headers: Mapping[str, str], *, has_crc32c: bool = False
    ) -> StoredObject:
        """Make an object of a received file. It replaces one with the same name."""
        crc32c = file.crc32c if has_crc32c else ""
        return self._put(name, file.path, file.size, headers, md5=file.md5, crc32c=crc32c)

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
                "SELECT number, file, size, md5, etag, crc32c FROM parts WHERE upload = ? "
                "ORDER BY number",
                (upload.identifier,),
            ).fetchall()
        return [Part(*row) for row in rows]

    def put_part(self, upload: Upload, number: int, file: ReceivedFile) -> str:
        """Make a part of a received file, and return its etag.

        It replaces a part with the same number.
        """
        etag = str(uuid.uuid4())
        with self.lock:
            replaced = [part.file for part in self.parts(upload) if part.number == number]
            with self._adopting(file.path) as adopted, self._transaction() as database:
                database.execute(
                    "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        upload.identifier,
                        number,
                        adopted,
                        file.size,
                        file.md5,
                        etag,
                        file.crc32c,
                    ),
                )
            self._remove(*replaced)
        return etag

    def commit(
        self, upload: Upload, parts: list[Part], *, has_crc32c: bool = False
    ) -> StoredObject:
        """Make an object of the parts of an upload, and end the upload.

        The object is the old one or the new one at any moment, and the parts are there until it
        is the new one.

        Raises:
            OSError: The object cannot be written; such as a full disk. Nothing has changed.
        """
        digests = b"".join(base64.b64decode(part.md5) for part in parts)
        # In practice the number of parts stands behind the digest that the reference describes.
        multipart_md5 = f"{_base64(_md5(digests).digest())}-{len(parts)}"
        with self.lock:
            all_parts = self.parts(upload)
            with self._new_file() as whole:
                with open(whole, "wb", buffering=0, opener=private_opener) as target:
                    for part in parts:
                        _append(self._folder / part.file, target)
                crc32c = _crc32c_of(whole) if has_crc32c else ""
                stored = self._put(
                    upload.name,
                    whole,
                    sum(part.size for part in parts),
                    upload.headers,
                    multipart_md5=multipart_md5,
                    crc32c=crc32c,
                    ended=upload,
                )
            self._remove(*(part.file for part in all_parts))
        return stored

    def abort(self, upload: Upload) -> None:
        """End an upload, and remove its parts."""
        with self.lock:
            parts = self.parts(upload)
            with self._transaction() as database:
                _forget(database, upload)
            self._remove(*(part.file for part in parts))

    # -- files

    @contextlib.contextmanager
    def receiving(self, chunks: Iterable[bytes]) -> Iterator[ReceivedFile]:
        """Receive a file in a block of code.

        At the end of the block the file is removed unless it became an object or a part.
        """
        with self._new_file() as path:
            digest, crc, size = _md5(), 0, 0
            with open(path, "wb", opener=private_opener) as target:
                for chunk in chunks:
                    digest.update(chunk)
                    crc = crc32c(chunk, crc)
                    target.write(chunk)
                    size += len(chunk)
            yield ReceivedFile(path, size, _base64(digest.digest()), _crc_text(crc))

    @contextlib.contextmanager
    def _new_file(self) -> Iterator[Path]:
        """Have a path for a new file, which is removed at the end unless it was adopted."""
        path = self._folder / f"{uuid.uuid4().hex}.new"
        try:
            yield path
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
        crc32c: str = "",
        ended: Upload | None = None,
    ) -> StoredObject:
        """Make an object of a file, in one transaction with the end of its upload."""
        if file.stat().st_size != size:
            raise OSError(errno.EIO, "The file of an object has another length than was received.")
        with self.lock:
            replaced = self.find(name)
            with self._adopting(file) as adopted, self._transaction() as database:
                stored = StoredObject(
                    name,
                    adopted,
                    size,
                    md5,
                    multipart_md5,
                    str(uuid.uuid4()),
                    self._clock(),
                    headers,
                    crc32c,
                )
                database.execute(
                    "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        name,
                        stored.file,
                        size,
                        md5,
                        multipart_md5,
                        stored.etag,
                        stored.modified,
                        json.dumps(dict(headers)),
                        crc32c,
                    ),
                )
                if ended:
                    _forget(database, ended)
            if replaced:
                self._remove(replaced.file)
        return stored

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Change the index in a block of code, wholly or not at all."""
        with self.lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # SQLite itself may have rolled back.
                    self._database.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _adopting(self, file: Path) -> Iterator[str]:
        """Give a complete file a name of its own; if the block fails, the file is removed."""
        adopted = uuid.uuid4().hex
        file.rename(self._folder / adopted)
        try:
            yield adopted
        except BaseException:
            self._remove(adopted)
            raise

    def _remove(self, *files: str) -> None:
        """Remove files that no row of the index names any more."""
        for file in files:
            with contextlib.suppress(OSError):  # The next start tries again.
                (self._folder / file).unlink()


def _forget(database: sqlite3.Connection, upload: Upload) -> None:
    database.execute("DELETE FROM parts WHERE upload = ?", (upload.identifier,))
    database.execute("DELETE FROM uploads WHERE id = ?", (upload.identifier,))


def _stored(row: Any) -> StoredObject:
    name, file, size, md5, multipart_md5, etag, modified, headers, crc32c = row
    return StoredObject(
        name, file, size, md5, multipart_md5, etag, modified, json.loads(headers), crc32c or ""
    )


def _upload(row: Any) -> Upload:
    identifier, name, created, headers = row
    return Upload(identifier, name, created, json.loads(headers))


def _append(source: Path, target: FileIO) -> None:
    """Append a file to another; on Linux the kernel copies it."""
    with open(source, "rb", buffering=0) as file:
        if hasattr(os, "sendfile"):
            offset, sent = 0, 1
            # Where the system cannot, or has no room, the loop below goes on or says so.
            with contextlib.suppress(OSError):
                while sent:
                    sent = os.sendfile(target.fileno(), file.fileno(), offset, _LONGEST_COPY)
                    offset += sent
            file.seek(offset)
        while piece := memoryview(file.read(_CHUNK)):
            while piece:
                piece = piece[target.write(piece) :]


def _crc32c_of(path: Path) -> str:
    """Return the CRC32C of a file in base64."""
    crc = 0
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            crc = crc32c(chunk, crc)
    return _crc_text(crc)


def _crc_text(crc: int) -> str:
    return _base64(crc.to_bytes(4, "big"))


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
