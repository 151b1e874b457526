"""What the states of a registry and of a workspace have in common: a database that one change has to itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from mlflow.exceptions import MlflowException

from ..contract.refusal import of_mlflow
from ..state.databases import RegistryDatabase, TrackingDatabase

DatabaseT = TypeVar("DatabaseT", RegistryDatabase, TrackingDatabase)


class GuardedState(Generic[DatabaseT]):
    """A state in a database of MLflow's. Safe for use by several threads."""

    def __init__(self, database: DatabaseT) -> None:
        self._database: DatabaseT = database
        # MLflow reads before it writes, so a change is alone; SQLite would let only one of them write anyway.
        self._lock = threading.RLock()

    def close(self) -> None:
        """Closes the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Alone with the database, whose errors become refusals."""
        with self._lock:
            try:
                yield
            except MlflowException as error:
                raise of_mlflow(error) from error
