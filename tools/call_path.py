"""Count the files of this package that one call crosses, and how often the call changes file.

A reader who follows a call opens each of these files, and turns a page at each change. Run::

    python -m tools.call_path                       # the table
    python -m tools.call_path get_run --list        # each step of one call
    python -m tools.call_path --all                 # with the files that are left out

How it counts:

- The profiler of Python (``sys.setprofile``) reports every call and every return of a Python
    function. Only functions
  of ``mlflow_oci_aidp`` count; none of its emulator, which stands for the other side, and none of
  its transport, which stands beside ``urllib3``, below the call, unless it is asked for.
- A *change* is a report from another file than the report before. Functions of other packages in
    between count for
  nothing. The step from the caller into this package is a change, and so is the last step back.
- Only the thread that calls is counted. The emulator answers in threads of its own.
- The call runs twice, and the second one counts: the first one imports modules, opens connections
    and fills caches.

- Two modules of words do not count, unless they are asked for: ``secret.py``, and
  ``client/json_fields.py``, which reads one field as its type. Nobody follows a call into them.

Nothing else here depends on a name of a module in the package, so the numbers can be compared
across its revisions.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

# Before MLflow is imported: a measurement talks to the emulator alone.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

import mlflow
from mlflow.entities import Metric

import mlflow_oci_aidp
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore

PACKAGE = Path(mlflow_oci_aidp.__file__).parent
#: Beginnings of paths whose functions do not count; all but the first do if they are asked for.
LEFT_OUT = ["emulator", "client/transport", "client/json_fields.py", "secret.py"]
_MODEL = "main.default.call_path"


@dataclass(frozen=True)
class Step:
    """A call or a return of one function.

    Attributes:
        event: ``call`` or ``return``.
        file: The function's file, relative to the package.
        function: The function's name.
    """

    event: str
    file: str
    function: str


@dataclass(frozen=True)
class CallPath:
    """The way of one call through the package.

    Attributes:
        steps: Every call and return, in order.
    """

    steps: tuple[Step, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the call crosses, in the order in which it reaches them."""
        return tuple(dict.fromkeys(step.file for step in self.steps))

    @property
    def changes(self) -> int:
        """How often the call changes file, with the first step in and the last step out."""
        if not self.steps:
            return 0
        return 2 + sum(before.file != after.file for before, after in pairwise(self.steps))


def record(call: Callable[[], Any]) -> CallPath:
    """Make a call, and return its way through the package.

    Args:
        call: The call. What it raises is passed on.
    """
    root = f"{PACKAGE}{os.sep}"
    left_out = tuple(str(PACKAGE / beginning) for beginning in LEFT_OUT)
    steps: list[Step] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        path = frame.f_code.co_filename
        if event in ("call", "return") and path.startswith(root) and not path.startswith(left_out):
            steps.append(
                Step(event, Path(path).relative_to(PACKAGE).as_posix(), frame.f_code.co_name)
            )

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return CallPath(tuple(steps))


def record_warm(call: Callable[[], Any]) -> CallPath:
    """Make a call twice, and return the way of the second one."""
    call()
    return record(call)


def update_registered_model(aidp: Emulator) -> CallPath:
    """Change the description of a registered model without versions, on the registry store."""
    store = AidpRegistryStore(aidp.uri)
    store.create_registered_model(_MODEL)
    return record_warm(lambda: store.update_registered_model(_MODEL, "measured"))


def get_run(aidp: Emulator) -> CallPath:
    """Read a run with one metric, on the tracking store."""
    store = AidpTrackingStore(aidp.tracking_uri)
    run_id = _new_run(store)
    store.log_metric(run_id, Metric("loss", 0.5, 1, 0))
    return record_warm(lambda: store.get_run(run_id))


def log_metric(aidp: Emulator) -> CallPath:
    """Log a metric, on the tracking store."""
    store = AidpTrackingStore(aidp.tracking_uri)
    run_id = _new_run(store)
    return record_warm(lambda: store.log_metric(run_id, Metric("loss", 0.5, 1, 0)))


def log_model(aidp: Emulator) -> CallPath:
    """Log a model and register it, through MLflow.

    Uploads run in other threads, and do not count.
    """
    with _mlflow_on(aidp), tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "model.py"
        code.write_text(
            "import mlflow\n\n"
            "class Echo(mlflow.pyfunc.PythonModel):\n"
            "    def predict(self, context, model_input, params=None):\n"
            "        return model_input\n\n"
            "mlflow.models.set_model(Echo())\n"
        )
        # Requirements are given: MLflow would load the model in another process to find them.
        return record_warm(
            lambda: mlflow.pyfunc.log_model(
                name="model",
                python_model=str(code),
                registered_model_name=f"{_MODEL}.logged",
                pip_requirements=[],
            )
        )


CALLS: dict[str, Callable[[Emulator], CallPath]] = {
    function.__name__: function
    for function in (update_registered_model, get_run, log_metric, log_model)
}


def _new_run(store: AidpTrackingStore) -> str:
    return str(store.create_run("0", None, int(time.time() * 1000), [], "measured").info.run_id)


@contextmanager
def _mlflow_on(aidp: Emulator) -> Iterator[None]:
    """Have MLflow use the emulator inside of an active run."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(aidp.tracking_uri)
    mlflow.set_registry_uri(aidp.tracking_uri)
    try:
        with mlflow.start_run(experiment_id="0"):
            yield
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, and each step if asked to."""
    parser = argparse.ArgumentParser(
        description="Count the files that a call crosses, and its changes of file."
    )
    parser.add_argument(
        "calls", nargs="*", metavar="call", help=f"any of {', '.join(CALLS)}; all of them if none"
    )
    parser.add_argument("--list", action="store_true", help="print each step, and the files")
    parser.add_argument("--all", action="store_true", help="count every file but the emulator's")
    options = parser.parse_args(arguments)
    if options.all:
        del LEFT_OUT[1:]
    unknown = sorted(set(options.calls) - CALLS.keys())
    if unknown:
        parser.error(f"no such call: {', '.join(unknown)}; there are {', '.join(CALLS)}")
    out = sys.stdout
    out.write(f"MLflow {mlflow.__version__}, mlflow-oci-aidp {mlflow_oci_aidp.__version__}\n")
    out.write(f"{'call':26}{'files':>7}{'changes':>9}\n")
    for name in options.calls or CALLS:
        with Emulator() as aidp:
            path = CALLS[name](aidp)
        out.write(f"{name:26}{len(path.files):7}{path.changes:9}\n")
        if options.list:
            _print_steps(path)
    return 0


def _print_steps(path: CallPath) -> None:
    depth = 0
    before = None
    for step in path.steps:
        depth -= step.event == "return"
        mark = "*" if step.file != before else " "
        arrow = ">" if step.event == "call" else "<"
        sys.stdout.write(f"  {mark} {'  ' * max(depth, 0)}{arrow} {step.file}: {step.function}\n")
        depth += step.event == "call"
        before = step.file
    sys.stdout.write(f"  files: {', '.join(path.files)}\n\n")


if __name__ == "__main__":
    sys.exit(main())
