"""One machine as a test sees it: files, variables, an emulator in reach, and who signs."""

from __future__ import annotations

import configparser
import hashlib
import re
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.emulator import Emulator
from tests.support.certificates import new_key, private_pem
from tests.support.frames import found_in

TENANCY = "ocid1.tenancy.oc1..aaaaaaaatests"


class Machine:
    """A machine with one emulator in reach."""

    def __init__(self, aidp: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.aidp = aidp
        self.folder = folder
        self.secrets: list[str] = []
        """What no error may show."""
        self._monkeypatch = monkeypatch

    def setenv(self, variables: dict[str, str]) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def config(self, **profiles: dict[str, str]) -> str:
        """An OCI configuration file."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_dict(profiles)
        path = self.file("config", "")
        with open(path, "w") as file:
            parser.write(file)
        return path

    def api_key(self, pass_phrase: str | None = None) -> dict[str, str]:
        """A new user's API key that the emulator trusts, as the entries of a profile."""
        if pass_phrase:
            self.secrets.append(pass_phrase)
        key = new_key()
        der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        unique = uuid.uuid4().hex
        profile = {
            "tenancy": TENANCY,
            "user": f"ocid1.user.oc1..{unique}",
            "fingerprint": hashlib.md5(der, usedforsecurity=False).digest().hex(":"),
            "key_file": self.file(f"{unique}.pem", self.secret(private_pem(key, pass_phrase))),
        }
        self.aidp.trust(key_id(profile), key.public_key())
        return profile

    def session(self, lifetime: int = 3600, **claims: str) -> dict[str, str]:
        """A session as ``oci session authenticate`` leaves it, as the entries of a profile."""
        key = new_key()
        unique = uuid.uuid4().hex
        token = self.aidp.issue_token(key.public_key(), lifetime=lifetime, **claims)
        return {
            "tenancy": TENANCY,
            "fingerprint": "unused",
            "key_file": self.file(f"{unique}/oci_api_key.pem", self.secret(private_pem(key))),
            "security_token_file": self.file(f"{unique}/token", self.secret(token)),
        }

    def secret(self, text: str) -> str:
        """Remember a piece of a text, from its middle, as something that no error may show."""
        lines = text.split()
        line = lines[len(lines) // 2]
        self.secrets.append(line[len(line) // 2 :][:60])
        return text

    def issuer(self, **claims: str) -> Callable[..., str]:
        """The emulator's tokens, with claims to recognise them by."""
        return partial(self.aidp.issue_token, **claims)

    def uri(self, **settings: str) -> str:
        """A registry URI that says where, and of who signs only the given settings."""
        # The workspace makes the URI a new one, and so the store: MLflow keeps a store for each
        # URI.
        query = urlencode({"endpoint": self.aidp.endpoint, **settings})
        return f"aidp://{self.aidp.ai_data_platform_id}/{uuid.uuid4()}?{query}"

    def client(self, **settings: str) -> MlflowClient:
        # The tracking URI is never called; without it MLflow makes a database.
        return MlflowClient(tracking_uri="http://127.0.0.1:9", registry_uri=self.uri(**settings))

    def call(self, client: MlflowClient) -> None:
        """A change and a read: with a body and without, the two kinds of signature."""
        name = f"main.default.{uuid.uuid4().hex}"
        client.create_registered_model(name)
        assert client.get_registered_model(name).name == name

    def signer_of(self, client: MlflowClient) -> str:
        """The key id that the client's calls are signed with."""
        self.call(client)
        (signer,) = {signature(exchange.headers)["keyId"] for exchange in self.aidp.exchanges}
        return signer

    def principal_of(self, client: MlflowClient) -> dict[str, str]:
        """The claims of the token that the client's calls are signed with."""
        signer = self.signer_of(client)
        assert signer.startswith("ST$")
        return jwt.decode(signer.removeprefix("ST$"), options={"verify_signature": False})

    def refusal_of(self, **settings: str) -> MlflowException:
        """The error that a call ends with, before any request and without a secret in it."""
        with pytest.raises(MlflowException) as refused:
            self.call(self.client(**settings))
        assert found_in(refused.value, self.secrets) == []
        assert list(self.aidp.exchanges) == []
        return refused.value


def key_id(profile: dict[str, str]) -> str:
    return "/".join(profile[part] for part in ("tenancy", "user", "fingerprint"))


def signature(headers: dict[str, str]) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', headers["authorization"]))
