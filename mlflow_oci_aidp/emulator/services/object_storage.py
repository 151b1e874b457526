"""Carry out the operations of OCI Object Storage that artifacts need.

These are objects, ranges, lists, and uploads in parts.

Paths, headers and error codes: https://docs.oracle.com/iaas/api/#/en/objectstorage/20160918/.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Any

from ..contract.refusal import Refusal, invalid, missing
from ..server.messages import FileSlice, Request, Response, json_response
from ..server.routing import Route, RouteMatch, RouteTable
from ..state.credentials import BUCKET, NAMESPACE
from ..state.objects import ObjectStore, ReceivedFile, StoredObject, Upload

MAX_PARTS = 10_000
"""The highest number of a part."""

MAX_LISTED = 1000
"""The most objects and prefixes of one page."""

_KEPT_HEADERS = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "cache-control",
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def _route(verb: str, path: str, name: str, *, is_upload: bool = False) -> Route:
    pattern = path.format(
        bucket=r"/n/(?P<namespace>[^/]+)/b/(?P<bucket>[^/]+)", object=r"(?P<object>.+)"
    )
    return Route(verb, re.compile(pattern), name, is_upload)


_ROUTES = RouteTable(
    (
        _route("GET", "/n/?", "get_namespace"),
        _route("GET", "{bucket}/o", "list_objects"),
        _route("PUT", "{bucket}/o/{object}", "put_object", is_upload=True),
        _route("GET", "{bucket}/o/{object}", "get_object"),
        _route("HEAD", "{bucket}/o/{object}", "head_object"),
        _route("DELETE", "{bucket}/o/{object}", "delete_object"),
        _route("POST", "{bucket}/u", "create_multipart_upload"),
        _route("GET", "{bucket}/u", "list_multipart_uploads"),
        _route("PUT", "{bucket}/u/{object}", "upload_part", is_upload=True),
        _route("GET", "{bucket}/u/{object}", "list_multipart_upload_parts"),
        _route("POST", "{bucket}/u/{object}", "commit_multipart_upload"),
        _route("DELETE", "{bucket}/u/{object}", "abort_multipart_upload"),
    ),
    refuse=lambda verbs: Refusal(405, "MethodNotAllowed", "There is no such operation."),
)


class ObjectStorageService:
    """A namespace with one bucket. Safe for use by several threads.

    Args:
        store: Keeps the objects.
        clock: Gives seconds since 1970.
    """

    takes_files = True
    routes = _ROUTES

    def __init__(self, store: ObjectStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def owns(self, path: str) -> bool:
        """Return whether a path, as sent, is one of Object Storage."""
        return path == "/n" or path.startswith("/n/")

    def answer(self, request: Request, match: RouteMatch) -> Response:
        """Carry out an operation.

        Raises:
            Refusal: The request is refused.
        """
        parameters = match.parameters
        if "bucket" in parameters:
            _check_bucket(parameters["namespace"], parameters["bucket"])
        handler: Callable[[Request, str], Response] = getattr(self, f"_{match.route.name}")
        return handler(request, parameters.get("object", ""))

    def list_files(self, artifact_uri: str, path: str) -> list[tuple[str, bool, int | None]]:
        """List the files and folders directly below a path of an ``oci://...`` location.

        Returns:
            For each entry its path from the location, whether it is a folder, and its size in
            bytes.
        """
        authority, _, root = artifact_uri.removeprefix("oci://").partition("/")
        if not artifact_uri.startswith("oci://") or authority != f"{BUCKET}@{NAMESPACE}":
            return []
        top = f"{root.strip('/')}/" if root.strip("/") else ""
        prefix = f"{top}{path.strip('/')}/" if path.strip("/") else top
        entries: list[tuple[str, bool, int | None]] = []
        for item in self._store.listed(prefix, "/"):
            if isinstance(item, str):
                entries.append((item[len(top) : -1], True, None))
            elif item.name != prefix:
                entries.append((item.name[len(top) :], False, item.size))
        return entries

    # -- objects

    def _get_namespace(self, request: Request, name: str) -> Response:
        return json_response(200, NAMESPACE)

    def _put_object(self, request: Request, name: str) -> Response:
        _check_conditions(request.headers, self._store.find(name))
        with self._received(request) as file, self._store.lock:
            # Asked once more, since another may have put it while this one came in.
            _check_conditions(request.headers, self._store.find(name))
            stored = self._store.put(name, file, _kept_headers(request.headers))
        return Response(200, b"", {"opc-content-md5": file.md5, **_state_headers(stored)})

    def _get_object(self, request: Request, name: str) -> Response:
        with self._store.lock:
            stored = self._existing(name)
            if _matches(request.headers.get("if-none-match"), stored):
                return Response(304, b"", _state_headers(stored))
            _check_conditions({"if-match": request.headers.get("if-match", "")}, stored)
            byte_range = _range(request.headers.get("range", ""), stored.size)
            file = self._store.open(stored)
        headers = _object_headers(stored)
        if byte_range is None:
            return Response(200, FileSlice(file, 0, stored.size), headers)
        first, last = byte_range
        # The digest of the whole would not be the body's, and what the service says of it here is
        # not documented.
        headers.pop("content-md5", None)
        headers["content-range"] = f"bytes {first}-{last}/{stored.size}"
        return Response(206, FileSlice(file, first, last - first + 1), headers)

    def _head_object(self, request: Request, name: str) -> Response:
        stored = self._existing(name)
        if _matches(request.headers.get("if-none-match"), stored):
            return Response(304, b"", _state_headers(stored))
        _check_conditions({"if-match": request.headers.get("if-match", "")}, stored)
        return Response(200, b"", {**_object_headers(stored), "content-length": str(stored.size)})

    def _delete_object(self, request: Request, name: str) -> Response:
        with self._store.lock:
            stored = self._existing(name)
            _check_conditions({"if-match": request.headers.get("if-match", "")}, stored)
            self._store.delete(stored)
        return Response(204, b"", {"last-modified": formatdate(self._clock(), usegmt=True)})

    def _list_objects(self, request: Request, name: str) -> Response:
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
        for item in self._store.listed(query.get("prefix", ""), delimiter, query.get("start", "")):
            if len(objects) + len(prefixes) == limit:
                answer["nextStartWith"] = item if isinstance(item, str) else item.name
                break
            if isinstance(item, str):
                prefixes.append(item)
            else:
                objects.append({name: _FIELDS[name](item) for name in {"name", *fields}})
        return json_response(200, answer)

    # -- uploads in parts

    def _create_multipart_upload(self, request: Request, _: str) -> Response:
        details = _json_body(request)
        name = details.get("object", "")
        if not isinstance(name, str) or not name:
            raise missing("The field object is missing.")
        _check_conditions(request.headers, self._store.find(name))
        metadata = {
            key.lower(): str(value) for key, value in (details.get("metadata") or {}).items()
        }
        if any(not key.startswith("opc-meta-") for key in metadata):
            raise invalid("The names of metadata begin with opc-meta-.")
        headers = {
            "content-type": details.get("contentType") or "application/octet-stream",
            **metadata,
        }
        return json_response(200, _upload_json(self._store.create_upload(name, headers)))

    def _upload_part(self, request: Request, name: str) -> Response:
        upload = self._upload_of(request, name)
        number = _number(request.query.get("uploadPartNum", ""), "uploadPartNum", MAX_PARTS)
        with self._received(request) as file, self._store.lock:
            # Asked once more, since another may have ended it while this part came in.
            self._upload_of(request, name)
            etag = self._store.put_part(upload, number, file)
        return Response(200, b"", {"opc-content-md5": file.md5, "etag": etag})

    def _commit_multipart_upload(self, request: Request, name: str) -> Response:
        wanted = {
            part.get("partNum"): part.get("etag")
            for part in _json_body(request).get("partsToCommit") or []
        }
        if not wanted:
            raise missing("There are no parts to commit.")
        with self._store.lock:
            upload = self._upload_of(request, name)
            _check_conditions(request.headers, self._store.find(name))
            parts = [
                part for part in self._store.parts(upload) if wanted.get(part.number) == part.etag
            ]
            if len(parts) != len(wanted):
                raise Refusal(
                    400, "InvalidUploadPart", "A part is not there, or its entity tag is another."
                )
            stored = self._store.commit(upload, parts)
        return Response(
            200, b"", {"opc-multipart-md5": stored.multipart_md5, **_state_headers(stored)}
        )

    def _abort_multipart_upload(self, request: Request, name: str) -> Response:
        with self._store.lock:
            self._store.abort(self._upload_of(request, name))
        return Response(204)

    def _list_multipart_uploads(self, request: Request, name: str) -> Response:
        return json_response(200, [_upload_json(upload) for upload in self._store.uploads()])

    def _list_multipart_upload_parts(self, request: Request, name: str) -> Response:
        parts = self._store.parts(self._upload_of(request, name))
        return json_response(
            200,
            [
                {"partNumber": part.number, "size": part.size, "md5": part.md5, "etag": part.etag}
                for part in parts
            ],
        )

    def _upload_of(self, request: Request, name: str) -> Upload:
        identifier = request.query.get("uploadId", "")
        upload = self._store.find_upload(identifier, name)
        if upload is None:
            raise Refusal(404, "NoSuchUpload", f"There is no upload '{identifier}' of '{name}'.")
        return upload

    @contextlib.contextmanager
    def _received(self, request: Request) -> Iterator[ReceivedFile]:
        """Receive the body; refuse a body whose MD5 differs from the Content-MD5 header."""
        with self._store.receiving(request.body.chunks()) as file:
            sent = request.headers.get("content-md5")
            if sent is not None and sent != file.md5:
                raise Refusal(
                    400,
                    "UnmatchedContentMD5",
                    f"The computed MD5 of the request body ({file.md5}) "
                    f"does not match the Content-MD5 header ({sent})",
                )
            yield file

    def _existing(self, name: str) -> StoredObject:
        stored = self._store.find(name)
        if stored is None:
            raise Refusal(
                404,
                "ObjectNotFound",
                f"The object '{name}' does not exist "
                f"in bucket '{BUCKET}' with namespace '{NAMESPACE}'",
            )
        return stored


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


def _check_bucket(namespace: str, bucket: str) -> None:
    if namespace != NAMESPACE:
        raise Refusal(
            404,
            "NamespaceNotFound",
            f"Either the namespace '{namespace}' does not exist or is hidden.",
        )
    if bucket != BUCKET:
        raise Refusal(
            404,
            "BucketNotFound",
            f"Either the bucket named '{bucket}' does not exist "
            f"in the namespace '{namespace}' or it is hidden.",
        )


def _check_conditions(headers: Mapping[str, str], stored: StoredObject | None) -> None:
    if headers.get("if-none-match") and _matches(headers["if-none-match"], stored):
        raise Refusal(412, "IfNoneMatchFailed", "The If-None-Match condition failed.")
    if headers.get("if-match") and not _matches(headers["if-match"], stored):
        raise Refusal(412, "IfMatchFailed", "The If-Match condition failed.")


def _matches(condition: str | None, stored: StoredObject | None) -> bool:
    return bool(condition) and stored is not None and condition in ("*", stored.etag)


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in headers.items()
        if name in _KEPT_HEADERS or name.startswith("opc-meta-")
    }
    return {"content-type": "application/octet-stream", **kept}


def _state_headers(stored: StoredObject) -> dict[str, str]:
    return {"etag": stored.etag, "last-modified": formatdate(stored.modified, usegmt=True)}


def _object_headers(stored: StoredObject) -> dict[str, str]:
    digest = (
        {"content-md5": stored.md5} if stored.md5 else {"opc-multipart-md5": stored.multipart_md5}
    )
    return {
        **stored.headers,
        **_state_headers(stored),
        **digest,
        "accept-ranges": "bytes",
        "storage-tier": "Standard",
    }


def _range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a Range header, or None without a header."""
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


def _json_body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "CannotParseRequest", "The body is no JSON object.")
    return body


def _upload_json(upload: Upload) -> dict[str, str]:
    return {
        "namespace": NAMESPACE,
        "bucket": BUCKET,
        "object": upload.name,
        "uploadId": upload.identifier,
        "timeCreated": _timestamp(upload.created),
    }


def _timestamp(seconds: float) -> str:
    return (
        datetime.fromtimestamp(seconds, timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
