"""A Spark cluster on this machine, of Spark's own standalone kind.

It is a master, and workers that start executors.

Spark's `local` modes would prove less: MLflow takes them for one machine and leaves the model where
the driver put it. Here it ships the model to the executors, as on any cluster. What the executors'
machines have is theirs alone: a home without an OCI profile, no variable of the driver's, and
neither this package nor `oci`.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: What is not installed where executors run.
ABSENT = ("mlflow_oci_aidp", "oci")
WORKERS = 2
START = 120  # seconds that master and workers may take to start
_MASTER = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = re.compile(r"Successfully registered with master (spark://\S+)")


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    master: str
    """Its URL, as Spark wants it."""
    home: Path
    """The home directory of whatever runs in its executors."""
    packages: Path
    """Where Python looks first for packages there."""


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster with one core for each worker, that keeps its files in a folder."""
    home, packages = folder / "home", folder / "packages"
    for made in (home, packages):
        made.mkdir()
    # Executors share this machine's Python: these stand in front of what it has.
    for name in ABSENT:
        (packages / f"{name}.py").write_text(
            "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n"
        )
    with contextlib.ExitStack() as running:
        daemon = running.enter_context(
            _running("master.Master", folder / "master.log", home, "--port", "0")
        )
        master = daemon.says(_MASTER)
        workers = [
            running.enter_context(
                _running(
                    "worker.Worker",
                    folder / f"worker-{number}.log",
                    home,
                    *(
                        "--cores",
                        "1",
                        "--memory",
                        "512m",
                        "--work-dir",
                        str(folder / f"worker-{number}"),
                        master,
                    ),
                )
            )
            for number in range(WORKERS)
        ]
        for worker in workers:
            worker.says(_REGISTERED)
        yield Cluster(master, home, packages)


@dataclass(frozen=True)
class _Daemon:
    process: subprocess.Popen[bytes]
    log: Path

    def says(self, words: re.Pattern[str]) -> str:
        """What the words in its log name, as soon as they stand there."""
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            if match := words.search(self.log.read_text(errors="replace")):
                return match[1]
            time.sleep(0.1)
        raise RuntimeError(
            f"Spark's {self.log.stem} did not start:\n{self.log.read_text(errors='replace')}"
        )


@contextlib.contextmanager
def _running(daemon: str, log: Path, home: Path, *arguments: str) -> Iterator[_Daemon]:
    """One of Spark's daemons, as Spark's own scripts start it."""
    import pyspark

    command = [
        str(Path(pyspark.__file__).parent / "bin" / "spark-class"),
        f"org.apache.spark.deploy.{daemon}",
    ]
    command += ["--host", "127.0.0.1", "--webui-port", "0", *arguments]
    with log.open("wb") as output:
        # A session of its own: a worker's executors end with it.
        process = subprocess.Popen(
            command,
            cwd=home,
            env=_environment(home),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield _Daemon(process, log)
    finally:
        for request in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, request)
                process.wait(timeout=20)
                break


def _environment(home: Path) -> dict[str, str]:
    """What a machine of the cluster has: Java, and nothing of this process."""
    kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
    return kept | {"HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
