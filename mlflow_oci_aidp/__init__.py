"""MLflow's tracking, artifacts and model registry on Oracle AI Data Platform.

Installing the package is enough: MLflow finds it by its entry points,
``aidp://<aiDataPlatformId>/<workspaceKey>`` becomes a tracking URI, ``aidp://<aiDataPlatformId>`` a
registry URI, and ``oci://<bucket>@<namespace>/<prefix>`` a place for artifacts. What is here is for
programs that choose who signs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_oci_aidp.identity import signed_by, use_signer, user_principal

__version__ = "0.2.0"

__all__ = ["signed_by", "use_signer", "user_principal", "__version__"]


def __getattr__(name: str) -> Any:
    # Imported when it is used: the command line's help does not wait a second for MLflow.
    if name in {"signed_by", "use_signer", "user_principal"}:
        from mlflow_oci_aidp import identity

        return getattr(identity, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
