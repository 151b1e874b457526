"""Several workspaces, and what is left of them after a restart."""

from __future__ import annotations

import oci
import pytest
from aidp_python_client.aidataplatform_dp.workspace_client import WorkspaceClient

from mlflow_oci_aidp.emulator import Emulator, Refusal

from ..conftest import call, path_of, prepared, send
from ..workspace import MISSING, Workspace, refusal


class TestWorkspaces:
    def test_are_apart(self, aidp, ws):
        aidp.add_workspace("other one")
        other = Workspace(aidp, "other one")
        ws.experiment("here")
        run_id = ws.run()
        assert [experiment.name for experiment in other.experiments().experiments] == ["Default"]
        assert refusal(other.get_run, run_id) == MISSING
        assert other.experiment("here") == "1"

    def test_an_unknown_one_is_not_found(self, aidp):
        absent = Workspace(aidp, "absent")
        assert refusal(absent.get_experiment, "0") == MISSING
        with pytest.raises(Refusal, match="404"):
            aidp.workspace("absent")

    def test_a_model_version_needs_a_known_one(self, aidp):
        aidp.state.create_registered_model({"name": "a.b.c"}, "user")
        body = {"name": "a.b.c", "source": "runs:/x/y"}
        answers = [
            send(prepared(aidp, "POST", path_of(aidp, "model-versions/create", key), body=body))
            for key in (aidp.workspace_key, "absent")
        ]
        assert [answer.status_code for answer in answers] == [200, 404]

    @pytest.mark.parametrize("key", ["", ".", "..", "a/b"])
    def test_no_key_at_all(self, aidp, key):
        with pytest.raises(ValueError, match="no key"):
            aidp.add_workspace(key)

    def test_adding_twice_keeps_what_is_there(self, aidp):
        assert aidp.add_workspace("b") is aidp.add_workspace("b")

    def test_the_sdk_lists_and_reads_them(self, aidp):
        client = WorkspaceClient(
            oci.config.from_file(aidp.config_file), service_endpoint=aidp.endpoint
        )
        aidp.add_workspace("b", "Data Science", "of the team")
        for number in range(3):
            aidp.add_workspace(f"w{number}")
        platform = aidp.ai_data_platform_id
        pages = [client.list_workspaces(platform, limit=3)]
        pages.append(client.list_workspaces(platform, limit=3, page=pages[0].next_page))
        names = [row.display_name for page in pages for row in page.data.items]
        assert names == ["Data Science", "Default Workspace", "w0", "w1", "w2"]
        assert not pages[1].has_next_page
        found = client.list_workspaces(platform, display_name_contains="Science").data.items
        assert [row.key for row in found] == ["b"]
        one = client.get_workspace(platform, "b").data
        assert (one.display_name, one.description) == ("Data Science", "of the team")
        assert (one.lifecycle_state, one.default_catalog_key) == ("ACTIVE", "main")
        with pytest.raises(oci.exceptions.ServiceError) as caught:
            client.get_workspace(platform, "absent")
        assert caught.value.status == 404

    def test_a_restart_keeps_everything(self, tmp_path):
        with Emulator(tmp_path) as aidp:
            aidp.add_workspace("other").create_experiment({"name": "there"}, "user")
            run = aidp.workspace().create_experiment_run({"run_name": "kept"}, "user")
            aidp.workspace().seed_logged_model(model_id="m-1")
        with Emulator(tmp_path) as aidp:
            assert aidp.workspace("other").get_experiment_by_name(
                {"experiment_name": "there"}, "user"
            )
            run_id = run["run"]["info"]["run_id"]
            assert aidp.workspace().get_experiment_run_by_id({"run_id": run_id}, "user") == run
            assert aidp.workspace().list_logged_models({}, "user") == {
                "models": [{"info": {"model_id": "m-1"}}]
            }

    def test_a_workspace_operation_is_nowhere_else(self, aidp):
        answer = call(aidp, "POST", "runs/create", body={})
        assert (answer.status_code, answer.json()["code"]) == MISSING
