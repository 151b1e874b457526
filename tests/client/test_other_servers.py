"""Answers without the platform's request id: of a proxy, a gateway, another server."""

from __future__ import annotations

import http.server
import pathlib
import threading
from urllib.parse import urlsplit

import mlflow
import pytest
from mlflow.exceptions import MlflowException, RestException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

NAME = "main.default.iris"
#: What the platform alone can say: MLflow and this package act on it.
OF_THE_PLATFORM = {
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_CONFLICT",
    "INVALID_PARAMETER_VALUE",
    "NOT_IMPLEMENTED",
    "ABORTED",
}
STATUSES = (200, 302, 400, 401, 403, 404, 405, 407, 409, 413, 429, 501, 502, 599)
CALLS = {
    "read": lambda uri, folder: AidpRegistryStore(uri).get_registered_model(NAME),
    "list": lambda uri, folder: AidpRegistryStore(uri).search_registered_models(),
    "claim of a name": lambda uri, folder: AidpRegistryStore(uri).create_registered_model(NAME),
    "delete": lambda uri, folder: AidpRegistryStore(uri).delete_registered_model(NAME),
    "read by name": lambda uri, folder: AidpTrackingStore(uri).get_experiment_by_name("x"),
    "read by POST": lambda uri, folder: AidpTrackingStore(uri).search_experiments(),
    "write": lambda uri, folder: AidpTrackingStore(uri).delete_run("a" * 32),
}
FILES = {
    "up": lambda repository, folder: repository.log_artifact(str(folder / "source.txt")),
    "down": lambda repository, folder: repository._download_file("a.txt", str(folder / "a.txt")),
    "list": lambda repository, folder: repository.list_artifacts(),
    "delete": lambda repository, folder: repository.delete_artifacts("a.txt"),
}


@pytest.fixture
def emulator(aidp, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return aidp


def assert_says_to_check_the_endpoint(problem, aidp):
    assert f"Check the endpoint {aidp.endpoint} (from the URI)" in str(problem)
    assert "opc-request-id" not in str(problem)
    assert problem.error_code not in OF_THE_PLATFORM


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_page_of_any_status_says_to_check_the_endpoint(emulator, tmp_path, call, status):
    location = {"location": "/elsewhere"} if status == 302 else {}
    emulator.faults.add(
        "html", status=status, is_of_another_server=True, headers=location, times=None
    )
    with pytest.raises(RestException) as caught:
        call(emulator.tracking_uri, tmp_path)
    problem = caught.value
    assert_says_to_check_the_endpoint(problem, emulator)
    assert "does not come from AI Data Platform" in problem.cause
    assert (problem.status, problem.is_from_platform) == (status, False)
    # Our own id is in the message, as ours.
    sent = emulator.exchanges[-1].headers["opc-request-id"]
    assert f"(HTTP {status}, sent as {sent})" in problem.cause


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("call", FILES.values(), ids=FILES)
def test_a_page_for_a_volume_says_to_check_the_endpoint(emulator, tmp_path, call, status):
    (tmp_path / "source.txt").write_text("about flowers")
    repository = VolumeArtifactRepository(
        "aidp:/Volumes/main/default/artifacts/x", emulator.tracking_uri
    )
    emulator.faults.add("html", status=status, is_of_another_server=True, times=None)
    with pytest.raises(MlflowException) as caught:
        call(repository, tmp_path)
    assert_says_to_check_the_endpoint(caught.value, emulator)
    assert [path.name for path in tmp_path.iterdir()] == ["source.txt"]


@pytest.mark.parametrize("status", [status for status in STATUSES if status != 302])
@pytest.mark.parametrize("call", FILES.values(), ids=FILES)
def test_a_page_for_object_storage_says_to_check_its_endpoint(emulator, tmp_path, call, status):
    (tmp_path / "source.txt").write_text("about flowers")
    repository = OciArtifactRepository("oci://aidp-emulator@emulator/x", emulator.tracking_uri)
    emulator.faults.add("html", status=status, is_of_another_server=True, times=None)
    with pytest.raises(MlflowException) as caught:
        call(repository, tmp_path)
    assert_says_to_check_the_endpoint(caught.value, emulator)
    assert "does not come from Object Storage" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["source.txt"]


def test_the_platforms_own_answers_have_their_own_words(emulator):
    """The proper answer next to all this."""
    with pytest.raises(RestException) as caught:
        AidpRegistryStore(emulator.uri).get_registered_model(NAME)
    problem = caught.value
    assert (problem.error_code, problem.is_from_platform) == ("RESOURCE_DOES_NOT_EXIST", True)
    assert f"(HTTP 404, opc-request-id {problem.request_id})" in problem.cause
    assert problem.request_id == emulator.exchanges[-1].request_id
    emulator.faults.add("status", status=501)
    with pytest.raises(RestException, match="Use one of the operations that the platform has"):
        AidpRegistryStore(emulator.uri).get_registered_model(NAME)


def test_no_experiment_is_made_because_a_gateway_has_no_such_page(emulator):
    mlflow.set_tracking_uri(emulator.tracking_uri)
    emulator.faults.add("html", status=404, is_of_another_server=True, times=None)
    with pytest.raises(RestException, match="ENDPOINT_NOT_FOUND"):
        mlflow.set_experiment("flowers")
    assert {exchange.verb for exchange in emulator.exchanges} == {"GET"}
    emulator.faults.clear()
    assert mlflow.set_experiment("flowers").name == "flowers"


def test_no_model_passes_for_registered_because_of_a_conflict_at_a_gateway(emulator):
    mlflow.set_registry_uri(emulator.uri)
    emulator.faults.add(
        "html", status=409, is_of_another_server=True, operation="create_registered_model"
    )
    with pytest.raises(RestException, match="BAD_REQUEST"):
        mlflow.register_model("s3://bucket/model", NAME)


@pytest.mark.parametrize("body", [b"", b"{}", b" {} \n"])
@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.search_experiments(),
        lambda store: store.get_experiment_by_name("x"),
        lambda store: store.create_experiment("x"),
    ],
    ids=["list", "read", "write"],
)
def test_a_success_that_holds_nothing_proves_nothing(emulator, call, body):
    emulator.faults.add("body", body=body, is_of_another_server=True, times=None)
    with pytest.raises(MlflowException) as caught:
        call(AidpTrackingStore(emulator.tracking_uri))
    assert_says_to_check_the_endpoint(caught.value, emulator)


def test_a_success_with_the_documented_content_proves_itself(emulator):
    """A proxy may take headers away, and no other server has a registered model of that name."""
    emulator.faults.add(
        "body",
        body=b'{"registered_model": {"name": "main.default.iris"}}',
        is_of_another_server=True,
    )
    assert AidpRegistryStore(emulator.uri).get_registered_model(NAME).name == NAME


def test_an_empty_answer_of_the_platform_is_one(emulator):
    emulator.faults.add("body", body=b"{}")
    assert AidpTrackingStore(emulator.tracking_uri).search_experiments() == []


# Which place says where requests go


@pytest.fixture
def other():
    """A web server that knows nothing of AI Data Platform; its address."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    ) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def signed(aidp, monkeypatch):
    """The user of the emulator, by variables; the URI names no endpoint."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("OCI_CLI_CONFIG_FILE", str(aidp.config_file))
    return f"aidp://{aidp.ai_data_platform_id}"


@pytest.mark.parametrize("variable", ["AIDP_ENDPOINT", "OCI_CLI_ENDPOINT"])
@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.get_registered_model(NAME),
        lambda store: store.create_registered_model(NAME),
    ],
    ids=["404 to a GET", "501 to a POST"],
)
def test_the_variable_of_the_endpoint_is_named(signed, other, monkeypatch, variable, call):
    monkeypatch.setenv(variable, other)
    with pytest.raises(RestException) as caught:
        call(AidpRegistryStore(signed))
    assert caught.value.remedy == (
        f"Check the endpoint {other} (from {variable}): another server answers there."
    )


def test_the_profile_of_the_endpoint_is_named_with_its_file(aidp, signed, other, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"{pathlib.Path(aidp.config_file).read_text()}\nendpoint={other}\n")
    with pytest.raises(RestException) as caught:
        AidpRegistryStore(f"{signed}?config_file={config}").get_registered_model(NAME)
    assert f"(from profile DEFAULT of {config}):" in caught.value.remedy


def test_the_proxy_in_between_is_named(signed, other, monkeypatch):
    proxy = other.replace("http://", "http://me:hunter2@")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("AIDP_ENDPOINT", "http://localhost:9")
    with pytest.raises(RestException) as caught:
        AidpRegistryStore(signed).get_registered_model(NAME)
    assert f"(from AIDP_ENDPOINT) and the proxy {other} (from HTTP_PROXY):" in caught.value.remedy
    assert "hunter2" not in str(caught.value)


def test_two_stores_of_one_session_name_both_places(signed, other, monkeypatch):
    monkeypatch.setenv("AIDP_ENDPOINT", other)
    first = AidpRegistryStore(signed)
    second = AidpRegistryStore(f"{signed}?endpoint={other}")
    assert first._session is second._session
    with pytest.raises(RestException, match=r"\(from AIDP_ENDPOINT or the URI\)"):
        second.get_registered_model(NAME)


def test_where_object_storage_is_comes_from_its_own_variable(signed, other, monkeypatch):
    monkeypatch.setenv("AIDP_OBJECT_STORAGE_ENDPOINT", other)
    with pytest.raises(MlflowException) as caught:
        OciArtifactRepository("oci://bucket@namespace/x").list_artifacts()
    assert f"Check the endpoint {other} (from AIDP_OBJECT_STORAGE_ENDPOINT)" in str(caught.value)


# What is too large


@pytest.mark.parametrize(
    ("status", "cause", "remedy"),
    [
        (413, "The request is too large.", "Send less in one call"),
        (414, "The address of the request is too long.", "Shorten the name or the filter"),
        (431, "The headers of the request are too large.", "Shorten DH_USER_PRINCIPAL"),
    ],
)
@pytest.mark.parametrize("is_of_another_server", [False, True])
def test_what_is_too_large_is_said_to_be(emulator, status, cause, remedy, is_of_another_server):
    emulator.faults.add("html", status=status, is_of_another_server=is_of_another_server)
    with pytest.raises(RestException) as caught:
        AidpRegistryStore(emulator.uri).update_registered_model(NAME, "a" * 100)
    problem = caught.value
    assert problem.cause.startswith(cause)
    assert problem.remedy.startswith(remedy)
    assert ("Check the endpoint" in problem.remedy) == is_of_another_server


def test_a_file_that_is_too_large_for_a_volume_or_a_bucket(emulator, tmp_path):
    (tmp_path / "source.txt").write_text("about flowers")
    volume = VolumeArtifactRepository("aidp:/Volumes/main/default/artifacts/x", emulator.uri)
    bucket = OciArtifactRepository("oci://aidp-emulator@emulator/x", emulator.uri)
    for repository in (volume, bucket):
        emulator.faults.add(
            "html", status=413, operation=lambda name: name in {"upload_file", "put_object"}
        )
        with pytest.raises(MlflowException, match="The request is too large") as caught:
            repository.log_artifact(str(tmp_path / "source.txt"))
        assert "a smaller file" in str(caught.value)


# Changes that may have taken effect


@pytest.mark.parametrize("is_of_another_server", [False, True])
@pytest.mark.parametrize(
    ("status", "is_known"), [(500, False), (502, False), (504, False), (429, True)]
)
def test_an_answer_of_a_server_in_between_leaves_a_change_uncertain(
    emulator, status, is_known, is_of_another_server
):
    store = AidpRegistryStore(emulator.uri)
    words = "Whether the change took effect is not known"
    emulator.faults.add("html", status=status, is_of_another_server=is_of_another_server, times=2)
    with pytest.raises(RestException) as changed:
        store.create_registered_model(NAME)
    with pytest.raises(RestException) as read:
        store.get_registered_model(NAME)
    assert (words in str(changed.value), words in str(read.value)) == (not is_known, False)


def test_a_long_or_escaping_message_of_another_server_is_cut_and_harmless(emulator):
    message = "\\u001b[31m" + "a" * 1000
    emulator.faults.add(
        "body", status=404, body=f'{{"message": "{message}"}}'.encode(), is_of_another_server=True
    )
    with pytest.raises(RestException) as caught:
        AidpRegistryStore(emulator.uri).get_registered_model(NAME)
    assert "It says '\\x1b[31maaa" in str(caught.value)
    assert len(str(caught.value)) < 700
    assert urlsplit(emulator.endpoint).netloc in str(caught.value)
