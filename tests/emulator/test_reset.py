"""A reset leaves a running emulator as it is when it is new."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import requests
from aidp_python_client.aidataplatform_dp import models as m
from cryptography.hazmat.primitives.asymmetric import rsa

from mlflow_oci_aidp.emulator import Emulator, Refusal
from mlflow_oci_aidp.emulator.state.keys import fingerprint

from .conftest import ApiKeySigner, call, create, path_of, prepared, sdk_client, send, signer_of
from .everything import do_everything_in_the_registry, do_everything_in_the_workspace
from .workspace import Workspace

BUCKET = "/n/emulator/b/aidp-emulator"


def put_object(aidp, name="a"):
    request = requests.Request("PUT", f"{aidp.endpoint}{BUCKET}/o/{name}", data=b"1").prepare()
    return send(signer_of(aidp)(request))


def objects(aidp):
    return send(prepared(aidp, "GET", f"{BUCKET}/o")).json()


def registered_models(aidp):
    return aidp.state.list_registered_models({}, "user")["registered_models"]


def status_with(aidp, signer):
    return call(aidp, "GET", "registered-models/search", signer=signer).status_code


class TestContent:
    def test_of_the_registry_is_gone(self, aidp):
        create(aidp)
        aidp.reset()
        assert registered_models(aidp) == []

    def test_of_the_workspace_is_gone(self, aidp):
        workspace = Workspace(aidp)
        workspace.run(experiment_id=workspace.experiment("e"))
        aidp.reset()
        (default,) = workspace.experiments().experiments
        assert (default.experiment_id, default.name) == ("0", "Default")

    def test_ids_begin_again(self, aidp):
        first = Workspace(aidp).experiment("e")
        aidp.reset()
        assert Workspace(aidp).experiment("e") == first

    def test_the_default_experiment_lies_where_it_lay(self, aidp):
        before = Workspace(aidp).get_experiment("0").artifact_location
        aidp.reset()
        assert Workspace(aidp).get_experiment("0").artifact_location == before

    def test_logged_models_are_gone(self, aidp):
        aidp.workspace().seed_logged_model(model_id="m-1")
        aidp.reset()
        assert not Workspace(aidp).logged_models().models

    def test_other_workspaces_are_gone(self, aidp):
        aidp.add_workspace("b")
        aidp.reset()
        with pytest.raises(Refusal):
            aidp.workspace("b")

    def test_a_workspace_that_is_made_again_is_empty(self, aidp):
        aidp.add_workspace("b")
        Workspace(aidp, "b").experiment("e")
        aidp.reset()
        aidp.add_workspace("b")
        assert len(Workspace(aidp, "b").experiments().experiments) == 1

    def test_of_object_storage_is_gone(self, aidp):
        put_object(aidp)
        upload = send(prepared(aidp, "POST", f"{BUCKET}/u", body={"object": "b"}))
        assert upload.status_code == 200
        aidp.reset()
        assert objects(aidp) == {"objects": [], "prefixes": []}
        assert send(prepared(aidp, "GET", f"{BUCKET}/u")).json() == []

    def test_of_volumes_is_gone(self, aidp):
        folder = aidp._folder / "volumes" / "main" / "default" / "artifacts"
        (folder / "file").write_text("x")
        aidp.add_volume("main", "default", "more")
        aidp.reset()
        assert list(folder.parent.iterdir()) == [folder]
        assert list(folder.iterdir()) == []

    def test_of_a_folder_that_was_used_before_is_gone(self, tmp_path):
        with Emulator(tmp_path) as aidp:
            create(aidp)
            aidp.add_workspace("b")
            Workspace(aidp).experiment("e")
        with Emulator(tmp_path) as aidp:
            aidp.reset()
            assert registered_models(aidp) == []
            assert len(Workspace(aidp).experiments().experiments) == 1

    def test_stays_gone_after_a_restart(self, tmp_path):
        with Emulator(tmp_path) as aidp:
            create(aidp)
            put_object(aidp)
            aidp.reset()
        with Emulator(tmp_path) as aidp:
            assert (registered_models(aidp), objects(aidp)["objects"]) == ([], [])

    def test_has_no_file_that_a_new_emulator_has_not(self, tmp_path):
        def files(folder):
            return {path.relative_to(folder) for path in folder.rglob("*")}

        with Emulator(tmp_path / "new") as new, Emulator(tmp_path / "reset") as reset:
            for aidp in (new, reset):
                aidp.workspace()
            do_everything_in_the_registry(sdk_client(reset), reset.ai_data_platform_id)
            reset.add_workspace("b").seed_logged_model(model_id="m-1")
            reset.session_profile()
            put_object(reset)
            reset.reset()
            assert files(tmp_path / "reset") == files(tmp_path / "new")


class TestRecords:
    def test_of_exchanges_are_gone(self, aidp):
        create(aidp)
        aidp.reset()
        assert list(aidp.exchanges) == []

    def test_of_faults_are_gone(self, aidp):
        aidp.faults.add("status", times=None)
        create(aidp)
        aidp.reset()
        assert create(aidp).status_code == 200
        assert not aidp.faults.fired

    def test_of_retry_tokens_are_gone(self, aidp):
        create(aidp, "a", headers={"opc-retry-token": "t"})
        aidp.reset()
        assert create(aidp, "b", headers={"opc-retry-token": "t"}).status_code == 200


class TestIdentity:
    def test_of_the_instance_and_its_address_stays(self, aidp):
        before = (aidp.uri, aidp.tracking_uri, aidp.environ)
        aidp.reset()
        assert (aidp.uri, aidp.tracking_uri, aidp.environ) == before

    def test_the_api_key_stays(self, aidp):
        signer = signer_of(aidp)
        aidp.reset()
        assert status_with(aidp, signer) == 200

    def test_other_keys_are_no_longer_trusted(self, aidp):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_id = f"tenancy/user/{fingerprint(key.public_key())}"
        aidp.trust(key_id, key.public_key())
        assert status_with(aidp, ApiKeySigner(key_id, key)) == 200
        aidp.reset()
        assert status_with(aidp, ApiKeySigner(key_id, key)) == 401

    def test_tokens_are_no_longer_accepted(self, aidp):
        key = aidp._credentials.api_key
        signer = ApiKeySigner(f"ST${aidp.issue_token(key.public_key())}", key)
        assert status_with(aidp, signer) == 200
        aidp.reset()
        assert status_with(aidp, signer) == 401

    def test_new_tokens_are_accepted(self, aidp):
        aidp.reset()
        key = aidp._credentials.api_key
        assert (
            status_with(aidp, ApiKeySigner(f"ST${aidp.issue_token(key.public_key())}", key)) == 200
        )

    def test_session_profiles_are_gone(self, aidp):
        aidp.session_profile("S")
        before = Path(aidp.config_file).read_text()
        aidp.reset()
        after = Path(aidp.config_file).read_text()
        assert ("[S]" in before, "[S]" in after, "[DEFAULT]" in after) == (True, False, True)


class TestConnections:
    def test_stay_usable(self, aidp, bare):
        for _ in range(2):
            bare.send(prepared(aidp, "GET", path_of(aidp, "registered-models/search")))
            assert bare.socket.recv(65536).startswith(b"HTTP/1.1 200 ")
            aidp.reset()

    def test_of_a_request_that_never_ends_are_closed(self, aidp, bare):
        request = prepared(aidp, "PUT", f"{BUCKET}/o/a")
        request.headers["content-length"] = "10"
        bare.send(signer_of(aidp)(request))
        while not aidp._running.dispatcher._gate._passing:
            time.sleep(0.01)
        aidp.reset(patience=0.1)
        bare.socket.settimeout(5)
        assert bare.socket.recv(1) == b""
        assert objects(aidp)["objects"] == []

    def test_a_request_that_is_being_answered_is_finished_first(self, aidp):
        results = []

        def create_many():
            results.extend(
                create(aidp, f"main.default.m{number}").status_code for number in range(20)
            )

        thread = threading.Thread(target=create_many)
        thread.start()
        for _ in range(5):
            aidp.reset()
        thread.join()
        assert set(results) == {200}


def test_a_stopped_emulator_has_nothing_to_reset(tmp_path):
    with pytest.raises(RuntimeError, match="not started"):
        Emulator(tmp_path).reset()


def test_everything_works_again_and_again(aidp):
    for _ in range(3):
        client = sdk_client(aidp)
        do_everything_in_the_registry(client, aidp.ai_data_platform_id)
        do_everything_in_the_workspace(client, aidp.ai_data_platform_id, aidp.workspace_key)
        assert {exchange.status for exchange in aidp.exchanges} == {200}
        aidp.reset()


def test_registered_models_of_before_take_no_name(aidp):
    details = m.CreateRegisteredModelDetails(name="a")
    for _ in range(2):
        assert (
            sdk_client(aidp).create_registered_model(aidp.ai_data_platform_id, details).status
            == 200
        )
        aidp.reset()
