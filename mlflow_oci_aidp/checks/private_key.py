"""Step "private key": the user's private key can be read."""

from __future__ import annotations

import hashlib
from typing import Any

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.private_key import key_location, read_private_key
from mlflow_oci_aidp.secret import concealed


@concealed
def check(case: Case) -> str:
    """Read the private key, and compute its fingerprint. The public half of it is remembered."""
    settings = case.settings
    if not AUTH_MODES[settings.auth].has_private_key:
        raise StepSkipped(f"{settings.auth} has no key file")
    key, problem = read_private_key(settings)
    if problem:
        raise StepFailed(f"{problem.cause[0].upper()}{problem.cause[1:]}.", problem.remedy)
    case.key = key.public_key()
    case.identity["fingerprint"] = _fingerprint_of(case.key)
    return (
        f"RSA, {case.key.key_size} bits, fingerprint {case.identity['fingerprint']}, in "
        f"{key_location(settings)}"
    )


def _fingerprint_of(key: Any) -> str:
    """Return OCI's name of a public key: the MD5 of its DER form [OCI documentation]."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.md5(der, usedforsecurity=False).digest().hex(":")
