"""The interface of logged models that the tracking store uses, wherever they are stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from mlflow.entities import (
    LoggedModel,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.errors import error

#: Tells whether a logged model fulfils the conditions of a search.
IsWanted = Callable[[LoggedModel], bool]


class LoggedModels(ABC):
    """The logged models of a workspace.

    Every method raises :py:class:`mlflow.exceptions.RestException` for what the platform refused.
    """

    @abstractmethod
    def create(
        self,
        experiment_id: str,
        name: str,
        source_run_id: str | None,
        tags: Sequence[LoggedModelTag],
        params: Sequence[LoggedModelParameter],
        model_type: str | None,
    ) -> LoggedModel:
        """Create a logged model whose artifacts are not uploaded yet."""

    @abstractmethod
    def get(self, model_id: str) -> LoggedModel:
        """Read a logged model.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` if there is none.
        """

    @abstractmethod
    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Set the status of a logged model, and return the model."""

    @abstractmethod
    def set_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        """Set tags of a logged model."""

    @abstractmethod
    def delete_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model."""

    @abstractmethod
    def log_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        """Add parameters to a logged model."""

    @abstractmethod
    def delete(self, model_id: str) -> None:
        """Delete a logged model, but not its artifacts."""

    @abstractmethod
    def list_all(self, experiment_ids: Iterable[str], is_wanted: IsWanted) -> list[LoggedModel]:
        """Read all logged models of experiments, and keep those that are wanted."""

    @abstractmethod
    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Note the logged models that a run made."""


def missing_model(model_id: object) -> MlflowException:
    """Return the exception for a logged model that is not there."""
    return error(
        "RESOURCE_DOES_NOT_EXIST",
        f"There is no logged model {str(model_id)!r} in this workspace.",
        "Look for it with search_logged_models.",
    )
