"""Step "signature": a request can be signed; its key id says who signs."""

from __future__ import annotations

import re

from mlflow_oci_aidp.checks.step import Case
from mlflow_oci_aidp.checks.token_file import utc
from mlflow_oci_aidp.identity import Identity
from mlflow_oci_aidp.secret import concealed
from mlflow_oci_aidp.session_token import expiry_of, read_claims

_KEY_ID = re.compile(r'keyId="([^"]*)"')
_TOKEN_PREFIX = "ST$"  # noqa: S105 - how OCI marks a token in a key id


@concealed
def check(case: Case) -> str:
    """Sign a request that is not sent, and remember who signed it."""
    from requests import Request

    request = Request("GET", case.settings.endpoint).prepare()
    Identity(case.settings).sign(request)
    match = _KEY_ID.search(str(request.headers.get("authorization", "")))
    key_id = match[1] if match else ""
    if key_id.startswith(_TOKEN_PREFIX):
        case.identity |= _identity_of(key_id.removeprefix(_TOKEN_PREFIX))
    elif key_id.count("/") == 2:
        case.identity["tenancy"], case.identity["user"], _ = key_id.split("/")
    return f"made as {case.signer}"


def _identity_of(token: str) -> dict[str, str]:
    """Return the parts of an identity that a token names."""
    claims = read_claims(token)
    expires = expiry_of(claims)
    parts = {
        "tenancy": str(claims.get("tenant") or claims.get("res_tenant") or ""),
        "principal": str(claims.get("sub") or ""),
        "token_expires": "" if expires is None else utc(expires),
    }
    return {name: value for name, value in parts.items() if value}
