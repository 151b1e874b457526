"""Only what is signed as OCI asks for is let in."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import oci
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.server.signatures import CLOCK_SKEW
from mlflow_oci_aidp.emulator.state.keys import fingerprint

from ..conftest import ApiKeySigner, call, create, path_of, prepared, sdk_client, send, signer_of

SEARCH = "registered-models/search"


@pytest.fixture(scope="module")
def other_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def shared():
    """One for all: what is refused leaves nothing behind."""
    with Emulator() as emulator:
        yield emulator


class TestRefused:
    """Each of these is a 401."""

    @pytest.fixture(autouse=True)
    def refused(self, shared):
        self.aidp = aidp = shared
        self.answers = []
        yield
        assert [(answer.status_code, answer.json()["code"]) for answer in self.answers] == [
            (401, "NotAuthenticated")
        ]
        assert aidp.state.list_registered_models({}, "user") == {"registered_models": []}

    def request(self, verb="POST", operation="registered-models/create", **details):
        body = {"body": {"name": "a"}} if verb == "POST" else {}
        return prepared(self.aidp, verb, path_of(self.aidp, operation), **{**body, **details})

    def send(self, request):
        self.answers.append(send(request))

    def test_no_signature(self):
        request = self.request()
        del request.headers["authorization"]
        self.send(request)

    def test_another_scheme(self):
        request = self.request()
        request.headers["authorization"] = "Bearer abc"
        self.send(request)

    def test_tampered_body(self):
        request = self.request()
        request.body = request.body.replace(b'"a"', b'"b"')
        self.send(request)

    def test_tampered_body_with_its_new_digest(self):
        request = self.request()
        forged = self.request(body={"name": "b"})
        request.body = forged.body
        request.headers["x-content-sha256"] = forged.headers["x-content-sha256"]
        self.send(request)

    def test_tampered_path(self):
        request = self.request()
        request.url = request.url.replace("/create", "/delete")
        self.send(request)

    def test_tampered_query(self):
        request = self.request("GET", SEARCH, query={"max_results": 1})
        request.url = request.url.replace("max_results=1", "max_results=2")
        self.send(request)

    def test_tampered_signature(self):
        request = self.request()
        request.headers["authorization"] = request.headers["authorization"].replace(
            'signature="', 'signature="AAAA'
        )
        self.send(request)

    @pytest.mark.parametrize(
        "name",
        ["date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"],
    )
    def test_header_not_covered(self, name):
        signer = signer_of(self.aidp)
        covered = [
            "date",
            "(request-target)",
            "host",
            "content-length",
            "content-type",
            "x-content-sha256",
        ]
        covered.remove(name)
        signer.create_signers(signer.api_key, signer.private_key, covered[:2], covered[2:])
        self.send(self.request(signer=signer))

    def test_covered_header_not_sent(self):
        request = self.request()
        del request.headers["date"]
        self.send(request)

    @pytest.mark.parametrize("age", [CLOCK_SKEW + 60, -CLOCK_SKEW - 60])
    def test_date_too_far_off(self, age):
        self.send(self.request(headers={"date": http_date(time.time() - age)}))

    def test_no_date_at_all(self):
        self.send(self.request(headers={"date": "yesterday"}))

    def test_unknown_key_id(self):
        known = signer_of(self.aidp)
        key_id = known.api_key.rpartition("/")[0] + "/" + ":".join(["00"] * 16)
        signer = ApiKeySigner(key_id, known.private_key)
        self.send(self.request(signer=signer))

    def test_known_key_id_and_another_key(self, other_key):
        self.send(self.request(signer=ApiKeySigner(signer_of(self.aidp).api_key, other_key)))

    def test_expired_token(self, other_key):
        token = self.aidp.issue_token(other_key.public_key(), lifetime=-1)
        self.send(self.request(signer=token_signer(token, other_key)))

    def test_token_of_another_issuer(self, other_key):
        with Emulator() as elsewhere:
            token = elsewhere.issue_token(other_key.public_key())
        self.send(self.request(signer=token_signer(token, other_key)))

    def test_token_with_another_session_key(self, other_key):
        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        token = self.aidp.issue_token(own.public_key())
        self.send(self.request(signer=token_signer(token, other_key)))

    def test_no_token(self, other_key):
        self.send(self.request(signer=token_signer("abc", other_key)))

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("rsa-sha256", "hmac-sha256"),
            ('version="1"', 'version="2"'),
            (',version="1"', ""),
            ('headers="', 'headers="date",headers="'),
        ],
    )
    def test_authorization_that_says_something_else(self, right, wrong):
        request = self.request()
        assert right in request.headers["authorization"]
        request.headers["authorization"] = request.headers["authorization"].replace(right, wrong, 1)
        self.send(request)


def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))


def token_signer(token, key):
    return oci.auth.signers.SecurityTokenSigner(token, key)


def test_date_within_the_allowed_skew(aidp):
    answer = create(aidp, headers={"date": http_date(time.time() - CLOCK_SKEW + 60)})
    assert answer.status_code == 200


def test_x_date_stands_for_date(aidp):
    signer = signer_of(aidp)
    signer.cover("x-date", "(request-target)", "host")
    request = prepared(
        aidp,
        "GET",
        path_of(aidp, SEARCH),
        headers={"x-date": http_date(time.time())},
        signer=signer,
    )
    request.headers["date"] = "never"
    assert send(request).status_code == 200


def test_more_may_be_covered_than_must(aidp):
    signer = signer_of(aidp)
    signer.create_signers(
        signer.api_key, signer.private_key, ["date", "(request-target)", "host", "x-more"], []
    )
    request = prepared(aidp, "GET", path_of(aidp, SEARCH), headers={"x-more": "1"}, signer=signer)
    assert send(request).status_code == 200


def test_a_query_is_signed_as_it_is_sent(aidp):
    answer = call(aidp, "GET", SEARCH, query={"filter": "name = 'a b+c%&é/?#'"})
    assert answer.status_code == 200


def test_the_clock_is_the_emulators():
    with Emulator(clock=lambda: time.time() + 3600) as aidp:
        answer = create(aidp)
    ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
    assert (answer.status_code, round(ahead, -2)) == (401, 3600)


def test_a_trusted_key_is_let_in(aidp, other_key):
    key_id = f"tenancy/user/{fingerprint(other_key.public_key())}"
    aidp.trust(key_id, other_key.public_key())
    assert create(aidp, signer=ApiKeySigner(key_id, other_key)).status_code == 200


def test_a_token_is_let_in(aidp, other_key):
    token = aidp.issue_token(other_key.public_key(), sub="ocid1.instance.oc1..x")
    assert create(aidp, signer=token_signer(token, other_key)).status_code == 200


def test_the_subject_of_a_token_is_the_user(aidp, other_key):
    token = aidp.issue_token(other_key.public_key(), sub="ocid1.instance.oc1..x")
    create(aidp, name="a")
    details = {"body": {"name": "a", "source": "s"}, "signer": token_signer(token, other_key)}
    answer = call(aidp, "POST", "model-versions/create", **details)
    assert answer.json()["model_version"]["user_id"] == "ocid1.instance.oc1..x"


def session_signer(aidp, profile):
    config = oci.config.from_file(aidp.config_file, profile)
    with open(config["security_token_file"]) as file:
        token = file.read()
    return token_signer(token, oci.signer.load_private_key_from_file(config["key_file"]))


def test_a_session_profile_is_let_in(aidp):
    signer = session_signer(aidp, aidp.session_profile())
    assert create(aidp, signer=signer).status_code == 200


def test_a_session_is_renewed_in_place(aidp):
    aidp.session_profile("S", lifetime=-1)
    file = oci.config.from_file(aidp.config_file, "S")["security_token_file"]
    aidp.session_profile("S")
    assert oci.config.from_file(aidp.config_file, "S")["security_token_file"] == file
    assert create(aidp, signer=session_signer(aidp, "S")).status_code == 200


def test_the_sdk_takes_the_token_for_valid(aidp, other_key):
    container = oci.auth.security_token_container.SecurityTokenContainer(
        None, aidp.issue_token(other_key.public_key())
    )
    assert container.valid_with_half_expiration_time()


def test_the_default_profile_survives_a_session_profile(aidp):
    aidp.session_profile()
    assert sdk_client(aidp).list_registered_models(aidp.ai_data_platform_id).status == 200
