"""Volumes and the files in them: real files in the data folder, behind the operations that artifacts need.

Where the contract leaves open what happens, the stricter thing does, so that no client comes to rely on the other: a
folder is made and filled only where the one above it is there, and deleted only when it is empty; the list of a file
is that file.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..contract.refusal import Refusal, invalid, missing, not_found
from ..contract.terms import Field
from ..contract.volumes import MAX_PATH, OPERATIONS, VolumeOperation
from ..server.dispatcher import json_reply
from ..server.streaming import FileOperation, FileReply, FileRequest, Piece
from ..server.validation import check_query
from ..state.retry_tokens import RetryTokens

FIRST_VOLUME = ("main", "default", "artifacts")
"""The volume that is there from the start: catalog, schema, name."""

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

_OURS = re.compile(r"/20260430/aiDataPlatforms/[^/]+/volumes(/.*)?")
_SIGNED = re.compile(r'headers="([^"]*)"')
_STATUSES = {
    "full": {"create": 200, "change": 200, "delete": 204},
    "bare": {"create": 201, "change": 204, "delete": 204},
}

Handler = Callable[[FileRequest, dict[str, Any], Path, str], FileReply]


class Volumes:
    """The volumes of one AI Data Platform, as a service of files. ``folder`` holds them."""

    def __init__(
        self, folder: Path, ai_data_platform_id: str, retry_tokens: RetryTokens, *, success: str = "full"
    ) -> None:
        self._folder = folder
        self._ai_data_platform_id = ai_data_platform_id
        self._retry_tokens = retry_tokens
        self._statuses = _STATUSES[success]
        self._lock = threading.RLock()
        self._incoming = folder / ".incoming"
        _make(folder, self._incoming)
        self.add(*FIRST_VOLUME)

    def add(self, catalog: str, schema: str, name: str) -> None:
        """Makes a volume, unless it is there. Raises ``ValueError`` for what is no name."""
        for part in (catalog, schema, name):
            if not part or part in {".", ".."} or "/" in part or "\0" in part or part.startswith("."):
                raise ValueError(f"{part!r} is no name.")
        _make(self._folder, self._folder / catalog / schema / name)

    def owns(self, path: str) -> bool:
        """Whether requests for this path (as sent) are its own."""
        return _OURS.fullmatch(path) is not None

    def operation(self, verb: str, path: str) -> FileOperation | None:
        """The operation that this is."""
        row = _row_at(verb, path)
        return FileOperation(row.name, row.streamed) if row else None

    def answer(self, request: FileRequest) -> FileReply:
        """Does it. Raises ``Refusal``."""
        row = _row_at(request.verb, request.path)
        if row is None:
            verbs = sorted(row.verb for row in OPERATIONS if row.pattern.fullmatch(request.path))
            if not verbs:
                raise not_found("There is no such operation.")
            raise Refusal(405, "MethodNotAllowed", f"Allowed here: {', '.join(verbs)}.")
        found = row.pattern.fullmatch(request.path)
        parameters = {name: unquote(text) for name, text in found.groupdict().items()} if found else {}
        if parameters.get("aiDataPlatformId") != self._ai_data_platform_id:
            raise not_found("Authorization failed or requested resource not found.")
        arguments = check_query(request.target.partition("?")[2], row.query) | _headers(request, row.headers)
        volume = self._volume(parameters["volumeKey"]) if "volumeKey" in parameters else self._folder
        if not row.streamed and request.stream.length:
            raise invalid("This operation takes no body.")
        handler: Handler = getattr(self, f"_{row.name}")
        return handler(request, arguments, volume, arguments.get("path", ""))

    def list_files(self, artifact_uri: str, path: str) -> list[tuple[str, bool, int | None]]:
        """What lies directly below a path of a ``/Volumes/...`` location: path, whether it is a folder, size in bytes.

        Paths are relative to the location; nothing lies below what is no folder.
        """
        place = _inside(self._folder, artifact_uri.partition("/Volumes")[2])
        found = place.joinpath(*path.split("/")) if path else place
        if len(place.relative_to(self._folder).parts) < 3 or ".." in path.split("/") or not found.is_dir():
            return []
        return [
            (one.relative_to(place).as_posix(), one.is_dir(), None if one.is_dir() else one.stat().st_size)
            for one in sorted(found.iterdir())
        ]

    # Volumes

    def _list_volumes(self, request: FileRequest, asked: dict[str, Any], _: Path, __: str) -> FileReply:
        catalog, _dot, schema = asked["schemaKey"].partition(".")
        if catalog != asked["catalogKey"]:
            raise invalid("'schemaKey' has the form <catalog>.<schema>.")
        place = self._folder / catalog / schema
        if {catalog, schema} & {"", ".", ".."} or "/" in catalog + schema or not place.is_dir():
            raise not_found("Authorization failed or requested resource not found.")
        rows = [_volume_fields(one, catalog, schema) for one in sorted(place.iterdir())]
        summaries = [{k: v for k, v in row.items() if k not in {"catalogName", "schemaName"}} for row in rows]
        return _page(summaries, asked)

    def _get_volume(self, request: FileRequest, asked: dict[str, Any], volume: Path, _: str) -> FileReply:
        return _json(_volume_fields(volume, volume.parent.parent.name, volume.parent.name))

    def _volume(self, key: str) -> Path:
        for place in self._folder.glob("[!.]*/*/*"):
            if _key(place) == key:
                return place
        raise not_found("Authorization failed or requested resource not found.")

    # Files

    def _list_files(self, request: FileRequest, asked: dict[str, Any], volume: Path, path: str) -> FileReply:
        with self._lock:
            found = _inside(volume, path)
            if not found.exists():
                raise not_found(f"{path} does not exist.")
            every = (
                [found]
                if found.is_file()
                else sorted(found.rglob("*") if asked.get("isRecursive") else found.iterdir())
            )
            return _page([_file_fields(volume, one) for one in every], asked)

    def _make_dir(self, request: FileRequest, asked: dict[str, Any], volume: Path, path: str) -> FileReply:
        def work() -> None:
            found = _inside(volume, path)
            if found.exists():
                raise Refusal(409, "Conflict", "Directory already exists.")
            _check_above(found)
            found.mkdir(mode=0o700)

        return self._once(request, asked, "create", work)

    def _upload_file(self, request: FileRequest, asked: dict[str, Any], volume: Path, path: str) -> FileReply:
        if asked.get("is-upload-file-base64-encoded"):
            raise Refusal(501, "MethodNotImplemented", "Send the file as it is.")
        with self._received(request) as (came, digest):

            def work() -> None:
                found = _inside(volume, path)
                if found.is_dir() or (found.exists() and not asked.get("isOverwrite")):
                    raise Refusal(409, "Conflict", f"{path} already exists.")
                _check_above(found)
                os.replace(came, found)

            return self._once(request, asked, "change", work, digest)

    def _download_file(self, request: FileRequest, asked: dict[str, Any], volume: Path, path: str) -> FileReply:
        found = _inside(volume, path)
        if not found.is_file():
            raise not_found(f"{path} does not exist.")
        file = found.open("rb")
        return FileReply(
            200, Piece(file, 0, os.fstat(file.fileno()).st_size), {"content-type": "application/octet-stream"}
        )

    def _delete_file(self, request: FileRequest, asked: dict[str, Any], volume: Path, path: str) -> FileReply:
        found = _inside(volume, path)
        with self._lock:
            if not found.is_file():
                raise not_found(f"{path} does not exist.")
            found.unlink()
        return FileReply(self._statuses["delete"])

    def _delete_dir(self, request: FileRequest, asked: dict[str, Any], volume: Path, path: str) -> FileReply:
        def work() -> None:
            found = _inside(volume, path)
            if not found.is_dir() or found == volume:
                raise not_found(f"{path} does not exist.")
            if any(found.iterdir()):
                raise Refusal(409, "Conflict", f"{path} is not empty.")
            found.rmdir()

        return self._once(request, asked, "delete", work)

    @contextlib.contextmanager
    def _received(self, request: FileRequest) -> Iterator[tuple[Path, str]]:
        """The body as a file of its own, until it has its place, and its digest. Refuses one that is not signed."""
        came = self._incoming / uuid.uuid4().hex
        digest = hashlib.sha256()
        try:
            with open(came, "wb", opener=_private_opener) as file:
                for chunk in request.stream.chunks():
                    digest.update(chunk)
                    file.write(chunk)
            text = base64.b64encode(digest.digest()).decode("ascii")
            signed = _SIGNED.search(request.headers.get("authorization", ""))
            covered = set(signed[1].split(" ")) if signed else set()
            if not {"x-content-sha256", "content-length", "content-type"} <= covered:
                raise Refusal(401, "NotAuthenticated", "The signature does not cover the body.")
            if not hmac.compare_digest(request.headers.get("x-content-sha256", ""), text):
                raise Refusal(401, "NotAuthenticated", "x-content-sha256 is not the digest of the body.")
            yield came, text
        finally:
            came.unlink(missing_ok=True)

    def _once(
        self, request: FileRequest, asked: dict[str, Any], effect: str, work: Callable[[], None], digest: str = ""
    ) -> FileReply:
        """Does a change, unless its retry token says that it is done already."""

        def done() -> dict[str, Any]:
            with self._lock:
                work()
            return {}

        token = asked.pop("opc-retry-token", None)
        if token is None:
            done()
        else:
            same = json.dumps([request.verb, request.path, asked, digest], sort_keys=True)
            self._retry_tokens.once(token, same, done)
        return FileReply(self._statuses[effect])


def _row_at(verb: str, path: str) -> VolumeOperation | None:
    for row in OPERATIONS:
        if row.verb == verb and row.pattern.fullmatch(path):
            return row
    return None


def _headers(request: FileRequest, names: dict[str, Field]) -> dict[str, Any]:
    """The operation's own headers by name. Their bytes are UTF-8, of which the HTTP library makes Latin-1."""
    values: dict[str, Any] = {}
    for name, rule in names.items():
        text = request.headers.get(name)
        if text is None or text == "":
            if rule.required:
                raise missing(f"The header '{name}' is required.")
            continue
        if rule.type == "bool":
            if text.lower() not in {"true", "false"}:
                raise invalid(f"The header '{name}' is true or false.")
            values[name] = text.lower() == "true"
            continue
        try:
            values[name] = text.encode("latin-1").decode("utf-8")
        except ValueError:
            raise invalid(f"The header '{name}' is not UTF-8.") from None
    return values


def _inside(volume: Path, path: str) -> Path:
    """Where a path of a volume is. Refuses one that leads out of it."""
    if not path.startswith("/") or len(path) > MAX_PATH or not {".", ".."}.isdisjoint(path.split("/")) or "\0" in path:
        raise invalid(f"A path is absolute, has at most {MAX_PATH} characters and no '..'.")
    return volume / path.strip("/")


def _check_above(place: Path) -> None:
    if not place.parent.is_dir():
        raise not_found("The folder above does not exist.")


def _key(volume: Path) -> str:
    """The key of a volume: made of its names, and yet not a name, so that nobody takes one for the other."""
    full = f"{volume.parent.parent.name}.{volume.parent.name}.{volume.name}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, full))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _volume_fields(volume: Path, catalog: str, schema: str) -> dict[str, Any]:
    return {
        "key": _key(volume),
        "displayName": volume.name,
        "timeCreated": _time(volume.stat().st_ctime),
        "catalogName": catalog,
        "schemaName": schema,
        "fullName": f"{catalog}.{schema}.{volume.name}",
        "volumeType": "MANAGED",
        "lifecycleState": "ACTIVE",
    }


def _file_fields(volume: Path, place: Path) -> dict[str, Any]:
    about = place.stat()
    fields = {
        "path": f"/{place.relative_to(volume).as_posix()}",
        "displayName": place.name,
        "timeCreated": _time(about.st_ctime),
        "timeUpdated": _time(about.st_mtime),
        "type": "FOLDER" if place.is_dir() else "FILE",
    }
    return fields if place.is_dir() else {**fields, "metadata": {"size": str(about.st_size)}}


def _page(rows: list[dict[str, Any]], asked: dict[str, Any]) -> FileReply:
    """One page of a list, with ``opc-next-page`` unless it is the last."""
    limit, page = asked.get("limit", DEFAULT_LIMIT), asked.get("page", "0")
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(f"'limit' must be from 1 to {MAX_LIMIT}.")
    if not page.isdecimal():
        raise invalid("'page' is no token of a page.")
    if "displayName" in asked:
        rows = [row for row in rows if row["displayName"] == asked["displayName"]]
    order = asked.get("sortBy", "displayName")
    default = "DESC" if order == "timeCreated" else "ASC"
    rows = sorted(rows, key=lambda row: str(row[order]), reverse=asked.get("sortOrder", default) == "DESC")
    begin, end = int(page), int(page) + limit
    return _json({"items": rows[begin:end]}, {"opc-next-page": str(end)} if end < len(rows) else {})


def _json(value: dict[str, Any], headers: dict[str, str] | None = None) -> FileReply:
    reply = json_reply(200, value, headers)
    return FileReply(reply.status, reply.body, reply.headers)


def _make(top: Path, folder: Path) -> None:
    """Makes a folder and those above it up to ``top``, for the user alone."""
    for made in (*reversed(folder.relative_to(top.parent).parents), folder.relative_to(top.parent)):
        (top.parent / made).mkdir(mode=0o700, exist_ok=True)


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
