"""Every private name of MLflow that this package imports, overrides or uses, and nothing else.

MLflow may rename a private name in any release. The names that are left here are those that MLflow
has no public counterpart for. Each one says where MLflow has it and in which versions; a test
compares this with the MLflow that is installed. Rules on names, which are short, are written in
:py:mod:`mlflow_oci_aidp.names` instead.

Importing this module imports nothing of MLflow: ``plugin.py`` and the emulator use it, too.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeAlias

    from mlflow.entities import _DatasetSummary

    DatasetSummary: TypeAlias = _DatasetSummary

#: The oldest and the newest MLflow that the tests run with. The requirement in ``setup.cfg`` begins
#: with the oldest, and goes on to the next major version, so that a new MLflow never keeps anybody
#: from installing this package.
OLDEST, NEWEST = "3.1.0", "3.18.0"

#: Where `mlflow server` keeps the URIs of its stores for the processes that it starts: tracking,
#: then registry.
SERVER_VARIABLES: tuple[str, ...] = ("_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_REGISTRY_STORE")


def is_mlflow_server() -> bool:
    """Return whether this process is one of ``mlflow server``."""
    return any(name in os.environ for name in SERVER_VARIABLES)


#: The class attributes in which MLflow's SQL stores cache their engines: since 3.8, and before.
ENGINE_CACHES: tuple[str, ...] = ("_engine_map", "_db_uri_sql_alchemy_engine_map")


@dataclass(frozen=True)
class PrivateName:
    """A private name of MLflow that this package depends on.

    Attributes:
        name: The name, as the source of MLflow spells it.
        modules: The modules of MLflow that define it or, for a hook that no base class defines,
            call it. One of them has it in each version: MLflow moves names between modules.
        use: What this package does with it.
        first: The first version of MLflow that has it.
        last: The last one; None while the newest version still has it.
    """

    name: str
    modules: tuple[str, ...]
    use: str
    first: str = OLDEST
    last: str | None = None


_ARTIFACTS = ("mlflow.store.artifact.artifact_repo",)
_ENTITIES = ("mlflow.entities.model_registry.model_version",)
_SERVER = ("mlflow.server", "mlflow.server.constants")
_GC = ("mlflow.cli",)
_REGISTRY_SQL = ("mlflow.store.model_registry.sqlalchemy_store",)
_TRACKING_SQL = ("mlflow.store.tracking.sqlalchemy_store",)

PRIVATE_NAMES: tuple[PrivateName, ...] = (
    # Imported, by the functions of this module.
    PrivateName(
        "_artifact_repository_registry",
        ("mlflow.store.artifact.artifact_repository_registry",),
        "take the scheme oci:// from another plugin that claims it, and open files of versions",
    ),
    PrivateName(
        "_get_store_registry",
        ("mlflow.tracking._model_registry.utils",),
        "fill the table of registry stores before threads use it",
    ),
    PrivateName(
        "_get_store",
        ("mlflow.tracking._model_registry.utils",),
        "see whether the module with that table is imported whole",
    ),
    PrivateName(
        "_register_model",
        ("mlflow.tracking._model_registry.fluent",),
        "tell register_model, which uploads a folder of this machine, from create_model_version",
    ),
    PrivateName(
        "_get_experiment_id",
        ("mlflow.tracking.fluent",),
        "upload such a folder to the experiment that set_experiment chose",
    ),
    PrivateName("_DatasetSummary", ("mlflow.entities",), "answer _search_datasets"),
    PrivateName("_upgrade_db", ("mlflow.store.db.utils",), "migrate a database of the emulator"),
    # Environment variables.
    PrivateName(
        SERVER_VARIABLES[0],
        _SERVER,
        "find the tracking store of the server that this process serves",
    ),
    PrivateName(SERVER_VARIABLES[1], _SERVER, "find the registry store of that server"),
    # Hooks: methods of the stores and the repositories that MLflow calls.
    PrivateName("_search_runs", ("mlflow.store.tracking.abstract_store",), "serve search_runs"),
    PrivateName(
        "_search_datasets",
        ("mlflow.server.handlers",),
        "serve the list of datasets of MLflow's web page",
    ),
    PrivateName("_get_deleted_runs", _GC, "serve `mlflow gc`"),
    PrivateName(
        "_hard_delete_run", _GC, "serve `mlflow gc`; the emulator calls that of MLflow's SQL store"
    ),
    PrivateName(
        "_hard_delete_experiment",
        _GC,
        "serve `mlflow gc`; the emulator calls that of MLflow's SQL store",
    ),
    PrivateName("_create_thread_pool", _ARTIFACTS, "download with threads that can be cancelled"),
    PrivateName("_download_file", _ARTIFACTS, "download one file"),
    # Attributes of entities that have no public setter, or whose public counterpart leaves
    # something out.
    PrivateName(
        "_tags", _ENTITIES, "set all tags at once; read them with the tag that marks a prompt"
    ),
    PrivateName(
        "_aliases", _ENTITIES, "set all aliases at once, or none until somebody reads them"
    ),
    PrivateName(
        "_properties",
        ("mlflow.entities._mlflow_object",),
        "print and compare as MLflow's own entity does",
    ),
    PrivateName(
        "_metric_objs", ("mlflow.entities.run_data",), "read metrics with their steps (emulator)"
    ),
    # MLflow's SQL stores, in the emulator.
    PrivateName(
        "_is_querying_prompt", _REGISTRY_SQL, "treat prompts as registered models (emulator)"
    ),
    PrivateName(
        "_parse_search_model_versions_order_by",
        _REGISTRY_SQL,
        "order as the platform does (emulator)",
    ),
    PrivateName(ENGINE_CACHES[0], _TRACKING_SQL, "close a database (emulator)", first="3.8.0"),
    PrivateName(ENGINE_CACHES[1], _TRACKING_SQL, "close a database (emulator)", last="3.7.0"),
)


def register_artifact_repository(scheme: str, builder: Callable[..., Any]) -> None:
    """Have MLflow open the locations of a scheme with a builder, whoever registered one before.

    Args:
        scheme: The scheme, such as ``"oci"``.
        builder: Makes the repository of a location.
    """
    from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry

    _artifact_repository_registry.register(scheme, builder)


def is_registering_model() -> bool:
    """Return whether MLflow's ``register_model`` is among the callers of this function.

    MLflow (3.1 to 3.18) makes the same call to a registry store for ``register_model`` as for
    ``MlflowClient.create_model_version``, and has no argument that tells them apart. A server's
    handler is neither.
    """
    # A module that is not imported yet calls nothing.
    fluent = sys.modules.get("mlflow.tracking._model_registry.fluent")
    code = fluent._register_model.__code__ if fluent is not None else None
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


def active_experiment_id() -> str:
    """Return the experiment that MLflow would start a run in, in the tracking store in use."""
    from mlflow.tracking.fluent import _get_experiment_id

    return str(_get_experiment_id())


def dataset_summary(
    experiment_id: str, name: str, digest: str, context: str | None
) -> DatasetSummary:
    """Return the entity in which MLflow's server expects a dataset that runs took in.

    Args:
        experiment_id: The experiment of those runs.
        name: The name of the dataset.
        digest: Its digest.
        context: What it was used for, such as ``"training"``; None if nobody said.
    """
    from mlflow.entities import _DatasetSummary

    return _DatasetSummary(experiment_id, name, digest, context)


def upgrade_database(engine: Any) -> None:
    """Bring a database of MLflow's SQL stores to the schema of the installed MLflow.

    Args:
        engine: SQLAlchemy's engine of that database.
    """
    from mlflow.store.db.utils import _upgrade_db

    _upgrade_db(engine)
