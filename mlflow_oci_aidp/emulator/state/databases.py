"""MLflow's SQL stores of the registry and of tracking, on SQLite, as the emulator uses them."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import mlflow
import sqlalchemy
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
from mlflow.store.tracking.dbmodels.models import SqlExperiment, SqlExperimentTag, SqlMetric, SqlRun
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore

from mlflow_oci_aidp.mlflow_compat import ENGINE_CACHES, upgrade_database

from ..contract.refusal import invalid
from .files import write_private
from .template import empty_database

_Database = TypeVar("_Database", "RegistryDatabase", "TrackingDatabase")

_VERSION_ORDER = {
    "name": SqlModelVersion.name,
    "version": SqlModelVersion.version,
    "version_number": SqlModelVersion.version,
    "stage": SqlModelVersion.current_stage,
    "current_stage": SqlModelVersion.current_stage,
    "creation_timestamp": SqlModelVersion.creation_time,
    "last_updated_timestamp": SqlModelVersion.last_updated_time,
}


class Snapshot:
    """The content of an SQLite file at one moment, in memory."""

    def __init__(self, path: Path) -> None:
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(path)) as source:
            source.backup(self._copy)

    def restore(self, path: Path) -> None:
        """Replace the content of an SQLite file. Open connections notice, and go on."""
        with closing(sqlite3.connect(path)) as target:
            target.execute("PRAGMA synchronous = OFF")
            self._copy.backup(target)

    def close(self) -> None:
        """Free the memory."""
        self._copy.close()


class _Resettable:
    """A database in a file that can be reset to its initial content."""

    _path: Path
    _make: Callable[[str], Any]
    _fresh: Snapshot | None = None

    def reset(self) -> None:
        """Remove all content without closing a connection.

        Nobody may use the database meanwhile.
        """
        if self._fresh is None:
            with tempfile.TemporaryDirectory(prefix="aidp-emulator-") as folder:
                path = Path(folder) / self._path.name
                _open(path, self._make).close()
                self._fresh = Snapshot(path)
        self._fresh.restore(self._path)

    def _forget_snapshot(self) -> None:
        fresh, self._fresh = self._fresh, None
        if fresh:
            fresh.close()


class RegistryDatabase(_Resettable, RegistryStore):
    """MLflow's SQL store of a registry, without MLflow's features that the platform lacks."""

    _engine_map: dict[str, Any] = {}  # noqa: RUF012 - MLflow's cache, kept apart so that a closed engine stays closed

    @classmethod
    def open(cls, folder: Path) -> RegistryDatabase:
        """Open the registry in a folder. It is made if there is none."""
        return _open(folder / "registry.db", lambda uri: cls(uri))

    def close(self) -> None:
        """Close every connection."""
        self._forget_snapshot()
        self._engine_map.pop(self.db_uri, None)
        self.engine.dispose()

    @classmethod
    def _is_querying_prompt(cls, parsed_filters: list[dict[str, Any]]) -> bool:
        # MLflow hides registered models that are prompts unless a search asks for them. The
        # platform knows no prompts.
        return True

    @classmethod
    def _parse_search_model_versions_order_by(cls, order_by_list: list[str]) -> list[Any]:
        # MLflow orders by no stage, which the platform documents; and calls the version
        # version_number.
        clauses: list[Any] = []
        for clause in order_by_list:
            column, _, direction = clause.partition(" ")
            direction = direction.strip().upper() or "ASC"
            if column not in _VERSION_ORDER or direction not in ("ASC", "DESC"):
                raise invalid(
                    f"'order_by' names columns among {', '.join(_VERSION_ORDER)}, "
                    "each with ASC or DESC."
                )
            field: Any = _VERSION_ORDER[column]
            clauses.append(field.asc() if direction == "ASC" else field.desc())
        return [
            *clauses,
            SqlModelVersion.last_updated_time.desc(),
            SqlModelVersion.name.asc(),
            SqlModelVersion.version.desc(),
        ]


class TrackingDatabase(_Resettable, TrackingStore):
    """MLflow's SQL store of experiments and runs, with access to MLflow's private methods."""

    _engine_map: dict[str, Any] = {}  # noqa: RUF012 - MLflow's cache, as in RegistryDatabase

    @classmethod
    def open(cls, path: Path, artifact_root: str) -> TrackingDatabase:
        """Open the tracking store in a file, which is made if there is none.

        Args:
            path: The SQLite file.
            artifact_root: Location below which new experiments are located.
        """
        return _open(path, lambda uri: cls(uri, artifact_root))

    def close(self) -> None:
        """Close every connection."""
        self._forget_snapshot()
        for cache in ENGINE_CACHES:
            getattr(self, cache, {}).pop(self.db_uri, None)
        self.engine.dispose()

    def set_artifact_location(self, experiment_id: str, location: str) -> None:
        """Set the artifact location of an experiment as the caller sent it.

        MLflow itself would take a location without a scheme for a local path.
        """
        with sqlalchemy.orm.Session(self.engine) as session:
            session.execute(
                sqlalchemy.update(SqlExperiment)
                .where(SqlExperiment.experiment_id == int(experiment_id))
                .values(artifact_location=location)
            )
            session.commit()

    def remove_experiment_tag(self, experiment_id: str, key: str) -> bool:
        """Delete a tag; return whether there was one. MLflow 3.1 has no such method."""
        with sqlalchemy.orm.Session(self.engine) as session:
            deleted: Any = session.execute(
                sqlalchemy.delete(SqlExperimentTag).where(
                    SqlExperimentTag.experiment_id == int(experiment_id),
                    SqlExperimentTag.key == key,
                )
            )
            session.commit()
        return bool(deleted.rowcount)

    def metric_history(self, run_id: str, key: str, offset: int, limit: int | None) -> list[Any]:
        """Return a part of a metric's history, oldest first. MLflow 3.1 has no pages of it."""
        asked = (
            sqlalchemy.select(SqlMetric)
            .where(SqlMetric.run_uuid == run_id, SqlMetric.key == key)
            .order_by(SqlMetric.timestamp, SqlMetric.step, SqlMetric.value)
            .offset(offset)
            .limit(limit)
        )
        with sqlalchemy.orm.Session(self.engine) as session:
            return [metric.to_mlflow_entity() for metric in session.scalars(asked)]

    def stage_of_run(self, run_id: str) -> str | None:
        """Return ``active`` or ``deleted``, or None without such a run.

        This is much faster than reading the run.
        """
        with sqlalchemy.orm.Session(self.engine) as session:
            return session.scalar(
                sqlalchemy.select(SqlRun.lifecycle_stage).where(SqlRun.run_uuid == run_id)
            )

    def hard_delete_run(self, run_id: str) -> None:
        """Delete a run for good."""
        self._hard_delete_run(run_id)

    def hard_delete_experiment(self, experiment_id: str) -> None:
        """Delete all of a deleted experiment and its runs."""
        of_experiment: Any = sqlalchemy.select(SqlRun.run_uuid).where(
            SqlRun.experiment_id == int(experiment_id)
        )
        with sqlalchemy.orm.Session(self.engine) as session:
            runs = list(session.scalars(of_experiment))
        for run_id in runs:
            self._hard_delete_run(run_id)
        self._hard_delete_experiment(experiment_id)


def empty_tracking_database() -> bytes:
    """Return the content of a database without experiments, which MLflow's own store can open."""
    return empty_database(_migrate)


def _open(path: Path, make: Callable[[str], _Database]) -> _Database:
    is_new = not path.exists()
    if is_new:
        # MLflow has one schema for both kinds of database.
        write_private(path, empty_database(_migrate))
    else:
        _check(path)
    made_by = path.with_suffix(".mlflow-version")
    version = made_by.read_text() if made_by.exists() else ""
    with _quiet():
        if version not in ("", mlflow.__version__):
            _upgrade(path)
        store = make(_uri(path))
    if version != mlflow.__version__:
        write_private(made_by, mlflow.__version__.encode())
    # A killed process loses nothing; a crash of the machine may, which is no matter here.
    sqlalchemy.event.listen(store.engine, "connect", _without_sync)
    store.engine.dispose()
    store._path, store._make = path, make
    store._fresh = Snapshot(path) if is_new else None
    return store


def _migrate(path: Path) -> None:
    with _quiet():
        RegistryDatabase(_uri(path)).close()


def _check(path: Path) -> None:
    """Read the first page of a database. MLflow would try for hours to open what is none.

    Raises:
        sqlite3.Error: The file is no database, or cannot be read.
    """
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA schema_version").fetchone()


def _upgrade(path: Path) -> None:
    """Bring a database to the schema of the installed MLflow, at once or not at all."""
    copy = path.with_name(f"{path.name}.new")
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    engine = sqlalchemy.create_engine(_uri(copy))
    upgrade_database(engine)
    engine.dispose()
    copy.replace(path)


def _uri(path: Path) -> str:
    """Return MLflow's URI of a database in a file.

    The path is a URI of SQLite's within that of SQLAlchemy's, since SQLAlchemy 2.0 has no way to
    write a question mark of a path. The driver is named, since MLflow would take what follows a
    plain ``sqlite:///`` for a path, and make its folder.
    """
    url = sqlalchemy.URL.create("sqlite+pysqlite", database=path.as_uri(), query={"uri": "true"})
    return url.render_as_string(hide_password=False)


def _without_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the log messages of MLflow and Alembic about each migration.

    For the whole process, and only for that moment: MLflow 3.0 configures logging anew in the
    middle of a migration, and its migrations have a logger each.
    """
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        yield
    finally:
        logging.disable(before)
