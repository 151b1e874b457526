"""Connections share what was read of a bundle of certificates, until the bundle changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.transport import tls_contexts
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import forget_sessions


@pytest.fixture
def platform(monkeypatch, tmp_path):
    for variable in ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with Emulator(tls=True) as emulator:
        bundle = tmp_path / "bundle.pem"
        bundle.write_text(Path(emulator.ca_file).read_text())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        yield emulator


@pytest.fixture
def reads():
    """Tells how often a bundle was read."""
    tls_contexts._context.cache_clear()
    return lambda: tls_contexts._context.cache_info().misses


def test_registry_tracking_and_artifacts_read_the_bundle_once(platform, reads):
    mlflow.set_tracking_uri(platform.tracking_uri)
    with mlflow.start_run(experiment_id="0"):
        mlflow.log_metric("loss", 1)
        for number in range(20):
            mlflow.log_text("text", f"{number}.txt")
    AidpRegistryStore(platform.uri).create_registered_model("m")
    assert reads() == 1


def test_another_bundle_in_its_place_counts_from_the_next_connection_on(platform, reads):
    AidpRegistryStore(platform.uri).search_registered_models()
    bundle = Path(os.environ["REQUESTS_CA_BUNDLE"])
    good = bundle.read_text()
    with Emulator(tls=True) as other:
        bundle.write_text(Path(other.ca_file).read_text())
        forget_sessions()
        with pytest.raises(MlflowException, match="certificate of the endpoint is not trusted"):
            AidpRegistryStore(platform.uri).search_registered_models()
    bundle.write_text(good)
    forget_sessions()
    assert AidpRegistryStore(platform.uri).search_registered_models() == []
    assert reads() == 3


def test_a_connection_that_connects_again_reads_another_bundle(platform, reads):
    store = AidpRegistryStore(platform.uri)
    store.search_registered_models()
    pool = store._session.client._sender.pool.get()._adapter()._pool
    bundle = Path(os.environ["REQUESTS_CA_BUNDLE"])
    good = bundle.read_text()
    with Emulator(tls=True) as other:
        bundle.write_text(Path(other.ca_file).read_text())
        close_idle(pool)
        with pytest.raises(MlflowException, match="certificate of the endpoint is not trusted"):
            store.search_registered_models()
    bundle.write_text(good)
    assert store.search_registered_models() == []
    assert reads() == 3


def close_idle(pool):
    """Close the connection that was used last, as a server does after a while."""
    connection = pool._get_conn()
    assert connection.sock is not None
    connection.close()
    pool._put_conn(connection)


@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_bundle_that_holds_nothing_is_the_error_that_it_was(platform, content):
    Path(os.environ["REQUESTS_CA_BUNDLE"]).write_text(content)
    with pytest.raises(MlflowException, match=r"REQUESTS_CA_BUNDLE|not trusted|TLS"):
        AidpRegistryStore(platform.uri).search_registered_models()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl names the files of a folder")
def test_a_folder_of_certificates_is_a_bundle(platform, monkeypatch, tmp_path, reads):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "ca.pem").write_text(Path(platform.ca_file).read_text())
    subprocess.run(["openssl", "rehash", str(folder)], check=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))
    assert AidpRegistryStore(platform.uri).search_registered_models() == []
    assert reads() == 1
