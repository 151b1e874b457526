"""Count the requests of everyday operations, beside a stock `mlflow server`, and the time at 50 ms.

python benchmarks/round_trips.py [--delay 50]

Both are asked through a proxy on loopback that counts requests, then through one that delays each
direction by half of the delay. A new connection waits for one delay more, as a network has it.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from socket import IPPROTO_TCP, SHUT_WR, TCP_NODELAY, create_connection, create_server, socket
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

_REQUEST = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+ HTTP/1\.1\r\n")


#: An address, the environment that names it to MLflow, and what makes it accept another name.
Peer = tuple[str, dict[str, str], Callable[[str], None]]


class Proxy:
    """Passes bytes on, later, and counts the requests and connections.

    Args:
        target: The address of the server.
        delay: Seconds that a round trip takes.
    """

    def __init__(self, target: str, delay: float) -> None:
        host, port = target.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._half = delay / 2
        self._listener = create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = create_connection(self._target)
            self.connections += 1
            for source, sink, is_asking in ((client, server, True), (server, client, False)):
                source.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
                pieces: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
                reader = (source, pieces, is_asking)
                threading.Thread(target=self._read, args=reader, daemon=True).start()
                threading.Thread(target=_write, args=(sink, pieces), daemon=True).start()

    def _read(self, source: socket, pieces: SimpleQueue[tuple[float, bytes]], asks: bool) -> None:
        # The handshake of TCP takes a round trip, too.
        opened = time.monotonic() + (2 * self._half if asks else 0)
        while True:
            try:
                data = source.recv(1 << 16)
            except OSError:
                data = b""
            if asks and _REQUEST.match(data):
                self.requests += 1
            pieces.put((max(opened, time.monotonic()) + self._half, data))
            if not data:
                return


def _write(sink: socket, pieces: SimpleQueue[tuple[float, bytes]]) -> None:
    while True:
        due, data = pieces.get()
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            if not data:
                sink.shutdown(SHUT_WR)
                return
            sink.sendall(data)
        except OSError:
            return


@contextmanager
def platform(folder: Path) -> Iterator[Peer]:
    """The emulator. Signatures cover the address, so it has to know that of the proxy."""
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator(folder / "platform") as emulator:

        def allow(host: str) -> None:
            emulator._verifier.hosts = {host}

        yield emulator.endpoint, {"MLFLOW_TRACKING_URI": emulator.tracking_uri}, allow


@contextmanager
def stock(folder: Path) -> Iterator[Peer]:
    """A stock server."""
    from mlflow_oci_aidp.emulator.state.databases import empty_tracking_database

    (folder / "stock.db").write_bytes(empty_tracking_database())
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    program = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    places = ["--backend-store-uri", f"sqlite:///{folder}/stock.db"]
    places += ["--artifacts-destination", str(folder / "artifacts")]
    with (
        open(folder / "log", "wb") as log,
        subprocess.Popen(
            program + places, stdout=log, stderr=log, start_new_session=True
        ) as server,
    ):
        try:
            _wait_for(port)
            url = f"http://127.0.0.1:{port}"
            yield url, {"MLFLOW_TRACKING_URI": url}, lambda host: None
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _wait_for(port: int) -> None:
    last = time.monotonic() + 60
    while True:
        try:
            create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.2)


def measure(peer: str, delay: float) -> dict[str, tuple[int, int, float]]:
    """Run the operations in a process of its own: requests, connections and seconds of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with {"platform": platform, "stock": stock}[peer](folder) as (address, variables, allow):
            proxy = Proxy(address, delay)
            allow(proxy.url.removeprefix("http://"))
            old, new = (f":{url.rpartition(':')[2]}" for url in (address, proxy.url))
            named = {
                name: value.replace(old, new).replace(quote(old), quote(new))
                for name, value in variables.items()
            }
            return _operations(proxy, folder, named)


def _operations(
    proxy: Proxy, folder: Path, variables: dict[str, str]
) -> dict[str, tuple[int, int, float]]:
    os.environ.update(variables)
    from tests.support.everyday import everyday

    figures = {}
    (folder / "code").mkdir()
    for name, act in everyday(folder / "code"):
        requests, connections, begin = proxy.requests, proxy.connections, time.perf_counter()
        act()
        seconds = time.perf_counter() - begin
        figures[name] = proxy.requests - requests, proxy.connections - connections, seconds
    return figures


def _in_process(peer: str, delay: float) -> dict[str, tuple[int, int, float]]:
    program = [sys.executable, __file__, "--peer", peer, "--delay", str(delay)]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")},
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(program, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return {
        name: (int(requests), int(connections), float(seconds))
        for name, requests, connections, seconds in (
            line[1:].split("|") for line in done.stdout.splitlines() if line.startswith("@")
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=50, help="milliseconds of a round trip")
    parser.add_argument("--peer", choices=("platform", "stock"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        for name, figures in measure(options.peer, options.delay / 1000).items():
            print("@" + "|".join([name, *map(str, figures)]))
        return
    ours, theirs = _in_process("platform", options.delay), _in_process("stock", options.delay)
    print(f"| operation | requests | stock | at {options.delay:.0f} ms | stock |")
    print("|---|---|---|---|---|")
    for name, (requests, _, seconds) in ours.items():
        others, _, long = theirs[name]
        print(f"| {name} | {requests} | {others} | {seconds:.2f} s | {long:.2f} s |")
    for peer, rows in (("ours", ours), ("stock", theirs)):
        print(f"\nConnections, {peer}: {sum(row[1] for row in rows.values())}")


if __name__ == "__main__":
    main()
