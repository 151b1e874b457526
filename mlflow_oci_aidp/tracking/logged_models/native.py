"""Logged models by the platform's own calls, should it have them one day.

``SearchLoggedModels`` is the only one that the platform documents today. [aidp-python-client 5.1.1]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlflow.entities import (
    LoggedModel,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.stores import LONGEST_PAGE, Platform
from mlflow_oci_aidp.tracking import entities
from mlflow_oci_aidp.tracking.entities import Json
from mlflow_oci_aidp.tracking.logged_models.interface import IsWanted, LoggedModels

#: The calls that the platform needs to have.
RPCS = frozenset(
    {
        "CreateLoggedModel",
        "GetLoggedModel",
        "FinalizeLoggedModel",
        "SetLoggedModelTags",
        "DeleteLoggedModelTag",
        "LogLoggedModelParamsRequest",
        "DeleteLoggedModel",
        "LogOutputs",
    }
)


class NativeLoggedModels(LoggedModels):
    """The logged models that the platform itself keeps.

    Args:
        platform: The platform.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

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
        model = self._platform.call(
            "CreateLoggedModel",
            _logged_model,
            experiment_id=str(experiment_id),
            name=name,
            source_run_id=source_run_id or None,
            tags=entities.json_of_tags(tags),
            params=entities.json_of_tags(params),
            model_type=model_type,
        )
        return self._platform.require(model, f"The new logged model {name!r}")

    def get(self, model_id: str) -> LoggedModel:
        """Read a logged model."""
        model = self._platform.call("GetLoggedModel", _logged_model, model_id=model_id)
        return self._platform.require(model, f"The logged model {model_id!r}")

    def finalize(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Set the status of a logged model, and return the model."""
        model = self._platform.call(
            "FinalizeLoggedModel",
            _logged_model,
            model_id=model_id,
            status=f"LOGGED_MODEL_{status.value}",
        )
        return model or self.get(model_id)

    def set_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        """Set tags of a logged model."""
        self._platform.call(
            "SetLoggedModelTags", model_id=model_id, tags=entities.json_of_tags(tags)
        )

    def delete_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model."""
        self._platform.call("DeleteLoggedModelTag", model_id=model_id, tag_key=key)

    def log_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        """Add parameters to a logged model."""
        self._platform.call(
            "LogLoggedModelParamsRequest", model_id=model_id, params=entities.json_of_tags(params)
        )

    def delete(self, model_id: str) -> None:
        """Delete a logged model, but not its artifacts."""
        self._platform.call("DeleteLoggedModel", model_id=model_id)

    def list_all(self, experiment_ids: Iterable[str], is_wanted: IsWanted) -> list[LoggedModel]:
        """Read all logged models of experiments, and keep those that are wanted."""
        return list(filter(is_wanted, listed_models(self._platform, experiment_ids)))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Note the logged models that a run made."""
        outputs = [{"model_id": model.model_id, "step": model.step} for model in models]
        self._platform.call("LogOutputs", run_id=run_id, models=outputs)


def listed_models(platform: Platform, experiment_ids: Iterable[str]) -> Iterator[LoggedModel]:
    """Read all logged models of experiments that the platform lists by itself.

    The platform documents no longest page. If it refuses a long one, it chooses the length.
    """
    ids = [str(experiment_id) for experiment_id in experiment_ids]
    for size in (LONGEST_PAGE, None):
        pages = platform.pages(
            "SearchLoggedModels",
            "models",
            entities.logged_model,
            experiment_ids=ids,
            max_results=size,
        )
        try:
            first = next(pages)
        except MlflowException as problem:
            if size is None or problem.error_code != "INVALID_PARAMETER_VALUE":
                raise
            continue
        yield from first
        for page in pages:
            yield from page
        return


def _logged_model(json: Json) -> LoggedModel:
    return entities.logged_model(json["model"])
