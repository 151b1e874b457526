"""The command line, ``mlflow-oci-aidp``: a file for each command, named for it."""

from __future__ import annotations

import importlib
import sys
from typing import Any, cast

import click

from mlflow_oci_aidp import __version__
from mlflow_oci_aidp.cli.terminal import guarded_streams, one_line

_COMMANDS = ("check", "models", "deployments", "copy", "uri", "emulator", "quickstart")
_EMULATOR_EXTRA = 'pip install "mlflow-oci-aidp[emulator]"'


class _Commands(click.Group):
    """A group that imports a command's file when it is called, and prints errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return cast(click.Command, importlib.import_module(f"{__name__}.{cmd_name}").command)

    def main(self, *args: Any, **extra: Any) -> Any:
        with guarded_streams():
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = _one_line(error)
            if message is None:
                raise
            raise click.ClickException(message) from error


def _one_line(error: Exception) -> str | None:
    """Return what to print for an error that a user can act on.

    For a defect it is None: the traceback is needed.
    """
    if isinstance(error, ImportError):
        return _import_failure(error)
    # An MlflowException can only come from code that imported its module; --help does without.
    exceptions = sys.modules.get("mlflow.exceptions")
    if exceptions is not None and isinstance(error, exceptions.MlflowException):
        return one_line(error)
    return None


def _import_failure(error: ImportError) -> str:
    """Return what to print for a module that is missing, or that lacks a name to import."""
    missing = (error.name or "").partition(".")[0]
    is_not_installed = error.name == "mlflow" or missing not in ("", "mlflow", "mlflow_oci_aidp")
    if isinstance(error, ModuleNotFoundError) and is_not_installed:
        return (
            f"The emulator needs the full mlflow, and {missing} is not installed: {_EMULATOR_EXTRA}"
        )
    from mlflow_oci_aidp.mlflow_versions import not_loadable

    return str(not_loadable("command", error))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlflow-oci-aidp")
def main() -> None:
    """MLflow on Oracle AI Data Platform."""
