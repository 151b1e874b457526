"""What the registry store and the tracking store have in common: settings, a transport, and one way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mlflow_oci_aidp import settings
from mlflow_oci_aidp.client.platform_client import Transport
from mlflow_oci_aidp.client.routes import ROUTES
from mlflow_oci_aidp.identity import Identity

T = TypeVar("T")


class PlatformStore:
    """A store of MLflow's on Oracle AI Data Platform: it can be printed and pickled, and calls the platform."""

    def _open(self, store_uri: str, other_uri: str | None) -> None:
        """Find the settings.

        Args:
            store_uri: The ``aidp://`` URI.
            other_uri: What else MLflow makes such a store with.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
        """
        self._uris = (store_uri, other_uri)
        self._settings = settings.resolve(store_uri)
        self._transport = Transport(self._settings, Identity(self._settings))

    def __reduce__(self) -> tuple[Any, ...]:
        # Settings are looked up again where it is unpickled: secrets do not travel.
        return type(self), self._uris

    def __repr__(self) -> str:
        found = self._settings
        workspace = f"{found.workspace} of " if found.workspace else ""
        return f"<{type(self).__name__}: {workspace}{found.instance_id} at {found.endpoint}>"

    def _call(self, call: str, read: Callable[[dict[str, Any]], T], **fields: Any) -> T | None:
        """The one way to the platform: MLflow's RPC by its name, its fields, and what to make of the answer."""
        return self._transport.exchange(ROUTES[call], fields, read)

    def _do(self, call: str, **fields: Any) -> None:
        self._call(call, lambda json: None, **fields)
