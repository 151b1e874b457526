"""Verify OCI request signatures: version 1 of the scheme, ``rsa-sha256``.

Source: https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..contract.refusal import Refusal
from ..state.keys import TOKEN_ALGORITHM, TOKEN_PREFIX

CLOCK_SKEW = 300
"""How many seconds the date of a request may be off, both ways."""

_UNREADABLE_TOKEN = (
    jwt.PyJWTError,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What PyJWT raises for texts that are no tokens, and Python for claims of other types."""

_PARAMETER = re.compile(r'\s*(\w+)="([^"]*)"\s*(?:,|$)')
_ALWAYS = ("(request-target)", "host")
_WITH_BODY = ("content-length", "content-type", "x-content-sha256")
_VERBS_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Caller:
    """The signer of a request: the OCID of a user or another principal, and the key id."""

    user: str
    key_id: str


class Verifier:
    """Verify signatures with the keys that the emulator trusts.

    Attributes:
        hosts: The values of the host header that name the emulator, in lower case.
    """

    hosts: Collection[str] = ()

    def __init__(self, issuer: EllipticCurvePublicKey, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.reset(issuer)

    def reset(self, issuer: EllipticCurvePublicKey) -> None:
        """Forget every API key, and accept only the tokens of this issuer."""
        self._issuer = issuer
        self._keys: dict[str, RSAPublicKey] = {}

    def trust(self, key_id: str, public_key: RSAPublicKey) -> None:
        """Accept an API key; ``key_id`` is ``tenancy/user/fingerprint``."""
        if key_id.count("/") != 2:
            raise ValueError("A key id has the form tenancy/user/fingerprint.")
        self._keys[key_id] = public_key

    def verify(
        self,
        verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        content_is_covered: bool = True,
    ) -> Caller:
        """Return who signed a request.

        ``target`` is the path with its query exactly as it was sent, the names of ``headers`` are
        in lower case. ``content_is_covered`` False: the body's headers need not be signed, as for
        Object Storage's PutObject and UploadPart (same source, "Special Implementation for Object
        Storage PUT"). Raises ``Refusal`` (401, ``NotAuthenticated``).
        """
        parameters = _authorization(headers.get("authorization", ""))
        covered = parameters["headers"].split(" ")
        has_content = content_is_covered and verb in _VERBS_WITH_BODY
        self._check_coverage(covered, has_content)
        self._check_host(headers)
        self._check_date(covered, headers)
        if has_content:
            _check_digest(headers, body)
        key, caller = self._key(parameters["keyId"])
        signed = _signing_string(covered, verb, target, headers)
        try:
            signature = base64.b64decode(parameters["signature"], validate=True)
            key.verify(signature, signed.encode("utf-8"), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):  # `binascii.Error` is a ValueError.
            raise _refused("The signature does not match the request.") from None
        return caller

    def _check_coverage(self, covered: list[str], has_content: bool) -> None:
        needed = _ALWAYS + (_WITH_BODY if has_content else ())
        absent = [name for name in needed if name not in covered]
        if "date" not in covered and "x-date" not in covered:
            absent.append("date")
        if absent:
            raise _refused(f"The signature does not cover: {', '.join(absent)}.")

    def _check_host(self, headers: Mapping[str, str]) -> None:
        # Else a request that somebody signed for another service would be good here.
        if headers.get("host", "").lower() not in self.hosts:
            raise _refused(
                f"The request is signed for another host than {' or '.join(sorted(self.hosts))}."
            )

    def _check_date(self, covered: list[str], headers: Mapping[str, str]) -> None:
        # A browser cannot set Date, so x-date stands for it where it is signed.
        name = "x-date" if "x-date" in covered else "date"
        try:
            date = parsedate_to_datetime(headers.get(name, "")).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            raise _refused(f"The header {name} is missing or no HTTP date.") from None
        if abs(date - self._clock()) > CLOCK_SKEW:
            raise _refused(
                f"The header {name} is more than {CLOCK_SKEW} seconds off the service's clock."
            )

    def _key(self, key_id: str) -> tuple[RSAPublicKey, Caller]:
        if key_id.startswith(TOKEN_PREFIX):
            return self._key_of_token(key_id)
        if key_id not in self._keys:
            raise _refused("The key id is unknown.")
        return self._keys[key_id], Caller(user=key_id.split("/")[1], key_id=key_id)

    def _key_of_token(self, key_id: str) -> tuple[RSAPublicKey, Caller]:
        # The emulator's own clock decides about expiry, so PyJWT must not.
        options: Any = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": False,
        }
        try:
            claims = jwt.decode(
                key_id.removeprefix(TOKEN_PREFIX),
                self._issuer,
                algorithms=[TOKEN_ALGORITHM],
                options=options,
            )
            key = jwt.algorithms.RSAAlgorithm.from_jwk(claims["jwk"])
            expires = float(claims["exp"])
        except _UNREADABLE_TOKEN:
            raise _refused("The token was not issued here.") from None
        if expires <= self._clock():
            raise _refused("The token has expired.")
        if not isinstance(key, RSAPublicKey):
            raise _refused("The token carries no public key.")
        return key, Caller(user=str(claims.get("sub", "")), key_id=key_id)


def _refused(message: str) -> Refusal:
    return Refusal(401, "NotAuthenticated", message)


def _authorization(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "signature":
        raise _refused("The request is not signed.")
    parameters: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1] in parameters:
            raise _refused("The Authorization header cannot be read.")
        parameters[match[1]] = match[2]
        position = match.end()
    absent = {"keyId", "headers", "signature", "algorithm", "version"} - set(parameters)
    if absent:
        raise _refused(f"The Authorization header lacks: {', '.join(sorted(absent))}.")
    if parameters["algorithm"] != "rsa-sha256" or parameters["version"] != "1":
        raise _refused("Only version 1 of the signature and rsa-sha256 are known.")
    return parameters


def _check_digest(headers: Mapping[str, str], body: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(body).digest())
    if not hmac.compare_digest(headers.get("x-content-sha256", "").encode(), digest):
        raise _refused("x-content-sha256 is not the digest of the body.")


def _signing_string(covered: list[str], verb: str, target: str, headers: Mapping[str, str]) -> str:
    lines = []
    for name in covered:
        if name == "(request-target)":
            lines.append(f"{name}: {verb.lower()} {target}")
        elif name in headers:
            lines.append(f"{name}: {headers[name]}")
        else:
            raise _refused(f"The signature covers the header {name}, which was not sent.")
    return "\n".join(lines)
