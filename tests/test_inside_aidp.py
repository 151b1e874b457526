"""What AI Data Platform's notebooks set: ``aidp://`` works, other servers get what they got."""

from __future__ import annotations

import json
import subprocess
import sys

import mlflow
import pytest
from mlflow.tracking.context.registry import resolve_tags
from mlflow.tracking.request_auth import registry as request_auth
from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider

from mlflow_oci_aidp import run_context
from tests.support.loopback import serve

INSTANCE, WORKSPACE = "ocid1.datalake.oc1.iad.notebook", "notebook-workspace"
TAGS = {"aidp.instance_id": INSTANCE, "aidp.workspace_key": WORKSPACE}


@pytest.fixture
def notebook(monkeypatch):
    """The variables of code that AI Data Platform runs."""
    monkeypatch.setenv("DATALAKE_ID", INSTANCE)
    monkeypatch.setenv("AIDP_WORKSPACE_KEY", WORKSPACE)


# MLFLOW_TRACKING_AUTH


class OraclesIntegration(RequestAuthProvider):
    asked = 0

    def get_name(self):
        return "aidp-notebook"

    def get_auth(self):
        type(self).asked += 1

        def sign(request):
            request.headers["Authorization"] = "of the notebook"
            return request

        return sign


@pytest.mark.parametrize("value", ["aidp-notebook", "anything"])
def test_the_variable_of_oracles_integration_is_for_other_servers_alone(aidp, monkeypatch, value):
    providers = request_auth._request_auth_provider_registry._registry
    monkeypatch.setattr(
        request_auth._request_auth_provider_registry,
        "_registry",
        [*providers, OraclesIntegration()],
    )
    monkeypatch.setattr(OraclesIntegration, "asked", 0)
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", value)
    mlflow.set_tracking_uri(aidp.tracking_uri)
    mlflow.set_experiment("e")
    with mlflow.start_run():
        mlflow.log_text("a", "a.txt")
    assert mlflow.MlflowClient().create_registered_model("main.default.m").name == "main.default.m"
    signed = {exchange.headers["authorization"].split()[0] for exchange in aidp.exchanges}
    assert (signed, OraclesIntegration.asked) == ({"Signature"}, 0)

    asked = []

    def experiment(request):
        asked.append(request.headers.get("authorization"))
        return json.dumps({"experiment": {"experiment_id": "1", "name": "e"}})

    with serve({("GET", "/api/2.0/mlflow/experiments/get?experiment_id=1"): experiment}) as url:
        mlflow.MlflowClient(url).get_experiment("1")
    assert asked == ["of the notebook" if value == "aidp-notebook" else None]


# Tags of runs


def test_a_run_on_the_platform_has_the_tags_of_where_its_code_ran(aidp, notebook):
    mlflow.set_tracking_uri(aidp.tracking_uri)
    with mlflow.start_run() as run:
        pass
    assert mlflow.get_run(run.info.run_id).data.tags.items() >= TAGS.items()


def test_a_run_elsewhere_has_none(notebook, tracking_file):
    mlflow.set_tracking_uri(tracking_file.uri)
    with mlflow.start_run() as run:
        pass
    assert not mlflow.get_run(run.info.run_id).data.tags.keys() & TAGS.keys()


@pytest.mark.parametrize("variable", ["DATALAKE_ID", "AIDP_WORKSPACE_KEY"])
def test_both_variables_are_needed(aidp, notebook, monkeypatch, variable):
    mlflow.set_tracking_uri(aidp.tracking_uri)
    assert resolve_tags().items() >= TAGS.items()
    monkeypatch.setenv(variable, " ")
    assert not resolve_tags().keys() & TAGS.keys()


def test_what_goes_wrong_keeps_no_run_from_starting(aidp, notebook, monkeypatch, caplog):
    monkeypatch.setattr(run_context, "context_tags", lambda: 1 / 0)
    assert not resolve_tags().keys() & TAGS.keys()
    assert caplog.text == ""


def test_a_run_of_another_server_loads_nothing(tmp_path):
    code = (
        "import sys, mlflow\n"
        "from mlflow.tracking.context.registry import resolve_tags\n"
        "resolve_tags()\n"
        "print(*sorted(n for n in sys.modules if n.startswith('mlflow_oci_aidp')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert ended.stdout.split() == ["mlflow_oci_aidp", "mlflow_oci_aidp.plugin"], ended.stderr
