"""What programs and scripts of an earlier release name is still there."""

from __future__ import annotations

import importlib
import json

import pytest
from click.testing import CliRunner

from mlflow_oci_aidp.cli import main
from tests.upgrade.conftest import DATA, RELEASES

NAMES = sorted(
    {
        name
        for release in RELEASES
        for name in json.loads((DATA / release / "public-names.json").read_text())
    }
)


def check(*arguments):
    """The exit status and the report of ``check --json``."""
    result = CliRunner().invoke(main, ["check", *arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_imported(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_check_reports_with_the_same_keys(left):
    recorded = left.read("check.json")
    code, report = check(left.tracking_uri)
    assert (code, report["ok"], report["uri"]) == (0, True, left.tracking_uri)
    assert sorted(report) == recorded["report"]
    assert {tuple(sorted(entry)) for entry in report["settings"]} == {tuple(recorded["settings"])}
    assert {tuple(sorted(entry)) for entry in report["checks"]} == {tuple(recorded["checks"])}
    assert sorted(report["identity"]) == recorded["identity"]
    assert {entry["status"] for entry in report["checks"]} <= {*recorded["statuses"], "failed"}


def test_check_has_the_same_settings_and_steps_in_the_same_order(left):
    recorded = left.read("check.json")
    _, report = check(left.tracking_uri)
    for part in ("settings", "checks"):
        known = recorded[f"names of {part}"]
        assert [entry["name"] for entry in report[part] if entry["name"] in known] == known


def test_a_check_that_fails_has_the_same_keys(left):
    code, report = check("aidp://x?nonsense=1")
    assert (code, report["ok"], report["uri"], report["settings"], report["identity"]) == (
        1,
        False,
        None,
        [],
        {},
    )
    assert sorted(report) == left.read("check.json")["report"]
    assert {tuple(sorted(entry)) for entry in report["checks"]} == {
        tuple(left.read("check.json")["checks"])
    }
    (failed,) = (entry for entry in report["checks"] if entry["status"] == "failed")
    assert failed["found"]
    assert failed["remedy"]
