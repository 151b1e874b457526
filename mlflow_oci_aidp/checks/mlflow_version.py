"""Step "MLflow": this package can be imported with the installed MLflow, and was tested with it."""

from __future__ import annotations

from mlflow_oci_aidp import mlflow_versions, plugin
from mlflow_oci_aidp.checks.step import Case, StepFailed, StepWarned
from mlflow_oci_aidp.errors import AidpError
from mlflow_oci_aidp.mlflow_compat import NEWEST, OLDEST


def check(case: Case) -> str:
    """Import every part of this package that MLflow may ask for, and compare MLflow's version."""
    import mlflow

    problems: list[AidpError] = []
    for load in plugin.LOADERS:
        try:
            load()
        except AidpError as problem:
            problems.append(problem)
    if problems:
        raise StepFailed(" ".join(problem.cause for problem in problems), problems[0].remedy)
    if doubt := mlflow_versions.warning():
        raise StepWarned(doubt)
    return f"{mlflow.__version__}, tested with {OLDEST} to {NEWEST}; the stores load"
