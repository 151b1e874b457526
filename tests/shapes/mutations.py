"""JSON of another shape than the documented one: a proper document with something else in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

#: Values that somebody may send for any other.
WRONG: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400]),
    st.sampled_from([0.5, -0.0, 1e18, 1e300, float("nan"), float("inf"), float("-inf")]),
    st.sampled_from(
        [
            "",
            " ",
            "abc",
            "1.5",
            "-1",
            "007",
            "²",
            "\uff19",
            "1_0",
            "NaN",
            "nan",
            "Infinity",
            "1e400",
        ]
    ),
    st.sampled_from(["9" * 5000, "x" * 300, "\0", "\x1b[2J", "..", "/", "a/../b", "aidp:/Volumes"]),
    st.text(max_size=5),
    st.sampled_from([[], {}, [None], [[]], [{}], {"key": None}, {"name": 1}, [1, "a"], {"": {}}]),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*path, key))


@st.composite
def mutated(draw: st.DrawFn, document: Any, most: int = 2) -> Any:
    """A document in which some values are others, are missing, or come twice."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, most))):
        path = draw(st.sampled_from(list(_places(document))))
        if not path:
            return copy.deepcopy(draw(WRONG))
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.sampled_from(["replace", "replace", "remove", "repeat"])):
            case "replace":
                parent[path[-1]] = copy.deepcopy(draw(WRONG))
            case "remove":
                del parent[path[-1]]
            case "repeat":
                parent[path[-1]] = [parent[path[-1]]] * 2
    return document


def as_read(document: Any) -> Any:
    """The document after its way through JSON."""
    return json.loads(json.dumps(document))
