"""Values of metrics and their history, by Oracle's own SDK."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..workspace import ABSENT, INVALID, MISSING, refusal, tracking_call


class TestMetrics:
    @pytest.mark.parametrize(
        ("value", "reported"),
        [
            ("NaN", "NaN"),
            ("Infinity", "Infinity"),
            ("-Infinity", "-Infinity"),
            (1e300, 1e300),
            (3, 3.0),
        ],
    )
    def test_of_every_size_come_back(self, aidp, ws, value, reported):
        run_id = ws.run()
        body = {"run_id": run_id, "key": "loss", "value": value, "timestamp": 1}
        assert tracking_call(aidp, "runs/log-metric", body).status_code == 200
        metrics = aidp.workspace().get_experiment_run_by_id({"run_id": run_id}, "user")["run"][
            "data"
        ]["metrics"]
        assert metrics == [{"key": "loss", "value": reported, "timestamp": 1, "step": 0}]

    def test_the_sdk_reads_what_is_not_finite(self, aidp, ws):
        run_id = ws.run()
        tracking_call(
            aidp,
            "runs/log-metric",
            {"run_id": run_id, "key": "loss", "value": "-Infinity", "timestamp": 1},
        )
        assert ws.history(run_id, "loss").metrics[0].value == -math.inf

    def test_json_has_no_nan(self, aidp, ws):
        answer = tracking_call(
            aidp,
            "runs/log-metric",
            {"run_id": ws.run(), "key": "a", "value": math.nan, "timestamp": 1},
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "CannotParseRequest")

    def test_history_is_whole_unless_pages_are_asked_for(self, ws):
        run_id = ws.run()
        for step in range(5):
            ws.metric(run_id, "loss", float(step), step=step)
        assert [metric.step for metric in ws.history(run_id, "loss").metrics] == [0, 1, 2, 3, 4]
        steps, token = [], None
        while True:
            page = ws.history(
                run_id, "loss", max_results=2, **({"page_token": token} if token else {})
            )
            steps.append([metric.step for metric in page.metrics])
            token = page.next_page_token
            if not token:
                break
        assert steps == [[0, 1], [2, 3], [4]]

    def test_history_of_an_unknown_metric_is_empty(self, ws):
        assert ws.history(ws.run(), "absent").metrics == []

    def test_history_of_an_unknown_run_is_not_found(self, ws):
        assert refusal(ws.history, ABSENT, "loss") == MISSING

    @pytest.mark.parametrize("asked", [{"max_results": 0}, {"page_token": "nonsense"}], ids=str)
    def test_what_cannot_be_asked(self, ws, asked):
        assert refusal(ws.history, ws.run(), "loss", **asked) == INVALID

    def test_of_many_clients_at_once_are_all_kept(self, ws):
        run_id = ws.run()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda step: ws.metric(run_id, "loss", 0.5, step=step), range(40)))
        assert [metric.step for metric in ws.history(run_id, "loss").metrics] == list(range(40))
