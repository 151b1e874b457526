"""What OCI gives a program that runs inside it, on loopback: for OCI's own signers, unpatched.

An instance has a metadata service and the identity service's federation endpoint, a pod has OKE's
session token service, a function has environment variables. Each stand-in says in ``environ`` what
a program inside would find. The tokens come from the issuer that is passed in, normally
``Emulator.issue_token``.

What the services expect was read from ``oci.auth`` (package ``oci`` 2.189).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.support.certificates import Authority, certificate_pem, new_key, private_pem
from tests.support.loopback import Refused, Request, cookies_of, proxy, serve

TokenIssuer = Callable[[rsa.RSAPublicKey], str]

TENANCY = "ocid1.tenancy.oc1..aaaaaaaaloopback"
COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaaloopback"
REGION = {
    "realmDomainComponent": "oraclecloud.com",
    "realmKey": "oc1",
    "regionIdentifier": "us-ashburn-1",
    "regionKey": "IAD",
}
FEDERATION_SITE = "auth.us-ashburn-1.oraclecloud.com"
WORKLOAD_PORT = 12250  # OKE's; the signer takes no other


@dataclass
class Instance:
    """A compute instance, as seen from inside."""

    environ: dict[str, str]
    tenancy: str = TENANCY
    federated: list[str] = field(default_factory=list)
    """The key ids of the federation requests that were granted."""
    out_of_order: bool = False
    """While true, the federation endpoint refuses everybody."""
    cookies: list[str] = field(default_factory=list)
    """The cookies that came with requests to the federation endpoint and the metadata service."""


@contextmanager
def instance(issue_token: TokenIssuer, folder: Path) -> Iterator[Instance]:
    """An instance's metadata service, and the federation endpoint of its region.

    The signer makes the federation endpoint's name from the region and insists on https. It honours
    the standard proxy and certificate variables, though: so the federation endpoint is reached
    under its real name, with its certificate verified, through an https proxy that leads nowhere
    else.
    """
    key = new_key()
    authority = Authority("Loopback PKISVC Identity Intermediate")
    leaf = authority.issue(_instance_subject(), key.public_key())
    here = Instance(environ={})

    def federate(request: Request) -> str:
        here.cookies += cookies_of(request)
        if here.out_of_order:
            raise Refused(401, "the federation endpoint is told to refuse")
        key_id = verify_federation_request(request, leaf)
        body = json.loads(request.body)
        if body["certificate"] != _bare(leaf) or body["intermediateCertificates"] != [
            _bare(authority.certificate)
        ]:
            raise Refused(401, "these are not the certificates that the metadata service hands out")
        token = issue_token(_public_key(body["publicKey"]))
        here.federated.append(key_id)
        return json.dumps({"token": token})

    documents = {
        "/instance/region": "iad",
        "/instance/regionInfo": json.dumps(REGION),
        "/identity/cert.pem": certificate_pem(leaf),
        "/identity/key.pem": private_pem(key),
        "/identity/intermediate.pem": authority.pem,
    }
    metadata = {
        ("GET", f"/opc/v2{path}"): _document(text, here.cookies) for path, text in documents.items()
    }
    bundle = _file(folder / "federation-ca.pem", authority.pem)
    tls = partial(authority.server_context, folder=folder)
    with (
        serve(metadata) as metadata_url,
        proxy(FEDERATION_SITE, {("POST", "/v1/x509"): federate}, tls) as proxy_url,
    ):
        here.environ = {
            "OCI_METADATA_BASE_URL": f"{metadata_url}/opc/v2",
            "REQUESTS_CA_BUNDLE": str(bundle),
            "https_proxy": proxy_url,
            "no_proxy": "127.0.0.1,localhost",
        }
        yield here


@dataclass
class Workload:
    """A pod on an OKE cluster, as seen from inside."""

    environ: dict[str, str]
    token_file: Path
    """The service account's token; in a cluster it lies where no variable moves it."""
    sessions: int = 0
    """How many session tokens were granted."""
    cookies: list[str] = field(default_factory=list)
    """The cookies that came with requests for session tokens."""


@contextmanager
def workload(issue_token: TokenIssuer, folder: Path) -> Iterator[Workload]:
    """A cluster's session token service, and a pod's service account."""
    service_account = jwt.encode(
        {"sub": "system:serviceaccount:default:loopback", "exp": int(time.time()) + 600},
        secrets.token_hex(32),
        algorithm="HS256",
    )
    authority = Authority("Loopback Kubernetes CA")
    here = Workload({}, _file(folder / "service-account-token", service_account))

    def session_token(request: Request) -> str:
        here.cookies += cookies_of(request)
        if not secrets.compare_digest(
            request.headers.get("authorization", ""), f"Bearer {service_account}"
        ):
            raise Refused(401, "that is not the service account's token")
        token = issue_token(_public_key(json.loads(request.body)["podKey"]))
        here.sessions += 1
        return base64.b64encode(json.dumps({"token": f"ST${token}"}).encode()).decode()

    tls = partial(authority.server_context, folder=folder)
    with serve(
        {("POST", "/resourcePrincipalSessionTokens"): session_token}, port=WORKLOAD_PORT, tls=tls
    ) as url:
        here.environ = {
            "KUBERNETES_SERVICE_HOST": str(urlsplit(url).hostname),
            "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": str(
                _file(folder / "service-account-ca.crt", authority.pem)
            ),
            "OCI_RESOURCE_PRINCIPAL_REGION": REGION["regionIdentifier"],
        }
        yield here


def resource_principal(
    issue_token: Callable[..., str], *, folder: Path | None = None, pass_phrase: str | None = None
) -> dict[str, str]:
    """The variables of a resource principal (version 2.2).

    They are values, or paths of files if a folder is passed.
    """
    key = new_key()
    token = issue_token(key.public_key(), res_tenant=TENANCY, res_compartment=COMPARTMENT)
    pem = private_pem(key, pass_phrase)
    environ = {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_REGION": REGION["regionIdentifier"],
        "OCI_RESOURCE_PRINCIPAL_RPST": str(_file(folder / "rpst", token)) if folder else token,
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(_file(folder / "rpst.pem", pem))
        if folder
        else pem,
    }
    if pass_phrase:
        environ["OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE"] = pass_phrase
    return environ


def verify_federation_request(request: Request, leaf: x509.Certificate) -> str:
    """Check the signature of a federation request with the instance's certificate.

    Returns:
        The request's key id.

    Raises:
        Refused: With 401, saying what is wrong.
    """
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    signature = (
        dict(part.split("=", 1) for part in rest.split(",")) if scheme == "Signature" else {}
    )
    signature = {name: value.strip('"') for name, value in signature.items()}

    fingerprint = leaf.fingerprint(hashes.SHA1()).hex(":").upper()
    if signature.get("keyId") != f"{TENANCY}/fed-x509/{fingerprint}":
        raise Refused(401, "the key id names another certificate")

    covered = signature.get("headers", "").split()
    if missing := {
        "date",
        "(request-target)",
        "content-length",
        "content-type",
        "x-content-sha256",
    } - set(covered):
        raise Refused(401, f"the signature leaves out {sorted(missing)}")

    digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
    if request.headers["x-content-sha256"] != digest:
        raise Refused(401, "the body is not the one that was signed")

    target = {"(request-target)": f"{request.verb.lower()} {request.path}"}
    signed = "\n".join(f"{name}: {target.get(name) or request.headers[name]}" for name in covered)
    try:
        leaf.public_key().verify(
            base64.b64decode(signature["signature"]),
            signed.encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except InvalidSignature:
        raise Refused(401, "the signature is not the certificate's") from None
    return signature["keyId"]


def _instance_subject() -> x509.Name:
    # The signer looks for the tenancy among the subject's attributes, by this prefix.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "ocid1.instance.oc1.iad.aaaaaaaaloopback"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "opc-certtype:instance"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"opc-compartment:{COMPARTMENT}"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"opc-tenant:{TENANCY}"),
        ]
    )


def _document(text: str, cookies: list[str]) -> Callable[[Request], str]:
    def read(request: Request) -> str:
        cookies.extend(cookies_of(request))
        if request.headers.get("authorization") != "Bearer Oracle":
            raise Refused(401, "version 2 of the metadata service wants its header")
        return text

    return read


def _bare(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def _public_key(der: str) -> rsa.RSAPublicKey:
    key = serialization.load_der_public_key(base64.b64decode(der))
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _file(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path
