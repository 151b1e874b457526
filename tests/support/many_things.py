"""A server on loopback with as many things of each kind as a test wants.

It makes each page when it is asked for, so that 100,000 things cost no memory. It writes down what
it was asked for.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]

#: The size of a page if the request names none, and the longest page. [emulator]
DEFAULT, LONGEST = 100, 1000
#: The size of a page of inferences. [aidp-python-client 5.1.1]
INFERENCES = 20
#: The most aliases of a registered model.
ALIASES = 100
#: The deployments of each registered model that has some.
DEPLOYMENTS_OF_A_MODEL = 10
TIME = 1_700_000_000_000


def run_id(number: int) -> str:
    return f"{number:032x}"


def experiment(number: int) -> Json:
    return {
        "experiment_id": str(number),
        "name": f"experiment {number}",
        "artifact_location": f"oci://bucket@space/{number}",
        "lifecycle_stage": "active",
        "creation_time": TIME + number,
        "tags": [{"key": "team", "value": "ml"}],
    }


def run(number: int, *, model: bool = False) -> Json:
    tags = [{"key": "team", "value": "ml"}]
    if model:
        key = "mlflow_oci_aidp.logged_model.01234567"
        head = {"name": f"model {number}", "folder": "model.01234567", "created": TIME + number}
        status = {"status": "READY", "updated": TIME + number}
        tags += [
            {"key": "mlflow_oci_aidp.logged_models", "value": "true"},
            {"key": key, "value": json.dumps(head)},
            {"key": f"{key}.status", "value": json.dumps(status)},
        ]
    return {
        "info": {
            "run_id": run_id(number),
            "run_name": f"run {number}",
            "experiment_id": "7",
            "status": "FINISHED",
            "start_time": TIME + number,
            "end_time": TIME + number + 1000,
            "artifact_uri": f"oci://bucket@space/7/{run_id(number)}/artifacts",
            "lifecycle_stage": "active",
        },
        "data": {
            "metrics": [{"key": "loss", "value": 0.5, "timestamp": TIME, "step": 1}],
            "params": [{"key": "depth", "value": str(number)}],
            "tags": tags,
        },
    }


def listed_model(number: int) -> Json:
    return {
        "info": {
            "model_id": f"m-{number:032x}",
            "experiment_id": "7",
            "name": f"listed {number}",
            "creation_timestamp_ms": TIME + number,
            "status": "LOGGED_MODEL_READY",
            "tags": [{"key": "team", "value": "ml"}],
        }
    }


def registered_model(number: int) -> Json:
    """Return a registered model; every second one is a prompt."""
    tags = [{"key": "team", "value": "ml"}]
    if number % 2:
        tags.append({"key": "mlflow.prompt.is_prompt", "value": "true"})
    name = f"main.default.model{number}"
    return {
        "name": name,
        "creation_timestamp": TIME + number,
        "last_updated_timestamp": TIME + number,
        "latest_versions": [model_version(number, name)],
        "tags": tags,
    }


def deployed_model(number: int) -> Json:
    summary = {"total_deployment": DEPLOYMENTS_OF_A_MODEL}
    return {**registered_model(number), "deployment_summary": summary}


def model_version(number: int, name: str = "main.default.iris") -> Json:
    return {
        "name": name,
        "version": str(number + 1),
        "creation_timestamp": TIME + number,
        "last_updated_timestamp": TIME + number,
        "current_stage": "None",
        "source": f"runs:/{run_id(number)}/model",
        "run_id": run_id(number),
        "status": "READY",
    }


def metric(number: int) -> Json:
    return {"key": "loss", "value": number / 7, "timestamp": TIME + number, "step": number}


def deployment(number: int) -> Json:
    return {
        "deployment_id": f"{number:032x}",
        "name": f"deployment {number}",
        "model_name": f"main.default.model{number // DEPLOYMENTS_OF_A_MODEL}",
        "status": "INACTIVE",
        "created_time": "2026-01-01T00:00:00Z",
    }


def activity(number: int) -> Json:
    return {
        "activity_id": str(number),
        "operation_type": "ACTIVATE",
        "status": "SUCCESS",
        "start_time": "2026-01-01T00:00:00Z",
    }


def inference(number: int) -> Json:
    return {"requestId": f"request/{number}", "status": 200, "latencyInMs": 7}


def grant(number: int) -> Json:
    return {
        "grantee": f"ocid1.user.oc1..{number}",
        "granteeName": f"user {number}",
        "granteeType": "USER",
        "granteePermissions": ["READ"],
        "isInherited": False,
        "resourceName": "main.default.iris",
    }


def workspace(number: int) -> Json:
    return {
        "key": f"00000000-0000-0000-0000-{number:012x}",
        "displayName": f"workspace-{number}",
        "lifecycleState": "ACTIVE",
    }


def file(number: int) -> Json:
    return {"path": f"/folder/file{number:09d}", "type": "FILE", "metadata": {"size": 7}}


class ManyThings:
    """The things that the server has, and the requests that reached it.

    Args:
        count: How many things there are of each kind.
        longest_models: The longest page of logged models that the platform lists; a longer one is
            refused.
        listed: How many logged models the platform lists; ``count`` if None.
    """

    def __init__(
        self, count: int, *, longest_models: int = LONGEST, listed: int | None = None
    ) -> None:
        self.count = count
        self.longest_models = longest_models
        self.listed = count if listed is None else listed
        #: How often each path was asked for, without what is before ``/mlflow``.
        self.asked: Counter[str] = Counter()
        #: The most experiments that one request named.
        self.most_experiments = 0
        #: Called with each path before it is answered.
        self.before: Callable[[str], None] = lambda path: None
        #: Called with the headers of each request.
        self.note_headers: Callable[[Message], None] = lambda headers: None

    @property
    def requests(self) -> int:
        """How many requests there were in all."""
        return self.asked.total()

    def answer(self, target: str, body: bytes) -> tuple[int, Json, dict[str, str]]:
        """Return status, body and headers of an answer."""
        parts = urlsplit(target)
        path = parts.path.partition("/mlops/api/2.0/")[2] or parts.path
        fields: Json = {name: values[0] for name, values in parse_qs(parts.query).items()}
        fields |= json.loads(body or b"{}")
        self.asked[path] += 1
        self.before(path)
        if "/b/" in path:
            return 200, *self._bucket(fields)
        last = path.rpartition("/")[2]
        if path in _LISTS:
            items, make, size = _LISTS[path]
            return self._page(path, items, make, size, fields)
        if path.endswith("model-deployments/search"):
            return 200, *self._deployments(fields)
        if last in _PLATFORM_LISTS:
            return 200, *self._platform_list(_PLATFORM_LISTS[last], fields)
        if path.endswith("inferences/search"):
            entries, token = self._slice(inference, self.count, INFERENCES, fields.get("pageToken"))
            return 200, {"items": entries, **({"nextPageToken": token} if token else {})}, {}
        return 200, self._single(path, fields), {}

    def _page(
        self, path: str, items: str, make: Callable[[int], Json], size: int | None, fields: Json
    ) -> tuple[int, Json, dict[str, str]]:
        count = self.count
        if items == "models":
            count = self.listed
            if int(fields.get("max_results", DEFAULT)) > self.longest_models:
                return 400, {"code": "InvalidParameter", "message": "max_results"}, {}
        experiments = fields.get("experiment_ids", ())
        self.most_experiments = max(self.most_experiments, len(experiments))
        if items == "runs" and "logged_models" in (fields.get("filter") or ""):
            make = _run_with_model
        elif items == "runs" and len(experiments) > 1:
            count = len(experiments)  # one run of each
        if "is_deployment_summary_enabled" in fields:
            make, count = deployed_model, -(-count // DEPLOYMENTS_OF_A_MODEL)
        wanted = int(fields.get("max_results", size or count or 1))
        entries, token = self._slice(make, count, wanted, fields.get("page_token"))
        return 200, {items: entries, **({"next_page_token": token} if token else {})}, {}

    def _deployments(self, fields: Json) -> tuple[Json, dict[str, str]]:
        begin = int(fields["model_name"].rpartition("model")[2]) * DEPLOYMENTS_OF_A_MODEL
        numbers = range(begin, min(begin + DEPLOYMENTS_OF_A_MODEL, self.count))
        return {"deployments": [deployment(number) for number in numbers]}, {}

    def _platform_list(
        self, make: Callable[[int], Json], fields: Json
    ) -> tuple[Json, dict[str, str]]:
        limit = int(fields.get("limit", DEFAULT))
        entries, token = self._slice(make, self.count, limit, fields.get("page"))
        return {"items": entries}, {"opc-next-page": token} if token else {}

    def _bucket(self, fields: Json) -> tuple[Json, dict[str, str]]:
        prefix = fields.get("prefix", "")

        def named(number: int) -> Json:
            return {"name": f"{prefix}file{number:09d}", "size": 7}

        limit = int(fields.get("limit", LONGEST))
        entries, token = self._slice(named, self.count, limit, fields.get("start"))
        more = {"nextStartWith": token} if token else {}
        return {"objects": entries, "prefixes": [], **more}, {}

    def _slice(
        self, make: Callable[[int], Json], count: int, wanted: int, token: str | None
    ) -> tuple[list[Json], str]:
        begin = int(token or 0)
        end = min(begin + wanted, count)
        return [make(number) for number in range(begin, end)], str(end) if end < count else ""

    def _single(self, path: str, fields: Json) -> Json:
        if path.endswith("registered-models/get"):
            tags = [
                {"key": f"mlflow_oci_aidp.alias.alias{number}", "value": str(number + 1)}
                for number in range(min(self.count, ALIASES))
            ]
            return {"registered_model": {"name": fields["name"], "tags": tags}}
        if path.endswith("model-deployments/get"):
            return deployment(int(fields["deployment_id"], 16))
        if path.endswith("runs/get"):
            return {"run": run(int(fields["run_id"], 16))}
        if path.endswith("/volumes"):
            return {"items": [{"displayName": "artifacts", "key": "volume"}]}
        return {}


def _run_with_model(number: int) -> Json:
    return run(number, model=True)


#: By path: the name of the list, what makes an item, and the size of a page if none is named.
_LISTS: Mapping[str, tuple[str, Callable[[int], Json], int | None]] = {
    "mlflow/experiments/search": ("experiments", experiment, DEFAULT),
    "mlflow/runs/search": ("runs", run, DEFAULT),
    "mlflow/logged-models/search": ("models", listed_model, DEFAULT),
    "mlflow/registered-models/search": ("registered_models", registered_model, DEFAULT),
    "mlflow/model-versions/search": ("model_versions", model_version, DEFAULT),
    # As MLflow's server: all values unless a size is named.
    "mlflow/metrics/get-history": ("metrics", metric, None),
    "model-deployments/activities/search": ("activities", activity, DEFAULT),
}
#: By the last part of the path: what makes an item.
_PLATFORM_LISTS: Mapping[str, Callable[[int], Json]] = {
    "permissions": grant,
    "workspaces": workspace,
    "files": file,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, things: ManyThings) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.things = things

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 20
    server: _Server

    def do_GET(self) -> None:
        self.server.things.note_headers(self.headers)
        length = int(self.headers.get("content-length") or 0)
        status, fields, headers = self.server.things.answer(self.path, self.rfile.read(length))
        body = json.dumps(fields).encode()
        self.send_response(status)
        named = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "opc-request-id": "1",
        }
        for name, value in {**named, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def serve(things: ManyThings) -> Iterator[str]:
    """Serve the things until the block ends; yields the endpoint."""
    server = _Server(things)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
