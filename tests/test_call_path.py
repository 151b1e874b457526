"""A call is read in few files, and its reader goes back and forth between them seldom."""

from __future__ import annotations

import pytest

from tools.call_path import log_model, update_registered_model

#: ``python -m tools.call_path --list`` prints what is counted. In 0.1.0 the changes were 30 and 614
#: with MLflow 3.17.2.
BOUNDS = [(update_registered_model, 7, 14), (log_model, 47, 368)]


@pytest.mark.parametrize(("call", "most_files", "most_changes"), BOUNDS)
def test_a_call_crosses_few_files(aidp, call, most_files, most_changes):
    path = call(aidp)
    assert len(path.files) <= most_files, path.files
    assert path.changes <= most_changes, [
        f"{step.event} {step.file} {step.function}" for step in path.steps
    ]
