"""``check`` names the cause, and what to do: a test for each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import mlflow
import pytest

from mlflow_oci_aidp import __version__, mlflow_versions
from mlflow_oci_aidp.checks import diagnose
from mlflow_oci_aidp.checks.step import Case
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES
from tests.cli.conftest import read, run
from tests.support import cloud
from tests.support.certificates import new_key
from tests.support.environments import broken

PASS_PHRASE = "correct-horse-battery-staple"
SEARCH = "list_registered_models"
SEARCH_EXPERIMENTS = "list_experiments"


def failure(*arguments: str) -> tuple[str, str, str]:
    """The name of the one check that failed, its cause and its remedy."""
    result = run("check", *arguments, "--json")
    assert result.exit_code == 1, result.output
    (failed,) = (
        check for check in json.loads(result.stdout)["checks"] if check["status"] == "failed"
    )
    return failed["name"], failed["found"], failed["remedy"]


def statuses(report) -> dict[str, str]:
    return {check["name"]: check["status"] for check in report["checks"]}


# All is well


def test_all_is_well(aidp):
    result = run("check", aidp.uri)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "All is well.")


def test_over_tls_every_check_that_applies_is_ok(monkeypatch):
    with Emulator(tls=True) as aidp:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", aidp.ca_file)
        report = read("check", aidp.tracking_uri)
    assert {name for name, status in statuses(report).items() if status != "ok"} == {
        "region",
        "token",
    }


def test_it_reads_once_and_changes_nothing(aidp):
    run("check", aidp.uri)
    signed = [exchange.verb for exchange in aidp.exchanges if "authorization" in exchange.headers]
    assert signed == ["GET"]


@pytest.mark.parametrize(
    ("registry", "tracking", "checked"),
    [
        ("{uri}", "sqlite://", "{uri}"),
        ("{uri}", "{tracking_uri}", "{tracking_uri}"),
        ("", "{tracking_uri}", "{tracking_uri}"),
        ("https://elsewhere.invalid", "{tracking_uri}", "{tracking_uri}"),
    ],
)
def test_without_an_argument_it_checks_what_mlflow_uses(
    aidp, monkeypatch, registry, tracking, checked
):
    uris = {"uri": aidp.uri, "tracking_uri": aidp.tracking_uri}
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", registry.format(**uris))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking.format(**uris))
    assert read("check")["uri"] == checked.format(**uris)


def test_another_servers_uris_are_not_ours(aidp, monkeypatch):
    elsewhere = dict.fromkeys(
        ("MLFLOW_REGISTRY_URI", "MLFLOW_TRACKING_URI"), "https://elsewhere.invalid"
    )
    for name, value in {**aidp.environ, **elsewhere}.items():
        monkeypatch.setenv(name, value)
    assert read("check")["uri"] == "aidp://"


# What is shown


def test_each_setting_is_shown_with_its_source(here, monkeypatch):
    profile = here.api_key()
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", here.config(DEFAULT=profile))
    settings = {setting["name"]: setting for setting in read("check", here.uri())["settings"]}
    assert [
        (settings[name]["value"], settings[name]["source"])
        for name in ("endpoint", "config_file", "user")
    ] == [
        (here.aidp.endpoint, "the URI"),
        (str(here.folder / "config"), "OCI_CLI_CONFIG_FILE"),
        (profile["user"], "profile DEFAULT"),
    ]


def test_an_api_keys_identity_is_that_of_its_signature(here):
    profile = here.api_key()
    report = read("check", here.uri(config_file=here.config(DEFAULT=profile)))
    assert report["identity"] == {
        "mode": "api_key",
        "tenancy": profile["tenancy"],
        "user": profile["user"],
        "fingerprint": profile["fingerprint"],
    }


def test_a_sessions_identity_is_that_of_its_token(here):
    config = here.config(DEFAULT=here.session(sub="ocid1.user.oc1..somebody", tenant=cloud.TENANCY))
    identity = read("check", here.uri(config_file=config))["identity"]
    assert identity["mode"] == "security_token"
    assert (identity["principal"], identity["tenancy"]) == (
        "ocid1.user.oc1..somebody",
        cloud.TENANCY,
    )
    assert identity["token_expires"].endswith(" UTC")


def test_a_resource_principals_identity_is_that_of_its_token(here):
    here.setenv(cloud.resource_principal(here.issuer(sub="ocid1.notebook.oc1..one")))
    identity = read("check", here.uri())["identity"]
    assert (identity["mode"], identity["principal"]) == (
        "resource_principal",
        "ocid1.notebook.oc1..one",
    )


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_nothing_secret_is_shown(here, monkeypatch, options):
    here.secrets.append(
        monkeypatch.setenv("DH_USER_PRINCIPAL", "b3BlbiBzZXNhbWU=") or "b3BlbiBzZXNhbWU="
    )
    profile = here.api_key(PASS_PHRASE) | {"pass_phrase": PASS_PHRASE}
    result = run("check", here.uri(config_file=here.config(DEFAULT=profile)), *options)
    assert (result.exit_code, result.output.count("(not shown)")) == (0, 2)
    assert [secret for secret in here.secrets if secret in result.output] == []


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_password_in_a_uri_is_not_shown(options):
    result = run("check", "aidp://me:hunter2@ocid1.datalake.oc1.iad.x", *options)
    assert (result.exit_code, "hunter2" in result.output) == (1, False)


def test_a_text_report_names_cause_and_remedy(here):
    result = run("check", here.uri())
    assert result.exit_code == 1
    assert "failed   profile " in result.stdout
    assert "\n" + " " * 21 + "-> Make it with `oci setup config`" in result.stdout
    assert result.stdout.splitlines()[-1] == "Failed: profile."


# Whether MLflow and this package go together


def test_the_version_of_mlflow_and_the_tested_range_are_shown(aidp):
    first = read("check", aidp.tracking_uri)["checks"][0]
    assert (first["name"], first["status"]) == ("MLflow", "ok")
    assert first["found"] == (
        f"{mlflow.__version__}, tested with {mlflow_versions.OLDEST} "
        f"to {mlflow_versions.NEWEST}; the stores load"
    )


def test_the_version_of_mlflow_is_shown_where_settings_fail():
    report = json.loads(run("check", "aidp://", "--json").stdout)
    assert [(check["name"], check["status"]) for check in report["checks"][:3]] == [
        ("MLflow", "ok"),
        ("settings", "failed"),
        ("stores", "skipped"),
    ]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        pytest.param(
            "{aidp.uri}",
            "the registry store can be made; a tracking store needs a workspace",
            marks=pytest.mark.skipif(HAS_WORKSPACES, reason="MLflow's active one may be used"),
        ),
        ("{aidp.tracking_uri}", "the registry store and the tracking store can be made"),
    ],
)
def test_both_stores_are_made(aidp, uri, words):
    (stores,) = (
        check
        for check in read("check", uri.format(aidp=aidp))["checks"]
        if check["name"] == "stores"
    )
    assert (stores["status"], stores["found"]) == ("ok", words)


def test_a_newer_mlflow_is_a_warning_and_no_failure(aidp, monkeypatch):
    monkeypatch.setattr(mlflow_versions, "NEWEST", "3.0.99")
    report = read("check", aidp.tracking_uri)
    first = report["checks"][0]
    assert (report["ok"], first["status"], first["remedy"]) == (True, "warning", "")
    assert first["found"].startswith(
        f"MLflow {mlflow.__version__} is newer than 3.0.99, the newest that mlflow-oci-"
    )
    assert {
        status for name, status in statuses(report).items() if name in ("stores", "signed read")
    } == {"ok"}


def test_a_warning_is_the_last_line_of_the_text(aidp, monkeypatch):
    monkeypatch.setattr(mlflow_versions, "NEWEST", "3.0.99")
    done = run("check", aidp.tracking_uri)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "Nothing failed. Warnings: MLflow.",
    )
    assert "  warning  MLflow       MLflow " in done.stdout


def broken_check(
    aidp, folder, *options: str, modules: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    """Check a platform in a process where these modules cannot be imported."""
    return subprocess.run(
        [sys.executable, "-m", "mlflow_oci_aidp.cli", "check", aidp.tracking_uri, *options],
        capture_output=True,
        text=True,
        timeout=120,
        env=broken(folder, *modules),
    )


@pytest.mark.parametrize("store", ["registry", "tracking"])
def test_a_store_that_does_not_load_is_the_finding(aidp, tmp_path, store):
    done = broken_check(aidp, tmp_path, "--json", modules=(f"mlflow_oci_aidp.{store}.store",))
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    (failed,) = (check for check in report["checks"] if check["status"] == "failed")
    assert (failed["name"], report["ok"], statuses(report)["stores"]) == (
        "MLflow",
        False,
        "skipped",
    )
    assert failed["found"].startswith(
        f"The {store} store of mlflow-oci-aidp {__version__} cannot be loaded with MLflow "
    )
    assert failed["remedy"].startswith("Install both anew, `pip install ")
    assert statuses(report)["workspace"] == "ok"


@pytest.mark.parametrize(
    ("store", "interface"),
    [
        ("registry", "mlflow.store.model_registry.abstract_store.AbstractStore"),
        ("tracking", "mlflow.store.tracking.abstract_store.AbstractStore"),
    ],
)
def test_a_store_that_cannot_be_made_is_the_finding(aidp, monkeypatch, store, interface):
    """As with an MLflow whose base class takes other arguments."""

    def __init__(self, *arguments, **named):
        raise TypeError("missing 1 required argument: 'workspace'")

    # The emulator, in this process, has MLflow's stores of its own: it opens them now.
    assert run("check", aidp.tracking_uri, "--json").exit_code == 0
    monkeypatch.setattr(f"{interface}.__init__", __init__)
    result = run("check", aidp.tracking_uri, "--json")
    assert result.exit_code == 1
    (failed,) = (
        check for check in json.loads(result.stdout)["checks"] if check["status"] == "failed"
    )
    assert failed["name"] == "stores"
    assert f"The {store} store of mlflow-oci-aidp" in failed["found"]
    assert "missing 1 required argument" in failed["found"]


def test_every_store_that_does_not_load_is_named(aidp, tmp_path):
    modules = ("mlflow_oci_aidp.registry.store", "mlflow_oci_aidp.tracking.store")
    done = broken_check(aidp, tmp_path, modules=modules)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (
        1,
        "",
        "Failed: MLflow.",
    )
    assert "  failed   MLflow       The registry store of " in done.stdout
    assert " The tracking store of " in done.stdout


# What is configured


def test_no_config_file(here):
    name, cause, remedy = failure(here.uri())
    assert name == "profile"
    assert f"no OCI configuration file at {here.folder}/home/.oci/config" in cause
    assert "`oci setup config`" in remedy


def test_a_missing_profile(here):
    name, cause, remedy = failure(
        here.uri(config_file=here.config(DEFAULT=here.api_key()), profile="WORK")
    )
    assert (name, remedy) == ("settings", "There are: DEFAULT.")
    assert "The profile 'WORK' (from the URI) is not in" in cause


def test_a_missing_default_profile(here):
    _, cause, remedy = failure(here.uri(config_file=here.config(WORK=here.api_key())))
    assert "The profile DEFAULT of " in cause
    assert "does not exist" in cause
    assert "OCI_CLI_PROFILE" in remedy
    assert "WORK" in remedy


def test_a_profile_that_lacks_something(here):
    profile = here.api_key()
    del profile["fingerprint"], profile["tenancy"]
    name, cause, remedy = failure(here.uri(config_file=here.config(DEFAULT=profile)))
    assert name == "credentials"
    assert "needs tenancy, fingerprint" in cause
    assert "OCI_CLI_TENANCY, OCI_CLI_FINGERPRINT" in remedy


def test_no_instance():
    name, cause, remedy = failure("aidp://")
    assert name == "settings"
    assert "AIDP_INSTANCE_ID" in cause
    assert "aidp://<aiDataPlatformId>" in remedy


def test_an_unknown_region(here):
    name, cause, remedy = failure(f"aidp://{here.aidp.ai_data_platform_id}?region=us-nowhere-1")
    assert name == "settings"
    assert "The region 'us-nowhere-1' (from the URI) is not known" in cause
    assert "us-ashburn-1" in remedy


@pytest.mark.parametrize(
    ("setting", "value"),
    [("region", "eu-frankfurt-1"), ("endpoint", "https://aidp.eu-frankfurt-1.oci.oraclecloud.com")],
)
def test_a_wrong_region(here, setting, value):
    config = here.config(DEFAULT=here.api_key())
    uri = f"aidp://{here.aidp.ai_data_platform_id}?{setting}={value}&config_file={config}"
    name, cause, remedy = failure(uri)
    assert name == "region"
    assert f"eu-frankfurt-1 ({setting} from the URI)" in cause
    assert "it is in us-ashburn-1" in cause
    assert f"Leave {setting} out" in remedy


def test_what_needs_a_check_that_failed_is_skipped(here):
    config = here.config(DEFAULT=here.api_key())
    uri = f"aidp://{here.aidp.ai_data_platform_id}?region=eu-frankfurt-1&config_file={config}"
    report = json.loads(run("check", uri, "--json").stdout)
    after = ("signature", "name", "connection", "TLS", "clock", "signed read", "workspace")
    assert [statuses(report)[name] for name in after] == ["ok", *["skipped"] * 6]


# Who signs


def test_a_missing_key_file(here):
    profile = here.api_key() | {"key_file": "/nowhere/key.pem"}
    name, cause, remedy = failure(here.uri(config_file=here.config(DEFAULT=profile)))
    assert (name, cause) == (
        "credentials",
        "The file /nowhere/key.pem (key_file from profile DEFAULT) does not exist.",
    )
    assert "Correct key_file" in remedy


def test_a_key_that_does_not_match_the_fingerprint(here):
    profile, other = here.api_key(), here.api_key()
    config = here.config(DEFAULT=profile | {"key_file": other["key_file"]})
    name, cause, remedy = failure(here.uri(config_file=config))
    assert name == "fingerprint"
    assert f"has the fingerprint {other['fingerprint']}" in cause
    assert f"profile DEFAULT is {profile['fingerprint']}" in cause
    assert "Correct fingerprint or key_file" in remedy


def test_a_wrong_passphrase(here):
    config = here.config(DEFAULT=here.api_key(PASS_PHRASE) | {"pass_phrase": "guess"})
    name, cause, remedy = failure(here.uri(config_file=config))
    assert name == "private key"
    assert "the passphrase does not open it" in cause
    assert "OCI_CLI_PASSPHRASE" in remedy


def test_a_missing_passphrase(here):
    _, cause, remedy = failure(here.uri(config_file=here.config(DEFAULT=here.api_key(PASS_PHRASE))))
    assert "there is no passphrase" in cause
    assert "Add pass_phrase" in remedy


def test_a_file_that_is_no_private_key(here):
    profile = here.api_key() | {"key_file": here.file("notes.txt", "remember the milk")}
    name, cause, remedy = failure(here.uri(config_file=here.config(DEFAULT=profile)))
    assert name == "private key"
    assert "is not a private key in PEM form" in cause
    assert "BEGIN PRIVATE KEY" in remedy


def test_an_expired_session_token(here):
    name, cause, remedy = failure(
        here.uri(config_file=here.config(DEFAULT=here.session(lifetime=-60)))
    )
    assert name == "token"
    assert "has expired, at 2" in cause
    assert remedy == "Make a new session with `oci session authenticate --profile-name DEFAULT`."


def test_a_session_token_of_another_key(here):
    profile, other = here.session(), here.session()
    config = here.config(DEFAULT=profile | {"security_token_file": other["security_token_file"]})
    name, cause, _ = failure(here.uri(config_file=config))
    assert name == "token"
    assert "is of another key" in cause


def test_resource_principal_outside_oci(here):
    name, cause, remedy = failure(here.uri(auth="resource_principal"))
    assert name == "signature"
    assert "OCI_RESOURCE_PRINCIPAL_VERSION" in cause
    assert "OCI sets for its own workloads" in remedy


# Whether the endpoint can be reached


@pytest.fixture
def config(here) -> str:
    return here.config(DEFAULT=here.api_key())


def test_an_unreachable_endpoint(here, config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        name, cause, remedy = failure(here.uri(config_file=config, endpoint=f"http://{address}"))
    assert (name, cause) == ("connection", f"{address} refuses the connection.")
    assert "Check the endpoint's host and port" in remedy


def test_a_name_that_does_not_resolve(here, config):
    name, cause, remedy = failure(here.uri(config_file=config, endpoint="https://aidp.invalid"))
    assert (name, cause) == ("name", "The name aidp.invalid could not be resolved.")
    assert "DNS" in remedy


def test_offline_all_that_needs_no_network_is_checked(here, config):
    report = json.loads(
        run("check", here.uri(config_file=config, endpoint="https://aidp.invalid"), "--json").stdout
    )
    local = ("settings", "profile", "credentials", "private key", "fingerprint", "signature")
    assert {statuses(report)[name] for name in local} == {"ok"}


def test_an_untrusted_certificate():
    with Emulator(tls=True) as aidp:
        name, cause, remedy = failure(aidp.uri)
    assert name == "TLS"
    assert "is not trusted: " in cause
    assert "REQUESTS_CA_BUNDLE" in remedy


def test_a_bundle_of_certificates_that_is_not_there(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with Emulator(tls=True) as aidp:
        name, cause, remedy = failure(aidp.uri)
    assert (name, cause) == (
        "TLS",
        "REQUESTS_CA_BUNDLE names /nowhere/ca.pem, which does not exist.",
    )
    assert "unset it" in remedy


def test_https_where_http_is_spoken(here, config):
    name, cause, remedy = failure(
        here.uri(config_file=config, endpoint=here.aidp.endpoint.replace("http:", "https:"))
    )
    assert name == "TLS"
    assert "TLS failed" in cause
    assert "speaks TLS at this port" in remedy


@pytest.mark.parametrize(("kind", "delay"), [("hang", 0), ("slow_head", 0.1)])
def test_an_endpoint_that_does_not_answer(aidp, kind, delay):
    aidp.faults.add(kind, delay=delay, times=None)
    results = diagnose(Case(aidp.uri, timeout=0.3))
    (failed,) = [result for result in results if result.status == "failed"]
    assert failed.name == "TLS"
    assert "no answer in time" in failed.message


def test_an_endpoint_that_answers_slowly_and_in_time(aidp):
    aidp.faults.add("slow_head", delay=0.0005, times=None)
    assert "failed" not in {result.status for result in diagnose(Case(aidp.uri))}


def test_a_proxy_that_is_not_there(here, config, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:9")
    name, cause, remedy = failure(here.uri(config_file=config, endpoint="https://aidp.invalid"))
    assert (name, cause) == ("connection", "127.0.0.1:9 refuses the connection.")
    assert "hunter2" not in remedy


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3600, "60 minutes behind the service's"), (-3600, "60 minutes ahead of the service's")],
)
def test_a_clock_that_is_off_by_an_hour(seconds, words):
    with Emulator(clock=lambda: time.time() + seconds) as aidp:
        name, cause, remedy = failure(aidp.uri)
    assert name == "clock"
    assert words in cause
    assert remedy.startswith("Set the clock")


def test_a_clock_that_is_off_by_a_minute_is_right_enough():
    with Emulator(clock=lambda: time.time() + 60) as aidp:
        assert statuses(read("check", aidp.uri))["clock"] == "ok"


# Whether the platform lets this identity in


def test_a_key_that_the_platform_does_not_know(here):
    profile = here.api_key() | {"user": "ocid1.user.oc1..stranger"}
    name, cause, remedy = failure(here.uri(config_file=here.config(DEFAULT=profile)))
    assert name == "signed read"
    assert "does not accept the signature of ocid1.user.oc1..stranger (401)" in cause
    assert f"Upload the public key of {profile['fingerprint']}" in remedy


def test_a_session_that_the_platform_does_not_know(here):
    with Emulator() as elsewhere:
        token = elsewhere.issue_token(new_key().public_key(), jwk="")
    profile = here.session()
    with open(profile["security_token_file"], "w") as file:
        file.write(token)
    name, cause, remedy = failure(here.uri(config_file=here.config(DEFAULT=profile)))
    assert name == "signed read"
    assert "(401)" in cause
    assert "`oci session authenticate" in remedy


def test_a_missing_policy(aidp):
    aidp.faults.add("status", operation=SEARCH, status=404, times=None)
    name, cause, remedy = failure(aidp.uri)
    assert name == "signed read"
    assert "a policy is missing" in cause
    assert "ask for a policy" in remedy


def test_a_wrong_instance_id(aidp):
    wrong = "ocid1.datalake.oc1.iad.another"
    name, cause, remedy = failure(aidp.uri.replace(aidp.ai_data_platform_id, wrong))
    assert name == "signed read"
    assert f"no registered models of {wrong} (404)" in cause
    assert "Compare aiDataPlatformId (from the URI) with the OCID in the Console" in remedy


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("iris", "is not an OCID"), ("ocid1.bucket.oc1.iad.x", "another type of resource")],
)
def test_an_instance_id_that_cannot_be_one(wrong, words):
    name, cause, remedy = failure(f"aidp://{wrong}")
    assert name == "settings"
    assert words in cause
    assert "ocid1.datalake.<realm>.<region>.<unique>" in remedy


def test_an_answer_that_is_not_the_platforms(aidp):
    aidp.faults.add("html", status=404, times=None)
    name, cause, remedy = failure(aidp.uri)
    assert name == "signed read"
    assert "does not answer as an AI Data Platform does" in cause
    assert remedy == "Check the endpoint."


def test_a_service_that_is_down_is_asked_once(aidp):
    aidp.faults.add("status", operation=SEARCH, status=503, times=None)
    _, cause, remedy = failure(aidp.uri)
    assert "HTTP 503" in cause
    assert "later" in remedy
    assert aidp.faults.fired["status"] == 1


# Whether the workspace lets it in


def test_no_workspace_is_no_failure(aidp):
    last = read("check", aidp.uri)["checks"][-1]
    assert (last["name"], last["status"], last["remedy"]) == ("workspace", "skipped", "")
    assert last["found"].startswith("none is named")


def test_no_workspace_in_mlflows_tracking_uri_is_a_failure(aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.uri)
    done = run("check")
    assert (done.exit_code, "Failed: workspace." in done.stdout) == (1, True)
    assert "The tracking URI names no workspace" in done.stdout
    monkeypatch.setenv("AIDP_WORKSPACE_KEY", aidp.workspace_key)
    assert run("check").exit_code == 0


@pytest.mark.parametrize("place", ["the URI", "AIDP_WORKSPACE_KEY"])
def test_a_workspace_is_asked_for_one_experiment(aidp, monkeypatch, place):
    monkeypatch.setenv("AIDP_WORKSPACE_KEY", aidp.workspace_key)
    report = read("check", aidp.tracking_uri if place == "the URI" else aidp.uri)
    assert report["checks"][-1]["found"] == f"experiments of {aidp.workspace_key} can be searched"
    asked = aidp.exchanges[-1]
    assert (asked.operation, asked.body) == (SEARCH_EXPERIMENTS, {"max_results": 1})


@pytest.mark.skipif(not HAS_WORKSPACES, reason="this MLflow has no workspaces")
def test_the_active_workspace_is_asked_where_the_uri_names_none(aidp, monkeypatch):
    aidp.add_workspace("key-of-it", "research")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.uri)
    monkeypatch.setenv("MLFLOW_WORKSPACE", "research")
    assert read("check")["checks"][-1]["found"] == "experiments of key-of-it can be searched"
    monkeypatch.setenv("MLFLOW_WORKSPACE", "nobody")
    name, cause, _ = failure()
    assert (name, "has no workspace 'nobody'" in cause) == ("workspace", True)


def test_an_unknown_workspace(aidp):
    name, cause, remedy = failure(aidp.tracking_uri.replace(aidp.workspace_key, "another"))
    assert name == "workspace"
    assert "no experiments of the workspace another (404)" in cause
    assert "The registry can be read." in cause
    assert "Compare workspaceKey (from the URI) with the key" in remedy
    assert "ask for a policy" in remedy


def test_a_workspace_that_is_not_the_platforms(aidp):
    aidp.faults.add("html", operation=SEARCH_EXPERIMENTS, status=404, times=None)
    name, cause, remedy = failure(aidp.tracking_uri)
    assert (name, remedy) == ("workspace", "Check the endpoint.")
    assert "does not answer as an AI Data Platform does" in cause


def test_a_workspace_that_is_down_is_asked_once(aidp):
    aidp.faults.add("status", operation=SEARCH_EXPERIMENTS, status=503, times=None)
    name, cause, _ = failure(aidp.tracking_uri)
    assert (name, "HTTP 503" in cause) == ("workspace", True)
    assert aidp.faults.fired["status"] == 1


def test_the_environment_is_left_as_it_was(aidp):
    before = dict(os.environ)
    run("check", aidp.uri)
    assert dict(os.environ) == before
