"""Our rules on names are MLflow's, with the same error code.

MLflow has renamed its validators before.
"""

from __future__ import annotations

import re

import mlflow
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.utils import validation

from mlflow_oci_aidp import names

#: Blank experiment names, and aliases that end in a line feed, are refused since this version.
IS_STRICT = tuple(int(part) for part in mlflow.__version__.split(".")[:2]) >= (3, 18)
CHARACTERS = st.sampled_from("aZ0_-vV9 éß٣漢😀/:.%\"'\n\t\\@")
ANY_TEXT = st.text() | st.text(CHARACTERS) | st.from_regex(r"(?i)(latest|v\d+)\n?", fullmatch=True)
NO_TEXT = st.none() | st.just("")


def mlflows_own(*validators):
    """Validators of the installed MLflow, by the names that its versions have for them."""
    known = [getattr(validation, name) for name in validators if hasattr(validation, name)]
    assert known

    def check(name):
        for validate in known:
            validate(name)

    return check


MLFLOW_ALIAS = mlflows_own(
    "_validate_model_alias_name",
    "_validate_model_alias_name_reserved",
    "_validate_alias_name",
    "_validate_alias_name_reserved",
)
MLFLOW_EXPERIMENT = mlflows_own("_validate_experiment_name")
MLFLOW_LOGGED_MODEL = mlflows_own("_validate_logged_model_name")


def code(check, name):
    """The error code with which a name is refused, None if it is not."""
    try:
        check(name)
    except MlflowException as problem:
        return problem.error_code
    return None


@given(ANY_TEXT | NO_TEXT)
@example("latest")
@example("LATEST")
@example("v1")
@example("a" * 255)
@example("a" * 256)
@example("champion\n")
@settings(deadline=None)
def test_aliases(alias):
    if not IS_STRICT and (alias or "").endswith("\n"):
        assert code(names.check_alias, alias) == "INVALID_PARAMETER_VALUE"
    else:
        assert code(names.check_alias, alias) == code(MLFLOW_ALIAS, alias)


@given(ANY_TEXT | NO_TEXT | st.integers() | st.lists(st.text(), max_size=2))
@example("a" * 500)
@example("a" * 501)
@example(" ")
@settings(deadline=None)
def test_experiment_names(name):
    if not IS_STRICT and isinstance(name, str) and not name.strip():
        assert code(names.check_experiment_name, name) == "INVALID_PARAMETER_VALUE"
    else:
        assert code(names.check_experiment_name, name) == code(MLFLOW_EXPERIMENT, name)


@given(ANY_TEXT | NO_TEXT)
@settings(deadline=None)
def test_logged_model_names(name):
    # MLflow's servers take an empty name for none, and choose one.
    assert code(names.check_logged_model_name, name) == code(MLFLOW_LOGGED_MODEL, name or None)


@pytest.mark.parametrize(
    ("check", "name", "sentences"),
    [
        (names.check_alias, "", "The name of an alias is empty. Choose a name."),
        (
            names.check_alias,
            "a b",
            "Invalid alias name: 'a b'. Use letters, digits, underscores (_) and dashes (-) alone.",
        ),
        (names.check_alias, "a" * 256, "The alias is 256 characters long. Use 255 at most."),
        (names.check_alias, "v1", "The alias 'v1' is reserved by MLflow. Choose another name."),
        (
            names.check_experiment_name,
            " ",
            "Invalid experiment name: ' '. Use a text that is not blank.",
        ),
        (
            names.check_experiment_name,
            "a" * 501,
            "The name of the experiment is 501 characters long. Use 500 at most.",
        ),
        (
            names.check_logged_model_name,
            "a/b",
            "Invalid model name: 'a/b'. Use a name without slash, colon, full stop, percent sign "
            "and quotation marks.",
        ),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_do(check, name, sentences):
    with pytest.raises(MlflowException) as caught:
        check(name)
    assert caught.value.message == sentences


def test_random_names_are_names_and_short():
    made = {names.random_name() for _ in range(200)}
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", name) and len(name) <= 20 for name in made)
    assert all(code(MLFLOW_LOGGED_MODEL, name) is None for name in made)
    assert len(made) > 150


def test_a_seed_of_the_user_does_not_repeat_names():
    import random

    random.seed(1)
    first = [names.random_name() for _ in range(5)]
    random.seed(1)
    assert [names.random_name() for _ in range(5)] != first
