"""What was copied, what was there already, and what was not copied and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """The books of one copy.

    Attributes:
        copied: How many of each kind were copied, or would be.
        present: How many of each kind had been copied before.
        problems: What was not copied, or not whole, in words.
    """

    copied: Counter[str] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def fail(self, what: str, reason: object) -> None:
        """Note something that was not copied.

        Args:
            what: Such as ``"run 3f2a"``.
            reason: The exception, or why.
        """
        self.problems.append(f"{what}: {reason}")

    @property
    def outcome(self) -> str:
        """``"all"``, ``"part"`` or ``"none"``."""
        if not self.problems:
            return "all"
        return "part" if self.copied or self.present else "none"

    def lines(self, *, is_dry_run: bool) -> list[str]:
        """Return the summary, a line for each kind."""
        done = "would be copied" if is_dry_run else "copied"
        kinds = sorted({*self.copied, *self.present})
        return [
            f"{kind}: {self.copied[kind]} {done}, {self.present[kind]} there already"
            for kind in kinds
        ] or ["nothing to copy"]
