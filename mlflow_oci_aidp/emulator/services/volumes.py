"""Carry out the volume operations that artifacts need, on real files in the data folder.

Where the contract leaves open what happens, the service does the stricter thing, so that no client
comes to rely on the other: a folder is made and filled only where the one above it is there, and
deleted only when it is empty; the list of a file is that file.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..contract.refusal import Refusal, invalid, missing, not_found
from ..contract.terms import Field
from ..contract.volumes import MAX_PATH, OPERATIONS
from ..server.messages import FileSlice, Request, Response, json_response
from ..server.routing import Route, RouteMatch, RouteTable
from ..server.validation import check_query
from ..state.files import private_opener
from ..state.retry_tokens import RetryTokens
from .paging import part_of

FIRST_VOLUME = ("main", "default", "artifacts")
"""The volume that is there from the start: catalog, schema, name."""

MAX_NAME = 255
"""The longest name of a file or folder in bytes, since they are files and folders of this machine.

The platform documents no such limit.
"""

_VOLUMES_PATH = re.compile(r"/20260430/aiDataPlatforms/[^/]+/volumes(/.*)?")
_SIGNED = re.compile(r'headers="([^"]*)"')
_STATUSES = {
    "full": {"create": 200, "change": 200, "delete": 204},
    "bare": {"create": 201, "change": 204, "delete": 204},
}

_BY_NAME = {row.name: row for row in OPERATIONS}
_ROUTES = RouteTable(Route(row.verb, row.pattern, row.name, row.streamed) for row in OPERATIONS)

Handler = Callable[[Request, dict[str, Any], Path, str], Response]
"""Carries out an operation.

It takes the request, its checked arguments, the volume's folder and a path in the volume.
"""


class VolumeService:
    """The volumes of one AI Data Platform, as folders.

    Args:
        folder: Holds the volumes, at ``<catalog>/<schema>/<name>``.
        ai_data_platform_id: OCID of the instance.
        retry_tokens: Make repeated changes safe.
        success: ``full`` or ``bare``: which statuses mean success.
    """

    takes_files = True
    routes = _ROUTES

    def __init__(
        self,
        folder: Path,
        ai_data_platform_id: str,
        retry_tokens: RetryTokens,
        *,
        success: str = "full",
    ) -> None:
        self._folder = folder
        self._ai_data_platform_id = ai_data_platform_id
        self._retry_tokens = retry_tokens
        self._statuses = _STATUSES[success]
        self._lock = threading.RLock()
        self._incoming = folder / ".incoming"
        self._make_first_volume()
        for file in self._incoming.iterdir():  # of an emulator that was killed
            file.unlink()

    def reset(self) -> None:
        """Remove every volume but the first, and its files."""
        with self._lock:
            for entry in self._folder.iterdir():
                shutil.rmtree(entry)
            self._make_first_volume()

    def add(self, catalog: str, schema: str, name: str) -> None:
        """Make a volume. If it exists, it stays as it is.

        Raises:
            ValueError: A part of the name is no name.
        """
        for part in (catalog, schema, name):
            if (
                not part
                or part in {".", ".."}
                or "/" in part
                or "\0" in part
                or part.startswith(".")
            ):
                raise ValueError(f"{part!r} is no name.")
        _make_folders(self._folder, self._folder / catalog / schema / name)

    def owns(self, path: str) -> bool:
        """Return whether a path, as sent, is one of volumes."""
        return _VOLUMES_PATH.fullmatch(path) is not None

    def answer(self, request: Request, match: RouteMatch) -> Response:
        """Carry out an operation.

        Raises:
            Refusal: The request is refused.
        """
        operation, parameters = _BY_NAME[match.route.name], match.parameters
        if parameters["aiDataPlatformId"] != self._ai_data_platform_id:
            raise not_found("Authorization failed or requested resource not found.")
        arguments = check_query(request.query_string, operation.query) | _headers(
            request, operation.headers
        )
        volume = (
            self._volume(parameters["volumeKey"]) if "volumeKey" in parameters else self._folder
        )
        if not operation.streamed and request.body.length:
            raise invalid("This operation takes no body.")
        handler: Handler = getattr(self, f"_{operation.name}")
        return handler(request, arguments, volume, arguments.get("path", ""))

    def list_files(self, artifact_uri: str, path: str) -> list[tuple[str, bool, int | None]]:
        """List the files and folders directly below a path of a ``/Volumes/...`` location.

        Nothing lies below a file.

        Returns:
            For each entry its path from the location, whether it is a folder, and its size in
            bytes.
        """
        root = _inside(self._folder, artifact_uri.partition("/Volumes")[2])
        if len(root.relative_to(self._folder).parts) < 3:
            return []
        folder = _inside(root, f"/{path}")
        if not folder.is_dir():
            return []
        return [
            (
                entry.relative_to(root).as_posix(),
                entry.is_dir(),
                None if entry.is_dir() else entry.stat().st_size,
            )
            for entry in sorted(folder.iterdir())
        ]

    def export(self, location: str, target: Path) -> None:
        """Copy everything below a ``/Volumes/...`` location into a folder."""
        root = _inside(self._folder, location.partition("/Volumes")[2])
        if len(root.relative_to(self._folder).parts) >= 3 and root.is_dir():
            shutil.copytree(root, target, dirs_exist_ok=True)

    def _make_first_volume(self) -> None:
        _make_folders(self._folder, self._incoming)
        self.add(*FIRST_VOLUME)

    # -- volumes

    def _list_volumes(
        self, request: Request, arguments: dict[str, Any], _: Path, __: str
    ) -> Response:
        catalog, _dot, schema = arguments["schemaKey"].partition(".")
        if catalog != arguments["catalogKey"]:
            raise invalid("'schemaKey' has the form <catalog>.<schema>.")
        # Compared with what there is, so that no name of a request becomes a path.
        schemas = {(path.parent.name, path.name): path for path in self._folder.glob("[!.]*/*")}
        folder = schemas.get((catalog, schema))
        if folder is None:
            raise not_found("Authorization failed or requested resource not found.")
        rows = [_volume_fields(volume, catalog, schema) for volume in sorted(folder.iterdir())]
        summaries = [
            {k: v for k, v in row.items() if k not in {"catalogName", "schemaName"}} for row in rows
        ]
        return _page(summaries, arguments)

    def _get_volume(
        self, request: Request, arguments: dict[str, Any], volume: Path, _: str
    ) -> Response:
        return json_response(
            200, _volume_fields(volume, volume.parent.parent.name, volume.parent.name)
        )

    def _volume(self, key: str) -> Path:
        for volume in self._folder.glob("[!.]*/*/*"):
            if _key(volume) == key:
                return volume
        raise not_found("Authorization failed or requested resource not found.")

    # -- files

    def _list_files(
        self, request: Request, arguments: dict[str, Any], volume: Path, path: str
    ) -> Response:
        with self._lock:
            target = _inside(volume, path)
            if not target.exists():
                raise not_found(f"{path} does not exist.")
            entries = (
                [target]
                if target.is_file()
                else sorted(target.rglob("*") if arguments.get("isRecursive") else target.iterdir())
            )
            return _page([_file_fields(volume, entry) for entry in entries], arguments)

    def _make_dir(
        self, request: Request, arguments: dict[str, Any], volume: Path, path: str
    ) -> Response:
        def work() -> None:
            target = _inside(volume, path)
            if target.exists():
                raise Refusal(409, "Conflict", "Directory already exists.")
            _check_above(target)
            target.mkdir(mode=0o700)

        return self._once(request, arguments, "create", work)

    def _upload_file(
        self, request: Request, arguments: dict[str, Any], volume: Path, path: str
    ) -> Response:
        if arguments.get("is-upload-file-base64-encoded"):
            raise Refusal(501, "MethodNotImplemented", "Send the file as it is.")
        with self._received(request) as (incoming, digest):

            def work() -> None:
                target = _inside(volume, path)
                if target.is_dir() or (target.exists() and not arguments.get("isOverwrite")):
                    raise Refusal(409, "Conflict", f"{path} already exists.")
                _check_above(target)
                os.replace(incoming, target)

            return self._once(request, arguments, "change", work, digest)

    def _download_file(
        self, request: Request, arguments: dict[str, Any], volume: Path, path: str
    ) -> Response:
        target = _inside(volume, path)
        if not target.is_file():
            raise not_found(f"{path} does not exist.")
        file = target.open("rb")
        return Response(
            200,
            FileSlice(file, 0, os.fstat(file.fileno()).st_size),
            {"content-type": "application/octet-stream"},
        )

    def _delete_file(
        self, request: Request, arguments: dict[str, Any], volume: Path, path: str
    ) -> Response:
        target = _inside(volume, path)
        with self._lock:
            if not target.is_file():
                raise not_found(f"{path} does not exist.")
            target.unlink()
        return Response(self._statuses["delete"])

    def _delete_dir(
        self, request: Request, arguments: dict[str, Any], volume: Path, path: str
    ) -> Response:
        def work() -> None:
            target = _inside(volume, path)
            if not target.is_dir() or target == volume:
                raise not_found(f"{path} does not exist.")
            if any(target.iterdir()):
                raise Refusal(409, "Conflict", f"{path} is not empty.")
            target.rmdir()

        return self._once(request, arguments, "delete", work)

    @contextlib.contextmanager
    def _received(self, request: Request) -> Iterator[tuple[Path, str]]:
        """Receive the body in a temporary file, and yield the file's path and SHA-256 in base64.

        A body that the signature does not cover is refused. A file that the caller does not move is
        removed at the end of the block.
        """
        incoming = self._incoming / uuid.uuid4().hex
        digest = hashlib.sha256()
        try:
            with open(incoming, "wb", opener=private_opener) as file:
                for chunk in request.body.chunks():
                    digest.update(chunk)
                    file.write(chunk)
            text = base64.b64encode(digest.digest()).decode("ascii")
            signed = _SIGNED.search(request.headers.get("authorization", ""))
            covered = set(signed[1].split(" ")) if signed else set()
            if not {"x-content-sha256", "content-length", "content-type"} <= covered:
                raise Refusal(401, "NotAuthenticated", "The signature does not cover the body.")
            sent = request.headers.get("x-content-sha256", "")
            if not hmac.compare_digest(sent.encode(), text.encode()):
                raise Refusal(
                    401, "NotAuthenticated", "x-content-sha256 is not the digest of the body."
                )
            yield incoming, text
        finally:
            incoming.unlink(missing_ok=True)

    def _once(
        self,
        request: Request,
        arguments: dict[str, Any],
        effect: str,
        work: Callable[[], None],
        digest: str = "",
    ) -> Response:
        """Carry out a change once for each retry token."""

        def work_once() -> dict[str, Any]:
            with self._lock:
                work()
            return {}

        token = arguments.pop("opc-retry-token", None)
        if token is None:
            work_once()
        else:
            fingerprint = json.dumps(
                [request.verb, request.path, arguments, digest], sort_keys=True
            )
            self._retry_tokens.once(token, fingerprint, work_once)
        return Response(self._statuses[effect])


def _headers(request: Request, names: dict[str, Field]) -> dict[str, Any]:
    """Return the operation's own headers by name.

    Their bytes are UTF-8; the HTTP library decodes them as Latin-1.
    """
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
    """Return the local path for a path of a volume; refuse one that leaves the volume."""
    parts = path.split("/")
    if (
        not path.startswith("/")
        or len(path) > MAX_PATH
        or not {".", ".."}.isdisjoint(parts)
        or "\0" in path
    ):
        raise invalid(f"A path is absolute, has at most {MAX_PATH} characters and no '..'.")
    if any(len(part.encode()) > MAX_NAME for part in parts):
        raise invalid(f"The emulator keeps names of at most {MAX_NAME} bytes of UTF-8.")
    return volume / path.strip("/")


def _check_above(target: Path) -> None:
    if not target.parent.is_dir():
        raise not_found("The folder above does not exist.")


def _key(volume: Path) -> str:
    """Return the key of a volume, made from its names.

    The key does not look like a name, so that nobody takes one for the other.
    """
    full = f"{volume.parent.parent.name}.{volume.parent.name}.{volume.name}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, full))


def _time(seconds: float) -> str:
    return (
        datetime.fromtimestamp(seconds, timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


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


def _file_fields(volume: Path, entry: Path) -> dict[str, Any]:
    status = entry.stat()
    fields = {
        "path": f"/{entry.relative_to(volume).as_posix()}",
        "displayName": entry.name,
        "timeCreated": _time(status.st_ctime),
        "timeUpdated": _time(status.st_mtime),
        "type": "FOLDER" if entry.is_dir() else "FILE",
    }
    return fields if entry.is_dir() else {**fields, "metadata": {"size": str(status.st_size)}}


def _page(rows: list[dict[str, Any]], arguments: dict[str, Any]) -> Response:
    """Make the response with one page of a list, with ``opc-next-page`` unless it is the last."""
    if "displayName" in arguments:
        rows = [row for row in rows if row["displayName"] == arguments["displayName"]]
    order = arguments.get("sortBy", "displayName")
    default = "DESC" if order == "timeCreated" else "ASC"
    rows = sorted(
        rows, key=lambda row: str(row[order]), reverse=arguments.get("sortOrder", default) == "DESC"
    )
    items, next_page = part_of(rows, arguments)
    return json_response(200, {"items": items}, {"opc-next-page": next_page} if next_page else {})


def _make_folders(top: Path, folder: Path) -> None:
    """Make a folder and those above it up to ``top``, for the user alone."""
    for made in (*reversed(folder.relative_to(top.parent).parents), folder.relative_to(top.parent)):
        (top.parent / made).mkdir(mode=0o700, exist_ok=True)
