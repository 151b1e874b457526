from __future__ import annotations

import pytest

from mlflow_oci_aidp.registry.store import AidpRegistryStore


@pytest.fixture
def store(aidp):
    """The store itself: one call is one method."""
    return AidpRegistryStore(aidp.uri)


@pytest.fixture
def sdk(aidp):
    """Oracle's own client."""
    oci = pytest.importorskip("oci")
    dp = pytest.importorskip("aidp_python_client.aidataplatform_dp")
    config = oci.config.from_file(aidp.config_file)
    return dp.MLOpsClient(config, service_endpoint=aidp.endpoint, retry_strategy=oci.retry.NoneRetryStrategy())
