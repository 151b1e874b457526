"""Connections: where a request goes, through what, and whose connection it takes."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import socket
import threading

import mlflow
import pytest
from mlflow.exceptions import MlflowException, RestException

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.support.children import create_model_version

NAME = "main.default.iris"


@pytest.fixture
def store(aidp):
    return AidpRegistryStore(aidp.uri)


# Where requests go


def test_redirects_are_not_followed(aidp, store):
    with Emulator() as other:
        aidp.faults.add("redirect", location=f"{other.endpoint}/anywhere")
        with pytest.raises(RestException, match="redirect, which is not followed"):
            store.create_registered_model(NAME)
        assert list(other.exchanges) == []


def test_the_certificate_is_verified(monkeypatch):
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    with Emulator(tls=True) as aidp:
        with pytest.raises(MlflowException, match="certificate of the endpoint is not trusted"):
            AidpRegistryStore(aidp.uri).search_registered_models()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", aidp.ca_file)
        assert AidpRegistryStore(aidp.uri).search_registered_models() == []


def test_mlflows_switch_for_insecure_tls_is_not_ours(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    with Emulator(tls=True) as aidp, pytest.raises(MlflowException, match="certificate"):
        AidpRegistryStore(aidp.uri).search_registered_models()


def test_a_netrc_does_not_replace_the_signature(aidp, store, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    store.create_registered_model(NAME)
    assert aidp.exchanges[-1].headers["authorization"].startswith("Signature ")


def test_a_proxy_of_the_environment_is_used(aidp, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        seen = []

        def refuse():
            connection, _ = proxy.accept()
            with connection:
                seen.append(connection.recv(65536).split(b"\r\n")[0])
                connection.sendall(
                    b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(RestException, match="PERMISSION_DENIED"):
            AidpRegistryStore(aidp.uri).search_registered_models()
        thread.join()
    assert seen[0].startswith(f"GET {aidp.endpoint}/20260430/".encode())
    assert list(aidp.exchanges) == []


def test_other_mlflow_servers_get_nothing_of_ours(aidp, monkeypatch):
    monkeypatch.setenv("DH_USER_PRINCIPAL", "b3BlbiBzZXNhbWU=")
    AidpRegistryStore(aidp.uri).search_registered_models()
    with socket.create_server(("127.0.0.1", 0)) as server:
        heads = []

        def answer():
            connection, _ = server.accept()
            with connection:
                heads.append(connection.recv(65536).decode().lower())
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
                )

        thread = threading.Thread(target=answer)
        thread.start()
        mlflow.MlflowClient(
            registry_uri=f"http://127.0.0.1:{server.getsockname()[1]}"
        ).search_registered_models()
        thread.join()
    assert not any(
        word in heads[0] for word in ("dh-user-principal", "opc-", "signature", "oci-aidp")
    )


# Whose connection it is


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_children_use_the_store_with_connections_of_their_own(aidp, store, start):
    store.create_registered_model(NAME)
    context = multiprocessing.get_context(start)
    with concurrent.futures.ProcessPoolExecutor(3, mp_context=context) as pool:
        done = list(pool.map(create_model_version, [store] * 6, [NAME] * 6, range(6)))
    assert sorted(int(version) for _, version in done) == list(range(1, 7))
    assert os.getpid() not in {process for process, _ in done}
    assert store.get_registered_model(NAME).name == NAME


def test_a_forked_child_that_inherits_the_store_opens_its_own_connection(aidp, store):
    store.create_registered_model(NAME)
    reading, writing = os.pipe()
    inherited = store._session.client._sender.pool.get()
    child = os.fork()
    if child == 0:
        try:
            store.update_registered_model(NAME, "from the child")
            os.write(
                writing,
                b"own" if store._session.client._sender.pool.get() is not inherited else b"shared",
            )
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"own"
    assert store.get_registered_model(NAME).description == "from the child"


# How a request leaves


def test_headers_and_body_of_a_call_leave_together(uri_of):
    """One packet instead of two: over TLS, and through a tired network, it is felt."""
    first_packets = []
    body = b'{"registered_model": {"name": "a"}}'
    head = b"HTTP/1.1 200 OK\r\nopc-request-id: a\r\ncontent-length: %d\r\n\r\n" % len(body)

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            while received := connection.recv(65536):
                first_packets.append(received)
                while not received.endswith(b"}"):
                    received += connection.recv(65536)
                connection.sendall(head + body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        store = AidpRegistryStore(uri_of(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        for _ in range(10):
            store.update_registered_model("a", "flowers")
    assert [packet.endswith(b"}") for packet in first_packets] == [True] * 10
