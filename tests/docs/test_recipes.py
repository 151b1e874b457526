"""Each recipe of the authentication page amounts to the way to sign in that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlflow_oci_aidp.auth_modes import AUTH_MODES
from mlflow_oci_aidp.settings import resolve
from tests.docs.reader import Block, blocks

yaml = pytest.importorskip("yaml")

PAGE = Path(__file__).parent.parent.parent / "docs" / "authentication.md"
SECTIONS = dict(
    re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
)
RECIPES = {
    heading: mode[1]
    for heading, body in SECTIONS.items()
    if (mode := re.search(r"Mode: `(\w+)`", body))
}


def environment(block: Block) -> dict[str, str]:
    """The variables that a recipe sets, in a shell, a workflow or a pod."""
    if block.language == "sh":
        return dict(re.findall(r"^export (\w+)=\"?([^\"\n]*)", block.code, re.M))
    if block.title == "pod.yaml":
        entries = yaml.safe_load(block.code)["spec"]["containers"][0]["env"]
        return {entry["name"]: entry["value"] for entry in entries}
    if block.language == "yaml":
        (job,) = yaml.safe_load(block.code)["jobs"].values()
        return job["env"]
    return {}


@pytest.mark.parametrize("heading", RECIPES)
def test_a_recipe_amounts_to_its_mode(heading, tmp_path):
    config, environ = tmp_path / "config", {}
    for block in (block for block in blocks(PAGE) if block.heading == heading):
        environ |= environment(block)
        if block.language == "ini":
            config.write_text(block.code)
    if config.exists():
        environ["OCI_CLI_CONFIG_FILE"] = str(config)
    uri = environ.pop("MLFLOW_REGISTRY_URI", "aidp://ocid1.datalake.oc1.iad.<unique>").replace(
        "<unique>", "x"
    )
    resolved = resolve(uri, environ)
    missing = set(AUTH_MODES[resolved.auth].needs) - {"key_file"} - set(resolved.credentials)
    assert (resolved.auth, missing) == (RECIPES[heading], set())


def test_an_environment_with_a_resource_principal_needs_nothing_else():
    resolved = resolve("aidp://ocid1.datalake.oc1.iad.x", {"OCI_RESOURCE_PRINCIPAL_VERSION": "2.2"})
    assert resolved.auth == RECIPES["OCI notebook"]


def test_there_is_a_recipe_for_each_place():
    places = ["Laptop with an API key", "Laptop with a session token", "CI", "OCI notebook", "OKE"]
    assert list(RECIPES) == places
