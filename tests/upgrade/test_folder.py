"""The emulator goes on in a data folder of an earlier release."""

from __future__ import annotations

import configparser
import hashlib
import json
import sqlite3
from contextlib import closing
from email.utils import formatdate

import mlflow
import oci
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mlflow_oci_aidp.emulator import Emulator
from tests.upgrade.conftest import DATA
from tests.upgrade.record import IRIS


@pytest.fixture
def made(upgraded):
    """The runs and models of the recording, by name."""
    return json.loads((DATA / upgraded[0] / "made.json").read_text())


def private_pem(key) -> bytes:
    """A key in the form that the emulator has kept its keys in since 0.1.0."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def client_of(aidp) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(aidp.tracking_uri, aidp.tracking_uri)


def test_keys_that_are_there_are_used(data_folder):
    key, issuer = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    files = {"api_key.pem": private_pem(key), "token_issuer_key.pem": private_pem(issuer)}
    for name, content in files.items():
        (data_folder / name).write_bytes(content)
    with Emulator(data_folder) as aidp:
        config = configparser.ConfigParser(interpolation=None)
        config.read(aidp.config_file)
        der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        fingerprint = hashlib.md5(der, usedforsecurity=False).digest().hex(":")
        assert config["DEFAULT"]["fingerprint"] == fingerprint
        assert client_of(aidp).get_registered_model(IRIS).name == IRIS
    assert {name: (data_folder / name).read_bytes() for name in files} == files


def test_profiles_that_are_there_stay(data_folder):
    (data_folder / "config").write_text("[MINE]\ntenancy = t\nuser = u\n")
    with Emulator(data_folder) as aidp:
        config = configparser.ConfigParser(interpolation=None)
        config.read(aidp.config_file)
        assert config["MINE"]["user"] == "u"
        assert (
            aidp.ai_data_platform_id
            == json.loads((data_folder / "instance.json").read_text())["ai_data_platform_id"]
        )


def test_what_is_there_can_be_changed(data_folder, made):
    with Emulator(data_folder) as aidp:
        client = client_of(aidp)
        versions = {
            int(version.version) for version in client.search_model_versions(f"name = '{IRIS}'")
        }
        made_now = client.create_model_version(IRIS, f"models:/{made['models']['model']}")
        assert (
            int(made_now.version) == max(versions) + 2
        )  # one more was deleted, and its number is not given again
        client.set_registered_model_alias(IRIS, "champion", made_now.version)
        client.delete_registered_model_alias(IRIS, "challenger")
        client.log_metric(made["runs"]["running"], "loss", 0.5)
        client.finalize_logged_model(made["models"]["pending"], "READY")
        client.finalize_logged_model(made["models"]["waiting"], "READY")
        client.restore_run(made["runs"]["deleted"])
        client.log_text(made["runs"]["first"], "new\n", "plain/new.txt")
    # Once more: what this release wrote is read as well.
    with Emulator(data_folder) as aidp:
        client = client_of(aidp)
        assert client.get_model_version_by_alias(IRIS, "champion").version == made_now.version
        assert "challenger" not in client.get_registered_model(IRIS).aliases
        assert client.get_run(made["runs"]["running"]).data.metrics == {"loss": 0.5}
        assert str(client.get_logged_model(made["models"]["pending"]).status) == "READY"
        waiting = client.get_logged_model(made["models"]["waiting"])
        assert client.get_run(waiting.source_run_id).info.status == "FINISHED"
        assert client.get_run(made["runs"]["deleted"]).info.lifecycle_stage == "active"
        assert mlflow.artifacts.load_text(
            f"{client.get_run(made['runs']['first']).info.artifact_uri}/plain/new.txt"
        )


def test_a_logged_model_made_without_a_run_is_deleted_with_its_run(data_folder, made):
    with Emulator(data_folder) as aidp:
        client = client_of(aidp)
        run_id = client.get_logged_model(made["models"]["waiting"]).source_run_id
        client.delete_logged_model(made["models"]["waiting"])
        assert client.get_run(run_id).info.lifecycle_stage == "deleted"


def test_a_request_that_was_answered_is_not_done_again(data_folder):
    with closing(sqlite3.connect(data_folder / "retry-tokens.db")) as database:
        token, request, answer, seen = database.execute(
            "SELECT * FROM tokens WHERE request LIKE '%create_registered_model%main.default.empty%'"
        ).fetchone()
    _, path, body = json.loads(request)
    # A minute later: the emulator remembers an answer for a day.
    with Emulator(data_folder, clock=lambda: seen + 60) as aidp:
        config = oci.config.from_file(aidp.config_file)
        signer = oci.signer.Signer(
            config["tenancy"], config["user"], config["fingerprint"], config["key_file"]
        )
        headers = {"opc-retry-token": token, "date": formatdate(seen + 60, usegmt=True)}
        response = requests.post(
            aidp.endpoint + path, json=body, headers=headers, auth=signer, timeout=20
        )
    assert (response.status_code, response.json()) == (200, json.loads(answer))
