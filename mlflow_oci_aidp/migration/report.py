"""What was copied, what was there already, and what was not copied and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mlflow_oci_aidp.visible import visible

#: The most reasons that are kept; the others are counted.
_LONGEST = 1000
#: After so many failures in succession the rest would fail, too.
_IN_SUCCESSION = 5


class NotCopiedError(Exception):
    """Something is not copied, for a reason that is no failure of a request."""


class StoppedError(Exception):
    """Copying ended early, since one thing after the other failed."""


class Report:
    """Counts by kind, such as ``"runs"``, and the reasons of what was not copied.

    Args:
        show: Shows a text while the command works.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self.copied: Counter[str] = Counter()
        self.there: Counter[str] = Counter()
        self.not_copied: Counter[str] = Counter()
        self.reasons: list[dict[str, str]] = []
        self.notes: list[str] = []
        self.stopped = ""
        self._show = show
        self._failures = 0

    @property
    def outcome(self) -> str:
        """``"all"`` if everything is in the target, ``"none"`` if nothing is, else ``"part"``."""
        if not self.not_copied.total() and not self.stopped:
            return "all"
        return "part" if self.copied.total() or self.there.total() else "none"

    @contextmanager
    def attempt(self, kind: str, name: str) -> Iterator[None]:
        """Copy one thing in the block: an error is noted, and the next thing has its turn.

        Raises:
            StoppedError: Several in succession failed.
        """
        self._show(f"{kind}: {name}, {self.copied.total()} copied so far")
        try:
            yield
        except StoppedError:
            raise
        except NotCopiedError as reason:
            self._refuse(kind, name, str(reason))
        except Exception as problem:  # noqa: BLE001 - of any store that MLflow knows, plugins too
            self._refuse(kind, name, sentence(problem))
            self._failures += 1
            if self._failures >= _IN_SUCCESSION:
                raise StoppedError(
                    f"{_IN_SUCCESSION} failures in succession, the last: {sentence(problem)}"
                ) from None
        else:
            self._failures = 0

    def note(self, text: str) -> None:
        """Say something about what was copied."""
        if len(self.notes) < _LONGEST:
            self.notes.append(visible(text))

    def _refuse(self, kind: str, name: str, reason: str) -> None:
        self.not_copied[kind] += 1
        if len(self.reasons) < _LONGEST:
            self.reasons.append({"kind": kind, "name": visible(name), "reason": reason})

    def as_json(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        kinds = sorted({*self.copied, *self.there, *self.not_copied})
        return {
            "outcome": self.outcome,
            "counts": {
                kind: {
                    "copied": self.copied[kind],
                    "there": self.there[kind],
                    "not_copied": self.not_copied[kind],
                }
                for kind in kinds
            },
            "not_copied": self.reasons,
            "notes": self.notes,
            "stopped": self.stopped or None,
        }


def sentence(problem: BaseException) -> str:
    """Return what went wrong in one line, without what a database's error quotes."""
    text = str(problem) or type(problem).__name__
    return " ".join(visible(text.partition("[SQL:")[0], keep="\n\r\t").split())
