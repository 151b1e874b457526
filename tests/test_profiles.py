"""OCI configuration files as editors, tools and people leave them."""

from __future__ import annotations

import os

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.profiles import read_profiles
from mlflow_oci_aidp.settings import resolve

OCID = "ocid1.datalake.oc1.iad.amaaexample"
TEXT = "[DEFAULT]\nuser=ocid1.user.oc1..u\n[WORK]\nkey_file=/k.pem\n"


def written(folder, content):
    path = folder / "config"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def refused(path):
    with pytest.raises(MlflowException) as caught:
        read_profiles(path)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert path in caught.value.cause
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
        TEXT.rstrip("\n").encode(),
    ],
    ids=["plain", "byte order mark", "CRLF", "byte order mark and CRLF", "no last line feed"],
)
def test_a_file_of_any_editor_is_read(tmp_path, content):
    profiles = read_profiles(written(tmp_path, content))
    assert list(profiles) == ["DEFAULT", "WORK"]
    assert profiles["WORK"].entries == {"user": "ocid1.user.oc1..u", "key_file": "/k.pem"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_another_encoding_is_named_with_what_to_do(tmp_path, encoding):
    content = f"{TEXT}# Müller\n".encode(encoding)
    if encoding == "utf-16-le":
        content = b"\xff\xfe" + content
    problem = refused(written(tmp_path, content))
    assert f"it is {encoding[:6].upper() if 'utf' in encoding else 'not UTF-8'}." in problem.cause
    assert problem.remedy == "Save it as UTF-8."


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[A]\nuser=u\n[B]\nuser=u\n[A]\nuser=v\n", "has the profile 'A' twice, again in line 5"),
        ("[A]\nuser=u\nuser=v\n", "has user twice in the profile 'A', again in line 3"),
        ("\nuser=u\n[A]\n", "has no [PROFILE] line before line 2"),
        ("[A]\nuser=u\n\nhunter2\nhunter3\n", "is broken in line 4, 5"),
    ],
)
def test_a_broken_file_is_an_error_with_the_line_that_breaks_it(tmp_path, content, named):
    problem = refused(written(tmp_path, content))
    assert named in problem.cause
    assert "hunter" not in str(problem)
    assert "[PROFILE] and key=value lines" in problem.remedy


def test_a_pasted_key_that_passes_for_an_entry_is_not_shown(tmp_path):
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB=="
    problem = refused(written(tmp_path, f"[A]\n{line}\n{line}\n"))
    assert "has an entry twice in the profile 'A'" in problem.cause
    assert line[:20].lower() not in str(problem).lower()


def test_a_folder_is_said_to_be_one(tmp_path):
    assert "it is a folder." in refused(str(tmp_path)).cause


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "config")
    assert "it is no regular file." in refused(str(tmp_path / "config")).cause


def test_a_file_that_cannot_be_read_is_no_empty_one():
    """Python's own reader of such files skips those that it cannot read, without a word."""
    problem = refused("/proc/self/mem")
    assert "cannot be read (Input/output error)" in problem.cause


def test_a_link_to_itself_is_said_to_be_unreadable(tmp_path):
    os.symlink(tmp_path / "config", tmp_path / "config")
    assert "symbolic links" in refused(str(tmp_path / "config")).cause


# The file that nobody asked for by name


@pytest.fixture
def default_file(tmp_path, monkeypatch):
    """The path of the file that is read unless another is named."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".oci").mkdir()
    return tmp_path / ".oci" / "config"


def test_a_workload_that_needs_no_file_is_not_kept_from_signing_by_one(default_file):
    default_file.mkdir()
    environ = {"OCI_RESOURCE_PRINCIPAL_VERSION": "2.2"}
    assert resolve(f"aidp://{OCID}", environ).auth == "resource_principal"


@pytest.mark.parametrize(
    "asked", [{"OCI_CLI_PROFILE": "WORK"}, {"OCI_CLI_CONFIG_FILE": "~/.oci/config"}]
)
def test_who_asks_for_it_is_told_why_it_cannot_be_used(default_file, asked):
    default_file.mkdir()
    with pytest.raises(MlflowException, match="it is a folder"):
        resolve(f"aidp://{OCID}", asked)


def test_a_broken_one_is_an_error_though_nobody_asked(default_file):
    default_file.write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(MlflowException, match="it is UTF-16"):
        resolve(f"aidp://{OCID}", {})


def test_a_relative_path_is_told_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MlflowException) as caught:
        resolve(f"aidp://{OCID}", {"OCI_CLI_CONFIG_FILE": "config"})
    assert f"begins in the working folder, {tmp_path}" in caught.value.cause
    assert "from OCI_CLI_CONFIG_FILE" in caught.value.cause
    written(tmp_path, TEXT)
    assert resolve(f"aidp://{OCID}", {"OCI_CLI_CONFIG_FILE": "config"}).auth == "api_key"
