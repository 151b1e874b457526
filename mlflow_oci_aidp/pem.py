"""The text of a private key: as secret stores mangle it, and what is wrong with it."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
#: What stands before the content of an encrypted key in OpenSSL's older form.
_HEADERS = re.compile(r"\s*(Proc-Type:\s*\S+)\s+(DEK-Info:\s*\S+)\s+")
_LINE = 64

#: Beginnings of public keys that are not PEM.
_PUBLIC = ("ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-", "---- BEGIN SSH2 PUBLIC KEY")


def normal_pem(text: str) -> str:
    r"""Return a key in PEM form with the line breaks that PEM has.

    Files of variables and secret stores keep ``\n`` as two characters, end lines as Windows does,
    or have blanks in the place of line breaks.

    Args:
        text: The key. Text that is no PEM comes back as it is.
    """
    unescaped = text.replace("\\r", "\r").replace("\\n", "\n").lstrip("\ufeff").strip()
    match = _BLOCK.search(unescaped)
    if match is None:
        return text
    name, content = match[1], match[2]
    headers = _HEADERS.match(content)
    if headers:
        content = content[headers.end() :]
    content = "".join(content.split())
    lines = [content[start : start + _LINE] for start in range(0, len(content), _LINE)]
    before = [headers[1], headers[2], ""] if headers else []
    return "\n".join([f"-----BEGIN {name}-----", *before, *lines, f"-----END {name}-----", ""])


def read_key(content: bytes, pass_phrase: bytes | None) -> tuple[Any, str]:
    """Return the key that can sign requests, and why there is none.

    Args:
        content: The key, in PEM form if it is good.
        pass_phrase: The passphrase, None if there is none.

    Returns:
        The key and ``""``; or None and a part of a sentence that follows the key's place, such as
        ``"holds a public key"``. The text shows nothing of the key, and nothing is raised.
    """
    if b"\0" in content:
        return None, "is binary or UTF-16, not PEM"
    text = content.decode("utf-8", errors="replace").strip()
    if problem := _problem_of_form(text):
        return None, problem
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    is_encrypted = "ENCRYPTED" in text
    try:
        key = load_pem_private_key(content.strip(), pass_phrase if is_encrypted else None)
    except Exception:  # noqa: BLE001 - whatever a parser raises, it must not be shown
        if not is_encrypted:
            return None, "is not a private key in PEM form, or is damaged"
        if pass_phrase is None:
            return None, "is encrypted, and there is no passphrase"
        return None, "is encrypted, and the passphrase does not open it"
    return (key, "") if isinstance(key, RSAPrivateKey) else (None, "is not an RSA key")


def _problem_of_form(text: str) -> str:
    """Return what is wrong with text that has not the form of a private key; ``""`` if it has."""
    begin = _BEGIN.search(text)
    if not text:
        return "is empty"
    if text.startswith(_PUBLIC) or (begin and begin[1].endswith("PUBLIC KEY")):
        return "holds a public key, not the private one"
    if begin and not begin[1].endswith("PRIVATE KEY"):
        return f"holds no private key, but a {begin[1].lower()}"
    if begin and begin[1].startswith("OPENSSH"):
        return "has OpenSSH's own form, not PEM's (`ssh-keygen -p -m PEM` converts a copy of it)"
    if begin:
        return "" if _BLOCK.search(text) else f"ends before `-----END {begin[1]}-----`"
    if _is_base64(text):
        return "holds base64 text without the first and the last line of PEM"
    if "\n" not in text and re.match(r"(~|\.{0,2}/|[A-Za-z]:\\)|.*\.(pem|key)$", text):
        return "holds the path of a file, not a key"
    return "is not a private key in PEM form"


def _is_base64(text: str) -> bool:
    """Tell whether text is base64 that is long enough for a key."""
    joined = "".join(text.split())
    try:
        return len(base64.b64decode(joined, validate=True)) >= _LINE
    except (binascii.Error, ValueError):
        return False
