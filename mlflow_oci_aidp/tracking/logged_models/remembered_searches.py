"""The logged models that the first page of a search read, for the pages after it.

A search reads all logged models of its experiments. If each page did, the cost would grow with the
square of what is there: MLflow itself asks for page after page where the artifacts of
``runs:/<run>/<name>`` are looked for. What is not remembered any more, or was read by another
process, as behind ``mlflow server``, is read anew.
"""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic

from mlflow.entities import LoggedModel

#: The most searches that are remembered, and for how many seconds.
_MOST = 4
_LONGEST = 60.0


class RememberedSearches:
    """The logged models that searches found, in their order.

    Safe for many threads and for forks: a dictionary needs no lock for what is done here.
    """

    def __init__(self) -> None:
        self._searches: dict[Hashable, tuple[float, list[LoggedModel]]] = {}

    def find(self, search: Hashable) -> list[LoggedModel] | None:
        """Return what a search found, or None if that is not remembered any more."""
        at, models = self._searches.get(search, (0.0, None))
        return models if models is not None and monotonic() - at < _LONGEST else None

    def put(self, search: Hashable, models: list[LoggedModel]) -> None:
        """Remember what a search found; the oldest searches are forgotten."""
        self._searches.pop(search, None)
        self._searches[search] = monotonic(), models
        for oldest in list(self._searches)[:-_MOST]:
            self._searches.pop(oldest, None)

    def forget(self) -> None:
        """Forget all searches, since a logged model was deleted."""
        self._searches.clear()
