"""MLflow's filters as AI Data Platform documents them, with values in single quotes.

[aidp-python-client 5.1.1]
"""

from __future__ import annotations

import re

_DOUBLE_QUOTED_VALUE = re.compile(
    r"""(?P<before>(?:=|\bI?LIKE)\s*)"(?P<value>[^"']*)"(?P<after>\s*)\Z""", re.IGNORECASE
)


def with_single_quotes(filter_string: str | None) -> str | None:
    """Put the value of a filter in single quotes; MLflow's web page puts some in double quotes.

    Args:
        filter_string: A single condition, or None.
    """
    return filter_string and _DOUBLE_QUOTED_VALUE.sub(
        r"\g<before>'\g<value>'\g<after>", filter_string
    )
