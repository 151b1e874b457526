"""The reserved tags of runs, which store what AI Data Platform has no field for.

They travel with the run. Every client of this package reads them back as what they mean, does not
show them as tags, and does not take them from a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mlflow.entities import LoggedModelInput, LoggedModelOutput

from mlflow_oci_aidp.errors import invalid_parameter

#: The beginning of the keys of reserved tags.
PREFIX = "mlflow_oci_aidp."

#: A model that a run took in, and a model that it made. The logged model's id follows.
_INPUT = f"{PREFIX}model_input."
_OUTPUT = f"{PREFIX}model_output."

_STEP = re.compile(r"-?[0-9]{1,18}")

#: The longest key of a tag in MLflow, in characters.
LONGEST_KEY = 250


def check(keys: Iterable[object]) -> None:
    """Refuse a user's tags that this package would take for its own.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE``.
    """
    for key in keys:
        if isinstance(key, str) and key.startswith(PREFIX):
            raise invalid_parameter(
                f"Tags of runs that begin with {PREFIX!r} are reserved, and {key!r} is one.",
                "Choose another key.",
            )


def of_user(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a run that are the user's own."""
    return {key: value for key, value in tags.items() if not key.startswith(PREFIX)}


def for_inputs(models: Iterable[LoggedModelInput]) -> dict[str, str]:
    """Return the tags that store which logged models were a run's inputs."""
    return {_key(_INPUT, model.model_id): "true" for model in models}


def for_outputs(models: Iterable[LoggedModelOutput]) -> dict[str, str]:
    """Return the tags that store which logged models a run made, each with its step as value."""
    return {_key(_OUTPUT, model.model_id): str(model.step) for model in models}


def inputs(tags: Mapping[str, str]) -> list[LoggedModelInput]:
    """Return the logged models that a run took in."""
    return [LoggedModelInput(model_id=key[len(_INPUT) :]) for key in tags if key.startswith(_INPUT)]


def outputs(tags: Mapping[str, str]) -> list[LoggedModelOutput]:
    """Return the logged models that a run made."""
    return [
        LoggedModelOutput(
            model_id=key[len(_OUTPUT) :], step=int(value) if _STEP.fullmatch(value) else 0
        )
        for key, value in tags.items()
        if key.startswith(_OUTPUT)
    ]


def _key(prefix: str, model_id: str) -> str:
    if not isinstance(model_id, str) or not model_id or len(prefix + model_id) > LONGEST_KEY:
        raise invalid_parameter(
            f"{model_id!r} is not the id of a logged model.", "Pass the id that MLflow gave it."
        )
    return prefix + model_id
