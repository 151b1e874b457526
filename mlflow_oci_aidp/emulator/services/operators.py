"""The operators that the service documents for a filter. MLflow's stores know more."""

from __future__ import annotations

from mlflow.utils.search_utils import SearchUtils

from ..contract.refusal import invalid

#: [aidp-python-client 5.1.1, ListExperimentsDetails.filter, ListExperimentRunsDetails.filter]
OF_EXPERIMENTS = ("=", "!=", "LIKE", "ILIKE")
OF_RUNS = ("=", "!=", ">", ">=", "<", "<=")


def check_operators(
    filter_string: str | None, grammar: type[SearchUtils], documented: tuple[str, ...]
) -> None:
    """Refuse (400) a filter with an operator that is not documented.

    Args:
        filter_string: Conditions, joined by ``AND``, or None.
        grammar: MLflow's parser of such filters, which refuses what is none.
        documented: The operators.
    """
    for condition in grammar.parse_search_filter(filter_string):
        if condition["comparator"].upper() not in documented:
            raise invalid(
                f"'filter' has the operator {condition['comparator']}. Supported operators are "
                f"{', '.join(documented)}."
            )
