"""Requests that get no answer: the error names the proxy, the bundle or the endpoint to mend."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.cli.conftest import run
from tests.support.certificates import Authority
from tests.support.environments import broken
from tests.support.process_state import forget_connections

NAME = "main.default.iris"
PASSWORD = "hunter2"
UNCERTAIN = "Whether the change took effect is not known"


@pytest.fixture
def signed(aidp, monkeypatch):
    """The user of the emulator, by variables, and an endpoint that a proxy has to lead to."""
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", str(aidp.config_file))
    return f"aidp://{aidp.ai_data_platform_id}?endpoint=https://aidp.invalid"


def read(uri):
    return AidpRegistryStore(uri).get_registered_model(NAME)


def change(uri):
    return AidpRegistryStore(uri).create_registered_model(NAME)


def list_objects(uri):
    location = "oci://bucket@namespace/x"
    storage = "&object_storage_endpoint=https://objectstorage.invalid"
    return OciArtifactRepository(location, uri + storage).list_artifacts()


CALLS = {"platform": read, "change": change, "Object Storage": list_objects}


def refused(call, uri):
    with pytest.raises(MlflowException) as caught:
        call(uri)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__context__ is None
    return caught.value


@contextmanager
def proxy_that_answers(status: str):
    """A proxy that refuses each tunnel with a status; yields host and port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_that_nobody_is_at_is_named_with_its_variable(signed, monkeypatch, variable, call):
    monkeypatch.setenv(variable, f"http://me:{PASSWORD}@127.0.0.1:9")
    problem = refused(call, signed)
    assert problem.error_code == "TEMPORARILY_UNAVAILABLE"
    assert (
        "the proxy could not be reached, the connection was refused; it is the proxy "
        f"http://127.0.0.1:9 (from {variable})"
    ) in problem.cause
    # Nothing left this machine.
    assert UNCERTAIN not in problem.remedy


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("address", "code", "cause", "remedy"),
    [
        ("ftp://127.0.0.1:9", "INVALID_PARAMETER_VALUE", "scheme that is not known", "Correct"),
        ("http://", "INVALID_PARAMETER_VALUE", "address is not valid", "Correct"),
        (
            "http://proxy.invalid",
            "TEMPORARILY_UNAVAILABLE",
            "its name could not be resolved; it is the proxy http://proxy.invalid (from "
            "HTTPS_PROXY; it names no port, so that 80 is taken)",
            "Check",
        ),
    ],
)
def test_a_mistake_in_the_address_of_a_proxy_is_told(
    signed, monkeypatch, call, address, code, cause, remedy
):
    monkeypatch.setenv("HTTPS_PROXY", address)
    problem = refused(call, signed)
    assert problem.error_code == code
    assert cause in problem.cause
    assert problem.remedy.startswith(f"{remedy} HTTPS_PROXY")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("status", "code", "cause", "remedy"),
    [
        (
            "407 Proxy Authentication Required",
            "PERMISSION_DENIED",
            "the proxy wants a user name and a password (HTTP 407)",
            "Put both into HTTPS_PROXY",
        ),
        (
            "403 Forbidden",
            "PERMISSION_DENIED",
            "refuses to connect to it (HTTP 403)",
            "Ask who runs",
        ),
        (
            "502 Bad",
            "TEMPORARILY_UNAVAILABLE",
            "refuses to connect to it (HTTP 502)",
            "Ask who runs",
        ),
    ],
)
def test_what_a_proxy_answers_is_told_by_its_status(
    signed, monkeypatch, call, status, code, cause, remedy
):
    with proxy_that_answers(status) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@{address}")
        problem = refused(call, signed)
    assert problem.error_code == code
    assert f"{cause}; it is the proxy http://{address} (from HTTPS_PROXY)" in problem.cause
    assert remedy in problem.remedy


def test_a_proxy_of_a_loopback_endpoint_that_wants_a_password(aidp, signed, monkeypatch):
    """Plain http has no tunnel: what the proxy answers is an answer to the request."""
    with proxy_that_answers("407 Proxy Authentication Required") as address:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:{PASSWORD}@{address}")
        problem = refused(read, aidp.uri)
    assert problem.cause.startswith(
        f"The proxy http://{address} (from HTTP_PROXY) wants a user name and a password."
    )


_SOCKS = """
import json
from mlflow.exceptions import MlflowException
from tests.client.test_no_answer import read, list_objects

found = []
for call in (read, list_objects):
    try:
        call({uri!r})
    except MlflowException as problem:
        found.append([problem.error_code, problem.cause, problem.remedy])
print(json.dumps(found))
"""


def test_a_socks_proxy_without_its_package_says_what_to_install(signed, monkeypatch, tmp_path):
    monkeypatch.setenv("ALL_PROXY", f"socks5://me:{PASSWORD}@127.0.0.1:1080")
    done = subprocess.run(
        [sys.executable, "-c", _SOCKS.format(uri=signed)],
        capture_output=True,
        text=True,
        timeout=120,
        env=broken(tmp_path, "socks"),
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    for code, cause, remedy in json.loads(done.stdout):
        assert code == "INVALID_PARAMETER_VALUE"
        assert "a SOCKS proxy needs PySocks, which is not installed" in cause
        assert "it is the proxy socks5://127.0.0.1:1080 (from ALL_PROXY)" in cause
        assert remedy.startswith("Install PySocks (`pip install pysocks`)")
    assert len(json.loads(done.stdout)) == 2


def test_a_proxy_that_works_is_used(secure, signed, monkeypatch):
    """The proper answer: a tunnel to the platform."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure.ca_file)
    with tunnel() as (address, tunnels):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        assert AidpRegistryStore(secure.uri).search_registered_models() == []
        forget_connections()
    assert tunnels == [secure.endpoint.removeprefix("https://")]


@contextmanager
def tunnel():
    """A proxy with one tunnel; yields its host and port, and where the tunnel led."""
    led: list[str] = []

    def pump(source, target):
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve():
        client, _ = server.accept()
        with client:
            led.append(client.recv(65536).split()[1].decode())
            host, port = led[0].split(":")
            with socket.create_connection((host, int(port))) as target:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=pump, args=(target, client), daemon=True)
                back.start()
                pump(client, target)
                back.join(5)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", led
    thread.join(5)


# Bundles of certificates


@pytest.fixture(scope="module")
def secure():
    with Emulator(tls=True) as emulator:
        yield emulator


@pytest.fixture
def no_bundle(monkeypatch):
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("no_bundle")
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
class TestBundle:
    def test_one_that_is_not_there(self, secure, monkeypatch, variable):
        monkeypatch.setenv(variable, "/nowhere/ca.pem")
        problem = refused(read, secure.uri)
        assert problem.error_code == "INVALID_PARAMETER_VALUE"
        assert f"{variable} names /nowhere/ca.pem, which does not exist" in problem.cause
        assert problem.remedy == f"Correct {variable}, or unset it."

    def test_one_without_certificates(self, secure, monkeypatch, tmp_path, variable):
        path = tmp_path / "notes.txt"
        path.write_text("remember the milk")
        monkeypatch.setenv(variable, str(path))
        problem = refused(read, secure.uri)
        assert f"{variable} names {path}, which holds no certificates" in problem.cause
        assert f"{variable} names {path}" in run("check", secure.uri).stdout

    def test_one_of_another_authority(self, secure, monkeypatch, tmp_path, variable):
        path = tmp_path / "ca.pem"
        path.write_text(Authority("somebody else").pem)
        monkeypatch.setenv(variable, str(path))
        problem = refused(read, secure.uri)
        assert "the certificate of the endpoint is not trusted" in problem.cause
        assert f"add its authority to {path}, which {variable} names" in problem.remedy
        assert f"check the endpoint {secure.endpoint} (from the URI)" in problem.remedy

    def test_the_right_one(self, secure, monkeypatch, variable):
        monkeypatch.setenv(variable, secure.ca_file)
        assert AidpRegistryStore(secure.uri).search_registered_models() == []


@pytest.mark.usefixtures("no_bundle")
def test_a_certificate_that_is_not_trusted_says_nothing_of_repetitions(secure):
    problem = refused(change, secure.uri)
    assert "set REQUESTS_CA_BUNDLE to its authority's file" in problem.remedy
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in problem.remedy
    # The request was not sent: there is nothing to look after.
    assert UNCERTAIN not in problem.remedy


# What was sent, and what may have taken effect


def test_a_change_that_was_never_sent_is_not_uncertain(own_aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    store = AidpRegistryStore(own_aidp.uri)
    store.search_registered_models()
    own_aidp.stop()
    problem = refused(lambda _: store.create_registered_model(NAME), "")
    assert "the connection was refused" in problem.cause
    assert problem.remedy.startswith(f"Check the endpoint {own_aidp.endpoint} (from the URI)")
    assert UNCERTAIN not in problem.remedy


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncated"])
def test_a_change_whose_answer_was_lost_is_uncertain(aidp, monkeypatch, kind):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    aidp.faults.add(kind)
    assert UNCERTAIN in refused(change, aidp.uri).remedy


def test_a_change_is_uncertain_if_an_earlier_attempt_got_further(own_aidp, monkeypatch):
    """The last attempt is refused a connection, and the one before did the work."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    own_aidp.faults.add("reset_after")
    stopper = threading.Timer(0.5, own_aidp.stop)
    stopper.start()
    problem = refused(change, own_aidp.uri)
    stopper.join()
    assert "the connection was refused" in problem.cause
    assert UNCERTAIN in problem.remedy


# Regions


@pytest.fixture
def nowhere(monkeypatch):
    """A proxy that nobody is at, so that nothing leaves this machine."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_the_place_of_a_region_is_named(aidp, nowhere, monkeypatch):
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", str(aidp.config_file))
    with proxy_that_answers("200 OK") as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        problem = refused(read, "aidp://ocid1.datalake.oc1.iad.unique")
    assert (
        "Check the endpoint https://aidp.us-ashburn-1.oci.oraclecloud.com (from the region "
        "us-ashburn-1, which comes from the OCID) and the proxy"
    ) in problem.remedy


def test_a_region_that_stands_in_for_one_that_is_not_known_is_named_with_it(
    aidp, nowhere, monkeypatch
):
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", str(aidp.config_file))
    monkeypatch.setenv("OCI_CLI_REGION", "eu-frankfurt-1")
    with proxy_that_answers("200 OK") as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        problem = refused(read, "aidp://ocid1.datalake.oc1.xyz.unique")
    assert (
        "(from the region eu-frankfurt-1, which comes from OCI_CLI_REGION, since oci does not know "
        "the OCID's own, 'xyz')"
    ) in problem.remedy
