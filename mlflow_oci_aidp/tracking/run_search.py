"""The search for runs: documented conditions are the platform's, all others are applied here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchUtils

from mlflow_oci_aidp.conditions import conditions, parse, split_documented
from mlflow_oci_aidp.matches import page_of_matches
from mlflow_oci_aidp.stores import Platform
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
    split = split_documented("SearchRuns", filter_string)

    def fields(size: int | None, token: str | None) -> dict[str, Any]:
        return runs.search_fields(experiment_ids, split.sent, run_view_type, size, order_by, token)

    most = runs.LONGEST_PAGE if max_results is None else max_results
    if not split.here or most < 1:
        return platform.page("SearchRuns", "runs", entities.run, **fields(max_results, page_token))
    run_ids = _run_ids(split.here)
    if run_ids is not None and len(run_ids) <= _MOST_IDS:
        wanted = _runs_of(platform, run_ids, experiment_ids, run_view_type)
        matches = SearchUtils.sort(SearchUtils.filter(wanted, filter_string), order_by)
        return PagedList(*SearchUtils.paginate(matches, page_token, most))
    size = max(most, runs.LONGEST_PAGE)
    return page_of_matches(
        lambda token: platform.pages("SearchRuns", "runs", entities.run, **fields(size, token)),
        lambda page: SearchUtils.filter(page, split.here),
        most,
        page_token,
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
