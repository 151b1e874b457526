"""Writes the tables of the README and of docs/ from the tables of the code.

`python tools/tables.py`; `--check` only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mlflow_oci_aidp.capabilities import UNAVAILABLE, Capability, unavailable_features
from mlflow_oci_aidp.errors import CODES, STATUSES, error_from_response
from mlflow_oci_aidp.registry import capabilities as registry
from mlflow_oci_aidp.settings import AUTH_MODES, SETTINGS
from mlflow_oci_aidp.tracking import capabilities as tracking

ROOT = Path(__file__).parent.parent
PAGES = tuple(
    ROOT / name
    for name in ("README.md", "docs/settings.md", "docs/authentication.md", "docs/operations.md", "docs/errors.md")
)
_PLACES = {"host": "host", "path": "path", "query": "`?{}=`", "": ""}
_MODES = {
    "api_key": "laptops, CI: an API key of a user",
    "security_token": "laptops: a session, made by `oci session authenticate` and renewed by `oci session refresh`",
    "instance_principal": "OCI compute instances",
    "resource_principal": "OCI notebooks, functions, data flow and other resources",
    "oke_workload_identity": "pods in OKE",
    "instance_principal_with_delegation_token": "Cloud Shell, which calls it `instance_obo_user`",
}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
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
    return table(("setting", "what", "URI", "environment", "profile", "default"), rows)


def auth() -> str:
    """The ways to sign in."""
    return table(
        ("`auth`", "where", "needs"),
        [(f"`{mode}`", _MODES[mode], _names(needs)) for mode, needs in AUTH_MODES.items()],
    )


def _operations(store: str, lines: Iterable[Capability]) -> str:
    offered = [line for line in lines if line.kind != UNAVAILABLE]
    return table((store, "", "how"), [(f"`{line.method}`", line.kind, line.how) for line in offered])


def _unavailable(lines: Iterable[Capability]) -> str:
    rows = [(feature, _names(methods)) for feature, methods in unavailable_features(lines).items()]
    return table(("not available", "methods"), rows)


def operations() -> str:
    """The table of the registry's operations."""
    return _operations("MLflow's registry store", registry.CAPABILITIES)


def tracking_operations() -> str:
    """The table of tracking's operations."""
    return _operations("MLflow's tracking store", tracking.CAPABILITIES)


def registry_unavailable() -> str:
    """Return the table of the registry's features that the platform does not have."""
    return _unavailable(registry.CAPABILITIES)


def tracking_unavailable() -> str:
    """Return the table of tracking's features that the platform does not have."""
    return _unavailable(tracking.CAPABILITIES)


def errors() -> str:
    """What users see of each status, and what to do: taken from the exceptions themselves."""
    rows = []
    for status in STATUSES:
        exception = error_from_response(status, b"", "")
        remedy = exception.message.partition("opc-request-id unknown) ")[2]
        rows.append((str(status), f"`{exception.error_code}`", remedy))
    return table(("status", "`error_code`", "what to do"), rows)


def codes() -> str:
    """What users see of each of OCI's codes."""
    rows = [(f"`{code}`", f"`{error_code}`") for code, error_code in CODES.items()]
    return table(("OCI's code", "`error_code`"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "auth": auth,
    "operations": operations,
    "tracking operations": tracking_operations,
    "registry unavailable": registry_unavailable,
    "tracking unavailable": tracking_unavailable,
    "errors": errors,
    "codes": codes,
}


def replaced(text: str, name: str, content: str) -> str:
    """The text with something new between the two comments of that name; unchanged if it has no such comments."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, _, behind = rest.partition(end)
    return f"{before}{begin}{content}\n{end}{behind}" if found else text


def written(text: str) -> str:
    """The text with each table in its place."""
    for name, content in TABLES.items():
        text = replaced(text, name, content())
    return text


def outdated() -> list[Path]:
    """The pages whose tables are not those of the code."""
    return [page for page in PAGES if written(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")]


if __name__ == "__main__":
    pages = outdated()
    if "--check" in sys.argv:
        names = ", ".join(str(page.relative_to(ROOT)) for page in pages)
        sys.exit(f"{names}: out of date, run python tools/tables.py" if names else 0)
    for page in pages:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
