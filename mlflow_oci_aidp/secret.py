"""Values that are used but never shown, and functions that keep them out of tracebacks.

Error trackers and test runners print the variables of a traceback's frames, and some follow the
attributes of objects. So no object has an attribute with a secret (:py:class:`Secret`,
:py:func:`hidden`), and no exception holds a frame in which one is in use (:py:func:`concealed`).
"""

from __future__ import annotations

import functools
import hmac
import logging
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Secret:
    """Text that neither ``repr``, ``str``, ``vars`` nor a pickle gives away.

    It never changes: a copy is the secret itself.

    Args:
        value: The text.
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        self._reveal = hidden(value)

    def reveal(self) -> str:
        """Return the text, for the one place that needs it."""
        return self._reveal()

    def __eq__(self, other: object) -> bool:
        # Text of the environment may hold what UTF-8 lacks. The error would hold the text.
        return isinstance(other, Secret) and hmac.compare_digest(
            self.reveal().encode("utf-8", "surrogatepass"),
            other.reveal().encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return "<secret>"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled.")


def hidden(value: T) -> Callable[[], T]:
    """Return a function that returns the value, which is kept where no attribute leads.

    Args:
        value: A secret, or an object with secrets among its attributes.
    """

    def reveal() -> T:
        return value

    return reveal


def concealed(function: Callable[P, T]) -> Callable[P, T]:
    """Let exceptions leave a function without its frame, and without those below it.

    The frames of the function, and of the libraries that it calls, may hold secrets; its arguments
    may not. The exception says all that a caller needs: its traceback ends here, and what it was
    raised from is cut off.

    Args:
        function: The function.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except BaseException as problem:  # noqa: BLE001 - it is raised again below
            if _logger.isEnabledFor(logging.DEBUG):
                _logger.debug("%s: %s", function.__qualname__, describe_origin(problem))
            problem.__traceback__ = problem.__cause__ = problem.__context__ = None
            exception = problem
        try:
            raise exception
        finally:
            del exception  # Its traceback holds this frame, and neither would be freed at once.

    return call


def describe_origin(exception: BaseException) -> str:
    """Return the kind of an exception and the place that raised it, without any value."""
    place = exception.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(exception).__name__
    code = place.tb_frame.f_code
    return f"{type(exception).__name__} in {code.co_name} at {code.co_filename}:{place.tb_lineno}"
