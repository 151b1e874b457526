"""Step "private key": the user's private key can be read."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.secret import concealed


@concealed
def check(case: Case) -> str:
    """Read the private key, and compute its fingerprint. The public half of it is remembered."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not AUTH_MODES[case.settings.auth].has_private_key:
        raise StepSkipped(f"{case.settings.auth} has no key file")
    key = _load(case)
    if not isinstance(key, RSAPrivateKey):
        raise StepFailed(
            f"The private key in {key_location(case)} is not an RSA key.",
            "Make one with `oci setup keys`, and upload it.",
        )
    case.key = key.public_key()
    case.identity["fingerprint"] = _fingerprint_of(case.key)
    return (
        f"RSA, {case.key.key_size} bits, fingerprint {case.identity['fingerprint']}, in "
        f"{key_location(case)}"
    )


def key_location(case: Case) -> str:
    """Return the file of the private key, or the variable that holds it."""
    settings = case.settings
    has_content = "key_content" in settings.credentials
    return "OCI_CLI_KEY_CONTENT" if has_content else settings.path("key_file")


def _load(case: Case) -> Any:
    """Load the private key; the parser's exceptions may say too much and are not passed on."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pass_phrase, location = case.settings.plain_credentials().get("pass_phrase"), key_location(case)
    pem = _pem(case)
    is_encrypted = b"ENCRYPTED" in pem
    with suppress(Exception):
        password = pass_phrase.encode() if is_encrypted and pass_phrase is not None else None
        return load_pem_private_key(pem, password)
    if not is_encrypted:
        raise StepFailed(
            f"What is in {location} is not a private key in PEM form.",
            "Name the file that begins with `-----BEGIN PRIVATE KEY-----`, not the public key's.",
        )
    if pass_phrase is None:
        raise StepFailed(
            f"The private key in {location} is encrypted, and there is no passphrase.",
            "Add pass_phrase to the profile, or set OCI_CLI_PASSPHRASE.",
        )
    raise StepFailed(
        f"The private key in {location} is encrypted, and the passphrase does not open it.",
        "Correct pass_phrase in the profile, or OCI_CLI_PASSPHRASE.",
    )


def _pem(case: Case) -> bytes:
    credentials = case.settings.plain_credentials()
    if "key_content" in credentials:
        # Text of the environment may hold what UTF-8 lacks.
        return credentials["key_content"].encode("utf-8", "surrogateescape")
    try:
        with open(credentials["key_file"], "rb") as file:
            return file.read()
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
    raise StepFailed(
        f"The private key in {key_location(case)} cannot be read ({reason}).",
        "Let yourself read the file.",
    )


def _fingerprint_of(key: Any) -> str:
    """Return OCI's name of a public key: the MD5 of its DER form [OCI documentation]."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.md5(der, usedforsecurity=False).digest().hex(":")
