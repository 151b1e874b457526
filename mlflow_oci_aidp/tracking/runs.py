"""Requests on runs that the tracking store and the logged models on runs have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlflow.entities import Run, ViewType

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.errors import AidpError, PlatformError
from mlflow_oci_aidp.stores import LONGEST_PAGE, Platform
from mlflow_oci_aidp.tracking import entities
from mlflow_oci_aidp.tracking.batches import size_of, split_tags, tags_as_json
from mlflow_oci_aidp.tracking.entities import Json

if TYPE_CHECKING:
    from mlflow.models import Model

#: The HTTP status of a request that is too long.
_TOO_LONG = 413

#: Error codes of a change to a run that was deleted, for a while or for good.
UNCHANGEABLE = frozenset(
    {
        "RESOURCE_DOES_NOT_EXIST",
        "INVALID_PARAMETER_VALUE",
        "INVALID_STATE",
        "RESOURCE_CONFLICT",
    }
)


def create(
    platform: Platform,
    experiment_id: str,
    start_time: int | None,
    tags: list[Json] | None,
    run_name: str | None,
) -> Run:
    """Create a run.

    Args:
        platform: The platform.
        experiment_id: The experiment.
        start_time: Milliseconds since 1970.
        tags: Its tags, as requests carry them, reserved ones included.
        run_name: Its name; the platform chooses one if None or empty.
    """
    run = platform.call(
        "CreateRun",
        entities.run_of,
        experiment_id=entities.json_of_id(experiment_id),
        start_time=start_time,
        tags=tags,
        run_name=run_name or None,
    )
    return platform.require(run, "The new run")


def read(platform: Platform, run_id: str) -> Run:
    """Read a run.

    Raises:
        RestException: ``RESOURCE_DOES_NOT_EXIST`` if there is none, or this identity may not see
            it.
    """
    return platform.require(
        platform.call("GetRun", entities.run_of, run_id=run_id), f"The run {run_id!r}"
    )


def search_fields(
    experiment_ids: Iterable[str],
    filter_string: str | None = None,
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = LONGEST_PAGE,
    order_by: list[str] | None = None,
    page_token: str | None = None,
) -> dict[str, Any]:
    """Return the fields of ``SearchRuns`` for the arguments of MLflow's ``search_runs``."""
    return {
        "experiment_ids": [str(experiment_id) for experiment_id in experiment_ids],
        "filter": filter_string or None,
        "run_view_type": entities.json_of_view_type(run_view_type),
        "max_results": max_results,
        "order_by": list(order_by) if order_by else None,
        "page_token": page_token or None,
    }


def set_tags(platform: Platform, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run, reserved ones too, in as few requests as MLflow's limits allow."""
    for part in split_tags(tags_as_json(tags)):
        platform.call("UpdateRunTags", run_id=run_id, set_tags=part)


def delete_tags(platform: Platform, run_id: str, keys: Iterable[str]) -> None:
    """Delete tags of a run in the order of ``keys``, in as few requests as possible."""
    for part in split_tags([{"key": key} for key in keys]):
        platform.call("UpdateRunTags", run_id=run_id, delete_tags=part)


def log_datasets(platform: Platform, run_id: str, dataset_inputs: Sequence[Json]) -> None:
    """Log some datasets that a run took in, in one request.

    Raises:
        RestException: What the platform refused. If the request is too long for it, the error names
            the longest dataset.
    """
    try:
        platform.call("LogInputs", run_id=run_id, dataset_inputs=dataset_inputs)
        return
    except AidpError as caught:
        if caught.status != _TOO_LONG:
            raise
        problem = caught
    longest = max(dataset_inputs, key=size_of)
    refusal = PlatformError.from_parts(
        problem.error_code,
        f"The dataset {longest['dataset'].get('name')!r} takes {size_of(longest)} bytes of a "
        f"request, which the platform does not accept: {problem.cause}",
        "Log it with a shorter profile or schema, such as without the statistics of each column.",
        status=problem.status,
        request_id=problem.request_id,
    )
    refusal.oci_code = getattr(problem, "oci_code", None)
    raise refusal


def record_model(platform: Platform, run_id: str, model: Model) -> None:
    """Record the metadata of a model with the run that made it."""
    # With the blanks of MLflow's own client.
    text = json_fields.dump_argument(
        model.get_tags_dict(), "The metadata of the model", separators=(", ", ": ")
    )
    platform.call("LogModel", run_id=run_id, model_json=text)
