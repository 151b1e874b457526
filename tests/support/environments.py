"""Python environments in which something is not as it should be, for processes of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_BROKEN = """
import importlib.abc
import importlib.util
import sys


class Breaks(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name in {modules!r} else None

    def exec_module(self, module):
        from mlflow.utils.validation import _a_name_that_a_newer_mlflow_has_not


sys.meta_path.insert(0, Breaks())
"""

_ENTRY_POINTS = """
[mlflow.model_registry_store]
elsewhere = elsewhere_plugin:registry_store
"""


_ANOTHER_PLUGIN = """
import time

time.sleep({seconds})


def registry_store(store_uri): ...
"""


def broken(folder: Path, *modules: str) -> dict[str, str]:
    """Make an environment where modules cannot be imported, as if MLflow had renamed something.

    Args:
        folder: An empty folder.
        modules: Full names of modules of this package, such as ``mlflow_oci_aidp.registry.store``.

    Returns:
        The environment variables for a process.
    """
    (folder / "sitecustomize.py").write_text(_BROKEN.format(modules=modules))
    return environ(folder)


def with_another_plugin(folder: Path, seconds: float = 0, raises: str = "") -> dict[str, str]:
    """Make an environment where another package has a registry store, for ``elsewhere://`` URIs.

    Args:
        folder: An empty folder.
        seconds: How long the other package's module takes to import.
        raises: What the module raises when it is imported, such as ``RuntimeError("...")``.

    Returns:
        The environment variables for a process.
    """
    module = _ANOTHER_PLUGIN.format(seconds=seconds)
    (folder / "elsewhere_plugin.py").write_text(f"raise {raises}\n" if raises else module)
    metadata = folder / "elsewhere-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(_ENTRY_POINTS)
    return environ(folder)


def environ(*folders: Path) -> dict[str, str]:
    """Return this process's environment, with folders that come first on Python's path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, folders), *sys.path])}
