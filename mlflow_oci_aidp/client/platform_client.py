"""One exchange with the platform: prepare, sign, send, repeat, renew. JSON or a file in, JSON or a file out.

Everything about HTTP is here, in :py:mod:`mlflow_oci_aidp.client.retry` and in :py:mod:`mlflow_oci_aidp.errors`;
nothing here knows MLflow's entities. No secret lives longer than an attempt: what is signed stays inside the prepared
request, and exceptions of ``requests`` and ``urllib3``, which hold that request, never leave this module.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import math
import platform
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from operator import index
from typing import IO, Any, TypeVar
from urllib.parse import quote, urlencode

import requests
from mlflow.environment_variables import MLFLOW_HTTP_POOL_CONNECTIONS, MLFLOW_HTTP_POOL_MAXSIZE
from mlflow.exceptions import MlflowException
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, IncompleteRead

from mlflow_oci_aidp.client.cancellation import CancelToken
from mlflow_oci_aidp.client.network_failures import classify_exception
from mlflow_oci_aidp.client.retry import Clock, Outcome, RetryPolicy
from mlflow_oci_aidp.client.routes import BASE_PATH, INSTANCE, WORKSPACE, Route
from mlflow_oci_aidp.errors import (
    OTHER_REMEDY,
    clock_note,
    conflict_code,
    error,
    error_from_response,
    invalid_parameter,
    malformed_response,
    of_file,
)
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.settings import Settings

_logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Bytes of a file that are in memory at a time.
CHUNK = 1 << 20


@dataclass
class Answer(Outcome):
    """What an attempt came to.

    Attributes:
        body: The body, as it came.
        request_id: The answer's ``opc-request-id``, or the one that was sent.
        date: The ``Date`` header, ``""`` without one.
        next_page: The ``opc-next-page`` header, ``""`` on the last page of a list.
        is_platforms: Whether it has an ``opc-request-id``, as every answer of the platform has.
    """

    body: bytes = b""
    request_id: str = ""
    date: str = ""
    next_page: str = ""
    is_platforms: bool = False


@dataclass(frozen=True)
class Upload:
    """A file on its way to the platform, as it was when it was first read.

    Attributes:
        path: Its path on this machine.
        size: Its length in bytes.
        digest: Its SHA-256 digest in base64, which the signature covers.
    """

    path: str
    size: int
    digest: str

    @classmethod
    def of(cls, path: str) -> Upload:
        """Read a file once, for its digest: what is signed has to be known before the first byte is sent.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` if it cannot be read.
        """
        return cls._read(path, math.inf)

    @classmethod
    def _read(cls, path: str, longest: float) -> Upload:
        digest, size = hashlib.sha256(), 0
        with _Local(path, "rb") as file:
            while piece := file.read(int(min(CHUNK, longest - size))):
                digest.update(piece)
                size += len(piece)
        return cls(path, size, base64.b64encode(digest.digest()).decode("ascii"))

    def is_as_it_was(self) -> bool:
        """Whether the file still begins with what was read; what was written behind that is no matter."""
        return self._read(self.path, self.size) == self


@dataclass(frozen=True)
class _Call:
    """What all attempts of a call have in common.

    Attributes:
        route: Which call.
        target: The address, query included.
        body: The JSON, or None for a GET.
        retry_token: The same for every attempt: that is what makes it safe to repeat a change. None for a read.
            [REST reference: 1 to 64 characters, valid for 24 hours]
        id: What the ``opc-request-id`` of each attempt begins with.
        headers: What else is sent in the header.
        upload: The file that is the body, instead of ``body``; None without one.
        download: The path of the file that a success's body goes to; None for memory.
        stop: What calls it off; None for nothing.
    """

    route: Route
    target: str
    body: bytes | None = field(repr=False)
    retry_token: str | None = field(repr=False)
    id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    upload: Upload | None = None
    download: str | None = None
    stop: CancelToken | None = None


class Transport:
    """Sends one store's requests.

    Safe for many threads; a forked child opens connections of its own.

    Args:
        settings: Where to, and for which AI Data Platform.
        identity: Who signs.
        policy: When to repeat; MLflow's settings if None.
        clock: The clock to wait by.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._host = settings.endpoint.partition("://")[2]
        instance = f"{settings.endpoint}{BASE_PATH}/{quote(settings.instance_id, safe='')}"
        self._bases = {INSTANCE: instance, WORKSPACE: f"{instance}/workspaces/{quote(settings.workspace, safe='')}"}
        self._endpoint = settings.endpoint
        self._identity = identity
        self._policy = policy or RetryPolicy.from_mlflow()
        self._clock = clock or Clock()
        self._wire = PerProcess(lambda: _Wire(settings.endpoint))

    def exchange(self, route: Route, fields: Mapping[str, Any], read: Callable[[dict[str, Any]], T]) -> T | None:
        """Make a call.

        Args:
            route: Which.
            fields: Its fields, by name; those that are None are not sent.
            read: Makes of the answer's JSON object what is wanted. Where the object is not of the documented
                shape, it may fail with any of Python's errors about types, keys and values.

        Returns:
            What ``read`` made, or None for a success without a body.

        Raises:
            MlflowException: For input that cannot be sent, for an identity that cannot sign, and where the
                platform could not be reached or gave no proper answer.
            RestException: For what the platform refused.
        """
        target, body = self._encode(route, fields)
        answer = self._run(_Call(route, target, body, _retry_token(route), uuid.uuid4().hex))
        return self.read(route, answer, read)

    def transfer(
        self,
        route: Route,
        fields: Mapping[str, Any],
        *,
        upload: str | None = None,
        download: str | None = None,
        stop: CancelToken | None = None,
    ) -> Answer:
        """Make a call whose fields stand in the path, the query and the header, and whose body may be a file.

        Files are read and written piece by piece. Each attempt begins with the first byte again, and one in which
        nothing moves for the policy's timeout has failed.

        Args:
            route: Which.
            fields: Its fields, by name; those that are None are not sent.
            upload: The path of the file to send.
            download: The path of the file to write a success's body to; after an exception it may hold a part.
            stop: What calls it off; None for nothing.

        Returns:
            The answer of a success.

        Raises:
            MlflowException: As :py:meth:`exchange`; for a file of this machine that cannot be read or written;
                ``ABORTED`` for one that changed while it was sent, and where it was called off.
            RestException: For what the platform refused.
        """
        given = {name: str(value) for name, value in fields.items() if value is not None}
        call = _Call(
            route,
            self._address_of(route, given),
            None,
            _retry_token(route),
            uuid.uuid4().hex,
            {name: _header(name, given[name]) for name in sorted(route.headers & given.keys())},
            Upload.of(upload) if upload is not None else None,
            download,
            stop,
        )
        answer = self._run(call)
        if answer.status == 401 and call.upload is not None and not call.upload.is_as_it_was():
            # The signature covers the digest of what it was.
            raise error("ABORTED", f"The file {upload!r} changed while it was sent.", "Log it when it is complete.")
        self._check(route, answer)
        if not answer.is_platforms:
            # What a proxy or a gateway says instead must not pass for a file, or for the receipt of one.
            raise malformed_response(
                route.call, "does not come from AI Data Platform", answer.status, answer.request_id
            )
        return answer

    def read(self, route: Route, answer: Answer, read: Callable[[dict[str, Any]], T]) -> T | None:
        """Make of an answer's JSON object what is wanted, as :py:meth:`exchange` does."""
        self._check(route, answer)
        if not answer.body.strip():
            return None
        problem = "is not a JSON object"
        try:
            found = json.loads(answer.body)
            if isinstance(found, dict):
                problem = "is not of the documented shape"
                return read(found)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
            pass  # Raised below, where no exception is being handled: its context would hold the whole answer.
        raise malformed_response(route.call, problem, answer.status, answer.request_id)

    def _run(self, call: _Call) -> Answer:
        """Attempt after attempt, until one counts."""
        # A file may take long: what bounds its repetitions is their number.
        moves_file = call.upload is not None or call.download is not None
        policy = replace(self._policy, longest_call=math.inf) if moves_file else self._policy
        return policy.call(
            call.route.call,
            lambda number: self._attempt(call, f"{call.id}-{number}"),
            self._identity.renew,
            call.stop.clock(self._clock) if call.stop else self._clock,
            self._endpoint,
        )

    def _address_of(self, route: Route, given: Mapping[str, str]) -> str:
        """The address of a call without JSON: what neither its path nor the header takes is the query."""
        query = {name: value for name, value in given.items() if name not in _in_path(route, given) | route.headers}
        try:
            return f"{self._path_of(route, given)}{_query(query)}"
        except UnicodeEncodeError:
            pass  # Raised below, without the text of the exception.
        raise invalid_parameter(f"A name in {route.call} is not Unicode.", "Rename the file.")

    def _encode(self, route: Route, fields: Mapping[str, Any]) -> tuple[str, bytes | None]:
        """The address and the body of a call. What stands in the path is in the query or the body, too: MLflow's
        server looks for it there."""
        given = {name: value for name, value in fields.items() if value is not None}
        problem = ""
        try:
            address = self._path_of(route, given)
            if route.verb == "GET":
                return f"{address}{_query(given)}", None
            # The default is for whole numbers that are not Python's own, as numpy's.
            return address, json.dumps(given, separators=(",", ":"), allow_nan=False, default=index).encode()
        except (TypeError, ValueError, RecursionError) as found:
            problem = type(found).__name__
        raise invalid_parameter(
            f"An argument of {route.call} cannot be sent ({problem}).",
            "Pass text that can be encoded as UTF-8, numbers and lists of them.",
        )

    def _path_of(self, route: Route, given: Mapping[str, Any]) -> str:
        path = route.path
        for name in _in_path(route, given):
            path = path.replace(f"{{{name}}}", quote(str(given[name]), safe=""))
        return f"{self._bases[route.scope]}{path}"

    def _attempt(self, call: _Call, request_id: str) -> Answer:
        """Sign afresh and send once; what went wrong on the way is part of the answer."""
        begin = self._clock.monotonic()
        check = call.stop.check if call.stop else _go_on
        check()
        with _Body(call.upload, check) as body:
            request = self._prepare(call, request_id, body)
            answer = self._wire.get().send(request, self._policy.timeout, self._clock, call.download, check)
        answer.request_id = answer.request_id or request_id
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s %s%s -> %s in %.0f ms, opc-request-id %s",
                call.route.verb,
                BASE_PATH,
                call.target.partition(BASE_PATH)[2].partition("?")[0],
                answer.lost or answer.status,
                (self._clock.monotonic() - begin) * 1000,
                answer.request_id,
            )
        return answer

    def _prepare(self, call: _Call, request_id: str, file: _Body) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method, request.url, request.body = call.route.verb, call.target, call.body
        request.headers = CaseInsensitiveDict(
            {
                "accept": "application/json",
                "content-type": "application/json",
                "host": self._host,
                "opc-request-id": request_id,
                "user-agent": _user_agent(),
                **call.headers,
            }
        )
        if call.upload is not None:
            body: Any = file  # What can be read piece by piece is a body, too, whatever the annotation says.
            request.body = body
            request.headers["content-type"] = "application/octet-stream"
            request.headers["content-length"] = str(call.upload.size)
            request.headers["x-content-sha256"] = call.upload.digest
        if call.body is not None:
            request.headers["content-length"] = str(len(call.body))
        if call.retry_token is not None:
            request.headers["opc-retry-token"] = call.retry_token
        principal = self._identity.principal()
        if principal is not None:
            request.headers["dh-user-principal"] = principal
        self._identity.sign(request)
        return request

    def _check(self, route: Route, answer: Answer) -> None:
        """Raise for an answer that is no success."""
        if answer.lost:
            raise self._lost(route, answer)
        if not 200 <= answer.status < 300:
            raise error_from_response(
                answer.status,
                answer.body,
                answer.request_id,
                claims_name=route.claims_name,
                note=clock_note(answer.date, self._clock.time()) if answer.status == 401 else "",
                remedy=_remedy(route, answer),
            )

    def _lost(self, route: Route, answer: Answer) -> MlflowException:
        attempts = "1 attempt" if answer.attempt == 1 else f"{answer.attempt} attempts"
        remedy = (
            "Check the endpoint, the network and the proxy settings; MLFLOW_HTTP_REQUEST_MAX_RETRIES says how often "
            "it is tried."
            if route.reads
            else "Whether the change took effect is not known: read the entity before the call is made again."
        )
        return error(
            answer.lost_code,
            f"{route.call} got no answer from {self._endpoint} in {attempts}: {answer.lost} "
            f"(opc-request-id {answer.request_id}).",
            remedy,
        )


#: What to do about a 404, by the kind of a route, where the general sentence does not fit.
_MISSING_REMEDIES: Mapping[str, str] = {
    WORKSPACE: (
        "Check the id or the name, the key of the workspace and the AI Data Platform's OCID; OCI answers the same "
        "where a policy does not let this identity see the resource. `mlflow-oci-aidp check` tells whether the "
        "workspace can be seen."
    ),
    "volumes": (
        "Check the path, the volume and the AI Data Platform's OCID; OCI answers the same where a policy does not let "
        "this identity see the resource."
    ),
}


def _remedy(route: Route, answer: Answer) -> str:
    """What to do about a refusal, where the general sentence does not fit."""
    if not answer.is_platforms and 400 <= answer.status < 500:
        return OTHER_REMEDY
    return _MISSING_REMEDIES.get(_kind(route), "") if answer.status == 404 else ""


def _kind(route: Route) -> str:
    return "volumes" if route.path.startswith("/volumes") else route.scope


class _Wire:
    """The connections of one process.

    Proxies and certificates are looked up once. Nothing is taken from ``.netrc``, no cookie is kept and no redirect
    followed, since requests go to the adapter rather than through a session.
    """

    def __init__(self, endpoint: str) -> None:
        with requests.Session() as session:
            found = session.merge_environment_settings(endpoint, {}, None, None, None)
        self._options: dict[str, Any] = {name: found[name] for name in ("verify", "cert", "proxies")}
        self._adapter = HTTPAdapter(
            pool_connections=MLFLOW_HTTP_POOL_CONNECTIONS.get(),
            pool_maxsize=MLFLOW_HTTP_POOL_MAXSIZE.get(),
            max_retries=0,
        )

    def send(
        self,
        request: requests.PreparedRequest,
        timeout: float,
        clock: Clock,
        download: str | None,
        check: Callable[[], None],
    ) -> Answer:
        """Send once and read the whole answer, in ``timeout`` seconds; into a file it may take longer, if it moves."""
        deadline = clock.monotonic() + timeout
        try:
            response = self._adapter.send(request, stream=True, timeout=timeout, **self._options)
            if isinstance(request.body, _Body):
                deadline = clock.monotonic() + timeout
            try:
                if download is not None and 200 <= response.status_code < 300:
                    body = _save(response, download, check)
                else:
                    body = _read(response.raw, deadline, clock)
            except BaseException:
                response.close()
                raise
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as problem:
            loss = classify_exception(problem)
        else:
            headers = response.headers
            return Answer(
                status=response.status_code,
                body=body,
                request_id=headers.get("opc-request-id", ""),
                code=conflict_code(body) if response.status_code == 409 else "",
                retry_after=headers.get("retry-after", ""),
                date=headers.get("date", ""),
                next_page=headers.get("opc-next-page", ""),
                is_platforms="opc-request-id" in headers,
            )
        return Answer(lost=loss.words, lost_code=loss.code, is_final=loss.is_final)


def _read(raw: Any, deadline: float, clock: Clock) -> bytes:
    """The body, however slowly it comes, but not beyond the deadline."""
    pieces = []
    while piece := raw.read1(1 << 20, decode_content=True):
        pieces.append(piece)
        if clock.monotonic() > deadline:
            raise TimeoutError
    return b"".join(pieces)


def _go_on() -> None:
    """What is looked at where nothing can call off a request."""


def _save(response: requests.Response, path: str, check: Callable[[], None]) -> bytes:
    """Write the body to a file, from its beginning. Nothing of it stays in memory: ``b""`` is left."""
    announced = response.headers.get("content-length", "")
    written = 0
    with _Local(path, "wb") as file:
        while piece := response.raw.read1(CHUNK, decode_content=True):
            check()
            file.write(piece)
            written += len(piece)
    if announced.isdigit() and "content-encoding" not in response.headers and written != int(announced):
        raise IncompleteRead(written, int(announced) - written)
    return b""


class _Local:
    """A file of this machine, whose problems are not those of the connection."""

    def __init__(self, path: str, mode: str) -> None:
        self._path = path
        self._doing = "read" if mode == "rb" else "written"
        self._file: IO[bytes] = self._guard(lambda: open(path, mode))  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> _Local:
        return self

    def __exit__(self, *_: object) -> None:
        self._guard(self._file.close)

    def read(self, size: int) -> bytes:
        return self._guard(lambda: self._file.read(size))

    def write(self, data: bytes) -> None:
        self._guard(lambda: self._file.write(data))

    def _guard(self, work: Callable[[], T]) -> T:
        return of_file(self._path, self._doing, work)


class _Body:
    """The body of one attempt, read from the first byte to the last that was announced."""

    def __init__(self, upload: Upload | None, check: Callable[[], None]) -> None:
        self._upload = upload
        self._check = check
        self._left = upload.size if upload else 0
        self._file = _Local(upload.path, "rb") if upload else None

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.__exit__()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, b"" at the end.

        Raises:
            MlflowException: ``ABORTED`` if the file became shorter since it was first read, since the connection would
                wait for the rest, and if the transfer was called off.
        """
        self._check()
        if not self._left or self._file is None or self._upload is None:
            return b""
        # Larger pieces than were asked for: they are sent whole, and a call for every 16 KiB would be slow.
        piece = self._file.read(min(max(size, CHUNK), self._left))
        if not piece:
            raise error(
                "ABORTED",
                f"The file {self._upload.path!r} became shorter while it was sent.",
                "Log it when it is complete.",
            )
        self._left -= len(piece)
        return piece


def _in_path(route: Route, given: Mapping[str, Any]) -> set[str]:
    return {name for name in given if f"{{{name}}}" in route.path}


def _query(values: Mapping[str, Any]) -> str:
    return f"?{urlencode(values, quote_via=quote, safe='')}" if values else ""


def _retry_token(route: Route) -> str | None:
    return None if route.reads or not route.has_retry_token else uuid.uuid4().hex


def _header(name: str, value: str) -> str:
    """A text as a header: its UTF-8 bytes, each as the character that ``http.client`` makes that byte of again.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for text that would not arrive as it is.
    """
    if value != value.strip() or not value.isprintable():
        raise invalid_parameter(
            f"The {name} {value!r} cannot be sent: it ends with a blank, or holds a control character.",
            "Give it another name.",
        )
    return value.encode("utf-8").decode("latin-1")


@cache
def _user_agent() -> str:
    import mlflow

    from mlflow_oci_aidp import __version__

    return f"mlflow-oci-aidp/{__version__} mlflow/{mlflow.__version__} python/{platform.python_version()}"
