"""MLflow's rules on names, and the random names that it gives.

They are written here because MLflow has them under private names, which it changes: 3.18 renamed
``_validate_model_alias_name``. The rules are those of ``mlflow.utils.validation`` in MLflow 3.18,
which refuses two names that older versions let through: an alias that ends in a line feed, and the
name of an experiment that is blank.
"""

from __future__ import annotations

import random
import re

from mlflow.utils.validation import MAX_EXPERIMENT_NAME_LENGTH, MAX_REGISTERED_MODEL_ALIAS_LENGTH

from mlflow_oci_aidp.errors import invalid_parameter

#: The file that describes a model. [``mlflow.models.model.MLMODEL_FILE_NAME``]
MODEL_FILE = "MLmodel"

_ALIAS = re.compile(r"[\w-]+")
#: ``models:/<name>@latest`` and ``models:/<name>/v1`` mean something else to MLflow.
_RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)
#: The characters that the name of a logged model must not have.
NOT_IN_LOGGED_MODEL = "/:.%\"'"

_ADJECTIVES = (
    "amber",
    "brisk",
    "calm",
    "eager",
    "fond",
    "keen",
    "lucid",
    "merry",
    "mild",
    "quick",
    "vivid",
    "wise",
)
_NOUNS = (
    "birch",
    "cedar",
    "crane",
    "dune",
    "fern",
    "finch",
    "heron",
    "lynx",
    "maple",
    "otter",
    "robin",
    "wren",
)
#: Not the generator that users seed: two runs of one script would give the same names.
_random = random.SystemRandom()


def check_alias(alias: str) -> None:
    """Refuse what MLflow does not accept as an alias of a registered model.

    Args:
        alias: The alias.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for an alias that is empty, too long or
            reserved, or that has other characters than letters, digits, ``_`` and ``-``.
    """
    if not alias:
        raise invalid_parameter("The name of an alias is empty.", "Choose a name.")
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
        raise invalid_parameter(
            f"Invalid alias name: {alias!r}.",
            "Use letters, digits, underscores (_) and dashes (-) alone.",
        )
    if len(alias) > MAX_REGISTERED_MODEL_ALIAS_LENGTH:
        raise invalid_parameter(
            f"The alias is {len(alias)} characters long.",
            f"Use {MAX_REGISTERED_MODEL_ALIAS_LENGTH} at most.",
        )
    if _RESERVED_ALIAS.fullmatch(alias):
        raise invalid_parameter(
            f"The alias {alias!r} is reserved by MLflow.", "Choose another name."
        )


def check_experiment_name(name: str) -> None:
    """Refuse what MLflow does not accept as the name of an experiment.

    Args:
        name: The name.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that is blank, too long, or no text.
    """
    if not isinstance(name, str) or not name.strip():
        raise invalid_parameter(
            f"Invalid experiment name: {name!r}.", "Use a text that is not blank."
        )
    if len(name) > MAX_EXPERIMENT_NAME_LENGTH:
        raise invalid_parameter(
            f"The name of the experiment is {len(name)} characters long.",
            f"Use {MAX_EXPERIMENT_NAME_LENGTH} at most.",
        )


def check_logged_model_name(name: str | None) -> None:
    """Refuse what MLflow does not accept as the name of a logged model.

    Args:
        name: The name; None or empty where a random one is wanted, as MLflow's servers read it.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a name that has one of the characters that
            are not allowed.
    """
    if name and any(character in name for character in NOT_IN_LOGGED_MODEL):
        raise invalid_parameter(
            f"Invalid model name: {name!r}.",
            "Use a name without slash, colon, full stop, percent sign and quotation marks.",
        )


def random_name() -> str:
    """Return a name for a logged model that nobody named, such as ``calm-heron-417``."""
    return f"{_random.choice(_ADJECTIVES)}-{_random.choice(_NOUNS)}-{_random.randint(0, 999)}"
