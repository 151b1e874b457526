"""Deploy on this machine, for a try: MLflow's own scoring server on the model."""

from __future__ import annotations

from typing import Any

from mlflow_oci_aidp.deployments.config import KEYS, RUN_LOCAL, read_config
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
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a config key that is not known.
    """
    from mlflow.models.flavor_backend_registry import get_flavor_backend

    from mlflow_oci_aidp.deployments.client import _check_flavor

    _check_flavor(flavor)
    values = read_config(config, RUN_LOCAL)
    backend = get_flavor_backend(model_uri, env_manager=values.get("env_manager", "local"))
    backend.serve(
        model_uri=model_uri,
        port=values.get("port", 5000),
        host=values.get("host", "127.0.0.1"),
        timeout=60,
        enable_mlserver=False,
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
