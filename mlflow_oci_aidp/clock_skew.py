"""How far this machine's clock is off, by the dates of responses."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

#: Seconds by which a clock may be off before OCI refuses a signature. [OCI documentation]
ALLOWED_SKEW = 300.0


def clock_skew(date: str, now: float) -> float | None:
    """Return the seconds by which this machine's clock is ahead of a service's.

    Args:
        date: The ``Date`` header of a response, ``""`` without one.
        now: The current time of this machine in seconds since the Unix epoch.

    Returns:
        The seconds, negative if this machine's clock is behind, or None if the header has no date.
    """
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def clock_note(date: str, now: float) -> str:
    """Return a sentence on this machine's clock if a response shows that it is off; else ``""``.

    Args:
        date: The ``Date`` header of the response, ``""`` without one.
        now: The current time of this machine in seconds since the Unix epoch.
    """
    seconds = clock_skew(date, now)
    if seconds is None or abs(seconds) < ALLOWED_SKEW:
        return ""
    direction = "ahead of" if seconds > 0 else "behind"
    return (
        f"This machine's clock is {abs(seconds):.0f} seconds {direction} the service's, and OCI "
        f"refuses signatures that are more than {ALLOWED_SKEW:.0f} seconds off."
    )
