"""The documentation is tried: what it shows is run.

A page is a session. Its blocks are taken in their order, in one folder and one Python namespace,
with the environment that leads to an emulator:

=============================
====================================================================================== block
what happens =============================
====================================================================================== python
executed python with a file's title    written to that file, for the commands below it sh
executed by ``bash -e``; a server (`mlflow server`, `mlflow-oci-aidp emulator`) on a free
                              port until it is ready, or until the commands after it are done, and
                              then ended
sh of pip, make, apt, git     not executed, since each takes minutes, changes the machine or needs a
network: what pip
                              installs is this package or an extra of it, or stands in setup.cfg;
                              make has that target
yaml, ini, toml               parsed; `test_recipes.py` does more with those of the authentication
page console                       sessions of the command line page:
`tests/cli/test_documentation.py` compares them text and others               output and sketches:
shown, not tried =============================
======================================================================================

A block below ``<!-- needs a tenancy -->`` is compiled or parsed only.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest

from tests.docs.reader import Block, blocks

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
TRIED = {"python", "sh", "yaml", "ini"}

_NOT_EXECUTED = {"pip", "make", "apt-get", "git", "cd"}
#: What the full mlflow requires itself.
_OF_MLFLOW = ("scikit-learn",)
_SERVERS = re.compile(r"^(mlflow server|mlflow-oci-aidp emulator)\b", re.M)
_READY = ("Serving ", "Application startup complete", "Uvicorn running")
SECONDS = 120


def try_python(block: Block, folder: Path, names: dict[str, object]) -> None:
    code = compile(block.code, str(block), "exec")
    if block.needs_a_tenancy:
        return
    if block.title:
        (folder / block.title).write_text(block.code)
    else:
        exec(code, names)


def try_sh(block: Block, folder: Path, names: dict[str, object]) -> None:
    subprocess.run(["bash", "-n"], input=block.code, text=True, check=True)
    if block.needs_a_tenancy:
        return
    commands = [
        shlex.split(line, comments=True) for line in block.code.replace("\\\n", " ").splitlines()
    ]
    commands = [command for command in commands if command]
    if all(command[0] in _NOT_EXECUTED for command in commands):
        for command in commands:
            check(command)
    elif _SERVERS.search(block.code):
        serve(block, folder)
    else:
        ended = subprocess.run(
            ["bash", "-e", "-c", block.code],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert ended.returncode == 0, f"{block}\n{ended.stdout}{ended.stderr}"


def check(command: list[str]) -> None:
    """What can be said of a command that is not executed."""
    if command[0] == "make":
        done = subprocess.run(
            ["make", "-n", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    if command[0] == "pip":
        setup = configparser.ConfigParser()
        setup.read(ROOT / "setup.cfg")
        for wanted in (word for word in command[2:] if not word.startswith("-")):
            name, _, extras = wanted.partition("[")
            declared = (
                "\n".join(setup["options.extras_require"].values())
                + setup["options"]["install_requires"]
            )
            known = (setup["metadata"]["name"], ".", *_OF_MLFLOW)
            assert name in known or wanted in declared, f"pip does not know {wanted}"
            for extra in filter(None, extras.rstrip("]").split(",")):
                assert extra in setup["options.extras_require"], f"there is no extra {extra}"


def serve(block: Block, folder: Path) -> None:
    """A server starts, says that it is ready, and ends when it is asked to."""
    log = folder / "server.log"
    code = re.sub(r"(--port[ =])\d+", lambda match: f"{match[1]}{free_port()}", block.code)
    with log.open("w") as output:
        process = subprocess.Popen(
            ["bash", "-e", "-c", code],
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + SECONDS
            while not any(word in log.read_text() for word in _READY):
                if process.poll() is not None:
                    assert process.returncode == 0, f"{block}\n{log.read_text()}"
                    break
                assert time.monotonic() < deadline, f"{block} is not ready\n{log.read_text()}"
                time.sleep(0.1)
        finally:
            # The whole group: a server in the background outlives its shell.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(SECONDS)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def try_yaml(block: Block, folder: Path, names: dict[str, object]) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(block.code)


def try_ini(block: Block, folder: Path, names: dict[str, object]) -> None:
    assert (
        configparser.ConfigParser(default_section="", interpolation=None).read_string(block.code)
        is None
    )


TRY = {"python": try_python, "sh": try_sh, "yaml": try_yaml, "ini": try_ini}


@pytest.fixture
def session(aidp, tmp_path, monkeypatch):
    """A user's folder and shell, with the commands of this environment.

    The emulator is the platform.

    The tracking URI serves the registry as well, as the pages say.
    """
    monkeypatch.chdir(tmp_path)
    for name, value in {**aidp.environ, "MLFLOW_TRACKING_URI": aidp.tracking_uri}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    mlflow.set_tracking_uri(None)
    yield tmp_path
    while mlflow.active_run():
        mlflow.end_run()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_works(page, session):
    names: dict[str, object] = {"__name__": "snippet"}
    for block in blocks(page):
        if block.language in TRIED:
            TRY[block.language](block, session, names)


def test_there_is_something_to_try():
    tried = [block for page in PAGES for block in blocks(page) if block.language in TRIED]
    assert len([block for block in tried if not block.needs_a_tenancy]) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_fence_goes_unread(page):
    """A block that the reader overlooks would be tried by nobody."""
    text = page.read_text(encoding="utf-8")
    opened = len(re.findall(r"^ *```\w", text, re.M))
    included = len(re.findall(r"^ *```\w[^\n]*\n *--8<--", text, re.M))
    assert len(list(blocks(page))) + included == opened
