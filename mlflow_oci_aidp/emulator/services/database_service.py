"""Serialise the work of a service on its database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from mlflow.exceptions import MlflowException

from ..contract.refusal import Refusal, invalid
from ..state.databases import RegistryDatabase, TrackingDatabase

DatabaseT = TypeVar("DatabaseT", RegistryDatabase, TrackingDatabase)

_REFUSALS: dict[str, tuple[int, str]] = {
    "RESOURCE_DOES_NOT_EXIST": (404, "NotAuthorizedOrNotFound"),
    "RESOURCE_ALREADY_EXISTS": (409, "NotAuthorizedOrResourceAlreadyExists"),
    "INVALID_PARAMETER_VALUE": (400, "InvalidParameter"),
    "BAD_REQUEST": (400, "InvalidParameter"),
    "INVALID_STATE": (409, "IncorrectState"),
    "TEMPORARILY_UNAVAILABLE": (503, "ServiceUnavailable"),
}
"""Status and code of the platform by MLflow's error code."""


class DatabaseService(Generic[DatabaseT]):
    """A service on a database of MLflow's. Safe for use by several threads."""

    def __init__(self, database: DatabaseT) -> None:
        self._database: DatabaseT = database
        # MLflow reads before it writes, so a change is alone; SQLite would let only one of them
        # write anyway.
        self._lock = threading.RLock()

    def reset(self) -> None:
        """Remove everything that the service holds."""
        with self._lock:
            self._database.reset()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Run a block of code alone on the database, and turn MLflow's errors into refusals."""
        with self._lock:
            try:
                yield
            except MlflowException as error:
                raise _refusal_of(error) from error


def _refusal_of(error: MlflowException) -> Refusal:
    """Return the platform's error for an error of MLflow's store."""
    if isinstance(error.__cause__, OverflowError):
        return invalid("A number does not fit into 64 bits.")
    status, code = _REFUSALS.get(error.error_code, (500, "InternalServerError"))
    # MLflow and SQLAlchemy append the SQL that failed, which is nobody's business.
    return Refusal(status, code, str(error.message).partition(" Error: (")[0].partition("\n")[0])
