"""Logged models, if the platform answers MLflow's calls for them one day.

MLflow's own server stands in for it.
"""

from __future__ import annotations

import json
import threading

import pytest
from mlflow.entities import (
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client import routes
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.support.loopback import serve

WORKSPACE = "first"


@pytest.fixture
def server(monkeypatch, tmp_path, aidp):
    """MLflow's tracking server, at the paths of a workspace; it looks at no signature."""
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.serving import make_server

    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", f"sqlite:///{tmp_path}/server.db")
    monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", str(tmp_path / "artifacts"))
    from mlflow.server import app, handlers

    monkeypatch.setattr(handlers, "_tracking_store", None)
    prefix = f"/20260430/aiDataPlatforms/{aidp.ai_data_platform_id}/workspaces/{WORKSPACE}/mlops"
    paths = DispatcherMiddleware(app, {prefix: app})

    def with_id(environ, start_response):
        def start(status, headers, *more):
            return start_response(status, [*headers, ("opc-request-id", "platform")], *more)

        return paths(environ, start)

    here = make_server("127.0.0.1", 0, with_id, threaded=True)
    thread = threading.Thread(target=here.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{here.server_port}"
    here.shutdown()
    thread.join()
    here.server_close()


@pytest.fixture
def store(server, aidp):
    """The store, with nothing missing in its table."""
    missing = {call: routes.TRACKING[call] for call in routes.MISSING & routes.TRACKING.keys()}
    return AidpTrackingStore(
        f"aidp://{aidp.ai_data_platform_id}/{WORKSPACE}?endpoint={server}&config_file={aidp.config_file}",
        routes={**routes.ROUTES, **missing},
    )


def test_the_life_of_a_logged_model(store):
    experiment = store.create_experiment("flowers")
    run = store.create_run(experiment, None, 0, [], "first").info.run_id
    made = store.create_logged_model(
        experiment,
        "model",
        run,
        [LoggedModelTag("team", "ml")],
        [LoggedModelParameter("depth", "3")],
        "tree",
    )
    assert (made.name, made.source_run_id, made.status) == ("model", run, LoggedModelStatus.PENDING)
    store.log_outputs(run, [LoggedModelOutput(made.model_id, 2)])
    store.set_logged_model_tags(made.model_id, [LoggedModelTag("season", "spring")])
    store.delete_logged_model_tag(made.model_id, "team")
    store.log_logged_model_params(made.model_id, [LoggedModelParameter("width", "4")])
    assert (
        store.finalize_logged_model(made.model_id, LoggedModelStatus.READY).status
        == LoggedModelStatus.READY
    )
    read = store.get_logged_model(made.model_id)
    assert (read.tags, read.params) == ({"season": "spring"}, {"depth": "3", "width": "4"})
    assert [
        model.model_id for model in store.search_logged_models([experiment], "name = 'model'")
    ] == [made.model_id]
    assert [(model.model_id, model.step) for model in store.get_run(run).outputs.model_outputs] == [
        (made.model_id, 2)
    ]
    store.delete_logged_model(made.model_id)
    with pytest.raises(MlflowException) as caught:
        store.get_logged_model(made.model_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_listed_model_is_found_on_a_page_with_others(aidp):
    """Whether the platform applies the condition on the id is not known."""
    models = [
        {"info": {"model_id": model_id, "experiment_id": "1", "name": "model"}, "data": {}}
        for model_id in ("m-first", "m-second")
    ]
    base = f"/20260430/aiDataPlatforms/{aidp.ai_data_platform_id}/workspaces/{aidp.workspace_key}"
    path = f"{base}/mlops/api/2.0/mlflow/logged-models/search"
    with serve({("POST", path): lambda request: json.dumps({"models": models})}) as server:
        uri = f"{aidp.tracking_uri.partition('?')[0]}?endpoint={server}"
        store = AidpTrackingStore(f"{uri}&config_file={aidp.config_file}")
        assert store.get_logged_model("m-second").model_id == "m-second"
