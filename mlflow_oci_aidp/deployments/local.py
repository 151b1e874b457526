"""Deploy on this machine, for a try: MLflow's own scoring server on the model."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import Any

from mlflow_oci_aidp.deployments.config import KEYS, RUN_LOCAL, read_config
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.uri import FORM


def run_local(
    name: str, model_uri: str, flavor: str | None = None, config: dict[str, Any] | None = None
) -> None:
    """Serve a model on this machine, until Ctrl-C.

    The model may be any that MLflow can load. MLflow's registry URI says where ``models:/`` URIs
    are looked up.

    Args:
        name: The name, which is shown only.
        model_uri: The model.
        flavor: ``python_function``, or None.
        config: ``port``, ``host`` and ``env_manager``.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a config key that is not known;
            ``INTERNAL_ERROR`` if the server ends by itself.
    """
    import mlflow

    from mlflow_oci_aidp.deployments.client import check_flavor

    check_flavor(flavor)
    values = read_config(config, RUN_LOCAL)
    options = {
        "--model-uri": model_uri,
        "--port": str(values.get("port", 5000)),
        "--host": values.get("host", "127.0.0.1"),
        "--env-manager": values.get("env_manager", "local"),
    }
    # The command is MLflow's public way to its server; its functions differ between versions.
    done = subprocess.run(  # noqa: S603 - MLflow, by this interpreter
        [sys.executable, "-m", "mlflow", "models", "serve", *itertools.chain(*options.items())],
        env={
            **os.environ,
            # MLflow looks for its server's program there, and this environment need not be active.
            "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", ""))),
            "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri(),
            "MLFLOW_REGISTRY_URI": mlflow.get_registry_uri(),
        },
        check=False,
    )
    if done.returncode:
        raise error(
            "INTERNAL_ERROR",
            f"The server of {name!r} ended with the status {done.returncode}.",
            "What it printed says why.",
        )


def target_help() -> str:
    """Return a help text on targets and on every config key, for MLflow's command line."""
    lines = [
        "Oracle AI Data Platform",
        "",
        f"Target: {FORM}, or aidp for what the environment names.",
        "Models: models:/<name>/<version>, models:/<name>@<alias> or models:/<name>/latest.",
        "",
        "Config keys (-C key=value):",
    ]
    for key in KEYS:
        default = f" Default: {key.default}." if key.default else ""
        lines.append(f"  {key.name} ({', '.join(key.operations)}): {key.meaning}.{default}")
    lines += [
        "",
        "--endpoint names a registered model: it tells deployments of one name apart.",
    ]
    return "\n".join(lines).replace("`", "")
