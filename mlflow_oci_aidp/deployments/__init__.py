"""Model deployments, by MLflow's interface for them.

MLflow's entry point names this module, and looks for one client class, ``run_local`` and
``target_help`` in it. They are imported when one of them is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_oci_aidp.deployments.client import AidpDeploymentClient
    from mlflow_oci_aidp.deployments.local import run_local, target_help

__all__ = ["AidpDeploymentClient", "run_local", "target_help"]

_MODULES = {"AidpDeploymentClient": "client", "run_local": "local", "target_help": "local"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
