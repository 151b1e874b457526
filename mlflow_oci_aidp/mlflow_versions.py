"""The MLflow versions that this package is tested with, and what to say about any other."""

from __future__ import annotations

import mlflow
from packaging.version import InvalidVersion, Version

from mlflow_oci_aidp import __version__
from mlflow_oci_aidp.errors import AidpError
from mlflow_oci_aidp.mlflow_compat import NEWEST, OLDEST

__all__ = ["NEWEST", "OLDEST", "not_loadable", "warning"]

_PACKAGE = f"mlflow-oci-aidp {__version__}"
_UPGRADE = "`pip install --upgrade mlflow-oci-aidp`"
_TESTED = f'"mlflow>={OLDEST},<={NEWEST}"'


def warning(version: str = mlflow.__version__) -> str:
    """Return one sentence about a version of MLflow that was not tested.

    Args:
        version: The version of MLflow; the installed one by default.

    Returns:
        The sentence, or ``""`` if the version is within the range that was tested.
    """
    if _is_newer(version):
        return (
            f"MLflow {version} is newer than {NEWEST}, the newest that {_PACKAGE} was tested with: "
            f"if something fails, look for a newer mlflow-oci-aidp ({_UPGRADE})."
        )
    if _parsed(version) < Version(OLDEST):
        return (
            f"MLflow {version} is older than {OLDEST}, the oldest that {_PACKAGE} was tested with."
        )
    return ""


def not_loadable(part: str, error: Exception, version: str = mlflow.__version__) -> AidpError:
    """Return the exception for a part of this package that cannot be imported.

    The usual cause is a new MLflow that has renamed something.

    Args:
        part: The part, such as ``"registry store"``.
        error: What the import raised. The caller makes it the cause of the exception.
        version: The version of MLflow; the installed one by default.

    Returns:
        The exception, with ``INTERNAL_ERROR``. It names the version of this package and of MLflow,
        and what to install.
    """
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    if isinstance(error, ModuleNotFoundError) and _is_dependency(error.name):
        remedy = "Install mlflow-oci-aidp with what it needs, `pip install mlflow-oci-aidp`."
    elif warning(version):
        remedy = (
            f"Install a newer mlflow-oci-aidp, {_UPGRADE}, or an MLflow that this one was tested "
            f"with, `pip install {_TESTED}`."
        )
    else:
        remedy = (
            f"Install both anew, `pip install --force-reinstall mlflow-oci-aidp {_TESTED}`: this "
            "version of MLflow was tested."
        )
    cause = f"The {part} of {_PACKAGE} cannot be loaded with MLflow {version}: {reason}."
    return AidpError.from_parts("INTERNAL_ERROR", cause, remedy)


def _is_dependency(module: str | None) -> bool:
    """Whether a module that was not found belongs to another package than MLflow and this one."""
    return (module or "").partition(".")[0] not in ("", "mlflow", "mlflow_oci_aidp")


def _is_newer(version: str) -> bool:
    return _parsed(version) > Version(NEWEST)


def _parsed(version: str) -> Version:
    """Parse a version; one that has no form of a version, as of a fork, counts as the newest."""
    try:
        return Version(version)
    except InvalidVersion:
        return Version(NEWEST)
