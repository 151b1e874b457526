"""Starting, stopping, starting again; what lies on the disk; what is left behind."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from aidp_python_client.aidataplatform_dp import models as m

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.server.http import Server
from mlflow_oci_aidp.emulator.server.recorder import Exchange, Exchanges

from .conftest import call, create, path_of, prepared, sdk_client, send, threads_of


class TestRestart:
    def test_keeps_what_the_registry_holds(self, tmp_path):
        with Emulator(tmp_path) as aidp:
            create(aidp)
        with Emulator(tmp_path) as aidp:
            models = aidp.state.list_registered_models({}, "user")["registered_models"]
        assert [model["name"] for model in models] == ["main.default.m"]

    @pytest.mark.parametrize(
        "file", ["api_key.pem", "token_issuer_key.pem", "ca.pem", "server.pem", "config"]
    )
    def test_keeps_each_file(self, tmp_path, file):
        with Emulator(tmp_path, tls=True):
            before = (tmp_path / file).read_bytes()
        with Emulator(tmp_path, tls=True):
            assert (tmp_path / file).read_bytes() == before

    def test_keeps_the_instance(self, tmp_path):
        assert Emulator(tmp_path).ai_data_platform_id == Emulator(tmp_path).ai_data_platform_id

    def test_keeps_session_profiles(self, tmp_path):
        Emulator(tmp_path).session_profile("S")
        with Emulator(tmp_path) as aidp:
            assert "[S]" in Path(aidp.config_file).read_text()

    def test_of_the_same_emulator_takes_the_same_port(self, tmp_path):
        aidp = Emulator(tmp_path)
        with aidp:
            create(aidp)
            before = aidp.uri
        with aidp:
            assert aidp.uri == before
            assert create(aidp).status_code == 409

    def test_of_a_temporary_one_is_not_possible(self):
        with Emulator() as aidp:
            pass
        with pytest.raises(RuntimeError, match="data_dir"):
            aidp.start()


class TestFiles:
    def test_are_for_the_user_alone(self, tmp_path):
        folder = tmp_path / "data"
        with Emulator(folder, tls=True) as aidp:
            aidp.session_profile()
            aidp.state.create_registered_model({"name": "a"}, "user")
            aidp.add_workspace("b").seed_logged_model(model_id="m-1")
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
            expected = {path: 0o700 if path.is_dir() else 0o600 for path in modes}
        assert modes == expected

    def test_folder_is_for_the_user_alone(self, tmp_path):
        with Emulator(tmp_path / "data"):
            pass
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700

    def test_a_temporary_folder_goes(self):
        with Emulator() as aidp:
            folder = aidp._folder
            assert folder.exists()
        assert not folder.exists()

    def test_two_emulators_share_nothing(self):
        with Emulator() as one, Emulator() as other:
            create(one)
            assert other.state.list_registered_models({}, "user") == {"registered_models": []}
            assert one.ai_data_platform_id != other.ai_data_platform_id


class TestStop:
    def test_leaves_no_thread(self):
        before = set(threading.enumerate())
        with Emulator() as aidp, requests.Session() as session:
            request = prepared(aidp, "GET", path_of(aidp, "registered-models/search"))
            session.send(request)
            assert threads_of(aidp)
        assert set(threading.enumerate()) <= before

    def test_closes_kept_connections(self, own_aidp, own_bare):
        own_bare.send(prepared(own_aidp, "GET", path_of(own_aidp, "registered-models/search")))
        own_bare.socket.recv(1)
        own_aidp.stop()
        own_bare.read_all()

    def test_closes_the_port(self, own_aidp):
        own_aidp.stop()
        address = urlsplit(own_aidp.endpoint)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address.hostname, address.port), timeout=5)

    def test_twice_is_once(self, own_aidp):
        own_aidp.stop()
        own_aidp.stop()

    def test_a_client_that_never_speaks_holds_up_nobody(self, own_bare, own_aidp):
        while len(threads_of(own_aidp)) < 2:
            time.sleep(0.01)
        own_aidp.stop()
        assert own_bare.socket.recv(1) == b""

    def test_a_program_that_forgets_it_ends(self):
        program = (
            "from mlflow_oci_aidp.emulator import Emulator; "
            "aidp = Emulator().start(); print(aidp.endpoint)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, timeout=60, check=True
        )
        assert done.stdout.startswith(b"http://127.0.0.1:")


class TestBinding:
    def test_is_loopback(self, aidp):
        assert urlsplit(aidp.endpoint).hostname == "127.0.0.1"

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
    def test_elsewhere_is_refused(self, host):
        with pytest.raises(ValueError, match="loopback"):
            Server(None, host, 0)

    def test_a_taken_port_is_an_error(self, aidp):
        with (
            pytest.raises(OSError, match="in use"),
            Emulator(port=int(aidp.endpoint.rpartition(":")[2])),
        ):
            pass

    def test_other_addresses_of_this_machine_are_not_served(self, aidp):
        port = urlsplit(aidp.endpoint).port
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=5):
            pass


class TestTls:
    @pytest.fixture
    def secure(self):
        with Emulator(tls=True) as aidp:
            yield aidp

    def test_answers(self, secure, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure.environ["REQUESTS_CA_BUNDLE"])
        client = sdk_client(secure)
        client.create_registered_model(
            secure.ai_data_platform_id, m.CreateRegisteredModelDetails(name="a")
        )
        assert secure.exchanges[-1].status == 200

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_certificate_is_of_this_machine(self, secure, host):
        url = secure.endpoint.replace("127.0.0.1", host)
        assert requests.get(url, verify=secure.ca_file, timeout=20).status_code == 401

    def test_certificate_is_trusted_by_nobody_else(self, secure):
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(secure.endpoint, timeout=20)

    def test_a_client_that_does_not_greet_holds_up_nobody(self, secure):
        address = urlsplit(secure.endpoint)
        with socket.create_connection((address.hostname, address.port)):
            assert (
                requests.get(secure.endpoint, verify=secure.ca_file, timeout=20).status_code == 401
            )

    def test_stops_while_a_connection_is_kept(self, secure):
        with requests.Session() as session:
            session.get(secure.endpoint, verify=secure.ca_file, timeout=20)
            secure.stop()
        assert threads_of(secure) == []

    def test_environment_names_the_authority(self, secure):
        assert secure.environ["REQUESTS_CA_BUNDLE"] == secure.ca_file


class TestDescription:
    def test_uri_is_enough(self, aidp):
        uri = urlsplit(aidp.uri)
        assert (uri.scheme, uri.netloc, parse_qs(uri.query)) == (
            "aidp",
            aidp.ai_data_platform_id,
            {
                "endpoint": [aidp.endpoint],
                "object_storage_endpoint": [aidp.endpoint],
                "config_file": [aidp.config_file],
                "profile": ["DEFAULT"],
            },
        )

    def test_tracking_uri_is_enough(self, aidp):
        uri = urlsplit(aidp.tracking_uri)
        assert (uri.netloc, uri.path) == (aidp.ai_data_platform_id, f"/{aidp.workspace_key}")
        assert parse_qs(uri.query) == {
            "endpoint": [aidp.endpoint],
            "config_file": [aidp.config_file],
            "profile": ["DEFAULT"],
            "object_storage_endpoint": [aidp.endpoint],
        }

    def test_environment(self, aidp):
        assert set(aidp.environ) == {
            "MLFLOW_REGISTRY_URI",
            "AIDP_ENDPOINT",
            "AIDP_INSTANCE_ID",
            "AIDP_WORKSPACE_KEY",
            "AIDP_OBJECT_STORAGE_ENDPOINT",
            "OCI_CLI_CONFIG_FILE",
            "OCI_CLI_PROFILE",
            "OCI_CLI_AUTH",
            "OCI_CLI_REGION",
        }

    def test_repr_holds_no_secret(self, aidp):
        create(aidp)
        shown = repr(aidp) + repr(aidp.exchanges) + repr(aidp.exchanges[-1])
        assert "PRIVATE" not in shown
        assert "signature" not in shown.lower()

    def test_success_is_one_of_two(self):
        with pytest.raises(ValueError, match="full"):
            Emulator(success="maybe")

    def test_state_needs_a_start(self, tmp_path):
        with pytest.raises(RuntimeError):
            _ = Emulator(tmp_path).state

    def test_workspaces_need_a_start(self, tmp_path):
        with pytest.raises(RuntimeError):
            Emulator(tmp_path).workspace()


class TestExchanges:
    def test_hold_what_was_asked_and_answered(self, aidp):
        answer = create(aidp, headers={"dh-user-principal": "cHJpbmNpcGFs"})
        exchange = aidp.exchanges[-1]
        assert (
            exchange.operation,
            exchange.verb,
            exchange.path,
            exchange.query,
            exchange.body,
        ) == (
            "create_registered_model",
            "POST",
            path_of(aidp, "registered-models/create"),
            {},
            {"name": "main.default.m"},
        )
        assert (exchange.status, exchange.answer, exchange.request_id) == (
            200,
            answer.json(),
            answer.headers["opc-request-id"],
        )
        assert exchange.headers["dh-user-principal"] == "cHJpbmNpcGFs"

    def test_hold_the_query(self, aidp):
        call(aidp, "GET", "registered-models/get", query={"name": "a b"})
        assert aidp.exchanges[-1].query == {"name": "a b"}

    def test_hold_what_was_refused(self, aidp):
        call(aidp, "GET", "nowhere")
        assert (aidp.exchanges[-1].operation, aidp.exchanges[-1].status) == (None, 404)

    def test_can_be_cleared(self, aidp):
        create(aidp)
        aidp.exchanges.clear()
        assert list(aidp.exchanges) == []

    def test_are_bounded(self):
        exchanges = Exchanges()
        for number in range(10_001):
            exchanges.add(
                Exchange(None, "GET", "/", {}, {}, None, 200, None, str(number), 0.0, 0.0)
            )
        assert (len(exchanges), exchanges[0].request_id) == (10_000, "1")


def test_connections_are_kept(aidp, bare):
    for _ in range(3):
        bare.send(prepared(aidp, "GET", path_of(aidp, "registered-models/search")))
        assert bare.socket.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_request_that_ends_early_harms_nobody(aidp, bare):
    bare.socket.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{}")
    bare.socket.close()
    assert send(prepared(aidp, "GET", path_of(aidp, "registered-models/search"))).status_code == 200


def test_a_folder_has_one_emulator_at_a_time(tmp_path):
    with Emulator(tmp_path), pytest.raises(OSError, match="another emulator uses the folder"):
        Emulator(tmp_path).start()
    with Emulator(tmp_path) as again:
        assert again.endpoint
