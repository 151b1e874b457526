"""Carry out the operations of OCI Object Storage that artifacts need.

These are objects, ranges, lists, and uploads in parts.

Paths, headers and error codes: https://docs.oracle.com/iaas/api/#/en/objectstorage/20160918/.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl

from ..contract.refusal import Refusal, invalid, missing
from ..server.messages import (
    FileSlice,
    Request,
    Response,
    is_header_value,
    json_response,
    parse_json,
)
from ..server.routing import Route, RouteMatch, RouteTable
from ..server.validation import integer
from ..state.credentials import BUCKET, NAMESPACE
from ..state.objects import ObjectStore, ReceivedFile, StoredObject, Upload
from . import object_checksums as checksums

MAX_PARTS = 10_000
"""The highest number of a part."""

MAX_LISTED = 1000
"""The most objects and prefixes of one page."""

MAX_NAME = 1024
"""The longest name of an object in bytes of UTF-8.

Source, also of the characters that a name cannot have:
https://docs.oracle.com/iaas/Content/Object/Tasks/managingobjects.htm
"""

_KEPT_HEADERS = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "cache-control",
)
_HEADERS_OF_DETAILS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentEncoding": "content-encoding",
    "contentDisposition": "content-disposition",
    "cacheControl": "cache-control",
}
_BEHIND_ALL = 10**20
_META_NAME = re.compile(r"opc-meta-[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


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
        if "object" in parameters:
            _check_name(parameters["object"])
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

    def export(self, artifact_uri: str, target: Path) -> None:
        """Copy everything below an ``oci://...`` location into a folder."""
        authority, _, root = artifact_uri.removeprefix("oci://").partition("/")
        if authority != f"{BUCKET}@{NAMESPACE}":
            return
        top = f"{root.strip('/')}/"
        for item in self._store.listed(top):
            parts = PurePosixPath(item if isinstance(item, str) else item.name[len(top) :]).parts
            if isinstance(item, str) or not parts or not {"..", "/"}.isdisjoint(parts):
                continue
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            with self._store.open(item) as source, open(place, "wb") as copy:
                shutil.copyfileobj(source, copy)

    # -- objects

    def _get_namespace(self, request: Request, name: str) -> Response:
        return json_response(200, NAMESPACE)

    def _put_object(self, request: Request, name: str) -> Response:
        _check_conditions(request.headers, self._store.find(name))
        with self._received(request) as file, self._store.lock:
            # Asked once more, since another may have put it while this one came in.
            _check_conditions(request.headers, self._store.find(name))
            stored = self._store.put(
                name,
                file,
                _kept_headers(request.headers),
                has_crc32c=checksums.asks_for_crc32c(request.headers),
            )
        return Response(
            200, b"", {**checksums.headers_of_file(file, request.headers), **_state_headers(stored)}
        )

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
        headers.pop(checksums.CONTENT_CRC32C, None)
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
        query = _query(request)
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
        name = details.get("object")
        if not name:
            raise missing("The field object is missing.")
        if not isinstance(name, str):
            raise invalid("The field object must be a text.")
        _check_name(name)
        _check_conditions(request.headers, self._store.find(name))
        headers = {"content-type": "application/octet-stream", **_headers_of_details(details)}
        if checksums.asks_for_crc32c(request.headers):
            headers[checksums.ALGORITHM] = checksums.CRC32C
        return json_response(200, _upload_json(self._store.create_upload(name, headers)))

    def _upload_part(self, request: Request, name: str) -> Response:
        upload = self._upload_of(request, name)
        number = _number(_query(request).get("uploadPartNum", ""), "uploadPartNum", MAX_PARTS)
        with self._received(request) as file, self._store.lock:
            # Asked once more, since another may have ended it while this part came in.
            self._upload_of(request, name)
            etag = self._store.put_part(upload, number, file)
        return Response(
            200, b"", {**checksums.headers_of_file(file, request.headers), "etag": etag}
        )

    def _commit_multipart_upload(self, request: Request, name: str) -> Response:
        wanted, excluded = _parts_of(_json_body(request))
        with self._store.lock:
            upload = self._upload_of(request, name)
            _check_conditions(request.headers, self._store.find(name))
            received = self._store.parts(upload)
            parts = [part for part in received if wanted.get(part.number) == part.etag]
            if len(parts) != len(wanted):
                raise Refusal(
                    400, "InvalidUploadPart", "A part is not there, or its entity tag is another."
                )
            # As the SDK's `CommitMultipartUploadDetails` says of `parts_to_exclude`.
            if {part.number for part in received} - set(wanted) - excluded:
                raise Refusal(
                    400, "InvalidUploadPart", "A part is neither to be committed nor excluded."
                )
            stored = self._store.commit(
                upload, parts, has_crc32c=checksums.asks_for_crc32c(upload.headers)
            )
        return Response(200, b"", {**checksums.headers_of_object(stored), **_state_headers(stored)})

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
        identifier = _query(request).get("uploadId", "")
        upload = self._store.find_upload(identifier, name)
        if upload is None:
            raise Refusal(404, "NoSuchUpload", f"There is no upload '{identifier}' of '{name}'.")
        return upload

    @contextlib.contextmanager
    def _received(self, request: Request) -> Iterator[ReceivedFile]:
        """Receive the body; refuse a body with another MD5 or CRC32C than its header says."""
        checksums.check_headers(request.headers)
        with self._store.receiving(request.body.chunks()) as file:
            checksums.compare(file, request.headers)
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


def _check_name(name: str) -> None:
    if len(name.encode()) > MAX_NAME or not {"\n", "\r", "\0"}.isdisjoint(name):
        raise invalid(
            f"The name of an object has at most {MAX_NAME} bytes of UTF-8, "
            "and no line feed, carriage return or NUL."
        )


def _query(request: Request) -> dict[str, str]:
    """Return the query's values by name."""
    try:
        return dict(parse_qsl(request.query_string, keep_blank_values=True, errors="strict"))
    except ValueError:
        raise invalid("The query is not UTF-8.") from None


def _headers_of_details(details: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that an upload in parts gives to its object."""
    metadata = {} if details.get("metadata") is None else details["metadata"]
    if not isinstance(metadata, dict) or not all(map(_META_NAME.fullmatch, metadata)):
        raise invalid("metadata is an object whose names begin with opc-meta-.")
    headers = {
        header: details[field]
        for field, header in _HEADERS_OF_DETAILS.items()
        if details.get(field) is not None
    } | {name.lower(): value for name, value in metadata.items()}
    for name, value in headers.items():
        if not isinstance(value, str) or not is_header_value(value):
            raise invalid(f"The value of {name} is no text that a header can hold.")
    return headers


def _parts_of(details: Mapping[str, Any]) -> tuple[dict[int, str], set[int]]:
    """Return the entity tags of the parts to commit by number, and the numbers to exclude."""
    wanted: dict[int, str] = {}
    entries, excluded = (
        [] if details.get(name) is None else details[name]
        for name in ("partsToCommit", "partsToExclude")
    )
    if not isinstance(entries, list) or not isinstance(excluded, list):
        raise invalid("partsToCommit and partsToExclude are lists.")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("etag"), str):
            raise invalid("Each of partsToCommit has a partNum and an etag.")
        wanted[_part_number(entry.get("partNum"))] = entry["etag"]
    numbers = {_part_number(number) for number in excluded}
    if not wanted:
        raise missing("There are no parts to commit.")
    if len(wanted) != len(entries) or not numbers.isdisjoint(wanted):
        raise invalid("A part is named more than once.")
    return wanted, numbers


def _part_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_PARTS:
        raise invalid(f"The number of a part is from 1 to {MAX_PARTS}.")
    return value


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
    kept = {name: value for name, value in stored.headers.items() if name != checksums.ALGORITHM}
    return {
        **kept,
        **_state_headers(stored),
        **checksums.headers_of_object(stored),
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
    # More digits than any size has: the number lies behind every end.
    begin, end = (
        int(digits or "0") if len(digits) < 20 else _BEHIND_ALL for digits in match.groups()
    )
    first = begin if match[1] else max(0, size - end)
    last = min(end, size - 1) if match[1] and match[2] else size - 1
    if first > last:
        raise Refusal(416, "InvalidRange", f"The object has {size} bytes.")
    return first, last


def _number(text: str, name: str, highest: int) -> int:
    value = integer(text)
    if value is None or not 1 <= value <= highest:
        raise invalid(f"{name} is a number from 1 to {highest}.")
    return value


def _json_body(request: Request) -> dict[str, Any]:
    body = parse_json(request.body.read())
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
