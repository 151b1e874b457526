"""Changes that take no retry token: after an answer that was lost, a look decides.

Such a request is never sent again blindly, since the first one may have done its work. So the thing
is read, and the request is sent once more only if it did nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mlflow_oci_aidp.errors import AidpError

T = TypeVar("T")

#: Statuses after which a change may have taken effect, or may still be made. A conflict is one of
#: them: of two requests, the second may meet what the first one does.
_UNCERTAIN = frozenset({408, 409, 429, 500, 502, 503, 504})
#: The same, for answers of a server before the platform, such as a gateway.
_UNCERTAIN_OF_OTHERS = frozenset({408, 500, 502, 503, 504})
#: The codes of a lost answer, in whose place there is no status.
_LOST = frozenset({"TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "DATA_LOSS"})


def change_once(send: Callable[[], T], is_done: Callable[[], bool]) -> T | None:
    """Send a change, once more if a look says that the first request did nothing.

    Args:
        send: Sends the request.
        is_done: Reads whether the change took effect, or is taking effect. It waits and repeats as
            every read does.

    Returns:
        What ``send`` returned, or None if the answer was lost and a look says that it is done.

    Raises:
        AidpError: What ``send`` raised, if the change did not take effect.
    """
    for is_last in (False, True):
        try:
            return send()
        except AidpError as caught:
            if not is_uncertain(caught):
                raise
            lost = caught
        if is_done():
            return None
        # A first conflict is the platform's word: nothing was sent before it.
        if is_last or lost.status == 409:
            raise lost
    raise AssertionError


def is_uncertain(caught: AidpError) -> bool:
    """Tell whether a change may have taken effect although its request ended in an error."""
    if caught.status is None:
        return caught.error_code in _LOST
    if getattr(caught, "is_from_platform", True):
        return caught.status in _UNCERTAIN
    return caught.status in _UNCERTAIN_OF_OTHERS
