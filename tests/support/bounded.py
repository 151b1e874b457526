"""The bounds of generated tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: The same examples each time: what fails fails for everybody.
bounded = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
