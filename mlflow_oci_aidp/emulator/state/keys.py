"""Make keys, and name them as OCI does."""

from __future__ import annotations

import functools
import hashlib
import json

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

TOKEN_ALGORITHM = "ES256"  # noqa: S105 - an algorithm
TOKEN_PREFIX = "ST$"  # noqa: S105 - marks a key id that is a token


@functools.cache
def rsa_key_of_this_process() -> rsa.RSAPrivateKey:
    """Return the RSA key that all new emulators of this process share: making one is slow."""
    return new_rsa_key()


def new_rsa_key() -> rsa.RSAPrivateKey:
    """Make an RSA key of 2048 bits, which takes about a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_ec_key() -> ec.EllipticCurvePrivateKey:
    """Make an elliptic curve key, which takes no time."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as PKCS#8 in PEM, without a pass phrase."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def fingerprint(public_key: rsa.RSAPublicKey) -> str:
    """Return OCI's name of an API key: the MD5 of its DER form, in pairs of hex digits."""
    der = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.md5(der, usedforsecurity=False).digest().hex(":")


def session_claims(public_key: rsa.RSAPublicKey) -> dict[str, str]:
    """Return the claim by which a token carries its session's public key, as OCI's tokens do."""
    numbers = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public_key))
    jwk = {"kty": "RSA", "alg": "RS256", "use": "sig", "n": numbers["n"], "e": numbers["e"]}
    return {"jwk": json.dumps(jwk)}
