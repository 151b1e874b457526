"""Step "token": a session's token can be read, has not expired, and belongs to the private key."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.private_key import key_location
from mlflow_oci_aidp.secret import concealed
from mlflow_oci_aidp.session_token import expiry_of, read_claims, read_text
from mlflow_oci_aidp.sign_in_errors import refused_remedy


@concealed
def check(case: Case) -> str:
    """Read the session's token, and compare its key with the private key."""
    settings = case.settings
    mode = AUTH_MODES[settings.auth]
    if "security_token_file" not in mode.needs:
        raise StepSkipped(f"{mode.name} has no token file")
    path = settings.path("security_token_file")
    claims = read_claims(_text_of(path))
    expires = expiry_of(claims)
    remedy = refused_remedy(settings)
    if expires is None:
        raise StepFailed(f"The file {path} holds no session token.", remedy)
    case.identity["token_expires"] = utc(expires)
    if expires <= case.clock():
        raise StepFailed(f"The session token in {path} has expired, at {utc(expires)}.", remedy)
    modulus = _modulus(claims)
    if modulus and modulus != case.key.public_numbers().n:
        raise StepFailed(
            f"The session token in {path} is of another key than {key_location(settings)}.", remedy
        )
    return f"valid until {utc(expires)}"


def utc(seconds: float) -> str:
    """Return a time, in seconds since the Unix epoch, as text."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} seconds after 1970"


def _text_of(path: str) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError):
        return ""


def _modulus(claims: Mapping[str, Any]) -> int | None:
    """Return the modulus of the public key that a token carries, if it carries one."""
    try:
        text = json.loads(claims["jwk"])["n"]
        return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except (KeyError, TypeError, ValueError):
        return None
