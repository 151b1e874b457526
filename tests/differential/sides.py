"""The two sides that are compared, and the recording of what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.rest_store import RestStore as RegistryRestStore
from mlflow.store.tracking.rest_store import RestStore as TrackingRestStore
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.rest_utils import MlflowHostCreds

from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.emulator.state.databases import Snapshot
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.differential.limits import LIMITS, Limit
from tests.differential.plain import Plain

#: Methods that MLflow 3.1 does not have.
LATER = {"delete_experiment_tag", "search_prompt_versions"}


@dataclass
class Step:
    """One call and what came of it.

    Attributes:
        call: The call, as a reader of a failed test wants to see it.
        outcome: The returned value as plain data, or the error's code.
        limit: The limit of the platform that makes the sides differ here, if one does.
    """

    call: str
    outcome: Any
    limit: Limit | None = None


@dataclass
class Side:
    """One side: MLflow's client and MLflow's stores on one server.

    ``sql`` is MLflow's SQL store of tracking on the file of its own server, and on the other side
    the store again: MLflow's REST interface loses what a search for logged models asks for. It
    makes "" of a type that is missing, and of a dataset without a digest one whose digest is NULL.
    """

    name: str
    client: Any
    tracking: Any
    registry: Any
    sql: Any


class Recorder:
    """MLflow's client on one side; each call and its outcome are recorded.

    A call that fails returns None. ``tracking``, ``registry`` and ``sql`` are the stores
    themselves, for what MLflow's client hides. Calls of ``unrecorded`` are not compared.
    """

    def __init__(self, side: Side) -> None:
        self.side = side.name
        self.steps: list[Step] = []
        self.plain = Plain()
        self._limit: Limit | None = None
        self.unrecorded = side.client
        self.tracking = _Recorded(self, side.tracking)
        self.registry = _Recorded(self, side.registry)
        self.sql = _Recorded(self, side.sql)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in LATER and not hasattr(self.unrecorded, name):
            return lambda *args, **kwargs: None
        return partial(self.record, name, getattr(self.unrecorded, name))

    @contextmanager
    def differs(self, limit: str) -> Iterator[None]:
        """Expect that the calls in the block differ, because of a limit of the platform.

        Args:
            limit: What the documentation calls it.
        """
        self._limit = LIMITS[limit]
        try:
            yield
        finally:
            self._limit = None

    def record(self, name: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Make a call and record its outcome."""
        value = None
        self.plain.next_call()
        try:
            value = call(*args, **kwargs)
            outcome = self.plain.of(name, value, whole=self._limit is not None)
        except MlflowException as problem:
            outcome = f"error {problem.error_code}"
        except Exception as problem:  # noqa: BLE001 - a crash is an outcome, too
            outcome = f"crash {type(problem).__name__}"
        texts = [repr(arg) for arg in args] + [f"{key}={arg!r}" for key, arg in kwargs.items()]
        self.steps.append(Step(f"{name}({', '.join(texts)})", outcome, self._limit))
        return value


class _Recorded:
    def __init__(self, recorder: Recorder, target: Any) -> None:
        self._recorder, self._target = recorder, target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._recorder.record, name, getattr(self._target, name))


@dataclass
class StockServer:
    """MLflow's own server on a SQLite file, in a process of its own.

    Attributes:
        folder: The folder of the file and of the artifacts.
        uri: The address.
    """

    folder: Path
    uri: str
    _fresh: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        mlflow.MlflowClient(self.uri, self.uri).search_experiments()  # It makes the default one.
        self._fresh = Snapshot(self.folder / "stock.db")

    @property
    def sql(self) -> SqlAlchemyStore:
        """MLflow's SQL store on the same file."""
        return SqlAlchemyStore(f"sqlite:///{self.folder}/stock.db", str(self.folder / "artifacts"))

    def reset(self) -> None:
        """Remove everything that the server holds."""
        self._fresh.restore(self.folder / "stock.db")

    def close(self) -> None:
        """Give up what the file is restored from."""
        self._fresh.close()


def stock_side(server: StockServer) -> Side:
    """Return MLflow's client and REST stores on its own server."""

    def credentials() -> MlflowHostCreds:
        return MlflowHostCreds(server.uri)

    client = mlflow.MlflowClient(server.uri, server.uri)
    return Side(
        "MLflow",
        client,
        TrackingRestStore(credentials),
        RegistryRestStore(credentials),
        server.sql,
    )


def aidp_side(emulator: Emulator) -> Side:
    """Return MLflow's client and this package's stores on the emulator."""
    uri = emulator.tracking_uri
    client = mlflow.MlflowClient(uri, uri)
    store = AidpTrackingStore(uri)
    return Side("AIDP", client, store, AidpRegistryStore(uri, uri), store)


def compare(mlflow_steps: list[Step], aidp_steps: list[Step]) -> None:
    """Fail unless both sides answered alike, save where a limit says that they differ."""
    pairs = list(zip(mlflow_steps, aidp_steps, strict=True))
    differing = [
        f"{_described(theirs, ours)}"
        for theirs, ours in pairs
        if not theirs.limit and _differ(theirs, ours)
    ]
    agreeing = [
        f"{theirs.limit.name}: {_described(theirs, ours)}"
        for theirs, ours in pairs
        if theirs.limit and not _differ(theirs, ours)
    ]
    assert not differing, "\n\n".join(["The sides differ:", *differing])
    assert not agreeing, "\n\n".join(["A limit that is none any more:", *agreeing])


def _differ(theirs: Step, ours: Step) -> bool:
    if theirs.outcome == ours.outcome:
        return False
    is_broken = str(theirs.outcome).startswith(("crash", "error INTERNAL_ERROR"))
    # Any refusal is right where MLflow itself breaks on bad input.
    return not (is_broken and str(ours.outcome).startswith("error"))


def _described(theirs: Step, ours: Step) -> str:
    lines = [shorten(theirs.call)]
    for path, one, other in differences(theirs.outcome, ours.outcome):
        lines.append(f"  {path or 'outcome'}")
        lines.append(f"    MLflow: {shorten(repr(one))}")
        lines.append(f"    AIDP:   {shorten(repr(other))}")
    return "\n".join(lines)


def shorten(text: str) -> str:
    """Return the beginning and the end of a long text."""
    return text if len(text) < 400 else f"{text[:200]} ... {text[-100:]}"


def differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs in two outcomes: where, and both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from differences(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{number}]")
    elif one != other:
        yield path, one, other
