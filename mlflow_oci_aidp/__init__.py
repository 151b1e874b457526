"""MLflow's model registry on Oracle AI Data Platform.

Installing the package is enough: MLflow finds it by its entry points, and ``aidp://<aiDataPlatformId>`` becomes a
registry URI. What is here is for programs that choose who signs.
"""

from mlflow_oci_aidp.identity import use_signer, user_principal

__version__ = "0.1.0"

__all__ = ["use_signer", "user_principal", "__version__"]
