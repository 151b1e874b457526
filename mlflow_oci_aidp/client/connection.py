"""One attempt: sign a request, send it over one of the connections, read the whole answer.

No secret lives longer than an attempt: it is in the signed request only. Exceptions of ``requests``
and ``urllib3`` hold the signed request. They end here: only the names of their types are looked at.
"""

from __future__ import annotations

import logging
import platform
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from typing import Any

import requests
from mlflow.environment_variables import MLFLOW_HTTP_POOL_CONNECTIONS, MLFLOW_HTTP_POOL_MAXSIZE
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import DecodeError, HTTPError, IncompleteRead

from mlflow_oci_aidp.client.mlflow_variables import read_variable
from mlflow_oci_aidp.client.network_failures import classify_exception
from mlflow_oci_aidp.client.request import Request
from mlflow_oci_aidp.client.retry import AttemptResult, Clock
from mlflow_oci_aidp.client.transport.http_adapter import REQUEST_ID, Answer, EndpointAdapter
from mlflow_oci_aidp.client.transport.request_ids import attempt_id
from mlflow_oci_aidp.errors import conflict_code
from mlflow_oci_aidp.fork_safety import PerProcess
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.secret import Secret, concealed, hidden

_logger = logging.getLogger(__name__)

#: Bytes of a body, decoded. A page of 1,000 runs has some megabytes.
LONGEST_BODY = 256 << 20

#: The most connections that a pool keeps.
_LARGEST_POOL = 10_000

#: Bytes that are read at a time.
_PIECE = 1 << 20
#: Either of the two, by its header. [zlib's manual, inflateInit2]
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
#: Encodings are not asked for. Of these, one byte makes a thousand at most; of others, or of
#: several one over the other, it may make millions.
_GZIP = frozenset({"gzip", "x-gzip", "deflate"})

#: Reads an answer that is a file: gets the answer and returns the bytes that stay in memory.
Receive = Callable[[Answer], bytes]


@dataclass
class Response(AttemptResult):
    """The answer to one attempt.

    Attributes:
        body: The body; ``b""`` if it was written to a file.
        request_id: The answer's ``opc-request-id``, or the one that was sent.
        date: The ``Date`` header; ``""`` if there was none.
        next_page: The ``opc-next-page`` header; ``""`` on the last page of a list.
        operation_key: The ``aidp-async-operation-key`` header; ``""`` if there was none.
        is_from_platform: Whether there is an ``opc-request-id``, as every answer of the platform
            has.
    """

    body: bytes = field(default=b"", repr=False)
    request_id: str = ""
    date: str = ""
    next_page: str = ""
    operation_key: str = ""
    is_from_platform: bool = False


@dataclass(frozen=True)
class ConnectionOptions:
    """The settings of connections, as the environment has them.

    Attributes:
        verify: The CA bundle, or whether certificates are verified.
        cert: The client certificate, if there is one.
        proxies: Pairs of scheme and proxy.
        connections: How many pools of connections are kept.
        per_pool: How many connections a pool keeps.
    """

    verify: bool | str
    cert: str | tuple[str, str] | None
    # The address of a proxy may hold a password.
    proxies: tuple[tuple[str, Secret], ...]
    connections: int
    per_pool: int

    @classmethod
    @concealed
    def from_environment(cls, endpoint: str) -> ConnectionOptions:
        """Return the options for an endpoint, found as ``requests`` and MLflow find them.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a size that is not a number.
        """
        with requests.Session() as session:
            merged = session.merge_environment_settings(endpoint, {}, None, None, None)
        return cls(
            merged["verify"],
            merged["cert"],
            tuple((scheme, Secret(proxy)) for scheme, proxy in sorted(merged["proxies"].items())),
            _size(MLFLOW_HTTP_POOL_CONNECTIONS),
            _size(MLFLOW_HTTP_POOL_MAXSIZE),
        )


def _size(variable: Any) -> int:
    # A pool makes room for each connection beforehand.
    return int(min(read_variable(variable, 1), _LARGEST_POOL))


class Sender:
    """Makes attempts. Safe for many threads; a forked child opens connections of its own.

    Args:
        endpoint: Scheme, host and port.
        identity: Who signs.
        timeout: Seconds that an attempt may take.
        clock: The clock of the log.
        options: Proxies and certificates.
    """

    def __init__(
        self,
        endpoint: str,
        identity: Identity,
        timeout: float,
        clock: Clock,
        options: ConnectionOptions,
    ) -> None:
        self._endpoint = endpoint
        self._host = endpoint.partition("://")[2]
        self._identity = identity
        self._timeout = timeout
        self._clock = clock
        self.pool = PerProcess(lambda: ConnectionPool(endpoint, options))

    @concealed
    def attempt(
        self, request: Request, number: int, body: Any = None, receive: Receive | None = None
    ) -> Response:
        """Sign a request afresh and send it once. A network failure is part of the response.

        Args:
            request: The request.
            number: Tells the attempts of the call apart.
            body: The body; that of the request if None.
            receive: Reads the answer, which is a file; None for one that is read into memory.
        """
        begin = self._clock.monotonic()
        request_id = attempt_id(request.id, number)
        signed = self._sign(request, request_id, request.body if body is None else body)
        pool = self.pool.made or self.pool.get()
        response = pool.send(signed, self._timeout, receive)
        response.request_id = response.request_id or request_id
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s %s -> %s in %.0f ms, opc-request-id %s",
                request.route.verb,
                request.url.removeprefix(self._endpoint).partition("?")[0],
                response.failure.reason if response.failure else response.status,
                (self._clock.monotonic() - begin) * 1000,
                response.request_id,
            )
        return response

    def _sign(self, request: Request, request_id: str, body: Any) -> requests.PreparedRequest:
        signed = requests.PreparedRequest()
        signed.method, signed.url, signed.body = request.route.verb, request.url, body
        signed.headers = CaseInsensitiveDict(
            {
                "accept": "application/json",
                "content-type": "application/json",
                "host": self._host,
                REQUEST_ID: request_id,
                "user-agent": user_agent(),
                **request.headers,
            }
        )
        if request.body is not None:
            signed.headers["content-length"] = str(len(request.body))
        if request.retry_token is not None:
            signed.headers["opc-retry-token"] = request.retry_token.reveal()
        principal = self._identity.principal()
        if principal is not None:
            signed.headers["dh-user-principal"] = principal
        self._identity.sign(signed)
        return signed


class ConnectionPool:
    """The connections of one process to one endpoint. Safe for many threads.

    Requests go to the adapter, not through a session of ``requests``: so nothing is taken from
    ``.netrc``, no cookie is kept, and no redirect is followed.

    Args:
        endpoint: Scheme, host and port.
        options: Proxies, certificates and sizes.
    """

    def __init__(self, endpoint: str, options: ConnectionOptions) -> None:
        self._verify = options.verify
        self._cert = options.cert
        self._proxies = options.proxies
        # Its pools are named by the addresses of proxies, and their connections hold requests.
        self._adapter = hidden(
            EndpointAdapter(
                endpoint,
                pool_connections=options.connections,
                # Both stores and the volumes of a session share it; MLflow counts for one store.
                pool_maxsize=3 * options.per_pool,
                max_retries=0,
            )
        )

    def send(
        self,
        request: requests.PreparedRequest,
        timeout: float,
        receive: Receive | None = None,
    ) -> Response:
        """Send a request once and read the whole answer.

        Args:
            request: The signed request.
            timeout: Seconds until the answer is complete; of a file that is sent or received,
                seconds that its content may stand still.
            receive: Reads an answer that is a file; None for one that is read into memory.

        Returns:
            The answer, or why there was none.
        """
        try:
            answer = self.open(request, timeout, is_file=receive is not None)
            try:
                body = receive(answer) if receive else read_body(answer)
            except BaseException:
                answer.close()
                raise
        except NO_ANSWER as problem:
            failure = classify_exception(problem)
        else:
            return response_of(answer, body)
        return Response(failure=failure)

    def open(
        self, request: requests.PreparedRequest, timeout: float, *, is_file: bool = False
    ) -> Answer:
        """Send a request once, and return the answer as far as its headers.

        Args:
            request: The signed request.
            timeout: Seconds, as for ``send``.
            is_file: Whether a success may take as long as its content moves.

        Raises:
            NO_ANSWER: There is no answer. The exception may hold the request.
        """
        answer: Answer = self._adapter().send(
            request,
            stream=is_file,
            timeout=timeout,
            verify=self._verify,
            cert=self._cert,
            proxies={scheme: proxy.reveal() for scheme, proxy in self._proxies},
        )
        return answer


#: What may be raised where there is no whole answer.
NO_ANSWER = (
    requests.exceptions.RequestException,
    HTTPError,
    HTTPException,
    OSError,
    ValueError,
)


class OversizedBodyError(ValueError):
    """The body of an answer is too long to be kept in memory."""


class UnknownEncodingError(ValueError):
    """The body of an answer has an encoding that cannot be decoded within a bound."""


def pieces_of(raw: Any) -> Iterator[bytes]:
    """Yield the decoded body of an answer, piece by piece.

    Args:
        raw: The answer as ``urllib3`` has it: the ``raw`` of a response of ``requests``.

    Raises:
        OversizedBodyError: The body is longer than :py:data:`LONGEST_BODY`.
        UnknownEncodingError: The body has another encoding than gzip or deflate.
        DecodeError: The encoding is broken.
        IncompleteRead: The body, or its encoding, ends too early.
    """
    encoding = (raw.headers.get("content-encoding") or "identity").strip().lower()
    if encoding != "identity" and encoding not in _GZIP:
        raise UnknownEncodingError
    length = 0
    for piece in _wire(raw) if encoding == "identity" else _decoded(raw):
        length += len(piece)
        if length > LONGEST_BODY:
            raise OversizedBodyError
        yield piece


def _wire(raw: Any) -> Iterator[bytes]:
    while piece := raw.read1(_PIECE, decode_content=False):
        yield piece


def _decoded(raw: Any) -> Iterator[bytes]:
    """Yield what gzip or deflate made shorter, a piece at a time.

    ``urllib3`` decodes as well, and takes an encoding that ends too early for a whole one.

    Raises:
        DecodeError: The encoding is broken.
        IncompleteRead: It ends before its end.
    """
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    is_begun = False
    for wire in _wire(raw):
        data = wire
        while data:
            if decoder.eof:
                # Members of gzip follow one another; what else is behind the end says nothing.
                if not data.startswith(b"\x1f"):
                    break
                decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
            try:
                piece = decoder.decompress(data, _PIECE)
            except zlib.error:
                if is_begun:
                    raise DecodeError from None
                # Some servers send deflate without its header.
                decoder = zlib.decompressobj(-zlib.MAX_WBITS)
                is_begun = True
                continue
            is_begun = True
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            if piece:
                yield piece
    # What did not fit into the last piece.
    while is_begun and not decoder.eof:
        piece = decoder.decompress(b"", _PIECE)
        if not piece:
            raise IncompleteRead(0, 0)
        yield piece


def read_body(answer: Answer) -> bytes:
    """Read a body into memory. The timer of the attempt bounds how long that takes.

    Raises:
        ValueError: The body is too long or has an unknown encoding: see :py:func:`pieces_of`.
    """
    pieces = []
    for piece in pieces_of(answer.raw):
        pieces.append(piece)
    return b"".join(pieces)


def response_of(answer: Answer, body: bytes) -> Response:
    """Return an answer whose body was read."""
    headers = answer.headers
    return Response(
        status=answer.status_code,
        body=body,
        request_id=headers.get(REQUEST_ID, ""),
        code=conflict_code(body) if answer.status_code == 409 else "",
        retry_after=headers.get("retry-after", ""),
        date=headers.get("date", ""),
        next_page=headers.get("opc-next-page", ""),
        operation_key=headers.get("aidp-async-operation-key", ""),
        is_from_platform=bool(headers.get(REQUEST_ID, "").strip()),
    )


@cache
def user_agent() -> str:
    """Return the ``user-agent`` header: the versions in use."""
    import mlflow

    from mlflow_oci_aidp import __version__

    python = platform.python_version()
    return f"mlflow-oci-aidp/{__version__} mlflow/{mlflow.__version__} python/{python}"
