"""MLflow's own server: its REST interface over one SQLite file, to compare with, or over a store.

Run as a program, ``python -m tests.support.stock_server <store URI> <artifact root>``, it prints
its port and serves until its standard input ends, so that it never outlives the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow_oci_aidp.emulator.state.databases import empty_tracking_database
from mlflow_oci_aidp.mlflow_compat import SERVER_VARIABLES

_ROOT = Path(__file__).parents[2]


@contextmanager
def stock_server(folder: Path, **environment: str) -> Iterator[str]:
    """Serve an empty database of MLflow's, and yield the address."""
    (folder / "stock.db").write_bytes(empty_tracking_database())
    with server_over(f"sqlite:///{folder}/stock.db", folder, **environment) as url:
        yield url


@contextmanager
def server_over(store_uri: str, folder: Path, **environment: str) -> Iterator[str]:
    """Serve the store of a URI, for tracking and the registry, and yield the address."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.support.stock_server",
            store_uri,
            str(folder / "artifacts"),
        ],
        cwd=_ROOT,
        env={**_without_experiment(), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()  # There is nothing to tidy up, and it would take seconds.
        process.communicate(timeout=60)


def _without_experiment() -> dict[str, str]:
    """Return the environment without the experiment that a test before may have set.

    MLflow keeps it there, and its oldest server takes it for that of a metric.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID")
    }


def _serve(store_uri: str, artifact_root: str) -> None:
    os.environ[SERVER_VARIABLES[0]] = store_uri
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = artifact_root

    from mlflow.server import app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        """Keeps connections open, and logs no request."""

        protocol_version = "HTTP/1.1"

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)  # noqa: T201 - this is how the tests learn the port
    sys.stdin.read()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
