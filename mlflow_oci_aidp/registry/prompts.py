"""Prompts, which MLflow keeps as registered models with a tag, and which AI Data Platform knows nothing of.

MLflow adds a condition on that tag to what its users search for. The platform documents a single condition, so
MLflow's is taken out again, and applied to the result. A search without that condition, as MLflow's web page sends it,
is one without prompts. [MLflow: ``SqlAlchemyStore._is_querying_prompt``, the same in every supported version]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: [MLflow: mlflow.prompt.constants, the same in every supported version]
IS_PROMPT = "mlflow.prompt.is_prompt"

_CONDITION = rf"tags?\.`{re.escape(IS_PROMPT)}`\s*(!?=)\s*'true'"
_AT_THE_END = re.compile(rf"(?:\A|\s+AND)\s*{_CONDITION}\s*\Z", re.IGNORECASE)
_AT_THE_BEGINNING = re.compile(rf"\A\s*{_CONDITION}\s+AND\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Search:
    """A filter without MLflow's condition on prompts.

    Attributes:
        filter: The user's own filter as it was written, or None without one.
        prompts: True for prompts alone, False for no prompts.
    """

    filter: str | None
    prompts: bool

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Whether something with these tags is looked for."""
        return self.prompts == (tags.get(IS_PROMPT, "").lower() == "true")


def split(filter_string: str | None) -> Search:
    """Take MLflow's condition out of a filter, where it stands at the end or the beginning."""
    text = filter_string or ""
    prompts = False
    if match := _AT_THE_END.search(text) or _AT_THE_BEGINNING.search(text):
        text = text[: match.start()] + text[match.end() :]
        prompts = match[1] == "="
    return Search(text if text.strip() else None, prompts)
