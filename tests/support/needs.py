"""What a machine may lack."""

from __future__ import annotations

import os

import pytest


def needs(variable, is_there):
    """Skip the tests if something is missing; fail if the environment variable requires it.

    ``is_there`` says of each thing by name whether it is there.
    """
    missing = [name for name, there in is_there.items() if not there]
    if missing:
        (pytest.fail if os.environ.get(variable) else pytest.skip)(f"needs {' and '.join(missing)}")
