"""The settings table: where each setting comes from, and what is refused."""

from __future__ import annotations

import pytest
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.settings import resolve, resolve_storage
from mlflow_oci_aidp.settings_table import IN_QUERY

OCID = "ocid1.datalake.oc1.iad.amaaexample"


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "config"
    path.write_text(
        "[DEFAULT]\nuser=ocid1.user.oc1..u\ntenancy=ocid1.tenancy.oc1..t\nfingerprint=aa:bb\nkey_file=/k.pem\n"
        "region=eu-frankfurt-1\n"
        "[SESSION]\nsecurity_token_file=/t\nkey_file=/k.pem\n"
        "[ELSEWHERE]\nendpoint=https://profile.example.com\n"
    )
    return str(path)


def settings(uri=f"aidp://{OCID}", **environ):
    return resolve(uri, {"OCI_CLI_CONFIG_FILE": environ.pop("config_file", ""), **environ})


def refused(uri=f"aidp://{OCID}", **environ):
    with pytest.raises(MlflowException) as caught:
        settings(uri, **environ)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    return caught.value.message


@pytest.mark.parametrize(
    ("ocid", "endpoint"),
    [
        ("ocid1.datalake.oc1.iad.x", "https://aidp.us-ashburn-1.oci.oraclecloud.com"),
        ("ocid1.datalake.oc1.eu-frankfurt-1.x", "https://aidp.eu-frankfurt-1.oci.oraclecloud.com"),
        ("ocid1.datalake.oc2.lfi.x", "https://aidp.us-langley-1.oci.oraclegovcloud.com"),
        ("ocid1.datalake.oc4.ltn.x", "https://aidp.uk-gov-london-1.oci.oraclegovcloud.uk"),
        ("ocid1.datalake.oc19.str.x", "https://aidp.eu-frankfurt-2.oci.oraclecloud.eu"),
    ],
)
def test_a_bare_ocid_is_enough_in_every_realm(ocid, endpoint):
    assert settings(f"aidp://{ocid}").endpoint == endpoint


def test_the_ocids_region_comes_before_the_profiles_and_the_environments(config_file):
    resolved = settings(config_file=config_file, OCI_CLI_REGION="us-phoenix-1")
    assert (resolved.region, resolved.sources["region"]) == ("us-ashburn-1", "the OCID")


def test_an_ocid_without_a_region_takes_the_environments_then_the_profiles(config_file):
    uri = "aidp://ocid1.datalake.oc1..x"
    assert (
        settings(uri, config_file=config_file, OCI_REGION="us-phoenix-1").region == "us-phoenix-1"
    )
    assert settings(uri, config_file=config_file).region == "eu-frankfurt-1"


def test_the_uris_region_comes_before_the_ocids():
    assert settings(f"aidp://{OCID}?region=phx").region == "us-phoenix-1"


def test_the_uri_comes_before_the_environment_before_the_profile(config_file):
    in_profile = f"aidp://{OCID}?profile=ELSEWHERE&config_file={config_file}"
    assert settings(in_profile).endpoint == "https://profile.example.com"
    assert (
        settings(in_profile, AIDP_ENDPOINT="https://env.example.com").endpoint
        == "https://env.example.com"
    )
    both = settings(
        in_profile + "&endpoint=https://uri.example.com", AIDP_ENDPOINT="https://env.example.com"
    )
    assert (both.endpoint, both.sources["endpoint"]) == ("https://uri.example.com", "the URI")


def test_the_first_variable_wins():
    environ = {
        "OCI_CLI_ENDPOINT": "https://second.example.com",
        "AIDP_ENDPOINT": "https://first.example.com",
    }
    assert settings(**environ).endpoint == "https://first.example.com"


@pytest.mark.parametrize("variable", ["AIDP_INSTANCE_ID", "INSTANCE_ID", "DATALAKE_ID"])
def test_an_empty_uri_takes_the_instance_from_the_environment(variable):
    assert settings("aidp://", **{variable: OCID}).instance_id == OCID


def test_another_kind_of_instance_id_is_passed_over():
    assert (
        settings("aidp://", INSTANCE_ID="ocid1.instance.oc1.iad.x", DATALAKE_ID=OCID).instance_id
        == OCID
    )


@pytest.mark.parametrize("uri", [f"aidp://{OCID}/ws1", f"aidp://{OCID}"])
def test_the_workspace_comes_from_the_uri_or_the_environment(uri):
    expected = "ws1" if uri.endswith("ws1") else "ws2"
    assert settings(uri, AIDP_WORKSPACE_KEY="ws2").workspace == expected


@pytest.mark.parametrize(
    ("profile", "auth"), [("DEFAULT", "api_key"), ("SESSION", "security_token")]
)
def test_the_profile_says_how_to_sign_in(config_file, profile, auth):
    assert settings(config_file=config_file, OCI_CLI_PROFILE=profile).auth == auth


def test_without_a_profile_the_resource_principal_of_the_environment_signs():
    assert settings(OCI_RESOURCE_PRINCIPAL_VERSION="2.2").auth == "resource_principal"


def test_cloud_shells_name_of_a_mode_is_known():
    assert (
        settings(OCI_CLI_AUTH="instance_obo_user").auth
        == "instance_principal_with_delegation_token"
    )


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8080"]
)
def test_plain_http_is_for_loopback(endpoint):
    assert settings(AIDP_ENDPOINT=endpoint).endpoint == endpoint


def test_an_endpoint_without_a_scheme_is_https():
    assert settings(AIDP_ENDPOINT="aidp.example.com").endpoint == "https://aidp.example.com"


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        (f"aidp://user:password@{OCID}", "userinfo"),
        (f"aidp://{OCID}#part", "fragment"),
        (f"aidp://{OCID}#", "fragment"),
        (f"aidp://{OCID}?color=red", "'color'"),
        (f"aidp://{OCID}?user_principal=x", "'user_principal'"),
        (f"aidp://{OCID}?auth=api_key&auth=api_key", "more than once"),
        (f"aidp://{OCID}?endpoint=", "no value"),
        (f"aidp://{OCID}?endpoint", "parsed"),
        (f"aidp://{OCID}/one/two", "more than one part"),
        (f"aidp://{OCID}/..", "workspace key"),
        (f"aidp://{OCID}/a%2Fb", "workspace key"),
        (f"aidp://{OCID}/a%0Ab", "control character"),
        (f"aidp:{OCID}", "begin with aidp://"),
        (f"aidp://{OCID}?endpoint=http://example.com", "plain http"),
        (f"aidp://{OCID}?endpoint=ftp://example.com", "neither https nor http"),
        (f"aidp://{OCID}?endpoint=https://u:p@example.com", "more than scheme, host and port"),
        (f"aidp://{OCID}?endpoint=https://example.com/20260430", "more than scheme, host and port"),
        (f"aidp://{OCID}?endpoint=https://example.com:port", "not an address"),
        ("aidp://my-platform", "not an OCID"),
        ("aidp://ocid1.bucket.oc1.iad.x", "'bucket'"),
        (f"aidp://{OCID}?region=mars-1", "'mars-1'"),
        (f"aidp://{OCID}?region=uk-gov-london-1", "realm 'oc1'"),
        ("aidp://ocid1.datalake.oc1.xyz.x", "'xyz'"),
        (f"aidp://{OCID}?auth=password", "'password'"),
        (f"aidp://{OCID}?config_file=/nowhere/config", "'/nowhere/config'"),
        (f"aidp://{OCID}?profile=NOBODY", "'NOBODY'"),
        ("aidp://", "AIDP_INSTANCE_ID, INSTANCE_ID, DATALAKE_ID"),
    ],
)
def test_what_is_wrong_is_named(uri, named):
    assert named in refused(uri)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        (f"aidp://{OCID}?color=red", IN_QUERY),
        (f"aidp://{OCID}?auth=password", tuple(AUTH_MODES)),
        (f"aidp://{OCID}?region=mars-1", ("us-ashburn-1", "eu-frankfurt-1")),
    ],
)
def test_what_is_allowed_is_named(uri, allowed):
    message = refused(uri)
    assert all(name in message for name in allowed)


def test_an_unknown_profile_names_those_that_are_there(config_file):
    message = refused(config_file=config_file, OCI_CLI_PROFILE="NOBODY")
    assert "'NOBODY'" in message
    assert "DEFAULT, SESSION, ELSEWHERE" in message


def test_a_broken_configuration_file_is_named_without_its_content(tmp_path):
    path = tmp_path / "config"
    path.write_text("pass_phrase=hunter2\n[DEFAULT\n")
    message = refused(config_file=str(path))
    assert str(path) in message
    assert "hunter2" not in message


def test_a_user_principal_with_a_control_character_is_refused_unseen():
    assert "sesame" not in refused(DH_USER_PRINCIPAL="open\x07sesame")


def test_secrets_do_not_show():
    resolved = settings(
        DH_USER_PRINCIPAL="cHJpbmNpcGFs",
        OCI_CLI_PASSPHRASE="hunter2",
        OCI_CLI_KEY_CONTENT="PEM KEY",
    )
    shown = f"{resolved!r} {vars(resolved)!r} {resolved.credentials!r}"
    assert not any(secret in shown for secret in ("cHJpbmNpcGFs", "hunter2", "PEM KEY"))
    assert resolved.user_principal.reveal() == "cHJpbmNpcGFs"


def test_object_storage_is_that_of_the_region_or_of_the_setting():
    assert settings().object_storage_endpoint == ""
    uri = f"aidp://{OCID}?object_storage_endpoint=https://uri.example.com"
    environ = {"AIDP_OBJECT_STORAGE_ENDPOINT": "https://env.example.com"}
    assert settings(**environ).object_storage_endpoint == "https://env.example.com"
    assert settings(uri, **environ).object_storage_endpoint == "https://uri.example.com"
    assert "plain http" in refused(AIDP_OBJECT_STORAGE_ENDPOINT="http://example.com")


class TestStorage:
    """Who uses Object Storage need not have an AI Data Platform."""

    def storage(self, uri=None, **environ):
        return resolve_storage(
            uri, {"OCI_CLI_CONFIG_FILE": environ.pop("config_file", ""), **environ}
        )

    def test_the_uri_says_who_and_where(self, config_file):
        resolved = self.storage(
            f"aidp://{OCID}/workspace?profile=SESSION&config_file={config_file}"
        )
        assert (resolved.instance_id, resolved.region, resolved.auth) == (
            OCID,
            "us-ashburn-1",
            "security_token",
        )

    def test_without_a_uri_the_environment_and_the_profile_do(self, config_file):
        resolved = self.storage(config_file=config_file)
        assert (resolved.instance_id, resolved.region, resolved.auth) == (
            "",
            "eu-frankfurt-1",
            "api_key",
        )
        assert self.storage(config_file=config_file, OCI_CLI_REGION="iad").region == "us-ashburn-1"

    def test_an_instance_of_the_environment_says_where_if_there_is_a_uri(self, config_file):
        environ = {"config_file": config_file, "DATALAKE_ID": OCID}
        assert self.storage("aidp://", **environ).region == "us-ashburn-1"
        assert self.storage(None, **environ).region == "eu-frankfurt-1"

    def test_an_endpoint_makes_the_region_needless(self):
        resolved = self.storage(AIDP_OBJECT_STORAGE_ENDPOINT="http://127.0.0.1:1")
        assert (resolved.region, resolved.object_storage_endpoint) == ("", "http://127.0.0.1:1")

    def test_an_endpoint_of_the_platform_is_not_one_of_object_storage(self, config_file):
        resolved = self.storage(
            f"aidp://{OCID}?endpoint=https://aidp.example.com", config_file=config_file
        )
        assert (resolved.region, resolved.object_storage_endpoint) == ("us-ashburn-1", "")

    @pytest.mark.parametrize(
        ("environ", "named"), [({}, "OCI_CLI_REGION"), ({"OCI_REGION": "mars-1"}, "'mars-1'")]
    )
    def test_what_is_wrong_is_named(self, environ, named):
        with pytest.raises(MlflowException, match=named) as caught:
            self.storage(**environ)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
