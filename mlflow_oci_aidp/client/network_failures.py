"""Why a request got no whole answer, told from an exception in words that hold no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class NetworkFailure(NamedTuple):
    """Why there was no whole answer.

    Attributes:
        reason: The reason, as part of a sentence.
        error_code: A name of MLflow's ``ErrorCode``.
        is_final: Whether another attempt would fail in the same way.
        kind: The entry of :py:data:`NETWORK_FAILURES`; ``""`` if none fits.
    """

    reason: str
    error_code: str
    is_final: bool
    kind: str = ""

    @property
    def is_of_proxy(self) -> bool:
        """Whether it is the proxy's, so that its address says more than the endpoint's."""
        return self.kind in _OF_PROXY

    @property
    def is_unsent(self) -> bool:
        """Whether it is certain that the request did not leave."""
        return self.kind in _UNSENT

    @property
    def may_be_bundle(self) -> bool:
        """Whether a bundle of certificates that cannot be read fails in this way, too."""
        return self.kind in {"SSLError", "SSLCertVerificationError", ""}


def classify_exception(exception: BaseException) -> NetworkFailure:
    """Return what an exception of ``requests``, ``urllib3`` or the operating system means."""
    # Never the texts of the exceptions: they may hold secrets.
    chain = exception_chain(exception)
    names = {type(part).__name__ for part in chain}
    for name, failure in NETWORK_FAILURES.items():
        if name in names:
            if name == "ProxyError":
                return _of_proxy(chain, names)
            return NetworkFailure(*failure, kind=name)
    return NetworkFailure(f"the request failed ({min(names)})", "INTERNAL_ERROR", True)


_NO_HTTP = ("the answer is no proper HTTP", "TEMPORARILY_UNAVAILABLE", False)

#: Failures by the name of an exception type in the chain; the first entry that is in the chain
#: counts. Each has the first three fields of :py:class:`NetworkFailure`.
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
    # requests raises it for a SOCKS proxy alone: no request goes through its table of schemes.
    "InvalidSchema": (
        "a SOCKS proxy needs PySocks, which is not installed",
        "INVALID_PARAMETER_VALUE",
        True,
    ),
    "ProxySchemeUnknown": (
        "the proxy's address has a scheme that is not known",
        "INVALID_PARAMETER_VALUE",
        True,
    ),
    "InvalidProxyURL": ("the proxy's address is not valid", "INVALID_PARAMETER_VALUE", True),
    "ProxyError": ("the proxy could not be used", "TEMPORARILY_UNAVAILABLE", False),
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
    "ForeignAnswerError": (
        "the answer was that of another request",
        "TEMPORARILY_UNAVAILABLE",
        False,
    ),
    "BrokenAnswerError": _NO_HTTP,
    "BadStatusLine": _NO_HTTP,
    "LineTooLong": _NO_HTTP,
    "UnknownProtocol": _NO_HTTP,
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

#: Why a proxy could not be reached, by the name of another exception in the chain.
_PROXY_REASONS: Mapping[str, str] = {
    "NameResolutionError": "its name could not be resolved",
    "ConnectionRefusedError": "the connection was refused",
    "ConnectTimeoutError": "no connection in time",
    "TimeoutError": "no connection in time",
    "SSLError": "it does not speak TLS, or not as expected",
}
_OF_PROXY = frozenset(
    {
        "InvalidSchema",
        "ProxySchemeUnknown",
        "InvalidProxyURL",
        "ProxyError",
        "ProxyAuthentication",
        "ProxyRefusal",
    }
)
_UNSENT = _OF_PROXY | {
    "SSLCertVerificationError",
    "ConnectTimeout",
    "NameResolutionError",
    "ConnectionRefusedError",
}
#: How Python's ``http.client`` says which status a proxy refused the tunnel with.
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")


def _of_proxy(chain: list[BaseException], names: set[str]) -> NetworkFailure:
    """Return why a proxy could not be used: by the status of its refusal, or by what broke."""
    # The number alone is taken of a text.
    statuses = [match[1] for part in chain if (match := _TUNNEL.search(str(part)))]
    if statuses and statuses[0] == "407":
        reason = "the proxy wants a user name and a password (HTTP 407)"
        return NetworkFailure(reason, "PERMISSION_DENIED", True, "ProxyAuthentication")
    if statuses:
        reason = f"the proxy refuses to connect to it (HTTP {statuses[0]})"
        # What a proxy says of itself or of the endpoint's network may be over soon.
        is_final = not statuses[0].startswith("5")
        code = "PERMISSION_DENIED" if is_final else "TEMPORARILY_UNAVAILABLE"
        return NetworkFailure(reason, code, is_final, "ProxyRefusal")
    reason, code, is_final = NETWORK_FAILURES["ProxyError"]
    causes = [words for name, words in _PROXY_REASONS.items() if name in names]
    if causes:
        reason = f"the proxy could not be reached, {causes[0]}"
    return NetworkFailure(reason, code, is_final, "ProxyError")


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
