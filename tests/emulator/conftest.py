"""Clients that speak to the emulator without MLflow: the SDK, signed requests, sockets."""

from __future__ import annotations

import functools
import json
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import oci
import pytest
import requests
from aidp_python_client.aidataplatform_dp.async_operations_client import AsyncOperationsClient
from aidp_python_client.aidataplatform_dp.ml_ops_client import MLOpsClient

MLFLOW = "/mlops/api/2.0/mlflow"


def path_of(emulator, operation, workspace=None):
    scope = f"/workspaces/{workspace}" if workspace else ""
    return f"/20260430/aiDataPlatforms/{emulator.ai_data_platform_id}{scope}{MLFLOW}/{operation}"


class ApiKeySigner(oci.signer.AbstractBaseSigner):
    """OCI's own signer, with a key that is loaded already: loading takes longer than most tests."""

    def __init__(self, key_id, private_key):
        self.api_key = key_id
        self.private_key = private_key
        self.cover(
            "date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"
        )

    def cover(self, *names):
        """Signs these headers, the last three only where there is a body."""
        self.create_signers(self.api_key, self.private_key, list(names[:3]), list(names[3:]))


load_key = functools.cache(oci.signer.load_private_key_from_file)


def signer_of(emulator, profile="DEFAULT"):
    config = oci.config.from_file(emulator.config_file, profile)
    key_id = f"{config['tenancy']}/{config['user']}/{config['fingerprint']}"
    return ApiKeySigner(key_id, load_key(config["key_file"]))


def prepared(emulator, verb, path, *, body=None, query=None, headers=None, signer=None):
    """A signed request, which a test may spoil before it is sent."""
    content = {"data": json.dumps(body).encode()} if body is not None else {}
    request = requests.Request(
        verb, emulator.endpoint + path, params=query, headers=headers, **content
    )
    return (signer or signer_of(emulator))(request.prepare())


def send(request, **settings):
    with requests.Session() as session:
        session.trust_env = False
        return session.send(request, allow_redirects=False, timeout=20, **settings)


def call(emulator, verb, operation, **details):
    return send(prepared(emulator, verb, path_of(emulator, operation), **details))


def create(emulator, name="main.default.m", **details):
    return call(emulator, "POST", "registered-models/create", body={"name": name}, **details)


def sdk_client(emulator, profile="DEFAULT"):
    return MLOpsClient(
        oci.config.from_file(emulator.config_file, profile),
        service_endpoint=emulator.endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


def asynchronous_client(emulator):
    return AsyncOperationsClient(
        oci.config.from_file(emulator.config_file),
        service_endpoint=emulator.endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


@dataclass
class BareConnection:
    """One TCP connection, for what an HTTP library would hide."""

    emulator: object
    socket: socket.socket

    def send(self, request):
        lines = [f"{request.method} {request.path_url} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + (request.body or b""))

    def read_all(self):
        """What comes until the other side ends the connection properly.

        A reset raises ConnectionResetError.
        """
        received = b""
        while chunk := self.socket.recv(65536):
            received += chunk
        return received


def threads_of(emulator):
    """The threads that serve for an emulator."""
    name = f"aidp-emulator-{urlsplit(emulator.endpoint).port}"
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


@contextmanager
def bare_connection(emulator):
    address = urlsplit(emulator.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        yield BareConnection(emulator, connection)


@pytest.fixture
def bare(aidp):
    with bare_connection(aidp) as connection:
        yield connection


@pytest.fixture
def own_bare(own_aidp):
    with bare_connection(own_aidp) as connection:
        yield connection


@pytest.fixture
def sdk(aidp):
    return sdk_client(aidp)


def tls_client_context(emulator):
    return ssl.create_default_context(cafile=emulator.ca_file)


@pytest.fixture
def ws(aidp):
    """The first workspace."""
    from .workspace import Workspace

    return Workspace(aidp)
