"""The rooms of the emulator: who may import whom, and how large a module may be."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mlflow_oci_aidp.emulator

ROOT = Path(mlflow_oci_aidp.emulator.__file__).parent
PACKAGE = "mlflow_oci_aidp.emulator"
#: Each room imports from those before it, and from itself.
ROOMS = ("contract", "state", "serving", "server", "services", "")
SHARED = {"mlflow_oci_aidp", "mlflow_oci_aidp.mlflow_compat"}
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join((PACKAGE, *parts)).removesuffix(".__init__")


def room_of(module):
    room = module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]
    return room if room in ROOMS else ""


def imports_of(path):
    """The modules of this project that a module imports."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    known = {name_of(other) for other in MODULES}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (
                alias.name for alias in node.names if alias.name.startswith("mlflow_oci_aidp")
            )
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                if node.level
                else ""
            )
            module = ".".join(filter(None, (base, node.module)))
            if module.startswith("mlflow_oci_aidp"):
                names = [f"{module}.{alias.name}" for alias in node.names]
                yield from (name if name in known else module for name in names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
class TestModule:
    def test_imports_from_its_room_and_those_below(self, path):
        allowed = ROOMS[: ROOMS.index(room_of(name_of(path))) + 1]
        ours = [module for module in imports_of(path) if module.startswith(PACKAGE)]
        assert [module for module in ours if room_of(module) not in allowed] == []

    def test_shares_no_code_with_the_client(self, path):
        others = {module for module in imports_of(path) if not module.startswith(PACKAGE)}
        assert others <= SHARED

    def test_is_read_in_one_go(self, path):
        assert len(path.read_text().splitlines()) <= 500


def test_no_module_imports_itself_on_the_way():
    graph = {name_of(path): set(imports_of(path)) - {name_of(path)} for path in MODULES}
    assert list(TopologicalSorter(graph).static_order())
