"""The search for prompts, which MLflow keeps as registered models with a tag.

AI Data Platform knows nothing of prompts. MLflow adds a condition on the tag to what its users
search for, but the platform documents a single condition. Conditions on that tag are therefore
taken out of the filter, however they are spelt, and applied to the result. What they mean is what
MLflow's SQL store makes of them: the first one says whether a search is for prompts, and a search
that is not for prompts leaves them out and ignores all conditions on the tag. [MLflow:
``SqlAlchemyStore._is_querying_prompt``, the same in 3.1 to 3.18]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.utils.search_utils import SearchModelUtils, SearchUtils

from mlflow_oci_aidp.conditions import conditions as split_conditions
from mlflow_oci_aidp.conditions import parse

#: [MLflow: mlflow.prompt.constants, the same in every supported version]
IS_PROMPT = "mlflow.prompt.is_prompt"


@dataclass(frozen=True)
class Search:
    """A filter without conditions on MLflow's tag for prompts.

    Attributes:
        filter: The user's own filter as it was written, or None without one.
        prompts: True for prompts alone, False for no prompts.
        conditions: What the tag of a prompt has to fulfil: operators and values.
    """

    filter: str | None
    prompts: bool
    conditions: tuple[tuple[str, str], ...] = ()

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Return whether the search is for an entity with these tags."""
        tag = tags.get(IS_PROMPT)
        if not self.prompts:
            return tag != "true"
        return tag is not None and all(
            SearchUtils.get_comparison_func(operator)(tag, value)
            for operator, value in self.conditions
        )


def is_prompt(tags: Iterable[Any] | None) -> bool:
    """Return whether tags, MLflow's entities, are those of a prompt."""
    values = {tag.key: tag.value for tag in tags or ()}
    return str(values.get(IS_PROMPT, "")).lower() == "true"


def split(filter_string: str | None) -> Search:
    """Take the conditions on MLflow's tag for prompts out of a filter.

    Args:
        filter_string: Conditions, joined by ``AND``; None or blank for none. A filter that MLflow
            could not read is left as it is, for the platform to refuse.
    """
    text = filter_string or ""
    own: list[str] = []
    conditions: list[tuple[str, str]] = []
    for part in split_conditions(text):
        parsed = parse(SearchModelUtils, part)
        if parsed and (parsed["type"], parsed["key"]) == ("tag", IS_PROMPT):
            conditions.append((parsed["comparator"], parsed["value"]))
        else:
            own.append(part)
    if not conditions:
        return Search(text if text.strip() else None, False)
    is_for_prompts = _is_for_prompts(*conditions[0])
    return Search(
        " AND ".join(own) or None, is_for_prompts, tuple(conditions) if is_for_prompts else ()
    )


def _is_for_prompts(operator: str, value: str) -> bool:
    return (operator, value.lower()) in (("=", "true"), ("!=", "false"))
