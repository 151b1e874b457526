"""The logged models that the first page of a search read, for the pages after it.

A search reads all logged models of its experiments. If each page did, the cost would grow with the
square of what is there: MLflow itself asks for page after page where the artifacts of
``runs:/<run>/<name>`` are looked for. What is not remembered any more, or was read by another
process, as behind ``mlflow server``, is read anew, and remembered there: so each of several workers
reads everything once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from time import monotonic

from mlflow.entities import LoggedModel

#: The most searches that are remembered.
_MOST = 4
#: The most logged models of all these searches. The search that was read last may have more.
_MOST_MODELS = 100_000
#: Seconds without another page after which a search is forgotten.
_LONGEST = 60.0
#: Seconds after which it is forgotten, however many pages are asked for.
_OLDEST = 600.0


@dataclass
class _Search:
    """A search that was read.

    Attributes:
        models: The logged models that it found, in their order.
        read: When it was read, in seconds of the clock.
        used: When a page of it was handed out last.
    """

    models: list[LoggedModel]
    read: float
    used: float

    def is_fresh(self, now: float) -> bool:
        return now - self.used < _LONGEST and now - self.read < _OLDEST


class RememberedSearches:
    """The logged models that searches found, in their order.

    Safe for many threads and for forks: a dictionary needs no lock for what is done here.
    """

    def __init__(self) -> None:
        self._searches: dict[Hashable, _Search] = {}

    def find(self, search: Hashable) -> list[LoggedModel] | None:
        """Return what a search found, or None if that is not remembered any more."""
        now = monotonic()
        self._forget_old(now)
        known = self._searches.get(search)
        if known is None:
            return None
        known.used = now
        return known.models

    def put(self, search: Hashable, models: list[LoggedModel]) -> None:
        """Remember what a search found; the oldest searches are forgotten."""
        now = monotonic()
        self._forget_old(now)
        self._searches.pop(search, None)
        self._searches[search] = _Search(models, now, now)
        count = 0
        for number, (other, known) in enumerate(reversed(list(self._searches.items()))):
            count += len(known.models)
            if number >= _MOST or (number and count > _MOST_MODELS):
                self._searches.pop(other, None)

    def forget(self, search: Hashable = None) -> None:
        """Forget a search whose last page was handed out; all of them if a model was deleted."""
        if search is None:
            self._searches.clear()
        else:
            self._searches.pop(search, None)

    def _forget_old(self, now: float) -> None:
        for search, known in list(self._searches.items()):
            if not known.is_fresh(now):
                self._searches.pop(search, None)
