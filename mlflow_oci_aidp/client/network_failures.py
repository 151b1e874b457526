"""Why a request got no whole answer, told from an exception in words that hold no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class NetworkFailure(NamedTuple):
    """Why there was no whole answer.

    Attributes:
        reason: The reason, as part of a sentence.
        error_code: A name of MLflow's ``ErrorCode``.
        is_final: Whether another attempt would fail in the same way.
    """

    reason: str
    error_code: str
    is_final: bool


def classify_exception(exception: BaseException) -> NetworkFailure:
    """Return what an exception of ``requests``, ``urllib3`` or the operating system means."""
    # Never the texts of the exceptions: they may hold secrets.
    names = {type(part).__name__ for part in exception_chain(exception)}
    for name, failure in NETWORK_FAILURES.items():
        if name in names:
            return NetworkFailure(*failure)
    return NetworkFailure(f"the request failed ({min(names)})", "INTERNAL_ERROR", True)


#: Failures by the name of an exception type in the chain; the first entry that is in the chain
#: counts. Each has the fields of :py:class:`NetworkFailure`.
NETWORK_FAILURES: Mapping[str, tuple[str, str, bool]] = {
    "SSLCertVerificationError": (
        "the certificate of the endpoint is not trusted",
        "INTERNAL_ERROR",
        True,
    ),
    "TooManyRedirects": (
        "the endpoint answered with a redirect, which is not followed",
        "BAD_REQUEST",
        True,
    ),
    "ProxyError": ("the proxy could not be used", "TEMPORARILY_UNAVAILABLE", False),
    "InvalidProxyURL": ("the proxy's address is not valid", "INVALID_PARAMETER_VALUE", True),
    "ConnectTimeout": ("no connection in time", "DEADLINE_EXCEEDED", False),
    "NameResolutionError": ("its name could not be resolved", "TEMPORARILY_UNAVAILABLE", False),
    "ConnectionRefusedError": ("the connection was refused", "TEMPORARILY_UNAVAILABLE", False),
    "ReadTimeout": ("no answer in time", "DEADLINE_EXCEEDED", False),
    "ReadTimeoutError": ("no whole answer in time", "DEADLINE_EXCEEDED", False),
    "TimeoutError": ("no whole answer in time", "DEADLINE_EXCEEDED", False),
    "IncompleteRead": ("the answer was cut off", "TEMPORARILY_UNAVAILABLE", False),
    "RemoteDisconnected": ("the connection was closed", "TEMPORARILY_UNAVAILABLE", False),
    "ConnectionResetError": ("the connection was reset", "TEMPORARILY_UNAVAILABLE", False),
    "BrokenPipeError": ("the connection was broken", "TEMPORARILY_UNAVAILABLE", False),
    "SSLEOFError": (
        "the connection was closed while TLS was set up",
        "TEMPORARILY_UNAVAILABLE",
        False,
    ),
    "SSLZeroReturnError": ("the connection was closed", "TEMPORARILY_UNAVAILABLE", False),
    "SSLError": ("it does not speak TLS, or not as expected", "INTERNAL_ERROR", True),
    "OversizedBodyError": ("the answer is longer than 256 MiB", "INTERNAL_ERROR", True),
    "UnknownEncodingError": (
        "the answer has an encoding that was not asked for",
        "INTERNAL_ERROR",
        True,
    ),
    "DecodeError": ("the answer's encoding is broken", "INTERNAL_ERROR", True),
    "ConnectionError": ("the connection failed", "TEMPORARILY_UNAVAILABLE", False),
    "ProtocolError": ("the connection failed", "TEMPORARILY_UNAVAILABLE", False),
}


def exception_chain(exception: BaseException) -> list[BaseException]:
    """Return an exception and all that it was made from.

    ``requests`` and ``urllib3`` keep the original exception in ``reason`` or among the arguments.
    """
    chain: dict[int, BaseException] = {}
    waiting: list[object] = [exception]
    while waiting:
        part = waiting.pop()
        if isinstance(part, BaseException) and id(part) not in chain:
            chain[id(part)] = part
            waiting += [part.__cause__, part.__context__, getattr(part, "reason", None), *part.args]
    return list(chain.values())
