"""No identity to sign with: an error that names the remedy, no request, no secret shown."""

from __future__ import annotations

import os
import re
import socket
import time
import uuid
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import cloud
from tests.support.certificates import new_key, private_pem

PASS_PHRASE = "correct-horse-battery-staple"
PATIENCE = 20.0
"""Seconds within which a call must have failed where there is nobody to ask for a token."""


# Nothing to sign with


def test_with_nothing_at_all_the_error_lists_what_was_looked_for(here):
    refusal = here.refusal_of()
    assert refusal.error_code in {"UNAUTHENTICATED", "INVALID_PARAMETER_VALUE"}
    names = [
        str(here.folder / "home/.oci/config"),
        "OCI_RESOURCE_PRINCIPAL_VERSION",
        "OCI_CLI_USER",
        "OCI_CLI_KEY_FILE",
        "OCI_CLI_KEY_CONTENT",
        "OCI_CLI_SECURITY_TOKEN_FILE",
        "OCI_CLI_AUTH",
    ]
    assert [name for name in names if name not in refusal.message] == []


# An identity that cannot be had: how it comes about, and what the error must name


def wrong_pass_phrase(here):
    user = here.api_key(PASS_PHRASE)
    wrong = PASS_PHRASE.upper()
    here.secrets.append(wrong)
    return {"config_file": here.config(DEFAULT=user | {"pass_phrase": wrong})}, "passphrase"


def missing_pass_phrase(here):
    return {"config_file": here.config(DEFAULT=here.api_key(PASS_PHRASE))}, "passphrase"


def missing_key_file(here):
    user = here.api_key() | {"key_file": str(here.folder / "gone.pem")}
    return {"config_file": here.config(DEFAULT=user)}, "gone.pem"


def folder_for_a_key_file(here):
    return {
        "config_file": here.config(DEFAULT=here.api_key() | {"key_file": str(here.folder)})
    }, "key"


def public_key_for_a_private_one(here):
    key = new_key().public_key()
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    user = here.api_key() | {"key_file": here.file("public.pem", pem.decode())}
    return {"config_file": here.config(DEFAULT=user)}, "private key"


def empty_key_file(here):
    return {
        "config_file": here.config(DEFAULT=here.api_key() | {"key_file": here.file("e.pem", "")})
    }, "key"


def broken_key_content(here):
    user = here.api_key()
    here.setenv({"OCI_CLI_KEY_CONTENT": Path(user["key_file"]).read_text()[:400]})
    return {"config_file": here.config(DEFAULT=user)}, "private key"


def elliptic_curve_key(here):
    pem = here.secret(private_pem(ec.generate_private_key(ec.SECP256R1())))
    return {
        "config_file": here.config(DEFAULT=here.api_key() | {"key_file": here.file("ec.pem", pem)})
    }, "key"


def profile_without_user_and_fingerprint(here):
    user = here.api_key()
    del user["user"], user["fingerprint"]
    return {"config_file": here.config(DEFAULT=user)}, "fingerprint"


def missing_token_file(here):
    session = here.session()
    os.unlink(session["security_token_file"])
    return {"config_file": here.config(DEFAULT=session)}, session["security_token_file"]


def empty_token_file(here):
    session = here.session() | {"security_token_file": here.file("token", "\n")}
    return {"config_file": here.config(DEFAULT=session)}, "oci session"


def token_file_that_holds_no_token(here):
    session = here.session() | {
        "security_token_file": here.file("token", "<html>\r\nlog in</html>")
    }
    return {"config_file": here.config(DEFAULT=session)}, "oci session"


def expired_session(here):
    return {"config_file": here.config(DEFAULT=here.session(lifetime=-10))}, "oci session refresh"


def session_without_a_token_file(here):
    return {
        "config_file": here.config(DEFAULT=here.api_key()),
        "auth": "security_token",
    }, "security_token_file"


def missing_config_file(here):
    return {"config_file": str(here.folder / "gone")}, "gone"


def unknown_profile(here):
    return {"config_file": here.config(DEFAULT=here.api_key()), "profile": "NOBODY"}, "NOBODY"


def unknown_way_to_sign_in(here):
    return {
        "config_file": here.config(DEFAULT=here.api_key()),
        "auth": "password",
    }, "security_token"


def resource_principal(here, **options):
    variables = cloud.resource_principal(here.issuer(), **options)
    for name in ("OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"):
        here.secret(
            variables[name] if "folder" not in options else Path(variables[name]).read_text()
        )
    return variables


def resource_principal_without_its_variables(here):
    return {"auth": "resource_principal"}, "OCI_RESOURCE_PRINCIPAL_VERSION"


def resource_principal_without_a_token(here):
    variables = resource_principal(here)
    del variables["OCI_RESOURCE_PRINCIPAL_RPST"]
    here.setenv(variables)
    return {}, "OCI_RESOURCE_PRINCIPAL"


def resource_principal_of_an_unknown_version(here):
    here.setenv(resource_principal(here) | {"OCI_RESOURCE_PRINCIPAL_VERSION": "9.9"})
    return {}, "OCI_RESOURCE_PRINCIPAL_VERSION"


def resource_principal_whose_files_are_gone(here):
    variables = resource_principal(here, folder=here.folder)
    os.unlink(variables["OCI_RESOURCE_PRINCIPAL_RPST"])
    here.setenv(variables)
    return {}, variables["OCI_RESOURCE_PRINCIPAL_RPST"]


def resource_principal_with_a_wrong_pass_phrase(here):
    variables = resource_principal(here, pass_phrase=PASS_PHRASE)
    here.setenv(variables | {"OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE": "guess"})
    return {}, "passphrase"


def missing_delegation_token_file(here):
    profile = {
        "authentication_type": "instance_principal",
        "delegation_token_file": "/nowhere/delegation",
    }
    return {"config_file": here.config(DEFAULT=profile)}, "/nowhere/delegation"


def delegation_without_a_token_file(here):
    config = here.config(DEFAULT=here.api_key())
    return {
        "config_file": config,
        "auth": "instance_principal_with_delegation_token",
    }, "delegation_token_file"


def pod_outside_a_cluster(here):
    return {"auth": "oke_workload_identity"}, "OKE"


MISFORTUNES = [
    wrong_pass_phrase,
    missing_pass_phrase,
    missing_key_file,
    folder_for_a_key_file,
    public_key_for_a_private_one,
    empty_key_file,
    broken_key_content,
    elliptic_curve_key,
    profile_without_user_and_fingerprint,
    missing_token_file,
    empty_token_file,
    token_file_that_holds_no_token,
    expired_session,
    session_without_a_token_file,
    missing_config_file,
    unknown_profile,
    unknown_way_to_sign_in,
    resource_principal_without_its_variables,
    resource_principal_without_a_token,
    resource_principal_of_an_unknown_version,
    resource_principal_whose_files_are_gone,
    resource_principal_with_a_wrong_pass_phrase,
    missing_delegation_token_file,
    delegation_without_a_token_file,
    pod_outside_a_cluster,
]


@pytest.mark.parametrize("misfortune", MISFORTUNES, ids=lambda function: function.__name__)
def test_without_an_identity_there_is_no_request(here, misfortune):
    settings, named = misfortune(here)
    refusal = here.refusal_of(**settings)
    assert refusal.error_code in {"UNAUTHENTICATED", "INVALID_PARAMETER_VALUE"}
    assert named in refusal.message
    assert_cause_and_remedy(refusal.message)


def test_an_instance_that_the_federation_refuses(here, instance):
    with instance() as vm:
        vm.out_of_order = True
        refusal = here.refusal_of(auth="instance_principal")
    assert refusal.error_code == "UNAUTHENTICATED"
    assert_cause_and_remedy(refusal.message)


def test_a_cluster_that_refuses_the_service_account(here, pod):
    other = jwt.encode({"exp": int(time.time()) + 600}, uuid.uuid4().hex, algorithm="HS256")
    pod.token_file.write_text(here.secret(other))
    refusal = here.refusal_of(auth="oke_workload_identity")
    assert refusal.error_code == "UNAUTHENTICATED"
    assert_cause_and_remedy(refusal.message)


def test_a_service_account_whose_token_has_expired(here, pod):
    expired = jwt.encode({"exp": int(time.time()) - 600}, uuid.uuid4().hex, algorithm="HS256")
    pod.token_file.write_text(here.secret(expired))
    refusal = here.refusal_of(auth="oke_workload_identity")
    assert refusal.error_code == "UNAUTHENTICATED"
    assert_cause_and_remedy(refusal.message)


@pytest.fixture
def nobody():
    """A loopback port that nobody listens on, kept from being taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("auth", ["instance_principal", "oke_workload_identity"])
def test_outside_the_cloud_a_call_fails_soon(here, pod, nobody, auth):
    here.setenv(
        {
            "OCI_METADATA_BASE_URL": f"http://127.0.0.1:{nobody}/opc/v2",
            "KUBERNETES_SERVICE_HOST": "127.0.0.254",
        }
    )
    begin = time.monotonic()
    refusal = here.refusal_of(auth=auth)
    assert time.monotonic() - begin < PATIENCE
    assert_cause_and_remedy(refusal.message)


def assert_cause_and_remedy(message: str) -> None:
    """Two sentences at least, in words: the name of a Python exception says nothing to a user."""
    assert len(re.findall(r"[.!?](?:\s|$)", message)) >= 2, message
    assert not re.search(
        r"\b[A-Z]\w*(?:Error|Exception|Timeout|NotProvided|InvalidPrivateKey)\b", message
    ), message
