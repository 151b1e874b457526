"""Every operation, whose answers have another shape: a result, or an ``MlflowException``.

The operations are those of the fault suite, so that a new one is covered for nothing. The answers
are those of the emulator, with other values in them, and come over a socket.
"""

from __future__ import annotations

import contextlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository
from mlflow_oci_aidp.artifacts.object_storage.parts import TransferOptions
from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository
from mlflow_oci_aidp.client.retry import RetryPolicy
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.session import Session
from mlflow_oci_aidp.settings import resolve
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.faults import registry_plan, tracking_plan
from tests.shapes.mutations import mutated
from tests.shapes.test_readers import use
from tests.support.answers import Answer, Answers, Asked, serving

STORES = {"registry": AidpRegistryStore, "tracking": AidpTrackingStore}
PLANS = {"registry": registry_plan, "tracking": tracking_plan}
OPERATIONS = [(part, name) for part, plan in PLANS.items() for name in plan.PLAN]

few = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def platform() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def server() -> Iterator[Answers]:
    with serving() as answers:
        yield answers


@pytest.fixture(scope="module")
def new_store(platform) -> Callable[[str, str], Any]:
    """Makes a store that remembers nothing, and makes each request once."""
    identity = Session(resolve(platform.tracking_uri)).identity

    def make(part: str, uri: str) -> Any:
        session = Session(resolve(uri), RetryPolicy(max_retries=0, timeout=10), None, identity)
        return STORES[part](uri, session=session)

    return make


@pytest.fixture(scope="module")
def recorded(platform, new_store) -> Callable[[str, str], dict[str, Any]]:
    """Returns the emulator's answers to an operation by path, and prepares the plan for them."""
    recordings: dict[tuple[str, str], tuple[dict[str, Any], dict[str, str]]] = {}

    def record(part: str, name: str) -> dict[str, Any]:
        if (part, name) not in recordings:
            PLANS[part].prepare(new_store(part, platform.tracking_uri), name)
            platform.exchanges.clear()
            PLANS[part].PLAN[name].call(new_store(part, platform.tracking_uri))
            answers = {exchange.path: exchange.answer for exchange in platform.exchanges}
            recordings[part, name] = answers, dict(tracking_plan._here)
        answers, here = recordings[part, name]
        tracking_plan._here.update(here)
        return answers

    return record


@pytest.fixture(scope="module")
def call(platform, server, new_store) -> Callable[[str, str], Any]:
    """Makes the call of an operation to the server."""
    uri = server.uri(platform)
    return lambda part, name: PLANS[part].PLAN[name].call(new_store(part, uri))


@pytest.mark.parametrize(("part", "name"), OPERATIONS)
@few
@given(data=st.data())
def test_an_answer_of_another_shape(server, call, recorded, part, name, data):
    answers = recorded(part, name)
    path = data.draw(st.sampled_from(sorted(answers)))
    other = {**answers, path: data.draw(mutated(answers[path] or {}))}
    server.respond = lambda asked: Answer(other.get(asked.path, {}))
    with contextlib.suppress(MlflowException):
        # Aliases of a version are read where it is used.
        use(call(part, name))


@pytest.mark.parametrize(("part", "name"), OPERATIONS)
def test_the_answers_of_the_platform(server, call, recorded, part, name):
    """Without another value in them: they are no reason for an exception."""
    answers = recorded(part, name)
    model = {"registered_model": {"name": registry_plan.NAME}}
    server.respond = lambda asked: Answer(answers.get(asked.path, model))
    use(call(part, name))


BODIES = [b"", b"null", b"[]", b"5", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b"{}" * 2]
BODIES += [b'{"registered_model": {"name": "half \\ud800"}}', '{"a": 1}'.encode("utf-16")]
BODIES += [b'{"registered_model": {"name": "raw \xed\xa0\x80"}}']


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize(
    ("part", "name"), [("registry", "get_registered_model"), ("tracking", "search_runs")]
)
def test_a_body_that_is_no_object(server, call, recorded, part, name, body):
    recorded(part, name)
    server.respond = lambda asked: Answer(body)
    if name == "search_runs" and not body:
        use(call(part, name))
        return
    with pytest.raises(MlflowException):
        call(part, name)


# --- artifacts


@dataclass
class Recorded:
    """What a repository asks for, with the proper answers.

    Attributes:
        call: The call.
        bodies: The JSON of each answer, by verb and path.
        headers: The headers of each answer, likewise.
    """

    call: Callable[[Any], Any]
    bodies: dict[tuple[str, str], Any] = field(default_factory=dict)
    headers: dict[tuple[str, str], dict[str, str | None]] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answer:
        path = asked.path.rstrip("/")
        path = next((end for end in LISTS if path.endswith(end)), path)
        more = self.headers.get((asked.verb, path), {})
        if (asked.verb, path) in self.bodies:
            # Not what the server makes of JSON: the client of Object Storage goes by the type.
            body = json.dumps(self.bodies[asked.verb, path]).encode()
            return Answer(body, headers={"content-type": "application/json", **more})
        if asked.verb == "PUT":
            digest = b64encode(md5(asked.body).digest()).decode()
            return Answer(b"", headers={"opc-content-md5": digest, **more})
        if "range" in asked.headers:
            first, _, last = asked.headers["range"][6:].partition("-")
            where = {"content-range": f"bytes {first}-{last}/{len(CONTENT)}"}
            return Answer(CONTENT[int(first) : int(last) + 1], 206, {**dict(more), **where})
        return Answer(b"" if asked.path.startswith(UPLOADS) else CONTENT, 200, dict(more))


def multipart_md5(size: int) -> str:
    digests = [md5(CONTENT[start : start + size]).digest() for start in range(0, 13, size)]
    return f"{b64encode(md5(b''.join(digests)).digest()).decode()}-{len(digests)}"


CONTENT = b"about flowers"
OBJECT = {"etag": "1", "opc-meta-mlflow-part-size": "5", "opc-multipart-md5": multipart_md5(5)}
LIST = {"objects": [{"name": "x/a", "size": 13}, {"name": "x/b/c", "size": 13}], "prefixes": []}
OBJECTS, UPLOADS = "/n/n/b/b/o", "/n/n/b/b/u"
BUCKET: Mapping[str, Recorded] = {
    "list": Recorded(lambda repository: repository.list_artifacts(), {("GET", OBJECTS): LIST}),
    "delete": Recorded(lambda repository: repository.delete_artifacts(), {("GET", OBJECTS): LIST}),
    "download": Recorded(
        lambda repository: repository.download_artifacts(""),
        {("GET", OBJECTS): LIST},
        {("GET", f"{OBJECTS}/x/a"): OBJECT, ("GET", f"{OBJECTS}/x/b/c"): OBJECT},
    ),
    "upload": Recorded(
        lambda repository: repository.log_artifact(repository.file),
        {("POST", UPLOADS): {"uploadId": "u", "namespace": "n", "bucket": "b", "object": "x/file"}},
        {
            ("PUT", f"{UPLOADS}/x/file"): {"etag": "1"},
            ("POST", f"{UPLOADS}/x/file"): {"etag": "1", "opc-multipart-md5": multipart_md5(5)},
        },
    ),
}
FILES = {
    "items": [
        {"displayName": "a", "path": "/x/a", "type": "FILE", "metadata": {"size": "13"}},
        {"displayName": "b", "path": "/x/b", "type": "FILE", "metadata": None},
    ]
}
LISTS = {"/volumes": {"items": [{"displayName": "v", "key": "k"}]}, "/files": FILES}
VOLUME: Mapping[str, Recorded] = {
    name: Recorded(call, {("GET", path): body for path, body in LISTS.items()})
    for name, call in {
        "list": lambda repository: repository.list_artifacts(),
        "delete": lambda repository: repository.delete_artifacts(),
        "download": lambda repository: repository.download_artifacts(""),
        "upload": lambda repository: repository.log_artifact(repository.file),
    }.items()
}
ARTIFACTS = {"bucket": BUCKET, "volume": VOLUME}
#: Headers that somebody may send in the place of any other.
HEADERS = st.sampled_from(["", "0", "-1", "abc", "9" * 5000, str(10**30), "\xb2", "a,b", None])


CALLS = [(kind, name) for kind, calls in ARTIFACTS.items() for name in calls]


@pytest.fixture
def repositories(platform, server, tmp_path, monkeypatch) -> dict[str, Any]:
    """Repositories whose calls go to the server, once, with a file to upload."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    uri = server.uri(platform)
    options = TransferOptions(part_size=5)
    repositories: dict[str, Any] = {
        "bucket": OciArtifactRepository("oci://b@n/x", uri, options=options),
        "volume": VolumeArtifactRepository("aidp:/Volumes/c/s/v/x", uri),
    }
    (tmp_path / "file").write_bytes(CONTENT)
    for repository in repositories.values():
        repository.file = str(tmp_path / "file")
    return repositories


@pytest.mark.parametrize(("kind", "name"), CALLS)
def test_the_answers_of_the_service(server, repositories, kind, name):
    server.respond = ARTIFACTS[kind][name]
    use(ARTIFACTS[kind][name].call(repositories[kind]))


@pytest.mark.parametrize(("kind", "name"), CALLS)
@settings(few, max_examples=40)
@given(data=st.data())
def test_an_answer_about_artifacts_of_another_shape(server, repositories, kind, name, data):
    recorded = ARTIFACTS[kind][name]
    bodies, headers = dict(recorded.bodies), dict(recorded.headers)
    place = data.draw(st.sampled_from(sorted({*bodies, *headers})))
    if place in bodies:
        bodies[place] = data.draw(mutated(bodies[place]))
    else:
        header = data.draw(st.sampled_from([*headers[place], "content-length"]))
        headers[place] = {**headers[place], header: data.draw(HEADERS)}
    server.respond = Recorded(recorded.call, bodies, headers)
    repositories["volume"]._client._key = None  # It is looked up once.
    with contextlib.suppress(MlflowException):
        use(recorded.call(repositories[kind]))


@pytest.mark.parametrize("body", [None, {}, {"uploadId": None}, {"uploadId": 5}, [], "x"])
def test_an_upload_without_an_id_is_refused(server, repositories, body):
    upload = BUCKET["upload"]
    server.respond = Recorded(upload.call, {("POST", UPLOADS): body}, upload.headers)
    with pytest.raises(MlflowException, match="not as documented"):
        upload.call(repositories["bucket"])


@pytest.mark.parametrize("header", ["etag", "opc-content-md5"])
def test_a_part_without_its_headers_is_refused(server, repositories, header):
    upload = BUCKET["upload"]
    place = ("PUT", f"{UPLOADS}/x/file")
    headers = {**upload.headers, place: {**upload.headers[place], header: None}}
    server.respond = Recorded(upload.call, upload.bodies, headers)
    with pytest.raises(MlflowException, match="not as documented"):
        upload.call(repositories["bucket"])
