"""Private keys as secret stores, .env files and people mangle them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mlflow_oci_aidp.pem import normal_pem, read_key
from tests.support.certificates import Authority, new_key, private_pem

PASS_PHRASE = "correct-horse-battery-staple"
KEY = new_key()


def pem_of(form, encryption=None):
    encryption = encryption or serialization.NoEncryption()
    return KEY.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


ENCRYPTED = serialization.BestAvailableEncryption(PASS_PHRASE.encode())
FORMS = {
    "PKCS 8": (pem_of(serialization.PrivateFormat.PKCS8), None),
    "PKCS 8, encrypted": (pem_of(serialization.PrivateFormat.PKCS8, ENCRYPTED), PASS_PHRASE),
    "PKCS 1": (pem_of(serialization.PrivateFormat.TraditionalOpenSSL), None),
    "PKCS 1, encrypted": (
        pem_of(serialization.PrivateFormat.TraditionalOpenSSL, ENCRYPTED),
        PASS_PHRASE,
    ),
}
MANGLED = {
    "as it is": lambda pem: pem,
    "literal \\n": lambda pem: pem.replace("\n", "\\n"),
    "literal \\r\\n": lambda pem: pem.replace("\n", "\\r\\n"),
    "literal \\n and no last one": lambda pem: pem.strip().replace("\n", "\\n"),
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "blanks": lambda pem: pem.replace("\n", " "),
    "tabs before each line": lambda pem: pem.replace("\n", "\n\t"),
    "byte order mark": lambda pem: f"\ufeff{pem}",
    "OCI's label behind it": lambda pem: f"{pem}OCI_API_KEY\n",
}


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_mangled_key_becomes_the_key_that_it_was(form, mangle):
    pem, pass_phrase = form
    assert normal_pem(mangle(pem)) == pem
    key, problem = read_key(pem.encode(), pass_phrase.encode() if pass_phrase else None)
    assert problem == ""
    assert key.private_numbers() == KEY.private_numbers()


def public_pem():
    return (
        KEY.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def ssh_public():
    return (
        KEY.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode()
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (public_pem(), "holds a public key"),
        (ssh_public(), "holds a public key"),
        (Authority("x").pem, "holds no private key, but a certificate"),
        (base64.b64encode(private_pem(KEY).encode()).decode(), "holds base64 text"),
        ("".join(private_pem(KEY).splitlines()[1:-1]), "holds base64 text"),
        ("~/.oci/oci_api_key.pem", "holds the path of a file"),
        ("/run/secrets/oci", "holds the path of a file"),
        ("C:\\keys\\oci_api_key.pem", "holds the path of a file"),
        ("oci_api_key.pem", "holds the path of a file"),
        (private_pem(KEY)[:400], "ends before `-----END PRIVATE KEY-----`"),
        (private_pem(KEY).replace("M", "N"), "is damaged"),
        (private_pem(ec.generate_private_key(ec.SECP256R1())), "is not an RSA key"),
        (pem_of(serialization.PrivateFormat.OpenSSH), "has OpenSSH's own form"),
        (FORMS["PKCS 8, encrypted"][0], "is encrypted, and there is no passphrase"),
        (FORMS["PKCS 1, encrypted"][0], "is encrypted, and there is no passphrase"),
        ("remember the milk", "is not a private key in PEM form"),
        (private_pem(KEY).encode("utf-16"), "is binary or UTF-16"),
    ],
)
def test_what_is_no_private_key_is_told_apart(text, words):
    content = text if isinstance(text, bytes) else text.encode()
    key, problem = read_key(content, None)
    assert key is None
    assert words in problem


def test_a_wrong_passphrase_is_told_from_a_missing_one():
    pem = FORMS["PKCS 8, encrypted"][0].encode()
    assert read_key(pem, b"guess")[1] == "is encrypted, and the passphrase does not open it"
    assert read_key(pem, PASS_PHRASE.encode())[1] == ""


@pytest.mark.parametrize("text", ["", "remember the milk", "~/.oci/key.pem", "a\\nb"])
def test_text_that_is_no_pem_stays_as_it_is(text):
    assert normal_pem(text) == text
