"""The registry: models, versions, tags, stages, aliases, prompts."""

from __future__ import annotations

import pytest

from tests.differential.population import ODD_KEYS
from tests.differential.sides import Recorder
from tests.support.versions import is_older_than

IRIS = "main.default.iris"
WINE = "main.default.wine"


def registered_models(mlflow: Recorder) -> None:
    mlflow.create_registered_model(IRIS, {"team": "ml"}, "flowers")
    mlflow.create_registered_model(IRIS)
    mlflow.create_registered_model(WINE)
    mlflow.get_registered_model(IRIS)
    mlflow.update_registered_model(IRIS, "more flowers")
    mlflow.update_registered_model(IRIS, "")
    mlflow.update_registered_model(IRIS, None)
    mlflow.set_registered_model_tag(IRIS, "team", "data")
    mlflow.set_registered_model_tag(IRIS, "empty", "")
    mlflow.delete_registered_model_tag(IRIS, "team")
    mlflow.delete_registered_model_tag(IRIS, "nothing")
    mlflow.get_registered_model(IRIS)
    mlflow.rename_registered_model(IRIS, "main.default.flowers")
    mlflow.rename_registered_model(WINE, "main.default.flowers")
    mlflow.get_registered_model(IRIS)
    mlflow.delete_registered_model("main.default.flowers")
    mlflow.get_registered_model("main.default.flowers")


def unknown_registered_models(mlflow: Recorder) -> None:
    mlflow.get_registered_model(IRIS)
    mlflow.update_registered_model(IRIS, "x")
    mlflow.rename_registered_model(IRIS, WINE)
    mlflow.delete_registered_model(IRIS)
    mlflow.set_registered_model_tag(IRIS, "a", "b")
    mlflow.delete_registered_model_tag(IRIS, "a")
    mlflow.set_registered_model_alias(IRIS, "champion", "1")
    mlflow.delete_registered_model_alias(IRIS, "champion")
    if not is_older_than("3.17"):
        mlflow.get_model_version_by_alias(IRIS, "champion")
    mlflow.create_model_version(IRIS, "s3://bucket/iris")
    mlflow.get_model_version(IRIS, "1")
    mlflow.update_model_version(IRIS, "1", "x")
    mlflow.transition_model_version_stage(IRIS, "1", "Staging")
    mlflow.delete_model_version(IRIS, "1")
    mlflow.set_model_version_tag(IRIS, "1", "a", "b")
    mlflow.delete_model_version_tag(IRIS, "1", "a")
    mlflow.get_model_version_download_uri(IRIS, "1")
    mlflow.get_latest_versions(IRIS)
    mlflow.search_model_versions(f"name = '{IRIS}'")


def versions(mlflow: Recorder) -> None:
    mlflow.create_registered_model(IRIS)
    mlflow.create_model_version(IRIS, "s3://bucket/iris", tags={"a": "b"}, description="first")
    mlflow.create_model_version(IRIS, "s3://bucket/iris2", run_link="http://127.0.0.1/run")
    mlflow.create_model_version(
        IRIS, "s3://bucket/iris3", run_id="0123456789abcdef0123456789abcdef"
    )
    mlflow.get_model_version(IRIS, "1")
    mlflow.get_model_version(IRIS, 2)
    mlflow.get_model_version(IRIS, "3")
    mlflow.get_model_version(IRIS, "4")
    mlflow.get_model_version(IRIS, "x")
    mlflow.get_model_version(IRIS, "")
    mlflow.get_model_version(IRIS, None)
    mlflow.get_model_version_download_uri(IRIS, "1")
    mlflow.get_model_version_download_uri(IRIS, "9")
    mlflow.update_model_version(IRIS, "1", "second")
    mlflow.update_model_version(IRIS, "1", None)
    mlflow.update_model_version(IRIS, "1", "")
    mlflow.update_model_version(IRIS, "9", "x")
    mlflow.set_model_version_tag(IRIS, "1", "a", "c")
    mlflow.set_model_version_tag(IRIS, "1", "n", 3)
    mlflow.set_model_version_tag(IRIS, "9", "a", "c")
    mlflow.delete_model_version_tag(IRIS, "1", "a")
    mlflow.delete_model_version_tag(IRIS, "1", "nothing")
    mlflow.get_model_version(IRIS, "1")
    mlflow.get_registered_model(IRIS)
    mlflow.delete_model_version(IRIS, "1")
    mlflow.delete_model_version(IRIS, "1")
    mlflow.get_model_version(IRIS, "1")
    mlflow.get_registered_model(IRIS)
    mlflow.create_model_version(IRIS, "s3://bucket/iris4")
    mlflow.delete_model_version(IRIS, "4")
    mlflow.create_model_version(IRIS, "s3://bucket/iris5")
    mlflow.get_latest_versions(IRIS)
    mlflow.rename_registered_model(IRIS, WINE)
    mlflow.get_model_version(WINE, "2")
    mlflow.search_model_versions(f"name='{WINE}'")


def stages(mlflow: Recorder) -> None:
    mlflow.create_registered_model(IRIS)
    for _ in range(3):
        mlflow.create_model_version(IRIS, "s3://bucket/iris")
    mlflow.transition_model_version_stage(IRIS, "1", "Staging")
    mlflow.transition_model_version_stage(IRIS, "2", "staging", archive_existing_versions=True)
    mlflow.transition_model_version_stage(IRIS, "3", "Production")
    mlflow.transition_model_version_stage(IRIS, "3", "None", archive_existing_versions=True)
    mlflow.transition_model_version_stage(IRIS, "3", "nonsense")
    mlflow.transition_model_version_stage(IRIS, "3", "")
    mlflow.transition_model_version_stage(IRIS, "9", "Staging")
    mlflow.get_latest_versions(IRIS)
    mlflow.get_latest_versions(IRIS, ["Staging"])
    mlflow.get_latest_versions(IRIS, ["staging", "none"])
    mlflow.get_latest_versions(IRIS, ["Archived"])
    mlflow.get_latest_versions(IRIS, ["nonsense"])
    mlflow.get_latest_versions(IRIS, [])
    mlflow.get_registered_model(IRIS)
    mlflow.search_model_versions(f"name='{IRIS}'")


def aliases(mlflow: Recorder) -> None:
    """Aliases, and what the platform's tags, in which they are stored, leave of them."""
    mlflow.create_registered_model(IRIS)
    for _ in range(2):
        mlflow.create_model_version(IRIS, "s3://bucket/iris")
    mlflow.set_registered_model_alias(IRIS, "champion", "1")
    mlflow.set_registered_model_alias(IRIS, "b", 1)
    mlflow.set_registered_model_alias(IRIS, "a", "1")
    mlflow.get_model_version(IRIS, "1")
    mlflow.get_registered_model(IRIS)
    mlflow.get_model_version_by_alias(IRIS, "champion")
    mlflow.set_registered_model_alias(IRIS, "champion", "2")
    mlflow.get_model_version_by_alias(IRIS, "champion")
    mlflow.get_model_version_by_alias(IRIS, "nothing")
    if not is_older_than("3.17"):
        mlflow.get_model_version_by_alias(WINE, "champion")
    mlflow.set_registered_model_alias(IRIS, "champion", "9")
    mlflow.set_registered_model_alias(WINE, "champion", "1")
    for name in ("latest", "v1", "V12", "a b", "a/b", "", "x" * 256, "ok.1", "1", "Latest"):
        mlflow.set_registered_model_alias(IRIS, name, "1")
    with mlflow.differs("aliases of versions in a search"):
        mlflow.search_registered_models(f"name='{IRIS}'")
        mlflow.search_model_versions(f"name='{IRIS}'")
    with mlflow.differs("the length of an alias"):
        mlflow.set_registered_model_alias(IRIS, "x" * 255, "1")
    with mlflow.differs("tags that begin with `mlflow_oci_aidp.alias.`"):
        mlflow.set_registered_model_tag(IRIS, "mlflow_oci_aidp.alias.a", "1")
        mlflow.delete_registered_model_tag(IRIS, "mlflow_oci_aidp.alias.a")
    mlflow.delete_registered_model_alias(IRIS, "x" * 255)
    mlflow.delete_registered_model_alias(IRIS, "champion")
    mlflow.delete_registered_model_alias(IRIS, "champion")
    mlflow.delete_registered_model_alias(WINE, "champion")
    mlflow.delete_registered_model_alias(IRIS, "a/b")
    if not is_older_than("3.17"):  # 3.1 keeps the aliases of a version that is deleted.
        mlflow.delete_model_version(IRIS, "1")
    mlflow.get_registered_model(IRIS)
    mlflow.rename_registered_model(IRIS, WINE)
    mlflow.set_registered_model_alias(WINE, "champion", "2")
    mlflow.get_model_version_by_alias(WINE, "champion")


def names_and_tags(mlflow: Recorder) -> None:
    for name in ("", " ", "a/b", "a:b", None, "x" * 256, "x" * 257, "x" * 1000, "a\tb", "..", "."):
        mlflow.create_registered_model(name)
        mlflow.get_registered_model(name)
    mlflow.create_registered_model(IRIS)
    for name in ("", " ", "a/b", None, IRIS, "x" * 1000):
        mlflow.rename_registered_model(IRIS, name)
    mlflow.create_model_version(IRIS, "s3://bucket/iris")
    for key in ODD_KEYS:
        mlflow.set_registered_model_tag(IRIS, key, "v")
        mlflow.delete_registered_model_tag(IRIS, key)
        mlflow.create_registered_model(WINE, {key: "v"})
        mlflow.delete_registered_model(WINE)
        mlflow.set_model_version_tag(IRIS, "1", key, "v")
        mlflow.delete_model_version_tag(IRIS, "1", key)
    for value in (None, 5, "", "x" * 5000, "x" * 100_001, True):
        mlflow.set_registered_model_tag(IRIS, "k", value)
        mlflow.set_model_version_tag(IRIS, "1", "k", value)
        mlflow.get_registered_model(IRIS)
    mlflow.create_registered_model(WINE, description="x" * 5001)
    mlflow.create_registered_model("main.default.x", description="x" * 100_001)


def sources(mlflow: Recorder) -> None:
    mlflow.create_registered_model(IRIS)
    run = "0123456789abcdef0123456789abcdef"
    for source in (
        *("s3://bucket/a b", "s3://bucket/c?d=e", "dbfs:/x", "gs://bucket/x"),
        *(
            "oci://bucket@namespace/x",
            "",
            None,
            "relative/path",
            "/home/me/model",
            "file:///home/me",
        ),
        *("s3://bucket/../c", "s3://bucket/%252e%2e/c", "models:/nothing", "models:/a/1"),
        *("models:/a/latest", "models:/a@b"),
        # MLflow 3.1 takes a run without a path, which nobody could load.
        *(() if is_older_than("3.17") else ("runs:/x", "runs:/x/")),
    ):
        mlflow.create_model_version(IRIS, source)
    with mlflow.differs("a version of `runs:/<run id>/<path>` without its run"):
        mlflow.create_model_version(IRIS, f"runs:/{run}/model")


def copies(mlflow: Recorder) -> None:
    mlflow.create_registered_model(IRIS)
    mlflow.create_model_version(IRIS, "s3://bucket/iris", tags={"a": "b"}, description="first")
    mlflow.copy_model_version(f"models:/{IRIS}/1", WINE)
    mlflow.copy_model_version(f"models:/{IRIS}/1", WINE)
    mlflow.copy_model_version(f"models:/{WINE}/1", "main.default.third")
    mlflow.get_model_version_download_uri("main.default.third", "1")
    mlflow.copy_model_version(f"models:/{IRIS}/9", WINE)
    mlflow.copy_model_version("models:/nothing/1", WINE)
    mlflow.copy_model_version("runs:/1/2", WINE)
    mlflow.copy_model_version(f"models:/{IRIS}@champion", WINE)
    mlflow.set_registered_model_alias(IRIS, "champion", "1")
    mlflow.copy_model_version(f"models:/{IRIS}@champion", WINE)
    mlflow.copy_model_version(f"models:/{IRIS}/1", IRIS)


def prompts(mlflow: Recorder) -> None:
    mlflow.create_registered_model(IRIS)
    mlflow.register_prompt("greet", "Hello {{name}}", commit_message="first", tags={"a": "b"})
    mlflow.register_prompt("greet", "Hi {{name}}")
    mlflow.register_prompt(IRIS, "x")
    mlflow.register_prompt("a b", "x")
    mlflow.create_registered_model("greet")
    mlflow.load_prompt("greet")
    mlflow.load_prompt("greet", 1)
    mlflow.load_prompt("greet", 9)
    mlflow.load_prompt("nothing")
    mlflow.load_prompt(IRIS)
    mlflow.load_prompt("prompts:/greet/1")
    mlflow.set_prompt_alias("greet", "prod", 1)
    mlflow.load_prompt("prompts:/greet@prod")
    mlflow.load_prompt("prompts:/greet@nothing")
    mlflow.delete_prompt_alias("greet", "prod")
    mlflow.get_prompt("greet")
    mlflow.get_prompt("nothing")
    mlflow.get_prompt_version("greet", "1")
    mlflow.get_prompt_version("greet", "9")
    mlflow.set_prompt_tag("greet", "team", "ml")
    if not is_older_than("3.17"):  # In 3.1 the REST store lacks a method for it.
        mlflow.set_prompt_version_tag("greet", "1", "team", "ml")
    mlflow.delete_prompt_tag("greet", "team")
    if not is_older_than("3.17"):
        mlflow.delete_prompt_version_tag("greet", "1", "team")
    mlflow.search_prompts()
    mlflow.search_prompts("name = 'greet'")
    mlflow.search_prompt_versions("greet")
    mlflow.search_prompt_versions("nothing")
    mlflow.get_registered_model("greet")
    mlflow.update_registered_model("greet", "x")
    mlflow.set_registered_model_tag("greet", "x", "y")
    mlflow.delete_registered_model("greet")
    mlflow.get_model_version("greet", "1")
    mlflow.search_registered_models()
    mlflow.search_model_versions()
    mlflow.delete_prompt("greet")
    mlflow.delete_prompt_version("greet", "1")
    mlflow.delete_prompt_version("greet", "2")
    mlflow.delete_prompt("greet")
    mlflow.delete_prompt("greet")
    mlflow.search_prompts()


def searches(mlflow: Recorder) -> None:
    """Searches that the generated ones leave out, since the platform differs."""
    for name in (IRIS, WINE):
        mlflow.create_registered_model(name, {"team": "ml"})
        mlflow.create_model_version(name, "s3://bucket/x")
    mlflow.create_model_version(IRIS, "s3://bucket/y")
    mlflow.search_registered_models(f"name = '{IRIS}' AND tags.team = 'ml'")
    mlflow.search_registered_models(f"tags.team = 'x' AND name = '{IRIS}'")
    mlflow.search_registered_models("name ILIKE '%o''neil%'")
    mlflow.search_registered_models("name ILIKE '%o'neil%'")
    mlflow.search_registered_models('name ilike "%o\'neil%"')  # MLflow's page writes it so.
    mlflow.search_registered_models("name ilike \"%tag.team='ml'%\"")
    mlflow.search_registered_models("tag.team='ml'")
    mlflow.search_registered_models("tag.team=\"ml\" AND tags.team LIKE 'm%' AND name LIKE '%i%'")
    mlflow.search_model_versions(f"name = '{IRIS}' AND version_number = 1")
    mlflow.search_model_versions(f"version_number > 1 AND name = '{IRIS}'")
    with mlflow.differs("the order of model versions that the caller leaves open"):
        mlflow.search_model_versions()
        mlflow.search_model_versions(order_by=["version_number"])
    with mlflow.differs("the user of a model version"):
        mlflow.get_model_version(IRIS, "1")
    mlflow.register_prompt("greet", "Hello")
    with mlflow.differs("the size of a page without prompts, or of prompts"):
        page = mlflow.search_registered_models(max_results=1)
        mlflow.search_registered_models(max_results=1, page_token=page.token)
    for size in (1000, 1001, 200_001):
        mlflow.registry.search_registered_models(None, size)
    for token in ("nonsense", ""):
        mlflow.registry.search_registered_models(None, 1, None, token)


CASES = [
    sources,
    *(registered_models, unknown_registered_models, versions, stages, aliases),
    *(names_and_tags, copies, prompts, searches),
]


@pytest.mark.parametrize("calls", CASES, ids=lambda calls: calls.__name__)
def test_the_registry_is_mlflows(same, calls):
    same(calls)
