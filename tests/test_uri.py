"""An aidp:// URI: parsed, printed, and never anything but an MlflowException for what it is not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.settings_table import IN_QUERY
from mlflow_oci_aidp.uri import AidpUri

PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
PARTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *(
                "aidp",
                "://",
                "/",
                "?",
                "#",
                "&",
                "=",
                "@",
                ":",
                "[",
                "]",
                "%",
                "%00",
                "%ff",
                "\t",
                ":99999",
            ),
            *(
                "ocid1.datalake.oc1.iad.x",
                "endpoint",
                "region",
                "profile",
                "http://",
                "https://",
                "localhost",
                "iad",
            ),
        ]
    ),
)
SOUP = st.lists(PARTS, max_size=12).map("".join)


@given(
    st.one_of(
        SOUP,
        SOUP.map("aidp://".__add__),
        SOUP.map("aidp://ocid1.datalake.oc1.iad.x".__add__),
        SOUP.map("aidp://ocid1.datalake.oc1.iad.x?endpoint=".__add__),
        st.tuples(st.sampled_from(IN_QUERY), SOUP).map(
            lambda pair: "aidp://ocid1.datalake.oc1.iad.x?{}={}".format(*pair)
        ),
    )
)
@example("aidp://[")
@example("aidp://ocid1.datalake.oc1.iad.x?endpoint=https://[")
@example("aidp://ocid1.datalake.oc1.iad.x?endpoint=https://host:port")
@example("aidp://ocid1.datalake.oc1.iad.x?config_file=%00")
@example("aidp://ocid1.datalake.oc1.iad.\ud800")
def test_any_text_is_a_uri_or_an_mlflow_exception(text):
    with contextlib.suppress(MlflowException):
        resolve(text, {"HOME": "/nowhere"})


@given(st.one_of(st.none(), st.integers(), st.binary(), st.lists(st.text())))
def test_what_is_no_text_is_an_mlflow_exception(value):
    with pytest.raises(MlflowException) as caught:
        resolve(value, {})
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@given(
    workspace=PRINTABLE.filter(lambda text: text not in {".", ".."} and "/" not in text),
    values=st.dictionaries(st.sampled_from(IN_QUERY), PRINTABLE),
)
def test_what_is_printed_is_parsed_to_the_same(workspace, values):
    uri = AidpUri("ocid1.datalake.oc1.iad.x", workspace, values)
    assert AidpUri.parse(str(uri), IN_QUERY) == uri


@given(
    variable=st.sampled_from(
        ["AIDP_ENDPOINT", "AIDP_INSTANCE_ID", "OCI_CLI_AUTH", "OCI_CLI_PROFILE", "OCI_CLI_REGION"]
    ),
    value=st.text(),
)
def test_any_environment_is_settings_or_an_mlflow_exception(variable, value):
    with contextlib.suppress(MlflowException):
        resolve(
            "aidp://", {"DATALAKE_ID": "ocid1.datalake.oc1..x", "HOME": "/nowhere", variable: value}
        )
