"""``uri``: the URI that the environment amounts to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_oci_aidp.settings import resolve
from tests.cli.conftest import run

OCID = "ocid1.datalake.oc1.iad.one"
ENDPOINT = "https://aidp.us-ashburn-1.oci.oraclecloud.com"


@pytest.fixture
def printed(monkeypatch, tmp_path):
    """What is printed with these variables."""

    def invoke(**variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        result = run("uri")
        assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
        return result.stdout.strip()

    return invoke


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DATALAKE_ID": OCID}, f"aidp://{OCID}"),
        ({"AIDP_INSTANCE_ID": OCID, "AIDP_WORKSPACE_KEY": "w1"}, f"aidp://{OCID}/w1"),
        ({"AIDP_INSTANCE_ID": OCID, "AIDP_ENDPOINT": ENDPOINT}, f"aidp://{OCID}"),
        ({"AIDP_INSTANCE_ID": OCID, "OCI_CLI_REGION": "us-phoenix-1"}, f"aidp://{OCID}"),
        (
            {"AIDP_INSTANCE_ID": OCID, "OCI_CLI_AUTH": "resource_principal"},
            f"aidp://{OCID}?auth=resource_principal",
        ),
        (
            {"AIDP_INSTANCE_ID": OCID, "AIDP_ENDPOINT": "http://127.0.0.1:8080"},
            f"aidp://{OCID}?endpoint=http%3A%2F%2F127.0.0.1%3A8080",
        ),
        (
            {"AIDP_INSTANCE_ID": "ocid1.datalake.oc1..one", "OCI_REGION": "phx"},
            "aidp://ocid1.datalake.oc1..one?region=us-phoenix-1",
        ),
        (
            {"AIDP_INSTANCE_ID": OCID, "AIDP_OBJECT_STORAGE_ENDPOINT": "http://127.0.0.1:8080"},
            f"aidp://{OCID}?object_storage_endpoint=http%3A%2F%2F127.0.0.1%3A8080",
        ),
        ({"MLFLOW_TRACKING_URI": f"aidp://{OCID}/w1?region=iad"}, f"aidp://{OCID}/w1"),
        ({"MLFLOW_REGISTRY_URI": f"aidp://{OCID}?region=iad"}, f"aidp://{OCID}"),
        ({"MLFLOW_REGISTRY_URI": "sqlite://", "DATALAKE_ID": OCID}, f"aidp://{OCID}"),
    ],
)
def test_only_what_the_ocid_does_not_say_is_named(printed, variables, expected):
    assert printed(**variables) == expected


def test_what_is_printed_leads_to_the_same_settings(printed, aidp):
    uri = printed(**{**aidp.environ, "MLFLOW_REGISTRY_URI": "", "AIDP_WORKSPACE_KEY": "a b"})
    resolved, expected = resolve(uri, {}), resolve("aidp://")
    assert replace(resolved, region="", sources={}) == replace(expected, region="", sources={})


def test_credentials_are_not_printed(printed):
    uri = printed(
        DATALAKE_ID=OCID, OCI_CLI_PASSPHRASE="hunter2", OCI_CLI_USER="me", OCI_CLI_KEY_CONTENT="pem"
    )
    assert uri == f"aidp://{OCID}"


def test_an_environment_that_amounts_to_nothing_is_one_line_on_stderr():
    result = run("uri")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
