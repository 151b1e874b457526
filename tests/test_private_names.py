"""The package uses no private name of MLflow but those that mlflow_compat lists.

MLflow has each of those.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import textwrap
from pathlib import Path

import mlflow
import pytest

import mlflow_oci_aidp
from mlflow_oci_aidp.mlflow_compat import NEWEST, OLDEST, PRIVATE_NAMES
from mlflow_oci_aidp.workspaces import HAS_WORKSPACES

PACKAGE = Path(mlflow_oci_aidp.__file__).parent
LISTED = {entry.name for entry in PRIVATE_NAMES}
MODULES = {
    path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
}
#: Python's own: every abstract class has the first, a child process ends by the second, and
#: ``http.client`` collects the head of a request by the third.
OF_PYTHON = {"_abc_impl", "_exit", "_output"}
#: Private names of other packages, and beginnings of names.
NOT_OF_MLFLOW = {"_MLFLOW_"}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def numbers(version):
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())


def private_imports(tree):
    """What a module imports of MLflow under a private name, whatever it calls it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mlflow":
            parts = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield from filter(is_private, parts)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "mlflow":
                    yield from filter(is_private, alias.name.split("."))


def defined_names(tree):
    """Every name that a module defines: functions, classes, variables, its own attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node):
            yield node.attr


def is_own(attribute):
    return isinstance(attribute.value, ast.Name) and attribute.value.id in ("self", "cls")


OURS = {name for tree in MODULES.values() for name in defined_names(tree)}


def names_in(source):
    """Every name, attribute, import and text in source code."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.alias):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def classes():
    """The classes of this package that inherit from one of MLflow's."""
    for module in pkgutil.walk_packages(mlflow_oci_aidp.__path__, "mlflow_oci_aidp."):
        if module.name.endswith("__main__"):
            continue
        if module.name.endswith("workspace_provider") and not HAS_WORKSPACES:
            continue  # It needs MLflow 3.10.
        for kind in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(kind) and kind.__module__ == module.name and any(of_mlflow(kind)):
                yield kind


def of_mlflow(kind):
    return [base for base in kind.__mro__ if base.__module__.split(".")[0] == "mlflow"]


def attributes_of(bases):
    """The attributes of classes, and those that their methods give to an instance."""
    for base in bases:
        yield from vars(base)
        tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        yield from (
            node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and is_own(node)
        )


CLASSES = list(classes())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_but_one_imports_a_private_name(path):
    allowed = LISTED if path.name == "mlflow_compat.py" else set()
    assert set(private_imports(MODULES[path])) - allowed == set()


def test_every_private_attribute_that_is_used_is_ours_or_listed():
    used = {
        node.attr
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and is_private(node.attr)
    }
    assert used - OURS - LISTED - OF_PYTHON == set()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__.strip("_"))
def test_every_private_attribute_that_a_class_shares_with_mlflows_is_listed(kind):
    """On purpose, or by accident: then the newer MLflow's attribute and ours would be one."""
    own = [base for base in kind.__mro__ if base.__module__.split(".")[0] == "mlflow_oci_aidp"]
    shared = set(attributes_of(own)) & set(attributes_of(of_mlflow(kind)))
    assert {name for name in shared if is_private(name)} - LISTED - OF_PYTHON == set()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__.strip("_"))
def test_every_private_method_that_mlflow_alone_can_call_is_listed(kind):
    """A hook that no base class defines looks like a method that nobody calls."""
    called = {
        node.attr
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    methods = {
        name for name, value in vars(kind).items() if is_private(name) and inspect.isfunction(value)
    }
    assert methods - called - LISTED == set()


def test_every_private_variable_of_mlflow_is_listed():
    texts = {
        node.value
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {text for text in texts if text.startswith("_MLFLOW_")} - NOT_OF_MLFLOW - LISTED == set()


@pytest.mark.parametrize("entry", PRIVATE_NAMES, ids=lambda entry: entry.name.strip("_"))
def test_mlflow_has_each_listed_name_in_the_versions_that_the_list_says(entry):
    last = entry.last or "999"
    is_expected = numbers(entry.first) <= numbers(mlflow.__version__) <= numbers(last)
    specs = [importlib.util.find_spec(module) for module in entry.modules if has_module(module)]
    is_named = any(
        entry.name in names_in(Path(spec.origin).read_text(encoding="utf-8")) for spec in specs
    )
    assert is_named == is_expected


def has_module(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", sorted(LISTED))
def test_each_listed_name_is_still_used(name):
    assert any(name in names_in(path.read_text(encoding="utf-8")) for path in MODULES)


def test_the_versions_of_the_list_are_those_that_are_tested():
    makefile = (PACKAGE.parent / "Makefile").read_text(encoding="utf-8")
    assert f"OLDEST := mlflow=={OLDEST} " in makefile
    assert f"NEWEST := {NEWEST}\n" in makefile
