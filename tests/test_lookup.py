"""One rule for a value, wherever it comes from, and the place in each error."""

from __future__ import annotations

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.settings import resolve, resolve_storage
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.cli.conftest import run

OCID = "ocid1.datalake.oc1.iad.amaaexample"
UNKNOWN = "ocid1.datalake.oc1.xyz.amaaexample"


def settings(uri=f"aidp://{OCID}", **environ):
    return resolve(uri, environ)


def refused(uri=f"aidp://{OCID}", **environ):
    with pytest.raises(MlflowException) as caught:
        settings(uri, **environ)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    return caught.value


@pytest.fixture
def profile(tmp_path):
    """Writes the profile DEFAULT; returns the URI that names it, and the words for it."""

    def write(**entries):
        path = tmp_path / "config"
        lines = [f"{name}={value}" for name, value in entries.items()]
        path.write_text("\n".join(["[DEFAULT]", *lines, ""]))
        return f"aidp://{OCID}?config_file={path}", f"profile DEFAULT of {path}"

    return write


# The key of a workspace


@pytest.mark.parametrize("key", ["..", ".", "a/b", "/", "../x"])
def test_a_workspace_key_of_a_variable_is_held_to_the_rule_of_the_uri(key):
    problem = refused(AIDP_WORKSPACE_KEY=key)
    assert problem.cause == f"AIDP_WORKSPACE_KEY is not a workspace key: {key!r}."
    encoded = key.replace("/", "%2F")
    assert "is not a workspace key" in refused(f"aidp://{OCID}/{encoded}").cause


@pytest.mark.parametrize("key", ["a\nb", "a\x07b", "a\u200bb", "a\udcffb"])
def test_a_workspace_key_with_what_does_not_show_is_refused_everywhere(key):
    assert "AIDP_WORKSPACE_KEY) holds a control character" in refused(AIDP_WORKSPACE_KEY=key).cause


@pytest.mark.parametrize("key", ["b3a1c0de", "a b", "...", "ä", "a.b"])
def test_a_proper_workspace_key_is_taken_from_both(key):
    assert settings(AIDP_WORKSPACE_KEY=f" {key} ").workspace == key
    assert settings(f"aidp://{OCID}/{key.replace(' ', '%20')}").workspace == key


@pytest.mark.parametrize("key", ["..", "a/b"])
def test_no_request_has_such_a_key_in_its_path(aidp, key):
    store = AidpTrackingStore(aidp.tracking_uri)
    store._platform._in_use.own = key
    with pytest.raises(MlflowException) as caught:
        store.search_experiments()
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert list(aidp.exchanges) == []


def test_an_empty_workspace_key_is_named_where_one_is_needed(aidp, monkeypatch):
    monkeypatch.setenv("AIDP_WORKSPACE_KEY", " ")
    with pytest.raises(MlflowException, match="AIDP_WORKSPACE_KEY is set, but empty"):
        AidpTrackingStore(aidp.uri).search_experiments()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.uri)
    assert "AIDP_WORKSPACE_KEY is set, but empty." in run("check").stdout


# The OCID


@pytest.mark.parametrize("variable", ["AIDP_INSTANCE_ID", "DATALAKE_ID"])
def test_an_instance_id_of_a_variable_is_held_to_the_rule_of_the_uri(variable):
    for wrong in ("iris", "ocid1.bucket.oc1.iad.x", "ocid1.datalake.oc1.iad.x/../y"):
        assert variable in refused("aidp://", **{variable: wrong}).cause
        assert refused(f"aidp://{wrong.replace('/', '%2F')}").cause.startswith("The URI's host")


def test_an_empty_instance_id_is_named():
    problem = refused("aidp://", DATALAKE_ID="", AIDP_INSTANCE_ID=" ")
    assert "AIDP_INSTANCE_ID is set, but empty. DATALAKE_ID is set, but empty." in problem.cause
    assert (
        "is set, but empty" not in refused("aidp://", INSTANCE_ID="ocid1.instance.oc1.iad.x").cause
    )


# Endpoints


ENDPOINTS = {
    "no address": "https://",
    "port": "https://example.com:port",
    "port 0": "https://example.com:0",
    "empty label": "https://a..b",
    "path": "https://example.com/20260430",
    "scheme": "ftp://example.com",
    "plain": "http://example.com",
}


@pytest.mark.parametrize("value", ENDPOINTS.values(), ids=ENDPOINTS)
@pytest.mark.parametrize(
    ("setting", "variable"),
    [("endpoint", "AIDP_ENDPOINT"), ("object_storage_endpoint", "AIDP_OBJECT_STORAGE_ENDPOINT")],
)
def test_a_wrong_endpoint_is_named_with_its_place(profile, setting, variable, value):
    assert f"The endpoint {value!r} (from {variable})" in refused(**{variable: value}).cause
    in_uri = refused(f"aidp://{OCID}?{setting}={value}").cause
    assert f"The endpoint {value!r} (from the URI)" in in_uri
    if setting == "endpoint":
        uri, place = profile(endpoint=value)
        assert f"The endpoint {value!r} (from {place})" in refused(uri).cause


@pytest.mark.parametrize("value", ["https://me:hunter2@example.com", "https://me:hunter2@x:port"])
def test_a_password_in_an_endpoint_is_not_shown(value):
    problem = refused(AIDP_ENDPOINT=value)
    assert "(from AIDP_ENDPOINT) holds more than scheme, host and port" in problem.cause
    assert "hunter2" not in str(problem)


# Regions and ways to sign in


@pytest.mark.parametrize("name", ["region", "auth"])
def test_a_value_that_is_not_known_is_named_with_its_place(profile, name):
    uri = f"aidp://{UNKNOWN}" if name == "region" else f"aidp://{OCID}"
    variable = {"region": "OCI_CLI_REGION", "auth": "OCI_CLI_AUTH"}[name]
    assert f"'mars-1' (from {variable}) is not known" in refused(uri, **{variable: "mars-1"}).cause
    assert "'mars-1' (from the URI) is not known" in refused(f"{uri}?{name}=mars-1").cause
    if name == "region":
        in_profile, place = profile(region="mars-1")
        problem = refused(in_profile.replace(OCID, UNKNOWN))
        assert f"'mars-1' (from {place}) is not known" in problem.cause


def test_a_region_that_stands_in_for_an_unknown_one_is_said_with_it(profile):
    uri, place = profile(region="eu-frankfurt-1")
    found = settings(uri.replace(OCID, UNKNOWN))
    assert found.region == "eu-frankfurt-1"
    assert found.region_note == (
        "The OCID names the region 'xyz', which this version of oci does not know, so that "
        f"requests go to eu-frankfurt-1 (from {place})."
    )


@pytest.mark.parametrize(
    ("uri", "environ"),
    [
        (f"aidp://{OCID}", {"OCI_CLI_REGION": "eu-frankfurt-1"}),
        (f"aidp://{UNKNOWN}?region=eu-frankfurt-1", {}),
        ("aidp://ocid1.datalake.oc1..x", {"OCI_CLI_REGION": "eu-frankfurt-1"}),
        (f"aidp://{UNKNOWN}?endpoint=https://aidp.example.com", {}),
    ],
    ids=["known", "chosen in the URI", "OCID without one", "endpoint"],
)
def test_a_region_that_stands_in_for_nothing_is_not_remarked_upon(uri, environ):
    assert settings(uri, **environ).region_note == ""


def test_a_stand_in_of_another_realm_is_refused_with_both_names():
    problem = refused(f"aidp://{UNKNOWN}", OCI_CLI_REGION="uk-gov-london-1")
    assert (
        "'uk-gov-london-1' (from OCI_CLI_REGION) is not in the OCID's realm 'oc1'" in problem.cause
    )
    assert "'xyz'" in problem.remedy


def test_object_storage_says_both_regions_too():
    found = resolve_storage(f"aidp://{UNKNOWN}", {"OCI_CLI_REGION": "eu-frankfurt-1"})
    assert "'xyz'" in found.region_note
    assert resolve_storage(None, {"OCI_CLI_REGION": "eu-frankfurt-1"}).region_note == ""


def test_check_warns_of_a_stand_in(monkeypatch):
    monkeypatch.setenv("OCI_CLI_REGION", "eu-frankfurt-1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    output = run("check", f"aidp://{UNKNOWN}").stdout
    assert "  warning  region       The OCID names the region 'xyz', which" in output


def test_a_404_behind_a_stand_in_says_so(aidp, monkeypatch):
    """The emulator stands for a region, so that the settings are those of a region."""
    from dataclasses import replace

    from mlflow_oci_aidp.registry.store import AidpRegistryStore
    from mlflow_oci_aidp.session import Session

    own = replace(resolve(aidp.uri), region="eu-frankfurt-1", unknown_region="xyz")
    store = AidpRegistryStore(aidp.uri, session=Session(own))
    with pytest.raises(MlflowException, match="The OCID names the region 'xyz', which") as caught:
        store.get_registered_model("main.default.absent")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


# Quotes, and what does not show


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_that_a_reader_of_env_files_keeps_are_no_part_of_a_value(quote):
    found = settings(
        "aidp://",
        AIDP_INSTANCE_ID=f"{quote}{OCID}{quote}",
        AIDP_WORKSPACE_KEY=f" {quote}ws{quote} ",
        AIDP_ENDPOINT=f"{quote}https://aidp.example.com{quote}",
        OCI_CLI_USER=f"{quote}ocid1.user.oc1..u{quote}",
        DH_USER_PRINCIPAL=f"{quote}cHJpbmNpcGFs{quote}",
    )
    assert (found.instance_id, found.workspace) == (OCID, "ws")
    assert found.endpoint == "https://aidp.example.com"
    assert found.credentials["user"] == "ocid1.user.oc1..u"
    assert found.user_principal.reveal() == "cHJpbmNpcGFs"


def test_quotes_are_a_part_of_a_passphrase():
    found = settings(OCI_CLI_PASSPHRASE='"open sesame"')
    assert found.credentials["pass_phrase"].reveal() == '"open sesame"'


@pytest.mark.parametrize("value", ['"', "'a", "\"a'"])
def test_a_single_quote_is_left_alone(value):
    assert settings(AIDP_WORKSPACE_KEY=value).workspace == value


@pytest.mark.parametrize("name", ["user", "tenancy", "fingerprint"])
@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "ocid1.user.oc1..ü", "a\u200bb"])
def test_what_no_header_can_hold_is_refused_with_its_place(profile, name, value):
    variable = f"OCI_CLI_{name.upper()}"
    problem = refused(**{variable: value})
    assert f"The value of {name} (from {variable}) holds a control character or" in problem.cause
    assert value not in str(problem)


@pytest.mark.parametrize("name", ["key_file", "security_token_file", "delegation_token_file"])
def test_what_no_path_can_hold_is_refused(name):
    variable = f"OCI_CLI_{name.upper()}"
    assert f"(from {variable})" in refused(**{variable: "/a\0b"}).cause
    assert settings(**{variable: "/ä/\udcff"}).credentials[name] == "/ä/\udcff"
