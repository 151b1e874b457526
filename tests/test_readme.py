"""The README says what the code does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TABLES = Path(__file__).parent.parent / "tools" / "tables.py"


def test_the_tables_are_those_of_the_code():
    done = subprocess.run(
        [sys.executable, str(TABLES), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
