"""What a machine may lack."""

from __future__ import annotations

import os

import pytest


def needs(variable, found):
    """Skip where something is missing; fail if the environment variable says that it has to be there.

    ``found`` says of each thing whether it is there.
    """
    missing = [what for what, is_there in found.items() if not is_there]
    if missing:
        (pytest.fail if os.environ.get(variable) else pytest.skip)(f"needs {' and '.join(missing)}")
