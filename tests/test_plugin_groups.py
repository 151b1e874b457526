"""MLflow asks for more kinds of stores by our scheme.

Those that the platform lacks are refused in our words.
"""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException

#: The modules of MLflow that ask for plugins: those that look one up by the scheme of a URI, and
#: the others.
BY_SCHEME = {
    "genai/labeling/stores.py",
    "genai/scorers/registry.py",
    "store/artifact/artifact_repository_registry.py",
    "tracking/_workspace/registry.py",
    "tracking/registry.py",
}
BY_OTHER_NAMES = {
    "cli.py",
    "cli/__init__.py",
    "data/dataset_registry.py",
    "data/dataset_source_registry.py",
    "deployments/plugin_manager.py",
    "gateway/provider_registry.py",
    "models/evaluation/evaluator_registry.py",
    "projects/backend/loader.py",
    "server/__init__.py",
    "server/jobs/executor_registry.py",
    "tracking/context/registry.py",
    "tracking/default_experiment/registry.py",
    "tracking/request_auth/registry.py",
    "tracking/request_header/registry.py",
    "utils/plugins.py",
}


def list_scorers():
    from mlflow.genai.scorers import list_scorers

    list_scorers(experiment_id="1")


def get_labeling_sessions():
    from mlflow.genai.labeling import get_labeling_sessions

    get_labeling_sessions()


@pytest.mark.parametrize(
    ("module", "call", "feature"),
    [
        ("mlflow.genai.scorers.registry", list_scorers, "Scorers"),
        ("mlflow.genai.labeling.stores", get_labeling_sessions, "Labeling sessions"),
    ],
    ids=["scorers", "labeling sessions"],
)
def test_a_store_that_the_platform_lacks_is_refused_in_our_words(
    aidp, monkeypatch, module, call, feature
):
    pytest.importorskip(module, reason="this MLflow asks for no such store")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    with pytest.raises(
        MlflowException, match=f"^{feature} are not part of AI Data Platform"
    ) as caught:
        call()
    assert caught.value.error_code == "NOT_IMPLEMENTED"
    assert len(aidp.exchanges) == 0


def test_mlflow_asks_for_plugins_where_it_did():
    """Red with a newer MLflow that has another kind of plugins.

    Look whether MLflow asks for it by a scheme.
    """
    root = Path(mlflow.__file__).parent
    asking = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "get_entry_points(" in path.read_text(encoding="utf-8")
    }
    assert asking - BY_SCHEME - BY_OTHER_NAMES == set()
