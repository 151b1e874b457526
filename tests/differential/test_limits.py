"""The list of differences is the documentation's, and none of them is out of date."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.differential.limits import LIMITS, Limit
from tests.differential.plain import LEFT_OUT

_SOURCE = re.compile(r"\[[^\]]+\]")


def used() -> set[str]:
    """Return the limits that the calls of this folder name. Each of them has to differ."""
    names = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "differs"
            ):
                names.add(ast.literal_eval(node.args[0]))
    return names


def test_each_documented_difference_is_one_and_no_other_is():
    assert used() == set(LIMITS)


def test_what_is_left_out_everywhere_is_documented():
    assert set(LEFT_OUT.values()) <= set(LIMITS)


@pytest.mark.parametrize("limit", LIMITS.values(), ids=lambda limit: limit.name)
def test_each_names_a_limit_of_the_platform_with_its_source(limit: Limit):
    assert limit.here
    assert _SOURCE.search(limit.reason)
