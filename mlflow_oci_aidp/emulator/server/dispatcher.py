"""Give each request to the service that owns its path, after the checks for all services.

The order is the platform's: the signature, the operation, its arguments, the work. The dispatcher
knows no sockets; ``http`` brings the requests and sends the responses.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import formatdate
from typing import Protocol, runtime_checkable

from ..contract import BASE_PATH
from ..contract.refusal import Refusal, invalid
from .faults import Fault, FaultPlan
from .messages import FileSlice, Request, RequestBody, Response, error_response, json_response
from .recorder import Recorder
from .routing import RouteMatch, RouteTable
from .signatures import Verifier

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Service(Protocol):
    """A part of the platform that answers requests for some paths."""

    @property
    def routes(self) -> RouteTable:
        """The operations of the service."""
        ...

    @property
    def takes_files(self) -> bool:
        """Whether bodies may be files. If not, each body is read whole before all else."""
        ...

    def owns(self, path: str) -> bool:
        """Return whether requests for a path, as sent, are for this service."""
        ...

    def answer(self, request: Request, match: RouteMatch) -> Response:
        """Answer a request whose signature was verified.

        Raises:
            Refusal: The request is refused.
            ConnectionError: The client left before its body was complete.
        """
        ...


@runtime_checkable
class TakesTokens(Protocol):
    """A service that takes bearer tokens in the place of signatures."""

    def sender_of(self, request: Request, match: RouteMatch) -> str | None:
        """Return who sent a request with a bearer token; None where a signature tells.

        Raises:
            Refusal: With 401, for a token that is not good.
        """
        ...


class Dispatcher:
    """Dispatch requests to services, and record each exchange.

    Args:
        services: The services; the first one that owns a path gets the request.
        verifier: Verifies signatures.
        faults: The faults to inject.
        recorder: Records each exchange before anybody can see the response.
        clock: Gives seconds since 1970.
        base: The beginning of the platform's paths, up to the instance, in place of the documented
            one; ``""`` for that.
    """

    def __init__(
        self,
        services: Sequence[Service],
        verifier: Verifier,
        faults: FaultPlan,
        recorder: Recorder,
        clock: Callable[[], float] = time.time,
        base: str = "",
    ) -> None:
        self._base = base
        self._services = services
        self._verifier = verifier
        self._faults = faults
        self._recorder = recorder
        self._clock = clock
        self._gate = _Gate()
        self._last: Response | None = None

    def reset(self) -> None:
        """Forget the response to the request before."""
        self._last = None

    def service_of(self, path: str) -> Service:
        """Return the service that owns a path, as sent."""
        path = self._documented(path)
        return next(service for service in self._services if service.owns(path))

    def _documented(self, path: str) -> str:
        """Return a path as the contract has it; one without an operation for a wrong version."""
        documented = BASE_PATH.partition("{")[0]
        if self._base and path.startswith(self._base):
            return documented + path[len(self._base) :]
        return f"/not-answered{path}" if self._base and path.startswith(documented) else path

    def respond(self, service: Service, request: Request) -> Response:
        """Answer a request and record the exchange.

        Raises:
            ConnectionError: The client left before its body was complete.
        """
        with self._gate.passing(), self._recorder.recording(request) as record:
            match = service.routes.match(request.verb, self._documented(request.path))
            record.operation = match.route.name if match else None
            fault = record.fault = self._faults.next(record.operation)
            request_id = record.request_id = request_id_of(request.headers)
            response = self._response_with_fault(service, match, request, fault)
            headers = self._common_headers(request_id, fault.skew if fault else 0.0)
            if fault is not None and fault.is_of_another_server:
                del headers["opc-request-id"]
            response = replace(response, headers={**headers, **response.headers}, fault=fault)
            if fault and fault.kind == "other_answer" and self._last:
                _close_file(response)
                response = replace(self._last, fault=fault)
            elif not isinstance(response.body, FileSlice):
                self._last = response
            record.response = response
        return response

    def refuse(self, refusal: Refusal, headers: Mapping[str, str]) -> Response:
        """Make the response to a request that is malformed. Such a request is not recorded."""
        response = error_response(refusal)
        common = self._common_headers(request_id_of(headers), 0.0)
        return replace(response, headers={**common, **response.headers})

    def standstill(
        self, patience: float, give_up: Callable[[], object]
    ) -> contextlib.AbstractContextManager[None]:
        """Run a block of code while no request is answered; new requests wait until its end.

        Args:
            patience: Seconds to wait before ``give_up`` is called.
            give_up: Ends the connections of requests that take too long.
        """
        return self._gate.closed(patience, give_up)

    def _common_headers(self, request_id: str, skew: float) -> dict[str, str]:
        return {"opc-request-id": request_id, "date": formatdate(self._clock() + skew, usegmt=True)}

    def _response_with_fault(
        self, service: Service, match: RouteMatch | None, request: Request, fault: Fault | None
    ) -> Response:
        if fault is None:
            return self._work(service, match, request)
        if fault.kind == "reset_during":
            request.body.limit = request.body.length // 2
            if request.body.length:
                # The service meets the broken connection as it would meet a real one.
                with contextlib.suppress(ConnectionError):
                    self._work(service, match, request)
            return Response(0)
        if fault.before_work:
            return _response_without_work(fault)
        # Of an upload the request is corrupted here, of anything else the response in `http`.
        request.body.flip = fault.kind == "corrupt" and match is not None and match.route.is_upload
        response = self._work(service, match, request)
        if fault.kind == "body":
            _close_file(response)
            return Response(
                fault.status or 200,
                fault.body,
                {"content-type": fault.content_type, **fault.headers},
            )
        return response

    def _work(self, service: Service, match: RouteMatch | None, request: Request) -> Response:
        try:
            is_upload = match is not None and match.route.is_upload
            content = b"" if is_upload else request.body.read_whole()
            user = self._sender(service, match, request, content, is_covered=not is_upload)
            if match is None:
                raise service.routes.refusal(self._documented(request.path))
            if not match.is_unicode:
                raise invalid("The path is not UTF-8.")
            body = request.body if is_upload else RequestBody.in_memory(content)
            return service.answer(replace(request, body=body, user=user), match)
        except Refusal as refusal:
            return error_response(refusal)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of the emulator is a 500 to its client
            return error_response(
                Refusal(500, "InternalServerError", f"{type(error).__name__}: {error}")
            )

    def _sender(
        self,
        service: Service,
        match: RouteMatch | None,
        request: Request,
        content: bytes,
        *,
        is_covered: bool,
    ) -> str:
        """Return who sent a request, by its signature or, if the service takes one, its token."""
        if match is not None and isinstance(service, TakesTokens):
            sender = service.sender_of(request, match)
            if sender is not None:
                return sender
        caller = self._verifier.verify(
            request.verb,
            request.target,
            request.headers,
            content,
            content_is_covered=is_covered,
        )
        return caller.user


class _Gate:
    """A gate that lets requests pass, or holds them back while the emulator is reset."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._passing = 0
        self._is_closed = False

    @contextlib.contextmanager
    def passing(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._is_closed)
            self._passing += 1
        try:
            yield
        finally:
            with self._condition:
                self._passing -= 1
                self._condition.notify_all()

    @contextlib.contextmanager
    def closed(self, patience: float, give_up: Callable[[], object]) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._is_closed)
            self._is_closed = True
        try:
            with self._condition:
                is_still = self._condition.wait_for(lambda: not self._passing, patience)
            if not is_still:
                give_up()
                with self._condition:
                    self._condition.wait_for(lambda: not self._passing, patience)
            yield
        finally:
            with self._condition:
                self._is_closed = False
                self._condition.notify_all()


def request_id_of(headers: Mapping[str, str]) -> str:
    """Return the request id of a response.

    The platform makes an id of its own, and puts the caller's before it if that is valid.
    """
    sent = headers.get("opc-request-id", "")
    own = secrets.token_hex(16).upper()
    return f"{sent}/{own}" if _REQUEST_ID.fullmatch(sent) else own


def _close_file(response: Response) -> None:
    """Close the file of a response that is not sent."""
    if isinstance(response.body, FileSlice):
        response.body.file.close()


def _response_without_work(fault: Fault) -> Response:
    if fault.kind == "status":
        return json_response(fault.status or 503, fault.error(), fault.headers)
    if fault.kind == "html":
        page = (
            f"<html><head><title>{fault.status}</title></head>"
            f"<body><h1>{fault.message}</h1></body></html>"
        )
        return Response(
            fault.status or 502, page.encode(), {"content-type": "text/html", **fault.headers}
        )
    if fault.kind == "redirect":
        return Response(fault.status or 307, b"", {"location": fault.location, **fault.headers})
    return Response(0)
