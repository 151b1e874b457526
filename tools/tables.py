"""Write the tables of the README and of docs/ from the tables of the code.

Run it as `python tools/tables.py`; with `--check` it only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.capabilities import UNAVAILABLE, Capability, unavailable_features
from mlflow_oci_aidp.deployments.config import KEYS
from mlflow_oci_aidp.error_codes import CODES, OTHER_SERVERS_STATUSES, STATUSES
from mlflow_oci_aidp.errors import error_from_response
from mlflow_oci_aidp.registry import capabilities as registry
from mlflow_oci_aidp.settings_table import SETTINGS
from mlflow_oci_aidp.tracking import capabilities as tracking

ROOT = Path(__file__).parent.parent
PAGES = tuple(
    ROOT / name
    for name in (
        "README.md",
        "docs/settings.md",
        "docs/authentication.md",
        "docs/operations.md",
        "docs/errors.md",
        "docs/deployments.md",
    )
)
_PLACES = {"host": "host", "path": "path", "query": "`?{}=`", "": ""}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell for cell in line) + " |" for line in lines)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def settings() -> str:
    """Return the table of settings."""
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
    """Return the table of authentication modes."""
    return table(
        ("`auth`", "where", "needs"),
        [(f"`{mode.name}`", mode.where, _names(mode.needs)) for mode in AUTH_MODES.values()],
    )


def _operations(store: str, lines: Iterable[Capability]) -> str:
    offered = [line for line in lines if line.kind != UNAVAILABLE]
    return table(
        (store, "", "how"), [(f"`{line.method}`", line.kind, line.how) for line in offered]
    )


def _unavailable(lines: Iterable[Capability]) -> str:
    rows = [(feature, _names(methods)) for feature, methods in unavailable_features(lines).items()]
    return table(("not available", "methods"), rows)


def operations() -> str:
    """Return the table of the registry's operations."""
    return _operations("MLflow's registry store", registry.CAPABILITIES)


def tracking_operations() -> str:
    """Return the table of tracking's operations."""
    return _operations("MLflow's tracking store", tracking.CAPABILITIES)


def registry_unavailable() -> str:
    """Return the table of the registry's features that the platform does not have."""
    return _unavailable(registry.CAPABILITIES)


def tracking_unavailable() -> str:
    """Return the table of tracking's features that the platform does not have."""
    return _unavailable(tracking.CAPABILITIES)


def errors() -> str:
    """Return the table of what users see of each status, and what to do."""
    rows = []
    for status in STATUSES:
        exception = error_from_response(status, b"", "")
        rows.append((str(status), f"`{exception.error_code}`", exception.remedy))
    return table(("status", "`error_code`", "what to do"), rows)


def other_servers() -> str:
    """Return the table of what users see of statuses of other servers, where that differs."""
    rows = [
        (str(status), f"`{error_code}`")
        for status, error_code in sorted(OTHER_SERVERS_STATUSES.items())
        if STATUSES.get(status) != error_code
    ]
    return table(("status", "`error_code`"), rows)


def codes() -> str:
    """Return the table of what users see of each of OCI's codes."""
    rows = [(f"`{code}`", f"`{error_code}`") for code, error_code in CODES.items()]
    return table(("OCI's code", "`error_code`"), rows)


def deployment_config() -> str:
    """Return the table of the config keys of deployments."""
    rows = [(f"`{key.name}`", key.meaning, ", ".join(key.operations), key.default) for key in KEYS]
    return table(("key", "what", "of", "default"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "auth": auth,
    "operations": operations,
    "tracking operations": tracking_operations,
    "registry unavailable": registry_unavailable,
    "tracking unavailable": tracking_unavailable,
    "errors": errors,
    "codes": codes,
    "other servers": other_servers,
    "deployment config": deployment_config,
}


def replaced(text: str, name: str, content: str) -> str:
    """Return the text with new content between the two comments of that name, if it has them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, comment, rest = text.partition(begin)
    _, _, behind = rest.partition(end)
    return f"{before}{begin}{content}\n{end}{behind}" if comment else text


def written(text: str) -> str:
    """Return the text with each table in its place."""
    for name, content in TABLES.items():
        text = replaced(text, name, content())
    return text


def outdated() -> list[Path]:
    """Return the pages whose tables are not those of the code."""
    return [
        page
        for page in PAGES
        if written(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")
    ]


if __name__ == "__main__":
    pages = outdated()
    if "--check" in sys.argv:
        names = ", ".join(str(page.relative_to(ROOT)) for page in pages)
        sys.exit(f"{names}: out of date, run python tools/tables.py" if names else 0)
    for page in pages:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
