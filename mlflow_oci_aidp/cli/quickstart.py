"""``mlflow-oci-aidp quickstart``: from an experiment to a model that serves.

The command prints the requests that each step takes.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TextIO

import click

from mlflow_oci_aidp.cli.terminal import OutputError
from mlflow_oci_aidp.secret import hidden

if TYPE_CHECKING:
    from mlflow_oci_aidp.emulator import Emulator

# The command shows what it runs: each entry is printed, executed, and followed by the requests it
# made. The requirements are named because MLflow takes seconds to find them out, in a second
# process.
_STEPS = (
    "mlflow.set_tracking_uri(tracking_uri)",
    'mlflow.set_experiment("iris")',
    "run = mlflow.start_run()",
    'mlflow.log_param("max_iter", 1000)',
    "iris = load_iris()",
    "model = LogisticRegression(max_iter=1000).fit(iris.data, iris.target)",
    'mlflow.log_metrics({"accuracy": model.score(iris.data, iris.target), '
    '"iterations": int(model.n_iter_[0])})',
    'name = "main.default.iris_classifier"',
    "logged = mlflow.sklearn.log_model(\n"
    '    model, name="model", registered_model_name=name, pip_requirements=["scikit-learn"]\n'
    ")",
    "mlflow.end_run()",
    "client = mlflow.MlflowClient()",
    'client.set_registered_model_alias(name, "champion", logged.registered_model_version)',
    'champion = mlflow.pyfunc.load_model(f"models:/{name}@champion")',
    "print(iris.target_names[champion.predict(iris.data[::50])])",
    'same = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")',
    "print(iris.target_names[same.predict(iris.data[::50])])",
    "deployments = mlflow.deployments.get_deploy_client(tracking_uri)",
    "deployed = deployments.create_deployment(\n"
    '    "iris", f"models:/{name}@champion", config={"compute_key": "emulated"}\n'
    ")",
    'answer = deployments.predict("iris", iris.data[::50])',
    'print(iris.target_names[answer["predictions"]])',
    'deployments.delete_deployment("iris")',
)

# Taken before the emulator is closed: MLflow would end the run when the process ends, and repeat
# its request for minutes against an emulator that is gone.
_IF_A_STEP_FAILS = 'mlflow.end_run("FAILED")'

_WHAT_NEXT = """
What next: with an AI Data Platform of your own, and the OCI config file that the OCI CLI uses,
  export MLFLOW_TRACKING_URI=aidp://<OCID of your AI Data Platform>/<key of a workspace>
Another profile: OCI_CLI_PROFILE=<name>. Another way to sign in: OCI_CLI_AUTH=<mode>."""

# The place of an artifact in Object Storage, and the id of a deployment, say nothing here.
_OBJECT = re.compile(r"(/n/[^/]+/b/[^/]+/o/|/modelendpoint/).+")

# Settings of the user's own platform, tracking server and proxy have no part in an example on
# loopback.
_LEFT_OUT = (
    "MLFLOW_",
    "_MLFLOW_",
    "OCI_",
    "AIDP_",
    "DATALAKE_ID",
    "INSTANCE_ID",
    "DH_USER_PRINCIPAL",
)
_ALWAYS = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # The emulator answers at once or not at all.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


@click.command("quickstart")
def command() -> None:
    """Log, register, load and deploy a small model on an emulated platform.

    Each MLflow call is printed with the requests that it became. Everything happens in a temporary
    folder and on loopback.
    """
    account = _Account()
    with TemporaryDirectory(prefix="mlflow-oci-aidp-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _environment(_ALWAYS), _inside(folder), _silence():
            _run(folder, account)
    account.say(_WHAT_NEXT)


def _run(folder: Path, account: _Account) -> None:
    import mlflow
    import mlflow.deployments
    import mlflow.sklearn
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    from mlflow_oci_aidp.emulator import Emulator

    # The emulator starts first: its empty database is kept among the machine's temporary files.
    with Emulator(folder / "platform") as aidp, _temporary_files_in(folder):
        account.say(
            f"An emulated AI Data Platform at {aidp.endpoint}: it checks each request's signature."
        )
        account.say(f"The only setting is its tracking URI:\n  {aidp.tracking_uri}\n")
        names = {
            "mlflow": mlflow,
            "load_iris": load_iris,
            "LogisticRegression": LogisticRegression,
            "tracking_uri": aidp.tracking_uri,
            "print": account.say,
        }
        try:
            for step in _STEPS:
                _take(step, names, aidp, account)
        except BaseException:
            while mlflow.active_run():
                # MLflow forgets the run before it sends the request: a request that fails is not
                # repeated at the end of the process, and must not hide the cause.
                with suppress(Exception):
                    _take(_IF_A_STEP_FAILS, names, aidp, account)
            raise


def _take(source: str, names: dict[str, Any], aidp: Emulator, account: _Account) -> None:
    """Show the lines, run them, show the requests that reached the platform meanwhile."""
    aidp.exchanges.clear()
    account.source(source)
    try:
        exec(source, names)  # noqa: S102  # the constants above
    finally:
        account.requests(
            (exchange.verb, _shown(exchange.path, aidp), exchange.status)
            for exchange in aidp.exchanges
        )


def _shown(path: str, aidp: Emulator) -> str:
    """Return a path without what all have in common, and without the names of artifacts."""
    after_instance = path.partition(f"/{aidp.ai_data_platform_id}")[2]
    shown = (after_instance or path).replace(f"/{aidp.workspace_key}/", "/<key>/")
    return _OBJECT.sub(r"\1...", shown)


class _Account:
    """Print the account of the quickstart.

    It is bound to the standard output of the start, so that ``_silence`` does not reach it.
    """

    def __init__(self) -> None:
        self._out: TextIO | None = sys.stdout

    def say(self, text: object) -> None:
        """Print a text.

        Raises:
            OutputError: It cannot be printed. From then on nothing is printed: the run is still to
                be ended.
        """
        if self._out is None:
            return
        try:
            click.echo(str(text), file=self._out)
        except OutputError:
            self._out = None
            raise

    def source(self, source: str) -> None:
        self.say(">>> " + source.replace("\n", "\n... "))

    def requests(self, requests: Iterable[tuple[str, str, int | None]]) -> None:
        """Print a line for each request.

        Equal requests in a row, such as those for a model's files, share one line.
        """
        for (verb, path, status), alike in groupby(requests):
            count = sum(1 for _ in alike)
            self.say(
                f"      {verb:<4} {path}  {status}" + (f" ({count} times)" if count > 1 else "")
            )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep MLflow's progress bars, log lines and warnings out of the account."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in that folder: what a library writes to the working folder is gone afterwards."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Make temporary files in a folder, for a block of code.

    MLflow leaves the models that it downloads there until the process ends.
    """
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace the user's own settings by these variables, for a block of code."""
    # The variables may hold secrets, and an exception of the block passes through this frame.
    before = hidden(dict(os.environ))
    for name in before():
        if name.startswith(_LEFT_OUT):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before())
