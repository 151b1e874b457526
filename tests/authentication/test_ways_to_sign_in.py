"""Signing in, every way: who signed is read from what arrived, and the emulator verified it.

The signers are OCI's own. What they ask for tokens is on loopback, see ``tests/support/cloud.py``.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import oci
import pytest
from mlflow.exceptions import MlflowException

import mlflow_oci_aidp
from tests.support import cloud
from tests.support.certificates import new_key
from tests.support.machine import key_id, signature

PASS_PHRASE = "correct-horse-battery-staple"
DELEGATION_TOKEN = "delegated-by-the-user"


# api_key


def test_api_key_of_the_default_profile(here):
    user = here.api_key()
    config = here.config(DEFAULT=user)
    assert here.signer_of(here.client(config_file=config)) == key_id(user)


def test_api_key_of_a_named_profile(here):
    user = here.api_key()
    config = here.config(DEFAULT=here.api_key(), OTHER=user)
    assert here.signer_of(here.client(config_file=config, profile="OTHER")) == key_id(user)


def test_api_key_in_the_home_folder(here):
    user = here.api_key()
    key_file = here.file("home/.oci/key.pem", Path(user["key_file"]).read_text())
    assert os.path.expanduser("~/.oci/key.pem") == key_file
    shutil.move(
        here.config(DEFAULT=user | {"key_file": "~/.oci/key.pem"}), here.folder / "home/.oci/config"
    )
    assert here.signer_of(here.client()) == key_id(user)


@pytest.mark.parametrize(
    ("config_file", "profile"),
    [("OCI_CLI_CONFIG_FILE", "OCI_CLI_PROFILE"), ("OCI_CONFIG_FILE", "OCI_CONFIG_PROFILE")],
)
def test_config_file_and_profile_of_the_environment(here, config_file, profile):
    user = here.api_key()
    here.setenv({config_file: here.config(DEFAULT=here.api_key(), OTHER=user), profile: "OTHER"})
    assert here.signer_of(here.client()) == key_id(user)


def test_the_uri_comes_before_the_environment(here):
    user = here.api_key()
    here.setenv(
        {
            "OCI_CLI_CONFIG_FILE": "/nowhere",
            "OCI_CLI_PROFILE": "NOBODY",
            "OCI_CLI_AUTH": "security_token",
        }
    )
    config = here.config(DEFAULT=here.api_key(), OTHER=user)
    client = here.client(config_file=config, profile="OTHER", auth="api_key")
    assert here.signer_of(client) == key_id(user)


def test_the_environment_comes_before_the_profile(here):
    user = here.api_key()
    here.setenv({f"OCI_CLI_{name.upper()}": value for name, value in user.items()})
    assert here.signer_of(here.client(config_file=here.config(DEFAULT=here.api_key()))) == key_id(
        user
    )


def test_api_key_with_the_profiles_pass_phrase(here):
    user = here.api_key(PASS_PHRASE)
    config = here.config(DEFAULT=user | {"pass_phrase": PASS_PHRASE})
    assert here.signer_of(here.client(config_file=config)) == key_id(user)


def test_api_key_with_the_environments_pass_phrase(here):
    user = here.api_key(PASS_PHRASE)
    here.setenv({"OCI_CLI_PASSPHRASE": PASS_PHRASE})
    assert here.signer_of(here.client(config_file=here.config(DEFAULT=user))) == key_id(user)


@pytest.mark.parametrize("pass_phrase", [None, PASS_PHRASE])
def test_key_content_without_any_file(here, pass_phrase):
    user = here.api_key(pass_phrase)
    here.setenv(
        {
            "OCI_CLI_TENANCY": user["tenancy"],
            "OCI_CLI_USER": user["user"],
            "OCI_CLI_FINGERPRINT": user["fingerprint"],
            "OCI_CLI_KEY_CONTENT": Path(user["key_file"]).read_text(),
            "OCI_CLI_PASSPHRASE": pass_phrase or "",
        }
    )
    Path(user["key_file"]).unlink()
    assert here.signer_of(here.client()) == key_id(user)


def test_a_key_file_that_was_the_wrong_one_is_read_again(here):
    user, wrong = here.api_key(), here.api_key()
    right = Path(user["key_file"]).read_text()
    shutil.copy(wrong["key_file"], user["key_file"])
    config = here.config(DEFAULT=user)
    client, other = here.client(config_file=config), here.client(config_file=config)
    with pytest.raises(MlflowException, match="UNAUTHENTICATED"):
        client.search_registered_models()
    here.file(Path(user["key_file"]).name, right)
    here.aidp.exchanges.clear()
    # Both stores were made before. An API key is not read again after a 401, so nothing but the
    # new file makes them sign with it.
    for store in (client, other):
        store.search_registered_models()
    assert [exchange.status for exchange in here.aidp.exchanges] == [200, 200]


def test_a_key_file_that_was_broken_is_named_and_read_again(here):
    user = here.api_key()
    right = Path(user["key_file"]).read_text()
    here.file(Path(user["key_file"]).name, right[:400])
    client = here.client(config_file=here.config(DEFAULT=user))
    with pytest.raises(MlflowException, match=re.escape(user["key_file"])) as caught:
        client.search_registered_models()
    assert caught.value.error_code == "UNAUTHENTICATED"
    here.file(Path(user["key_file"]).name, right)
    assert here.signer_of(client) == key_id(user)


def test_while_a_key_file_is_written_calls_go_on_with_the_key_in_hand(here):
    user = here.api_key()
    client = here.client(config_file=here.config(DEFAULT=user))
    here.call(client)
    here.file(Path(user["key_file"]).name, Path(user["key_file"]).read_text()[:400])
    assert here.signer_of(client) == key_id(user)


# security_token


def test_a_profile_with_a_token_file_is_a_session(here):
    config = here.config(DEFAULT=here.api_key(), SESSION=here.session(mark="session"))
    assert (
        here.principal_of(here.client(config_file=config, profile="SESSION"))["mark"] == "session"
    )


def test_the_emulators_own_session_profile(here):
    profile = here.aidp.session_profile("OWN")
    assert here.principal_of(here.client(config_file=here.aidp.config_file, profile=profile))


def test_a_session_of_the_environment_alone(here):
    session = here.session(mark="environment")
    here.setenv(
        {
            "OCI_CLI_AUTH": "security_token",
            "OCI_CLI_SECURITY_TOKEN_FILE": session["security_token_file"],
            "OCI_CLI_KEY_FILE": session["key_file"],
        }
    )
    assert here.principal_of(here.client())["mark"] == "environment"


def test_a_session_does_not_need_fingerprint_or_tenancy(here):
    session = here.session(mark="bare")
    del session["fingerprint"], session["tenancy"]
    assert (
        here.principal_of(here.client(config_file=here.config(DEFAULT=session)))["mark"] == "bare"
    )


def test_the_chosen_way_comes_before_what_the_profile_says(here):
    user = here.api_key()
    config = here.config(DEFAULT=here.session() | user)
    assert here.signer_of(here.client(config_file=config, auth="api_key")) == key_id(user)


def test_a_session_in_the_default_profile_does_not_make_others_sessions(here):
    # A configuration file passes DEFAULT's entries on to every profile.
    user = here.api_key()
    config = here.config(DEFAULT=here.session(), OTHER=user)
    assert here.signer_of(here.client(config_file=config, profile="OTHER")) == key_id(user)


def test_an_api_key_in_the_default_profile_does_not_make_others_api_keys(here):
    config = here.config(DEFAULT=here.api_key(PASS_PHRASE), SESSION=here.session(mark="mine"))
    assert here.principal_of(here.client(config_file=config, profile="SESSION"))["mark"] == "mine"


def test_a_session_renewed_on_disk_is_picked_up(here):
    session, renewed = here.session(), here.session(mark="renewed")
    client = here.client(config_file=here.config(DEFAULT=session))
    here.call(client)
    for name in ("key_file", "security_token_file"):
        os.replace(renewed[name], session[name])
    here.aidp.exchanges.clear()
    assert here.principal_of(client)["mark"] == "renewed"
    assert {exchange.status for exchange in here.aidp.exchanges} == {200}


def test_a_key_renewed_on_disk_is_picked_up_though_the_token_is_the_same(here):
    session, other = here.session(), here.session(mark="other")
    mismatched = session | {"security_token_file": other["security_token_file"]}
    client = here.client(config_file=here.config(DEFAULT=mismatched))
    with pytest.raises(MlflowException, match="UNAUTHENTICATED"):
        client.search_registered_models()
    os.replace(other["key_file"], session["key_file"])
    here.aidp.exchanges.clear()
    client.search_registered_models()
    # With the old key there would be a 401 first, after which key and token are read again anyway.
    assert [exchange.status for exchange in here.aidp.exchanges] == [200]


@pytest.mark.parametrize("content", ["", "half a tok", None])
def test_a_session_that_is_just_being_renewed_goes_on_with_the_token_in_hand(here, content):
    session = here.session(mark="first")
    client = here.client(config_file=here.config(DEFAULT=session))
    here.call(client)
    token = Path(session["security_token_file"])
    if content is None:
        token.unlink()
    else:
        token.write_text(content)
    assert here.principal_of(client)["mark"] == "first"


def test_a_session_whose_file_is_gone_and_whose_token_is_refused_is_an_error_that_says_so(here):
    session = here.session()
    client = here.client(config_file=here.config(DEFAULT=session))
    here.call(client)
    os.unlink(session["security_token_file"])
    here.aidp.faults.add("status", status=401)
    with pytest.raises(MlflowException, match=r"does not exist.*oci session refresh"):
        client.search_registered_models()


# resource_principal


@pytest.mark.parametrize("kind", ["inline", "files", "pass_phrase"])
def test_resource_principal(here, kind):
    options = {
        "inline": {},
        "files": {"folder": here.folder},
        "pass_phrase": {"pass_phrase": PASS_PHRASE},
    }
    here.setenv(cloud.resource_principal(here.issuer(ptype="resource"), **options[kind]))
    assert here.principal_of(here.client(auth="resource_principal"))["ptype"] == "resource"


def test_resource_principal_is_the_default_without_a_config_file(here):
    here.setenv(cloud.resource_principal(here.issuer(ptype="resource")))
    assert here.principal_of(here.client())["ptype"] == "resource"


def test_a_profile_comes_before_the_resource_principal(here):
    user = here.api_key()
    here.setenv(cloud.resource_principal(here.issuer()))
    assert here.signer_of(here.client(config_file=here.config(DEFAULT=user))) == key_id(user)


def test_resource_principal_chosen_beside_a_profile(here):
    here.setenv(cloud.resource_principal(here.issuer(ptype="resource")))
    here.setenv({"OCI_CLI_AUTH": "resource_principal"})
    client = here.client(config_file=here.config(DEFAULT=here.api_key()))
    assert here.principal_of(client)["ptype"] == "resource"


# instance_principal


@pytest.mark.parametrize("where", ["URI", "environment"])
def test_instance_principal(here, instance, where):
    if where == "environment":
        here.setenv({"OCI_CLI_AUTH": "instance_principal"})
    settings = {"auth": "instance_principal"} if where == "URI" else {}
    with instance(ptype="instance"):
        assert here.principal_of(here.client(**settings))["ptype"] == "instance"


def test_an_instance_asks_for_one_token_for_many_calls(here, instance):
    with instance() as vm:
        client = here.client(auth="instance_principal")
        here.call(client)
        here.call(client)
        assert len(vm.federated) == 1


def test_an_instances_token_is_renewed_before_it_expires(here, instance):
    with instance(lifetime=30) as vm:  # the signer renews a minute before
        here.call(here.client(auth="instance_principal"))
        assert len(vm.federated) > 1
    assert {exchange.status for exchange in here.aidp.exchanges} == {200}


def test_an_instances_token_that_is_refused_is_replaced_and_the_request_sent_once_more(
    here, instance
):
    with instance() as vm:
        client = here.client(auth="instance_principal")
        here.call(client)
        tokens, requests = len(vm.federated), len(here.aidp.exchanges)
        here.aidp.faults.add("status", status=401)
        client.search_registered_models()
        assert len(vm.federated) == tokens + 1
    assert [exchange.status for exchange in here.aidp.exchanges[requests:]] == [401, 200]


def test_an_instance_whose_every_token_is_refused_tries_once_more_and_no_oftener(here, instance):
    with instance():
        client = here.client(auth="instance_principal")
        here.aidp.faults.add("status", status=401, times=None)
        with pytest.raises(MlflowException) as caught:
            client.search_registered_models()
    assert caught.value.error_code == "UNAUTHENTICATED"
    assert len(here.aidp.exchanges) == 2


# instance_principal_with_delegation_token


@pytest.mark.parametrize("where", ["profile", "URI"])
def test_instance_principal_with_delegation_token(here, instance, where):
    profile = {"delegation_token_file": here.file("delegation", DELEGATION_TOKEN + "\n")}
    settings = {"auth": "instance_principal_with_delegation_token"} if where == "URI" else {}
    if where == "profile":
        profile["authentication_type"] = "instance_principal"
    with instance(ptype="instance"):
        client = here.client(config_file=here.config(DEFAULT=profile), **settings)
        assert here.principal_of(client)["ptype"] == "instance"
    for exchange in here.aidp.exchanges:
        assert exchange.headers["opc-obo-token"] == DELEGATION_TOKEN
        assert "opc-obo-token" in signature(exchange.headers)["headers"].split()


# oke_workload_identity


def test_oke_workload_identity(here, pod):
    assert here.principal_of(here.client(auth="oke_workload_identity"))["ptype"] == "workload"
    assert pod.sessions == 1


# Cookies


def test_the_cookies_of_a_clouds_services_are_not_kept(here, instance):
    with instance(lifetime=30) as found:  # the signer renews a minute before
        client = here.client(auth="instance_principal")
        here.call(client)
        # While a signer is made, OCI's own code may send back a cookie that it just got.
        tokens, _ = len(found.federated), found.cookies.clear()
        here.call(client)
        assert len(found.federated) > tokens
        assert found.cookies == []


def test_the_cookies_of_a_cluster_are_not_kept(here, pod):
    client = here.client(auth="oke_workload_identity")
    here.call(client)
    here.aidp.faults.add("status", status=401)
    client.search_registered_models()
    assert (pod.sessions, pod.cookies) == (2, [])


# use_signer


def test_a_signer_of_the_programs_own_comes_before_every_setting(here):
    user = here.api_key()
    mlflow_oci_aidp.use_signer(oci.signer.Signer.from_config(user | {"region": "us-ashburn-1"}))
    client = here.client(config_file=here.config(DEFAULT=here.api_key()), auth="api_key")
    assert here.signer_of(client) == key_id(user)


def test_a_token_signer_of_the_programs_own(here):
    key = new_key()
    token = here.aidp.issue_token(key.public_key(), mark="own")
    mlflow_oci_aidp.use_signer(oci.auth.signers.SecurityTokenSigner(token, key))
    assert here.principal_of(here.client())["mark"] == "own"


def test_without_a_signer_the_settings_hold_again(here):
    user = here.api_key()
    mlflow_oci_aidp.use_signer(
        oci.signer.Signer.from_config(here.api_key() | {"region": "us-ashburn-1"})
    )
    client = here.client(config_file=here.config(DEFAULT=user))
    here.call(client)
    here.aidp.exchanges.clear()
    mlflow_oci_aidp.use_signer(None)
    assert here.signer_of(client) == key_id(user)


def test_what_cannot_sign_is_no_signer():
    with pytest.raises(MlflowException) as refused:
        mlflow_oci_aidp.use_signer("ocid1.user")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


# signed_by


def test_a_signer_of_a_block_holds_in_it_and_in_its_thread_alone(here):
    mine, process, block = here.api_key(), here.api_key(), here.api_key()
    client = here.client(config_file=here.config(DEFAULT=mine))

    def signer_now():
        here.aidp.exchanges.clear()
        return here.signer_of(client)

    def signer_of_another_thread():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(signer_now).result()

    def signer(user):
        return oci.signer.Signer.from_config(user | {"region": "us-ashburn-1"})

    with mlflow_oci_aidp.signed_by(signer(block)):
        assert signer_now() == key_id(block)
        assert signer_of_another_thread() == key_id(mine)
        mlflow_oci_aidp.use_signer(signer(process))
        assert signer_now() == key_id(block)
    assert signer_now() == key_id(process)


def test_blocks_of_tasks_and_of_user_principals_do_not_mix(here):
    users = here.api_key(), here.api_key()
    client = here.client(config_file=here.config(DEFAULT=here.api_key()))

    def who():
        client.search_registered_models()
        headers = here.aidp.exchanges[-1].headers
        return signature(headers)["keyId"], headers.get("dh-user-principal")

    async def task(user, principal):
        own = oci.signer.Signer.from_config(user | {"region": "us-ashburn-1"})
        seen = []
        with mlflow_oci_aidp.user_principal(principal):
            await asyncio.sleep(0)
            with mlflow_oci_aidp.signed_by(own):
                await asyncio.sleep(0)
                seen.append(who())
            await asyncio.sleep(0)
            seen.append(who())
        return seen

    async def both():
        return await asyncio.gather(*map(task, users, ("YQ==", "Yg==")))

    mine = who()[0]
    for user, principal, seen in zip(users, ("YQ==", "Yg=="), asyncio.run(both()), strict=True):
        assert seen == [(key_id(user), principal), (mine, principal)]
    assert who() == (mine, None)


@pytest.mark.parametrize("signer", ["ocid1.user", None])
def test_a_block_without_a_signer_is_refused(signer):
    with pytest.raises(MlflowException) as refused:
        mlflow_oci_aidp.signed_by(signer)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
