"""How MLflow's methods are served, in words: the lines of the operations tables.

The tables themselves are beside the stores, in :py:mod:`mlflow_oci_aidp.registry.capabilities` and
:py:mod:`mlflow_oci_aidp.tracking.capabilities`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from mlflow_oci_aidp.errors import not_implemented

NATIVE, DERIVED, UNAVAILABLE = "native", "derived", "not available"


@dataclass(frozen=True)
class Capability:
    """One line of a table.

    Attributes:
        method: The method of MLflow's store.
        kind: :py:data:`NATIVE`, :py:data:`DERIVED` or :py:data:`UNAVAILABLE`.
        how: The calls it becomes, by the names of MLflow's RPCs, or how it is built from others; of what is not
            available, what it belongs to, in the plural.
    """

    method: str
    kind: str
    how: str


def unsupported(what: str) -> Callable[..., NoReturn]:
    """A method for something that the platform lacks.

    Args:
        what: What is lacking, in the plural, as ``"Webhooks"``.
    """

    def refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
        """Not part of AI Data Platform: raises ``NOT_IMPLEMENTED`` at once, without a request."""
        raise not_implemented(what)

    return refuse
