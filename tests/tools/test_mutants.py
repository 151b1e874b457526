"""The script that breaks the code, and the mutants that there are."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tools.mutants import run
from tools.mutants.run import BROKEN, INAPPLICABLE, KILLED, SURVIVED, Change, Mutant, MutantError

#: Of a package with one function, a test that notices what breaks it, one that does not, and one
#: that cannot be run.
FILES = {
    "code.py": "def double(value):\n    return 2 * value\n",
    "test_good.py": "from code import double\n\ndef test_it():\n    assert double(2) == 4\n",
    "test_idle.py": "from code import double\n\ndef test_it():\n    assert double(0) == 0\n",
    "pytest.ini": "[pytest]\n",
}


def mutant(tests, find="2 * value", replace="3 * value"):
    tests = ", ".join(f'"{test}"' for test in tests)
    changes = f'[[changes]]\nfile = "code.py"\nfind = "{find}"\nreplace = "{replace}"\n'
    return f'breaks = "It."\ntests = [{tests}]\n{changes}'


@pytest.fixture
def repository(tmp_path):
    """A repository of such a package."""
    root = tmp_path / "repository"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(
        root,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@localhost",
        "commit",
        "--quiet",
        "-m",
        "First",
    )
    return root


@pytest.fixture
def mutants(tmp_path):
    """Write mutants into a folder of their own."""
    folder = tmp_path / "mutants"
    folder.mkdir()

    def write(**texts):
        for name, text in texts.items():
            (folder / f"{name}.toml").write_text(text)
        return folder

    return write


def git(root, *arguments):
    return subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout


def verdicts(output):
    rows = (re.split(r"\s{2,}", line) for line in output.splitlines()[:-1])
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("one", run.load_mutants(), ids=lambda one: one.name)
def test_a_mutant_fits_the_code(one, tmp_path):
    for change in one.changes:
        copied = tmp_path / change.file
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes((run.ROOT / change.file).read_bytes())
    before = {change.file: (tmp_path / change.file).read_bytes() for change in one.changes}
    with one.applied(tmp_path):
        for file in before:
            compile((tmp_path / file).read_bytes(), file, "exec")
    assert {file: (tmp_path / file).read_bytes() for file in before} == before
    for test in one.tests:
        assert (run.ROOT / test.partition("::")[0]).is_file(), test


def test_a_mutant_that_is_killed(repository, mutants, capsys):
    folder = mutants(killed=mutant(["test_good.py", "test_good.py::test_it"]))
    assert run.main([], root=repository, folder=folder) == 0
    assert verdicts(capsys.readouterr().out) == {"killed": KILLED}


def test_mutants_that_are_not_killed(repository, mutants, capsys):
    folder = mutants(
        one_test_idles=mutant(["test_good.py", "test_idle.py"]),
        moved=mutant(["test_good.py"], find="4 * value"),
        not_python=mutant(["test_good.py"], replace="3 *"),
    )
    assert run.main([], root=repository, folder=folder) == 1
    printed = capsys.readouterr().out
    assert verdicts(printed) == {
        "one_test_idles": SURVIVED,
        "moved": INAPPLICABLE,
        "not_python": BROKEN,
    }
    assert "test_idle.py" in printed
    assert printed.splitlines()[-1] == "0 of 3 mutants were killed."


def test_the_users_files_stay_and_count(repository, mutants, capsys):
    # The change that makes the good test idle, and a new test, are not committed.
    (repository / "test_good.py").write_text(FILES["test_idle.py"])
    (repository / "test_new.py").write_text(FILES["test_good.py"])
    before = git(repository, "status", "--porcelain"), git(repository, "stash", "list")
    folder = mutants(idle=mutant(["test_good.py"]), new=mutant(["test_new.py"]))
    assert run.main([], root=repository, folder=folder) == 1
    assert verdicts(capsys.readouterr().out) == {"idle": SURVIVED, "new": KILLED}
    assert (git(repository, "status", "--porcelain"), git(repository, "stash", "list")) == before
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert (repository / "code.py").read_text() == FILES["code.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without a signal")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_run_that_is_ended_leaves_no_worktree(repository, tmp_path, name):
    """Neither the worktree and its folder, nor the tests that were running in it."""
    script = repository / "tools" / "mutants" / "run.py"
    script.parent.mkdir(parents=True)
    shutil.copy(run.__file__, script)
    (script.parent / "slow.toml").write_text(mutant(["test_slow.py"]))
    begun, temporary = tmp_path / "begun", tmp_path / "temporary"
    temporary.mkdir()
    (repository / "test_slow.py").write_text(
        "import os, pathlib, time\n\ndef test_it():\n"
        f"    pathlib.Path({str(tmp_path / 'new')!r}).write_text(str(os.getpid()))\n"
        f"    os.rename({str(tmp_path / 'new')!r}, {str(begun)!r})\n"
        "    time.sleep(50)\n"
    )
    program = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "TMPDIR": str(temporary)}
    )
    try:
        end = time.monotonic() + 60
        while not begun.exists() and time.monotonic() < end:
            time.sleep(0.05)
        tests = int(begun.read_text())
        assert len(git(repository, "worktree", "list").splitlines()) == 2
        number = getattr(signal, name)
        program.send_signal(number)
        assert program.wait(30) == 128 + number
    finally:
        program.kill()
        program.wait()
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(tests, 0)


def test_tests_that_are_red_anyway_mean_nothing(repository, mutants, capsys):
    (repository / "test_good.py").write_text("def test_it():\n    assert False\n")
    assert run.main([], root=repository, folder=mutants(one=mutant(["test_good.py"]))) == 1
    assert "not green without a mutant" in capsys.readouterr().out


def test_only_those_that_are_named_run(repository, mutants, capsys):
    folder = mutants(one=mutant(["test_good.py"]), other=mutant(["test_idle.py"]))
    assert run.main(["one"], root=repository, folder=folder) == 0
    assert verdicts(capsys.readouterr().out) == {"one": KILLED}
    assert run.main(["none"], root=repository, folder=folder) == 1
    assert capsys.readouterr().out == "there is no mutant none.\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("breaks = ", "is not TOML"),
        ('breaks = "It."', "has breaks, and not breaks, changes, tests"),
        (mutant([]), "no proper entry 'tests'"),
        (mutant(["t.py"], find=""), "no proper entry 'find'"),
        (mutant(["t.py"], replace="2 * value"), "changes nothing"),
    ],
)
def test_a_mutant_that_is_not_well_formed(mutants, text, problem):
    with pytest.raises(MutantError, match=problem):
        run.load_mutants(mutants(one=text))


def test_a_text_has_to_be_there_once(tmp_path):
    (tmp_path / "code.py").write_text("a a b")
    Change("code.py", "b", "").apply(tmp_path)
    assert (tmp_path / "code.py").read_text() == "a a "
    with pytest.raises(MutantError, match="2 times"):
        Change("code.py", "a", "c").apply(tmp_path)


def test_nothing_is_left_of_changes_of_which_one_does_not_fit(tmp_path):
    (tmp_path / "code.py").write_text(textwrap.dedent(FILES["code.py"]))
    changes = (Change("code.py", "2 *", "3 *"), Change("code.py", "not there", ""))
    with pytest.raises(MutantError), Mutant("one", "It.", ("t.py",), changes).applied(tmp_path):
        pass
    assert (tmp_path / "code.py").read_text() == FILES["code.py"]
