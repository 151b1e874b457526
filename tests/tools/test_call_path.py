"""The counting of files and changes, whose numbers are compared across revisions."""

from __future__ import annotations

import pytest

from tools.call_path import CallPath, Step, get_run, main, record


def path(*files: str) -> CallPath:
    return CallPath(tuple(Step("call", file, "function") for file in files))


@pytest.mark.parametrize(
    ("files", "changes"),
    [
        ((), 0),
        (("a",), 2),
        (("a", "a"), 2),
        (("a", "b"), 3),
        (("a", "b", "a"), 4),
        (("a", "b", "b", "c"), 4),
    ],
)
def test_the_step_in_and_the_step_out_are_changes(files, changes):
    assert path(*files).changes == changes


def test_a_file_counts_once():
    assert path("b", "a", "b").files == ("b", "a")


def test_a_call_of_another_package_crosses_nothing():
    assert record(lambda: pytest.approx(1.0) == 1.0) == CallPath(())


def test_a_call_crosses_the_client_and_not_the_emulator(aidp):
    path = get_run(aidp)
    assert path.steps[0].function == path.steps[-1].function == "get_run"
    assert [step.event for step in (path.steps[0], path.steps[-1])] == ["call", "return"]
    assert len(path.files) > 1
    assert [file for file in path.files if file.startswith("emulator/")] == []


def test_it_prints_a_table_and_the_steps(capsys):
    assert main(["log_metric", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[0] == "log_metric"
    assert lines[-2].startswith("  files: ")
