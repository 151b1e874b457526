"""The content of a session token. Only the platform can verify its issuer's signature."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def read_claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a token without verifying them; no claims if the text is no token."""
    import jwt

    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def expiry_of(claims: Mapping[str, Any]) -> float | None:
    """Return when a token expires, in seconds since the Unix epoch; None if it does not say."""
    try:
        expires = float(claims["exp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return expires if math.isfinite(expires) else None


def read_text(path: str) -> str:
    """Return the text of a file, without blanks at its ends and without a byte order mark.

    Raises:
        OSError: If the file cannot be read.
        UnicodeDecodeError: If the file is not text.
    """
    with open(path, encoding="utf-8-sig") as file:
        return file.read().strip()
