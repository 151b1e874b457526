"""The serving process as the emulator has it: started when a model is first loaded."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import urllib3

from ..contract.refusal import Refusal

_PROGRAM = "mlflow_oci_aidp.emulator.serving.worker"
#: Seconds. A model may take long to load, and long to answer.
_LOAD, _ANSWER = 300.0, 60.0
_GONE = (urllib3.exceptions.HTTPError, OSError)


class LoadError(Exception):
    """A model could not be loaded; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    Attributes:
        status: The HTTP status.
        body: The body.
        content_type: Its media type.
    """

    status: int
    body: bytes
    content_type: str


class ServingProcess:
    """One process for all models of an emulator. Safe for use by several threads.

    If the process has died, it is started again, with the models that were loaded in it.

    Args:
        folder: Holds the process's log.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "serving.log"
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._headers: Mapping[str, str] = {}
        self._loaded: dict[str, str] = {}

    @property
    def pid(self) -> int | None:
        """The id of the process; None if there is none."""
        with self._lock:
            is_alive = self._process is not None and self._process.poll() is None
            return self._process.pid if self._process and is_alive else None

    def load(self, key: str, path: str) -> None:
        """Load a model from its folder, under a key.

        Raises:
            LoadError: It cannot be loaded.
        """
        with self._lock:
            pool = self._started()
            self._load(pool, key, path)
            self._loaded[key] = path

    def unload(self, key: str) -> None:
        """Forget a model. The process stays."""
        with self._lock:
            if self._loaded.pop(key, None) is not None and self._pool and self.pid:
                with contextlib.suppress(*_GONE):
                    self._pool.request("DELETE", f"/control/{key}", headers=self._headers)

    def unload_all(self) -> None:
        """Forget every model. The process stays."""
        for key in list(self._loaded):
            self.unload(key)

    def ask(self, key: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request to a loaded model.

        Raises:
            Refusal: With 503, if the process has died; the next request finds a new one.
        """
        with self._lock:
            pool = self._started()
        try:
            answer = pool.request(
                "POST",
                f"/models/{key}/{path}",
                body=body,
                headers={**headers, **self._headers},
                timeout=_ANSWER,
                retries=False,
            )
        except _GONE as problem:
            raise Refusal(
                503, "ServiceUnavailable", f"The model does not answer ({type(problem).__name__})."
            ) from None
        content_type = answer.headers.get("content-type", "application/json")
        return Answer(answer.status, answer.data, content_type)

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
            if self._pool:
                self._pool.close()
            self._loaded.clear()
        if process is None:
            return
        # Its standard input ends here, and it with that.
        for stream in (process.stdin, process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _started(self) -> urllib3.HTTPConnectionPool:
        if self._pool and self.pid:
            return self._pool
        loaded = dict(self._loaded)
        self.stop()
        secret = secrets.token_hex(32)
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of this package
                [sys.executable, "-m", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(),
                text=True,
            )
        port = self._port(self._process.stdin, self._process.stdout, secret)
        self._headers = {"x-serving-secret": secret, "content-type": "application/json"}
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=32, timeout=_LOAD)
        for key, path in loaded.items():
            self._load(self._pool, key, path)
            self._loaded[key] = path
        return self._pool

    def _port(self, stdin: IO[str] | None, stdout: IO[str] | None, secret: str) -> int:
        if stdin is None or stdout is None:
            raise LoadError("The serving process has no streams.")
        with contextlib.suppress(OSError):
            stdin.write(f"{secret}\n")
            stdin.flush()
        line = stdout.readline().strip()
        if not line.isdecimal():
            raise LoadError(f"The serving process did not start; {self._log} says why.")
        return int(line)

    def _load(self, pool: urllib3.HTTPConnectionPool, key: str, path: str) -> None:
        try:
            answer = pool.request(
                "PUT", f"/control/{key}", json={"path": path}, headers=self._headers, retries=False
            )
        except _GONE as problem:
            raise LoadError(f"The serving process ended ({type(problem).__name__}).") from None
        if answer.status != 204:
            raise LoadError(str(answer.json().get("message", "")) or "The model cannot be loaded.")


def _environment() -> dict[str, str]:
    """Return the environment of the process: that of the emulator, and its import path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
