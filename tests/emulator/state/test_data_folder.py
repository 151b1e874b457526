"""A data folder is the emulator's own, or it is not touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlflow_oci_aidp.cli import main
from mlflow_oci_aidp.emulator import DataFolderError, Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore

PROFILE = "# mine\n[DEFAULT]\nuser=ocid1.user.oc1..me\nkey_file=~/.oci/key.pem\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def home(tmp_path):
    """A folder as ~/.oci is, readable by a group."""
    folder = tmp_path / ".oci"
    folder.mkdir()
    (folder / "config").write_text(PROFILE)
    (folder / "key.pem").write_text("not a key\n")
    folder.chmod(0o750)
    return folder


def test_an_oci_configuration_is_left_as_it_is(home):
    before = contents(home)
    answer = CliRunner().invoke(main, ["emulator", "--data-dir", str(home)])
    assert answer.exit_code == 1
    assert "no emulator made it" in answer.output
    assert "--data-dir" in answer.output
    assert contents(home) == before
    assert stat.S_IMODE(home.stat().st_mode) == 0o750


@pytest.mark.parametrize("name", ["notes.txt", "instance.json", ".hidden"])
def test_a_folder_of_somebody_else_is_refused(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(DataFolderError, match="no emulator made it"):
        Emulator(tmp_path).start()
    assert contents(tmp_path) == {name: b"{}"}


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataFolderError, match="is no folder"):
        Emulator(tmp_path / "file").start()
    assert (tmp_path / "file").read_text() == "mine"


def test_the_mode_of_an_empty_folder_stays(tmp_path):
    tmp_path.chmod(0o755)
    with Emulator(tmp_path):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
        keys = [path for path in tmp_path.rglob("*.pem") if "PRIVATE" in path.read_text()]
        assert keys
        assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_a_new_folder_is_for_its_user_alone(tmp_path):
    with Emulator(tmp_path / "new"):
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_its_own_folder_is_used_again(tmp_path):
    with Emulator(tmp_path / "aidp") as aidp:
        AidpRegistryStore(aidp.uri).create_registered_model("main.default.m")
    with Emulator(tmp_path / "aidp") as aidp:
        assert AidpRegistryStore(aidp.uri).get_registered_model("main.default.m")


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b", "ä", "a&b=c", "a;b", "日本"])
def test_any_name_is_that_folders_and_no_other(tmp_path, name):
    folder = tmp_path / name
    with Emulator(folder) as aidp:
        AidpRegistryStore(aidp.uri).create_registered_model("main.default.m")
        assert AidpRegistryStore(aidp.uri).get_registered_model("main.default.m")
    assert list(folder.glob("*.db"))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_no_configuration_can_hold_is_refused(tmp_path):
    with pytest.raises(DataFolderError, match="cannot be printed"):
        Emulator(tmp_path / "a\nb").start()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_one_sentence(tmp_path):
    with Emulator(tmp_path):
        pass
    (tmp_path / "retry-tokens.db").write_bytes(b"not a database at all, not even a page of one")
    with pytest.raises(DataFolderError, match="a file in it is damaged"):
        Emulator(tmp_path).start()


def test_of_two_starts_on_a_new_folder_one_serves_with_its_key(tmp_path):
    program = (
        "import sys\n"
        "from mlflow_oci_aidp.emulator import DataFolderError, Emulator\n"
        "from mlflow_oci_aidp.registry.store import AidpRegistryStore\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    emulator = Emulator(sys.argv[1]).start()\n"
        "except DataFolderError as error:\n"
        "    print(error.strerror)\n"
        "    sys.exit(3)\n"
        "print('serves', flush=True)\n"
        "sys.stdin.readline()\n"
        "AidpRegistryStore(emulator.uri).create_registered_model('main.default.m')\n"
        "emulator.stop()\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "aidp")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(2)
    ]
    try:
        for each in both:
            assert each.stdout.readline() == "ready\n"
        for each in both:
            each.stdin.write("go\n")
            each.stdin.flush()
        said = [each.stdout.readline() for each in both]
        for each in both:
            each.stdin.close()
        codes = [each.wait(60) for each in both]
    finally:
        for each in both:
            each.kill()
            each.wait()
            each.stdout.close()
    assert sorted(codes) == [0, 3]
    assert "another emulator uses the folder" in said[codes.index(3)]
