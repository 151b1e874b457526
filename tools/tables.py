"""Writes the tables of the README from the tables of the code: `python tools/tables.py` (`--check` only compares)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from mlflow_oci_aidp.registry.operations import OPERATIONS
from mlflow_oci_aidp.settings import AUTH_MODES, SETTINGS

README = Path(__file__).parent.parent / "README.md"
_PLACES = {"host": "host", "path": "path", "query": "`?{}=`", "": ""}
_MODES = {
    "api_key": "laptops, CI: an API key of a user",
    "security_token": "laptops: a session, made by `oci session authenticate` and renewed by `oci session refresh`",
    "instance_principal": "OCI compute instances",
    "resource_principal": "OCI notebooks, functions, data flow and other resources",
    "oke_workload_identity": "pods in OKE",
    "instance_principal_with_delegation_token": "Cloud Shell, which calls it `instance_obo_user`",
}


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell for cell in line) + " |" for line in lines)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def settings() -> str:
    """The settings table."""
    rows = [
        (
            f"`{setting.name}`",
            setting.meaning,
            _PLACES[setting.uri].format(setting.name),
            _names(setting.environment),
            f"`{setting.profile}`" if setting.profile else "",
            setting.default,
        )
        for setting in SETTINGS
    ]
    return _table(("setting", "what", "URI", "environment", "profile", "default"), rows)


def auth() -> str:
    """The ways to sign in."""
    return _table(
        ("`auth`", "where", "needs"),
        [(f"`{mode}`", _MODES[mode], _names(needs)) for mode, needs in AUTH_MODES.items()],
    )


def operations() -> str:
    """The table of operations."""
    return _table(
        ("MLflow's registry store", "", "how"),
        [(f"`{line.method}`", line.kind, line.how) for line in OPERATIONS],
    )


TABLES: Mapping[str, Callable[[], str]] = {"settings": settings, "auth": auth, "operations": operations}


def written(text: str) -> str:
    """The text with each table in its place."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, behind = rest.partition(end)
        text = f"{before}{begin}{table()}\n{end}{behind}"
    return text


if __name__ == "__main__":
    current = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit("README.md is out of date: run python tools/tables.py" if written(current) != current else 0)
    README.write_text(written(current), encoding="utf-8")
