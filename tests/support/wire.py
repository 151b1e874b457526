"""The request of a store beside that of Oracle's SDK, as they went over the wire."""

from __future__ import annotations

import contextlib


def sent(aidp, call, *refusals):
    """The one request that a call makes first.

    The entity need not exist, if the exceptions for that are expected.
    """
    aidp.exchanges.clear()
    with contextlib.suppress(*refusals):
        call()
    first = aidp.exchanges[0]
    assert first.operation is not None
    return first.verb, first.path, first.query, first.body


def of_sdk(sdk, method, scope, asked):
    """Call the SDK: ``asked`` is one argument, or a tuple of them and of those with names."""
    arguments, named = asked if isinstance(asked, tuple) else ((asked,), {})
    return getattr(sdk, method)(*scope, *arguments, **named)
