"""An error about credentials names the place that they come from, and that place alone."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import mlflow_oci_aidp
from tests.cli.conftest import run

PASS_PHRASE = "correct-horse-battery-staple"
VARIABLE = "OCI_CLI_KEY_CONTENT"


@pytest.fixture
def variables(here):
    """Sets all of an API key's variables, as a CI does; returns the text of the key."""

    def set_them(pass_phrase=None, **others):
        profile = here.api_key(pass_phrase)
        pem = Path(profile.pop("key_file")).read_text()
        environ = {f"OCI_CLI_{name.upper()}": value for name, value in profile.items()}
        here.setenv({**environ, VARIABLE: pem, **others})
        return pem

    return set_them


MANGLED = {
    "literal \\n": lambda pem: pem.replace("\n", "\\n"),
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "blanks": lambda pem: pem.replace("\n", " "),
    "in quotes": lambda pem: '"{}"'.format(pem.replace("\n", "\\n")),
}


@pytest.mark.parametrize("pass_phrase", [None, PASS_PHRASE], ids=["plain", "encrypted"])
@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
def test_a_key_in_a_variable_signs_as_env_files_and_secret_stores_hold_it(
    here, variables, mangle, pass_phrase
):
    pem = variables(pass_phrase)
    here.setenv({VARIABLE: mangle(pem), "OCI_CLI_PASSPHRASE": pass_phrase or ""})
    here.call(here.client())
    report = json.loads(run("check", here.uri(), "--json").stdout)
    assert statuses(report)["signed read"] == "ok"


def statuses(report):
    return {check["name"]: check["status"] for check in report["checks"]}


def public(pem):
    key = serialization.load_pem_private_key(pem.encode(), None).public_key()
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


WRONG = {
    "empty": (lambda pem: "", "OCI_CLI_KEY_CONTENT is set, but empty."),
    "blank": (lambda pem: " \n", "OCI_CLI_KEY_CONTENT is set, but empty."),
    "nothing in quotes": (lambda pem: '""', "OCI_CLI_KEY_CONTENT is set, but empty."),
    "base64": (lambda pem: base64.b64encode(pem.encode()).decode(), "holds base64 text"),
    "path": (lambda pem: "~/.oci/key.pem", "holds the path of a file, not a key"),
    "public": (public, "holds a public key"),
    "cut off": (lambda pem: pem[:500], "ends before `-----END PRIVATE KEY-----`"),
}


@pytest.mark.parametrize(("mangle", "words"), WRONG.values(), ids=WRONG)
def test_a_variable_that_holds_no_key_is_named_and_no_profile_is(here, variables, mangle, words):
    pem = variables()
    here.setenv({VARIABLE: mangle(pem)})
    refusal = here.refusal_of()
    assert refusal.error_code == "UNAUTHENTICATED"
    assert VARIABLE in refusal.cause
    assert words in refusal.cause
    assert VARIABLE in refusal.remedy
    assert "profile" not in refusal.remedy
    result = run("check", here.uri())
    assert words in result.stdout
    assert [secret for secret in here.secrets if secret in result.stdout] == []


def test_an_empty_secret_is_explained(here, variables):
    variables(**{VARIABLE: ""})
    refusal = here.refusal_of()
    assert "needs key_file, found neither in the environment nor in the profile" in refusal.cause
    assert refusal.cause.endswith("OCI_CLI_KEY_CONTENT is set, but empty.")
    assert refusal.remedy == (
        "Set OCI_CLI_KEY_FILE or OCI_CLI_KEY_CONTENT. "
        "A CI has no secrets to give to the pull request of a fork."
    )


def test_an_empty_variable_stands_back_for_the_profile(here):
    here.setenv({VARIABLE: "", "OCI_CLI_USER": "", "OCI_CLI_KEY_FILE": ""})
    here.call(here.client(config_file=here.config(DEFAULT=here.api_key())))


def test_with_nothing_but_an_empty_secret_it_is_named(here):
    here.setenv({VARIABLE: ""})
    assert "OCI_CLI_KEY_CONTENT is set, but empty." in here.refusal_of().cause


def test_an_empty_entry_of_a_profile_is_named_with_its_file(here):
    config = here.config(DEFAULT=here.api_key() | {"fingerprint": ""})
    refusal = here.refusal_of(config_file=config)
    assert f"fingerprint in profile DEFAULT of {config} is set, but empty." in refusal.cause
    assert "pull request" not in refusal.remedy


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "there is no passphrase"),
        ({"OCI_CLI_PASSPHRASE": "guess"}, "the passphrase does not open it"),
    ],
)
def test_a_passphrase_of_a_variable(here, variables, given, words):
    variables(PASS_PHRASE, **given)
    refusal = here.refusal_of()
    assert f"{VARIABLE} is encrypted, and {words}" in refusal.cause
    assert refusal.remedy == ("Correct" if given else "Set") + " OCI_CLI_PASSPHRASE."


@pytest.mark.parametrize("pass_phrase", [None, "guess"])
def test_a_passphrase_of_a_profile(here, pass_phrase):
    user = here.api_key(PASS_PHRASE) | ({"pass_phrase": pass_phrase} if pass_phrase else {})
    config = here.config(DEFAULT=user)
    refusal = here.refusal_of(config_file=config)
    assert f"'{user['key_file']}' (key_file from profile DEFAULT of {config})" in refusal.cause
    assert f"profile DEFAULT of {config}" in refusal.remedy


@pytest.mark.parametrize("place", ["profile", "OCI_CLI_KEY_FILE"])
@pytest.mark.parametrize("kind", ["missing", "a folder", "public", "no key"])
def test_a_key_file_is_told_with_what_names_it(here, place, kind):
    user = here.api_key()
    path = {
        "missing": str(here.folder / "gone.pem"),
        "a folder": str(here.folder),
        "public": here.file("public.pem", public(Path(user["key_file"]).read_text())),
        "no key": here.file("notes.txt", "remember the milk"),
    }[kind]
    config = here.config(DEFAULT=user | ({"key_file": path} if place == "profile" else {}))
    named = place
    if place == "profile":
        named = f"profile DEFAULT of {config}"
    else:
        here.setenv({place: path})
    refusal = here.refusal_of(config_file=config)
    assert f"the file {path!r} (key_file from {named})" in refusal.cause
    assert "key_file" in refusal.remedy
    report = run("check", here.uri(config_file=config))
    assert (report.exit_code, path in report.stdout) == (1, True)


def test_a_relative_key_file_begins_in_the_working_folder(here, monkeypatch):
    """As oci has it: not in the folder of the configuration file."""
    user = here.api_key()
    config = here.config(DEFAULT=user | {"key_file": Path(user["key_file"]).name})
    (here.folder / "elsewhere").mkdir()
    monkeypatch.chdir(here.folder / "elsewhere")
    refusal = here.refusal_of(config_file=config)
    folder = here.folder / "elsewhere"
    assert f"does not exist (a relative path begins in the working folder, {folder})" in (
        refusal.cause
    )
    assert (
        f"begins in the working folder, {folder}"
        in run("check", here.uri(config_file=config)).stdout
    )
    monkeypatch.chdir(here.folder)
    here.call(here.client(config_file=config))


def test_a_key_file_below_the_home_folder(here):
    user = here.api_key()
    home = Path(os.environ["HOME"])
    home.mkdir(exist_ok=True)
    os.rename(user["key_file"], home / "key.pem")
    here.call(here.client(config_file=here.config(DEFAULT=user | {"key_file": "~/key.pem"})))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_token_file_of_another_editor(here, encoding):
    session = here.session()
    path = Path(session["security_token_file"])
    path.write_bytes(path.read_text().encode(encoding))
    config = here.config(DEFAULT=session)
    if encoding == "utf-8-sig":
        here.call(here.client(config_file=config))
        return
    refusal = here.refusal_of(config_file=config)
    assert f"the file {str(path)!r} holds no session token" in refusal.cause
    assert f"profile DEFAULT of {config}" in refusal.remedy


def test_a_missing_token_file_is_told_with_what_names_it(here):
    session = here.session()
    path = session.pop("security_token_file")
    os.unlink(path)
    here.setenv({"OCI_CLI_SECURITY_TOKEN_FILE": path})
    refusal = here.refusal_of(config_file=here.config(DEFAULT=session))
    assert f"{path!r} (security_token_file from OCI_CLI_SECURITY_TOKEN_FILE) does not exist" in (
        refusal.cause
    )
    assert "OCI_CLI_SECURITY_TOKEN_FILE" in refusal.remedy


def test_a_configuration_file_that_cannot_be_used_is_why_nothing_was_found(here, monkeypatch):
    path = here.folder / "home" / ".oci" / "config"
    path.mkdir(parents=True)
    assert f"the OCI configuration file {str(path)!r} is a folder" in here.refusal_of().cause
    assert "is a folder" in run("check", here.uri()).stdout


# Signatures that the platform does not accept


def test_a_refused_signature_names_the_variables_of_the_key(here, variables):
    variables()
    here.setenv({"OCI_CLI_USER": "ocid1.user.oc1..stranger"})
    refusal = refused_signature(here)
    places = "OCI_CLI_TENANCY, OCI_CLI_USER, OCI_CLI_FINGERPRINT, OCI_CLI_KEY_CONTENT"
    assert f"which come from {places}, belong together" in refusal.remedy


def test_a_refused_signature_names_the_profile_of_the_key(here):
    config = here.config(DEFAULT=here.api_key() | {"user": "ocid1.user.oc1..stranger"})
    refusal = refused_signature(here, config_file=config)
    assert f"which come from profile DEFAULT of {config}, belong together" in refusal.remedy


def test_a_refused_session_names_its_profile(here):
    here.aidp.faults.add("status", status=401, times=None)
    refusal = refused_signature(here, config_file=here.config(WORK=here.session()), profile="WORK")
    assert "`oci session authenticate --profile-name WORK`" in refusal.remedy


def test_a_refused_signature_of_a_program_names_its_signer(here):
    import oci

    profile = here.api_key()
    signer = oci.signer.Signer(
        profile["tenancy"], "ocid1.user.oc1..stranger", profile["fingerprint"], profile["key_file"]
    )
    mlflow_oci_aidp.use_signer(signer)
    try:
        refusal = refused_signature(here)
    finally:
        mlflow_oci_aidp.use_signer(None)
    assert refusal.remedy == "Check the signer that was passed to use_signer."


def refused_signature(here, **settings):
    from mlflow.exceptions import RestException

    with pytest.raises(RestException) as caught:
        here.call(here.client(**settings))
    assert caught.value.error_code == "UNAUTHENTICATED"
    return caught.value


def test_stores_that_share_an_identity_share_its_places(here, monkeypatch):
    """A session has the settings of several URIs, which may come from several places."""
    config = here.config(DEFAULT=here.api_key() | {"user": "ocid1.user.oc1..stranger"})
    first = here.client(config_file=config)
    refused = pytest.raises(Exception)
    with refused:
        here.call(first)
    user = "ocid1.user.oc1..stranger"
    monkeypatch.setenv("OCI_CLI_USER", user)
    second = here.client(config_file=config)
    with pytest.raises(Exception) as caught:
        here.call(second)
    assert f"profile DEFAULT of {config}" in caught.value.remedy
    assert "OCI_CLI_USER" in caught.value.remedy
