"""The requests of everyday operations: users wait for each of them.

``benchmarks/round_trips.py`` counts the same operations beside a stock server.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.alias_tags import PREFIX
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from tests.support.everyday import everyday
from tests.support.hostile import Wire, answer, hostile
from tests.support.versions import is_older_than

#: The calls of each operation by the emulator's names. Those that go out side by side may arrive in
#: any order.
EXPECTED = {
    "set_experiment, a new one": "get_experiment_by_name, create_experiment, get_experiment_by_id",
    "set_experiment": "get_experiment_by_name",
    "start_run": "create_experiment_run",
    "log_param": "log_experiment_run_param",
    "log_params": "log_experiment_run_batch",
    "log_metric": "log_experiment_run_metric",
    "log_metrics": "log_experiment_run_batch",
    "set_tag": "set_experiment_run_tag",
    "log_text": "get_experiment_run_by_id, put_object",
    "get_run": "get_experiment_run_by_id",
    "get_metric_history": "get_experiment_run_metric_history",
    "list_artifacts": "get_experiment_run_by_id, list_objects",
    "load_text": (
        "get_experiment_run_by_id, get_object, get_experiment_run_by_id, "
        "list_experiment_runs, list_logged_models"
    ),
    "log_model": (
        "get_experiment_run_by_id, 2 update_experiment_run_tags, get_experiment_run_by_id, 2 "
        "get_experiment_run_metric_history, log_experiment_run_batch, get_experiment_run_by_id, "
        "5 put_object, get_experiment_run_by_id, log_experiment_run_model, "
        "update_experiment_run_tags"
    ),
    "log_model with registered_model_name": (
        "get_experiment_run_by_id, 2 update_experiment_run_tags, get_experiment_run_by_id, 2 "
        "get_experiment_run_metric_history, log_experiment_run_batch, get_experiment_run_by_id, "
        "5 put_object, get_experiment_run_by_id, log_experiment_run_model, "
        "update_experiment_run_tags, create_registered_model, create_workspace_model_version, 2 "
        "get_experiment_run_by_id, update_experiment_run_tags"
    ),
    "end_run": "update_experiment_run",
    "search_runs": "list_experiment_runs",
    "search_logged_models": "list_experiment_runs, list_logged_models",
    "get_logged_model": "get_experiment_run_by_id",
    "load_model models:/<model id>": "get_experiment_run_by_id, list_objects, 5 get_object",
    "load_model runs:/": (
        "get_experiment_run_by_id, list_objects, get_object, get_experiment_run_by_id, "
        "list_experiment_runs, list_logged_models, get_experiment_run_by_id, list_objects, 5 "
        "get_object"
    ),
    "register_model runs:/": (
        "create_registered_model, get_experiment_run_by_id, list_objects, "
        "get_experiment_run_by_id, list_experiment_runs, list_logged_models, "
        "create_workspace_model_version, 2 get_experiment_run_by_id, update_experiment_run_tags"
    ),
    "register_model models:/<model id>": (
        "create_registered_model, create_workspace_model_version, 2 get_experiment_run_by_id, "
        "update_experiment_run_tags"
    ),
    "set_registered_model_alias": (
        "get_registered_model, get_model_version, set_registered_model_tag"
    ),
    "get_model_version_by_alias, the latest version": "get_registered_model",
    "load_model by alias": (
        "2 get_registered_model, get_model_version, get_experiment_run_by_id, list_objects, 5 "
        "get_object"
    ),
    "load_model by version": (
        "get_registered_model, get_model_version, get_experiment_run_by_id, list_objects, 5 "
        "get_object"
    ),
    "get_model_version_by_alias, an older version": "get_registered_model, get_model_version",
    "get_registered_model": "get_registered_model",
    "search_registered_models": "list_registered_models",
    "get_model_version": "get_model_version",
    "search_model_versions": "list_model_versions",
    "set_model_version_tag": "get_registered_model, set_model_version_tag",
    "update_registered_model": "get_registered_model, update_registered_model",
    "delete_registered_model_alias": "2 get_registered_model, delete_registered_model_tag",
    "delete_model_version": "get_registered_model, delete_model_version, get_registered_model",
    "delete_run": "delete_experiment_run",
}


def _counted(calls: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in calls.split(", "):
        number, name = re.fullmatch(r"(?:(\d+) )?(\w+)", part).groups()
        counts[name] += int(number or 1)
    return counts


@pytest.mark.skipif(is_older_than("3.17"), reason="older MLflow asks for other things by itself")
def test_everyday_operations_make_these_requests(
    aidp: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    made = {}
    for name, act in everyday(tmp_path):
        aidp.exchanges.clear()
        act()
        made[name] = Counter(exchange.operation for exchange in aidp.exchanges)
    assert made == {name: _counted(calls) for name, calls in EXPECTED.items()}


THIN = {"name": "m", "version": "2"}
WHOLE = {**THIN, "source": "s3://bucket/second", "status": "READY"}


@pytest.mark.parametrize(
    ("latest", "requests"), [([WHOLE], 1), ([THIN], 2), ([{**WHOLE, "version": "3"}], 2), ([], 2)]
)
def test_an_alias_needs_one_request_where_the_model_carries_the_version(
    aidp: Emulator, latest: list[dict[str, str]], requests: int
) -> None:
    tags = [{"key": f"{PREFIX}champion", "value": "2"}]
    model = {"registered_model": {"name": "m", "latest_versions": latest, "tags": tags}}
    bodies = {"/registered-models/get": model, "/model-versions/get": {"model_version": WHOLE}}

    def script(wire: Wire) -> None:
        body = next(body for path, body in bodies.items() if wire.path.endswith(path))
        wire.send(answer(wire, json.dumps(body).encode()))

    with hostile(script) as server:
        places = (quote(endpoint) for endpoint in (aidp.endpoint, server.endpoint))
        store = AidpRegistryStore(aidp.uri.replace(*places))
        version = store.get_model_version_by_alias("m", "champion")
        assert (version.version, version.source) == ("2", "s3://bucket/second")
        assert len(server.requests) == requests
