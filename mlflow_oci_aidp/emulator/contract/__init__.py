"""The contract of AI Data Platform: tables of operations and models, without HTTP and state.

Source: Oracle's Python SDK (``aidp-python-client`` 5.1.1, ``MLOpsClient`` and its models) and
Oracle's REST reference. A test compares every row with the installed SDK, so that a change of the
contract is noticed there.
"""

from __future__ import annotations

from . import async_operations, deployments, registry, tracking
from .terms import BASE_PATH, SCOPES, Effect, Field, Operation

__all__ = [
    "BASE_PATH",
    "DEPLOYMENTS",
    "MODELS",
    "OPERATIONS",
    "SCOPES",
    "SUCCESS",
    "Field",
    "Operation",
]

SUCCESS: dict[str, dict[Effect, tuple[int, bool]]] = {
    "full": {
        "read": (200, True),
        "create": (200, True),
        "change": (200, True),
        "delete": (200, True),
    },
    "bare": {
        "read": (200, True),
        "create": (201, True),
        "change": (202, False),
        "delete": (204, False),
    },
}
"""The status of a success, and whether it has a body. Oracle's integration tests accept both."""

DEPLOYMENTS: tuple[Operation, ...] = (
    *deployments.OPERATIONS,
    async_operations.GET_ASYNC_OPERATION,
)
"""Every operation of model deployments, and the one that tells how an activation went."""

OPERATIONS: tuple[Operation, ...] = registry.OPERATIONS + tracking.OPERATIONS + DEPLOYMENTS
"""Every operation of the registry, of workspaces and of model deployments."""

MODELS: dict[str, dict[str, Field]] = (
    registry.MODELS | tracking.MODELS | deployments.MODELS | async_operations.MODELS
)
"""The fields of every body, answer and entity, by the name of the model."""
