"""The id of a logged model that is stored on a run."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MODEL_ID = re.compile(r"m-(?P<run>[^/@]+)-(?P<suffix>[0-9a-f]{8})")


@dataclass(frozen=True)
class ModelId:
    """The id of a logged model that is stored on a run.

    Attributes:
        run_id: The id of the run.
        suffix: Eight hexadecimal digits that tell the models of a run apart.
    """

    run_id: str
    suffix: str

    @classmethod
    def parse(cls, model_id: object) -> ModelId | None:
        """Return the parts of an id, or None for an id that was made elsewhere."""
        match = _MODEL_ID.fullmatch(model_id) if isinstance(model_id, str) else None
        return cls(match["run"], match["suffix"]) if match else None

    def __str__(self) -> str:
        return f"m-{self.run_id}-{self.suffix}"
