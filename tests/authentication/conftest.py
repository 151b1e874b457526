"""Where a program may find itself: a plain machine, an OCI instance, a pod on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import oci
import pytest

from mlflow_oci_aidp.emulator import Emulator
from tests.support import cloud
from tests.support.machine import Machine


@pytest.fixture(scope="module")
def emulator():
    with Emulator() as started:
        yield started


@pytest.fixture
def here(emulator, tmp_path, monkeypatch):
    """A machine that knows nobody."""
    for name in list(os.environ):
        if name.startswith(("OCI_", "KUBERNETES_")) or name.lower() in {
            "all_proxy",
            "requests_ca_bundle",
        }:
            monkeypatch.delenv(name)
    emulator.faults.clear()
    emulator.exchanges.clear()
    return Machine(emulator, tmp_path, monkeypatch)


@pytest.fixture
def instance(here) -> Callable[..., AbstractContextManager[cloud.Instance]]:
    """Makes the machine an OCI instance, for a block of code; takes the claims of its tokens."""

    @contextmanager
    def on_instance(**claims: object) -> Iterator[cloud.Instance]:
        with cloud.instance(here.issuer(**claims), here.folder) as vm:
            here.setenv(vm.environ)
            yield vm

    return on_instance


@pytest.fixture
def pod(here, monkeypatch):
    """Makes the machine a pod on an OKE cluster."""
    with cloud.workload(here.issuer(ptype="workload"), here.folder) as pod:
        here.setenv(pod.environ)
        # Where a pod finds its token is the one thing that the signer takes from no variable.
        monkeypatch.setattr(
            oci.auth.rpt_path_providers,
            "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
            str(pod.token_file),
        )
        yield pod
