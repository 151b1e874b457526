"""``mlflow-oci-aidp emulator``: the emulated platform, served until interrupted."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mlflow_oci_aidp.cli.terminal import echo

# Event.wait without a limit cannot be interrupted by Ctrl-C on Windows.
_LOOK_UP_EVERY = 1.0  # seconds


@click.command("emulator")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("aidp-emulator"),
    show_default=True,
    help="Folder for models, key pair and OCI config, new, empty or an emulator's; kept.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port; 0 for a free one.",
)
@click.option(
    "--tls", is_flag=True, help="Serve HTTPS, with a certificate made in the data folder."
)
def command(data_dir: Path, port: int, tls: bool) -> None:
    """Emulate an AI Data Platform on this machine.

    Prints the settings that lead MLflow, the OCI SDK and the aidp CLI to it, the tracking URI
    first: alone, it is enough for experiments, runs, artifacts and the registry. Serves on loopback
    until interrupted.
    """
    with _interruption() as interrupted:
        from mlflow_oci_aidp.emulator import DataFolderError, Emulator

        try:
            emulator = Emulator(data_dir.absolute(), port=port, tls=tls).start()
        except OSError as error:
            option = "--data-dir" if isinstance(error, DataFolderError) else "--port"
            raise click.ClickException(
                f"The emulator cannot start: {error.strerror or error}. Choose another {option}."
            ) from error
        try:
            # In one write: a shell that waits until the file is not empty can read all of it.
            exports = {"MLFLOW_TRACKING_URI": emulator.tracking_uri, **emulator.environ}
            # It would stay in force where a program sets another tracking URI.
            del exports["MLFLOW_REGISTRY_URI"]
            echo(
                "\n".join(f"export {name}={shlex.quote(value)}" for name, value in exports.items())
            )
            echo(f"Serving {emulator.endpoint} until interrupted.", err=True)
            while not interrupted.wait(_LOOK_UP_EVERY):
                pass
        finally:
            emulator.stop()


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set, so that both stop in the same orderly way."""
    event = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
