"""Break the code in known ways, and expect the tests to notice.

``README.md`` beside this file says how.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it along

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

#: Seconds that one test may take, and all tests of a path. A mutant may loop for ever.
LONGEST_TEST = 60
LONGEST_RUN = 600

#: Signals that end a program at once, unless it says otherwise. Windows has no SIGHUP.
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

KILLED, SURVIVED, BROKEN, INAPPLICABLE = "killed", "SURVIVED", "BROKEN", "DOES NOT APPLY"


class MutantError(Exception):
    """A mutant that is not well-formed, or that does not fit the code."""


@dataclass(frozen=True)
class Change:
    """A text that another one takes the place of.

    Attributes:
        file: The file, relative to the root of the repository.
        find: The text, which occurs once in the file.
        replace: The text in its place.
    """

    file: str
    find: str
    replace: str

    def apply(self, root: Path) -> None:
        """Change the file.

        Raises:
            MutantError: If the file is not there, or the text does not occur exactly once.
        """
        path = root / self.file
        if not path.is_file():
            raise MutantError(f"there is no file {self.file}")
        text = path.read_text(encoding="utf-8")
        count = text.count(self.find)
        if count != 1:
            raise MutantError(f"the text to find occurs {count} times in {self.file}")
        path.write_text(text.replace(self.find, self.replace), encoding="utf-8")


@dataclass(frozen=True)
class Mutant:
    """A way to break the code.

    Attributes:
        name: The name of its file, without the ending.
        breaks: What goes wrong for a user.
        tests: Test files or single tests; each must go red.
        changes: What is changed.
    """

    name: str
    breaks: str
    tests: tuple[str, ...]
    changes: tuple[Change, ...]

    @classmethod
    def load(cls, path: Path) -> Mutant:
        """Read a mutant's file.

        Raises:
            MutantError: If an entry is missing, unknown, empty or of another type.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as problem:
            raise MutantError(f"{path.name} is not TOML: {problem}") from None
        _check_keys(path, content, {"breaks": str, "tests": list, "changes": list})
        for change in content["changes"]:
            _check_keys(path, change, {"file": str, "find": str, "replace": str})
            if not change["find"] or change["find"] == change["replace"]:
                raise MutantError(f"{path.name} changes nothing in {change['file']}")
        changes = tuple(Change(**change) for change in content["changes"])
        return cls(path.stem, content["breaks"], tuple(content["tests"]), changes)

    @contextmanager
    def applied(self, root: Path) -> Iterator[None]:
        """Change the files below ``root``, and take the changes back at the end.

        Raises:
            MutantError: If a change does not fit; nothing is changed then.
        """
        files = {root / change.file for change in self.changes}
        before = {path: path.read_bytes() for path in files if path.is_file()}
        try:
            for change in self.changes:
                change.apply(root)
            yield
        finally:
            for path, content in before.items():
                path.write_bytes(content)


@dataclass(frozen=True)
class Result:
    """The result of a mutant.

    Attributes:
        name: The mutant's name.
        verdict: ``KILLED`` if every test of it went red.
        detail: Which tests did not, or why it did not apply.
        seconds: How long its tests took.
    """

    name: str
    verdict: str
    detail: str
    seconds: float


def load_mutants(folder: Path = HERE, names: Sequence[str] = ()) -> list[Mutant]:
    """Read the mutants of a folder, all of them or those with these names.

    Raises:
        MutantError: For a name without a file, and for a file that is not well-formed.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    unknown = sorted(set(names) - paths.keys())
    if unknown:
        raise MutantError(f"there is no mutant {', '.join(unknown)}")
    return [Mutant.load(path) for name, path in paths.items() if not names or name in names]


def verdict_of(status: int | None) -> str:
    """Return what the exit status of pytest says about a mutant; None for one that did not end.

    pytest ends with 0 if all tests passed, with 1 if some failed, and with more if it could not run
    them.
    """
    return {None: KILLED, 1: KILLED, 0: SURVIVED}.get(status, BROKEN)


def run_mutant(mutant: Mutant, root: Path) -> Result:
    """Apply a mutant below ``root``, run each of its tests, and take it back."""
    start = time.monotonic()
    verdicts: dict[str, str] = {}
    try:
        with mutant.applied(root):
            for test in mutant.tests:
                verdicts[test] = verdict_of(_pytest(root, [test])[0])
    except MutantError as problem:
        return Result(mutant.name, INAPPLICABLE, str(problem), time.monotonic() - start)
    worst = next(
        (verdict for verdict in (BROKEN, SURVIVED) if verdict in verdicts.values()), KILLED
    )
    detail = ", ".join(test for test, verdict in verdicts.items() if verdict == worst)
    return Result(mutant.name, worst, detail, time.monotonic() - start)


@contextmanager
def worktree(root: Path) -> Iterator[Path]:
    """Make a temporary worktree of a repository, with its uncommitted changes and new files."""
    # A commit of what is changed; no branch points to it. Nothing is printed where nothing is
    # changed.
    revision = _git(root, "stash", "create") or "HEAD"
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        place = Path(scratch).resolve() / "worktree"
        try:
            _git(root, "worktree", "add", "--detach", "--quiet", str(place), revision)
            for name in filter(None, new):
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, place / name)
            yield place
        finally:
            # Git knows the worktree from the beginning of `add` on, which may not have ended.
            if str(place) in _git(root, "worktree", "list", "--porcelain"):
                _git(root, "worktree", "remove", "--force", "--force", str(place))


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT, folder: Path = HERE) -> int:
    """Run the mutants that the command line names, and print a table.

    Args:
        arguments: The arguments of the command line; the process's own if None.
        root: The repository.
        folder: Where the mutants are.

    Returns:
        The exit status: 0 if all were killed, else 1.
    """
    parser = argparse.ArgumentParser(
        description="Break the code in known ways, and expect the tests to notice."
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help="mutants to run; all of them if none is named"
    )
    options = parser.parse_args(arguments)
    try:
        mutants = load_mutants(folder, options.names)
    except MutantError as problem:
        _print(f"{problem}.")
        return 1
    with worktree(root) as place:
        tests = sorted({test for mutant in mutants for test in mutant.tests})
        status, output = _pytest(place, tests) if tests else (0, "")
        if status != 0:
            _print(
                f"{output}\nThe tests are not green without a mutant, "
                "so that red would mean nothing."
            )
            return 1
        width = max((len(mutant.name) for mutant in mutants), default=0)
        results = []
        for mutant in mutants:
            result = run_mutant(mutant, place)
            _print(
                f"{result.name:{width}}  {result.verdict:14} {result.seconds:6.1f} s  "
                f"{result.detail}"
            )
            results.append(result)
    alive = [result for result in results if result.verdict != KILLED]
    _print(f"{len(results) - len(alive)} of {len(results)} mutants were killed.")
    return 1 if alive else 0


def _pytest(root: Path, tests: Sequence[str]) -> tuple[int | None, str]:
    """Run tests of a worktree on its code.

    Returns the exit status (None if they did not end), and the output of pytest.
    """
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--timeout",
        str(LONGEST_TEST),
    ]
    # An installed package may lie elsewhere: what is in the worktree comes first. Stale bytecode
    # must not count: a change within one second that keeps a file's size has the same stamp.
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - the tests that the mutants name
            [*command, *tests],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout + done.stderr


def _git(root: Path, *arguments: str) -> str:
    # A commit of changes needs a name, which a machine may not have.
    command = ["git", "-c", "user.name=mutants", "-c", "user.email=mutants@localhost", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


def _check_keys(path: Path, content: dict[str, Any], kinds: dict[str, type]) -> None:
    if content.keys() != kinds.keys():
        raise MutantError(
            f"{path.name} has {', '.join(sorted(content))}, and not {', '.join(sorted(kinds))}"
        )
    for name, kind in kinds.items():
        if not isinstance(content[name], kind) or (name != "replace" and not content[name]):
            raise MutantError(f"{path.name} has no proper entry {name!r}")


def _exit_on_signal(number: int, frame: object) -> None:
    """End the program as an exception does, so that the worktree is removed."""
    for name in _ENDING:
        signal.signal(name, signal.SIG_IGN)
    sys.exit(128 + number)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for ending in _ENDING:
        signal.signal(ending, _exit_on_signal)
    sys.exit(main())
