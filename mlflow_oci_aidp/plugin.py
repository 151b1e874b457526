"""What MLflow's entry points name: makes the stores, and imports them no sooner.

MLflow loads the entry points of every installed plugin when the first store is asked for, whatever that store is:
users of other registries pay for this file alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_oci_aidp.registry.store import AidpRegistryStore


def registry_store(store_uri: str, tracking_uri: str | None = None) -> AidpRegistryStore:
    """The registry store of an ``aidp://`` URI.

    Args:
        store_uri: The registry URI.
        tracking_uri: The tracking URI in use.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """
    from mlflow_oci_aidp.registry.store import AidpRegistryStore

    return AidpRegistryStore(store_uri, tracking_uri)
