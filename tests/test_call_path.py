"""One call is read in few files, and its reader goes back and forth between them seldom."""

from __future__ import annotations

from tools.call_path import update_registered_model

#: ``python -m tools.call_path update_registered_model --list`` prints what is counted. It was 8 and
#: 30 in 0.1.0.
MOST_FILES = 7
MOST_CHANGES = 18


def test_update_registered_model_crosses_few_files(aidp):
    path = update_registered_model(aidp)
    assert path.steps[0].function == "update_registered_model"
    assert len(path.files) <= MOST_FILES, path.files
    assert path.changes <= MOST_CHANGES, [
        f"{step.event} {step.file} {step.function}" for step in path.steps
    ]
