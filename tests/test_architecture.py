"""The rooms of the package: who may import whom, and how large a module may be."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mlflow_oci_aidp

ROOT = Path(mlflow_oci_aidp.__file__).parent
PACKAGE = "mlflow_oci_aidp"

#: Each floor imports from the floors below it. Modules of one floor may import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("cli", "testing"),
    ("deployments", "migration"),
    ("plugin", "checks", "run_context", "workspace_provider"),
    ("registry",),
    ("tracking",),
    ("model_sources",),
    ("remembered",),
    ("artifacts", "stores", "permissions"),
    ("full_names", "workspaces"),
    ("session",),
    ("retry", "client"),
    ("identity", "names", "capabilities"),
    ("sign_in_errors",),
    ("private_key",),
    ("settings", "mlflow_versions"),
    ("lookup",),
    ("auth_modes", "profiles", "regions", "settings_table", "uri", "session_token"),
    ("endpoints", "matches", "pem", "unrepeated"),
    ("errors", "invalid_input"),
    (
        "error_codes",
        "clock_skew",
        "conditions",
        "secret",
        "cookies",
        "fork_safety",
        "mlflow_compat",
        "model_id",
        "oci_logs",
        "visible",
    ),
    ("__init__",),
)
#: Modules that import others when a name is asked for, so that importing them costs nothing.
LAZY = {"plugin", "__init__"}
#: The wall between client and emulator has its own test.
MODULES = sorted(
    path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "emulator"
)
LONGEST = {"client": 400}


def name_of(path: Path) -> str:
    """Return the dotted name of a module, without that of the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    return module.partition(".")[0]


def floor_of(module: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room_of(module) in rooms)


def imports_of(path: Path, *, at_once: bool = False) -> set[str]:
    """Return the modules of this package that a module imports.

    Args:
        path: The file of the module.
        at_once: Leave out what functions import, and what is imported for annotations alone.
    """
    tree = ast.parse(path.read_text())
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        is_typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if at_once and (is_lazy or is_typing):
            skipped |= set(ast.walk(node))
    known = {name_of(other) for other in MODULES}
    imported: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped or not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if node.module.partition(".")[0] == PACKAGE:
            base = node.module.removeprefix(PACKAGE).lstrip(".")
            for alias in node.names:
                submodule = f"{base}.{alias.name}".lstrip(".")
                imported.add(submodule if submodule in known else base or "__init__")
    return imported - {name_of(path)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
class TestModule:
    def test_imports_nothing_from_above(self, path: Path) -> None:
        module = name_of(path)
        if room_of(module) in LAZY:
            return
        above = {
            imported
            for imported in imports_of(path)
            if room_of(imported) != "emulator" and floor_of(imported) < floor_of(module)
        }
        assert above == set()

    def test_is_read_in_one_go(self, path: Path) -> None:
        longest = LONGEST.get(room_of(name_of(path)), 500)
        assert len(path.read_text().splitlines()) <= longest


def test_the_client_knows_nothing_of_mlflows_entities() -> None:
    for path in (ROOT / "client").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(("mlflow.entities", "mlflow.store"))


def test_no_module_imports_itself_on_the_way() -> None:
    graph = {name_of(path): imports_of(path, at_once=True) for path in MODULES}
    assert list(TopologicalSorter(graph).static_order())


def test_every_module_is_in_a_room() -> None:
    rooms = {room_of(name_of(path)) for path in MODULES}
    assert rooms == {room for floor in FLOORS for room in floor}
