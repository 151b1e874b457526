"""MLflow's workspace provider for ``aidp://`` URIs: MLflow's workspaces are the platform's.

MLflow has workspaces since 3.10. It is read-only: workspaces are made and deleted in AI Data
Platform itself.
"""

from __future__ import annotations

from mlflow.entities import Workspace
from mlflow.store.workspace.abstract_store import AbstractStore

from mlflow_oci_aidp import workspaces
from mlflow_oci_aidp.session import session_of
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.workspaces import DEFAULT, WorkspaceDirectory


class AidpWorkspaceStore(AbstractStore):
    """The workspaces of one AI Data Platform.

    ``create_workspace``, ``update_workspace`` and ``delete_workspace`` raise
    ``NotImplementedError``, as MLflow's read-only providers do.

    Args:
        workspace_uri: The ``aidp://`` URI.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI or a setting that is wrong.
    """

    def __init__(self, workspace_uri: str) -> None:
        settings = resolve(workspace_uri)
        self._own = settings.workspace
        self._directory = WorkspaceDirectory.of(session_of(settings))

    def list_workspaces(self) -> list[Workspace]:
        """Return the workspaces of the instance that this identity may see."""
        return [_entity(name, row) for name, row in self._directory.list().items()]

    def get_workspace(self, workspace_name: str) -> Workspace:
        """Return a workspace by its name or key. It is remembered for half a minute.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none.
        """
        if workspace_name == DEFAULT and self._own:
            return self.get_default_workspace()
        return _entity(workspace_name, self._directory.get(workspace_name))

    def get_default_workspace(self) -> Workspace:
        """Return the workspace of the URI, without a request.

        Raises:
            NotImplementedError: The URI names none. By this MLflow knows that there is no default.
        """
        if not self._own:
            raise NotImplementedError
        return Workspace(name=DEFAULT, description=f"The workspace of the URI, key {self._own}")


def _entity(name: str, row: workspaces.Workspace) -> Workspace:
    text = f"{row.display_name}, key {row.key}, {row.state.lower()}"
    return Workspace(
        name=name, description=f"{text}: {row.description}" if row.description else text
    )
