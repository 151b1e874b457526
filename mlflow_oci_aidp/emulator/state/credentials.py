"""Keep an emulator's keys, tokens, certificates and OCI config file in its data folder."""

from __future__ import annotations

import configparser
import datetime
import errno
import io
import ipaddress
import json
import secrets
import ssl
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ..contract.refusal import Refusal
from .data_folder import ID_PREFIX, IDENTITY, DataFolderError, identity
from .files import write_private
from .keys import (
    TOKEN_ALGORITHM,
    fingerprint,
    new_ec_key,
    new_rsa_key,
    private_pem,
    rsa_key_of_this_process,
    session_claims,
)

REGION = "us-ashburn-1"
PROFILE = "DEFAULT"

NAMESPACE = "emulator"
"""The Object Storage namespace of the emulated tenancy."""
BUCKET = "aidp-emulator"
"""The bucket for artifacts, unless an experiment names another location."""
WORKSPACE_KEY = "7d0c5c1e-3f0b-4b52-9a0e-6b1f4f2d8c11"
"""The key of the first workspace, which every emulator has; made up."""

_ISSUER_KEY = "token_issuer_key.pem"

_PrivateKey = TypeVar("_PrivateKey", rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)


class Credentials:
    """The keys and files by which an emulator and its clients know each other.

    Files have mode 600.

    Args:
        folder: The data folder, which this process has locked: of two that make keys at the same
            time, one would refuse the other's.
        clock: Gives seconds since 1970.

    Raises:
        DataFolderError: The config file has a default profile that is not the emulator's.
        OSError: A file cannot be read or written.
        ValueError: A file does not hold what it should.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._names = self._identifiers()
        self.api_key = self._key("api_key.pem", rsa_key_of_this_process)
        self._issuer_key = self._key(_ISSUER_KEY, new_ec_key)
        self._write_first_profile()

    def __repr__(self) -> str:
        return f"<Credentials in {self._folder}>"

    @property
    def ai_data_platform_id(self) -> str:
        """The OCID of the emulated instance."""
        return self._names["ai_data_platform_id"]

    @property
    def tenancy(self) -> str:
        """A made-up OCID."""
        return self._names["tenancy"]

    @property
    def user(self) -> str:
        """A made-up OCID."""
        return self._names["user"]

    @property
    def key_id(self) -> str:
        """The key id of the API key."""
        return f"{self.tenancy}/{self.user}/{fingerprint(self.api_key.public_key())}"

    @property
    def issuer(self) -> ec.EllipticCurvePublicKey:
        """The key that verifies session tokens."""
        return self._issuer_key.public_key()

    @property
    def config_file(self) -> Path:
        """The OCI config file."""
        return self._folder / "config"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the server's certificate.

        ``tls_context`` makes it.
        """
        return self._folder / "ca.pem"

    def reset(self) -> None:
        """Remove every session: their profiles, files, and the key that issued their tokens."""
        for file in self._folder.glob("session_*"):
            file.unlink(missing_ok=True)
        (self._folder / _ISSUER_KEY).unlink(missing_ok=True)
        self._issuer_key = self._key(_ISSUER_KEY, new_ec_key)
        self.config_file.unlink(missing_ok=True)
        self._write_first_profile()

    def issue_token(
        self, public_key: rsa.RSAPublicKey, lifetime: float, claims: dict[str, Any]
    ) -> str:
        """Return a security token for the session with this public key.

        It is valid for ``lifetime`` seconds.
        """
        now = int(self._clock())
        standard = {
            "sub": self.user,
            "tenant": self.tenancy,
            "iat": now,
            "exp": int(now + lifetime),
        }
        unique = {"jti": str(uuid.uuid4())}
        everything = {**standard, **unique, **session_claims(public_key), **claims}
        return str(jwt.encode(everything, self._issuer_key, algorithm=TOKEN_ALGORITHM))

    def serving_token(self, issuer: str, audience: str, lifetime: float) -> str:
        """Return a bearer token for deployments that name this issuer and audience."""
        now = int(self._clock())
        claims = {"iss": issuer, "aud": audience, "sub": self.user, "iat": now}
        claims["exp"] = int(now + lifetime)
        return str(jwt.encode(claims, self._issuer_key, algorithm=TOKEN_ALGORITHM))

    def check_serving_token(self, token: str, claims: dict[str, Any]) -> str:
        """Return whom a bearer token is for.

        Args:
            token: The token.
            claims: What the deployment says of its tokens.

        Raises:
            Refusal: With 401, for a token that is not good.
        """
        try:
            checked = jwt.decode(
                token,
                self._issuer_key.public_key(),
                algorithms=[TOKEN_ALGORITHM],
                issuer=claims["issuerClaim"],
                audience=claims["audienceClaim"],
                options={"verify_exp": False},
            )
        except jwt.PyJWTError as problem:
            raise Refusal(401, "NotAuthenticated", f"The token is not good: {problem}") from None
        if checked["exp"] <= self._clock():
            raise Refusal(401, "NotAuthenticated", "The token has expired.")
        return str(checked["sub"])

    def session_profile(self, name: str, lifetime: float) -> None:
        """Write a profile with a session token.

        If the profile exists, its token file is replaced in place.
        """
        stem = f"session_{name}"
        key = self._key(f"{stem}_key.pem", new_rsa_key)
        token_file = self._folder / f"{stem}_token"
        write_private(token_file, self.issue_token(key.public_key(), lifetime, {}).encode())
        self._write_profile(
            name,
            tenancy=self.tenancy,
            fingerprint=fingerprint(key.public_key()),
            key_file=str(self._folder / f"{stem}_key.pem"),
            security_token_file=str(token_file),
            region=REGION,
        )

    @cached_property
    def tls_context(self) -> ssl.SSLContext:
        """Return the TLS context of a server on loopback."""
        chain = self._folder / "server.pem"
        if not (chain.exists() and self.ca_file.exists()):
            self._make_certificates(chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    def _identifiers(self) -> dict[str, str]:
        path = self._folder / IDENTITY
        if not path.exists():
            names = identity(f"{ID_PREFIX}{secrets.token_hex(16)}")
            write_private(path, json.dumps(names, indent=2).encode())
        known: dict[str, str] = json.loads(path.read_text())
        return known

    def _key(self, name: str, make: Callable[[], _PrivateKey]) -> _PrivateKey:
        path = self._folder / name
        if not path.exists():
            key = make()
            write_private(path, private_pem(key))
            return key
        # Our own file: the costly question whether its primes are primes was answered when it was
        # made.
        kept: Any = serialization.load_pem_private_key(
            path.read_bytes(), None, unsafe_skip_rsa_key_validation=True
        )
        return kept

    def _write_first_profile(self) -> None:
        self._write_profile(
            PROFILE,
            tenancy=self.tenancy,
            user=self.user,
            fingerprint=fingerprint(self.api_key.public_key()),
            key_file=str(self._folder / "api_key.pem"),
            region=REGION,
        )

    def _write_profile(self, name: str, **settings: str) -> None:
        config = configparser.ConfigParser(interpolation=None)
        config.read(self.config_file, encoding="utf-8")
        if config.defaults() and config.defaults().get("tenancy") != self.tenancy:
            raise DataFolderError(
                errno.EEXIST,
                f"{self.config_file} has a profile {PROFILE} that is not the emulator's; "
                "it was not changed",
            )
        if name in config and dict(config[name]) == settings:
            return  # Whoever added comments to the file keeps them.
        # A profile inherits from DEFAULT, so what DEFAULT says already need not be repeated; it is,
        # to be plain.
        config[name] = settings
        text = io.StringIO()
        config.write(text)
        write_private(self.config_file, text.getvalue().encode())

    def _make_certificates(self, chain: Path) -> None:
        authority_key, server_key = new_ec_key(), new_ec_key()
        authority_name = _name("mlflow-oci-aidp emulator authority")
        authority = (
            _certificate(authority_name, authority_name, authority_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()),
                critical=False,
            )
            .sign(authority_key, hashes.SHA256())
        )
        loopback = [
            x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")
        ]
        server = (
            _certificate(_name("localhost"), authority_name, server_key.public_key())
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost"), *loopback]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                critical=False,
            )
            .sign(authority_key, hashes.SHA256())
        )
        # The authority's key is not kept: nobody can make another certificate with it.
        write_private(self.ca_file, authority.public_bytes(serialization.Encoding.PEM))
        write_private(
            chain, server.public_bytes(serialization.Encoding.PEM) + private_pem(server_key)
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
