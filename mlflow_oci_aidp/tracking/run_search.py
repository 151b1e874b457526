"""The search for runs, of which those that are named by their ids are read one by one."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchUtils

from mlflow_oci_aidp.conditions import conditions, parse
from mlflow_oci_aidp.stores import LONGEST_PAGE, Platform
from mlflow_oci_aidp.tracking import entities, runs

#: The most runs that are read by their ids. More of them are looked for in pages.
_MOST_IDS = 20


def search(
    platform: Platform,
    experiment_ids: Sequence[str],
    filter_string: str | None,
    run_view_type: int,
    max_results: int | None,
    order_by: list[str] | None,
    page_token: str | None,
) -> PagedList[Run]:
    """Return a page of runs; the arguments are those of MLflow's ``search_runs``.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a token that is not from here.
    """
    run_ids = _run_ids(filter_string) if filter_string else None
    if run_ids is not None and len(run_ids) <= _MOST_IDS:
        wanted = _runs_of(platform, run_ids, experiment_ids, run_view_type)
        matches = SearchUtils.sort(SearchUtils.filter(wanted, filter_string), order_by)
        most = LONGEST_PAGE if max_results is None else max_results
        return PagedList(*SearchUtils.paginate(matches, page_token, most))
    return platform.search(
        "SearchRuns",
        "runs",
        entities.run,
        filter_string=filter_string,
        max_results=max_results,
        page_token=page_token,
        experiment_ids=[str(experiment_id) for experiment_id in experiment_ids],
        run_view_type=entities.json_of_view_type(run_view_type),
        order_by=list(order_by) if order_by else None,
    )


def _run_ids(filter_string: str) -> list[str] | None:
    """Return the ids of ``run_id IN (...)``, which MLflow's page asks for; None without that."""
    for condition in conditions(filter_string):
        parsed = parse(SearchUtils, condition)
        about = parsed and (parsed["type"], parsed["key"], parsed["comparator"].upper())
        if parsed and about == ("attribute", "run_id", "IN"):
            return list(dict.fromkeys(parsed["value"]))
    return None


def _runs_of(
    platform: Platform, run_ids: Sequence[str], experiment_ids: Sequence[str], view: int
) -> list[Run]:
    stages = ViewType.to_string(view)
    wanted = []
    for run_id in run_ids:
        try:
            run = runs.read(platform, run_id)
        except MlflowException as problem:
            if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            continue
        is_active = run.info.lifecycle_stage == "active"
        is_of_view = stages == "all" or is_active == (stages == "active_only")
        if is_of_view and run.info.experiment_id in map(str, experiment_ids):
            wanted.append(run)
    return wanted
