"""Lists of what the platform does not have, which are empty at once.

MLflow's page asks for them on every experiment, and shows "none yet" for an empty list. A refusal
it repeats, with a pause, and shows an error. What would make or read one such thing is refused with
``NOT_IMPLEMENTED``, so that no program takes it for kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlflow.store.entities.paged_list import PagedList

from mlflow_oci_aidp.capabilities import DERIVED, Capability

#: The methods whose answer is a list, by feature.
_LISTS: Mapping[str, str] = {
    "Traces": "find_completed_sessions",
    "Scorers": """
        list_scorers list_scorers_across_experiments get_online_scoring_configs
        get_active_online_scorers
    """,
    "Resources of MLflow's AI gateway": """
        list_secret_infos list_gateway_model_definitions list_gateway_endpoints
        list_endpoint_bindings
    """,
}

#: The methods whose answer is a page, by feature.
_PAGES: Mapping[str, str] = {
    "Traces": "query_trace_metrics",
    "Evaluation datasets": "search_datasets",
    "Issues": "search_issues",
    "Label schemas": "list_label_schemas",
    "Review queues": "list_review_queues",
    "MCP servers": "search_mcp_servers search_mcp_access_endpoints",
    "Skills": "search_skills",
    "Resources of MLflow's AI gateway": "list_budget_policies list_gateway_guardrails",
}

#: The search whose answer is a list and a token.
_PAIRS: Mapping[str, str] = {"Traces": "search_traces"}


def _new_list() -> list[Any]:
    return []


def _new_page() -> PagedList[Any]:
    return PagedList([], None)


def _new_pair() -> tuple[list[Any], None]:
    return [], None


_ANSWERS: tuple[tuple[Mapping[str, str], Callable[[], Any]], ...] = (
    (_LISTS, _new_list),
    (_PAGES, _new_page),
    (_PAIRS, _new_pair),
)

#: The lines of the table of operations.
CAPABILITIES = tuple(
    Capability(method, DERIVED, f"{feature} are always empty, without a request")
    for methods, _ in _ANSWERS
    for feature, names in methods.items()
    for method in names.split()
)


def answer_empty(store: type) -> None:
    """Give a store the methods of this module."""
    for methods, make in _ANSWERS:
        for names in methods.values():
            for method in names.split():
                setattr(store, method, _method(method, make))


def _method(name: str, make: Callable[[], Any]) -> Callable[..., Any]:
    def answer(self: object, *args: Any, **kwargs: Any) -> Any:
        """Return nothing: the platform has no such thing. No request is sent."""
        return make()

    answer.__name__ = name
    return answer
