"""How `make test-newest` gets a version of MLflow of which the index may have a part alone."""

from __future__ import annotations

import pytest

from tools import newest_mlflow

PARTS = ["mlflow-skinny==3.18.0", "mlflow-tracing==3.18.0"]
QUESTION = ["install", "--dry-run", "--no-deps", *PARTS]
QUIETLY = ["install", "-q", "--no-compile"]
ALONE = [*QUIETLY, "--no-deps", "mlflow==3.18.0"]
ALL = [
    [*QUIETLY, *more, "mlflow==3.18.0", *PARTS] for more in (["--no-deps", "--force-reinstall"], [])
]


@pytest.mark.parametrize(
    ("mlflow", "parts", "index_has_parts", "commands", "words"),
    [
        ("3.17.2", "3.17.2", False, [QUESTION, ALONE], "alone"),
        ("3.18.0", "3.17.2", False, [QUESTION], "alone"),
        ("3.17.2", "3.17.2", True, [QUESTION, *ALL], "with mlflow-skinny and mlflow-tracing"),
        ("3.18.0", "3.17.2", True, [QUESTION, *ALL], "with mlflow-skinny and mlflow-tracing"),
        ("3.18.0", "3.18.0", True, [], "of the same version"),
        ("3.19.1", "3.19.1", True, [], "3.19.1"),
    ],
    ids=["first", "again", "published", "published later", "complete", "newer"],
)
def test_what_pip_is_asked_to_do(monkeypatch, mlflow, parts, index_has_parts, commands, words):
    asked = []

    def pip(*arguments, quiet=False):
        asked.append(list(arguments))
        return index_has_parts if quiet else True

    monkeypatch.setattr(
        newest_mlflow, "version", lambda name: mlflow if name == "mlflow" else parts
    )
    monkeypatch.setattr(newest_mlflow, "pip", pip)
    assert words in newest_mlflow.main("3.18.0")
    assert asked == commands


def test_a_failure_of_pip_ends_the_target(monkeypatch):
    monkeypatch.setattr(newest_mlflow, "version", lambda name: "3.17.2")
    monkeypatch.setattr(newest_mlflow, "pip", lambda *arguments, quiet=False: False)
    with pytest.raises(SystemExit, match=r"^pip install --no-deps mlflow==3\.18\.0 failed\.$"):
        newest_mlflow.main("3.18.0")
