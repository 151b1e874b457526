"""A value that is used but never shown."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Text that neither ``repr``, ``str``, ``vars`` nor a pickle gives away.

    Args:
        value: The text.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # A closure: tools that walk over attributes see a function, not the text.
        def reveal() -> str:
            return value

        self._reveal = reveal

    def reveal(self) -> str:
        """Return the text, for the one place that needs it."""
        return self._reveal()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self.reveal().encode(), other.reveal().encode()
        )

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled.")
