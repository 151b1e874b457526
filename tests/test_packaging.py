"""The recipe for conda-forge says what ``setup.cfg`` says."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

import mlflow_oci_aidp

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def setup():
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


@pytest.fixture(scope="module")
def recipe():
    return yaml.safe_load((ROOT / "packaging/conda-forge/recipe.yaml").read_text())


def test_the_recipe_is_of_this_version(setup, recipe):
    assert recipe["context"]["version"] == mlflow_oci_aidp.__version__
    assert recipe["package"]["name"] == setup["metadata"]["name"]
    assert recipe["about"]["summary"] == setup["metadata"]["description"]
    assert recipe["about"]["license"] == setup["metadata"]["license"]


def test_the_recipe_needs_what_the_wheel_needs(setup, recipe):
    wheel = setup["options"]["install_requires"].split()
    python, *others = recipe["requirements"]["run"]
    assert [need.replace(" ", "") for need in others] == wheel
    assert python == "python >=${{ python_min }}"


def test_the_recipe_has_the_same_command(setup, recipe):
    command = setup["options.entry_points"]["console_scripts"].strip()
    (point,) = recipe["build"]["python"]["entry_points"]
    assert point.replace(" ", "") == command.replace(" ", "")
