"""Experiments of a workspace, by Oracle's own SDK."""

from __future__ import annotations

import pytest
from aidp_python_client.aidataplatform_dp import models as m

from ..everything import DATASET
from ..workspace import INVALID, MISSING, TAKEN, pairs, refusal


class TestExperiments:
    def test_there_is_a_default_one(self, aidp, ws):
        experiment = ws.get_experiment("0")
        assert (experiment.name, experiment.lifecycle_stage, experiment.artifact_location) == (
            "Default",
            "active",
            f"oci://aidp-emulator@emulator/{aidp.workspace_key}/0",
        )

    def test_have_every_field(self, ws):
        experiment = ws.get_experiment(ws.experiment(tags=[m.ExperimentTag(key="a", value="b")]))
        assert [
            name for name in experiment.attribute_map if getattr(experiment, name) is None
        ] == []

    @pytest.mark.parametrize(
        "location", ["oci://b@n/x", "/Volumes/main/default/v", "s3://bucket/x"]
    )
    def test_a_location_is_kept_as_given(self, ws, location):
        assert (
            ws.get_experiment(ws.experiment(artifact_location=location)).artifact_location
            == location
        )

    def test_by_name(self, ws):
        experiment_id = ws.experiment("a b/c")
        assert (
            ws.sdk.get_experiment_by_name(*ws.at, "a b/c").data.experiment.experiment_id
            == experiment_id
        )

    def test_tags(self, ws):
        experiment_id = ws.experiment(tags=[m.ExperimentTag(key="old", value="1")])
        details = m.UpdateExperimentTagsDetails(
            experiment_id=experiment_id,
            set_tags=[m.ExperimentTag(key=key, value=key) for key in "ab"],
            delete_tags=[m.ExperimentTagKey(key="old")],
        )
        ws.sdk.update_experiment_tags(*ws.at, details)
        assert pairs(ws.get_experiment(experiment_id).tags) == {"a": "a", "b": "b"}

    def test_rename(self, ws):
        experiment_id = ws.experiment("before")
        details = m.UpdateExperimentDetails(experiment_id=experiment_id, new_name="after")
        ws.sdk.update_experiment(*ws.at, details)
        assert ws.get_experiment(experiment_id).name == "after"

    def test_deleted_with_its_runs_and_restored(self, ws):
        experiment_id = ws.experiment()
        run_id = ws.run(experiment_id=experiment_id)
        ws.sdk.delete_experiment(*ws.at, m.DeleteExperimentDetails(experiment_id=experiment_id))
        assert (
            ws.get_experiment(experiment_id).lifecycle_stage,
            ws.get_run(run_id).info.lifecycle_stage,
        ) == (
            "deleted",
            "deleted",
        )
        ws.sdk.restore_experiment(*ws.at, m.RestoreExperimentDetails(experiment_id=experiment_id))
        assert (
            ws.get_experiment(experiment_id).lifecycle_stage,
            ws.get_run(run_id).info.lifecycle_stage,
        ) == (
            "active",
            "active",
        )

    @pytest.mark.parametrize("deleted_before", [False, True])
    def test_deleted_for_good(self, ws, deleted_before):
        experiment_id = ws.experiment()
        run_id = ws.run(experiment_id=experiment_id)
        ws.metric(run_id, "loss", 1.0)
        details = m.LogExperimentRunInputsDetails(run_id=run_id, dataset_inputs=[DATASET])
        ws.sdk.log_experiment_run_inputs(*ws.at, details)
        if deleted_before:
            ws.sdk.delete_experiment(*ws.at, m.DeleteExperimentDetails(experiment_id=experiment_id))
        details = m.DeleteExperimentDetails(experiment_id=experiment_id, is_permanent=True)
        ws.sdk.delete_experiment(*ws.at, details)
        assert refusal(ws.get_experiment, experiment_id) == MISSING
        assert refusal(ws.get_run, run_id) == MISSING
        assert ws.experiment("e")

    @pytest.mark.parametrize("deleted", [False, True])
    def test_a_name_is_taken_once(self, ws, deleted):
        experiment_id = ws.experiment("taken")
        if deleted:
            ws.sdk.delete_experiment(*ws.at, m.DeleteExperimentDetails(experiment_id=experiment_id))
        assert refusal(ws.experiment, "taken") == TAKEN
        details = m.UpdateExperimentDetails(experiment_id="0", new_name="taken")
        assert refusal(ws.sdk.update_experiment, *ws.at, details) == TAKEN

    def test_a_name_may_be_kept_in_a_rename(self, ws):
        details = m.UpdateExperimentDetails(experiment_id="0", new_name="Default")
        assert ws.sdk.update_experiment(*ws.at, details).status == 200

    @pytest.mark.parametrize("experiment_id", ["999", "abc", "-1", "9" * 30])
    def test_an_unknown_id_is_not_found(self, ws, experiment_id):
        assert refusal(ws.get_experiment, experiment_id) == MISSING
        assert refusal(ws.run, experiment_id=experiment_id) == MISSING

    def test_an_unknown_name_is_not_found(self, ws):
        assert refusal(ws.sdk.get_experiment_by_name, *ws.at, "absent") == MISSING

    def test_an_active_one_is_not_restored(self, ws):
        details = m.RestoreExperimentDetails(experiment_id="0")
        assert refusal(ws.sdk.restore_experiment, *ws.at, details) == MISSING

    def test_a_deleted_one_is_not_changed(self, ws):
        ws.sdk.delete_experiment(*ws.at, m.DeleteExperimentDetails(experiment_id="0"))
        details = m.SetExperimentTagDetails(experiment_id="0", key="a", value="b")
        assert refusal(ws.sdk.set_experiment_tag, *ws.at, details) == INVALID
        assert refusal(ws.run) == INVALID
        details = m.UpdateExperimentDetails(experiment_id="0", new_name="new")
        assert refusal(ws.sdk.update_experiment, *ws.at, details) == (409, "IncorrectState")

    def test_a_tag_that_is_not_there_is_not_deleted(self, ws):
        details = m.DeleteExperimentTagDetails(experiment_id="0", key="absent")
        assert refusal(ws.sdk.delete_experiment_tag, *ws.at, details) == MISSING

    def test_a_single_one_has_an_etag(self, ws):
        assert ws.sdk.get_experiment_by_id(*ws.at, "0").headers["etag"]


class TestSearchOfExperiments:
    def test_by_filter_and_order(self, ws):
        for name in ("test-a", "test-b", "other"):
            ws.experiment(name, tags=[m.ExperimentTag(key="a-key", value="x")])
        page = ws.experiments(
            filter="name LIKE 'test-%' AND tags.`a-key` = 'x'", order_by=["name DESC"]
        )
        assert [experiment.name for experiment in page.experiments] == ["test-b", "test-a"]

    def test_by_view(self, ws):
        ws.sdk.delete_experiment(
            *ws.at, m.DeleteExperimentDetails(experiment_id=ws.experiment("gone"))
        )
        views = ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
        counts = {view: len(ws.experiments(view_type=view).experiments) for view in views}
        assert counts == {"ACTIVE_ONLY": 1, "DELETED_ONLY": 1, "ALL": 2}

    def test_in_pages(self, ws):
        for name in "abc":
            ws.experiment(name)
        first = ws.experiments(max_results=3, order_by=["name ASC"])
        second = ws.experiments(
            max_results=3, order_by=["name ASC"], page_token=first.next_page_token
        )
        names = [experiment.name for page in (first, second) for experiment in page.experiments]
        assert (names, second.next_page_token) == (["Default", "a", "b", "c"], None)

    @pytest.mark.parametrize(
        "asked",
        [
            {"filter": "colour = 'red'"},
            {"max_results": 0},
            {"order_by": ["colour"]},
            {"page_token": "nonsense"},
        ],
        ids=str,
    )
    def test_what_cannot_be_asked(self, ws, asked):
        assert refusal(ws.experiments, **asked) == INVALID
