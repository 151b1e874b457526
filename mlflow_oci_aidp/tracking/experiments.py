"""The methods of the tracking store that are about experiments."""

from __future__ import annotations

import logging

from mlflow.entities import Experiment, ExperimentTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList

from mlflow_oci_aidp.artifacts.locations import (
    check_location,
    is_of_this_machine,
    is_relative,
    to_platform,
)
from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.names import check_experiment_name
from mlflow_oci_aidp.stores import PlatformStore
from mlflow_oci_aidp.tracking import entities
from mlflow_oci_aidp.tracking.entities import Json

_logger = logging.getLogger(__name__)


class ExperimentStore(PlatformStore):
    """MLflow's experiments in a workspace of Oracle AI Data Platform."""

    def create_experiment(
        self,
        name: str,
        artifact_location: str | None = None,
        tags: list[ExperimentTag] | None = None,
    ) -> str:
        """Create an experiment.

        Args:
            name: Its name, which no other experiment has.
            artifact_location: Where its artifacts go, such as ``oci://...`` or ``/Volumes/...``;
                the platform chooses if None.
            tags: Its tags.

        Returns:
            Its id.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a place that nobody could open later.
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the name is taken, even if it is by a
                deleted experiment.
        """
        if artifact_location:
            check_location(artifact_location)
            if is_of_this_machine(artifact_location):
                if is_relative(artifact_location):
                    raise invalid_parameter(
                        f"The artifact location {artifact_location!r} is relative: each program "
                        "would look for it in the folder that it works in.",
                        "Use oci://<bucket>@<namespace>/<prefix> or /Volumes/..., or leave it out.",
                    )
                _logger.warning(
                    "The artifact location %r is a folder of this machine: what is logged there "
                    "stays on it. Those of the platform are oci://<bucket>@<namespace>/<prefix> "
                    "and /Volumes/....",
                    artifact_location,
                )
        experiment_id = self._platform.call(
            "CreateExperiment",
            lambda json: json_fields.identifier(json, "experiment_id"),
            name=name,
            artifact_location=to_platform(artifact_location) if artifact_location else None,
            tags=entities.json_of_tags(tags),
        )
        if experiment_id:
            return experiment_id
        experiment = self._platform.require(
            self.get_experiment_by_name(name), f"The experiment {name!r}"
        )
        return str(experiment.experiment_id)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Read an experiment.

        Raises:
            RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not
                see it.
        """
        experiment = self._platform.call(
            "GetExperiment", _experiment, experiment_id=entities.json_of_id(experiment_id)
        )
        return self._platform.require(experiment, f"The experiment {experiment_id!r}")

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """Read an experiment by its name.

        Returns:
            The experiment, or None if there is none, or this identity may not see it.
        """
        try:
            experiment = self._platform.call(
                "GetExperimentByName", _experiment, experiment_name=experiment_name
            )
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return self._platform.require(experiment, f"The experiment {experiment_name!r}")

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """Search for experiments.

        Args:
            view_type: One of MLflow's ``ViewType``.
            max_results: The size of a page; the platform chooses if None.
            filter_string: Conditions on names and tags, joined by ``AND``.
                [aidp-python-client 5.1.1] Others are applied to what the platform finds.
            order_by: Columns, each with an optional ``ASC`` or ``DESC``.
            page_token: The token of the page before.
        """
        return self._platform.search(
            "SearchExperiments",
            "experiments",
            entities.experiment,
            filter_string=filter_string,
            max_results=max_results,
            page_token=page_token,
            view_type=entities.json_of_view_type(view_type),
            order_by=list(order_by) if order_by else None,
        )

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Rename an experiment.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that MLflow does not allow.
            RestException: ``RESOURCE_ALREADY_EXISTS`` if the new name is taken.
        """
        check_experiment_name(new_name)
        self._platform.call(
            "UpdateExperiment", experiment_id=entities.json_of_id(experiment_id), new_name=new_name
        )

    def delete_experiment(self, experiment_id: str) -> None:
        """Delete an experiment; it can be restored."""
        self._platform.call("DeleteExperiment", experiment_id=entities.json_of_id(experiment_id))

    def restore_experiment(self, experiment_id: str) -> None:
        """Restore a deleted experiment."""
        self._platform.call("RestoreExperiment", experiment_id=entities.json_of_id(experiment_id))

    def set_experiment_tag(self, experiment_id: str, tag: ExperimentTag) -> None:
        """Set a tag of an experiment."""
        self._platform.call(
            "SetExperimentTag",
            experiment_id=entities.json_of_id(experiment_id),
            key=tag.key,
            value=str(tag.value),
        )

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete a tag of an experiment."""
        self._platform.call(
            "DeleteExperimentTag", experiment_id=entities.json_of_id(experiment_id), key=key
        )

    def _hard_delete_experiment(self, experiment_id: str) -> None:
        """Delete an experiment for good."""
        self._platform.call(
            "DeleteExperiment", experiment_id=entities.json_of_id(experiment_id), is_permanent=True
        )


def _experiment(json: Json) -> Experiment:
    return entities.experiment(json["experiment"])
