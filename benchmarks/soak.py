"""Use one store from many threads, with faults, and print what was done, lost, doubled, mixed up.

The last three must be 0. Mixed up is an answer that is about something else than was asked for.

python benchmarks/soak.py [--minutes 5] [--threads 16] [--faults 0.1]

Talks to an emulator in a process of its own on loopback, for the given time. Every write has a mark
of its own, so that what the registry holds in the end can be compared with what the store was told.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import platform
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

#: Faults of one kind each, in equal parts, and the seconds between their pieces, if they have some.
#: A hang costs the client its timeout, and so does a head that drips.
KINDS = {
    "status": 0.0,
    "reset_before": 0.0,
    "reset_after": 0.0,
    "truncated": 0.0,
    "html": 0.0,
    "hang": 0.0,
    "hang_after": 0.0,
    "slow_drip": 0.0005,
    "slow_head": 0.05,
    "interim": 0.01,
    "twice": 0.01,
    "other_answer": 0.0,
}
MODELS = 64


def serve(pipe: Connection, faults: float, seed: int) -> None:
    """The emulator's process: says its URI, makes faults until told to stop, then counts them."""
    from mlflow_oci_aidp.emulator import Emulator

    with Emulator() as aidp:
        for number, (kind, delay) in enumerate(KINDS.items()):
            # The first that fires counts, so that each has its part of those that the ones before
            # let pass.
            part = faults / len(KINDS) / (1 - number * faults / len(KINDS))
            aidp.faults.add(kind, times=None, probability=part, seed=seed + number, delay=delay)
        pipe.send(aidp.uri)
        pipe.recv()
        fired = dict(aidp.faults.fired)
        aidp.faults.clear()
        pipe.send(fired)
        pipe.recv()


def memory() -> float:
    """What this process holds now, in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Retries(logging.Handler):
    """Counts the repetitions that the client logs."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "sent again" in record.msg


class Soak:
    """The work of the threads, and the books that are kept of it."""

    def __init__(self, uri: str) -> None:
        from mlflow_oci_aidp.registry.store import AidpRegistryStore

        self.store = AidpRegistryStore(uri)
        self.lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.told: dict[str, bool] = {}
        self.mixed_up: list[str] = []
        self.marks = 0

    def mark(self, kind: str) -> str:
        with self.lock:
            self.marks += 1
            return f"{kind}-{self.marks}"

    def work(self, number: int, until: float) -> None:
        from mlflow.entities.model_registry import RegisteredModelTag
        from mlflow.exceptions import MlflowException

        chance = random.Random(number)
        while time.monotonic() < until:
            model = f"main.soak.model{chance.randrange(MODELS)}"
            operation = chance.choice(("create", "create", "tag", "update", "get", "search"))
            mark = self.mark(operation)
            names, source = {model}, mark
            try:
                if operation == "create":
                    made = self.store.create_model_version(model, f"s3://soak/{mark}")
                    names, source = {made.name}, made.source.rpartition("/")[2]
                elif operation == "tag":
                    self.store.set_registered_model_tag(model, RegisteredModelTag(mark, "1"))
                elif operation == "update":
                    names = {self.store.update_registered_model(model, mark).name}
                elif operation == "get":
                    names = {self.store.get_registered_model(model).name}
                else:
                    found = self.store.search_model_versions(f"name = '{model}'", max_results=10)
                    names |= {version.name for version in found}
            except MlflowException as error:
                with self.lock:
                    self.errors[error.error_code] += 1
                    self.told[mark] = False
            else:
                with self.lock:
                    self.done[operation] += 1
                    self.told[mark] = True
                    if names != {model} or source != mark:
                        self.mixed_up.append(mark)

    def held(self) -> Counter[str]:
        """The marks of versions and tags that the registry holds, and how often."""
        marks: Counter[str] = Counter()
        for number in range(MODELS):
            name = f"main.soak.model{number}"
            marks.update(tag for tag in self.store.get_registered_model(name).tags)
            token = None
            while True:
                page = self.store.search_model_versions(
                    f"name = '{name}'", max_results=1000, page_token=token
                )
                marks.update(version.source.rpartition("/")[2] for version in page)
                token = page.token
                if not token:
                    break
        return marks


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.environ.update(
        MLFLOW_DISABLE_TELEMETRY="true",
        MLFLOW_HTTP_REQUEST_TIMEOUT="3",
        MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR="0",
        MLFLOW_HTTP_REQUEST_BACKOFF_JITTER="0.05",
        MLFLOW_HTTP_POOL_MAXSIZE=str(arguments.threads),
    )
    pipe, other = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(
        target=serve, args=(other, arguments.faults, arguments.seed), daemon=True
    )
    process.start()
    retries = Retries()
    logger = logging.getLogger("mlflow_oci_aidp.client.retry")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(retries)
    soak = Soak(pipe.recv())
    for number in range(MODELS):
        soak.store.create_registered_model(f"main.soak.model{number}")
    soak.work(-1, time.monotonic() + 5)
    before, begin = memory(), time.monotonic()
    with ThreadPoolExecutor(arguments.threads) as pool:
        list(
            pool.map(
                soak.work,
                range(arguments.threads),
                [begin + arguments.minutes * 60] * arguments.threads,
            )
        )
    seconds, after = time.monotonic() - begin, memory()
    pipe.send("stop the faults")
    fired = pipe.recv()
    held = soak.held()
    written = {mark: told for mark, told in soak.told.items() if mark.startswith(("create", "tag"))}
    lost = [mark for mark, told in written.items() if told and not held[mark]]
    doubled = [mark for mark, count in held.items() if count > 1]
    pipe.send("stop")
    process.join(30)
    print(
        f"python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{arguments.threads} threads, {seconds:.0f} s"
    )
    total = sum(soak.done.values())
    print(f"operations  {total} ({total / seconds:.0f} a second) {dict(soak.done)}")
    print(f"faults      {sum(fired.values())} {fired}")
    print(f"retries     {retries.count}")
    print(f"errors      {sum(soak.errors.values())} {dict(soak.errors)}")
    print(f"writes      {len(written)} with a mark of their own")
    print(f"lost        {len(lost)}")
    print(f"doubled     {len(doubled)}")
    print(f"mixed up    {len(soak.mixed_up)}")
    print(
        f"memory      {before:.0f} MiB after warming up, {after:.0f} MiB at the end, "
        f"{len(soak.told)} marks kept"
    )
    sys.exit(bool(lost or doubled or soak.mixed_up))


if __name__ == "__main__":
    main()
