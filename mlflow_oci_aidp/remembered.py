"""What a session remembers of runs and logged models: only what never changes.

A run keeps its experiment and its artifact location, and a logged model keeps its folder. What can
change is always read: status, tags, parameters, metrics, aliases, and whether something exists. A
change that is sent without reading first is checked by the platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from mlflow.entities import RunInfo

from mlflow_oci_aidp.identity import chosen_caller
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.session import Session, take_model_file
from mlflow_oci_aidp.workspaces import active_workspace

K = TypeVar("K")
V = TypeVar("V")

#: How many runs, and how many logged models, a session remembers of a workspace.
LONGEST = 1000


@dataclass(frozen=True)
class RunPlace:
    """Where a run belongs.

    Attributes:
        run_id: The id of the run.
        experiment_id: The id of its experiment.
        artifact_uri: The location of its artifacts, as MLflow reads it.
    """

    run_id: str
    experiment_id: str
    artifact_uri: str


class RememberedRuns:
    """The runs of one workspace that this process read or made, and the logged models it made.

    Each caller has memories of its own, because what one may see, another may not, and so has each
    of MLflow's active workspaces. The entries that
    were noted first go first. Safe for many threads and for forks: a dictionary needs no lock for
    what is done here.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._runs: dict[tuple[object, str], RunPlace] = {}
        self._folders: dict[tuple[object, ModelId], str] = {}

    @classmethod
    def of(cls, session: Session, workspace: str) -> RememberedRuns:
        """Return what a session remembers of a workspace."""
        return session.shared(("remembered runs", workspace), lambda: cls(session))

    def note_run(self, info: RunInfo) -> None:
        """Remember a run that was read or made."""
        if info.artifact_uri:
            place = RunPlace(info.run_id, info.experiment_id, info.artifact_uri)
            _note(self._runs, (_whose(), info.run_id), place)

    def run(self, run_id: str) -> RunPlace | None:
        """Return where a run belongs; None if it is not remembered."""
        return self._runs.get((_whose(), run_id))

    def note_model(self, model_id: ModelId, folder: str) -> None:
        """Remember the folder of a logged model that this process made."""
        _note(self._folders, (_whose(), model_id), folder)

    def folder(self, model_id: ModelId) -> str | None:
        """Return a logged model's folder among the artifacts of its run; None if not remembered."""
        # A run that was deleted takes the memory of its logged models with it.
        if self.run(model_id.run_id) is None:
            return None
        return self._folders.get((_whose(), model_id))

    def take_model_file(self, location: str) -> bytes | None:
        """Return a file ``MLmodel`` that this process uploaded just now, once; else None."""
        return take_model_file(self._session, location)

    def forget_run(self, run_id: str) -> None:
        """Forget a run that was deleted, with its logged models."""
        _forget(self._runs, run_id)

    def forget_model(self, model_id: ModelId) -> None:
        """Forget a logged model that was deleted."""
        _forget(self._folders, model_id)


def _whose() -> tuple[object, str | None]:
    """Return what tells apart the memories: the caller, and MLflow's active workspace."""
    return chosen_caller.get(), active_workspace()


def _note(entries: dict[tuple[object, K], V], key: tuple[object, K], value: V) -> None:
    entries[key] = value
    if len(entries) > LONGEST:
        # Another thread may take the same one.
        entries.pop(next(iter(tuple(entries))), None)


def _forget(entries: dict[tuple[object, K], V], key: K) -> None:
    """Forget what any principal knows."""
    for known in [known for known in list(entries) if known[1] == key]:
        entries.pop(known, None)
