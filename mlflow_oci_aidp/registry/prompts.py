"""The search for prompts, which MLflow keeps as registered models with a tag.

AI Data Platform knows nothing of prompts. MLflow adds a condition on the tag to what its users
search for, but the platform documents a single condition. MLflow's is therefore taken out of the
filter and applied to the result. A search without that condition, such as those of MLflow's web
page, leaves prompts out. [MLflow: ``SqlAlchemyStore._is_querying_prompt``, the same in every
supported version]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
        """Return whether the search is for an entity with these tags."""
        return self.prompts == (tags.get(IS_PROMPT, "").lower() == "true")


def is_prompt(tags: Iterable[Any] | None) -> bool:
    """Return whether tags, MLflow's entities, are those of a prompt."""
    values = {tag.key: tag.value for tag in tags or ()}
    return str(values.get(IS_PROMPT, "")).lower() == "true"


def split(filter_string: str | None) -> Search:
    """Take MLflow's condition out of a filter, from its end or its beginning."""
    text = filter_string or ""
    prompts = False
    if match := _AT_THE_END.search(text) or _AT_THE_BEGINNING.search(text):
        text = text[: match.start()] + text[match.end() :]
        prompts = match[1] == "="
    return Search(text if text.strip() else None, prompts)
