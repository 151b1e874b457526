"""Who opens ``oci://`` locations where another package claims the scheme as well."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.store.artifact.artifact_repository_registry import (
    _artifact_repository_registry,
    get_artifact_repository,
)
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository


@pytest.fixture
def another_package(monkeypatch):
    """A package whose entry point MLflow found last."""
    registered = dict(_artifact_repository_registry._registry)
    monkeypatch.setattr(_artifact_repository_registry, "_registry", registered)
    registered["oci"] = LocalArtifactRepository


@pytest.mark.parametrize("which", ["tracking_uri", "registry_uri"])
def test_this_one_does_where_a_store_of_its_own_is_in_use(
    aidp, another_package, monkeypatch, which
):
    monkeypatch.setenv("OCI_CLI_REGION", "us-ashburn-1")
    client = mlflow.MlflowClient(**{which: aidp.tracking_uri})
    client._get_registry_client()
    repository = get_artifact_repository("oci://bucket@namespace/prefix")
    assert isinstance(repository, OciArtifactRepository)


def test_the_other_does_elsewhere(another_package):
    registered = _artifact_repository_registry.get_registered_artifact_repositories()
    mlflow.MlflowClient(tracking_uri="sqlite://")
    assert registered["oci"] is LocalArtifactRepository
