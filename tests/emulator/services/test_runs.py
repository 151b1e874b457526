"""Runs of a workspace and what they log, by Oracle's own SDK."""

from __future__ import annotations

import json

import oci
import pytest
from aidp_python_client.aidataplatform_dp import models as m

from mlflow_oci_aidp.emulator import Emulator

from ..everything import DATASET, MODEL_JSON
from ..workspace import ABSENT, INVALID, MISSING, pairs, refusal, tracking_call


class TestRuns:
    def test_have_every_field(self, ws):
        run_id = ws.run(run_name="r", start_time=1, tags=[m.ExperimentRunTag(key="a", value="b")])
        ws.sdk.update_experiment_run(
            *ws.at, m.UpdateExperimentRunDetails(run_id=run_id, status="FAILED", end_time=2)
        )
        info = ws.get_run(run_id).info
        assert [name for name in info.attribute_map if getattr(info, name) is None] == []
        assert (info.run_uuid, info.run_name, info.status, info.start_time, info.end_time) == (
            run_id,
            "r",
            "FAILED",
            1,
            2,
        )

    def test_belong_to_the_user_who_signed(self, aidp, ws):
        assert ws.get_run(ws.run()).info.user_id == oci.config.from_file(aidp.config_file)["user"]

    def test_have_a_folder_of_their_own(self, ws):
        run_id = ws.run(experiment_id=ws.experiment(artifact_location="oci://b@n/x"))
        assert ws.get_run(run_id).info.artifact_uri == f"oci://b@n/x/{run_id}/artifacts"

    def test_update_answers_with_the_run(self, ws):
        details = m.UpdateExperimentRunDetails(run_id=ws.run(run_name="before"), run_name="after")
        assert ws.sdk.update_experiment_run(*ws.at, details).data.run_info.run_name == "after"

    def test_everything_in_one_batch(self, ws):
        run_id = ws.run(run_name="r")
        ws.log(
            run_id,
            metrics=[
                m.ExperimentRunMetric(key="loss", value=1 / step, timestamp=step, step=step)
                for step in (1, 2)
            ],
            params=[m.ExperimentRunParam(key="depth", value="3")],
            tags=[m.ExperimentRunTag(key="a", value="b")],
        )
        data = ws.get_run(run_id).data
        assert (pairs(data.metrics), pairs(data.params), pairs(data.tags)) == (
            {"loss": 0.5},
            {"depth": "3"},
            {"a": "b", "mlflow.runName": "r"},
        )

    def test_datasets_come_back(self, ws):
        run_id = ws.run()
        details = m.LogExperimentRunInputsDetails(run_id=run_id, dataset_inputs=[DATASET])
        ws.sdk.log_experiment_run_inputs(*ws.at, details)
        assert ws.get_run(run_id).inputs.dataset_inputs == [DATASET]

    def test_models_come_back(self, aidp, ws):
        run_id = ws.run()
        aidp.workspace().seed_run_models(run_id, inputs=("m-1",), outputs=("m-2",))
        run = ws.get_run(run_id)
        assert run.inputs.model_inputs == [m.ModelInput(model_id="m-1")]
        assert run.outputs.model_outputs == [m.ModelOutput(model_id="m-2", step=0)]

    def test_models_are_noted_in_a_tag(self, ws):
        run_id = ws.run()
        for _ in range(2):
            details = m.LogExperimentRunModelDetails(run_id=run_id, model_json=MODEL_JSON)
            ws.sdk.log_experiment_run_model(*ws.at, details)
        noted = json.loads(pairs(ws.get_run(run_id).data.tags)["mlflow.log-model.history"])
        assert [model["artifact_path"] for model in noted] == ["model", "model"]
        assert noted[0]["flavors"] == {"python_function": {"loader_module": "x"}}

    @pytest.mark.parametrize("model_json", ["{", "[]", "{}", '{"flavors": 1}'])
    def test_a_model_must_be_one(self, ws, model_json):
        details = m.LogExperimentRunModelDetails(run_id=ws.run(), model_json=model_json)
        assert refusal(ws.sdk.log_experiment_run_model, *ws.at, details) == INVALID

    def test_deleted_and_restored(self, ws):
        run_id = ws.run()
        ws.sdk.delete_experiment_run(*ws.at, m.DeleteExperimentRunDetails(run_id=run_id))
        assert ws.get_run(run_id).info.lifecycle_stage == "deleted"
        ws.sdk.restore_experiment_run(*ws.at, m.RestoreExperimentRunDetails(run_id=run_id))
        assert ws.get_run(run_id).info.lifecycle_stage == "active"

    def test_deleted_for_good(self, ws):
        run_id = ws.run()
        ws.metric(run_id, "loss", 1.0)
        ws.sdk.delete_experiment_run(
            *ws.at, m.DeleteExperimentRunDetails(run_id=run_id, is_permanent=True)
        )
        assert refusal(ws.get_run, run_id) == MISSING

    def test_a_deleted_one_is_not_changed(self, ws):
        run_id = ws.run()
        ws.sdk.delete_experiment_run(*ws.at, m.DeleteExperimentRunDetails(run_id=run_id))
        assert refusal(ws.metric, run_id, "loss", 1.0) == INVALID
        details = m.SetExperimentRunTagDetails(run_id=run_id, key="a", value="b")
        assert refusal(ws.sdk.set_experiment_run_tag, *ws.at, details) == INVALID
        details = m.UpdateExperimentRunDetails(run_id=run_id, status="FINISHED")
        assert refusal(ws.sdk.update_experiment_run, *ws.at, details) == INVALID

    def test_a_single_one_has_an_etag(self, ws):
        run_id = ws.run()
        before = ws.sdk.get_experiment_run_by_id(*ws.at, run_id).headers["etag"]
        ws.metric(run_id, "loss", 1.0)
        assert ws.sdk.get_experiment_run_by_id(*ws.at, run_id).headers["etag"] not in ("", before)

    def test_a_parameter_is_not_changed(self, ws):
        run_id = ws.run()
        for value, expected in (("1", None), ("1", None), ("2", INVALID)):
            details = m.LogExperimentRunParamDetails(run_id=run_id, key="depth", value=value)
            if expected:
                assert refusal(ws.sdk.log_experiment_run_param, *ws.at, details) == expected
            else:
                ws.sdk.log_experiment_run_param(*ws.at, details)
        assert pairs(ws.get_run(run_id).data.params) == {"depth": "1"}

    def test_a_refusal_tells_no_sql(self, aidp):
        tag = {"key": "a", "value": "b"}
        answer = tracking_call(aidp, "runs/create", {"tags": [tag, tag]})
        assert (answer.status_code, "INSERT" in answer.text) == (400, False)

    @pytest.mark.parametrize(
        ("operation", "fields"),
        [
            ("runs/update", {}),
            ("runs/delete", {}),
            ("runs/restore", {}),
            ("runs/delete", {"is_permanent": True}),
            ("runs/set-tag", {"key": "a", "value": "b"}),
            ("runs/delete-tag", {"key": "a"}),
            ("internal/runs/update-tags", {}),
            ("runs/log-parameter", {"key": "a", "value": "b"}),
            ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1}),
            ("runs/log-batch", {}),
            ("runs/log-inputs", {}),
            ("runs/log-model", {"model_json": MODEL_JSON}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_an_unknown_one_is_not_found(self, aidp, operation, fields):
        answer = tracking_call(aidp, operation, {"run_id": ABSENT, **fields})
        assert (answer.status_code, answer.json()["code"]) == MISSING


class TestBatches:
    @pytest.mark.parametrize(
        ("metrics", "params", "tags", "status"),
        [
            (1000, 0, 0, 200),
            (1001, 0, 0, 400),
            (0, 100, 0, 200),
            (0, 101, 0, 400),
            (0, 0, 100, 200),
            (0, 0, 101, 400),
            (800, 100, 100, 200),
            (801, 100, 100, 400),
        ],
    )
    def test_are_bounded(self, aidp, metrics, params, tags, status):
        run_id = aidp.workspace().create_experiment_run({}, "user")["run"]["info"]["run_id"]
        body = {
            "run_id": run_id,
            "metrics": [
                {"key": "m", "value": 1.0, "timestamp": step, "step": step}
                for step in range(metrics)
            ],
            "params": [{"key": f"p{number}", "value": "v"} for number in range(params)],
            "tags": [{"key": f"t{number}", "value": "v"} for number in range(tags)],
        }
        assert tracking_call(aidp, "runs/log-batch", body).status_code == status

    @pytest.mark.parametrize(
        "things",
        [
            {"metrics": [{"value": 1.0, "timestamp": 1}]},
            {"metrics": [{"key": "a", "timestamp": 1}]},
            {"metrics": [{"key": "a", "value": 1.0}]},
            {"metrics": [{"key": "a", "value": "great", "timestamp": 1}]},
            {"metrics": [{"key": "a", "value": 1.0, "timestamp": 2**63}]},
            {"metrics": [{"key": "a", "value": 1.0, "timestamp": 1, "model_id": "m-1"}]},
            {"params": [{"value": "v"}]},
            {"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
            {"tags": [{"value": "v"}]},
        ],
        ids=str,
    )
    def test_hold_what_is_documented(self, aidp, ws, things):
        answer = tracking_call(aidp, "runs/log-batch", {"run_id": ws.run(), **things})
        assert (answer.status_code, answer.json()["code"]) == INVALID


class TestSearchOfRuns:
    def test_by_filter_and_order(self, ws):
        for number in (1, 2, 3):
            run_id = ws.run(run_name=f"r{number}")
            ws.metric(run_id, "model loss", float(number))
            ws.log(run_id, params=[m.ExperimentRunParam(key="kind", value="tree")])
        page = ws.runs(
            filter="metrics.\"model loss\" < 3 AND params.kind = 'tree'",
            order_by=["metrics.`model loss` DESC"],
        )
        assert [run.info.run_name for run in page.runs] == ["r2", "r1"]

    def test_by_experiment(self, ws):
        experiment_id = ws.experiment()
        run_id = ws.run(experiment_id=experiment_id)
        ws.run()
        runs = ws.runs(experiment_ids=[experiment_id, "999", "abc"]).runs
        assert [run.info.run_id for run in runs] == [run_id]

    def test_by_view(self, ws):
        ws.run()
        ws.sdk.delete_experiment_run(*ws.at, m.DeleteExperimentRunDetails(run_id=ws.run()))
        counts = {
            view: len(ws.runs(run_view_type=view).runs)
            for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
        }
        assert counts == {"ACTIVE_ONLY": 1, "DELETED_ONLY": 1, "ALL": 2}

    def test_in_pages(self, ws):
        for number in range(3):
            ws.run(run_name=f"r{number}", start_time=number)
        order = ["attributes.start_time ASC"]
        first = ws.runs(max_results=2, order_by=order)
        second = ws.runs(max_results=2, order_by=order, page_token=first.next_page_token)
        names = [run.info.run_name for page in (first, second) for run in page.runs]
        assert (names, second.next_page_token) == (["r0", "r1", "r2"], None)

    def test_changes_nothing_whatever_success_looks_like(self):
        with Emulator(success="bare") as aidp:
            answer = tracking_call(aidp, "runs/search", {"experiment_ids": ["0"]})
        assert (answer.status_code, answer.json()) == (200, {"runs": []})

    @pytest.mark.parametrize(
        "asked",
        [
            {"filter": "colour"},
            {"filter": "metrics.a = 'text'"},
            {"filter": "params.a = '1' OR params.a = '2'"},
            {"max_results": 50_001},
            {"order_by": ["colour.x"]},
            {"page_token": ""},
        ],
        ids=str,
    )
    def test_what_cannot_be_asked(self, ws, asked):
        assert refusal(ws.runs, **asked) == INVALID


def test_a_retried_creation_makes_one_run(aidp, ws):
    details = m.CreateExperimentRunDetails(run_name="once")
    made = {
        ws.sdk.create_experiment_run(*ws.at, details, opc_retry_token="token").data.run.info.run_id
        for _ in range(2)
    }
    assert [run.info.run_id for run in ws.runs().runs] == list(made)
