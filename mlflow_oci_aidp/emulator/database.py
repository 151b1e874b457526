"""MLflow's model registry on SQLite, as the emulator uses it."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import sqlalchemy
from mlflow.store.db.utils import _upgrade_db
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

from .refusal import invalid

_template_lock = threading.Lock()
_template: bytes | None = None

_VERSION_ORDER = {
    "name": SqlModelVersion.name,
    "version": SqlModelVersion.version,
    "version_number": SqlModelVersion.version,
    "stage": SqlModelVersion.current_stage,
    "current_stage": SqlModelVersion.current_stage,
    "creation_timestamp": SqlModelVersion.creation_time,
    "last_updated_timestamp": SqlModelVersion.last_updated_time,
}


class RegistryDatabase(SqlAlchemyStore):
    """MLflow's SQL store without what MLflow adds to a registry and AI Data Platform does not know."""

    _engine_map: dict[str, Any] = {}  # noqa: RUF012 - MLflow's cache, kept apart so that a closed engine stays closed

    @classmethod
    def open(cls, folder: Path) -> RegistryDatabase:
        """The registry in this folder, made when there is none."""
        path = folder / "registry.db"
        if not path.exists():
            content = _empty_database()
            path.touch(mode=0o600)
            path.write_bytes(content)
        made_by = folder / "registry.mlflow-version"
        with _quiet():
            store = cls(_uri(path))
            if made_by.exists() and made_by.read_text() != mlflow.__version__:
                _upgrade_db(store.engine)
        made_by.touch(mode=0o600)
        made_by.write_text(mlflow.__version__)
        # A killed process loses nothing; a crash of the machine may, which is no matter here.
        sqlalchemy.event.listen(store.engine, "connect", _without_sync)
        store.engine.dispose()
        return store

    def close(self) -> None:
        """Closes every connection."""
        self._engine_map.pop(self.db_uri, None)
        self.engine.dispose()

    @classmethod
    def _is_querying_prompt(cls, parsed_filters: list[dict[str, Any]]) -> bool:
        # MLflow hides registered models that are prompts unless a search asks for them. The platform knows no prompts.
        return True

    @classmethod
    def _parse_search_model_versions_order_by(cls, order_by_list: list[str]) -> list[Any]:
        # MLflow orders by no stage, which the platform documents; and calls the version version_number.
        clauses: list[Any] = []
        for clause in order_by_list:
            column, _, direction = clause.partition(" ")
            direction = direction.strip().upper() or "ASC"
            if column not in _VERSION_ORDER or direction not in ("ASC", "DESC"):
                raise invalid(f"'order_by' names columns among {', '.join(_VERSION_ORDER)}, each with ASC or DESC.")
            field = _VERSION_ORDER[column]
            clauses.append(field.asc() if direction == "ASC" else field.desc())
        return [
            *clauses,
            SqlModelVersion.last_updated_time.desc(),
            SqlModelVersion.name.asc(),
            SqlModelVersion.version.desc(),
        ]


def _uri(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def _without_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _empty_database() -> bytes:
    """A registry without content. MLflow's migrations take a second or more, so they run once in a process."""
    global _template
    with _template_lock:
        if _template is None:
            with tempfile.TemporaryDirectory(prefix="aidp-emulator-") as folder, _quiet():
                path = Path(folder) / "template.db"
                RegistryDatabase(_uri(path)).close()
                _template = path.read_bytes()
        return _template


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps to itself what MLflow and Alembic say about each migration.

    For the whole process, and only for that moment: MLflow 3.0 configures logging anew in the middle of a migration,
    and its migrations have a logger each.
    """
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        yield
    finally:
        logging.disable(before)
