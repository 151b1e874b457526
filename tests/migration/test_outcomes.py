"""Exit statuses, refusals, ``--dry-run``, choices, prompts, and many runs."""

from __future__ import annotations

import json

import pytest
from mlflow.entities import Metric

from tests.cli.conftest import run
from tests.migration.conftest import fill
from tests.migration.test_copy import runs_by_name, writes

PREFIX = ("--name-prefix", "main.default")


def counts(report, what="copied"):
    return {kind: count[what] for kind, count in report["counts"].items() if count[what]}


def test_a_dry_run_changes_nothing_and_counts_what_would_be_copied(aidp, database, copy, tmp_path):
    fill(database, tmp_path)
    status, dry = copy(database.uri, aidp.tracking_uri, *PREFIX, "--dry-run")
    assert (status, writes(aidp)) == (0, [])
    assert not (tmp_path / "ids.jsonl").exists()
    status, report = copy(database.uri, aidp.tracking_uri, *PREFIX)
    assert writes(aidp) != []
    files = report["counts"].pop("files")
    assert (status, files["copied"]) == (0, 1)
    assert counts(dry) == counts(report)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "would not be: 'iris'. Nothing was copied. Pass --name-prefix"),
        ((*PREFIX, "--models", "none"), "no registered model named 'none'"),
        ((*PREFIX, "--experiments", "none"), "no experiment named 'none'"),
        (("--name-prefix", "main"), "no <catalog>.<schema>"),
    ],
    ids=["name", "model", "experiment", "prefix"],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_copied(
    aidp, database, copy, words, message
):
    database.client.create_registered_model("iris")
    status, text = copy(database.uri, aidp.tracking_uri, *words)
    assert (status, writes(aidp)) == (1, [])
    assert message in text
    assert len(text.splitlines()) == 1


def test_a_source_that_is_not_there_is_refused_and_not_made(aidp, copy, tmp_path):
    status, text = copy(f"sqlite:///{tmp_path}/none.db", aidp.tracking_uri)
    assert (status, (tmp_path / "none.db").exists()) == (1, False)
    assert "The source is not there" in text
    (tmp_path / "text.db").write_text("This is no database.")
    status, text = copy(f"sqlite:///{tmp_path}/text.db", aidp.tracking_uri)
    assert (status, len(text.splitlines())) == (1, 1)
    assert "The source cannot be read" in text
    status, text = copy(aidp.tracking_uri, f"sqlite:///{tmp_path}/text.db")
    assert (status, "The target cannot be read" in text) == (1, True)
    status, text = copy(aidp.tracking_uri, aidp.tracking_uri)
    assert (status, "are the same" in text) == (1, True)


def test_part_and_none(aidp, platform, database, copy, tmp_path):
    fill(database, tmp_path)
    platform.create_registered_model("main.default.iris")
    target = (database.uri, aidp.tracking_uri, *PREFIX)
    status, report = copy(*target)
    assert (status, report["outcome"]) == (3, "part")
    [reason] = report["not_copied"]
    assert (reason["kind"], reason["name"]) == ("registered models", "iris")
    assert "has another registered model" in reason["reason"]
    assert sorted(runs_by_name(platform)) == ["child", "parent"]
    assert platform.search_model_versions("name = 'main.default.iris'") == []
    status, report = copy(*target, "--models", "iris")
    assert (status, report["outcome"], counts(report)) == (4, "none", {})


def test_the_source_of_a_version_is_copied_with_it(aidp, platform, database, copy, tmp_path):
    fill(database, tmp_path)
    status, report = copy(database.uri, aidp.tracking_uri, *PREFIX, "--models", "iris")
    assert status == 0
    # The child, and the parent that it names.
    assert (counts(report)["runs"], counts(report)["model versions"]) == (2, 2)


def test_what_one_run_cannot_have_does_not_keep_the_next_from_it(
    aidp, platform, database, copy, tmp_path
):
    experiment = database.experiment("flowers")
    names = [f"run {number}" for number in range(3)]
    for name in names:
        new = database.client.create_run(experiment, run_name=name)
        database.client.log_text(new.info.run_id, name, "name.txt")
    (tmp_path / "database" / "artifacts").rename(tmp_path / "elsewhere")
    folders = sorted((tmp_path / "elsewhere").iterdir())
    (tmp_path / "database" / "artifacts").mkdir()
    for folder in folders[1:]:
        folder.rename(tmp_path / "database" / "artifacts" / folder.name)
    # A folder that cannot be read: a file is in its place.
    broken = tmp_path / "database" / "artifacts" / folders[0].name
    broken.mkdir()
    (broken / "artifacts").mkdir()
    (broken / "artifacts" / "name.txt").symlink_to(tmp_path / "nowhere")
    status, report = copy(database.uri, aidp.tracking_uri)
    assert (status, counts(report)["runs"], counts(report, "not_copied")) == (3, 2, {"runs": 1})
    (broken / "artifacts" / "name.txt").unlink()
    (broken / "artifacts" / "name.txt").write_text("again")
    status, report = copy(database.uri, aidp.tracking_uri)
    assert (status, counts(report)["runs"], sorted(runs_by_name(platform))) == (0, 1, names)


def test_what_was_changed_in_the_target_stays(aidp, platform, database, copy, tmp_path):
    fill(database, tmp_path)
    words = (database.uri, aidp.tracking_uri, *PREFIX)
    copy(*words, "--models", "iris")
    platform.set_registered_model_alias("main.default.iris", "champion", "2")
    status, report = copy(*words, "--models", "iris")
    assert (status, report["notes"]) == (
        0,
        ["The alias champion of main.default.iris was left at 2."],
    )
    champion = platform.get_model_version_by_alias("main.default.iris", "champion")
    assert str(champion.version) == "2"


def test_a_model_of_another_source_is_another_model(aidp, database, another, copy):
    """Two servers have a model of one name; the second is not taken for copied."""
    for server in (database, another):
        server.client.create_registered_model("iris")
        server.client.create_model_version("iris", "s3://bucket/iris")
    assert copy(database.uri, aidp.tracking_uri, *PREFIX)[0] == 0
    status, report = copy(another.uri, aidp.tracking_uri, *PREFIX, "--models", "iris")
    assert (status, counts(report, "not_copied")) == (4, {"registered models": 1})


def test_prompts_on_request(aidp, platform, database, copy):
    client = database.client
    for text in ("Hello {{name}}", "Hi {{name}}"):
        client.register_prompt("greet", text, commit_message=text[:2], tags={"team": "ml"})
    client.set_prompt_alias("greet", "best", 1)
    words = (database.uri, aidp.tracking_uri, *PREFIX)
    status, report = copy(*words)
    assert (status, "prompt versions" in report["counts"]) == (0, False)
    status, report = copy(*words, "--prompts")
    assert (status, counts(report)["prompt versions"]) == (0, 2)
    status, report = copy(*words, "--prompts")
    assert (status, counts(report)) == (0, {})
    best = platform.get_prompt_version_by_alias("main.default.greet", "best")
    assert (best.template, best.commit_message, best.version) == ("Hello {{name}}", "He", 1)
    assert best.tags["team"] == "ml"


def test_many_runs(aidp, platform, database, copy):
    """A tenth of a thousand runs, with 100 points of metrics and 5 files each."""
    experiment = database.experiment("flowers")
    for number in range(100):
        run_id = database.client.create_run(experiment, number, run_name=f"{number}").info.run_id
        points = [Metric("loss", number + step, step, step) for step in range(100)]
        database.client.log_batch(run_id, points)
        folder = database.folder / "artifacts" / run_id / "artifacts"
        folder.mkdir(parents=True)
        for file in range(5):
            (folder / f"{file}.txt").write_text(f"{number} {file}")
    status, report = copy(database.uri, aidp.tracking_uri)
    assert (status, counts(report)["runs"], counts(report)["files"]) == (0, 100, 500)
    last = runs_by_name(platform)["99"].info.run_id
    assert len(platform.get_metric_history(last, "loss")) == 100
    assert {file.path for file in platform.list_artifacts(last)} == {f"{n}.txt" for n in range(5)}


def test_the_summary_in_words(aidp, database, tmp_path):
    database.experiment("flowers")
    words = ("copy", database.uri, aidp.tracking_uri, "--map", str(tmp_path / "ids.jsonl"))
    result = run(*words)
    assert (result.exit_code, result.stdout) == (
        0,
        "experiments: 1 copied, 1 there already, 0 not copied\n",
    )
    assert json.loads((tmp_path / "ids.jsonl").read_text().splitlines()[0])["kind"] == "experiment"
