"""``mlflow-oci-aidp quickstart``: a model's way into the registry, with the requests it takes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlflow_oci_aidp.emulator import Emulator

# What is shown is what is run: each entry is printed, executed, and followed by the requests it made.
# The requirements are named because MLflow takes seconds to find them out, in a second process.
_STEPS = (
    'mlflow.set_registry_uri("aidp://{ai_data_platform_id}")',
    'name = "main.default.iris_classifier"',
    "iris = load_iris()",
    "model = LogisticRegression(max_iter=1000).fit(iris.data, iris.target)",
    "with mlflow.start_run():\n"
    '    logged = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])',
    "version = mlflow.register_model(logged.model_uri, name).version",
    "client = mlflow.MlflowClient()",
    'client.update_registered_model(name, description="Tells iris species apart")',
    'client.set_registered_model_tag(name, "task", "classification")',
    'client.set_model_version_tag(name, version, "validated", "yes")',
    'client.set_registered_model_alias(name, "champion", version)',
    'champion = mlflow.pyfunc.load_model(f"models:/{{name}}@champion")',
    "print(iris.target_names[champion.predict(iris.data[::50])])",
)

_WHAT_NEXT = """
What next: with an AI Data Platform of your own, and the OCI config file that the OCI CLI uses,
  export MLFLOW_REGISTRY_URI=aidp://<OCID of your AI Data Platform>
Another profile: OCI_CLI_PROFILE=<name>. Another way to sign in: OCI_CLI_AUTH=<mode>."""

# Settings of the user's own platform, tracking server and proxy have no part in an example on loopback.
_LEFT_OUT = ("MLFLOW_", "_MLFLOW_", "OCI_", "AIDP_", "DATALAKE_ID", "INSTANCE_ID", "DH_USER_PRINCIPAL")
_ALWAYS = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


@click.command("quickstart")
def command() -> None:
    """Register, tag and load a small model on an emulated platform.

    Each MLflow call is printed with the requests that it became. Everything happens in a temporary folder
    and on loopback.
    """
    account = _Account()
    with TemporaryDirectory(prefix="mlflow-oci-aidp-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        tracking = {"MLFLOW_TRACKING_URI": f"sqlite:///{(folder / 'tracking.db').as_posix()}"}
        with _environment({**_ALWAYS, **tracking}), _inside(folder), _silence():
            _run(folder, account)
    account.say(_WHAT_NEXT)


def _run(folder: Path, account: _Account) -> None:
    import mlflow
    import mlflow.sklearn
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    from mlflow_oci_aidp.emulator import Emulator

    with Emulator(folder / "platform") as aidp, _environment(aidp.environ, left_out=()):
        account.say(f"An emulated AI Data Platform at {aidp.endpoint}: it checks each request's signature.\n")
        names = {
            "mlflow": mlflow,
            "load_iris": load_iris,
            "LogisticRegression": LogisticRegression,
            "print": account.say,
        }
        for step in _STEPS:
            _take(step.format(ai_data_platform_id=aidp.ai_data_platform_id), names, aidp, account)


def _take(source: str, names: dict[str, Any], aidp: Emulator, account: _Account) -> None:
    """Show the lines, run them, show the requests that reached the platform meanwhile."""
    aidp.exchanges.clear()
    account.source(source)
    try:
        exec(source, names)  # noqa: S102  # the constants above
    finally:
        for exchange in aidp.exchanges:
            account.request(exchange.verb, exchange.path.partition(aidp.ai_data_platform_id)[2], exchange.status)


class _Account:
    """What is printed: bound to the standard output of the start, so that silence does not reach it."""

    def __init__(self) -> None:
        self._out = sys.stdout

    def say(self, text: object) -> None:
        click.echo(str(text), file=self._out)

    def source(self, source: str) -> None:
        self.say(">>> " + source.replace("\n", "\n... "))

    def request(self, verb: str, path: str, status: int | None) -> None:
        self.say(f"      {verb:<4} {path}  {status}")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep MLflow's progress bars, log lines and warnings out of the account."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in that folder: a SQLite tracking store puts its artifacts into ./mlruns."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _environment(variables: Mapping[str, str], left_out: Iterable[str] = _LEFT_OUT) -> Iterator[None]:
    """The environment without the variables that begin so and with these; afterwards as it was."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(tuple(left_out)):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
